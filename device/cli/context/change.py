"""`lapel context add`, `move`, `keep` and `supersede`."""

import os
import sys

import click

from context.browse import made_from
from context.errors import LapelError
from context.items import LONGEST_TEXT_BYTES, About, Item, Provenance
from context.labels import Compartment, Sensitivity
from context.policy import OWNER_GENERAL, Purpose
from device.cli.context import output, when
from device.cli.context.ask import confirm
from device.cli.context.hearing import opens_more
from device.cli.context.opening import as_compartment, vault_options, yes_option
from device.cli.context.vault import Vault
from device.cli.options import examples
from device.cli.running import flushing
from device.clock import local_zone

_MOST_READ = LONGEST_TEXT_BYTES + 3


@click.command(
    epilog=examples(
        'lapel context add "The spare key is under the blue flower pot"',
        'lapel context add "The car is on level 3" --valid-until tomorrow',
        "lapel context add - --into owner/health < letter.txt",
    )
)
@click.argument("text")
@click.option(
    "--into",
    callback=as_compartment,
    default=str(OWNER_GENERAL),
    show_default=True,
    metavar="COMPARTMENT",
    help="Where to.",
)
@click.option(
    "--valid-until",
    metavar="WHEN",
    help="It answers until then: 3d, 2026-12-24T18:00; a day (today, tomorrow, 2026-12-24) to its"
    " end, by this computer's time zone.",
)
@click.option("--keep", is_flag=True, help="Keep it for ever, whatever the retention says.")
@vault_options()
def add(vault: Vault, text: str, into: Compartment, valid_until: str | None, keep: bool) -> None:
    """Remember TEXT, as typed by you; "-" reads standard input.

    What sounds private goes into the restricted compartment of the same name.
    """
    words = _text(text)
    refuse_ambient(into)
    ends = None if valid_until is None else when.until(valid_until, vault.store.now(), local_zone())
    if ends is not None and ends <= vault.store.now():
        raise LapelError("That time is over, so it would never answer: give a later one.")
    vault.note_words_only()
    item = vault.unlocking(
        lambda: vault.store.remember(
            vault.scope(Purpose.REMEMBER, also=both(into)),
            words,
            compartment=into,
            said_by=Provenance.OWNER_TYPED,
            about=About(valid_until=ends, pinned=keep),
        )
    )
    raised = " (it sounds private)" if into not in item.label.compartments else ""
    _tell(f"Remembered in {output.place_of(item)}{raised}", item)
    others = vault.reading(Purpose.REVIEW, (), lambda scope: vault.store.contradicted(scope, item))
    for each in others:
        output.note(
            f"It may contradict {each.id[: output.SHORT_ID]}: {output.shortened(each.text)}"
        )
    if others:
        output.note("If that is no longer true: lapel context supersede ID")


@click.command(
    epilog=examples(
        "lapel context move 1f0c owner/health/restricted",
        "lapel context move 1f0c household/general --yes",
    )
)
@click.argument("item_id", metavar="ID")
@click.argument("compartment", callback=as_compartment)
@yes_option
@vault_options()
def move(vault: Vault, item_id: str, compartment: Compartment, yes: bool) -> None:
    """Move an item into another COMPARTMENT. No byte of it is left where it was.

    Asks where more people or requests may hear it there than where it is.
    """
    item = vault.find(item_id)
    if compartment.sensitivity is Sensitivity.RESTRICTED and vault.is_locked:
        vault.unlock()
    here, there = item.label.compartments, frozenset({compartment})
    if here == there:
        raise LapelError(f"It is in {compartment} already.")
    refuse_ambient(compartment)
    grants = vault.store.grants.all()
    if opens_more(here, there, grants):
        output.print_items([item], err=True)
        output.note(f"In {compartment} it may be heard by more than in {output.place_of(item)}.")
        confirm("Move it there?", yes=yes)
    scope = vault.scope(Purpose.REVIEW, here | there, also=there)
    with flushing():
        moved = vault.store.move(scope, item.id, compartment)
    _tell(f"Moved from {output.place_of(item)} to {compartment}", moved)
    below = vault.reading(
        Purpose.REVIEW, (), lambda scope: made_from(vault.store, scope, [item.id])
    )
    if below:
        output.note(f"What was made from it stays where it is ({len(below)}): see 'show'.")


@click.command(epilog=examples("lapel context keep 1f0c", "lapel context keep 1f0c --no-longer"))
@click.argument("item_ids", nargs=-1, required=True, metavar="ID...")
@click.option("--no-longer", is_flag=True, help="Again only as long as its kind is kept.")
@vault_options()
def keep(vault: Vault, item_ids: tuple[str, ...], no_longer: bool) -> None:
    """Keep items for ever, whatever the retention says."""
    for item in [vault.find(each) for each in item_ids]:
        if any(each.subject == "ambient" for each in item.label.compartments) and not no_longer:
            raise LapelError(
                "Ambient memory goes with its day: move it first, as by 'lapel context move"
                f" {item.id[: output.SHORT_ID]} owner/general'."
            )
        scope = vault.scope(Purpose.REVIEW, item.label.compartments)
        vault.store.pin(scope, item.id, pinned=not no_longer)
        kept = vault.store.item(scope, item.id)
        until = kept.about.expires_at
        how = "until it is forgotten" if until is None else f"until {output.local(until)}"
        _tell("Kept for ever" if not no_longer else f"Kept {how}", kept)


@click.command(
    epilog=examples("lapel context supersede 1f0c", "lapel context supersede 1f0c --at 2026-11-01")
)
@click.argument("item_id", metavar="OLD")
@click.option("--at", metavar="WHEN", help="Since when: 3d, yesterday, 2026-11-01; by default now.")
@vault_options()
def supersede(vault: Vault, item_id: str, at: str | None) -> None:
    """Note that an item is no longer true: it answers nothing, and is still listed.

    Adding the same text again makes it true again.
    """
    item = vault.find(item_id)
    ended = None if at is None else when.since(at, vault.store.now(), local_zone())
    scope = vault.scope(Purpose.FORGET, item.label.compartments)
    with flushing():
        vault.store.supersede(scope, item.id, ended)
    _tell(f"No longer true since {output.local(ended or vault.store.now())}", item)


def both(compartment: Compartment) -> frozenset[Compartment]:
    """A compartment and its restricted twin."""
    restricted = Compartment(compartment.subject, compartment.domain, Sensitivity.RESTRICTED)
    return frozenset({compartment, restricted})


def refuse_ambient(compartment: Compartment) -> None:
    """Raise LapelError for a day of ambient memory."""
    if compartment.subject == "ambient":
        raise LapelError(
            "Ambient memory is for what is overheard, and goes with its day: choose another"
            " compartment."
        )


def _tell(what: str, item: Item) -> None:
    if sys.stdout.isatty():
        click.echo(f"{what}, as {item.id[: output.SHORT_ID]}.")
    else:
        output.note(f"{what}.")
        click.echo(item.id)


def _text(text: str) -> str:
    try:
        raw = sys.stdin.buffer.read(_MOST_READ) if text == "-" else os.fsencode(text)
        if len(raw) == _MOST_READ:
            raise LapelError(f"That is too long: the most is {LONGEST_TEXT_BYTES:,} bytes.")
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise LapelError("That is not UTF-8 text: convert it, for example with iconv.") from None
