"""What is left of a damaged place's file, put into a new one."""

from collections.abc import Iterator
from typing import Final

from context import records, rows, sqlite_file
from context.errors import StoreUnusable
from context.pages import Pages
from context.records import File
from context.rows import NumberedRow, Row
from context.sqlite_file import Connection, sqlcipher, transaction

_AT_ONCE: Final = 200
_INDEXES: Final = ("item_by_time", "sqlite_autoindex_item_1")
"""Those that have an entry for every item."""


def rescue(pages: Pages, file: File) -> tuple[int, int | None]:
    """Put every item that can be read, its lineage and its vectors into a new, empty file.

    Returns how many, and how many are lost, or None if that can't be known. What was forgotten is
    left out.
    """
    connection = file.connection
    columns = [str(row[1]) for row in connection.execute("PRAGMA table_info(item)")]
    purge_at = columns.index("purge_at_us")
    with transaction(connection):
        forgotten: set[int] = set()
        for seq, row in _items(rows.table_rows(pages), len(columns)):
            if row[purge_at] is None:
                _insert(connection, "item", (seq, *row[1:]))
            else:
                forgotten.add(seq)
        roots = rows.roots(pages)
        for seq, parent in _parents(pages, roots):
            _insert(connection, "parent", (seq, parent))
        for table in ("vector", "sign"):
            for seq, row in rows.walk_table(pages, roots.get(table, 0), []):
                if len(row) == 3:
                    _insert(connection, table, (seq, *row[1:]))
        bad = unreadable(file)
        connection.executemany("DELETE FROM item WHERE seq = ?", [(seq,) for seq in bad])
        mend(connection)
        kept = {int(seq) for (seq,) in connection.execute("SELECT seq FROM item")}
    there = _numbers(pages, roots, len(columns))
    return len(kept), None if there is None else len(there - kept - forgotten)


def mend(connection: Connection) -> None:
    """Make anew what follows from the items, inside the caller's transaction.

    A vector without its signs, or signs without their vector, go: they are made anew.
    """
    for one, other in (("vector", "sign"), ("sign", "vector")):
        connection.execute(f"DELETE FROM {one} WHERE {_alone(one, other)}")
    connection.execute("INSERT INTO word (word) VALUES ('rebuild')")


def unpaired(connection: Connection) -> int:
    """How many vectors have no signs, and signs no vector."""
    return sum(
        int(
            connection.execute(f"SELECT count(*) FROM {one} WHERE {_alone(one, other)}").fetchone()[
                0
            ]
        )
        for one, other in (("vector", "sign"), ("sign", "vector"))
    )


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


def _parents(pages: Pages, roots: dict[str, int]) -> Iterator[tuple[int, str]]:
    """Lineage, which is kept twice: in a table without row numbers, and in an index of it."""
    for row in rows.index_rows(pages):
        match row:
            case (int(seq), str(parent)):
                yield seq, parent
            case _:
                pass
    for row in rows.walk_index(pages, roots.get("parent_by_id", 0), []):
        match row:
            case (str(parent), int(seq)):
                yield seq, parent
            case _:
                pass


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


def _numbers(pages: Pages, roots: dict[str, int], columns: int) -> set[int] | None:
    """The numbers of all items there were, by the table or an index that is whole, or None."""
    torn: list[int] = []
    found = {seq for seq, _ in rows.walk_table(pages, roots.get("item", 0), torn)}
    if not torn:
        return found
    for index in _INDEXES:
        torn = []
        entries = rows.walk_index(pages, roots.get(index, 0), torn)
        found = {row[-1] for row in entries if row and isinstance(row[-1], int)}
        if not torn:
            return found
    return None


def _alone(one: str, other: str) -> str:
    """An SQL condition: a row of table `one` that has none of the same embedder in `other`."""
    return (
        f"NOT EXISTS (SELECT 1 FROM {other} WHERE {other}.seq = {one}.seq"
        f" AND {other}.embedder = {one}.embedder)"
    )
