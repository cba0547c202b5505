"""What is left of a damaged place's file, put into a new one."""

import errno
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from context import records, sqlite_file
from context.errors import StoreUnusable
from context.records import File
from context.sqlite_file import Connection, sqlcipher, transaction
from context.upkeep import rows
from context.upkeep.pages import Pages
from context.upkeep.rows import NumberedRow, Row

_AT_ONCE: Final = 200
_INDEXES: Final = ("item_by_time", "sqlite_autoindex_item_1")
"""Those that have an entry for every item."""


class Rescued(NamedTuple):
    """What came out. lost: items, None if that can't be known.

    lineage: whether all of what the items were derived from is known.
    """

    kept: int
    lost: int | None
    lineage: bool


def nothing_left(path: Path, key: bytes, place: str) -> bool:
    """Whether no page of a place's file can be read with `key`: also if the file or disk is gone.

    SQLite must not have it open in this process (see `Pages`). Raises StoreUnusable if it can't be
    known, as where the file belongs to another user.
    """
    try:
        with Pages(path, key) as pages:
            return not pages.has_whole()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno == errno.EIO:
            return True
        raise cannot_be_read(path, place, error) from None


def cannot_be_read(path: Path, place: str, error: OSError) -> StoreUnusable:
    """The error for a place's file that can't be read, whatever is in it."""
    return StoreUnusable(
        f"The file of {place}, {path}, can't be read ({error.strerror}): check the disk.", place
    )


def rescue(pages: Pages, file: File) -> Rescued:
    """Put every item that can be read, its lineage and its vectors into a new, empty file.

    What was forgotten is left out.
    """
    connection = file.connection
    columns = [str(row[1]) for row in connection.execute("PRAGMA table_info(item)")]
    purge_at = columns.index("purge_at_us")
    found, forgotten = set[int](), set[int]()
    roots = rows.roots(pages)
    all_but_the_first = set(pages.bad()) <= {1}  # which holds nothing but the list of tables
    with transaction(connection):
        for seq, row in _items(rows.table_rows(pages), len(columns)):
            found.add(seq)
            if row[purge_at] is None:
                _insert(connection, "item", (seq, *row[1:]))
            else:
                forgotten.add(seq)
        lineage = _put_parents(connection, pages, roots) or all_but_the_first
        for table in ("vector", "sign"):
            for seq, row in rows.walk_table(pages, roots.get(table, 0), []):
                if len(row) == 3:
                    _insert(connection, table, (seq, *row[1:]))
        bad = unreadable(file)
        connection.executemany("DELETE FROM item WHERE seq = ?", [(seq,) for seq in bad])
        mend(connection)
        kept = {int(seq) for (seq,) in connection.execute("SELECT seq FROM item")}
    there = found if all_but_the_first else _numbers(pages, roots)
    forgotten |= _numbers_in(pages, roots, "item_by_purge", [])
    return Rescued(len(kept), None if there is None else len(there - kept - forgotten), lineage)


def mend(connection: Connection) -> None:
    """Make anew what follows from the items, inside the caller's transaction.

    A vector without its signs, or signs without their vector, go: they are made anew.
    """
    for one, other in (("vector", "sign"), ("sign", "vector")):
        connection.execute(f"DELETE FROM {one} WHERE {_alone(one, other)}")
    connection.execute("INSERT INTO word (word) VALUES ('rebuild')")


def unpaired(connection: Connection) -> int:
    """How many vectors have no signs, and signs no vector."""
    counts = [
        connection.execute(f"SELECT count(*) FROM {one} WHERE {_alone(one, other)}").fetchone()[0]
        for one, other in (("vector", "sign"), ("sign", "vector"))
    ]
    return sum(map(int, counts))


def unreadable(file: File) -> list[int]:
    """The numbers of rows that are no items. Raises StoreUnusable if a page can't be read."""
    found: list[int] = []
    after = 0
    while seqs := _next(file.connection, after):
        try:
            _read(file, after, _AT_ONCE)
        except StoreUnusable:
            found += [seq for seq in seqs if not _is_item(file, seq)]
        after = seqs[-1]
    return found


def _next(connection: Connection, after: int) -> list[int]:
    found = connection.execute(
        "SELECT seq FROM item WHERE seq > ? AND purge_at_us IS NULL ORDER BY seq LIMIT ?",
        (after, _AT_ONCE),
    )
    return [int(seq) for (seq,) in found]


def _read(file: File, after: int, count: int) -> None:
    with sqlite_file.in_words(file.name):
        records.in_order(file, after, count, None)


def _is_item(file: File, seq: int) -> bool:
    try:
        _read(file, seq - 1, 1)
    except StoreUnusable:
        return False
    return True


def _items(found: Iterator[NumberedRow], columns: int) -> Iterator[NumberedRow]:
    """The rows that are items', by their shape."""
    for seq, row in found:
        match row:
            case (None, str(), str(), bytes(), int(), *_) if len(row) == columns:
                yield seq, row
            case _:
                pass


def _put_parents(connection: Connection, pages: Pages, roots: dict[str, int]) -> bool:
    """Put in lineage, which is kept twice: in a table without row numbers, and in an index of it.

    Returns whether one of them is whole. Where they begin is perhaps not known; then entries of
    other indexes look the same, but for what they say of their own item.
    """
    torn: tuple[list[int], list[int]] = [], []
    for _ in rows.walk_index(pages, roots.get("parent", 0), torn[0]):
        pass
    by_id = (
        rows.walk_index(pages, roots["parent_by_id"], torn[1])
        if "parent_by_id" in roots
        else rows.index_rows(pages)
    )
    for row in chain(rows.index_rows(pages), by_id):
        match row:
            case (int(seq), str(parent)):
                _insert(connection, "parent", (seq, parent))
            case (str(parent), int(seq)) if _is_foreign(connection, seq, parent):
                _insert(connection, "parent", (seq, parent))
            case _:
                pass
    return not torn[0] or ("parent_by_id" in roots and not torn[1])


def _is_foreign(connection: Connection, seq: int, text: str) -> bool:
    own = (
        "SELECT 1 FROM item WHERE seq = ?"
        " AND ? NOT IN (id, coalesce(speaker, ''), coalesce(uid, ''))"
    )
    known = text in ("secure-delete", "version")  # of the index of words
    return not known and connection.execute(own, (seq, text)).fetchone() is not None


def _insert(connection: Connection, table: str, values: Row) -> None:
    """Put in a row, unless it is there, or is not one of that table's."""
    marks = ", ".join("?" * len(values))
    there = "" if table == "item" else " WHERE EXISTS (SELECT 1 FROM item WHERE seq = ?)"
    try:
        connection.execute(
            f"INSERT OR IGNORE INTO {table} SELECT {marks}{there}",
            values if table == "item" else (*values, values[0]),
        )
    except (sqlcipher.IntegrityError, OverflowError):
        return


def _numbers(pages: Pages, roots: dict[str, int]) -> set[int] | None:
    """The numbers of all items there were, by the table or an index that is whole, or None."""
    torn: list[int] = []
    found = {seq for seq, _ in rows.walk_table(pages, roots.get("item", 0), torn)}
    if not torn:
        return found
    for index in _INDEXES:
        torn = []
        found = _numbers_in(pages, roots, index, torn)
        if not torn:
            return found
    return None


def _numbers_in(pages: Pages, roots: dict[str, int], index: str, torn: list[int]) -> set[int]:
    entries = rows.walk_index(pages, roots.get(index, 0), torn)
    return {row[-1] for row in entries if row and isinstance(row[-1], int)}


def _alone(one: str, other: str) -> str:
    """An SQL condition: a row of table `one` that has none of the same embedder in `other`."""
    return (
        f"NOT EXISTS (SELECT 1 FROM {other} WHERE {other}.seq = {one}.seq"
        f" AND {other}.embedder = {one}.embedder)"
    )
