"""The files of the store: who may read them, and what happens when one is not as it should be."""

import errno
import os
import random
import secrets
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from context import (
    Compartment,
    ContextError,
    KeysUnusable,
    Provenance,
    Purpose,
    Scope,
    Store,
    StoreUnusable,
)
from context.keys.keyring import Tier
from context.schema import VERSION
from context.sqlite_file import sqlcipher

OWNER, HOUSE = "owner/general", "household/general"
SECRET = "the spare key is under the blue flower pot"
SAID = Provenance.OWNER_SPOKE

Make = Callable[..., Scope]
New = Callable[..., Store]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "memories"


class Kept(NamedTuple):
    """A place's file and its key."""

    path: Path
    key: bytes

    def sql(self, *statements: str) -> None:
        connection = sqlcipher.connect(self.path, isolation_level=None)
        connection.execute(f"PRAGMA key = \"x'{self.key.hex()}'\"")
        for statement in statements:
            connection.execute(statement)
        connection.close()


def kept_in(store: Store, place: str) -> Kept:
    key = store.keyring.get(place, Tier.GENERAL)
    assert key is not None
    return Kept(store.files.path(key.file_id), key.key)


@pytest.fixture
def owners(new_store: New, scope: Make) -> Kept:
    """The file of owner/general in a closed store of twenty items, beside one of household."""
    store = new_store()
    for number in range(20):
        store.remember(scope(Purpose.REMEMBER), f"{SECRET} {number}", said_by=SAID)
    store.remember(scope(Purpose.REMEMBER, [HOUSE]), SECRET, said_by=SAID)
    kept = kept_in(store, OWNER)
    store.close()
    return kept


def test_only_the_owner_can_read_the_files(new_store: New, scope: Make, folder: Path) -> None:
    before = os.umask(0)
    try:
        store = new_store()
        store.remember(scope(Purpose.REMEMBER), SECRET, said_by=SAID)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = list(folder.iterdir())
    assert {path.suffix for path in files} >= {".db", ".db-wal", ".db-shm", ".key", ".head"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)


def test_files_that_others_could_read_are_closed_to_them(
    new_store: New, scope: Make, owners: Kept
) -> None:
    owners.path.chmod(0o644)
    owners.path.parent.chmod(0o755)
    new_store().recall(scope(Purpose.ANSWER), SECRET)
    assert owners.path.stat().st_mode & 0o777 == 0o600
    assert owners.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("secure_delete", 1),  # what is deleted is zeroed
        ("temp_store", 2),  # no text gets into a temporary file
        ("synchronous", 2),  # a commit survives a power loss
        ("journal_mode", "wal"),
        ("foreign_keys", 1),
        ("cell_size_check", 1),
    ],
)
def test_what_sqlite_is_told(new_store: New, scope: Make, pragma: str, value: int | str) -> None:
    store = new_store()
    store.remember(scope(Purpose.REMEMBER), SECRET, said_by=SAID)
    (place,) = store.files.places()
    with store.files.file(place) as file:
        assert file is not None
        assert file.connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_names_of_files_say_nothing(new_store: New, scope: Make, folder: Path) -> None:
    places = ["person:anna/general", "owner/health/restricted"]
    for place in places:
        new_store().remember(scope(Purpose.REMEMBER, [place]), SECRET, said_by=SAID)
    names = " ".join(path.name for path in folder.iterdir())
    assert not any(word in names for word in ("anna", "health", "owner"))


def test_reading_makes_and_opens_nothing(
    new_store: New, scope: Make, folder: Path, owners: Kept
) -> None:
    before = {path.name for path in folder.iterdir()}
    store = new_store()
    absent = ["person:anna/general"]
    assert store.recall(scope(Purpose.ANSWER, absent), SECRET) == []
    assert store.items(scope(Purpose.FORGET, absent), limit=1) == []
    assert {path.name for path in folder.iterdir()} == before  # no -wal, so none is open


def write(kept: Kept, data: bytes) -> None:
    kept.path.write_bytes(data)


def flip(kept: Kept) -> None:
    """Damage in many places, the first page left whole."""
    data = bytearray(kept.path.read_bytes())
    chance = random.Random(1)
    for position in range(4096, len(data), 64):
        data[position] ^= chance.randrange(1, 256)
    kept.path.write_bytes(data)


def cut(kept: Kept) -> None:
    kept.path.write_bytes(kept.path.read_bytes()[: 4096 * 3])


def edit(kept: Kept, statement: str) -> None:
    kept.sql(statement)


def replace_by_table(kept: Kept) -> None:
    kept.path.unlink()
    kept.sql("CREATE TABLE other (x)", f"INSERT INTO other VALUES ('{SECRET}')")


def replace_by_plain(kept: Kept) -> None:
    kept.path.unlink()
    connection = sqlcipher.connect(kept.path, isolation_level=None)
    connection.execute("CREATE TABLE item (text)")
    connection.close()


def swap(kept: Kept) -> None:
    (other,) = set(kept.path.parent.glob("*.db")) - {kept.path}
    kept.path.write_bytes(other.read_bytes())


def lock_otherwise(kept: Kept) -> None:
    kept.sql("PRAGMA journal_mode = DELETE", f"PRAGMA rekey = \"x'{secrets.token_hex(32)}'\"")


def directory(kept: Kept) -> None:
    kept.path.unlink()
    kept.path.mkdir()


def link(kept: Kept) -> None:
    kept.path.rename(kept.path.with_suffix(".moved"))
    kept.path.symlink_to(kept.path.with_suffix(".moved"))


NOT_TEXT = f"CAST(x'{SECRET.encode().hex()}ff' AS TEXT)"
SPOILED: dict[str, tuple[Callable[[Kept], None], str]] = {
    "not a database": (partial(write, data=b"hello " * 2000), "is damaged, or not encrypted"),
    "noise": (partial(write, data=random.Random(1).randbytes(9000)), "is damaged"),
    "cut": (cut, "is damaged"),
    "flipped": (flip, "is damaged"),
    "another's, by place": (swap, "is damaged, or not encrypted with this vault's key"),
    "another's, by key": (lock_otherwise, "not encrypted with this vault's key"),
    "in plain": (replace_by_plain, "is damaged, or not encrypted"),
    "newer": (
        partial(edit, statement=f"PRAGMA user_version = {VERSION + 1}"),
        r"newer version .* update the program",
    ),
    "another program's": (replace_by_table, "not made by this program"),
    "another place's": (
        partial(edit, statement=f"UPDATE place SET name = '{HOUSE}'"),
        "holds another place",
    ),
    "a folder": (directory, "can't be opened"),
    "a link": (link, "can't be opened"),
    "bad row": (partial(edit, statement="UPDATE item SET provenance = 'x'"), "is damaged"),
    "bad time": (partial(edit, statement="UPDATE item SET captured_at_us = 1 << 62"), "is damaged"),
    "bad text": (partial(edit, statement=f"UPDATE item SET text = {NOT_TEXT}"), "is damaged"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_file_is_named_and_harms_no_other(
    new_store: New, scope: Make, owners: Kept, how: str
) -> None:
    spoil, why = SPOILED[how]
    spoil(owners)
    kept = owners.path.is_file() and owners.path.read_bytes()
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
    assert (owners.path.is_file() and owners.path.read_bytes()) == kept


def test_a_file_put_right_is_opened_again(new_store: New, scope: Make, owners: Kept) -> None:
    good = owners.path.read_bytes()
    owners.path.write_bytes(b"not a database")
    store = new_store()
    with pytest.raises(StoreUnusable):
        store.recall(scope(Purpose.ANSWER), SECRET)
    owners.path.write_bytes(good)
    assert len(store.items(scope(Purpose.ANSWER), limit=99)) == 20


def test_an_empty_file_is_a_new_one(new_store: New, scope: Make, owners: Kept) -> None:
    owners.path.write_bytes(b"")  # what a crash leaves between making and filling it
    store = new_store()
    assert store.items(scope(Purpose.ANSWER), limit=1) == []
    store.remember(scope(Purpose.REMEMBER), SECRET, said_by=SAID)


def test_another_vaults_header_opens_nothing(
    new_store: New, scope: Make, owners: Kept, folder: Path, tmp_path: Path
) -> None:
    other = new_store(None, tmp_path / "other")
    other.remember(scope(Purpose.REMEMBER), "of another", said_by=SAID)
    other.close()
    (folder / "keyring.json").write_bytes((tmp_path / "other" / "keyring.json").read_bytes())
    with pytest.raises(KeysUnusable, match="not the device secret this vault was made with"):
        new_store()


def test_a_folder_that_cannot_be_is_said_so(new_store: New, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnusable, match=os.strerror(errno.ENOTDIR)):
        new_store(None, tmp_path / "file" / "memories")


def test_a_folder_that_goes_away_is_said_so(new_store: New, scope: Make, folder: Path) -> None:
    store = new_store()
    shutil.rmtree(folder)
    with pytest.raises(ContextError, match="has been erased"):
        store.remember(scope(Purpose.REMEMBER), SECRET, said_by=SAID)
