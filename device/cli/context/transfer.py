"""`lapel context export` and `import`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import click

from context import importers
from context.audit import AuditEvent
from context.errors import LapelError, TextRefused, VaultLocked
from context.importers import Kind, Record, Skipped
from context.items import About, Provenance
from context.labels import Compartment, Sensitivity, parse_place
from context.policy import OWNER_GENERAL, Purpose, Sink
from context.retention import expires_at
from context.transfer import export
from context.upkeep.figures import figures
from device.cli.context import output
from device.cli.context.ask import confirm
from device.cli.context.change import both, refuse_ambient
from device.cli.context.opening import (
    PATH,
    as_compartment,
    inside_option,
    vault_options,
    without_locked_option,
    yes_option,
)
from device.cli.context.stopping import stoppable
from device.cli.context.vault import Vault
from device.cli.options import examples
from device.clock import local_zone

_OURS = "lapel"
_NAMED = 10  # places a reason is given for


@click.command(
    "export",
    epilog=examples(
        "lapel context export ~/memories",
        "lapel context export /mnt/usb/health --in owner/health/restricted",
    ),
)
@click.argument("folder", type=PATH)
@inside_option
@without_locked_option
@yes_option
@vault_options()
def export_all(
    vault: Vault,
    folder: Path,
    *,
    inside: tuple[Compartment, ...],
    without_locked: bool,
    yes: bool,
) -> None:
    """Write what is remembered into FOLDER: items.jsonl for programs, memories.md for people.

    These files are not encrypted, and nothing is overwritten. 'lapel context import' reads the
    first back, exactly; for an encrypted copy see 'lapel context backup'. Where something lies in
    a restricted place, it is asked about first.
    """
    vault.check_there(inside)
    vault.need_all(without_locked=without_locked or bool(inside))
    places = figures(vault.store, vault.scope(Purpose.REVIEW, inside), None)
    total = sum(each.items for each in places)
    if private := sum(each.items for each in places if _is_restricted(each.name)):
        confirm(
            f"{output.counted(private, 'memory')} of restricted places would be written"
            " unencrypted. Write them?",
            yes=yes,
        )
    with output.progress("exporting") as show:
        done = vault.reading(
            Purpose.EXPORT,
            inside,
            lambda scope: export.export_items(
                vault.store, scope, folder, progress=lambda count: show(count, total)
            ),
            sink=Sink.FILE,
        )
    click.echo(f"{output.counted(done.items, 'memory')} written to {done.jsonl}")
    output.note(f"To read: {done.markdown}. Neither is encrypted: mind who gets them.")
    vault.raise_unusable()


@click.command(
    "import",
    epilog=examples(
        "lapel context import ~/notes --into owner/notes",
        "lapel context import contacts.vcf",
        "lapel context import Takeout/calendar.ics --into owner/calendar",
        "lapel context import ~/memories/items.jsonl",
    ),
)
@click.argument("path", type=PATH)
@click.option(
    "--into",
    callback=as_compartment,
    metavar="COMPARTMENT",
    help=f"Where to; by default {OWNER_GENERAL}. An export's items go where they were.",
)
@click.option(
    "--kind",
    type=click.Choice([*(each.value for each in Kind), _OURS]),
    help="What PATH holds, where the end of its name does not say it.",
)
@without_locked_option
@vault_options()
def import_path(
    vault: Vault, path: Path, into: Compartment | None, kind: str | None, without_locked: bool
) -> None:
    """Remember what PATH holds: notes, contacts, a calendar, mail, or an export of memories.

    Notes are .txt and .md files or a folder of them, contacts .vcf, calendars .ics, mail .mbox,
    exports items.jsonl. A second import adds what is new, and what was changed takes the place of
    what it was. Others may have written in such files, so that they are trusted less than you.
    What sounds private goes into the restricted compartment of the same name.

    Ctrl-C stops it; what is imported until then is kept, and the same command goes on.
    """
    if not path.exists():
        raise LapelError(f"Cannot import {output.visible(str(path))}: there is no such file.")
    if (path / export.JSONL).is_file() and kind in (None, _OURS):
        path, kind = path / export.JSONL, _OURS
    if kind is None:
        kind = _OURS if path.suffix.lower() == ".jsonl" else importers.kind_of(path)
    vault.need_all(without_locked=without_locked)
    if kind == _OURS:
        if into is not None:
            raise LapelError("An export's items go back where they were: leave --into out.")
        _import_ours(vault, path)
    else:
        where = into or OWNER_GENERAL
        refuse_ambient(where)
        vault.note_words_only()
        _import_theirs(vault, path, Kind(kind), where)


def _is_restricted(place: str) -> bool:
    """Whether one of a place's compartments is restricted."""
    return any(each.sensitivity is Sensitivity.RESTRICTED for each in parse_place(place))


def _import_ours(vault: Vault, path: Path) -> None:
    done = None
    with stoppable() as is_stopped:
        with output.progress("reading") as show:
            named, total = export.surveyed(path, progress=show, is_stopped=is_stopped)
        if not is_stopped():
            done = _put_back(vault, path, named, total, is_stopped)
    if done is None:
        _stop()
    tally = _Tally(done.new, done.same, is_stopped())
    for line, why in done.refused:
        tally.skip(f"line {line}", why)
    if done.new:
        output.note("They are found by their words; 'lapel context reindex' adds the meaning.")
    _finish(path, tally)


def _put_back(
    vault: Vault,
    path: Path,
    named: frozenset[Compartment],
    total: int,
    is_stopped: Callable[[], bool],
) -> export.Imported:
    scope = vault.scope(Purpose.REMEMBER, also=named)
    if vault.is_locked:
        restricted = [c for c in scope.compartments if c.sensitivity is Sensitivity.RESTRICTED]
        scope = scope.without(restricted)
    with output.progress("importing") as show:
        return export.import_items(
            vault.store,
            scope,
            path,
            progress=lambda count: show(count, total),
            is_stopped=is_stopped,
        )


def _import_theirs(vault: Vault, path: Path, kind: Kind, into: Compartment) -> None:
    began, tally, new = vault.store.now(), _Tally(), set[str]()
    with stoppable() as is_stopped, output.progress("importing") as show:
        entries = importers.read(path, kind, zone=local_zone(), progress=show)
        for where, record in _records(entries, tally):
            if is_stopped():
                break
            captured = record.captured_at or began
            kept = expires_at(into, captured, retention=vault.store.retention)
            if kept is not None and kept <= vault.store.now():
                tally.skip(where, f"It is older than what lies in {into} is kept.")
                continue
            try:
                item = vault.store.remember(
                    vault.scope(Purpose.REMEMBER, also=both(into)),
                    record.text,
                    compartment=into,
                    said_by=Provenance.IMPORTED,
                    about=About(
                        valid_from=record.valid_from,
                        valid_until=record.valid_until,
                        speaker=record.speaker,
                        source=path.name,
                        uid=record.uid,
                    ),
                    captured_at=record.captured_at,
                )
            except (TextRefused, VaultLocked) as error:
                tally.skip(where, str(error))
                continue
            stored_at = item.about.recorded_at
            if stored_at is not None and stored_at >= began and item.id not in new:
                new.add(item.id)
            else:
                tally.same += 1
    tally.new, tally.is_stopped = len(new), is_stopped()
    vault.store.audit(AuditEvent.IMPORT, count=tally.new, durable=True)
    _finish(path, tally)


@dataclass
class _Tally:
    """What became of the entries. skipped: where, by reason. is_stopped: there may be more."""

    new: int = 0
    same: int = 0
    is_stopped: bool = False
    skipped: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def skip(self, where: str, reason: str) -> None:
        self.skipped.setdefault(reason, []).append(where)


def _records(entries: Iterator[Record | Skipped], tally: _Tally) -> Iterator[tuple[str, Record]]:
    """Those that can be remembered, and where each is."""
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, Skipped):
            tally.skip(entry.where, entry.reason)
        else:
            yield entry.file or f"entry {number}", entry


def _finish(path: Path, tally: _Tally) -> None:
    skipped = sum(map(len, tally.skipped.values()))
    click.echo(
        f"{output.visible(path.name)}: {output.counted(tally.new, 'memory')} new,"
        f" {tally.same:,} there already, {skipped:,} left out."
    )
    for reason, where in sorted(tally.skipped.items(), key=lambda each: -len(each[1])):
        places = [output.visible(each) for each in dict.fromkeys(where)]
        named = ", ".join(places[:_NAMED]) + (", …" if len(places) > _NAMED else "")
        output.note(f"  {len(where):,} × {reason} ({named})")
    if tally.is_stopped:
        _stop()


def _stop() -> NoReturn:
    output.note("Stopped. What was imported is kept; the same command goes on with the rest.")
    raise click.Abort
