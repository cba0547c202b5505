"""The files of the store: who may read them, and what happens when one is not as it should be."""

import errno
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from context import Compartment, Provenance, Purpose, Scope, Store, StoreUnusable

OWNER, HOUSE = "owner/general", "household/general"
SECRET = "the spare key is under the blue flower pot"
SAID = Provenance.OWNER_SPOKE

Make = Callable[..., Scope]
New = Callable[..., Store]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "memories"


@pytest.fixture
def owners_file(new_store: New, scope: Make, folder: Path) -> Path:
    """The file of owner/general in a closed store of twenty items, beside one of household."""
    store = new_store()
    for number in range(20):
        store.remember(scope(Purpose.REMEMBER), f"{SECRET} {number}", said_by=SAID)
    (path,) = folder.glob("*.sqlite")
    store.remember(scope(Purpose.REMEMBER, [HOUSE]), SECRET, said_by=SAID)
    store.close()
    return path


def test_only_the_owner_can_read_the_files(new_store: New, scope: Make, folder: Path) -> None:
    before = os.umask(0)
    try:
        store = new_store()
        store.remember(scope(Purpose.REMEMBER), SECRET, said_by=SAID)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = list(folder.iterdir())
    assert {path.suffix for path in files} == {".sqlite", ".sqlite-wal", ".sqlite-shm"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)


def test_files_that_others_could_read_are_closed_to_them(
    new_store: New, scope: Make, owners_file: Path
) -> None:
    owners_file.chmod(0o644)
    owners_file.parent.chmod(0o755)
    new_store().recall(scope(Purpose.ANSWER), SECRET)
    assert owners_file.stat().st_mode & 0o777 == 0o600
    assert owners_file.parent.stat().st_mode & 0o777 == 0o700


def test_names_of_files_say_nothing(new_store: New, scope: Make, folder: Path) -> None:
    places = ["person:anna/general", "owner/health/restricted"]
    for place in places:
        new_store().remember(scope(Purpose.REMEMBER, [place]), SECRET, said_by=SAID)
    names = " ".join(path.name for path in folder.iterdir())
    assert not any(word in names for word in ("anna", "health", "owner"))


def test_reading_makes_and_opens_nothing(
    new_store: New, scope: Make, folder: Path, owners_file: Path
) -> None:
    before = {path.name for path in folder.iterdir()}
    store = new_store()
    absent = ["person:anna/general"]
    assert store.recall(scope(Purpose.ANSWER, absent), SECRET) == []
    assert store.items(scope(Purpose.FORGET, absent), limit=1) == []
    assert {path.name for path in folder.iterdir()} == before  # no -wal, so none is open


def write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def flip(path: Path, seed: int) -> None:
    """Damage in many places, the header left whole."""
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for position in range(4096, len(data), 64):
        data[position] = chance.randrange(256)
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 4096 * 3])


def sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def replace_by_table(path: Path) -> None:
    path.unlink()
    sql(path, "CREATE TABLE other (x)", f"INSERT INTO other VALUES ('{SECRET}')")


def swap(path: Path) -> None:
    (other,) = {p for p in path.parent.glob("*.sqlite")} - {path}
    path.write_bytes(other.read_bytes())


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


SPOILED: dict[str, tuple[Callable[[Path], None], str]] = {
    "not a database": (partial(write, data=b"hello " * 2000), "is damaged"),
    "noise": (partial(write, data=random.Random(1).randbytes(9000)), "is damaged"),
    "cut": (cut, "is damaged"),
    "flipped": (partial(flip, seed=1), "is damaged"),
    "newer": (lambda p: sql(p, "PRAGMA user_version = 2"), r"newer version .* update the program"),
    "another program's": (replace_by_table, "not made by this program"),
    "another compartment's": (swap, "holds another compartment"),
    "a folder": (directory, "can't be opened"),
    "a link": (link, "can't be opened"),
    "bad row": (lambda p: sql(p, "UPDATE item SET provenance = 'x'"), "is damaged"),
    "bad time": (lambda p: sql(p, "UPDATE item SET captured_at_us = 1 << 62"), "is damaged"),
    "bad text": (
        lambda p: sql(p, f"UPDATE item SET text = CAST(x'{SECRET.encode().hex()}ff' AS TEXT)"),
        "is damaged",
    ),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_file_is_named_and_harms_no_other(
    new_store: New, scope: Make, owners_file: Path, how: str
) -> None:
    spoil, why = SPOILED[how]
    spoil(owners_file)
    kept = owners_file.is_file() and owners_file.read_bytes()
    store = new_store()
    with pytest.raises(StoreUnusable, match=why) as unusable:
        store.items(scope(Purpose.ANSWER), limit=99)
        store.recall(scope(Purpose.ANSWER), SECRET)
    assert OWNER in str(unusable.value)
    assert unusable.value.compartment == OWNER
    assert SECRET not in str(unusable.value)
    assert len(store.recall(scope(Purpose.ANSWER, [HOUSE]), SECRET)) == 1
    both = scope(Purpose.ANSWER, [OWNER, HOUSE])
    with pytest.raises(StoreUnusable):
        store.recall(both, SECRET)
    assert len(store.recall(both.without([Compartment.parse(OWNER)]), SECRET)) == 1
    assert (owners_file.is_file() and owners_file.read_bytes()) == kept


def test_a_file_put_right_is_opened_again(new_store: New, scope: Make, owners_file: Path) -> None:
    good = owners_file.read_bytes()
    owners_file.write_bytes(b"not a database")
    store = new_store()
    with pytest.raises(StoreUnusable):
        store.recall(scope(Purpose.ANSWER), SECRET)
    owners_file.write_bytes(good)
    assert len(store.items(scope(Purpose.ANSWER), limit=99)) == 20


def test_an_empty_file_is_a_new_one(new_store: New, scope: Make, owners_file: Path) -> None:
    owners_file.write_bytes(b"")  # what a crash leaves between making and filling it
    store = new_store()
    assert store.items(scope(Purpose.ANSWER), limit=1) == []
    store.remember(scope(Purpose.REMEMBER), SECRET, said_by=SAID)


def test_a_folder_that_cannot_be_is_said_so(new_store: New, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnusable, match=os.strerror(errno.ENOTDIR)):
        new_store(None, tmp_path / "file" / "memories")


def test_a_folder_that_goes_away_is_said_so(new_store: New, scope: Make, folder: Path) -> None:
    store = new_store()
    folder.rmdir()
    with pytest.raises(StoreUnusable, match="is gone"):
        store.remember(scope(Purpose.REMEMBER), SECRET, said_by=SAID)


def test_a_full_disk_loses_nothing(
    new_store: New, scope: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Small(sqlite3.Connection):
        def __init__(self, *args: object, **named: object) -> None:
            super().__init__(*args, **named)  # type: ignore[arg-type]
            self.execute("PRAGMA max_page_count = 40")

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Small))
        store = new_store(None)
        kept = 0
        with pytest.raises(StoreUnusable, match="disk is full, so owner/general was left as it"):
            while kept < 1000:
                store.remember(scope(Purpose.REMEMBER), f"{SECRET} {kept}" * 20, said_by=SAID)
                kept += 1
        items = store.items(scope(Purpose.FORGET), limit=1000)
        assert len(items) == kept > 1
        assert len(store.recall(scope(Purpose.ANSWER), "spare key", limit=1000)) == kept
        store.close()
    roomy = new_store()
    assert roomy.items(scope(Purpose.ANSWER), limit=1000) == items
    roomy.remember(scope(Purpose.REMEMBER), SECRET, said_by=SAID)
    roomy.forget(scope(Purpose.FORGET), items[0].id)


FILL = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from context import *
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
now = lambda: datetime.now(UTC)
store = Store(Path(sys.argv[1]), None, now)
store.open()
request = Request(Principal.OWNER, 1, Purpose.REMEMBER, Audience.ALONE, Sink.SPEAKER)
try:
    for number in range(10_000):
        scope = mint(request, now().timestamp())
        store.remember(scope, f"fact {number} " + "x" * 500, said_by=Provenance.OWNER_SPOKE)
        print(number, flush=True)
except StoreUnusable as error:
    print(error)
store.close()
"""


def test_a_file_that_cannot_grow_loses_nothing(new_store: New, scope: Make, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(folder)], capture_output=True, text=True, check=True
    )
    *numbers, sentence = done.stdout.splitlines()
    assert sentence == f"The disk failed or is full at the file of {OWNER}: check the disk."
    items = new_store().items(scope(Purpose.ANSWER), limit=10_000)
    assert {item.text.split()[1] for item in items} >= set(numbers)
    assert len(items) - len(numbers) in (0, 1)
    assert len(numbers) > 10
