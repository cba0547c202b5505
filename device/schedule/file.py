"""The one SQLite file of what is to ring. What was named or worded is sealed; times are not."""

import os
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from context.errors import KeysUnusable, StoreUnusable, VaultLocked
from device.schedule.due import DueTime
from device.schedule.thing import Kind, Thing, Waits

VERSION: Final = 2
_MOST_RUNG: Final = 1000
"""So many of the local times for which a thing rang are kept, the latest."""

_SCHEMA: Final = """
CREATE TABLE things (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, words BLOB,
    made_date_s REAL NOT NULL, made_boot_id TEXT NOT NULL, made_boot_s REAL NOT NULL,
    due_date_s REAL, due_boot_id TEXT, due_boot_s REAL, length_s REAL, paused_left_s REAL,
    at TEXT, rule TEXT, since TEXT, since_date_s REAL, waits TEXT,
    ringing TEXT, rang_date_s REAL, rang_boot_id TEXT, rang_boot_s REAL
) STRICT;
CREATE TABLE rung (
    thing_id TEXT NOT NULL REFERENCES things (id) ON DELETE CASCADE,
    occurrence TEXT NOT NULL,
    PRIMARY KEY (thing_id, occurrence)
) STRICT, WITHOUT ROWID;
"""
_COLUMNS: Final = 20


class Seal(Protocol):
    """Makes bytes unreadable for whoever has only the file."""

    def seal(self, data: bytes) -> bytes:
        """Seal. Raises VaultLocked or KeysUnusable while it can't."""
        ...

    def unseal(self, sealed: bytes) -> bytes:
        """Open what was sealed. Raises as `seal`, and WrongKey (of KeysUnusable) if it never can:
        the vault that sealed it is gone.
        """
        ...


class ScheduleFile:
    """Keeps things in SQLite; durable when a change returns, and one process at a time changes it.

    Safe from any thread. Everything raises StoreUnusable where the file can't be used.
    """

    def __init__(self, path: Path, seal: Seal) -> None:
        self._path = path
        self._seal = seal
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, making it with mode 0600; what an earlier version kept is brought over."""
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(
                self._path, check_same_thread=False, isolation_level=None, timeout=10.0
            )
            for pragma in ("synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
                self._database.execute(f"PRAGMA {pragma}")
            self._bring_up_to_date(self._database)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise StoreUnusable(
                f"The timers in {self._path} cannot be opened ({error}): free some space, or move "
                "the file away to begin with none."
            ) from error

    def close(self) -> None:
        """Close the file; what is in it stays."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    @contextmanager
    def reading(self) -> Generator[None]:
        """Have what is read be of one moment."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def changing(self) -> Generator[None]:
        """Have all that is done be done together or not at all, by no other at the same time."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    def things(self) -> list[Thing]:
        """Return all of them, in the order in which they were made."""
        return [_thing(row) for row in self._run("SELECT * FROM things ORDER BY rowid")]

    def thing(self, thing_id: str) -> Thing | None:
        """Return one of them."""
        rows = self._run("SELECT * FROM things WHERE id=?", thing_id)
        return _thing(rows[0]) if rows else None

    def put(self, thing: Thing) -> None:
        """Add it, or replace the one of its id."""
        marks = ", ".join("?" * _COLUMNS)
        self._run(
            f"INSERT INTO things VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET "
            "words=excluded.words, due_date_s=excluded.due_date_s,"
            " due_boot_id=excluded.due_boot_id, due_boot_s=excluded.due_boot_s,"
            " length_s=excluded.length_s, paused_left_s=excluded.paused_left_s, at=excluded.at,"
            " rule=excluded.rule, since=excluded.since, since_date_s=excluded.since_date_s,"
            " waits=excluded.waits, ringing=excluded.ringing, rang_date_s=excluded.rang_date_s,"
            " rang_boot_id=excluded.rang_boot_id, rang_boot_s=excluded.rang_boot_s",
            *_row(thing),
        )

    def remove(self, thing_id: str) -> bool:
        """Remove one of them; False if it is not there."""
        return bool(self._run("DELETE FROM things WHERE id=? RETURNING id", thing_id))

    def clear(self) -> None:
        """Remove all of them, and leave none of their bytes in the file."""
        self._run("DELETE FROM things")
        self._run("VACUUM")

    def rung(self, thing_id: str, since: datetime | None) -> frozenset[datetime]:
        """Return the local times after `since` for which it has rung."""
        rows = self._run(
            "SELECT occurrence FROM rung WHERE thing_id=? AND occurrence>?",
            thing_id,
            _text(since) or "",
        )
        return frozenset(datetime.fromisoformat(row[0]) for row in rows)

    def note_rung(self, thing_id: str, occurrence: datetime) -> bool:
        """Note that it rings for a local time; False if it has rung for it already."""
        new = self._run(
            "INSERT INTO rung VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING occurrence",
            thing_id,
            _text(occurrence),
        )
        self._run(
            "DELETE FROM rung WHERE thing_id=? AND occurrence <= (SELECT occurrence FROM rung "
            "WHERE thing_id=? ORDER BY occurrence DESC LIMIT 1 OFFSET ?)",
            thing_id,
            thing_id,
            _MOST_RUNG,
        )
        return bool(new)

    @contextmanager
    def _transaction(self, begin: str) -> Generator[None]:
        with self._lock:
            self._run(begin)
            try:
                yield
            except BaseException:
                if self._database is not None and self._database.in_transaction:
                    self._run("ROLLBACK")
                raise
            try:
                self._run("COMMIT")
            except StoreUnusable:  # as on a full disk
                if self._database is not None and self._database.in_transaction:
                    self._run("ROLLBACK")
                raise

    def _run(self, sql: str, *values: str | float | bytes | None) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._database is None:
                raise StoreUnusable("The timers are closed.")
            try:
                return self._database.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise StoreUnusable(
                    f"The timers cannot be kept ({error}): free some space on the disk."
                ) from error

    def _bring_up_to_date(self, database: sqlite3.Connection) -> None:
        version = _version(database)
        if version == VERSION:
            return
        if version > VERSION:
            raise sqlite3.DatabaseError("a newer version of this program made it")
        database.execute("BEGIN IMMEDIATE")
        try:
            if _version(database) != VERSION:  # another process may have done it meanwhile
                self._from_version_1(database)
                database.execute(f"PRAGMA user_version={VERSION}")
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("VACUUM")  # names were in clear

    def _from_version_1(self, database: sqlite3.Connection) -> None:
        """Make the tables, and take over the timers that were the only things once.

        Where names can't be sealed now, the timers go on without them.
        """
        for statement in _SCHEMA.split(";\n"):
            if statement.strip():
                database.execute(statement)
        known = database.execute("SELECT 1 FROM sqlite_master WHERE name='timers'").fetchall()
        if not known:
            return
        rows = database.execute(
            "SELECT id, name, duration_s, due_date_s, boot_id, due_boot_s FROM timers"
        ).fetchall()
        marks = ", ".join("?" * _COLUMNS)
        for timer_id, name, duration_s, date_s, boot_id, boot_s in rows:
            made = DueTime(date_s - duration_s, boot_id, boot_s - duration_s)
            due = DueTime(date_s, boot_id, boot_s)
            words = self._sealed(name)
            thing = Thing(timer_id, Kind.TIMER, words, made, due=due, length_s=duration_s)
            database.execute(f"INSERT INTO things VALUES ({marks})", _row(thing))
        database.execute("DROP TABLE timers")

    def _sealed(self, name: str | None) -> bytes | None:
        if name is None:
            return None
        try:
            return self._seal.seal(name.encode())
        except (VaultLocked, KeysUnusable):
            return None


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _text(local: datetime | None) -> str | None:
    return None if local is None else local.isoformat(timespec="microseconds")


def _local(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _parts(due: DueTime | None) -> tuple[float | None, str | None, float | None]:
    return (None, None, None) if due is None else (due.date_s, due.boot_id, due.since_boot_s)


def _due(date_s: float | None, boot_id: str | None, boot_s: float | None) -> DueTime | None:
    if date_s is None or boot_id is None or boot_s is None:
        return None
    return DueTime(date_s, boot_id, boot_s)


def _row(thing: Thing) -> tuple[str | float | bytes | None, ...]:
    return (
        *(thing.id, thing.kind.value, thing.words),
        *_parts(thing.made),
        *_parts(thing.due),
        *(thing.length_s, thing.paused_left_s, _text(thing.at), thing.rule),
        *(_text(thing.since), thing.since_date_s, thing.waits and thing.waits.value),
        _text(thing.ringing),
        *_parts(thing.rang),
    )


def _thing(row: tuple[Any, ...]) -> Thing:
    return Thing(
        id=row[0],
        kind=Kind(row[1]),
        words=row[2],
        made=DueTime(*row[3:6]),
        due=_due(*row[6:9]),
        length_s=row[9],
        paused_left_s=row[10],
        at=_local(row[11]),
        rule=row[12],
        since=_local(row[13]),
        since_date_s=row[14],
        waits=None if row[15] is None else Waits(row[15]),
        ringing=_local(row[16]),
        rang=_due(*row[17:20]),
    )
