"""Memories of the first, unencrypted version are brought over, whatever state they are in."""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from context import Compartment, Consent, Item, Provenance, Purpose, Scope, Store
from context.items import sameness
from context.keys.keyring import Tier
from context.upkeep import repair
from tests.context.conftest import Clock

OWNER, HOUSE, HEALTH = "owner/general", "household/general", "owner/health/restricted"
PRIVATE = "owner/general/restricted"
SAID = Provenance.OWNER_SPOKE
THEN = datetime(2026, 11, 20, 7, 30, 0, 123456, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What the first version made its files with.
SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA secure_delete = ON;
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
PRAGMA application_id = 1281454181;
PRAGMA user_version = 1;
"""

Make = Callable[..., Scope]
New = Callable[..., Store]
Old = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "memories"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def old(folder: Path) -> Old:
    """Makes a closed file of the first version."""

    def make(
        texts: Iterable[str], place: str = OWNER, said: str = SAID, at: datetime = THEN
    ) -> Path:
        digest = hashlib.blake2b(place.encode(), digest_size=16).hexdigest()
        path = folder / f"{digest}.sqlite"
        with closing(connect(path)) as connection:
            fill(connection, texts, place, said, at)
        path.chmod(0o600)
        return path

    return make


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def fill(
    connection: sqlite3.Connection,
    texts: Iterable[str],
    place: str = OWNER,
    said: str = SAID,
    at: datetime = THEN,
) -> None:
    connection.executescript(SCHEMA)
    connection.execute("INSERT INTO compartment (name) VALUES (?)", (place,))
    for number, text in enumerate(texts, 1):
        at_us = (at - EPOCH) // timedelta(microseconds=1) + number
        row = (number, f"{number:032x}", text, sameness(text), at_us, said)
        connection.execute("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO word (rowid, text) VALUES (?, ?)", (number, text))


def items(store: Store, scope: Make, *places: str) -> list[Item]:
    found = store.items(scope(Purpose.FORGET, places or [OWNER]), limit=10_000)
    return sorted(found, key=lambda item: item.id)


def texts(store: Store, scope: Make, *places: str) -> list[str]:
    return [item.text for item in items(store, scope, *places)]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.sqlite*"))


def facts(count: int, more: str = "") -> list[str]:
    return [f"fact {number} of many{more}" for number in range(1, count + 1)]


def test_items_come_over_as_they_were(
    old: Old, new_store: New, scope: Make, clock: Clock, folder: Path
) -> None:
    old(["The bins go out on Tuesday.", "Über \U0001f600\n\0 x"])
    old(facts(3), HOUSE, Provenance.OTHER_SPEAKER)
    store = new_store()
    first, second = items(store, scope)
    assert (first.id, first.text) == (f"{1:032x}", "The bins go out on Tuesday.")
    assert second.text == "Über \U0001f600\n\0 x"
    assert first.captured_at == THEN + timedelta(microseconds=1)
    assert first.provenance is SAID
    assert first.label.compartments == {Compartment.parse(OWNER)}
    assert first.about.recorded_at == clock()
    assert first.about.consent is Consent.NOT_NEEDED
    others = items(store, scope, HOUSE)
    assert [item.text for item in others] == facts(3)
    assert {item.about.consent for item in others} == {Consent.UNKNOWN}
    found = store.recall(scope(Purpose.ANSWER), "which day do the bins go out")
    assert found[0].item == first
    assert store.reembed(99) > 0
    assert left(folder) == []
    assert not any(finding for finding in repair.verify(store) if not finding.ok)


def test_nothing_of_the_old_file_is_left_in_clear(old: Old, new_store: New, folder: Path) -> None:
    path = old(["unspeakable thing"])
    with path.open("rb") as before:
        assert b"unspeakable" in before.read()
        new_store().close()
        before.seek(0)
        assert not before.read().strip(b"\0")  # overwritten, not only unlinked
    assert not any(b"unspeakable" in each.read_bytes() for each in folder.iterdir())


def test_what_a_killed_process_left_in_the_wal_comes_over(
    new_store: New, scope: Make, folder: Path, tmp_path: Path
) -> None:
    with closing(connect(tmp_path / "live.sqlite")) as connection:
        fill(connection, facts(5))
        for suffix in ("", "-wal"):
            name = folder / f"{'0' * 32}.sqlite{suffix}"
            shutil.copy(tmp_path / f"live.sqlite{suffix}", name)
    assert (folder / f"{'0' * 32}.sqlite-wal").stat().st_size > 4096
    assert texts(new_store(), scope) == facts(5)
    assert left(folder) == []


def test_what_sounds_private_goes_where_it_would_go_now(
    old: Old, new_store: New, scope: Make
) -> None:
    old(["my PIN is 4821", "the bins go out on Tuesday"])
    store = new_store()
    assert texts(store, scope) == ["the bins go out on Tuesday"]
    assert texts(store, scope, PRIVATE) == ["my PIN is 4821"]
    assert store.keyring.get(PRIVATE, Tier.RESTRICTED) is not None


def test_what_is_kept_for_a_time_only_expires(
    old: Old, new_store: New, scope: Make, clock: Clock
) -> None:
    day = "ambient/2026-11-22"
    heard = Provenance.OVERHEARD
    old(["heard"], day, heard, datetime(2026, 11, 22, 12, tzinfo=UTC))
    old(["over"], "ambient/2026-11-19", heard, datetime(2026, 11, 19, tzinfo=UTC))
    old(["happened"], "owner/episodic", SAID, datetime(2026, 11, 1, tzinfo=UTC))
    store = new_store()
    assert texts(store, scope, day, "ambient/2026-11-19") == ["heard"]
    (item,) = items(store, scope, "owner/episodic")
    assert item.about.expires_at == item.captured_at + timedelta(days=90)
    clock.move(36 * 3600)
    assert texts(store, scope, day) == []


def test_it_is_begun_again_where_it_broke_off(
    old: Old, new_store: New, scope: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old(facts(4))
    copy = folder.parent / "copy"
    shutil.copy(path, copy)
    store = new_store()
    assert len(texts(store, scope)) == 4
    store.close()
    shutil.copy(copy, path)  # as if it had been killed before the file was gone
    assert texts(new_store(), scope) == facts(4)
    assert left(folder) == []


KILL = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from context import Store
left = int(sys.argv[2])
def count(event, _):
    global left
    if event in ("os.remove", "open", "os.chmod", "sqlite3.connect"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
store = Store(Path(sys.argv[1]), None, lambda: datetime(2026, 11, 23, 9, tzinfo=UTC))
sys.addaudithook(count)
store.open()
"""


def test_kill_9_loses_nothing(old: Old, new_store: New, scope: Make, folder: Path) -> None:
    old(facts(20))
    old(facts(3), HOUSE)
    for step in (25, 35, 40, 45, 50, 55, 60):
        copy = folder.parent / f"vault{step}"
        shutil.copytree(folder, copy)
        command = [sys.executable, "-c", KILL, str(copy), str(step)]
        subprocess.run(command, check=False, capture_output=True)
        store = new_store(None, copy)
        assert texts(store, scope) == facts(20)
        assert texts(store, scope, HOUSE) == facts(3)
        assert left(copy) == []
        store.close()


def test_two_processes_may_open_it_at_once(
    old: Old, new_store: New, scope: Make, folder: Path
) -> None:
    old(facts(300))
    script = KILL.replace("sys.addaudithook(count)\n", "")
    command = [sys.executable, "-c", script, str(folder), "0"]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert texts(new_store(), scope) == facts(300)
    assert left(folder) == []


def test_it_waits_until_its_places_are_unlocked(
    old: Old, new_store: New, scope: Make, folder: Path
) -> None:
    store = new_store()
    store.keyring.set_pin("2580")
    store.close()
    old(["my PIN is 4821", "the bins go out on Tuesday"])
    old(["blood type zero"], HEALTH)
    old(facts(3), HOUSE)
    store = new_store()
    assert texts(store, scope, HOUSE) == facts(3)
    assert texts(store, scope) == []  # with what is locked, so that what is forgotten stays so
    assert len(left(folder)) == 2
    store.unlock("2580")
    assert texts(store, scope) == ["the bins go out on Tuesday"]
    assert texts(store, scope, HEALTH) == ["blood type zero"]
    assert left(folder) == []


def test_one_that_cannot_be_written_does_not_keep_the_vault_shut(
    old: Old, new_store: New, scope: Make, folder: Path
) -> None:
    store = new_store()
    store.remember(scope(Purpose.REMEMBER), "new", said_by=SAID)
    store.close()
    (path,) = folder.glob("*.db")
    good = path.read_bytes()
    path.write_bytes(b"noise" * 5000)
    old(facts(3))
    old(facts(2), HOUSE)
    store = new_store()
    assert texts(store, scope, HOUSE) == facts(2)
    assert len(left(folder)) == 1
    store.close()
    path.write_bytes(good)
    assert sorted(texts(new_store(), scope)) == [*facts(3), "new"]
    assert left(folder) == []


# damaged files


def sentences(store: Store) -> list[str]:
    return [each.sentence for each in repair.verify(store) if not each.ok]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE item SET provenance = 'rumour' WHERE seq = 2",
        "UPDATE item SET captured_at_us = 1 << 62 WHERE seq = 2",
        "UPDATE item SET text = ' ' WHERE seq = 2",
        "UPDATE item SET id = 'not, an id' WHERE seq = 2",
        "UPDATE item SET text = CAST(x'ff' AS TEXT) WHERE seq = 2",
    ],
)
def test_a_bad_row_costs_no_other(
    old: Old, new_store: New, scope: Make, folder: Path, statement: str
) -> None:
    with closing(connect(old(facts(4)))) as connection:
        connection.execute(statement)
    store = new_store()
    assert texts(store, scope) == [facts(4)[number] for number in (0, 2, 3)]
    (name,) = left(folder)
    assert name.endswith(".sqlite-damaged")
    (sentence,) = sentences(store)
    assert "unencrypted, which could not all be brought over" in sentence
    item, *_ = items(store, scope)
    store.forget(scope(Purpose.FORGET), item.id)
    store.close()
    assert len(texts(new_store(), scope)) == 2  # it does not come back


def test_what_can_be_read_of_a_damaged_file_comes_over(
    old: Old, new_store: New, scope: Make, folder: Path
) -> None:
    path = old(facts(400, " and more words to fill pages with"))
    data = bytearray(path.read_bytes())
    for page in range(4, len(data) // 4096, 5):  # headers of pages
        data[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    path.write_bytes(data)
    store = new_store()
    found = texts(store, scope)
    assert 150 < len(found) < 400
    assert set(found) <= set(facts(400, " and more words to fill pages with"))
    assert [name.rpartition(".")[2] for name in left(folder)] == ["sqlite-damaged"]
    assert len(sentences(store)) == 1


def test_a_file_that_was_cut_off_gives_what_it_has(old: Old, new_store: New, scope: Make) -> None:
    path = old(facts(300, " and more words to fill pages with"))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3 + 10])
    assert 20 < len(texts(new_store(), scope)) < 300


def test_a_file_without_its_name_is_known_by_that_of_the_file(
    old: Old, new_store: New, scope: Make, folder: Path
) -> None:
    path = old(facts(30), HOUSE)
    data = bytearray(path.read_bytes())
    data[4096:8192] = bytes(4096)  # the table that holds the name
    path.write_bytes(data)
    store = new_store()
    assert texts(store, scope, HOUSE) == facts(30)
    assert len(sentences(store)) == 1


@pytest.mark.parametrize("what", ["noise", "another's", "a folder", "a link", "no place"])
def test_what_is_not_ours_or_holds_nothing_is_left(
    old: Old, new_store: New, scope: Make, folder: Path, what: str
) -> None:
    path = folder / "other.sqlite"
    match what:
        case "noise":
            path.write_bytes(b"noise" * 5000)
        case "another's":
            with closing(connect(path)) as connection:
                connection.execute("CREATE TABLE item (x)")
        case "a folder":
            path.mkdir()
        case "a link":
            shutil.move(old(facts(2)), folder.parent / "moved")
            path.symlink_to(folder.parent / "moved")
        case _:
            with closing(connect(path)) as connection:
                fill(connection, facts(2), "Nonsense")
    old(["mine"], HOUSE)
    store = new_store()
    assert texts(store, scope, HOUSE) == ["mine"]
    assert texts(store, scope) == []
    assert left(folder) == ["other.sqlite"]
    assert any("other.sqlite holds memories of an earlier" in each for each in sentences(store))


def test_a_file_that_was_made_and_never_filled_goes(old: Old, new_store: New, folder: Path) -> None:
    path = old([])
    path.write_bytes(b"")
    new_store()
    assert left(folder) == []


def test_an_empty_one_goes(old: Old, new_store: New, folder: Path) -> None:
    old([])
    store = new_store()
    assert left(folder) == []
    assert store.keyring.file_ids() == []
