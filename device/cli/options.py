"""What the commands share: the options that choose settings, and typed text."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from context.errors import LapelError
from device.settings import PROFILES, load_settings

F = TypeVar("F", bound=Callable[..., Any])

_MOST_LETTERS = 100_000


def settings_options(default_profile: str = "laptop") -> Callable[[F], F]:
    """Add the options that choose settings; the command gets `settings`."""

    def decorate(command: F) -> F:
        def with_settings(
            profile: str, config_file: Path | None, overrides: tuple[str, ...], **rest: Any
        ) -> Any:
            return command(settings=load_settings(profile, config_file, overrides), **rest)

        with_settings.__name__ = command.__name__
        with_settings.__doc__ = command.__doc__
        with_settings.__click_params__ = getattr(command, "__click_params__", [])  # pyright: ignore[reportFunctionMemberAccess]
        for option in (
            click.option(
                "--set", "overrides", multiple=True, metavar="A.B=C", help="Override one setting."
            ),
            click.option(
                "--config",
                "config_file",
                type=click.Path(path_type=Path),
                help="Read this settings file instead of the user's.",
            ),
            click.option(
                "--profile",
                type=click.Choice(PROFILES),
                default=default_profile,
                show_default=True,
                help="The hardware's settings.",
            ),
        ):
            with_settings = option(with_settings)
        return with_settings  # pyright: ignore[reportReturnType]

    return decorate


def examples(*lines: str) -> str:
    """Make the examples at the end of a --help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def typed_text(text: str) -> str:
    """Return TEXT as given, or standard input for "-".

    Raises:
        LapelError: it is not UTF-8, empty, or endless.
    """
    try:
        raw = sys.stdin.buffer.read() if text == "-" else os.fsencode(text)
        words = raw.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise LapelError("That is not UTF-8 text: convert it, for example with iconv.") from error
    if not words:
        raise LapelError("There is nothing to answer: give some text.")
    if len(words) > _MOST_LETTERS:
        raise LapelError(f"That is longer than {_MOST_LETTERS:,} characters: ask in smaller parts.")
    return words
