"""One place's file: SQLCipher, created, opened, checked, and its failures put into words.

What SQLite is told, and why: `secure_delete` zeroes what is deleted, `synchronous=FULL` with WAL
makes a commit survive power loss and lets other processes read meanwhile, `temp_store=MEMORY`
keeps texts out of temporary files. The key is raw, so that opening takes about a millisecond;
every page is encrypted with AES-256 and authenticated with HMAC-SHA512 (SQLCipher 4). Which key
authenticates follows from the file's key and from its first 16 bytes, the salt; a new file's salt
follows from its key, so that no damage can take it away.
"""

import contextlib
import hmac
import os
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from context import schema
from context.errors import StoreDamaged, StoreUnusable

BUSY_S: Final = 5.0
"""Seconds to wait for another process before giving up."""
ASIDE: Final = "-damaged"
"""What follows a file's name in the names of what was put aside for it; see `upkeep/aside.py`."""
SALT_BYTES: Final = 16
CACHE_KIB: Final = 40_960
"""The most that the pages of all of a vault's open files take in memory together."""
_PAGE_BYTES: Final = 4096
_APPLICATION_ID: Final = 0x4C61_7065  # "Lape"

# sqlcipher3 has sqlite3's interface and no types of its own.
sqlcipher: Any = import_module("sqlcipher3.dbapi2")
Connection = sqlite3.Connection


def open_file(path: Path, key: bytes, place: str, *, create: bool) -> Connection | None:
    """The file of `place`, ready to use; None if it does not exist and `create` is false.

    key: 32 bytes. Raises StoreUnusable. Two processes may open or create the same file at once,
    if each holds the lock on the folder while it creates.
    """
    if not _make_sure_of(path, place, create=create):
        return None
    with in_words(place):
        connection: Connection = sqlcipher.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        with ExitStack() as undo:
            undo.callback(connection.close)
            _give_key(connection, path, key)
            _prepare(connection, place)
            undo.pop_all()
    return connection


@contextmanager
def in_words(place: str) -> Generator[None]:
    """Turn SQLite's failures into StoreUnusable, which quotes nothing that is stored."""
    try:
        yield
    except (sqlcipher.IntegrityError, sqlcipher.ProgrammingError, sqlcipher.InterfaceError):
        raise
    except (sqlcipher.DatabaseError, MemoryError) as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        raise _failure(place, code) from None


@contextmanager
def transaction(connection: Connection) -> Generator[None]:
    """All or nothing, on disk when it ends."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def snapshot(connection: Connection) -> Generator[None]:
    """Several reads of one state, whatever others write meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def share_cache(connections: Sequence[Connection]) -> None:
    """Give each of the open files an equal part of the memory for pages."""
    for connection in connections:
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB // len(connections)}")


def erase(connection: Connection) -> bool:
    """Leave no byte of what was deleted in the file, its WAL, or what a repair put aside of it.

    Only if a deletion asked for that.

    `secure_delete` misses copies of rows that SQLite once moved between pages (1 text in 1,700),
    so the file is written anew. False, and to be tried again, while another process still reads
    what was there before or the disk has no room for the new copy.
    """
    if connection.execute("SELECT erase_due FROM place").fetchone() == (0,):
        return True
    try:
        connection.execute("INSERT INTO word (word) VALUES ('optimize')")
        connection.execute("VACUUM")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            _drop_aside(_path_of(connection))
            connection.execute("UPDATE place SET erase_due = 0")
    except sqlcipher.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL):
            raise
        return False
    return not busy


def faults(connection: Connection) -> list[str]:
    """What is wrong with the file, in SQLite's own words about pages and indexes; often empty.

    Pages are checked as the file has them, so what the log holds is written there first: a disk
    that was full may have left a page there in part.
    """
    with contextlib.suppress(sqlcipher.DatabaseError):  # what is wrong is said below
        connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
    found: list[str] = [
        str(row[0])
        for check in ("cipher_integrity_check", "integrity_check(20)", "foreign_key_check")
        for row in connection.execute(f"PRAGMA {check}")
        if row[0] != "ok"
    ]
    if not found:
        try:
            connection.execute("INSERT INTO word (word, rank) VALUES ('integrity-check', 1)")
        except sqlcipher.DatabaseError:
            found.append("the index of words does not match the texts")
    return found


def copy(connection: Connection, path: Path, key: bytes, place: str) -> None:
    """A copy of the file as it is at this moment, at `path`, under the same key.

    path: where there is nothing yet. Every page is read and so checked. Raises StoreUnusable.
    """
    with in_words(place):
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CREAT | os.O_EXCL, 0o600))
        target: Any = sqlcipher.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
        try:
            _give_key(target, path, key)
            connection.backup(target)
        finally:
            target.close()


def remove(path: Path) -> None:
    """Delete a place's file and what SQLite and a repair keep beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    _drop_aside(path)


def salt_of(key: bytes) -> bytes:
    """The salt of a file that is made under `key`. It is no secret, and tells nothing of the key.

    Files of earlier builds have a random one.
    """
    return hmac.digest(key, b"lapel salt of a place", "sha256")[:SALT_BYTES]


def _give_key(connection: Connection, path: Path, key: bytes) -> None:
    connection.execute("PRAGMA cipher_log_level = NONE")
    salt = salt_of(key).hex() if _is_empty(path) else ""  # else it is read from the file
    connection.execute(f"PRAGMA key = \"x'{key.hex()}{salt}'\"")


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:  # SQLite says what is wrong with it
        return False


def _drop_aside(path: Path) -> None:
    for each in list(path.parent.glob(f"{path.name}{ASIDE}*")):
        each.unlink(missing_ok=True)


def _path_of(connection: Connection) -> Path:
    return Path(str(connection.execute("PRAGMA database_list").fetchone()[2]))


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _make_sure_of(path: Path, place: str, *, create: bool) -> bool:
    # A descriptor of an existing file is not opened and closed here: closing one takes away the
    # locks that this process holds through its other connections (POSIX).
    try:
        if path.is_symlink():
            raise OSError(0, "it is a symbolic link")
        if path.exists():
            path.chmod(0o600)
            # SQLite takes what is shorter than a page for nothing, and would begin anew.
            if 0 < path.stat().st_size < _PAGE_BYTES and not _log_of(path).exists():
                raise _failure(place, sqlite3.SQLITE_CORRUPT)
            return True
        if not create:
            return False
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CREAT | os.O_EXCL, 0o600))
    except FileNotFoundError:
        raise StoreUnusable(f"The folder of memories {path.parent} is gone.") from None
    except OSError as error:
        raise StoreUnusable(
            f"The file of {place}, {path}, can't be opened: {error.strerror}.", place
        ) from None
    return True


def _prepare(connection: Connection, place: str) -> None:
    for pragma in (
        "temp_store = MEMORY",
        "secure_delete = ON",
        "foreign_keys = ON",
        "cell_size_check = ON",
        "synchronous = FULL",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if _is_new(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        with transaction(connection):
            if _is_new(connection):  # or another process was first
                schema.create(connection, place)
                connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    if _pragma(connection, "application_id") != _APPLICATION_ID:
        raise StoreUnusable(
            f"The file of {place} was not made by this program: move it away.", place
        )
    if (version := _pragma(connection, "user_version")) > schema.VERSION:
        raise StoreUnusable(
            f"The file of {place} was made by a newer version of this program (format {version},"
            f" and this one knows {schema.VERSION}): update the program.",
            place,
        )
    if version < schema.VERSION:
        with transaction(connection):
            schema.migrate(connection, _pragma(connection, "user_version"))
    if connection.execute("SELECT name FROM place").fetchall() != [(place,)]:
        raise StoreUnusable(
            f"The file of {place} holds another place: put the right file back.", place
        )
    erase(connection)


def _is_new(connection: Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return tables == (0,) and _pragma(connection, "user_version") == 0


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _failure(place: str, code: int) -> StoreUnusable:
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            why = f"The disk is full, so {place} was left as it was: make room."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            why = f"Another program is using the file of {place}: try again."
        case sqlite3.SQLITE_IOERR:
            why = f"The disk failed or is full at the file of {place}: check the disk."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            why = f"The file of {place} can't be opened for writing: check who owns it."
        case _:
            return StoreDamaged(place)
    return StoreUnusable(why, place)
