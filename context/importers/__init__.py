"""Files of others to records for the store: notes, contacts, calendars and mail.

Importers know nothing of the store. What they read is hostile: a broken entry is skipped, and
nothing that a file says reaches a log, an error or the network.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path

from context.importers.files import failed
from context.importers.plain import uid_of
from context.importers.record import ImportFailed, Kind, Progress, Record, Skipped

__all__ = ["ImportFailed", "Kind", "Progress", "Record", "Skipped", "kind_of", "read"]

_SUFFIXES = {
    **dict.fromkeys((".txt", ".md", ".markdown"), Kind.NOTES),
    **dict.fromkeys((".vcf", ".vcard"), Kind.VCARD),
    **dict.fromkeys((".ics",), Kind.ICALENDAR),
    **dict.fromkeys((".mbox",), Kind.MBOX),
}


def nothing(done: int, total: int) -> None:
    """Tells nobody of the progress."""


def kind_of(path: Path) -> Kind:
    """What a file holds, by the end of its name; a folder is one of notes.

    Raises ImportFailed, which says what kinds there are.
    """
    if kind := _SUFFIXES.get(path.suffix.lower()):
        return kind
    if path.is_dir():
        return Kind.NOTES
    raise failed(
        path,
        "the end of its name doesn't say what it is; there are notes (.txt, .md, .markdown or a"
        " folder of them), contacts (.vcf, .vcard), calendars (.ics) and mail (.mbox)",
    )


def read(
    path: Path, kind: Kind, *, zone: tzinfo, progress: Progress = nothing
) -> Iterator[Record | Skipped]:
    """The records of a file, or of a folder of notes, in its order; read while they are taken.

    zone: the owner's time zone. No uid comes twice: an entry that is the same as an earlier one
    is skipped, and another one of the same name is numbered. Raises ImportFailed, when the first
    record is taken or later, if the file can't be read: it is missing, a folder, of another
    format or too big, or the disk fails.
    """
    times: Counter[str] = Counter()
    given: set[str] = set()
    for number, item in enumerate(_importer(path, kind, zone, progress), 1):
        if isinstance(item, Skipped):
            yield item
            continue
        whole = uid_of(item.uid, item.text)
        if whole in given:
            yield Skipped(item.file or f"entry {number}", "It is the same as an earlier entry.")
            continue
        given.add(whole)
        times[item.uid] += 1
        nth = times[item.uid]
        yield item if nth == 1 else replace(item, uid=f"{item.uid}-{nth}")


def _importer(
    path: Path, kind: Kind, zone: tzinfo, progress: Progress
) -> Iterator[Record | Skipped]:
    match kind:
        case Kind.NOTES:
            from context.importers import notes as importer
        case Kind.VCARD:
            from context.importers import vcard as importer
        case Kind.ICALENDAR:
            from context.importers import icalendar as importer
        case Kind.MBOX:
            from context.importers import mbox as importer
    return importer.read(path, zone, progress)
