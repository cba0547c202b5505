"""Forgetting, undoing, expiring and correcting: what is left, and where."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from context import (
    About,
    Compartment,
    Item,
    ItemNotFound,
    Provenance,
    Purpose,
    Scope,
    Store,
    StoreUnusable,
)
from context.audit import AuditEvent, read
from context.keys.keyring import Tier
from tests.context.forensic import plain
from tests.context.vaults import PIN, TINY

OWNER, HOUSE, EPISODES = "owner/general", "household/general", "owner/episodic"
PRIVATE, DAY = "owner/general/restricted", "ambient/2026-11-23"
ALL = [OWNER, HOUSE, EPISODES, PRIVATE, DAY]
SAID = Provenance.OWNER_SPOKE
DAY_S = 86_400

Make = Callable[..., Scope]
New = Callable[..., Store]


@pytest.fixture
def store(new_store: New) -> Store:
    return new_store()


@pytest.fixture
def put(store: Store, scope: Make) -> Callable[..., Item]:
    def make(text: str, place: str = OWNER, **how: Any) -> Item:
        return store.remember(
            scope(Purpose.REMEMBER, ALL),
            text,
            compartment=Compartment.parse(place),
            **{"said_by": SAID, **how},
        )

    return make


@pytest.fixture
def seen(store: Store, scope: Make) -> Callable[..., list[str]]:
    def look(*places: str) -> list[str]:
        read = scope(Purpose.ANSWER, places or ALL)
        return sorted(item.text for item in store.items(read, limit=99))

    return look


Put = Callable[..., Item]
Seen = Callable[..., list[str]]


# Undoing


def test_the_last_forgetting_in_a_scope_is_undone(
    store: Store, scope: Make, put: Put, seen: Seen, clock: Any
) -> None:
    one, two, house = put("one"), put("two"), put("three", HOUSE)
    for item in (one, two, house):
        clock.move(1)
        store.forget(scope(Purpose.FORGET, ALL), item.id, undo_s=60)
    assert store.undo(scope(Purpose.FORGET, [OWNER])) == 1
    assert seen() == ["two"]
    assert store.undo(scope(Purpose.FORGET, ALL)) == 1
    assert seen() == ["three", "two"]
    assert store.undo(scope(Purpose.FORGET, ALL)) == 1
    assert seen() == ["one", "three", "two"]
    assert store.undo(scope(Purpose.FORGET, ALL)) == 0


def test_what_went_together_comes_back_together(
    store: Store, scope: Make, put: Put, seen: Seen
) -> None:
    items = [put("one"), put("two", HOUSE), put("three")]
    forget = scope(Purpose.FORGET, ALL)
    assert store.forget(forget, *[item.id for item in items[:2]], undo_s=60) == 2
    assert store.forget(forget, items[2].id, undo_s=60) == 1  # at the same moment
    assert store.undo(forget) == 1
    assert seen() == ["three"]
    assert store.undo(forget) == 2


def test_undoing_brings_nothing_back_outside_the_scope(
    store: Store, scope: Make, put: Put, seen: Seen
) -> None:
    own, house = put("own"), put("house", HOUSE)
    put("derived", HOUSE, derived_from=[house])
    store.forget(scope(Purpose.FORGET, [OWNER]), own.id, undo_s=60)
    store.forget(scope(Purpose.FORGET, [HOUSE]), house.id, undo_s=60)
    assert store.undo(scope(Purpose.FORGET, [HOUSE])) == 2
    assert seen() == ["derived", "house"]
    assert store.undo(scope(Purpose.FORGET, [HOUSE])) == 0
    assert store.undo(scope(Purpose.FORGET, [OWNER])) == 1


def test_of_one_forgetting_each_scope_brings_back_its_own(
    store: Store, scope: Make, put: Put, seen: Seen
) -> None:
    own, house = put("own"), put("house", HOUSE)
    store.forget(scope(Purpose.FORGET, ALL), own.id, house.id, undo_s=60)
    assert store.undo(scope(Purpose.FORGET, [HOUSE])) == 1
    assert seen() == ["house"]


@pytest.mark.parametrize("outside_s", [0.0, 60.0, 3600.0])
def test_how_long_it_can_be_undone_is_nobody_elses_business(
    store: Store, scope: Make, put: Put, clock: Any, outside_s: float
) -> None:
    own, house = put("swordfish"), put("house", HOUSE)
    store.forget(scope(Purpose.FORGET, [HOUSE]), house.id, undo_s=outside_s)
    store.forget(scope(Purpose.FORGET, [OWNER]), own.id, undo_s=60)
    clock.move(60)
    assert store.undo(scope(Purpose.FORGET, [OWNER])) == 0
    store.reap()
    assert b"swordfish" not in plain(store)
    assert store.items(scope(Purpose.ANSWER), limit=9) == []


def test_after_its_time_or_when_it_was_erased_nothing_is_undone(
    store: Store, scope: Make, put: Put, seen: Seen, clock: Any
) -> None:
    store.forget(scope(Purpose.FORGET), put("at once").id)
    assert store.undo(scope(Purpose.FORGET)) == 0
    store.forget(scope(Purpose.FORGET), put("for a while").id, undo_s=60)
    clock.move(60)
    assert store.undo(scope(Purpose.FORGET)) == 0
    assert seen() == []


def test_what_is_undone_while_locked_is_not_erased_at_the_unlocking(
    store: Store, scope: Make, put: Put, seen: Seen
) -> None:
    item = put("one")
    put("two", PRIVATE, derived_from=[item])
    lock(store)
    store.forget(scope(Purpose.FORGET), item.id, undo_s=60)
    assert store.undo(scope(Purpose.FORGET)) == 1
    store.unlock(PIN)
    assert seen() == ["one", "two"]


def lock(store: Store) -> None:
    store.keyring._argon2 = TINY
    store.keyring.set_pin(PIN)
    store.lock()


def test_what_hangs_on_it_is_owed_until_it_is_unlocked(
    store: Store, scope: Make, put: Put, seen: Seen, new_store: New
) -> None:
    item = put("one")
    put("two", PRIVATE, derived_from=[item])
    lock(store)
    store.forget(scope(Purpose.FORGET), item.id)
    store.close()  # and the debt survives
    again = new_store()
    assert item.id in again.keyring.owed()
    again.keyring._argon2 = TINY
    again.unlock(PIN)
    assert again.items(scope(Purpose.ANSWER, ALL), limit=9) == []
    assert again.keyring.owed() == frozenset()


# Expiring


def test_what_has_expired_is_read_by_nobody_even_before_it_is_erased(
    store: Store, scope: Make, put: Put, clock: Any
) -> None:
    item = put("the key is here", about=About(expires_at=clock() + timedelta(seconds=10)))
    clock.move(10)
    read = scope(Purpose.ANSWER, ALL)
    assert store.recall(read, "key") == []
    assert store.items(read, limit=9) == []
    assert store.contradicted(read, item) == []
    for call in (store.item, store.pin, store.supersede):
        with pytest.raises(ItemNotFound):
            call(scope(Purpose.FORGET, ALL), item.id)


@pytest.mark.parametrize(
    ("place", "kept"), [(OWNER, None), (EPISODES, 90 * DAY_S), (DAY, 2 * DAY_S)]
)
def test_a_kind_is_kept_as_long_as_it_says(
    put: Put, clock: Any, place: str, kept: float | None
) -> None:
    until = None if kept is None else clock() + timedelta(seconds=kept)
    assert put("one", place).about.expires_at == until
    soon = clock() + timedelta(seconds=5)
    assert put("two", place, about=About(expires_at=soon)).about.expires_at == soon


def test_a_derived_thing_is_kept_no_longer_than_any_of_its_sources(put: Put, clock: Any) -> None:
    soon = clock() + timedelta(seconds=100)
    short = put("one", about=About(expires_at=soon))
    long = put("two", EPISODES)
    assert put("three", HOUSE, derived_from=[short, long]).about.expires_at == soon
    overheard = put("four", DAY, said_by=Provenance.OVERHEARD)
    clock.move(1000)
    derived = put("five", OWNER, derived_from=[overheard])
    assert derived.about.expires_at == overheard.about.expires_at


def test_pinning_keeps_for_ever_what_was_not_overheard(
    store: Store, scope: Make, put: Put, clock: Any
) -> None:
    item, overheard = put("one", EPISODES), put("two", DAY)
    for each in (item, overheard):
        store.pin(scope(Purpose.REVIEW, ALL), each.id)
    clock.move(100 * DAY_S)
    store.reap()
    assert store.items(scope(Purpose.ANSWER, ALL), limit=9)[0].about.pinned
    assert [i.text for i in store.items(scope(Purpose.ANSWER, ALL), limit=9)] == ["one"]
    store.pin(scope(Purpose.REVIEW, ALL), item.id, pinned=False)
    assert store.items(scope(Purpose.ANSWER, ALL), limit=9) == []


def test_a_reaper_proves_that_it_ran(store: Store, scope: Make, put: Put, clock: Any) -> None:
    put("one", DAY)
    put("two", EPISODES, about=About(expires_at=clock() + timedelta(seconds=1)))
    counts = []
    for move_s in (0, 1, 3 * DAY_S):
        clock.move(move_s)
        counts.append(store.reap())
    assert counts == [0, 1, 0]
    log, key = store.folder / "audit.jsonl", store.keyring.subkey("audit")
    reaps = [r.facts for r in reversed(read(log, key, limit=99)) if r.event is AuditEvent.REAP]
    assert reaps == [{"count": 0, "days": 0}, {"count": 1, "days": 0}, {"count": 0, "days": 1}]


def test_erasing_what_is_forgotten_elsewhere_changes_no_score(
    store: Store, scope: Make, put: Put, clock: Any
) -> None:
    """What has expired is still in a place's index until the place itself is tended."""
    for text in ("the key is here", "the key is there", "a lamp"):
        put(text)
    for number in range(5):
        put(f"the key {number}", about=About(expires_at=clock() + timedelta(seconds=10)))
    gone = put("house", HOUSE)
    clock.move(10)
    before = store.recall(scope(Purpose.ANSWER), "key lamp")
    store.forget(scope(Purpose.FORGET, [HOUSE]), gone.id)
    assert store.recall(scope(Purpose.ANSWER), "key lamp") == before


# Correcting


def test_what_is_no_longer_true_is_listed_and_answers_nothing(
    store: Store, scope: Make, put: Put, clock: Any
) -> None:
    old, new = put("the bicycle is in the garden"), put("the bicycle is in the cellar")
    read = scope(Purpose.ANSWER)
    assert [item.id for item in store.contradicted(read, new)] == [old.id]
    store.supersede(scope(Purpose.FORGET), old.id)
    clock.move(1)
    read = scope(Purpose.ANSWER)
    assert [r.item.id for r in store.recall(read, "bicycle")] == [new.id]
    assert store.contradicted(read, new) == []
    assert len(store.items(read, limit=9)) == 2
    assert store.item(read, old.id).about.valid_until is not None
    put("the bicycle is in the garden")  # and so it is again
    assert len(store.recall(scope(Purpose.ANSWER), "bicycle")) == 2


def test_a_new_text_of_the_same_name_ends_the_old_one(store: Store, scope: Make, put: Put) -> None:
    put("dentist on Monday", about=About(uid="event 1"))
    put("lunch on Monday", about=About(uid="event 2"))
    put("dentist on Friday", about=About(uid="event 1"))
    found = {r.item.text for r in store.recall(scope(Purpose.ANSWER), "dentist lunch Monday")}
    assert found == {"lunch on Monday", "dentist on Friday"}


# When a file is damaged


def test_a_damaged_place_keeps_no_other_from_anything(
    store: Store, scope: Make, put: Put, seen: Seen, clock: Any
) -> None:
    house, own, gone = put("house", HOUSE), put("own"), put("gone")
    put("episode", EPISODES, about=About(expires_at=clock() + timedelta(seconds=10)))
    put("derived", HOUSE, derived_from=[own])
    good = spoil(store, HOUSE)
    assert store.forget(scope(Purpose.FORGET), gone.id, undo_s=60) == 1
    assert store.undo(scope(Purpose.FORGET)) == 1
    assert store.forget(scope(Purpose.FORGET), own.id) == 1
    clock.move(10)
    assert store.reap() == 1
    assert b"episode" not in plain(store)
    store.close()
    store.open()
    assert seen(OWNER, EPISODES) == ["gone"]
    with pytest.raises(StoreUnusable, match=HOUSE):
        store.forget(scope(Purpose.FORGET, [HOUSE]), house.id)
    put_right(store, HOUSE, good)
    assert seen() == ["gone", "house"]


def test_what_hangs_on_it_in_a_damaged_place_goes_when_that_is_put_right(
    store: Store, scope: Make, put: Put, seen: Seen
) -> None:
    own = put("own")
    put("derived", PRIVATE, derived_from=[own])
    joined = f"{OWNER} + {PRIVATE}"
    good = spoil(store, joined, Tier.RESTRICTED)
    store.forget(scope(Purpose.FORGET), own.id)
    put_right(store, joined, good, Tier.RESTRICTED)
    store.close()
    store.open()
    assert seen() == []
    assert store.keyring.owed() == frozenset()


def spoil(store: Store, place: str, tier: Tier = Tier.GENERAL) -> bytes:
    """Overwrites a place's file; returns what was in it."""
    key = store.keyring.get(place, tier)
    assert key is not None
    path = store.files.path(key.file_id)
    store.close()
    good = path.read_bytes()
    path.write_bytes(b"\0" * len(good))
    store.open()
    return good


def put_right(store: Store, place: str, good: bytes, tier: Tier = Tier.GENERAL) -> None:
    key = store.keyring.get(place, tier)
    assert key is not None
    store.files.path(key.file_id).write_bytes(good)
