"""The vault in one encrypted file, and its way back."""

import os
import random
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from context import (
    KeysUnusable,
    Provenance,
    Purpose,
    Scope,
    Store,
    StoreUnusable,
    VaultLocked,
    audit,
    sqlite_file,
)
from context.audit import AuditEvent
from context.keys.keyring import FileKey, Tier
from context.transfer import backup_file
from context.transfer.backup import (
    BackedUp,
    BackupFailed,
    BackupUnusable,
    PassphraseRefused,
    PlacesInTheWay,
    Restored,
    back_up,
    restore,
)
from tests.context.conftest import Clock
from tests.context.forensic import keys_of, plain
from tests.context.vaults import TINY

OWNER, HOUSE, HEALTH = "owner/general", "household/general", "owner/health/restricted"
ANNA = "person:anna/general"
PASSPHRASE = "five random words are enough"
SECRET = "the spare key is under the blue flower pot"
SAID = Provenance.OWNER_SPOKE
ALL = (OWNER, HOUSE, HEALTH, ANNA)

Make = Callable[..., Scope]
New = Callable[..., Store]


@pytest.fixture
def filled(new_store: New, scope: Make) -> Store:
    """A store with ten items in each of four places."""
    return fill(new_store(), scope)


def fill(store: Store, scope: Make) -> Store:
    for place in ALL:
        for number in range(10):
            store.remember(scope(Purpose.REMEMBER, [place]), f"{SECRET} {number}", said_by=SAID)
    return store


@pytest.fixture
def made(filled: Store, tmp_path: Path) -> Path:
    """A backup of it."""
    path = tmp_path / "lapel.backup"
    back_up(filled, path, PASSPHRASE, argon2=TINY)
    return path


@pytest.fixture
def other(new_store: New, tmp_path: Path) -> Store:
    """Another vault, with nothing in it."""
    return new_store(folder=tmp_path / "other")


def texts(store: Store, scope: Make, *places: str) -> list[str]:
    return sorted(
        item.text for item in store.items(scope(Purpose.FORGET, places or ALL), limit=1000)
    )


def names(folder: Path) -> set[str]:
    """The files of a vault, but for what SQLite keeps beside them."""
    return {path.name for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))}


def state(folder: Path) -> dict[str, bytes]:
    """Every byte of a closed vault, but for its audit log and locks."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if not path.name.startswith("audit") and path.suffix != ".lock"
    }


# there and back


def test_a_backup_comes_back_in_another_vault(
    filled: Store, other: Store, scope: Make, tmp_path: Path
) -> None:
    path = tmp_path / "lapel.backup"
    told: list[int] = []
    done = back_up(filled, path, PASSPHRASE, argon2=TINY, progress=told.append)
    assert done == BackedUp(4, 40, path.stat().st_size, 0)
    assert told == [1, 2, 3, 4]
    told.clear()
    assert restore(path, PASSPHRASE, other, progress=told.append) == Restored(4, 40, 0)
    assert told == [1, 2, 3, 4]
    before = filled.items(scope(Purpose.FORGET, ALL), limit=1000)
    assert other.items(scope(Purpose.FORGET, ALL), limit=1000) == before
    found = other.recall(scope(Purpose.ANSWER), "spare key", limit=3)
    assert len(found) == 3
    assert other.reembed() == 0  # vectors came along
    other.remember(scope(Purpose.REMEMBER), "more", said_by=SAID)
    assert len(texts(other, scope)) == 41


def test_it_is_under_this_vaults_locks_afterwards(made: Path, other: Store, scope: Make) -> None:
    other.keyring.set_pin("2580")
    restore(made, PASSPHRASE, other)
    other.lock()
    assert other.keyring.names() == [HOUSE, OWNER, ANNA]
    assert len(texts(other, scope)) == 30
    other.unlock("2580")
    assert len(texts(other, scope)) == 40


def test_an_empty_vault_is_backed_up_and_restored(
    new_store: New, other: Store, tmp_path: Path
) -> None:
    path = tmp_path / "empty"
    assert back_up(new_store(), path, PASSPHRASE, argon2=TINY).places == 0
    assert restore(path, PASSPHRASE, other) == Restored(0, 0, 0)


def test_others_read_and_write_meanwhile(filled: Store, other: Store, scope: Make) -> None:
    path = filled.folder.parent / "backup"

    def write(done: int) -> None:
        filled.remember(scope(Purpose.REMEMBER, [ANNA]), f"late {done}", said_by=SAID)

    back_up(filled, path, PASSPHRASE, argon2=TINY, progress=write)
    restore(path, PASSPHRASE, other)
    assert texts(other, scope, ANNA)[:3] == ["late 1", "late 2", "late 3"]  # it comes last
    assert len(texts(filled, scope, ANNA)) == 14


def test_what_is_not_yet_in_the_file_but_in_its_wal_is_backed_up(
    filled: Store, other: Store, scope: Make, tmp_path: Path
) -> None:
    assert any(path.stat().st_size for path in filled.folder.glob("*-wal"))
    back_up(filled, tmp_path / "b", PASSPHRASE, argon2=TINY)
    filled.remember(scope(Purpose.REMEMBER), "not in it", said_by=SAID)
    restore(tmp_path / "b", PASSPHRASE, other)
    assert len(texts(other, scope)) == 40


def test_what_was_forgotten_is_not_in_it(
    filled: Store, other: Store, scope: Make, tmp_path: Path
) -> None:
    item = filled.remember(scope(Purpose.REMEMBER), "unspeakable thing", said_by=SAID)
    filled.forget(scope(Purpose.FORGET), item.id, undo_s=60)
    back_up(filled, tmp_path / "b", PASSPHRASE, argon2=TINY)
    restore(tmp_path / "b", PASSPHRASE, other)
    assert b"unspeakable" not in plain(other)
    assert SECRET.encode() in plain(other)
    assert filled.undo(scope(Purpose.FORGET)) == 1  # the vault itself is as it was


def test_what_expires_while_it_is_in_a_backup_is_not_read(
    filled: Store, other: Store, scope: Make, clock: Clock, tmp_path: Path
) -> None:
    day = "ambient/2026-11-23"
    filled.remember(scope(Purpose.REMEMBER, [day]), "heard", said_by=Provenance.OVERHEARD)
    back_up(filled, tmp_path / "b", PASSPHRASE, argon2=TINY)
    clock.move(3 * 24 * 3600)
    assert restore(tmp_path / "b", PASSPHRASE, other) == Restored(5, 40, 0)
    assert texts(other, scope, day) == []
    other.reap()
    assert day not in other.keyring.names()


# what can be seen


def test_nothing_can_be_read_in_it(made: Path, filled: Store) -> None:
    data = made.read_bytes()
    words = [
        b"spare",
        b"owner",
        b"household",
        b"health",
        b"restricted",
        b"anna",
        b"SQLite",
        b"2026",
    ]
    assert not [word for word in words if word in data]
    for file_id, key in keys_of(filled).items():
        assert file_id.encode() not in data
        assert key not in data
        assert key.hex().encode() not in data
    with zipfile.ZipFile(made) as archive:
        assert archive.namelist() == ["0", "1", "2", "3", "manifest", "backup.json"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert made.stat().st_mode & 0o777 == 0o600


def test_copies_lie_encrypted_and_are_gone_afterwards(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    copy = sqlite_file.copy

    def watch(*arguments: object) -> None:
        copy(*arguments)  # type: ignore[arg-type]
        seen.extend(path.read_bytes() for path in filled.folder.glob(".new-*"))

    monkeypatch.setattr(sqlite_file, "copy", watch)
    back_up(filled, tmp_path / "b", PASSPHRASE, argon2=TINY)
    assert len(seen) >= 4
    assert not any(b"spare key" in data for data in seen)
    assert not list(filled.folder.glob(".new-*"))
    assert {path.name for path in tmp_path.iterdir()} - {"home"} == {"memories", "b"}


def test_it_leaves_a_record_without_words(filled: Store, other: Store, made: Path) -> None:
    restore(made, PASSPHRASE, other)
    for store, event in ((filled, AuditEvent.BACKUP), (other, AuditEvent.RESTORE)):
        log, key = store.folder / "audit.jsonl", store.keyring.subkey("audit")
        (record,) = audit.read(log, key, limit=1)
        assert record.event is event
        assert record.facts["count"] == 4


# what is locked


def test_locked_places_are_left_out_only_when_that_is_asked_for(
    filled: Store, other: Store, scope: Make, tmp_path: Path
) -> None:
    filled.keyring.set_pin("2580")
    filled.lock()
    with pytest.raises(VaultLocked, match=r"1 of the places are locked .* unlock"):
        back_up(filled, tmp_path / "b", PASSPHRASE, argon2=TINY)
    assert not (tmp_path / "b").exists()
    done = back_up(filled, tmp_path / "b", PASSPHRASE, without_locked=True, argon2=TINY)
    assert (done.places, done.items, done.left_out) == (3, 30, 1)
    restore(tmp_path / "b", PASSPHRASE, other)
    assert texts(other, scope, HEALTH) == []
    assert len(texts(other, scope)) == 30


def test_a_vault_that_is_locked_as_a_whole_is_not_backed_up(
    tmp_path: Path, clock: Clock, scope: Make
) -> None:
    store = Store(tmp_path / "locked", None, clock, general_needs_pin=True)
    store.open()
    with pytest.raises(VaultLocked):
        back_up(store, tmp_path / "b", PASSPHRASE, without_locked=True, argon2=TINY)
    store.close()


def test_restricted_places_are_not_restored_while_locked(made: Path, other: Store) -> None:
    other.keyring.set_pin("2580")
    other.lock()
    with pytest.raises(VaultLocked, match=r"restricted part .* unlock it, then restore"):
        restore(made, PASSPHRASE, other)
    assert other.keyring.file_ids() == []


def test_a_place_goes_to_the_tier_that_its_name_asks_for(
    filled: Store, other: Store, made: Path
) -> None:
    restore(made, PASSPHRASE, other)
    assert other.keyring.get(HEALTH, Tier.GENERAL) is None
    assert other.keyring.get(HEALTH, Tier.RESTRICTED) is not None


# places that are there already


def test_places_that_are_there_are_refused(made: Path, other: Store, scope: Make) -> None:
    other.remember(scope(Purpose.REMEMBER), "mine", said_by=SAID)
    before = names(other.folder)
    with pytest.raises(PlacesInTheWay, match=r"1 of the 4 places .* owner/general") as refused:
        restore(made, PASSPHRASE, other)
    assert refused.value.places == [OWNER]
    assert texts(other, scope) == ["mine"]
    assert names(other.folder) == before


def test_places_that_are_there_are_replaced_when_that_is_asked_for(
    made: Path, other: Store, scope: Make
) -> None:
    other.remember(scope(Purpose.REMEMBER), "mine unspeakable", said_by=SAID)
    other.remember(scope(Purpose.REMEMBER, ["owner/work"]), "stays", said_by=SAID)
    old = keys_of(other)
    assert restore(made, PASSPHRASE, other, replace=True) == Restored(4, 40, 1)
    assert len(texts(other, scope)) == 40
    assert texts(other, scope, "owner/work") == ["stays"]
    assert b"unspeakable" not in plain(other, old)
    kept = {f"{key}.db" for key in other.keyring.file_ids()}
    assert {name for name in names(other.folder) if name.endswith(".db")} == kept


def test_a_vault_goes_back_to_its_own_backup(filled: Store, made: Path, scope: Make) -> None:
    filled.remember(scope(Purpose.REMEMBER), "later", said_by=SAID)
    assert restore(made, PASSPHRASE, filled, replace=True) == Restored(4, 40, 4)
    assert len(texts(filled, scope)) == 40
    assert "later" not in texts(filled, scope)


def test_a_place_that_appears_meanwhile_is_not_replaced(
    made: Path, other: Store, scope: Make
) -> None:
    def meddle(done: int) -> None:
        if done == 4:
            other.remember(scope(Purpose.REMEMBER), "mine", said_by=SAID)

    with pytest.raises(KeysUnusable, match="There is a key for owner/general already"):
        restore(made, PASSPHRASE, other, progress=meddle)
    assert texts(other, scope) == ["mine"]
    assert len(list(other.folder.glob("*.db"))) == 1
    assert not list(other.folder.glob(".new-*"))


# bad backups


def test_a_wrong_passphrase_changes_nothing(made: Path, other: Store) -> None:
    before = names(other.folder)
    for wrong in (PASSPHRASE.upper(), PASSPHRASE + " ", "x" * 20):
        with pytest.raises(BackupUnusable, match=r"not the passphrase of lapel\.backup"):
            restore(made, wrong, other)
    assert names(other.folder) == before


@pytest.mark.parametrize("bad", ["", "short", "1234567", "x" * 1025, "half\ud800 of a character"])
def test_what_cannot_be_a_passphrase_is_refused(filled: Store, tmp_path: Path, bad: str) -> None:
    with pytest.raises(PassphraseRefused, match="at least 8 characters") as refused:
        back_up(filled, tmp_path / "b", bad)
    assert not bad or bad not in str(refused.value)
    with pytest.raises(PassphraseRefused):
        restore(tmp_path / "b", bad, filled)
    assert not (tmp_path / "b").exists()


def test_a_passphrase_may_be_typed_in_other_ways(filled: Store, other: Store) -> None:
    path = filled.folder.parent / "b"
    back_up(filled, path, "e\u0301ine Stra\u00dfe", argon2=TINY)
    assert restore(path, "\u00e9ine Stra\u00dfe", other).places == 4


def test_a_backup_that_was_cut_off_changes_nothing(made: Path, other: Store) -> None:
    whole = made.read_bytes()
    before = names(other.folder) | {"backup.lock"}
    chance = random.Random(1)
    lengths = [0, 1, 100, 5000, len(whole) - 1, len(whole) - 30]
    for length in lengths + [chance.randrange(len(whole)) for _ in range(20)]:
        made.write_bytes(whole[:length])
        with pytest.raises(BackupUnusable):
            restore(made, PASSPHRASE, other)
    assert names(other.folder) <= before
    assert other.keyring.file_ids() == []


def test_a_backup_that_was_edited_changes_nothing_and_crashes_nothing(
    made: Path, other: Store
) -> None:
    whole = made.read_bytes()
    before = names(other.folder) | {"backup.lock"}
    chance = random.Random(2)
    ends = len(whole) - 800  # where zip's own words are
    places = [chance.randrange(len(whole)) for _ in range(60)]
    places += [chance.randrange(ends, len(whole)) for _ in range(240)]
    refused = 0
    for place in places:
        data = bytearray(whole)
        data[place] ^= 1 << chance.randrange(8)
        made.write_bytes(data)
        try:
            restore(made, PASSPHRASE, other)
        except (BackupUnusable, KeysUnusable) as error:
            refused += 1
            assert str(error).endswith(".")
        else:  # what zip says twice, or to nobody: then it is all there
            assert other.keyring.names() == [HOUSE, OWNER, HEALTH, ANNA]
            for name in other.keyring.names():
                other.keyring.destroy(name, Tier.RESTRICTED if name == HEALTH else Tier.GENERAL)
            other.close()
            for path in other.folder.glob("*.db*"):
                path.unlink()
            other.open()
        assert names(other.folder) <= before
    assert refused > 150


def test_a_member_that_was_exchanged_is_found(made: Path, other: Store, tmp_path: Path) -> None:
    edited = tmp_path / "edited"
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(edited, "w") as target:
        swapped = {"0": "1", "1": "0"}
        for info in source.infolist():
            target.writestr(info.filename, source.read(swapped.get(info.filename, info.filename)))
    with pytest.raises(BackupUnusable, match="damaged"):
        restore(edited, PASSPHRASE, other)
    assert other.keyring.file_ids() == []


def test_a_bomb_is_not_unpacked(made: Path, other: Store, tmp_path: Path) -> None:
    edited = tmp_path / "edited"
    with (
        zipfile.ZipFile(made) as source,
        zipfile.ZipFile(edited, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for info in source.infolist():
            target.writestr(info.filename, source.read(info.filename), zipfile.ZIP_DEFLATED)
    with pytest.raises(BackupUnusable, match="damaged"):
        restore(edited, PASSPHRASE, other)


def repacked(made: Path, target: Path, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(target, "w") as archive:
        for info in source.infolist():
            data = source.read(info.filename)
            archive.writestr(info, change(data) if info.filename == "backup.json" else data)
    return target


def test_a_newer_backup_says_so(made: Path, other: Store, tmp_path: Path) -> None:
    newer = repacked(
        made, tmp_path / "n", lambda data: data.replace(b'"version":1', b'"version":2')
    )
    with pytest.raises(BackupUnusable, match=r"newer version .* update the program"):
        restore(newer, PASSPHRASE, other)


def test_what_stretching_takes_cannot_be_lowered(made: Path, other: Store, tmp_path: Path) -> None:
    cheaper = repacked(
        made, tmp_path / "c", lambda data: data.replace(b'"iterations":1', b'"iterations":2')
    )
    assert cheaper.read_bytes() != made.read_bytes()
    with pytest.raises(BackupUnusable, match="not the passphrase"):
        restore(cheaper, PASSPHRASE, other)


@pytest.mark.parametrize("what", ["nothing", "a folder", "a pipe", "other bytes", "another zip"])
def test_what_is_no_backup_is_said_so(other: Store, tmp_path: Path, what: str) -> None:
    path = tmp_path / "it"
    if what == "a folder":
        path.mkdir()
    elif what == "a pipe":
        os.mkfifo(path)
    elif what == "other bytes":
        path.write_bytes(b"hello" * 1000)
    elif what == "another zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("letter.txt", "hello")
    with pytest.raises(BackupUnusable, match=r"^it (is not a backup|can't be read)"):
        restore(path, PASSPHRASE, other)


# what fails


def test_nothing_is_overwritten(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "b"
    path.write_text("mine")
    with pytest.raises(BackupFailed, match="is there already and is not overwritten"):
        back_up(filled, path, PASSPHRASE, argon2=TINY)
    assert path.read_text() == "mine"
    assert not (tmp_path / ".b.part").exists()


def test_a_folder_that_is_not_there_is_said_so(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="No such file or directory"):
        back_up(filled, tmp_path / "none" / "b", PASSPHRASE, argon2=TINY)


def test_what_a_killed_backup_left_is_replaced(filled: Store, tmp_path: Path) -> None:
    (tmp_path / ".b.part").write_text("half")
    (filled.folder / ".new-1.db").write_text("half")
    back_up(filled, tmp_path / "b", PASSPHRASE, argon2=TINY)
    assert {path.name for path in tmp_path.iterdir()} - {"home"} == {"memories", "b"}
    assert not (filled.folder / ".new-1.db").exists()


def test_a_damaged_place_is_named_and_there_is_no_backup(filled: Store, tmp_path: Path) -> None:
    filled.close()
    filled.open()
    key = filled.keyring.get(ANNA, Tier.GENERAL)
    assert key is not None
    path = filled.files.path(key.file_id)
    data = bytearray(path.read_bytes())
    data[5 * 4096 + 9] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreUnusable, match="person:anna/general is damaged"):
        back_up(filled, tmp_path / "b", PASSPHRASE, argon2=TINY)
    assert {path.name for path in tmp_path.iterdir()} - {"home"} == {"memories"}
    assert not list(filled.folder.glob(".new-*"))


def test_two_at_once_are_not_mixed(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from context.transfer import staging

    monkeypatch.setattr(staging, "_WAIT_S", 0.01)
    refused: list[str] = []

    def again(_: int) -> None:
        with pytest.raises(StoreUnusable, match="is going on: wait for it") as error:
            back_up(filled, tmp_path / "c", PASSPHRASE, argon2=TINY)
        refused.append(str(error.value))

    back_up(filled, tmp_path / "b", PASSPHRASE, argon2=TINY, progress=again)
    assert len(refused) == 4


def test_a_full_disk_changes_nothing(
    made: Path, other: Store, scope: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.remember(scope(Purpose.REMEMBER), "mine", said_by=SAID)
    chunks = backup_file.Reader.chunks

    def full(self: backup_file.Reader, entry: backup_file.Entry) -> Iterator[bytes]:
        yield from chunks(self, entry)
        if entry.member == "2":
            raise OSError(28, os.strerror(28))

    monkeypatch.setattr(backup_file.Reader, "chunks", full)
    with pytest.raises(StoreUnusable, match=r"No space left on device.*Nothing was changed"):
        restore(made, PASSPHRASE, other, replace=True)
    assert texts(other, scope) == ["mine"]
    assert not list(other.folder.glob(".new-*"))


def test_a_header_that_was_written_before_the_disk_failed_keeps_its_files(
    made: Path, other: Store, scope: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt = other.keyring.adopt

    def fail(files: dict[str, tuple[Tier, FileKey]], *, replace: bool) -> list[str]:
        adopt(files, replace=replace)
        raise KeysUnusable("The disk failed.")

    monkeypatch.setattr(other.keyring, "adopt", fail)
    with pytest.raises(KeysUnusable):
        restore(made, PASSPHRASE, other)
    assert len(texts(other, scope)) == 40


# killed in the middle

RESTORE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from context import HashingEmbedder, Store
from context.transfer.backup import restore
store = Store(Path(sys.argv[1]), None, lambda: datetime(2026, 11, 23, 9, tzinfo=UTC))
store.open()
print("ready", flush=True)
sys.stdin.readline()
restore(Path(sys.argv[2]), sys.argv[3], store, replace=True,
        progress=lambda done: print(done, flush=True))
print("done", flush=True)
"""


@contextmanager
def restoring(folder: Path, made: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", RESTORE, str(folder), str(made), PASSPHRASE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_kill_9_leaves_the_old_or_the_new(
    made: Path, new_store: New, scope: Make, tmp_path: Path
) -> None:
    start = tmp_path / "start"
    store = new_store(None, start)
    for place in (OWNER, HEALTH):
        store.remember(scope(Purpose.REMEMBER, [place]), "old", said_by=SAID)
    store.close()
    seen: set[str] = set()
    for attempt in range(14):
        folder = tmp_path / f"vault{attempt}"
        shutil.copytree(start, folder)
        with restoring(folder, made) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            for _ in range(min(attempt // 2, 4) + (attempt == 13)):
                process.stdout.readline()
            if attempt > 8:
                pause(attempt - 8)
            os.kill(process.pid, signal.SIGKILL)
            said = process.stdout.read()
        killed = new_store(None, folder)
        left = texts(killed, scope)
        assert left in (["old", "old"], sorted(f"{SECRET} {n}" for n in range(10) for _ in ALL))
        assert len(left) == 40 or "done" not in said
        seen.add(left[0])
        ids = {f"{file_id}.db" for file_id in killed.keyring.file_ids()}
        assert ids <= names(folder)
        assert restore(made, PASSPHRASE, killed, replace=True).places == 4
        assert not list(folder.glob(".new-*"))
    assert "old" in seen
    assert len(seen) == 2


def pause(steps: int) -> None:
    """A moment for the other process to go on."""
    import time

    time.sleep(steps * 0.0015)


# the keys


def test_adopting_keys_is_all_or_nothing(other: Store) -> None:
    kept = other.keyring.make(OWNER, Tier.GENERAL)
    new = {
        ANNA: (Tier.GENERAL, FileKey("a" * 32, b"a" * 32)),
        OWNER: (Tier.GENERAL, FileKey("b" * 32, b"b" * 32)),
    }
    with pytest.raises(KeysUnusable, match="nothing was changed"):
        other.keyring.adopt(new)
    assert other.keyring.file_ids() == [kept.file_id]
    assert other.keyring.adopt(new, replace=True) == [kept.file_id]
    assert other.keyring.get(OWNER, Tier.GENERAL) == FileKey("b" * 32, b"b" * 32)
    assert other.keyring.file_ids() == ["a" * 32, "b" * 32]
    other.keyring.set_pin("2580")
    other.lock()
    locked = {
        HOUSE: (Tier.GENERAL, FileKey("c" * 32, b"c" * 32)),
        HEALTH: (Tier.RESTRICTED, FileKey("d" * 32, b"d" * 32)),
    }
    with pytest.raises(VaultLocked):
        other.keyring.adopt(locked)
    assert other.keyring.file_ids() == ["a" * 32, "b" * 32]
