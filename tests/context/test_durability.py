"""Killed at any moment, or out of room at any write: what was acknowledged stays."""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from context import (
    HashingEmbedder,
    Item,
    Provenance,
    Purpose,
    Scope,
    Store,
    StoreUnusable,
    WrongPin,
    sqlite_file,
)
from context.audit import verify
from context.keys.keyring import Tier
from tests.context.forensic import files, plain
from tests.context.processes import Life, Nursery, nursery, told
from tests.context.test_version1 import SCHEMA
from tests.context.works import everything, mint, new_store
from tests.tiers import cases

OWNER, HOUSE = "owner/general", "household/general"
SECRET = "the spare key is under the blue flower pot"
SAID = Provenance.OWNER_SPOKE

Make = Callable[..., Scope]
New = Callable[..., Store]


@pytest.fixture(scope="module")
def nurse() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


@pytest.fixture
def pace_s(nurse: Nursery, fast_folder: Path) -> float:
    """How long a short life takes on this machine as it is now."""
    return nurse.pace_s(fast_folder / "pace")


def whole(folder: Path, **how: Any) -> dict[str, Item]:
    """What is in a vault by its ids, after checking that nothing is wrong with any file of it."""
    store = new_store(folder, **how)
    store.open()
    try:
        for place in store.files.places():
            with store.files.file(place) as file:
                assert file is not None
                assert sqlite_file.faults(file.connection) == []
        verify(folder / "audit.jsonl", store.keyring.subkey("audit"))
        items = store.items(mint(store, Purpose.REVIEW), limit=100_000)
        assert len({item.id for item in items}) == len(items)
        return {item.id: item for item in items}
    finally:
        store.close()


# Killed


def test_kill_9_loses_nothing_that_was_acknowledged(
    nurse: Nursery, fast_folder: Path, pace_s: float
) -> None:
    chance = random.Random(1)
    folder = fast_folder / "vault"
    kept: dict[str, str] = {}
    counts: Counter[int] = Counter()
    for number in range(cases(25, 400)):
        life = nurse.live(
            "write", folder, start=number * 1000, kill_after_s=pace_s * chance.uniform(0, 4)
        )
        assert not life.ended
        kept |= told(life)
        items = whole(folder)
        extra = items.keys() - kept.keys()
        counts[len(extra)] += 1
        assert kept.keys() <= items.keys()
        assert len(extra) <= number + 1  # at most the one in hand, each time
        assert all(items[item_id].text.endswith(word) for item_id, word in kept.items())
    assert kept


def test_kill_9_while_undoing_brings_back_all_or_leaves_it_to_be_undone(
    nurse: Nursery, fast_folder: Path, pace_s: float
) -> None:
    chance = random.Random(2)
    for number in range(cases(10, 150)):
        folder = fast_folder / str(number)
        kept = told(nurse.live("write", folder, most=9))
        assert nurse.live("forget", folder, undo_s=60.0).ended
        assert whole(folder) == {}
        nurse.live("undo", folder, kill_after_s=pace_s * chance.uniform(0, 1.2))
        assert nurse.live("undo", folder).ended
        assert whole(folder).keys() == kept.keys()
        shutil.rmtree(folder)


def test_kill_9_while_reembedding_loses_nothing(
    nurse: Nursery, fast_folder: Path, pace_s: float
) -> None:
    chance = random.Random(3)
    folder = fast_folder / "vault"
    kept = told(nurse.live("write", folder, most=60))
    for number in range(cases(10, 150)):
        dimensions = 64 + number
        nurse.live(
            "reembed", folder, dimensions=dimensions, kill_after_s=pace_s * chance.uniform(0, 1.5)
        )
        assert whole(folder, dimensions=dimensions).keys() == kept.keys()
    assert nurse.live("reembed", folder, dimensions=dimensions).ended
    store = new_store(folder, dimensions=dimensions)
    store.open()
    assert store.reembed() == 0
    found = store.recall(mint(store, Purpose.ANSWER), "fact", limit=100)
    assert {each.item.id for each in found} == kept.keys()
    store.close()


def test_kill_9_while_the_pin_changes_leaves_one_that_opens_everything(
    nurse: Nursery, fast_folder: Path, pace_s: float
) -> None:
    chance = random.Random(4)
    folder = fast_folder / "vault"
    kept = told(nurse.live("write", folder, most=9))
    assert nurse.live("change_pins", folder, pins=["", "pin 0"]).said == ["pin 0"]
    pin = 0
    for _ in range(cases(15, 200)):
        pins = [f"pin {number}" for number in range(pin, pin + 20)]
        life = nurse.live(
            "change_pins", folder, pins=pins, kill_after_s=pace_s * chance.uniform(0.2, 2)
        )
        pin += len(life.said)
        store = new_store(folder)
        store.open()
        with suppress(WrongPin):
            store.unlock(f"pin {pin}")
        if store.keyring.locked(Tier.RESTRICTED):  # then it was the one in hand
            pin += 1
            store.unlock(f"pin {pin}")
        assert {item.id for item in everything(store)} == kept.keys()
        store.close()


def test_kill_9_while_an_old_vault_is_brought_over_loses_nothing(
    nurse: Nursery, fast_folder: Path, pace_s: float
) -> None:
    chance = random.Random(5)
    for number in range(cases(10, 150)):
        folder = fast_folder / str(number)
        words = make_old(folder)
        left, rounds = True, 0
        while left:
            life = nurse.live("bring_over", folder, kill_after_s=pace_s * chance.uniform(0, 1.5))
            left, rounds = not life.ended, rounds + 1
            if rounds > 5:
                left = not nurse.live("bring_over", folder).ended
        items = whole(folder)
        assert sorted(item.text.split()[1] for item in items.values()) == sorted(words)
        raw = b"".join(path.read_bytes() for path in files(folder))
        assert not any(word.encode() in raw for word in words)
        assert not any(path.name.startswith("owner") for path in files(folder))
        shutil.rmtree(folder)


def make_old(folder: Path) -> list[str]:
    """A vault of the first version, which was not encrypted."""
    folder.mkdir(mode=0o700)
    words = [uuid4().hex for _ in range(30)]
    for place in (OWNER, HOUSE):
        path = folder / f"{place.replace('/', '-')}.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript(SCHEMA)
            connection.execute("INSERT INTO compartment (name) VALUES (?)", (place,))
            for word in words[:15] if place == OWNER else words[15:]:
                connection.execute(
                    "INSERT INTO item (id, text, sameness, captured_at_us, provenance)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (uuid4().hex, f"fact {word}", uuid4().bytes, 10**15, "owner_spoke"),
                )
    return words


# Out of room


def small(pages: int) -> Callable[..., Any]:
    """Connects to files that may not have more pages than that."""

    class Small(sqlite_file.sqlcipher.Connection):  # type: ignore[misc, name-defined]
        def execute(self, sql: str, *values: Any) -> Any:
            done = super().execute(sql, *values)
            if sql.startswith("PRAGMA key"):
                super().execute(f"PRAGMA max_page_count = {pages}")
            return done

    return partial(sqlite_file.sqlcipher.connect, factory=Small)


@settings(max_examples=cases(100, 5000), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), pages=st.integers(1, 60))
def test_a_full_disk_at_any_write_is_said_and_changes_nothing(
    data: st.DataObject, pages: int, scope: Make, clock: Callable, fast_folder: Path
) -> None:
    folder = fast_folder / uuid4().hex
    kept: dict[str, str] = {}
    failures = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_file.sqlcipher, "connect", small(pages))
        store = Store(folder, HashingEmbedder(32), clock)
        store.open()
        for number in range(data.draw(st.integers(1, 14))):
            write = number % 3 < 2 or not kept
            try:
                if write:
                    text = f"{SECRET} {number} " + "long " * data.draw(st.integers(0, 4000))
                    item = store.remember(scope(Purpose.REMEMBER), text, said_by=SAID)
                    kept[item.id] = text
                else:
                    gone = data.draw(st.sampled_from(list(kept)))
                    store.forget(scope(Purpose.FORGET), gone)
                    del kept[gone]
            except StoreUnusable as error:
                failures += 1
                said = str(error)
                assert "disk" in said
                assert OWNER in said
                assert SECRET not in said
                if not write and "It is forgotten" in said:
                    del kept[gone]
            with suppress(StoreUnusable):  # not even a file of its own, if it is so small
                listed = store.items(scope(Purpose.FORGET), limit=1000)
                assert {item.id for item in listed} == kept.keys()
        store.close()
    roomy = Store(folder, HashingEmbedder(32), clock)
    roomy.open()
    listed = roomy.items(scope(Purpose.FORGET), limit=1000)
    assert {item.id: item.text for item in listed} == kept
    roomy.remember(scope(Purpose.REMEMBER), SECRET, said_by=SAID)
    if kept:
        roomy.forget(scope(Purpose.FORGET), *kept)
        assert b"long long" not in plain(roomy)
    roomy.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("number", sorted({*range(cases(12, 150)), 95}))  # 95: a page in part
def test_where_no_file_may_grow_nothing_is_lost(
    nurse: Nursery, fast_folder: Path, number: int
) -> None:
    folder = fast_folder / "vault"
    bytes_long = int(10 ** random.Random(number).uniform(1.5, 5.8))
    if number % 2:
        assert nurse.live("write", folder, most=3).ended
    before = whole(folder) if folder.exists() else {}
    life = nurse.live("write_within", folder, bytes_long=bytes_long, most=400)
    assert life.ended, life
    *written, last = life.said or [""]
    if not last.startswith("error"):
        written.append(last)
    else:
        assert last.split()[1] in ("StoreUnusable:", "KeysUnusable:"), last
        assert last.endswith(".")
        assert "fact" not in last
    kept = told(Life([line for line in written if line], ended=True))
    items = whole(folder)
    assert kept.keys() | before.keys() <= items.keys()
    assert len(items) - len(kept) - len(before) in (0, 1)
