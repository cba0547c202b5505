"""Items in one place's file: put, found, paged, searched, forgotten and deleted.

Functions of an open file; who may call them is the store's business.
"""

from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from context import retrieve, turns
from context.errors import StoreDamaged
from context.items import About, Consent, Item, Provenance, Recalled, sameness
from context.labels import Label, Place, place_name
from context.signs import Signs, signs_of
from context.sqlite_file import snapshot, transaction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = (
    "id, text, captured_at_us, recorded_at_us, valid_from_us, valid_until_us, expires_at_us,"
    " provenance, speaker, sure, source, uid, pinned, consent, seq"
)
_PARENTS = "(SELECT group_concat(parent.id) FROM parent WHERE parent.seq = item.seq)"
_ROW = f"SELECT {_PARENTS}, {_COLUMNS} FROM item"
_VALUES = f"INSERT INTO item (sameness, {_COLUMNS}) VALUES ({', '.join('?' * 16)})"
_READABLE = "purge_at_us IS NULL AND (expires_at_us IS NULL OR expires_at_us > :now)"
_TRUE_NOW = "(valid_until_us IS NULL OR valid_until_us > :now)"


StoredVector = tuple[str, str, bytes]
"""A table's name, the embedder's, and what is stored."""


@dataclass(frozen=True)
class Vector:
    """A sentence's vector (d,), float32, of length 1, and the name of the embedder that made it."""

    embedder: str
    value: NDArray[np.float32]


@dataclass
class File:
    """A place's open file, and the signs of its vectors once they are needed."""

    connection: Connection
    place: Place
    key_id: str
    holds_turns: bool
    _signs: Signs | None = field(default=None, repr=False)
    _signs_of: tuple[str, int] = ("", 0)

    @property
    def name(self) -> str:
        """The place's name."""
        return place_name(self.place)

    def signs(self, vector: Vector) -> Signs:
        """The signs of this embedder's vectors; read again if another process has written."""
        version = int(self.connection.execute("PRAGMA data_version").fetchone()[0])
        if self._signs is None or self._signs_of != (vector.embedder, version):
            rows = self.connection.execute(
                "SELECT seq, bits FROM sign WHERE embedder = ? ORDER BY seq", (vector.embedder,)
            )
            self._signs = Signs(rows, len(signs_of(vector.value)) // 8)
            self._signs_of = vector.embedder, version
        return self._signs

    def signed(self, seq: int, embedder: str, bits: bytes, *, is_new: bool) -> None:
        """Take in what this process has just written."""
        if self._signs is not None and is_new and self._signs_of[0] == embedder:
            self._signs.add(seq, bits)
        else:
            self._signs = None

    def drop_signs(self) -> None:
        """Read them anew when they are next needed."""
        self._signs = None


def put(file: File, item: Item, vector: Vector | None, now: datetime) -> Item:
    """Store `item`, or refresh the one with the same text; returns the one that is stored.

    A text said again takes the new time and provenance, and keeps its id and spelling; it is true
    again if it was no longer. Said by someone less trusted, it changes nothing. An item with the
    `uid` of an earlier one and another text ends that one's validity.
    """
    connection, key = file.connection, sameness(item.text)
    with transaction(connection):
        same = _row(connection, "sameness = ?", key)
        if same is not None and not _is_readable(connection, same[-1], now):
            _delete(connection, [same[-1]])
            file.drop_signs()
            same = None
        if same is not None:
            return _refresh(file, same, item, vector, now)
        if item.about.uid is not None:
            _supersede_uid(connection, item.about.uid, now)
        seq = _next_seq(connection)
        with _reindexed(connection, [seq]):
            _insert(connection, seq, item, key)
        bits = _insert_vector(connection, seq, vector)
    if vector is not None:
        file.signed(seq, vector.embedder, bits, is_new=True)
    return item


def put_exactly(file: File, items: Iterable[Item], now: datetime | None = None) -> int:
    """Store items as they are, ids and times included, and no vectors; returns how many are new.

    For what was exported or backed up. One with the id or the text of one that is there is left;
    given `now`, one that can't be read any more by then gives way to it.
    """
    connection, count = file.connection, 0
    with transaction(connection):
        for item in items:
            key = sameness(item.text)
            if now is not None:
                _make_way(file, item.id, key, now)
            if _row(connection, "sameness = ? OR id = ?", key, item.id) is None:
                seq = _next_seq(connection)
                with _reindexed(connection, [seq]):
                    _insert(connection, seq, item, key)
                count += 1
    return count


def vectors_of(file: File, item_id: str) -> list[StoredVector]:
    """An item's vector and its signs as they are stored, for `take_in`."""
    rows = file.connection.execute(
        "SELECT 'vector', embedder, value FROM vector JOIN item USING (seq) WHERE id = :id"
        " UNION ALL SELECT 'sign', embedder, bits FROM sign JOIN item USING (seq) WHERE id = :id",
        {"id": item_id},
    )
    return [(str(table), str(embedder), bytes(value)) for table, embedder, value in rows]


def take_in(file: File, item: Item, vectors: Iterable[StoredVector], now: datetime) -> str:
    """Store an item of another place as it is; returns its id.

    Where another readable item has the same text, returns that one's id and changes nothing.
    """
    connection, key = file.connection, sameness(item.text)
    with transaction(connection):
        for row in (_row(connection, "sameness = ?", key), _row(connection, "id = ?", item.id)):
            if row is not None and _is_readable(connection, row[-1], now):
                return str(row[1])
            if row is not None:
                _delete(connection, [row[-1]])
        seq = _next_seq(connection)
        with _reindexed(connection, [seq]):
            _insert(connection, seq, item, key)
        for table, embedder, value in vectors:
            connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (seq, embedder, value))
    file.drop_signs()
    return item.id


def take_out(file: File, item_id: str) -> None:
    """Delete an item that another place has now. Then call `sqlite_file.erase`.

    Unlike what is forgotten, it takes nothing with it that was derived from it.
    """
    connection = file.connection
    with transaction(connection):
        row = _row(connection, "id = ?", item_id)
        _delete(connection, [] if row is None else [row[-1]])
    file.drop_signs()


def get(file: File, item_id: str, now: datetime) -> Item | None:
    """The item of this id, if it is readable."""
    row = file.connection.execute(
        f"{_ROW} WHERE id = :id AND {_READABLE}",
        {"id": item_id, "now": _microseconds(now)},
    ).fetchone()
    return None if row is None else _item(file, row)


def page(file: File, limit: int, before: Item | None, now: datetime) -> list[Item]:
    """At most `limit` items, newest first, of those that come after `before` in that order."""
    edge = (2**63 - 1, "~") if before is None else (_microseconds(before.captured_at), before.id)
    rows = file.connection.execute(
        f"{_ROW} WHERE (captured_at_us, id) < (:at, :id) AND {_READABLE}"
        " ORDER BY captured_at_us DESC, id DESC LIMIT :limit",
        {"at": edge[0], "id": edge[1], "limit": limit, "now": _microseconds(now)},
    ).fetchall()
    return [_item(file, row) for row in rows]


def like(file: File, item: Item, now: datetime) -> Item | None:
    """The readable item of this id, or else the one of this text; None if there is neither."""
    at = {"id": item.id, "key": sameness(item.text), "now": _microseconds(now)}
    row = file.connection.execute(
        f"{_ROW} WHERE (id = :id OR sameness = :key) AND {_READABLE} ORDER BY id <> :id LIMIT 1", at
    ).fetchone()
    return None if row is None else _item(file, row)


def in_order(file: File, after: int, limit: int, now: datetime | None) -> list[tuple[int, Item]]:
    """At most `limit` items in the order they were stored, with their numbers, from `after` on.

    now: readable ones only; None: also those that have expired.
    """
    readable = "purge_at_us IS NULL" if now is None else _READABLE
    rows = file.connection.execute(
        f"{_ROW} WHERE seq > :after AND {readable} ORDER BY seq LIMIT :limit",
        {"after": after, "limit": limit} | ({} if now is None else {"now": _microseconds(now)}),
    ).fetchall()
    return [(int(row[-1]), _item(file, row)) for row in rows]


def beginning(file: File, prefix: str, limit: int, now: datetime) -> list[Item]:
    """At most `limit` items whose ids begin with `prefix`."""
    rows = file.connection.execute(
        f"{_ROW} WHERE id >= :low AND id < :high AND {_READABLE} LIMIT :limit",
        {"low": prefix, "high": f"{prefix}~", "limit": limit, "now": _microseconds(now)},
    ).fetchall()
    return [_item(file, row) for row in rows]


def holding(file: File, words: Sequence[str], now: datetime) -> list[Item]:
    """The items that hold all of `words` (as `query_words` gives them), or whose speaker does."""
    connection = file.connection
    query = "text : (" + " AND ".join(f'"{word}"' for word in words) + ")"
    found = {
        int(seq)
        for (seq,) in connection.execute("SELECT rowid FROM word WHERE word MATCH ?", (query,))
    }
    for seq, speaker in connection.execute(
        "SELECT seq, speaker FROM item WHERE speaker IS NOT NULL"
    ):
        if set(words) <= set(retrieve.query_words(str(speaker))):
            found.add(int(seq))
    rows = [_row(connection, "seq = ?", seq) for seq in sorted(found)]
    return [
        _item(file, row)
        for row in rows
        if row is not None and _is_readable(connection, row[-1], now)
    ]


@dataclass(frozen=True)
class Query:
    """What is looked for. asked: used in places of turns only."""

    words: Sequence[str]
    vector: Vector | None
    asked: turns.Asked


def speakers(file: File) -> set[str]:
    """Everybody who speaks in a place of turns, and in other places nobody."""
    if not file.holds_turns:
        return set()
    rows = file.connection.execute(
        "WITH RECURSIVE each (name) AS (SELECT min(speaker) FROM item UNION ALL"
        " SELECT (SELECT min(speaker) FROM item WHERE speaker > name) FROM each"
        " WHERE name IS NOT NULL) SELECT name FROM each WHERE name IS NOT NULL"
    )
    return {str(name) for (name,) in rows}


def search(file: File, query: Query, limit: int, now: datetime) -> list[Recalled]:
    """The best `limit` items for a query, by this place alone."""
    connection = file.connection
    with snapshot(connection):
        candidates = turns.CANDIDATES if file.holds_turns else retrieve.CANDIDATES
        lexical = _lexical(connection, query.words, candidates.by_words)
        dense = _dense(file, lexical, query.vector, candidates.by_meaning)
        if file.holds_turns:
            said = _turns(connection, lexical.keys() | dense.keys())
            base = retrieve.fuse(lexical, dense, turns.lend(lexical, said))
            scores = turns.rescore(base, said, query.asked)
        else:
            scores = retrieve.fuse(lexical, dense)
        best = sorted(scores, key=lambda seq: (scores[seq], seq), reverse=True)
        found: list[Recalled] = []
        at_once = max(limit, 8)
        for begin in range(0, len(best), at_once):  # what is true no longer is passed over
            part = best[begin : begin + at_once]
            rows = _true_now(connection, part, now)
            found += [Recalled(_item(file, rows[seq]), scores[seq]) for seq in part if seq in rows]
            if len(found) >= limit:
                break
    return found[:limit]


def forget(file: File, ids: Iterable[str], purge_at: datetime) -> set[str]:
    """Make items unreadable at once, until they are purged or brought back; returns their ids."""
    connection, done = file.connection, set[str]()
    with transaction(connection):
        for item_id in ids:
            row = _row(connection, "id = ? AND purge_at_us IS NULL", item_id)
            if row is None:
                continue
            with _reindexed(connection, [row[-1]]):
                connection.execute(
                    "UPDATE item SET purge_at_us = ? WHERE seq = ?",
                    (_microseconds(purge_at), row[-1]),
                )
            done.add(item_id)
    return done


def held(file: File, ids: Iterable[str]) -> set[str]:
    """Those of `ids` that are there and not forgotten."""
    found = "id = ? AND purge_at_us IS NULL"
    return {item_id for item_id in ids if _row(file.connection, found, item_id) is not None}


def purges_at(file: File, moment: datetime) -> bool:
    """Whether something forgotten is to be purged at that very moment."""
    return _row(file.connection, "purge_at_us = ?", _microseconds(moment)) is not None


def last_forgotten(file: File, now: datetime) -> datetime | None:
    """When what was forgotten last, and can still be brought back, will be purged."""
    (last,) = file.connection.execute(
        "SELECT max(purge_at_us) FROM item WHERE purge_at_us > ?", (_microseconds(now),)
    ).fetchone()
    return None if last is None else _moment(last)


def bring_back(file: File, purge_at: datetime, among: Collection[str] | None = None) -> list[str]:
    """Make readable again what was to be purged at that moment (of `among`); returns the ids."""
    connection = file.connection
    with transaction(connection):
        rows = connection.execute(
            "SELECT seq, id FROM item WHERE purge_at_us = ?", (_microseconds(purge_at),)
        ).fetchall()
        rows = [(seq, item_id) for seq, item_id in rows if among is None or item_id in among]
        seqs = [int(seq) for seq, _ in rows]
        with _reindexed(connection, seqs):
            connection.executemany(
                "UPDATE item SET purge_at_us = NULL WHERE seq = ?", [(seq,) for seq in seqs]
            )
    return [str(item_id) for _, item_id in rows]


def purge(file: File, now: datetime) -> list[str]:
    """Delete what has expired, and what was forgotten and can't be brought back; their ids.

    Then call `sqlite_file.erase`.
    """
    connection = file.connection
    at = {"now": _microseconds(now)}
    due = "purge_at_us <= :now OR expires_at_us <= :now"
    if connection.execute(f"SELECT 1 FROM item WHERE {due} LIMIT 1", at).fetchone() is None:
        return []
    with transaction(connection):
        rows = connection.execute(f"SELECT seq, id FROM item WHERE {due}", at).fetchall()
        _delete(connection, [int(seq) for seq, _ in rows])
    file.drop_signs()
    return [str(item_id) for _, item_id in rows]


def purge_forgotten(file: File, now: datetime) -> list[str]:
    """Delete what `purge` would, and what could still be brought back; their ids."""
    with transaction(file.connection):
        file.connection.execute(
            "UPDATE item SET purge_at_us = :now WHERE purge_at_us > :now",
            {"now": _microseconds(now)},
        )
    return purge(file, now)


def children(file: File, ids: Iterable[str]) -> set[str]:
    """The ids of what was derived from `ids`, directly."""
    found: set[str] = set()
    for item_id in ids:
        found |= {
            str(row[0])
            for row in file.connection.execute(
                "SELECT item.id FROM parent JOIN item USING (seq) WHERE parent.id = ?", (item_id,)
            )
        }
    return found


def end_validity(file: File, item_id: str, at: datetime, now: datetime) -> bool:
    """Note that an item is no longer true from `at` on; False if there is none."""
    return _update(file, item_id, now, valid_until_us=_microseconds(at))


def pin(
    file: File, item_id: str, expires_at: datetime | None, now: datetime, *, pinned: bool
) -> bool:
    """Keep an item until `expires_at`, or for ever; False if there is none.

    pinned: note that this was asked for; not where it expires all the same.
    """
    expiry, stays = _maybe_microseconds(expires_at), int(pinned and expires_at is None)
    return _update(file, item_id, now, expires_at_us=expiry, pinned=stays)


def count(file: File, now: datetime) -> int:
    """How many readable items there are."""
    at = {"now": _microseconds(now)}
    query = f"SELECT count(*) FROM item WHERE {_READABLE}"
    return int(file.connection.execute(query, at).fetchone()[0])


def count_embedded(file: File, embedder: str, now: datetime) -> int:
    """How many readable items have a vector of this embedder."""
    at = {"now": _microseconds(now), "embedder": embedder}
    query = "SELECT count(*) FROM item JOIN vector USING (seq) WHERE embedder = :embedder"
    return int(file.connection.execute(f"{query} AND {_READABLE}", at).fetchone()[0])


def count_forgotten(file: File) -> int:
    """How many items are forgotten and not yet erased."""
    query = "SELECT count(*) FROM item WHERE purge_at_us IS NOT NULL"
    return int(file.connection.execute(query).fetchone()[0])


def rebuild_words(file: File) -> None:
    """Make the index of words anew out of the texts. Then call `sqlite_file.erase`."""
    with transaction(file.connection):
        file.connection.execute("INSERT INTO word (word) VALUES ('rebuild')")
        file.connection.execute("UPDATE place SET erase_due = 1")


def count_all(file: File) -> int:
    """How many items there are, but for what was forgotten: also those that have expired."""
    query = "SELECT count(*) FROM item WHERE purge_at_us IS NULL"
    return int(file.connection.execute(query).fetchone()[0])


def without_vector(file: File, embedder: str, limit: int) -> list[tuple[int, str]]:
    """At most `limit` items, newest first, that have no vector of this embedder."""
    rows = file.connection.execute(
        "SELECT item.seq, text FROM item LEFT JOIN vector USING (seq)"
        " WHERE purge_at_us IS NULL AND embedder IS NOT ? ORDER BY item.seq DESC LIMIT ?",
        (embedder, limit),
    )
    return [(int(seq), str(text)) for seq, text in rows]


def put_vectors(file: File, vectors: Iterable[tuple[int, Vector]]) -> None:
    """Store vectors for items that are still there."""
    with transaction(file.connection):
        for seq, vector in vectors:
            if _row(file.connection, "seq = ?", seq) is not None:
                _insert_vector(file.connection, seq, vector)
    file.drop_signs()


def _refresh(
    file: File, row: Sequence[Any], item: Item, vector: Vector | None, now: datetime
) -> Item:
    """Take the new time and provenance for a text that is there, unless it is less trusted."""
    stored, seq = _item(file, row), int(row[-1])
    if item.provenance.trust < stored.provenance.trust:
        return stored
    connection = file.connection
    if vector is not None and _lacks(connection, seq, vector):
        _insert_vector(connection, seq, vector)
        file.drop_signs()
    if item.about.uid is not None:
        _supersede_uid(connection, item.about.uid, now)
    expires_at = (stored if stored.about.pinned else item).about.expires_at
    pinned = stored.about.pinned or item.about.pinned
    with _reindexed(connection, [seq]):
        connection.execute(
            "UPDATE item SET captured_at_us = ?, provenance = ?, valid_until_us = ?,"
            " expires_at_us = ?, pinned = ?, speaker = ?, sure = ?, uid = coalesce(?, uid)"
            " WHERE seq = ?",
            (
                _microseconds(item.captured_at),
                item.provenance,
                _maybe_microseconds(item.about.valid_until),
                _maybe_microseconds(expires_at),
                int(pinned),
                item.about.speaker,
                item.about.sure,
                item.about.uid,
                seq,
            ),
        )
    about = replace(
        stored.about,
        valid_until=item.about.valid_until,
        expires_at=expires_at,
        pinned=pinned,
        speaker=item.about.speaker,
        sure=item.about.sure,
        uid=item.about.uid or stored.about.uid,
    )
    label = Label(stored.label.compartments, item.provenance.trust)
    return Item(stored.id, stored.text, label, item.captured_at, item.provenance, about)


def _make_way(file: File, item_id: str, key: bytes, now: datetime) -> None:
    """Delete what has this id or text and can't be read any more."""
    seqs = [
        int(seq)
        for (seq,) in file.connection.execute(
            f"SELECT seq FROM item WHERE (id = :id OR sameness = :key) AND NOT ({_READABLE})",
            {"id": item_id, "key": key, "now": _microseconds(now)},
        )
    ]
    if seqs:
        _delete(file.connection, seqs)
        file.drop_signs()


def _supersede_uid(connection: Connection, uid: str, now: datetime) -> None:
    connection.execute(
        f"UPDATE item SET valid_until_us = :now WHERE uid = :uid AND {_TRUE_NOW}",
        {"now": _microseconds(now), "uid": uid},
    )


def _insert(connection: Connection, seq: int, item: Item, key: bytes) -> None:
    about = item.about
    connection.execute(
        _VALUES,
        (
            key,
            item.id,
            item.text,
            _microseconds(item.captured_at),
            _microseconds(about.recorded_at or item.captured_at),
            _maybe_microseconds(about.valid_from),
            _maybe_microseconds(about.valid_until),
            _maybe_microseconds(about.expires_at),
            item.provenance,
            about.speaker,
            about.sure,
            about.source,
            about.uid,
            int(about.pinned),
            about.consent,
            seq,
        ),
    )
    connection.executemany(
        "INSERT INTO parent (seq, id) VALUES (?, ?)", [(seq, parent) for parent in about.parents]
    )


def _insert_vector(connection: Connection, seq: int, vector: Vector | None) -> bytes:
    if vector is None:
        return b""
    bits = signs_of(vector.value)
    for table, value in (("vector", retrieve.quantise(vector.value)), ("sign", bits)):
        connection.execute(
            f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (seq, vector.embedder, value)
        )
    return bits


def _lacks(connection: Connection, seq: int, vector: Vector) -> bool:
    query = "SELECT 1 FROM vector WHERE seq = ? AND embedder = ?"
    return connection.execute(query, (seq, vector.embedder)).fetchone() is None


def _delete(connection: Connection, seqs: Sequence[int]) -> None:
    """Delete rows from every table and ask for erasure of their bytes."""
    for begin in range(0, len(seqs), 500):
        part = seqs[begin : begin + 500]
        with _reindexed(connection, part):
            connection.executemany("DELETE FROM item WHERE seq = ?", [(seq,) for seq in part])
    if seqs:
        connection.execute("UPDATE place SET erase_due = 1")


@contextmanager
def _reindexed(connection: Connection, seqs: Sequence[int]) -> Generator[None]:
    """Keep the index of words in step while items change.

    FTS5 has to be told what it held before (the table's content is a view).
    """
    before = _sources(connection, seqs)
    yield
    after = _sources(connection, seqs)
    for seq, source in before.items():
        if after.get(seq) != source:
            connection.execute(
                "INSERT INTO word (word, rowid, text) VALUES ('delete', ?, ?)", (seq, source)
            )
    for seq, source in after.items():
        if before.get(seq) != source:
            connection.execute("INSERT INTO word (rowid, text) VALUES (?, ?)", (seq, source))


def _sources(connection: Connection, seqs: Sequence[int]) -> dict[int, str]:
    marks = ", ".join("?" * len(seqs))
    rows = connection.execute(f"SELECT seq, text FROM word_source WHERE seq IN ({marks})", seqs)
    return {int(seq): str(text) for seq, text in rows}


def _turns(connection: Connection, seqs: Iterable[int]) -> dict[int, turns.Turn]:
    wanted = ", ".join(map(str, sorted(seqs)))
    rows = connection.execute(
        "SELECT seq, captured_at_us, speaker, rtrim(text) LIKE '%?' FROM item"
        f" WHERE seq IN ({wanted})"
    )
    return {
        int(seq): turns.Turn(at_us / 1e6, (speaker or "").casefold(), bool(asks))
        for seq, at_us, speaker, asks in rows
    }


def _lexical(connection: Connection, words: Sequence[str], most: int) -> dict[int, float]:
    if not words:
        return {}
    counts = ", ".join(["(SELECT count(*) FROM word WHERE word MATCH ?)"] * len(words))
    row = connection.execute(f"SELECT {counts}", [retrieve.fts_query([word]) for word in words])
    held = dict(zip(words, row.fetchone(), strict=True))
    last = _next_seq(connection) - 1
    most_matches = retrieve.most_matches(last)
    taken = retrieve.rarest(held, most_matches)
    if not taken:
        return {}
    # A single word that very many items hold is looked for in the newest of them.
    first = last - last * most_matches // max(held[taken[0]], most_matches)
    rows = connection.execute(
        f"SELECT rowid, -bm25(word, {retrieve.WORD_WEIGHT}) AS score FROM word"
        " WHERE word MATCH ? AND rowid >= ? ORDER BY score DESC, rowid DESC LIMIT ?",
        (retrieve.fts_query(taken), first, most),
    )
    return {int(seq): float(score) for seq, score in rows}


def _dense(
    file: File, lexical: Iterable[int], vector: Vector | None, most: int
) -> dict[int, float]:
    """The cosines of what the words have found, and of what may be near in meaning."""
    if vector is None:
        return {}
    near = file.signs(vector).nearest(signs_of(vector.value), most)
    seqs = sorted({*lexical, *near})
    rows = file.connection.execute(
        f"SELECT seq, value FROM vector WHERE seq IN ({', '.join('?' * len(seqs))})"
        " AND embedder = ? AND length(value) = ?",
        (*seqs, vector.embedder, vector.value.size),
    ).fetchall()
    if not rows:
        return {}
    values = retrieve.cosines([value for _, value in rows], vector.value)
    return {int(seq): float(value) for (seq, _), value in zip(rows, values, strict=True)}


def _true_now(
    connection: Connection, seqs: Iterable[int], now: datetime
) -> dict[int, Sequence[Any]]:
    """The rows of those items that are readable and true now."""
    wanted = ", ".join(map(str, sorted(seqs)))
    rows = connection.execute(
        f"{_ROW} WHERE seq IN ({wanted}) AND {_READABLE} AND {_TRUE_NOW}",
        {"now": _microseconds(now)},
    )
    return {int(row[-1]): row for row in rows}


def _update(file: File, item_id: str, now: datetime, **values: int | None) -> bool:
    with transaction(file.connection):
        changed = file.connection.execute(
            f"UPDATE item SET {', '.join(f'{column} = :{column}' for column in values)}"
            f" WHERE id = :id AND {_READABLE}",
            {**values, "id": item_id, "now": _microseconds(now)},
        ).rowcount
    return bool(changed)


def _row(connection: Connection, where: str, *values: object) -> Sequence[Any] | None:
    row: Sequence[Any] | None = connection.execute(f"{_ROW} WHERE {where}", values).fetchone()
    return row


def _is_readable(connection: Connection, seq: int, now: datetime) -> bool:
    query = f"SELECT 1 FROM item WHERE seq = :seq AND {_READABLE}"
    row = connection.execute(query, {"seq": seq, "now": _microseconds(now)}).fetchone()
    return row is not None


def _next_seq(connection: Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(seq), 0) + 1 FROM item").fetchone()[0])


def _item(file: File, row: Sequence[Any]) -> Item:
    """The item of a row, checked: a file is not trusted to hold what was put in it."""
    try:
        parents, item_id, text, captured, recorded, valid_from, valid_until, expires = row[:8]
        said_by, speaker, sure, source, uid, pinned, consent = row[8:15]
        provenance = Provenance(said_by)
        about = About(
            recorded_at=_moment(recorded),
            valid_from=_maybe_moment(valid_from),
            valid_until=_maybe_moment(valid_until),
            expires_at=_maybe_moment(expires),
            speaker=speaker,
            sure=float(sure),
            source=source,
            uid=uid,
            pinned=bool(pinned),
            consent=Consent(consent),
            parents=tuple(sorted(parents.split(","))) if parents else (),
        )
        label = Label(file.place, provenance.trust)
        return Item(item_id, text, label, _moment(captured), provenance, about)
    except (ValueError, TypeError, OverflowError):
        raise StoreDamaged(file.name) from None


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _maybe_microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else _microseconds(moment)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _maybe_moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _moment(microseconds)
