"""One compartment's SQLite file: created, opened, checked, and its failures put into words.

What SQLite is told, and why: `secure_delete` zeroes what is deleted, `synchronous=FULL` with WAL
makes a commit survive power loss and lets other processes read meanwhile, `temp_store=MEMORY`
keeps texts out of temporary files.
"""

import os
import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from context.errors import StoreUnusable

SCHEMA_VERSION: Final = 1
BUSY_S: Final = 5.0
"""Seconds to wait for another process before giving up."""
_APPLICATION_ID: Final = 0x4C61_7065  # "Lape"

_SCHEMA = """
CREATE TABLE compartment (name TEXT NOT NULL, erase_due INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE item (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    sameness BLOB NOT NULL UNIQUE,
    captured_at_us INTEGER NOT NULL,
    provenance TEXT NOT NULL
) STRICT;
CREATE INDEX item_by_time ON item (captured_at_us, id);
CREATE TABLE vector (
    seq INTEGER PRIMARY KEY REFERENCES item ON DELETE CASCADE,
    embedder TEXT NOT NULL,
    value BLOB NOT NULL
) STRICT;
CREATE VIRTUAL TABLE word USING fts5(
    text, content='item', content_rowid='seq', tokenize='porter unicode61'
);
"""


def open_file(path: Path, compartment: str, *, create: bool) -> sqlite3.Connection | None:
    """The file of `compartment`, ready to use; None if it does not exist and `create` is false.

    Raises StoreUnusable. Two processes may open or create the same file at once.
    """
    try:
        flags = os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        if create:
            raise StoreUnusable(f"The folder of memories {path.parent} is gone.") from None
        return None
    except OSError as error:
        raise StoreUnusable(
            f"The file of {compartment}, {path}, can't be opened: {error.strerror}.", compartment
        ) from None
    with in_words(compartment):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        with ExitStack() as undo:
            undo.callback(connection.close)
            _prepare(connection, compartment)
            undo.pop_all()
    return connection


@contextmanager
def in_words(compartment: str) -> Generator[None]:
    """Turn SQLite's failures into StoreUnusable, which quotes nothing that is stored."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        raise StoreUnusable(_sentence(compartment, code), compartment) from None


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """All or nothing, on disk when it ends."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def erase(connection: sqlite3.Connection) -> bool:
    """Leave no byte of what was deleted in the file or its WAL, if a deletion asked for that.

    The index is made anew by the deletion's own transaction. `secure_delete` misses copies
    of rows that SQLite once moved between pages (1 text in 1,700), so the file is written anew.
    False, and to be tried again, while another process still reads what was there before or the
    disk has no room for the new copy.
    """
    if connection.execute("SELECT erase_due FROM compartment").fetchone() == (0,):
        return True
    try:
        connection.execute("VACUUM")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            connection.execute("UPDATE compartment SET erase_due = 0")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL):
            raise
        return False
    return not busy


def _prepare(connection: sqlite3.Connection, compartment: str) -> None:
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA synchronous = FULL")
    if _is_new(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            _create(connection, compartment)
    if _pragma(connection, "application_id") != _APPLICATION_ID:
        raise StoreUnusable(
            f"The file of {compartment} was not made by this program: move it away.", compartment
        )
    if (version := _pragma(connection, "user_version")) > SCHEMA_VERSION:
        raise StoreUnusable(
            f"The file of {compartment} was made by a newer version of this program (format"
            f" {version}, and this one knows {SCHEMA_VERSION}): update the program.",
            compartment,
        )
    if connection.execute("SELECT name FROM compartment").fetchall() != [(compartment,)]:
        raise StoreUnusable(
            f"The file of {compartment} holds another compartment: put the right file back.",
            compartment,
        )
    erase(connection)


def _is_new(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return tables == (0,) and _pragma(connection, "user_version") == 0


def _create(connection: sqlite3.Connection, compartment: str) -> None:
    """The schema in a new file; nothing if it is not new, as when another process was first."""
    if not _is_new(connection):
        return
    for statement in _SCHEMA.split(";\n"):
        connection.execute(statement)
    connection.execute("INSERT INTO compartment (name) VALUES (?)", (compartment,))
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _sentence(compartment: str, code: int) -> str:
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return f"The disk is full, so {compartment} was left as it was: make room."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"Another program is using the file of {compartment}: try again."
        case sqlite3.SQLITE_IOERR:
            return f"The disk failed or is full at the file of {compartment}: check the disk."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return f"The file of {compartment} can't be opened for writing: check who owns it."
        case _:
            return (
                f"The file of {compartment} is damaged: put back a copy, or move it away to begin"
                " anew."
            )
