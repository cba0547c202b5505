"""What is found by looking through the vault, and what comes out of damaged files."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from context import (
    Item,
    KeysUnusable,
    Purpose,
    Store,
    StoreUnusable,
    VaultLocked,
    durable,
    sqlite_file,
)
from context.audit import AuditEvent, read
from context.keys import WrongKey
from context.keys.keyring import FileKey, Tier
from context.sqlite_file import sqlcipher
from context.upkeep import pages, rows
from context.upkeep.pages import PAGE_BYTES, Pages
from context.upkeep.repair import Finding, Repaired, aside_key, repair, verify
from tests.context.conftest import Clock
from tests.context.forensic import plain
from tests.context.upkeep.damaged import (
    COUNT,
    HEALTH,
    HOUSE,
    OWNER,
    SAID,
    Make,
    New,
    bad,
    damage,
    file_of,
    numbers,
    of,
    opened,
    pages_of,
)

# looking


def test_a_vault_that_is_well_is_said_to_be(store: Store) -> None:
    store.reap()
    findings = verify(store)
    assert bad(findings) == []
    assert of(findings, OWNER).sentence == f"owner/general is whole: {COUNT} memories."
    assert of(findings, HOUSE).sentence == "household/general is whole: 1 memory."
    said = [finding.sentence for finding in findings]
    assert "Only you can read the files." in said
    assert "The vault's keys can be read." in said
    assert "What has expired was last erased on 2026-11-23 at 09:00 UTC." in said
    assert any(sentence.startswith("The audit log is whole: ") for sentence in said)


def test_an_empty_vault_is_well(new_store: New) -> None:
    assert bad(verify(new_store())) == []


def test_what_is_locked_is_said_to_be(store: Store, scope: Make) -> None:
    store.remember(scope(Purpose.REMEMBER, [HEALTH]), "blood type zero", said_by=SAID)
    store.keyring.set_pin("2580")
    store.lock()
    findings = verify(store)
    assert bad(findings) == []
    assert any("1 place is locked and not looked at" in each.sentence for each in findings)
    assert HEALTH not in {each.place for each in findings}
    with pytest.raises(VaultLocked):
        repair(store, HEALTH)
    store.unlock("2580")
    assert of(verify(store), HEALTH).ok


def test_a_vault_that_is_locked_as_a_whole_is_looked_at_from_outside(
    tmp_path: Path, clock: Clock
) -> None:
    store = Store(tmp_path / "locked", None, clock, general_needs_pin=True)
    store.open()
    assert bad(verify(store)) == []
    assert any("audit log is locked" in each.sentence for each in verify(store))
    store.close()
    assert "The vault is not open: open it first." in bad(verify(store))


@pytest.mark.parametrize("what", ["flip", "cut", "cut at a page", "noise", "empty", "text"])
def test_a_damaged_file_is_found(store: Store, what: str) -> None:
    store.close()
    store.open()
    path, _ = file_of(store)
    match what:
        case "flip":
            damage(path, pages_of(path) - 1)
        case "cut":
            os.truncate(path, path.stat().st_size // 2 + 100)
        case "cut at a page":
            os.truncate(path, path.stat().st_size - PAGE_BYTES)
        case "noise":
            path.write_bytes(os.urandom(20 * PAGE_BYTES))
        case "text":
            path.write_bytes(b"hello")
        case _:
            path.unlink()
    findings = verify(store)
    assert not of(findings, OWNER).ok
    assert of(findings, HOUSE).ok
    assert OWNER in of(findings, OWNER).sentence


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DELETE FROM word_data", "1 fault in its pages or indexes"),
        ("DELETE FROM word_docsize", "1 fault"),
        ("DELETE FROM sign WHERE seq < 8", "7 vectors out of step"),
        ("DELETE FROM vector WHERE seq < 3", "2 vectors out of step"),
        ("UPDATE item SET provenance = 'rumour' WHERE seq = 5", "1 memory that can't be read"),
        ("UPDATE item SET captured_at_us = 1 << 62 WHERE seq < 4", "3 memories that can't be read"),
        ("UPDATE item SET text = CAST(x'ff' AS TEXT) WHERE seq = 5", "1 memory that can't be"),
    ],
)
def test_what_does_not_fit_together_is_found(store: Store, statement: str, what: str) -> None:
    with opened(*file_of(store)) as connection:
        connection.execute(statement)
    finding = of(verify(store), OWNER)
    assert not finding.ok
    assert what in finding.sentence


def test_other_faults_of_the_folder_are_found(store: Store, clock: Clock) -> None:
    folder = store.folder
    (folder / "holiday.jpg").write_bytes(b"x")
    (folder / ("0" * 32 + ".db")).write_bytes(b"x")
    (folder / "old.sqlite").write_bytes(b"x")
    for path in (folder / "holiday.jpg", folder / "old.sqlite"):
        path.chmod(0o600)
    (folder / "grants.bin").write_bytes(b"x")
    (folder / "grants.bin").chmod(0o640)
    clock.move(3 * 24 * 3600)
    found = bad(verify(store))
    assert len(found) == 5
    assert "Others than you can get at 0000" in found[0]
    assert "grants.bin" in found[0]
    assert found[1].startswith("old.sqlite holds memories of an earlier version, unencrypted")
    assert "holiday.jpg: nothing here uses or opens that" in found[2]
    assert found[3].startswith("What you have allowed can't be read: delete ")
    assert found[4] == "What has expired was last erased never: start the assistant, which does it."
    store.reap()
    assert len(bad(verify(store))) == 4
    clock.move(3 * 24 * 3600)
    assert "was last erased on 2026-11-26 at 09:00 UTC: start" in bad(verify(store))[4]


def test_a_broken_audit_log_is_found(store: Store, new_store: New) -> None:
    log = store.folder / "audit.jsonl"
    data = log.read_bytes()
    log.write_bytes(data.replace(b'"seq":1,', b'"seq":3,', 1))
    assert any("Line 1 of the audit log was edited" in each for each in bad(verify(store)))
    store.close()
    log.write_bytes(b"")
    assert any("put aside as audit.jsonl.broken-1" in each for each in bad(verify(new_store())))


def test_damaged_keys_are_found(store: Store) -> None:
    (store.folder / "keyring.json").write_text("{}")
    found = bad(verify(store))
    assert any("header is damaged" in each for each in found)


# repairing


def test_nothing_is_done_to_what_is_well(store: Store) -> None:
    path, key = file_of(store)
    assert repair(store, OWNER) == Repaired(COUNT, 0, None)
    assert file_of(store) == (path, key)


@pytest.mark.parametrize("place", ["owner/none", "Nonsense", ""])
def test_a_place_that_is_not_there_is_said_so(store: Store, place: str) -> None:
    with pytest.raises(StoreUnusable, match="Nothing is kept in"):
        repair(store, place)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM word_data",
        "DELETE FROM word_data WHERE id > 10",
        "DELETE FROM word_docsize WHERE id % 2",
        "UPDATE word_data SET block = x'0102030405'",
        "DELETE FROM sign WHERE seq < 20",
        "UPDATE vector SET embedder = 'other' WHERE seq < 20",
    ],
)
def test_an_index_is_made_anew_in_its_place(store: Store, scope: Make, statement: str) -> None:
    path, key = file_of(store)
    with opened(path, key) as connection:
        connection.execute(statement)
    assert not of(verify(store), OWNER).ok
    assert repair(store, OWNER) == Repaired(COUNT, 0, None)
    assert of(verify(store), OWNER).ok
    assert file_of(store) == (path, key)
    assert numbers(store, scope) == list(range(1, COUNT + 1))
    found = store.recall(scope(Purpose.ANSWER), "fact 77", limit=1)
    assert found[0].item.text.startswith("fact 77 ")
    while store.reembed():
        pass
    assert of(verify(store), OWNER).ok


def test_rows_that_are_no_items_go_and_are_counted(store: Store, scope: Make) -> None:
    path, key = file_of(store)
    with opened(path, key) as connection:
        connection.execute("UPDATE item SET provenance = 'rumour' WHERE seq IN (5, 9)")
    done = repair(store, OWNER)
    assert (done.kept, done.lost) == (COUNT - 2, 2)
    assert numbers(store, scope) == [n for n in range(1, COUNT + 1) if n not in (5, 9)]


def everything(store: Store, scope: Make) -> dict[int, Item]:
    items = store.items(scope(Purpose.FORGET), limit=10_000)
    return {int(item.text.split()[1]): item for item in items}


@pytest.mark.parametrize("seed", range(12))
def test_what_is_readable_survives_bit_flips(store: Store, scope: Make, seed: int) -> None:
    before = everything(store, scope)
    store.close()
    store.open()
    path, key = file_of(store)
    chance = random.Random(seed)
    count = (1, 2, 5, 20)[seed % 4]
    hit = chance.sample(range(1, pages_of(path) + 1), count)
    damage(path, *hit)
    readable = set(readable_numbers(path, key, hit))
    assert not of(verify(store), OWNER).ok
    done = repair(store, OWNER)
    after = everything(store, scope)
    assert set(after) >= readable
    if not done.lineage:
        before, after = (
            {n: parentless(each) for n, each in all_.items()} for all_ in (before, after)
        )
    assert all(after[number] == before[number] for number in after)
    assert done.kept == len(after)
    lost = len(before) - len(after)
    assert done.lost in (lost, None)
    assert (done.aside is None) == (done.lost == 0 and done.lineage)
    new_path, new_key = file_of(store)
    assert new_path != path
    assert new_key.key != key.key
    assert of_first(verify(store), OWNER).ok
    assert not path.exists()
    store.remember(scope(Purpose.REMEMBER), "fact 1000", said_by=SAID)
    assert 1000 in numbers(store, scope)


def parentless(item: Item) -> Item:
    return replace(item, about=replace(item.about, parents=()))


def of_first(findings: list[Finding], place: str) -> Finding:
    return next(finding for finding in findings if finding.place == place)


def readable_numbers(path: Path, key: FileKey, hit: list[int]) -> Iterator[int]:
    """The items whose rows lie on pages that were not hit, by another way than the repair's."""
    with Pages(path, key.key) as found:
        assert found.bad() == sorted(hit)
        for _, row in rows.table_rows(found):
            if len(row) == 17 and isinstance(row[2], str):
                yield int(row[2].split()[1])


@pytest.mark.parametrize("lineage", [False, True])
def test_the_first_page_may_be_lost(store: Store, scope: Make, lineage: bool) -> None:
    store.supersede(scope(Purpose.FORGET), f"{7:032x}")
    before = everything(store, scope)
    store.close()
    store.open()
    path, key = file_of(store)
    with Pages(path, key.key) as found:
        damage(path, *([1, rows.roots(found)["parent"]] if lineage else [1]))
    done = repair(store, OWNER)
    assert done.kept == COUNT
    assert (done.lost, done.aside is None) == ((None, False) if lineage else (0, True))
    assert everything(store, scope) == before
    while store.reembed():  # vectors have gone with the list of tables
        pass
    assert of_first(verify(store), OWNER).ok


def test_lineage_that_is_lost_is_said(store: Store, scope: Make) -> None:
    before = everything(store, scope)
    store.close()
    store.open()
    path, key = file_of(store)
    with Pages(path, key.key) as found:
        damage(path, *(rows.roots(found)[name] for name in ("parent", "parent_by_id")))
    done = repair(store, OWNER)
    assert (done.kept, done.lost, done.lineage) == (COUNT, 0, False)
    assert done.aside is not None
    after = everything(store, scope)
    assert after == {number: parentless(item) for number, item in before.items()}


def test_vectors_are_kept_where_they_can_be(store: Store) -> None:
    store.close()
    store.open()
    path, key = file_of(store)
    with Pages(path, key.key) as found:
        root = rows.roots(found)["word_docsize"]
    damage(path, root)
    assert repair(store, OWNER) == Repaired(COUNT, 0, None)
    assert store.reembed() == 0


@pytest.mark.parametrize("share", [0.95, 0.6, 0.4])
@pytest.mark.parametrize("rest", [0, 700])
def test_what_is_before_the_cut_survives(
    store: Store, scope: Make, share: float, rest: int
) -> None:
    before = everything(store, scope)
    store.close()
    store.open()
    path, _ = file_of(store)
    os.truncate(path, int(pages_of(path) * share) * PAGE_BYTES + rest)
    assert not of(verify(store), OWNER).ok
    done = repair(store, OWNER)
    after = everything(store, scope)
    assert 0 < len(after) == done.kept
    assert all(after[number] == before[number] for number in after)
    assert done.lost in (COUNT - len(after), None)
    assert of_first(verify(store), OWNER).ok


def test_what_is_in_the_wal_survives(store: Store, scope: Make, tmp_path: Path) -> None:
    store.remember(scope(Purpose.REMEMBER), "fact 500", said_by=SAID)
    wanted = numbers(store, scope)
    item = next(i for i in store.items(scope(Purpose.FORGET), limit=999) if i.text[:7] == "fact 9 ")
    store.forget(scope(Purpose.FORGET), item.id, undo_s=60)
    copy = tmp_path / "killed"
    shutil.copytree(store.folder, copy)  # as it is after kill -9
    killed = Store(copy, None, store.now)
    killed.open()
    with closing(killed):
        path, _ = file_of(killed)
        assert path.with_name(path.name + "-wal").stat().st_size
        damage(path, 1, 2)
        done = repair(killed, OWNER)
        left = numbers(killed, scope)
        assert set(wanted) - set(left) >= {9}  # what was forgotten does not come back
        assert 500 in left
        assert done.kept == len(left)
        assert b"fact 9 " not in plain(killed)


def test_another_key_rescues_nothing_and_leaves_all_as_it_is(store: Store) -> None:
    store.close()
    store.open()
    path, _ = file_of(store)
    wrong = FileKey("e" * 32, b"e" * 32)
    before = path.read_bytes()
    path.rename(store.files.path(wrong.file_id))
    store.keyring.adopt({OWNER: (Tier.GENERAL, wrong)}, replace=True)
    assert not of(verify(store), OWNER).ok
    with pytest.raises(StoreUnusable, match="Nothing of owner/general can be rescued"):
        repair(store, OWNER)
    assert store.files.path(wrong.file_id).read_bytes() == before
    assert store.keyring.get(OWNER, Tier.GENERAL) == wrong
    assert sorted(path.name for path in store.folder.glob("*.db")) == sorted(
        f"{file_id}.db" for file_id in store.keyring.file_ids()
    )


@pytest.mark.parametrize("what", ["nothing", "noise", "a folder", "a link"])
def test_a_file_with_nothing_in_it_rescues_nothing(store: Store, tmp_path: Path, what: str) -> None:
    store.close()
    store.open()
    path, key = file_of(store)
    path.rename(tmp_path / "moved")
    match what:
        case "noise":
            path.write_bytes(os.urandom(5 * PAGE_BYTES))
        case "a folder":
            path.mkdir()
        case "a link":
            path.symlink_to(tmp_path / "moved")
        case _:
            pass
    with pytest.raises(StoreUnusable, match="owner/general"):
        repair(store, OWNER)
    assert file_of(store) == (path, key)


def test_what_is_no_damage_is_not_repaired(store: Store) -> None:
    path, key = file_of(store)
    with opened(path, key) as connection:
        connection.execute("PRAGMA user_version = 99")
    store.close()
    store.open()
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match=r"newer version .* update the program"):
        repair(store, OWNER)
    assert path.read_bytes() == before


def test_what_another_program_writes_meanwhile_is_not_lost(
    store: Store, scope: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    store.open()
    path, key = file_of(store)
    damage(path, pages_of(path))
    sync = durable.sync_folder

    def meddle(folder: Path) -> None:
        sync(folder)
        with path.open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr(durable, "sync_folder", meddle)
    with pytest.raises(StoreUnusable, match="has just written to owner/general: try again"):
        repair(store, OWNER)
    assert file_of(store) == (path, key)
    assert len(list(store.folder.glob("*.db*-damaged*"))) == 0


def test_a_restricted_place_stays_restricted(store: Store, scope: Make) -> None:
    for number in range(30):
        said = f"fact {number} about health" + " and more" * 50
        store.remember(scope(Purpose.REMEMBER, [HEALTH]), said, said_by=SAID)
    store.keyring.set_pin("2580")
    store.close()
    store.open()
    store.unlock("2580")
    key = store.keyring.get(HEALTH, Tier.RESTRICTED)
    assert key is not None
    damage(store.files.path(key.file_id), 1)
    assert repair(store, HEALTH) == Repaired(30, 0, None)
    assert numbers(store, scope, HEALTH) == list(range(30))
    store.lock()
    assert store.keyring.names() == [HOUSE, OWNER]


@pytest.mark.parametrize("written", [False, True])
def test_a_failure_of_the_header_leaves_the_old_or_the_new(
    store: Store, scope: Make, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    store.close()
    store.open()
    damage(file_of(store)[0], 1, 2)
    adopt = store.keyring.adopt

    def fail(files: dict[str, tuple[Tier, FileKey]], *, replace: bool) -> list[str]:
        if written:
            adopt(files, replace=replace)
        raise KeysUnusable("The disk failed.")

    with monkeypatch.context() as patch:
        patch.setattr(store.keyring, "adopt", fail)
        with pytest.raises(KeysUnusable):
            repair(store, OWNER)
    ids = store.keyring.file_ids()
    kept = [path for path in store.folder.glob("*.db*") if path.name.partition(".")[0] in ids]
    assert written or kept == list(store.folder.glob("*.db*"))
    assert repair(store, OWNER).kept == COUNT
    assert len(numbers(store, scope)) == COUNT


def test_a_full_disk_leaves_the_damaged_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.close()
    store.open()
    path, key = file_of(store)
    damage(path, 1, 2)

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(durable, "write_new", full)
        with pytest.raises(StoreUnusable, match="No space left on device"):
            repair(store, OWNER)
    assert file_of(store) == (path, key)
    assert len(list(store.folder.glob("*.db"))) == 2
    assert repair(store, OWNER).kept == COUNT


# what is put aside


@pytest.fixture
def repaired(store: Store) -> Repaired:
    """After a repair in which something was lost."""
    store.close()
    store.open()
    path, key = file_of(store)
    with Pages(path, key.key) as found:
        leaf = next(
            number
            for number in range(2, found.count)
            if (page := found.page(number)) and page[0] == 13 and b"of many" in page
        )
    damage(path, leaf)
    return repair(store, OWNER)


def test_the_damaged_file_is_put_aside_encrypted(store: Store, repaired: Repaired) -> None:
    assert repaired.lost
    assert repaired.aside is not None
    assert repaired.aside.stat().st_mode & 0o777 == 0o600
    assert b"of many" not in repaired.aside.read_bytes()
    found = [each.sentence for each in verify(store) if each.place == OWNER]
    assert len(found) == 2
    assert f"is kept, encrypted, in {repaired.aside.name}" in found[1]
    assert not bad(verify(store))


def test_who_has_the_new_key_has_the_damaged_files(store: Store, repaired: Repaired) -> None:
    assert repaired.aside is not None
    _, key = file_of(store)
    with Pages(repaired.aside, aside_key(repaired.aside, key.key)) as found:
        assert len(found.bad()) == 1
        assert sum(len(row) == 17 for _, row in rows.table_rows(found)) == repaired.kept
    with pytest.raises(WrongKey):
        aside_key(repaired.aside, b"x" * 32)


def test_it_goes_when_something_of_its_place_is_erased(
    store: Store, scope: Make, repaired: Repaired
) -> None:
    assert repaired.aside is not None
    item, *_ = store.items(scope(Purpose.FORGET), limit=1)
    store.forget(scope(Purpose.FORGET), item.id, undo_s=60)
    assert repaired.aside.exists()
    store.undo(scope(Purpose.FORGET))
    store.forget(scope(Purpose.FORGET, [HOUSE]), "f" * 32)
    assert repaired.aside.exists()
    store.forget(scope(Purpose.FORGET), item.id)
    assert list(store.folder.glob("*-damaged*")) == []


def test_it_goes_with_its_place(store: Store, repaired: Repaired) -> None:
    from context.labels import parse_place

    store.files.drop(parse_place(OWNER))
    assert list(store.folder.glob("*-damaged*")) == []


def test_it_goes_with_the_next_repair(store: Store, repaired: Repaired) -> None:
    store.close()
    store.open()
    path, _ = file_of(store)
    damage(path, 1)
    again = repair(store, OWNER)
    assert again.kept == repaired.kept
    assert len(list(store.folder.glob("*-damaged"))) == (again.aside is not None)


def test_a_repair_leaves_a_record(store: Store, repaired: Repaired) -> None:
    (record,) = read(store.folder / "audit.jsonl", store.keyring.subkey("audit"), limit=1)
    assert record.event is AuditEvent.REPAIR
    assert record.facts["kept"] == repaired.kept
    assert record.facts["lost"] == repaired.lost


# killed in the middle

REPAIR = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from context import Store, durable
from context.upkeep.repair import repair
store = Store(Path(sys.argv[1]), None, lambda: datetime(2026, 11, 23, 9, tzinfo=UTC))
store.open()
left = int(sys.argv[2])
def count(event, _):
    global left
    if event in ("os.rename", "os.link", "os.remove", "open", "sqlite3.connect"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(count)
repair(store, "owner/general")
print("done", flush=True)
"""


def test_kill_9_while_repairing_loses_nothing(
    filled_folder: Path, new_store: New, scope: Make, tmp_path: Path
) -> None:
    start = tmp_path / "start"
    shutil.copytree(filled_folder, start)
    damaged = new_store(None, start)
    path, _ = file_of(damaged)
    damaged.close()
    damage(path, 1)
    done = 0
    for step in (1, 5, 9, 12, 14, 16, 18, 19, 20, 21, 22, 24, 26, 28, 60, 1000):
        folder = tmp_path / f"vault{step}"
        shutil.copytree(start, folder)
        command = [sys.executable, "-c", REPAIR, str(folder), str(step)]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        assert process.returncode in (0, -signal.SIGKILL), process.stderr
        done += process.returncode == 0
        store = new_store(None, folder)
        repair(store, OWNER)
        assert numbers(store, scope) == list(range(1, COUNT + 1))
        assert not list(folder.glob(".new-*"))
        store.close()
    assert 1 <= done < 16


# the pages and rows themselves


def make(path: Path, key: bytes | None, texts: list[str]) -> sqlite_file.Connection:
    connection: sqlite_file.Connection = sqlcipher.connect(path, isolation_level=None)
    if key is not None:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, a TEXT, b BLOB, c, d REAL)")
    connection.execute("CREATE INDEX by_a ON t (a)")
    connection.execute("CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID")
    for number, text in enumerate(texts):
        value = None if number % 3 else -(2 ** (number % 64))
        row = (number * 7 - 20, text, text.encode(), value, number / 3)
        connection.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", row)
        connection.execute("INSERT OR IGNORE INTO w VALUES (?, ?)", (text, number))
    return connection


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
            st.sampled_from([1, 40, 700, 5000]),  # within a page, about one, and several
        ),
        max_size=25,
    ),
    st.booleans(),
    st.booleans(),
)
def test_rows_are_read_as_sqlite_reads_them(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[str, int]],
    encrypted: bool,
    in_wal: bool,
) -> None:
    texts = [text * times for text, times in drawn]
    path = tmp_path_factory.mktemp("rows") / "file.db"
    key = b"k" * 32 if encrypted else None
    with closing(make(path, key, texts)) as connection:
        wanted = connection.execute("SELECT * FROM t ORDER BY n").fetchall()
        pairs = sorted(connection.execute("SELECT * FROM w").fetchall())
        if not in_wal:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy = path.with_name("copy.db")  # a descriptor of SQLite's own file would take its locks
        shutil.copy(path, copy)
        shutil.copy(f"{path}-wal", f"{copy}-wal")
        with Pages(copy, key) as found:
            assert found.bad() == []
            torn: list[int] = []
            roots = rows.roots(found)
            walked = [(n, *row[1:]) for n, row in rows.walk_table(found, roots["t"], torn)]
            assert walked == wanted
            entries = sorted(rows.walk_index(found, roots["by_a"], torn), key=repr)
            assert entries == sorted(((row[1], row[0]) for row in wanted), key=repr)
            assert sorted(rows.walk_index(found, roots["w"], torn)) == pairs
            assert torn == []
            scanned = {(n, *row[1:]) for n, row in rows.table_rows(found) if len(row) == 5}
            assert scanned >= set(wanted)


def test_a_wal_counts_up_to_its_last_whole_commit(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    with closing(make(path, None, ["a"])) as connection:
        wal = Path(f"{path}-wal").read_bytes()
        connection.execute("INSERT INTO t VALUES (1000, 'last', NULL, NULL, NULL)")
        longer = Path(f"{path}-wal").read_bytes()
    newest, count = pages.committed(longer)
    assert count >= max(newest)
    assert any(b"last" in page for page in newest.values())
    before = pages.committed(wal)
    assert not any(b"last" in page for page in before[0].values())
    for cut in range(len(wal), len(longer), 500):
        assert pages.committed(longer[:cut]) == before
    broken = bytearray(longer)
    broken[-1] ^= 1
    assert pages.committed(bytes(broken)) == before
    assert pages.committed(b"") == pages.committed(b"x" * 5000) == ({}, 0)
    header = bytearray(longer)
    header[20] ^= 1  # a salt
    assert pages.committed(bytes(header)) == ({}, 0)


def test_a_row_whose_pages_follow_each_other_for_ever_is_torn() -> None:
    asked: list[int] = []

    class Round:
        count, usable = 2, PAGE_BYTES

        def page(self, number: int) -> bytes | None:
            asked.append(number)
            if number == 1:
                return bytes(100) + bytes([2])
            size = b"\x84\x80\x80\x00"  # 8 MB, of which a page holds little
            cell = size + b"\x01"
            head = bytes([13, 0, 0, 0, 1, 0, 0, 0, 0, 10])
            return (head + cell).ljust(PAGE_BYTES, b"\x00")[:-4] + b"\0\0\0\2"

    assert list(rows.table_rows(Round())) == []  # type: ignore[arg-type]
    assert len(asked) < 10


@given(st.binary(max_size=300), st.integers(0, 3))
def test_nonsense_in_a_page_is_no_row_and_ends(noise: bytes, kind: int) -> None:
    class Nonsense:
        count, usable = 3, PAGE_BYTES

        def page(self, number: int) -> bytes | None:
            start = b"\0" * 100 if number == 1 else b""
            head = bytes([(2, 5, 10, 13)[kind], 0, 0, 0, 9])
            return (start + head + noise + noise * 20).ljust(PAGE_BYTES, b"\x07")[:PAGE_BYTES]

    nonsense = Nonsense()
    for each in (rows.table_rows, rows.index_rows):
        list(each(nonsense))  # type: ignore[arg-type]
    assert isinstance(rows.roots(nonsense), dict)  # type: ignore[arg-type]
