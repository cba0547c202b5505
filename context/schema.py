"""The tables of a place's file, and how files of earlier versions become ones of today.

Version 1 was one unencrypted SQLite file per compartment (see `context/version1.py`, which brings
its items over); version 2 is the first that SQLCipher encrypts. A later version adds its step to
`_STEPS`, and the test that opens a file of every earlier version runs it.
"""

from collections.abc import Callable
from sqlite3 import Connection
from typing import Final

from context.labels import Compartment

VERSION: Final = 2

# seq is the order of capture. purge_at_us: forgotten; until then it can be undone. word_source:
# what is indexed of each item.
_TABLES: Final = """
CREATE TABLE place (
    name TEXT NOT NULL,
    erase_due INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE item (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    sameness BLOB NOT NULL UNIQUE,
    captured_at_us INTEGER NOT NULL,
    recorded_at_us INTEGER NOT NULL,
    valid_from_us INTEGER,
    valid_until_us INTEGER,
    expires_at_us INTEGER,
    provenance TEXT NOT NULL,
    speaker TEXT,
    sure REAL NOT NULL DEFAULT 1.0,
    source TEXT,
    uid TEXT,
    pinned INTEGER NOT NULL DEFAULT 0,
    consent TEXT NOT NULL,
    purge_at_us INTEGER
) STRICT;
CREATE INDEX item_by_time ON item (captured_at_us, id);
CREATE INDEX item_by_speaker ON item (speaker) WHERE speaker IS NOT NULL;
CREATE INDEX item_by_uid ON item (uid) WHERE uid IS NOT NULL;
CREATE INDEX item_by_expiry ON item (expires_at_us) WHERE expires_at_us IS NOT NULL;
CREATE INDEX item_by_purge ON item (purge_at_us) WHERE purge_at_us IS NOT NULL;
CREATE TABLE parent (
    seq INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
    id TEXT NOT NULL,
    PRIMARY KEY (seq, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX parent_by_id ON parent (id);
CREATE TABLE vector (
    seq INTEGER PRIMARY KEY REFERENCES item ON DELETE CASCADE,
    embedder TEXT NOT NULL,
    value BLOB NOT NULL
) STRICT;
CREATE TABLE sign (
    seq INTEGER PRIMARY KEY REFERENCES item ON DELETE CASCADE,
    embedder TEXT NOT NULL,
    bits BLOB NOT NULL
) STRICT;
CREATE VIEW word_source AS
    SELECT seq, iif(speaker IS NULL, text, speaker || ': ' || text) AS text
    FROM item WHERE purge_at_us IS NULL;
CREATE VIRTUAL TABLE word USING fts5(
    text, content='word_source', content_rowid='seq', tokenize='porter unicode61'
);
INSERT INTO word (word, rank) VALUES ('secure-delete', 1)
"""

_STEPS: Final[dict[int, Callable[[Connection], None]]] = {}


def create(connection: Connection, place: str) -> None:
    """The tables in a new file, inside the caller's transaction."""
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
    connection.execute("INSERT INTO place (name) VALUES (?)", (place,))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def holds_turns(compartment: Compartment) -> bool:
    """Whether its items are turns of conversations, not statements that stand by themselves.

    Those are ambient memory, and the domain `episodic` (see `context/turns.py`).
    """
    return compartment.subject == "ambient" or compartment.domain == "episodic"


def migrate(connection: Connection, version: int) -> None:
    """Bring a file of an earlier encrypted version up to date, inside the caller's transaction."""
    while version < VERSION:
        _STEPS[version](connection)
        version += 1
        connection.execute(f"PRAGMA user_version = {version}")
