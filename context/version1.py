"""Memories of the first version, which kept each compartment in an unencrypted SQLite file.

They are kept as they would be if they were said now: what sounds private goes into the restricted
compartment of its kind, and what is kept for a time only expires.
"""

import fcntl
import hashlib
import os
import re
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from context import durable, records, retention, sensitive
from context.errors import StoreUnusable, TextRefused, VaultLocked
from context.files import Files
from context.items import About, Consent, Item, Provenance, check_text
from context.labels import Compartment, Label, place_name
from context.policy import USUAL
from context.retention import Retention
from context.upkeep import rows
from context.upkeep.pages import Pages

PATTERN: Final = "*.sqlite"
SET_ASIDE: Final = "-damaged"
"""What ends the name of an old file of which only a part could be read; it is not read again."""
_APPLICATION_ID: Final = 0x4C61_7065  # "Lape"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID: Final = re.compile(r"[0-9A-Za-z_:.-]{1,64}", re.ASCII)
_NAMES: Final = {
    hashlib.blake2b(str(each).encode(), digest_size=16).hexdigest(): str(each) for each in USUAL
}
"""The compartments there always were, by the names of their files."""
_BESIDE: Final = ("-wal", "-shm", "-journal", "")


class _Found(NamedTuple):
    """What is in an old file. whole: whether that is all that was in it."""

    items: list[Item]
    whole: bool


def bring_over(folder: Path, files: Files, kept: Retention, now: datetime) -> int:
    """Put the items of every old file in `folder` into encrypted ones; returns how many are new.

    An old file is overwritten and deleted once its items are on disk; broken off anywhere, it is
    begun again at the next call, and nothing is stored twice. Of a damaged one, what can be read
    is brought over, and the file is set aside under another name. It stays as it is while a place
    that its items belong to is locked or can't be used, and if nothing in it can be read.
    """
    if not any(folder.glob(PATTERN)):
        return 0
    with _alone(folder):
        return sum(_bring(path, files, kept, now) for path in sorted(folder.glob(PATTERN)))


def _bring(path: Path, files: Files, kept: Retention, now: datetime) -> int:
    found = _read(path, kept, now)
    if found is None:
        return 0
    items = sorted(found.items, key=lambda item: place_name(item.label.compartments))
    parts = [(place, list(part)) for place, part in groupby(items, _place)]
    count = 0
    try:
        for place, _ in parts:  # all of them or none
            with files.file(place, create=True):
                pass
        for place, part in parts:
            with files.file(place, create=True) as file:
                assert file is not None
                count += records.put_exactly(file, part)
    except (StoreUnusable, VaultLocked):
        return count
    with suppress(OSError):  # then it is tried again
        for suffix in _BESIDE:
            each = path.with_name(path.name + suffix)
            if found.whole:
                durable.scrub(each)
            elif each.exists():
                each.chmod(0o600)
                each.rename(path.with_name(path.name + SET_ASIDE + suffix))
    return count


def _place(item: Item) -> frozenset[Compartment]:
    return item.label.compartments


def _read(path: Path, kept: Retention, now: datetime) -> _Found | None:
    """What is in an old file; None if it is not one, or nothing in it can be read."""
    if path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size == 0 and path.stem in _NAMES:  # made, and never filled
        return _Found([], whole=True)
    try:
        name, found = _by_sqlite(path)
        torn = False
    except (sqlite3.Error, OverflowError):
        name, found = _by_pages(path)
        torn = True
    try:
        compartment = Compartment.parse(name or _NAMES.get(path.stem, ""))
    except ValueError:
        return None
    items = [_item(compartment, row, kept, now) for row in found]
    good = [item for item in items if item is not None]
    if torn and not good:
        return None
    alive = [i for i in good if i.about.expires_at is None or i.about.expires_at > now]
    return _Found(alive, whole=not torn and len(good) == len(items))


def _by_sqlite(path: Path) -> tuple[str | None, Sequence[Sequence[object]]]:
    """The compartment and the rows, also those in the WAL. Raises sqlite3.Error."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if application != _APPLICATION_ID:
            return None, []
        ((name,),) = connection.execute("SELECT name FROM compartment").fetchall() or [(None,)]
        found = connection.execute(
            "SELECT id, text, captured_at_us, provenance FROM item ORDER BY seq"
        ).fetchall()
        return name, found


def _by_pages(path: Path) -> tuple[str | None, list[Sequence[object]]]:
    """The same of a file that SQLite can't read through, as far as its pages hold it."""
    name: str | None = None
    found: dict[int, Sequence[object]] = {}
    with suppress(OSError), Pages(path, None) as pages:
        for seq, row in rows.table_rows(pages):
            match row:
                case (None, str(item_id), str(text), bytes(), int(at_us), str(said_by)):
                    found.setdefault(seq, (item_id, text, at_us, said_by))
                case (str(compartment), int()) if "/" in compartment:
                    name = compartment
                case _:
                    pass
    return name, [found[seq] for seq in sorted(found)]


def _item(
    compartment: Compartment, row: Sequence[object], kept: Retention, now: datetime
) -> Item | None:
    """The item of a row; None if it can't be one."""
    match row:
        case (str(item_id), str(text), int(at_us), str(said_by)) if _ID.fullmatch(item_id):
            pass
        case _:
            return None
    try:
        check_text(text)
        provenance = Provenance(said_by)
        captured_at = _EPOCH + timedelta(microseconds=at_us)
        expires_at = retention.expires_at(compartment, captured_at, retention=kept)
    except (TextRefused, ValueError, OverflowError):
        return None
    others = provenance in (Provenance.OTHER_SPEAKER, Provenance.OVERHEARD)
    raised = replace(compartment, sensitivity=sensitive.raised(compartment.sensitivity, text))
    return Item(
        item_id,
        text,
        Label(frozenset({raised}), provenance.trust),
        captured_at,
        provenance,
        About(
            recorded_at=now,
            expires_at=expires_at,
            consent=Consent.UNKNOWN if others else Consent.NOT_NEEDED,
        ),
    )


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """While no other process brings over what is in the folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
