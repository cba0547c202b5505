"""`lapel context backup`, `restore`, `verify`, `begin-anew`, `reindex`: memory, safe and sound."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from context.errors import LapelError
from context.policy import Purpose
from context.upkeep.figures import figures, rebuild_words
from device.cli.context import output
from device.cli.context.ask import confirm, secret_of
from device.cli.context.opening import PATH, vault_options, without_locked_option, yes_option
from device.cli.context.vault import Vault
from device.cli.options import examples
from device.cli.running import flushing

if TYPE_CHECKING:
    from context.transfer.backup import Restored

_passphrase_option = click.option(
    "--passphrase-file", type=PATH, help="Read the passphrase from this file instead of asking."
)


@click.command(
    "backup",
    epilog=examples(
        "lapel context backup /mnt/usb/lapel.backup",
        "lapel context backup lapel.backup --passphrase-file ~/secret",
    ),
)
@click.argument("file", type=PATH)
@_passphrase_option
@without_locked_option
@vault_options()
def back_up(vault: Vault, file: Path, passphrase_file: Path | None, without_locked: bool) -> None:
    """Write all that is remembered into FILE, encrypted by a passphrase of 8 letters or more.

    Without the passphrase nothing opens it. What you forget later is still in it: keep few
    backups, and no longer than you need them.
    """
    from context.transfer.backup import back_up as write_backup

    vault.need_all(without_locked=without_locked)
    passphrase = secret_of(passphrase_file, "passphrase", "--passphrase-file", twice=True)
    total = len(vault.store.files.places())
    with output.progress("backing up") as show:
        done = write_backup(
            vault.store,
            file,
            passphrase,
            without_locked=without_locked,
            progress=lambda count: show(count, total),
        )
    click.echo(
        f"{output.counted(done.items or 0, 'memory')} in {output.counted(done.places, 'place')}"
        f" written to {file} ({output.size(done.size_bytes)})."
    )
    if done.left_out:
        output.note(f"({output.counted(done.left_out, 'locked place')} left out.)")


@click.command(epilog=examples("lapel context restore /mnt/usb/lapel.backup --replace"))
@click.argument("file", type=PATH)
@click.option("--replace", is_flag=True, help="Replace the places here that are in the backup.")
@_passphrase_option
@yes_option
@vault_options()
def restore(
    vault: Vault, file: Path, replace: bool, passphrase_file: Path | None, yes: bool
) -> None:
    """Put the places of a backup back. The PIN of this device, if any, locks them from then on.

    All of them or none. Places that are here already stay in the way unless --replace is given:
    then what they hold now is gone.
    """
    from context.transfer.backup import PlacesInTheWay

    vault.need_all(without_locked=False)
    passphrase = secret_of(passphrase_file, "passphrase", "--passphrase-file")
    try:
        done = _restored(vault, file, passphrase, replace=False)
    except PlacesInTheWay as error:
        if not replace:
            raise
        _preview(vault, error.places)
        confirm("Replace them by what is in the backup?", yes=yes)
        done = _restored(vault, file, passphrase, replace=True)
    click.echo(
        f"{output.counted(done.items, 'memory')} in {output.counted(done.places, 'place')}"
        " restored."
    )


def _restored(vault: Vault, file: Path, passphrase: str, *, replace: bool) -> "Restored":
    from context.transfer.backup import restore as take_back

    with flushing(), output.progress("restoring") as show:
        return take_back(
            file,
            passphrase,
            vault.store,
            replace=replace,
            progress=lambda count: show(count, 0),
        )


def _preview(vault: Vault, names: list[str]) -> None:
    there = figures(vault.store, vault.scope(Purpose.REVIEW), None)
    items = {each.name: each.items for each in there}
    for name in names:
        output.note(f"{name}: {output.counted(items.get(name, 0), 'memory')} here now.")


@click.command(epilog=examples("lapel context verify", "lapel context verify --repair"))
@click.option("--repair", "mend", is_flag=True, help="Repair what is damaged, after asking.")
@yes_option
@vault_options()
def verify(vault: Vault, mend: bool, yes: bool) -> None:
    """Check every file, and the record of what was done; the exit status is 1 if one is damaged.

    --repair keeps what can be read of a damaged file. Where something is lost, the file is put
    aside, encrypted as it was. For a place of which nothing can be read, see 'lapel context
    begin-anew'.
    """
    from context.upkeep import repair

    findings = repair.verify(vault.store)
    output.table(
        ("", "found"), (("good" if each.ok else "BAD", each.sentence) for each in findings)
    )
    bad = [each for each in findings if not each.ok]
    mendable = [each.place for each in bad if each.place is not None and not each.lost]
    places = list(dict.fromkeys(mendable))
    for name in places if mend else ():
        confirm(f"Keep what can be read of {name}?", yes=yes)
        with flushing():
            done = repair.repair(vault.store, name)
        lost = "an unknown number" if done.lost is None else f"{done.lost:,}"
        click.echo(f"{name}: {output.counted(done.kept, 'memory')} kept, {lost} lost.")
        if done.aside is not None:
            output.note(f"The damaged file is kept as {done.aside}")
    if any(each.place is None or each.lost or not mend for each in bad):
        hint = ""
        if places and not mend:
            hint = (
                ": 'lapel context verify --repair' keeps what can be read, and 'lapel context"
                " restore' puts a backup in its place"
            )
        raise LapelError(f"Not all is as it should be{hint}.")


@click.command("begin-anew", epilog=examples("lapel context begin-anew owner/general"))
@click.argument("place")
@yes_option
@vault_options()
def begin_anew(vault: Vault, place: str, yes: bool) -> None:
    """Begin a PLACE anew of which nothing can be read, so that it can be used again.

    Only where 'lapel context verify' says so, and best where there is no backup. The damaged file
    is kept, encrypted as it was, until something of that place is erased.
    """
    from context.upkeep import repair

    if not vault.unlocking(lambda: repair.is_lost(vault.store, place)):
        raise LapelError(
            f"{place} is not lost: 'lapel context verify --repair' mends what is damaged in it."
        )
    output.note(f"Nothing of {place} can be read. A backup would bring it back; this does not.")
    confirm("Put its file aside, and begin it anew?", yes=yes)
    with flushing():
        kept = repair.begin_anew(vault.store, place)
    click.echo(f"{place} is begun anew, and empty.")
    for each in kept:
        output.note(f"What was there is kept, encrypted, as {each}")


@click.command(epilog=examples("lapel context reindex", "lapel context reindex --words"))
@click.option("--words", is_flag=True, help="Make the index of words anew, too.")
@vault_options()
def reindex(vault: Vault, words: bool) -> None:
    """Have everything found by meaning, too: after an import, or with another model.

    It can be interrupted, and goes on where it was. Meanwhile everything is found by its words.
    """
    if words:
        with output.progress("words") as show:
            count = rebuild_words(vault.store, vault.scope(Purpose.REVIEW), show)
        click.echo(f"The words of {output.counted(count, 'place')} are indexed anew.")
    if vault.meaning is None:
        vault.note_words_only()
    else:
        places = figures(vault.store, vault.scope(Purpose.REVIEW), vault.meaning)
        missing = sum(each.items - each.embedded for each in places)
        done = 0
        with output.progress("meaning") as show:
            while some := vault.store.reembed():
                done += some
                show(done, max(missing, done))
        click.echo(f"{output.counted(done, 'memory')} embedded by {vault.meaning}.")
    vault.note_locked()
