"""Items in one compartment's file: put, found, paged, searched and deleted.

Functions of an open connection; who may call them is the store's business.
"""

import heapq
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from context import retrieve
from context.errors import StoreUnusable
from context.items import Item, Provenance, Recalled, sameness
from context.labels import Compartment, Label
from context.sqlite_file import transaction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = "id, text, captured_at_us, provenance"


@dataclass(frozen=True)
class Vector:
    """A sentence's vector (d,), float32, of length 1, and the name of the embedder that made it."""

    embedder: str
    value: NDArray[np.float32]


def put(
    connection: sqlite3.Connection, compartment: Compartment, item: Item, vector: Vector | None
) -> Item:
    """Store `item`, or refresh the one with the same text; returns the one that is stored.

    A text said again takes the new time and provenance, and keeps its id and spelling; said by
    someone less trusted, it changes nothing.
    """
    key = sameness(item.text)
    with transaction(connection):
        row = connection.execute(
            f"SELECT {_COLUMNS}, seq FROM item WHERE sameness = ?", (key,)
        ).fetchone()
        if row is None:
            seq = _insert(connection, item, key)
            stored = item
        else:
            stored, seq = _item(compartment, row), int(row[-1])
            if item.provenance.trust >= stored.provenance.trust:
                connection.execute(
                    "UPDATE item SET captured_at_us = ?, provenance = ? WHERE seq = ?",
                    (_microseconds(item.captured_at), item.provenance, seq),
                )
                stored = Item(stored.id, stored.text, item.label, item.captured_at, item.provenance)
        if vector is not None:
            connection.execute(
                "INSERT OR REPLACE INTO vector (seq, embedder, value) VALUES (?, ?, ?)",
                (seq, vector.embedder, retrieve.quantise(vector.value)),
            )
    return stored


def delete(connection: sqlite3.Connection, item_id: str) -> bool:
    """Delete the item from every table and ask for erasure; False if there is none.

    `rebuild` belongs to the same transaction: the index is made anew from the items that are
    left, so that it holds no other word, also after a crash. (FTS5's `optimize` leaves the words
    of the last item in SQLite 3.51; its `secure-delete` is not in Debian 12's 3.40, and a file
    that it has touched can't be read there.) Then call `sqlite_file.erase`.
    """
    with transaction(connection):
        deleted = connection.execute("DELETE FROM item WHERE id = ?", (item_id,)).rowcount
        if deleted:
            connection.execute("INSERT INTO word (word) VALUES ('rebuild')")
            connection.execute("UPDATE compartment SET erase_due = 1")
    return bool(deleted)


def page(
    connection: sqlite3.Connection, compartment: Compartment, limit: int, before: Item | None
) -> list[Item]:
    """At most `limit` items, newest first, of those that come after `before` in that order."""
    edge = (2**63 - 1, "~") if before is None else (_microseconds(before.captured_at), before.id)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM item WHERE (captured_at_us, id) < (?, ?)"
        " ORDER BY captured_at_us DESC, id DESC LIMIT ?",
        (*edge, limit),
    )
    return [_item(compartment, row) for row in rows]


def search(
    connection: sqlite3.Connection,
    compartment: Compartment,
    words: list[str],
    vector: Vector | None,
    limit: int,
) -> list[Recalled]:
    """The best `limit` items for a query's `words` and `vector`, by this compartment alone."""
    connection.execute("BEGIN")  # one snapshot for all three reads
    try:
        scores = retrieve.fuse(_lexical(connection, words), _dense(connection, vector))
        best = heapq.nlargest(limit, scores, key=lambda seq: (scores[seq], seq))
        rows = [
            connection.execute(f"SELECT {_COLUMNS} FROM item WHERE seq = ?", (seq,)).fetchone()
            for seq in best
        ]
    finally:
        connection.execute("ROLLBACK")
    found = zip(best, rows, strict=True)
    return [Recalled(_item(compartment, row), scores[seq]) for seq, row in found]


def _insert(connection: sqlite3.Connection, item: Item, key: bytes) -> int:
    seq = connection.execute(
        "INSERT INTO item (id, text, sameness, captured_at_us, provenance) VALUES (?, ?, ?, ?, ?)"
        " RETURNING seq",
        (item.id, item.text, key, _microseconds(item.captured_at), item.provenance),
    ).fetchone()[0]
    connection.execute("INSERT INTO word (rowid, text) VALUES (?, ?)", (seq, item.text))
    return int(seq)


def _lexical(connection: sqlite3.Connection, words: list[str]) -> dict[int, float]:
    if not words:
        return {}
    rows = connection.execute(
        "SELECT rowid, -bm25(word) FROM word WHERE word MATCH ?", (retrieve.fts_query(words),)
    )
    return {int(seq): float(score) for seq, score in rows}


def _dense(connection: sqlite3.Connection, vector: Vector | None) -> dict[int, float]:
    if vector is None:
        return {}
    rows = connection.execute(
        "SELECT seq, value FROM vector WHERE embedder = ? AND length(value) = ?",
        (vector.embedder, vector.value.size),
    ).fetchall()
    if not rows:
        return {}
    values = retrieve.cosines([value for _, value in rows], vector.value)
    return {int(seq): float(value) for (seq, _), value in zip(rows, values, strict=True)}


def _item(compartment: Compartment, row: tuple[str, str, int, str] | None) -> Item:
    """The item of a row, checked: a file is not trusted to hold what was put in it."""
    try:
        if row is None:
            raise ValueError
        item_id, text, captured_at_us, said_by = row[:4]
        provenance = Provenance(said_by)
        captured_at = _EPOCH + timedelta(microseconds=captured_at_us)
    except (ValueError, OverflowError):
        name = str(compartment)
        raise StoreUnusable(
            f"The file of {name} is damaged: put back a copy, or move it away to begin anew.", name
        ) from None
    label = Label(frozenset({compartment}), provenance.trust)
    return Item(item_id, text, label, captured_at, provenance)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
