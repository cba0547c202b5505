"""Memories of the first version, which kept each compartment in an unencrypted SQLite file."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from context import durable, records
from context.errors import StoreUnusable
from context.files import Files
from context.items import About, Item, Provenance
from context.labels import Compartment, Label

_APPLICATION_ID: Final = 0x4C61_7065  # "Lape"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def bring_over(folder: Path, files: Files, now: datetime) -> int:
    """Put the items of every old file in `folder` into encrypted ones; returns how many.

    An old file is overwritten and deleted once its items are on disk; broken off anywhere, it is
    begun again at the next call, and nothing is stored twice. Raises StoreUnusable, and leaves the
    file, if it can't be read.
    """
    count = 0
    for path in sorted(folder.glob("*.sqlite")):
        compartment, items = _read(path, now)
        if items:
            with files.file(frozenset({compartment}), create=True) as file:
                assert file is not None
                count += records.put_exactly(file, items)
        for suffix in ("-wal", "-shm", "-journal", ""):
            durable.scrub(path.with_name(path.name + suffix))
    return count


def _read(path: Path, now: datetime) -> tuple[Compartment, list[Item]]:
    try:
        with closing(sqlite3.connect(path)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            if application != _APPLICATION_ID:
                raise StoreUnusable(f"{path} was not made by this program: move it away.")
            (name,) = connection.execute("SELECT name FROM compartment").fetchone()
            rows = connection.execute(
                "SELECT id, text, captured_at_us, provenance FROM item ORDER BY seq"
            ).fetchall()
            compartment = Compartment.parse(name)
            items = [_item(compartment, row, now) for row in rows]
    except (sqlite3.Error, ValueError, TypeError):
        raise StoreUnusable(
            f"The memories of an earlier version in {path} can't be read: put back a copy, or move"
            " the file away."
        ) from None
    return compartment, items


def _item(compartment: Compartment, row: tuple[str, str, int, str], now: datetime) -> Item:
    item_id, text, captured_at_us, said_by = row
    provenance = Provenance(said_by)
    label = Label(frozenset({compartment}), provenance.trust)
    captured_at = _EPOCH + timedelta(microseconds=captured_at_us)
    return Item(item_id, text, label, captured_at, provenance, About(recorded_at=now))
