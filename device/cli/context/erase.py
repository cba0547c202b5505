"""`lapel context forget`, `undo`, `reap` and `panic`."""

from collections.abc import Sequence
from datetime import datetime

import click

from context.browse import holding, made_from
from context.errors import LapelError
from context.items import Item
from context.labels import Compartment
from context.policy import Purpose
from device.cli.context import output, when
from device.cli.context.ask import confirm, type_word
from device.cli.context.opening import (
    closed_store,
    inside_option,
    vault_options,
    without_locked_option,
    yes_option,
)
from device.cli.context.vault import Vault
from device.cli.options import examples, settings_options
from device.cli.running import flushing, tell_running
from device.clock import SystemClock, local_zone
from device.control import Flush
from device.settings import Settings, state_dir

_SHOWN = 20


@click.command(
    epilog=examples(
        "lapel context forget 1f0c 22ab",
        'lapel context forget --about "Anna Smith"',
        "lapel context forget --last 10m --now",
        "lapel context forget --in owner/health/restricted",
    )
)
@click.argument("item_ids", nargs=-1, metavar="[ID...]")
@click.option("--about", metavar="TEXT", help="All that has these words, or is about that person.")
@click.option("--last", metavar="SPAN", help="All that was said or stored so lately: 10m, 2h.")
@inside_option
@click.option("--all", "everything", is_flag=True, help="All there is.")
@click.option("--now", "at_once", is_flag=True, help="Erase it at once: there is no undo.")
@yes_option
@without_locked_option
@vault_options()
def forget(
    vault: Vault,
    *,
    item_ids: tuple[str, ...],
    about: str | None,
    last: str | None,
    inside: tuple[Compartment, ...],
    everything: bool,
    at_once: bool,
    yes: bool,
    without_locked: bool,
) -> None:
    """Forget items, and whatever was made from them, after showing which.

    They can't be read any more from then on; 'lapel context undo' brings them back for a while
    (memory.undo_s), then they are erased. What --about finds it finds by its words, all of it; to
    find by meaning, use 'lapel context list --about' and give the ids.
    """
    chosen = [bool(item_ids), about is not None, last is not None, everything]
    if sum(chosen) > 1 or (not any(chosen) and not inside) or (inside and (item_ids or everything)):
        raise LapelError("Say what to forget: ids, --about, --last, --in or --all.")
    if item_ids:
        items = list({item.id: item for item in map(vault.find, item_ids)}.values())
    else:
        vault.check_there(inside)
        vault.need_all(without_locked=without_locked or bool(inside))
        items = _meant(vault, inside, about, last)
        vault.raise_unusable()
    if not items:
        output.note("There is nothing like that, so nothing was forgotten.")
        return
    ids = [each.id for each in items]
    below = vault.reading(Purpose.FORGET, (), lambda scope: made_from(vault.store, scope, ids))
    _preview(items, below)
    undo_s = 0.0 if at_once else vault.settings.memory.undo_s
    last_word = " There is no undo." if undo_s <= 0 else ""
    confirm(f"Forget {output.counted(len(items), 'memory')}?{last_word}", yes=yes)
    places = {each for item in items for each in item.label.compartments}
    with flushing():
        done = vault.store.forget(vault.scope(Purpose.FORGET, places), *ids, undo_s=undo_s)
    if undo_s <= 0:
        click.echo(f"{output.counted(done, 'memory')} erased.")
        return
    click.echo(f"{output.counted(done, 'memory')} forgotten.")
    output.note(
        f"For {undo_s:g} seconds 'lapel context undo' brings that back; then the running"
        " assistant, or 'lapel context reap', erases it."
    )


@click.command(epilog=examples("lapel context undo"))
@vault_options()
def undo(vault: Vault) -> None:
    """Bring back what was forgotten last, if its time is not over."""
    back = vault.store.undo(vault.scope(Purpose.FORGET))
    if not back:
        where = " in what is open: --unlock asks for the PIN" if vault.is_locked else ""
        raise LapelError(f"There is nothing to bring back{where}.")
    click.echo(f"{output.counted(back, 'memory')} brought back.")
    vault.note_locked()


@click.command(epilog=examples("lapel context reap"))
@vault_options()
def reap(vault: Vault) -> None:
    """Erase what has expired, and what was forgotten and can't be brought back any more."""
    erased = vault.store.reap()
    if erased:
        tell_running(Flush())
    click.echo(f"{output.counted(erased, 'memory')} erased.")
    if vault.is_locked:
        output.note("(What the PIN locks is erased once it is unlocked: --unlock.)")


@click.command(epilog=examples("lapel context panic", "lapel context panic --yes"))
@yes_option
@settings_options()
def panic(settings: Settings, yes: bool) -> None:
    """Destroy every key: all that is remembered is gone for ever, in under a second.

    It needs no PIN. Nothing but a backup brings anything back. Models and settings stay.
    """
    from device import assemble

    store, _ = closed_store(settings)
    if not store.folder.is_dir():
        raise LapelError("Nothing is remembered here, so there is nothing to destroy.")
    type_word(
        "erase",
        "All that is remembered will be gone for ever. Type 'erase' to go on",
        yes=yes,
    )
    with flushing():
        store.panic()
        assemble.assemble_schedule(state_dir(), store, SystemClock()).erase()
        click.echo("Every key is destroyed, and what they opened is deleted.")


def _meant(
    vault: Vault, inside: tuple[Compartment, ...], about: str | None, last: str | None
) -> list[Item]:
    """What the options choose."""
    if about is not None:
        return vault.reading(
            Purpose.FORGET, inside, lambda scope: holding(vault.store, scope, about)
        )
    items = vault.items(Purpose.FORGET, inside)
    if last is None:
        return list(items)
    since = when.since(last, vault.store.now(), local_zone())
    return [each for each in items if max(_times(each)) >= since]


def _times(item: Item) -> list[datetime]:
    """When it was said and when it was stored, which is later for what was imported."""
    both = (item.captured_at, item.about.recorded_at)
    return [each for each in both if each is not None]


def _preview(items: Sequence[Item], below: Sequence[Item]) -> None:
    output.print_items(items[:_SHOWN], err=True)
    if len(items) > _SHOWN:
        output.note(f"… and {len(items) - _SHOWN:,} more.")
    if below:
        output.note(f"What was made from it goes too ({len(below):,}).")
