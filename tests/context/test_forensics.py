"""What is erased is gone from every file, even for someone who has all keys."""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from context import (
    About,
    Compartment,
    HashingEmbedder,
    Item,
    ItemNotFound,
    Provenance,
    Purpose,
    Scope,
    Store,
    StoreUnusable,
    sqlite_file,
)
from context.files import tier_of
from context.labels import place_name
from tests.context.forensic import files, keys_of, looked_for, plain, traces, traces_in
from tests.context.processes import Nursery, nursery
from tests.context.vaults import PIN, TINY
from tests.context.works import mint
from tests.context.works import new_store as killable_store
from tests.tiers import cases

OWNER, HOUSE, EPISODES = "owner/general", "household/general", "owner/episodic"
PRIVATE, DAY = "owner/general/restricted", "ambient/2026-11-23"
PLACES = [OWNER, HOUSE, EPISODES, PRIVATE, DAY]
EMBEDDER = HashingEmbedder()
SAID = Provenance.OWNER_SPOKE
DAY_S = 86_400

Make = Callable[..., Scope]
New = Callable[..., Store]


CHANCE = random.Random(0)


def words(count: int = 12, chance: random.Random = CHANCE) -> str:
    """Words that are nowhere else, of letters that no word has which sounds private."""
    return " ".join("".join(chance.choices("abcdefghjkmnqvwz", k=24)) for _ in range(count))


def put(store: Store, scope: Make, place: str = OWNER, text: str = "", **how: Any) -> Item:
    about = About(
        speaker=words(1), source=words(1), uid=words(1), expires_at=how.pop("until", None)
    )
    return store.remember(
        scope(Purpose.REMEMBER, PLACES),
        text or words(),
        compartment=Compartment.parse(place),
        said_by=SAID,
        about=about,
        **how,
    )


def erase(store: Store, scope: Make, *items: Item, undo_s: float = 0.0) -> None:
    store.forget(scope(Purpose.FORGET, PLACES), *[item.id for item in items], undo_s=undo_s)


def found(store: Store, item: Item) -> list[str]:
    return traces(store, item, EMBEDDER)


# The looking itself


def test_what_is_kept_is_seen_with_the_keys_and_only_with_them(new_store: New, scope: Make) -> None:
    store = new_store()
    kept = [put(store, scope, place) for place in PLACES]
    joined = put(store, scope, OWNER, derived_from=kept[:2])
    parts = {each.id: list(looked_for(each, EMBEDDER)) for each in [*kept, joined]}
    assert all(len(names) >= 2 * (12 + 3) + 1 for names in parts.values())
    assert {"vector", "signs"} < {name for names in parts.values() for name in names}
    for item in [*kept, joined]:
        assert found(store, item) == parts[item.id]
    keys, folder = keys_of(store), store.folder
    raw = b"".join(path.read_bytes() for path in files(folder))
    assert all(traces_in(raw, item, EMBEDDER) == [] for item in kept)
    assert not any(place.encode() in raw for place in PLACES)
    store.close()  # from the WAL into the files
    for item in [*kept, joined]:
        assert traces(folder, item, EMBEDDER, keys) == parts[item.id]
        assert traces(folder, item, EMBEDDER) == []


def test_a_text_across_pages_is_seen_whole(new_store: New, scope: Make) -> None:
    store = new_store(None)
    item = put(store, scope, text=words(2000))
    seen = set(traces(store, item))
    assert len(seen) > 4000 - 50  # of a word that stands across the end of a page, one half
    halves = [(word[:12], word[12:]) for word in item.text.split()]
    assert all(first in seen or second in seen for first, second in halves)
    erase(store, scope, item)
    assert traces(store, item) == []


# Erasing, at any time


@settings(max_examples=cases(40, 3000), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_forgotten_leaves_no_bytes(
    data: st.DataObject, scope: Make, clock: Callable, fast_folder: Path
) -> None:
    """After every `forget`, while the store is open: nothing in any file, nor of its vector."""
    CHANCE.seed(0)
    store = Store(fast_folder / uuid4().hex, EMBEDDER, clock)
    store.open()
    live: list[Item] = []
    for size in data.draw(st.lists(st.integers(1, 60), min_size=1, max_size=10)):
        place = data.draw(st.sampled_from(PLACES))
        sources = data.draw(st.sets(st.sampled_from(range(len(live))), max_size=2)) if live else ()
        text, derived_from = words(size), [live[each] for each in sources]
        live.append(put(store, scope, place, text, derived_from=derived_from))
    for _ in range(data.draw(st.integers(1, len(live)))):
        if not live:
            break
        chosen = live[data.draw(st.integers(0, len(live) - 1))]
        erase(store, scope, chosen)
        gone = below(chosen, live)
        live = [item for item in live if item not in gone]
        stored = plain(store)
        assert [traces_in(stored, item, EMBEDDER) for item in gone] == [[]] * len(gone)
    assert all(traces_in(stored, item, EMBEDDER) for item in live)
    read = scope(Purpose.ANSWER, PLACES)
    assert {i.id for i in store.items(read, limit=99)} == {i.id for i in live}
    for kept in live:
        assert kept.id in {r.item.id for r in store.recall(read, kept.text.split()[0], limit=99)}
    store.close()
    shutil.rmtree(store.folder)


def below(item: Item, items: list[Item]) -> list[Item]:
    """An item and what hangs on it."""
    gone = [item]
    for each in items:  # sources come before what is derived from them
        if {parent.id for parent in gone} & set(each.about.parents):
            gone.append(each)
    return gone


@pytest.mark.parametrize("seed", range(cases(1, 40)))
def test_copies_that_sqlite_made_between_pages_are_gone_too(
    scope: Make, clock: Callable, fast_folder: Path, seed: int
) -> None:
    """A history after which `secure_delete` alone leaves some of a text that was forgotten."""
    chance = random.Random(seed + 11)
    store = Store(fast_folder, None, clock, new_id=lambda: f"{chance.getrandbits(128):032x}")
    store.open()
    live: list[Item] = []
    gone: list[Item] = []
    for _ in range(150):
        if live and chance.random() < 0.4:
            gone.append(live.pop(chance.randrange(len(live))))
            store.forget(scope(Purpose.FORGET), gone[-1].id)
        else:
            size = chance.choice([1, 5, 20, 60])
            text = words(size, chance)
            live.append(store.remember(scope(Purpose.REMEMBER), text, said_by=SAID))
    stored = plain(store)
    assert [traces_in(stored, item) for item in gone] == [[]] * len(gone)
    assert all(traces_in(stored, item) for item in live)
    store.close()


def test_what_can_be_undone_is_kept_until_then_and_no_longer(
    new_store: New, scope: Make, clock: Any
) -> None:
    store = new_store()
    kept, gone = put(store, scope), put(store, scope)
    erase(store, scope, gone, undo_s=60)
    assert found(store, gone)
    clock.move(59)
    assert store.reap() == 0
    assert found(store, gone)
    clock.move(1)
    assert store.reap() == 1
    assert found(store, gone) == []
    assert found(store, kept)


@pytest.mark.parametrize("place", PLACES)
def test_what_has_expired_is_gone_after_the_next_reap(
    new_store: New, scope: Make, clock: Any, place: str
) -> None:
    store = new_store()
    gone = put(store, scope, place, until=clock() + timedelta(seconds=100))
    derived = put(store, scope, OWNER, derived_from=[gone])
    kept = put(store, scope, HOUSE)
    clock.move(100)
    assert store.items(scope(Purpose.ANSWER, PLACES), limit=9) == [kept]
    store.reap()
    assert (found(store, gone), found(store, derived)) == ([], [])
    assert found(store, kept)


@pytest.mark.parametrize(("place", "days"), [(EPISODES, 90), (DAY, 2)])
def test_what_is_kept_for_a_time_is_gone_after_it(
    new_store: New, scope: Make, clock: Any, place: str, days: int
) -> None:
    store = new_store()
    gone, kept = put(store, scope, place), put(store, scope, OWNER)
    clock.move(days * DAY_S - 1)
    store.reap()
    assert found(store, gone)
    clock.move(1)
    store.reap()
    assert found(store, gone) == []
    assert found(store, kept)


@pytest.mark.parametrize("pinned", [True, False])
def test_what_was_overheard_goes_even_if_it_is_pinned(
    new_store: New, scope: Make, clock: Any, pinned: bool
) -> None:
    store = new_store()
    own = put(store, scope, OWNER)
    both = put(store, scope, DAY, derived_from=[own])
    store.pin(scope(Purpose.REVIEW, PLACES), both.id, pinned=pinned)
    clock.move(2 * DAY_S)
    store.reap()
    assert found(store, both) == []
    assert found(store, own)


def test_what_is_derived_goes_with_its_source_wherever_it_lies(new_store: New, scope: Make) -> None:
    store = new_store()
    source = put(store, scope, HOUSE)
    first = put(store, scope, OWNER, derived_from=[source])
    second = put(store, scope, PRIVATE, derived_from=[first])
    kept = put(store, scope, PRIVATE)
    store.forget(scope(Purpose.FORGET, [HOUSE]), source.id)
    assert [found(store, item) for item in (source, first, second)] == [[], [], []]
    assert found(store, kept)


def test_what_is_derived_and_locked_goes_when_it_is_unlocked(new_store: New, scope: Make) -> None:
    store = new_store()
    source = put(store, scope, OWNER)
    derived = put(store, scope, PRIVATE, derived_from=[source])
    further = put(store, scope, PRIVATE, derived_from=[derived])
    kept = put(store, scope, PRIVATE)
    keys = keys_of(store)
    store.keyring._argon2 = TINY
    store.keyring.set_pin(PIN)
    store.lock()
    erase(store, scope, source)
    assert traces(store, source, EMBEDDER, keys) == []
    store.unlock(PIN)
    assert [found(store, item) for item in (derived, further)] == [[], []]
    assert found(store, kept)
    assert store.keyring.owed() == frozenset()


def test_a_day_that_is_over_is_gone_with_its_key(new_store: New, scope: Make, clock: Any) -> None:
    store = new_store()
    gone, kept = put(store, scope, DAY), put(store, scope, OWNER)
    derived = put(store, scope, OWNER, derived_from=[gone])
    keys = keys_of(store)
    clock.move(3 * DAY_S)
    store.reap()
    lost = keys.keys() - keys_of(store).keys()
    assert len(lost) == 1
    assert not any(each in path.name for path in files(store.folder) for each in lost)
    assert [traces(store, item, EMBEDDER, keys) for item in (gone, derived)] == [[], []]
    assert found(store, kept)
    header = (store.folder / "keyring.json").read_text()
    assert not any(each in header for each in lost)


def test_what_is_moved_leaves_nothing_where_it_was(new_store: New, scope: Make) -> None:
    store = new_store()
    item = put(store, scope, PRIVATE)
    source = keys_in(store, PRIVATE)
    store.move(scope(Purpose.REVIEW, PLACES, present=True), item.id, Compartment.parse(OWNER))
    assert traces(store.folder, item, EMBEDDER, source) == []
    assert traces(store.folder, item, EMBEDDER, keys_in(store, OWNER))


def keys_in(store: Store, place: str) -> dict[str, bytes]:
    where = frozenset({Compartment.parse(place)})
    key = store.keyring.get(place_name(where), tier_of(where))
    assert key is not None
    return {key.file_id: key.key}


def test_after_a_panic_the_keys_of_before_open_nothing(new_store: New, scope: Make) -> None:
    store = new_store()
    items = [put(store, scope, place) for place in PLACES]
    keys = keys_of(store)
    store.panic()
    assert [traces(store.folder, item, EMBEDDER, keys) for item in items] == [[]] * len(items)
    assert not any(path.suffix in (".db", ".key", ".json") for path in files(store.folder))


def test_what_is_said_in_turn_leaves_its_words_with_no_neighbour(
    new_store: New, scope: Make
) -> None:
    """Turns of a conversation are indexed with what was said before and after them."""
    store = new_store()
    turns = [put(store, scope, EPISODES) for _ in range(5)]
    erase(store, scope, turns[2])
    assert found(store, turns[2]) == []
    assert all(found(store, turn) for turn in turns if turn is not turns[2])
    word = turns[2].text.split()[0]
    assert store.recall(scope(Purpose.ANSWER, PLACES), word) == []


def test_what_is_undone_is_all_there_again(new_store: New, scope: Make) -> None:
    store = new_store()
    source = put(store, scope, HOUSE)
    derived = put(store, scope, PRIVATE, derived_from=[source])
    before = found(store, source), found(store, derived)
    erase(store, scope, source, undo_s=60)
    assert store.items(scope(Purpose.ANSWER, PLACES), limit=9) == []
    assert store.undo(scope(Purpose.FORGET, [HOUSE])) == 1
    assert (found(store, source), found(store, derived)) == before
    listed = store.items(scope(Purpose.ANSWER, PLACES), limit=9)
    assert sorted(item.id for item in listed) == sorted([source.id, derived.id])


# Others who have the file open


def test_a_store_that_is_open_beside_it_holds_nothing_back(new_store: New, scope: Make) -> None:
    store, other = new_store(), new_store()
    item, kept = put(store, scope), put(store, scope)
    assert other.item(scope(Purpose.ANSWER), item.id) == item
    erase(store, scope, item)
    assert found(store, item) == []
    with pytest.raises(ItemNotFound):
        other.item(scope(Purpose.ANSWER), item.id)
    other.close()
    assert found(store, item) == []
    assert found(store, kept)


@pytest.fixture
def reader(
    new_store: New, scope: Make, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Store, Item, Item, Any]]:
    """A store with two items, and a connection that is in the middle of reading them."""
    monkeypatch.setattr(sqlite_file, "BUSY_S", 0.05)
    store = new_store()
    item, kept = put(store, scope), put(store, scope)
    ((file_id, key),) = keys_of(store).items()
    connection = sqlite_file.open_file(store.files.path(file_id), key, OWNER, create=False)
    assert connection is not None
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM item").fetchone()
    yield store, item, kept, connection
    with suppress(Exception):
        connection.close()


def test_bytes_that_another_reader_holds_are_said_and_erased_later(
    reader: tuple[Store, Item, Item, Any], scope: Make
) -> None:
    store, item, kept, connection = reader
    with pytest.raises(StoreUnusable, match="It is forgotten, but its bytes stay"):
        erase(store, scope, item)
    assert item not in store.items(scope(Purpose.ANSWER), limit=9)  # even so
    connection.close()
    store.reap()
    assert found(store, item) == []
    assert found(store, kept)


def test_bytes_that_another_reader_held_are_erased_when_it_is_closed(
    reader: tuple[Store, Item, Item, Any], scope: Make
) -> None:
    store, item, kept, connection = reader
    keys = keys_of(store)
    with pytest.raises(StoreUnusable):
        erase(store, scope, item)
    connection.close()
    store.close()
    assert traces(store.folder, item, EMBEDDER, keys) == []
    assert traces(store.folder, kept, EMBEDDER, keys)


def test_a_reader_of_another_place_is_no_hindrance(
    reader: tuple[Store, Item, Item, Any], scope: Make
) -> None:
    store, _, kept, _ = reader
    item = put(store, scope, HOUSE)
    store.forget(scope(Purpose.FORGET, [HOUSE]), item.id)
    assert found(store, item) == []
    assert found(store, kept)


# Killed in the middle


@pytest.fixture(scope="module")
def nurse() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


@pytest.mark.parametrize("undo_s", [0.0, 60.0])
def test_kill_9_while_forgetting_leaves_whole_items_or_no_bytes(
    nurse: Nursery, fast_folder: Path, undo_s: float
) -> None:
    chance = random.Random(int(undo_s))
    folder, kills, number = fast_folder / "vault", 0, 0
    pace_s = nurse.pace_s(fast_folder / "pace")
    while kills < cases(15, 300):
        told = dict(
            said.split() for said in nurse.live("write", folder, start=number, most=12).said
        )
        number += 1000
        later_s = undo_s + 1
        forgotten = set(
            nurse.live(
                "forget", folder, undo_s=undo_s, kill_after_s=pace_s * chance.uniform(0, 2.5)
            ).said
        )
        reaped = nurse.live(
            "reap", folder, later_s=later_s, times=3, kill_after_s=pace_s * chance.uniform(0, 1.2)
        )
        kills += 2 - reaped.ended
        store = killable_store(folder, later_s=later_s)
        store.open()
        store.reap()
        left = {item.id for item in items_of(store)}
        assert not left & forgotten
        stored = plain(store)
        seen = {item_id for item_id, word in told.items() if word.encode() in stored}
        assert seen == left & told.keys()
        store.close()
        shutil.rmtree(folder)
    assert kills


def items_of(store: Store) -> list[Item]:
    return store.items(mint(store, Purpose.ANSWER), limit=10_000)
