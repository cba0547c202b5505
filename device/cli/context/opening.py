"""Opens the vault for a command, with the options that all of them share."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from context.embed import Embedder, MiniLM
from context.errors import LapelError
from context.keys.keyring import Tier
from context.labels import Compartment
from context.store import Store
from device.cli.context.vault import Vault
from device.cli.options import settings_options
from device.errors import ModelMissing
from device.settings import Settings, state_dir

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])


def as_compartment(
    _context: click.Context, _parameter: click.Parameter, value: str | tuple[str, ...] | None
) -> Compartment | tuple[Compartment, ...] | None:
    """What was written, as compartments: click calls it. Raises LapelError."""
    try:
        if value is None:
            return None
        if isinstance(value, str):
            return Compartment.parse(value)
        return tuple(map(Compartment.parse, value))
    except ValueError as error:
        raise LapelError(str(error)) from None


PATH = click.Path(path_type=Path)

inside_option = click.option(
    "--in",
    "inside",
    callback=as_compartment,
    multiple=True,
    metavar="COMPARTMENT",
    help="Only in this compartment, such as owner/general; repeatable.",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
pin_file_option = click.option(
    "--pin-file", type=PATH, help="Read the PIN from this file instead of asking."
)
unlock_option = click.option(
    "--unlock", is_flag=True, help="Ask for the PIN, to reach what it locks."
)
without_locked_option = click.option(
    "--without-locked", is_flag=True, help="Go on without what the PIN locks."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, an object on each line."
)


def vault_options(*, needs_open: bool = True) -> Callable[[F], F]:
    """Open the vault for a command, which gets it as its first argument, and close it after.

    needs_open: the PIN is asked for where nothing at all is open without it.
    """

    def decorate(command: F) -> F:
        def with_vault(settings: Settings, pin_file: Path | None, unlock: bool, **rest: Any) -> Any:
            with opened(settings, pin_file) as vault:
                if unlock or pin_file is not None:
                    vault.note_no_pin()
                general = vault.store.keyring.locked(Tier.GENERAL)
                asked = vault.is_locked and (unlock or pin_file is not None)
                if needs_open and (general or asked):
                    vault.unlock()
                return command(vault, **rest)

        with_vault.__name__ = command.__name__
        with_vault.__doc__ = command.__doc__
        with_vault.__click_params__ = getattr(command, "__click_params__", [])  # pyright: ignore[reportFunctionMemberAccess]
        return settings_options()(unlock_option(pin_file_option(with_vault)))  # pyright: ignore[reportReturnType]

    return decorate


@contextmanager
def opened(settings: Settings, pin_file: Path | None) -> Generator[Vault]:
    """The vault of this user, open. Raises LapelError."""
    store, meaning = closed_store(settings)
    try:
        store.open()
        yield Vault(settings, store, pin_file=pin_file, meaning=meaning)
    finally:
        store.close()


def closed_store(settings: Settings) -> tuple[Store, str | None]:
    """The store of this user, and the name of what finds by meaning, if its model is here."""
    from device.assemble import assemble_store

    embedder = _embedder(settings)
    store = assemble_store(settings, state_dir(), embedder)
    return store, None if embedder is None else embedder.name


def compartments(inside: Sequence[Compartment]) -> str:
    """Compartments in a sentence."""
    return " and ".join(map(str, inside))


def _embedder(settings: Settings) -> Embedder | None:
    from device.assemble import budget, find_models, keep_private

    name = settings.memory.embedder
    if name == "none":
        return None
    keep_private()
    try:
        folder = find_models().path(name)
    except ModelMissing:
        return None
    return _LoadedWhenNeeded(MiniLM(folder, budget().embed))


class _LoadedWhenNeeded:
    """Loads the engine at the first text: most commands have none."""

    def __init__(self, engine: MiniLM) -> None:
        self._engine = engine
        self._is_loaded = False

    @property
    def dimensions(self) -> int:
        return self._engine.dimensions

    @property
    def name(self) -> str:
        return self._engine.name

    def embed(self, texts: list[str]) -> "NDArray[np.float32]":
        if not self._is_loaded:
            self._engine.load()
            self._is_loaded = True
        return self._engine.embed(texts)
