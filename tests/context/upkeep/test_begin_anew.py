"""Places of which nothing can be read: found, begun anew, and what was there kept; lost salts."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from context import KeysUnusable, Purpose, Store, StoreUnusable, VaultLocked, durable, sqlite_file
from context.audit import AuditEvent, read
from context.keys.keyring import FileKey, Tier
from context.labels import parse_place
from context.transfer.backup import back_up, restore
from context.upkeep.aside import asides
from context.upkeep.pages import PAGE_BYTES, Pages
from context.upkeep.repair import aside_key, begin_anew, is_lost, repair, verify
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
from tests.tiers import cases


def ruin(store: Store, name: str = OWNER) -> bytes:
    """Make a place's file noise, of the size it has; returns it."""
    store.close()
    store.open()
    path, _ = file_of(store, name)
    noise = os.urandom(pages_of(path) * PAGE_BYTES)
    path.write_bytes(noise)
    return noise


# begun anew


def test_what_is_wholly_damaged_is_said_with_the_way_out(store: Store) -> None:
    ruin(store)
    finding = of(verify(store), OWNER)
    assert not finding.ok
    assert finding.lost
    assert finding.sentence.endswith(
        "put back a backup, or begin it anew by: lapel context begin-anew owner/general"
    )
    assert is_lost(store, OWNER)
    with pytest.raises(StoreUnusable, match="begin-anew owner/general"):
        repair(store, OWNER)
    assert not of(verify(store), HOUSE).lost


def test_a_place_of_several_compartments_is_named_as_a_shell_takes_it(
    store: Store, scope: Make
) -> None:
    both = [OWNER, HOUSE]
    sources = [store.items(scope(Purpose.ANSWER, [each]), limit=1)[0] for each in both]
    store.remember(scope(Purpose.REMEMBER, both), "made", said_by=SAID, derived_from=sources)
    name = f"{HOUSE} + {OWNER}"
    ruin(store, name)
    assert of(verify(store), name).sentence.endswith(f"begin-anew '{name}'")
    begin_anew(store, name)
    assert bad(verify(store)) == []


def test_a_place_is_begun_anew_and_its_damaged_file_is_kept(store: Store, scope: Make) -> None:
    noise = ruin(store)
    old_path, old_key = file_of(store)
    with pytest.raises(StoreUnusable):
        store.remember(scope(Purpose.REMEMBER), "fact 1", said_by=SAID)
    (aside,) = begin_anew(store, OWNER)
    path, key = file_of(store)
    assert (path != old_path, key.key != old_key.key, old_path.exists()) == (True, True, False)
    assert aside == path.with_name(f"{path.name}-damaged")
    assert aside.read_bytes() == noise
    assert aside.stat().st_nlink == 1
    assert aside_key(aside, key.key) == old_key.key
    assert numbers(store, scope) == []
    store.remember(scope(Purpose.REMEMBER), "fact 1000", said_by=SAID)
    assert numbers(store, scope) == [1000]
    assert len(store.items(scope(Purpose.ANSWER, [HOUSE]), limit=9)) == 1
    assert bad(verify(store)) == []
    assert any(f"is kept, encrypted, in {aside.name}" in f.sentence for f in verify(store))


def test_it_leaves_a_record(store: Store) -> None:
    ruin(store)
    _, old = file_of(store)
    begin_anew(store, OWNER)
    (record,) = read(store.folder / "audit.jsonl", store.keyring.subkey("audit"), limit=1)
    assert record.event is AuditEvent.REPAIR
    assert record.facts == {"place": old.file_id, "kept": 0, "lost": "unknown", "begun_anew": True}


def test_who_has_the_new_key_can_try_again(store: Store, scope: Make, tmp_path: Path) -> None:
    """As when what is damaged is the disk's controller, and the bytes come back."""
    ruin_later = file_of(store)[0]
    store.close()
    whole = ruin_later.read_bytes()
    store.open()
    ruin(store)
    (aside,) = begin_anew(store, OWNER)
    aside.write_bytes(whole)
    old = FileKey("0" * 32, aside_key(aside, file_of(store)[1].key))
    shutil.copy(aside, tmp_path / "again.db")
    with opened(tmp_path / "again.db", old) as connection:
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (COUNT,)


def test_what_can_be_read_is_not_begun_anew(store: Store, scope: Make) -> None:
    for hit in ([], [1], list(range(2, 40))):
        store.close()
        store.open()
        path, key = file_of(store)
        damage(path, *hit)
        assert not is_lost(store, OWNER)
        with pytest.raises(StoreUnusable, match="Something of owner/general can be read"):
            begin_anew(store, OWNER)
        assert file_of(store) == (path, key)
    assert repair(store, OWNER).kept > 0


@pytest.mark.parametrize("place", ["owner/none", "Nonsense", ""])
def test_a_place_that_is_not_there_is_said_so(store: Store, place: str) -> None:
    for call in (begin_anew, is_lost):
        with pytest.raises(StoreUnusable, match="Nothing is kept in"):
            call(store, place)


def test_what_is_no_file_or_anothers_is_left(store: Store, tmp_path: Path) -> None:
    store.close()
    store.open()
    path, key = file_of(store)
    path.rename(tmp_path / "moved")
    for make in (path.mkdir, lambda: path.symlink_to(tmp_path / "moved")):
        make()
        with pytest.raises(StoreUnusable, match="can't be read"):
            begin_anew(store, OWNER)
        assert file_of(store) == (path, key)
        path.unlink() if path.is_symlink() else path.rmdir()


def test_a_file_that_is_gone_is_begun_anew_with_nothing_kept(store: Store) -> None:
    store.close()
    store.open()
    path, key = file_of(store)
    path.unlink()
    assert begin_anew(store, OWNER) == []
    assert file_of(store) != (path, key)
    assert bad(verify(store)) == []


def test_a_wal_is_kept_too(store: Store) -> None:
    store.close()
    store.open()
    path, _ = file_of(store)
    path.write_bytes(os.urandom(PAGE_BYTES))
    path.with_name(f"{path.name}-wal").write_bytes(b"torn")
    (aside,) = begin_anew(store, OWNER)
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"torn"


def test_what_was_put_aside_before_is_kept_with_it(store: Store, scope: Make) -> None:
    store.close()
    store.open()
    path, _ = file_of(store)
    damage(path, *range(3, 30))
    first = repair(store, OWNER).aside
    assert first is not None
    damaged = first.read_bytes()
    first_key = aside_key(first, file_of(store)[1].key)
    for count in (2, 3):
        noise = ruin(store)
        kept = begin_anew(store, OWNER)
        assert len(kept) == count
        assert kept[0].read_bytes() == noise
        key = file_of(store)[1].key
        with Pages(kept[-1], aside_key(kept[-1], key)) as found:
            assert found.has_whole()
        assert aside_key(kept[-1], key) == first_key
        assert kept[-1].read_bytes() == damaged
    assert bad(verify(store)) == []
    item = store.remember(scope(Purpose.REMEMBER), "fact 1", said_by=SAID)
    store.forget(scope(Purpose.FORGET), item.id)
    assert list(store.folder.glob("*-damaged*")) == []


def test_erasing_of_that_place_takes_it(store: Store, scope: Make) -> None:
    ruin(store)
    (aside,) = begin_anew(store, OWNER)
    store.forget(scope(Purpose.FORGET, [HOUSE]), "f" * 32)
    assert aside.exists()
    item = store.remember(scope(Purpose.REMEMBER), "fact 1", said_by=SAID)
    store.forget(scope(Purpose.FORGET), item.id, undo_s=60)
    assert aside.exists()
    store.undo(scope(Purpose.FORGET))
    store.forget(scope(Purpose.FORGET), item.id)
    assert list(store.folder.glob("*-damaged*")) == []


def test_it_goes_with_its_place_and_with_panic(store: Store) -> None:
    ruin(store)
    begin_anew(store, OWNER)
    store.files.drop(parse_place(OWNER))
    assert list(store.folder.glob("*-damaged*")) == []
    ruin(store, HOUSE)
    begin_anew(store, HOUSE)
    store.panic()
    assert list(store.folder.glob("*-damaged*")) == []


def test_a_backup_can_still_be_put_back(store: Store, scope: Make, tmp_path: Path) -> None:
    back_up(store, tmp_path / "backup", "six random words")
    ruin(store)
    begin_anew(store, OWNER)
    restore(tmp_path / "backup", "six random words", store, replace=True)
    assert numbers(store, scope) == list(range(1, COUNT + 1))
    assert list(store.folder.glob("*-damaged*")) == []


def test_a_restricted_place_stays_so_and_needs_the_pin(store: Store, scope: Make) -> None:
    store.remember(scope(Purpose.REMEMBER, [HEALTH]), "blood type zero", said_by=SAID)
    store.keyring.set_pin("2580")
    store.close()
    store.open()
    store.unlock("2580")
    key = store.keyring.get(HEALTH, Tier.RESTRICTED)
    assert key is not None
    store.files.path(key.file_id).write_bytes(os.urandom(3 * PAGE_BYTES))
    store.lock()
    with pytest.raises(VaultLocked):
        begin_anew(store, HEALTH)
    store.unlock("2580")
    begin_anew(store, HEALTH)
    store.lock()
    assert store.keyring.names() == [HOUSE, OWNER]
    store.unlock("2580")
    assert bad(verify(store)) == []


def test_another_process_that_has_it_open_goes_on_with_the_new_file(
    store: Store, new_store: New, scope: Make
) -> None:
    other = new_store()
    assert numbers(other, scope)
    path, _ = file_of(store)
    with closing(other):
        store.files.close()
        path.write_bytes(os.urandom(pages_of(path) * PAGE_BYTES))
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        store.files.open()
        begin_anew(store, OWNER)
        other.remember(scope(Purpose.REMEMBER), "fact 7", said_by=SAID)
        assert numbers(store, scope) == numbers(other, scope) == [7]


# when it is broken off


@pytest.mark.parametrize("written", [False, True])
def test_a_failure_of_the_header_leaves_the_old_or_the_new(
    store: Store, scope: Make, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    ruin(store)
    before = file_of(store)
    adopt = store.keyring.adopt

    def fail(files: dict[str, tuple[Tier, FileKey]], *, replace: bool) -> list[str]:
        if written:
            adopt(files, replace=replace)
        raise KeysUnusable("The disk failed.")

    with monkeypatch.context() as patch:
        patch.setattr(store.keyring, "adopt", fail)
        with pytest.raises(KeysUnusable):
            begin_anew(store, OWNER)
    if written:
        assert numbers(store, scope) == []
        assert len(asides(file_of(store)[0])) == 1
    else:
        assert file_of(store) == before
        assert list(store.folder.glob("*-damaged*")) == []
        assert len(begin_anew(store, OWNER)) == 1


def test_a_full_disk_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = ruin(store)
    path, key = file_of(store)

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(durable, "write_new", full)
        with pytest.raises(StoreUnusable, match="No space left on device"):
            begin_anew(store, OWNER)
    assert file_of(store) == (path, key)
    assert path.read_bytes() == noise
    assert len(list(store.folder.glob("*.db*"))) == 2


BEGIN_ANEW = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from context import Store
from context.upkeep.repair import begin_anew
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
begin_anew(store, "owner/general")
print("done", flush=True)
"""


def test_kill_9_leaves_the_old_or_the_new(
    filled_folder: Path, new_store: New, scope: Make, tmp_path: Path
) -> None:
    start = tmp_path / "start"
    shutil.copytree(filled_folder, start)
    ruined = new_store(None, start)
    noise = ruin(ruined)
    old_path, _ = file_of(ruined)
    ruined.close()
    seen: set[str] = set()
    for step in range(1, 60, cases(4, 1)):
        folder = tmp_path / f"vault{step}"
        shutil.copytree(start, folder)
        command = [sys.executable, "-c", BEGIN_ANEW, str(folder), str(step)]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        assert process.returncode in (0, -signal.SIGKILL), process.stderr
        store = new_store(None, folder)
        path, key = file_of(store)
        if path.name == old_path.name:
            seen.add("old")
            assert path.read_bytes() == noise
            assert is_lost(store, OWNER)
            begin_anew(store, OWNER)
            path, key = file_of(store)
        else:
            seen.add("new")
        assert numbers(store, scope) == []
        (aside,) = asides(path)
        assert aside.read_bytes() == noise
        assert aside_key(aside, key.key)
        assert not list(folder.glob(".new-*"))
        assert len(store.items(scope(Purpose.ANSWER, [HOUSE]), limit=9)) == 1
        store.close()
        shutil.rmtree(folder)
        if process.returncode == 0:
            seen.add("done")
            break
    assert seen == {"old", "new", "done"}


# salts


def salt_damaged(path: Path, salt: bytes) -> None:
    path.write_bytes(salt + path.read_bytes()[len(salt) :])


def test_a_salt_follows_from_its_files_key(store: Store) -> None:
    store.close()
    store.open()
    path, key = file_of(store)
    assert path.read_bytes()[:16] == sqlite_file.salt_of(key.key)
    assert sqlite_file.salt_of(b"a" * 32) != sqlite_file.salt_of(b"b" * 32)


def test_a_salt_that_is_wholly_lost_loses_nothing(store: Store, scope: Make) -> None:
    store.close()
    store.open()
    path, key = file_of(store)
    salt_damaged(path, os.urandom(16))
    finding = of(verify(store), OWNER)
    assert (finding.ok, finding.lost) == (False, False)
    with Pages(path, key.key) as found:
        assert found.bad() == []
    done = repair(store, OWNER)
    assert (done.kept, done.lost, done.aside) == (COUNT, 0, None)
    assert numbers(store, scope) == list(range(1, COUNT + 1))
    assert bad(verify(store)) == []


def test_the_whole_first_block_may_be_lost(store: Store, scope: Make) -> None:
    store.close()
    store.open()
    path, _ = file_of(store)
    salt_damaged(path, os.urandom(PAGE_BYTES))
    assert repair(store, OWNER).kept == COUNT
    assert numbers(store, scope) == list(range(1, COUNT + 1))


@pytest.fixture(scope="module")
def of_an_earlier_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A file with a random salt, and its key."""
    path, key = tmp_path_factory.mktemp("earlier") / "file.db", os.urandom(32)
    with closing(sqlite_file.sqlcipher.connect(str(path), isolation_level=None)) as connection:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", [("word " * 500,)] * 30)
    assert path.read_bytes()[:16] != sqlite_file.salt_of(key)
    return path, key


@settings(max_examples=cases(4, 30), deadline=None)
@given(data=st.data())
def test_a_random_salt_is_found_again_if_little_of_it_is_damaged(
    of_an_earlier_build: tuple[Path, bytes], fast_folder_of: Path, data: st.DataObject
) -> None:
    path, key = of_an_earlier_build
    salt = bytearray(path.read_bytes()[:16])
    if data.draw(st.booleans(), label="a byte"):
        salt[data.draw(st.integers(0, 15))] ^= data.draw(st.integers(1, 255))
    else:
        for bit in data.draw(st.sets(st.integers(0, 127), min_size=2, max_size=2)):
            salt[bit // 8] ^= 1 << bit % 8
    copy = fast_folder_of / "copy.db"
    shutil.copy(path, copy)
    salt_damaged(copy, bytes(salt))
    with Pages(copy, key) as found:
        assert found.bad() == []
    with Pages(copy, bytes(32)) as found:  # another key makes no page whole by any salt
        assert not found.has_whole()


@pytest.fixture(scope="module")
def fast_folder_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("salts")


def test_a_random_salt_that_is_lost_takes_all_with_it(
    of_an_earlier_build: tuple[Path, bytes], tmp_path: Path
) -> None:
    """What could be decrypted is not believed, as nothing says that it was stored."""
    path, key = of_an_earlier_build
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    salt_damaged(copy, os.urandom(16))
    with Pages(copy, key) as found:
        assert len(found.bad()) == found.count > 3
        assert not found.has_whole()


def test_a_salt_is_found_in_the_file_if_it_is_not_in_the_wal(
    of_an_earlier_build: tuple[Path, bytes], tmp_path: Path
) -> None:
    path, key = of_an_earlier_build
    copy, killed = tmp_path / "copy.db", tmp_path / "killed.db"
    shutil.copy(path, copy)
    with closing(sqlite_file.sqlcipher.connect(str(copy), isolation_level=None)) as connection:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE more (a)")
        for end in ("", "-wal"):
            shutil.copy(f"{copy}{end}", f"{killed}{end}")
    salt_damaged(killed, os.urandom(16))
    with Pages(killed, key) as found:
        assert found.bad() == []


def test_a_page_that_the_disk_cannot_read_is_lost_alone(
    store: Store, scope: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    store.open()
    path, key = file_of(store)
    damage(path, 1)
    pread = os.pread

    def fail(descriptor: int, count: int, at: int) -> bytes:
        if at == 0:
            raise OSError(5, os.strerror(5))
        return pread(descriptor, count, at)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", fail)
        with Pages(path, key.key) as found:
            assert found.bad() == [1]
        assert repair(store, OWNER).kept == COUNT
    assert numbers(store, scope) == list(range(1, COUNT + 1))
