"""What is asked of the person: yes or no, a PIN, a passphrase."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import click

from context.errors import LapelError


def can_ask() -> bool:
    """Whether there is somebody at a terminal, even where standard input is piped."""
    with suppress(OSError, ValueError):
        if sys.stdin.isatty():
            return True
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
        return True
    return False


def confirm(question: str, *, yes: bool) -> None:
    """Go on if the answer is yes, or `yes`. Raises LapelError on no, and where nobody answers."""
    if yes:
        return
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo(err=True)  # ends the question's line
        raise LapelError("Nothing was changed, as nobody said yes: give --yes.") from None
    if not agreed:
        raise LapelError("Nothing was changed.")


def type_word(word: str, question: str, *, yes: bool) -> None:
    """Go on if `word` is typed, or `yes`. Raises LapelError."""
    if yes:
        return
    try:
        typed: str = click.prompt(question, default="", show_default=False, err=True)
    except click.Abort:
        typed = ""
        click.echo(err=True)
    if typed.strip().lower() != word:
        raise LapelError(f"Nothing was changed, as the word {word!r} was not typed.")


def check_there(file: Path) -> None:
    """Raise LapelError if `file` is not there. It is not read: it may be a pipe, read only once."""
    try:
        file.stat()
    except OSError as error:
        raise LapelError(f"{file} can't be read ({error.strerror}).") from None


def secret_of(file: Path | None, what: str, option: str, *, twice: bool = False) -> str:
    """A secret out of the first line of `file`, else typed unseen, perhaps twice.

    Raises LapelError where there is nobody to type it: then `option` is what to give.
    """
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise LapelError(f"{file} can't be read ({error.strerror}).") from None
        except UnicodeDecodeError:
            raise LapelError(f"{file} is not UTF-8 text: write the {what} into it.") from None
        if not lines or not lines[0]:
            raise LapelError(f"The first line of {file} is empty: write the {what} into it.")
        return lines[0]
    if not can_ask():
        raise LapelError(f"This needs the {what}, and there is nobody to ask: give {option}.")
    return click.prompt(
        what[0].upper() + what[1:], hide_input=True, confirmation_prompt=twice, err=True
    )
