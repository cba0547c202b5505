"""What one compartment holds never shows in another, and what is forgotten is gone."""

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from context import HashingEmbedder, Item, ItemNotFound, Provenance, Purpose, Scope, Store
from context.retrieve import quantise

PLACES = ["owner/general", "household/general", "owner/health/restricted", "person:anna/general"]
TEXTS = [
    "the spare key is under the blue flower pot",
    "the key of the bicycle is blue",
    "Anna has a key",
    "the bicycle is in the garden under the tree",
    "flower seeds are in the garden shed",
    "the pot of tea is for Anna",
]
QUERIES = ["where is the spare key", "blue flower pot", "garden", "who is Anna", "what"]


SAID = Provenance.OWNER_SPOKE
Step = tuple[str, str | None]  # a text is said in a place, or the place's oldest is forgotten


def steps(places: list[str]) -> st.SearchStrategy[Step]:
    return st.tuples(st.sampled_from(places), st.none() | st.sampled_from(TEXTS))


class World:
    """A store whose ids and times, in scope, depend on what happened in scope only."""

    def __init__(self, folder: Path, scope: Callable[..., Scope], inside: frozenset[str]) -> None:
        self.scope, self.inside = scope, inside
        self.moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.numbers = count()
        self.seen_by_scope = True
        self.store = Store(folder, HashingEmbedder(32), lambda: self.moment, new_id=self.new_id)

    def new_id(self) -> str:
        return f"{next(self.numbers):032x}" if self.seen_by_scope else uuid4().hex

    def live(self, history: list[Step]) -> None:
        ids: dict[str, list[str]] = {place: [] for place in PLACES}
        for place, text in history:
            self.seen_by_scope = place in self.inside
            self.moment += timedelta(milliseconds=self.seen_by_scope)
            if text is not None:
                write = self.scope(Purpose.REMEMBER, [place])
                ids[place].append(self.store.remember(write, text, said_by=SAID).id)
            elif ids[place]:
                with suppress(ItemNotFound):  # said twice, forgotten twice
                    self.store.forget(self.scope(Purpose.FORGET, [place]), ids[place].pop(0))

    def look(self) -> list[object]:
        """Everything that the scope can see."""
        read = self.scope(Purpose.ANSWER, self.inside)
        seen: list[object] = [
            self.store.recall(read, query, limit=limit) for query in QUERIES for limit in (1, 3, 50)
        ]
        first = self.store.items(read, limit=3)
        seen += [first, self.store.items(read, limit=50, before=first[-1] if first else None)]
        with pytest.raises(ItemNotFound) as missing:
            self.store.forget(self.scope(Purpose.FORGET, self.inside), uuid4().hex)
        self.seen_by_scope = True
        write = self.scope(Purpose.REMEMBER, self.inside)
        return [*seen, str(missing.value), self.store.remember(write, TEXTS[0], said_by=SAID)]


def observe(
    folder: Path, scope: Callable[..., Scope], inside: frozenset[str], history: list[Step]
) -> list[object]:
    world = World(folder / uuid4().hex, scope, inside)
    world.store.open()
    try:
        world.live(history)
        return world.look()
    finally:
        world.store.close()


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), inside=st.frozensets(st.sampled_from(PLACES), min_size=1, max_size=3))
def test_noninterference(
    fast_folder: Path, scope: Callable[..., Scope], data: st.DataObject, inside: frozenset[str]
) -> None:
    """Two stores that agree on a scope show it the same items, order, scores and errors."""
    ours = data.draw(st.lists(steps(sorted(inside)), max_size=12))
    others = st.lists(steps([place for place in PLACES if place not in inside]), max_size=8)
    views: list[list[object]] = []
    for other in data.draw(st.tuples(others, others)):
        history = list(ours)
        for step in other:  # anything else happens, at any moment between
            history.insert(data.draw(st.integers(0, len(history))), step)
        views.append(observe(fast_folder, scope, inside, history))
    assert views[0] == views[1]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_forgotten_leaves_no_bytes(
    data: st.DataObject, scope: Callable[..., Scope], clock: Callable, fast_folder: Path
) -> None:
    """After every `forget`, while the store is open: nothing in any file, nor of its vector."""
    folder = fast_folder / uuid4().hex
    embedder = HashingEmbedder(64)
    store = Store(folder, embedder, clock)
    store.open()
    live: list[Item] = []
    for size in data.draw(st.lists(st.integers(1, 300), min_size=1, max_size=12)):
        text = " ".join(uuid4().hex[:24] for _ in range(size))
        live.append(store.remember(scope(Purpose.REMEMBER), text, said_by=Provenance.OWNER_SPOKE))
    for _ in range(data.draw(st.integers(1, len(live)))):
        gone = live.pop(data.draw(st.integers(0, len(live) - 1)))
        store.forget(scope(Purpose.FORGET), gone.id)
        assert traces(folder, gone, embedder) == []
    assert {i.id for i in store.items(scope(Purpose.ANSWER), limit=99)} == {i.id for i in live}
    for kept in live:
        assert traces(folder, kept, embedder) != []
        best = store.recall(scope(Purpose.ANSWER), kept.text.split()[0])
        assert best[0].item.id == kept.id
    store.close()
    shutil.rmtree(folder)


def test_copies_that_sqlite_made_between_pages_are_gone_too(
    scope: Callable[..., Scope], clock: Callable, fast_folder: Path
) -> None:
    """A history after which `secure_delete` alone leaves a forgotten text in SQLite 3.40."""
    chance = random.Random(11)
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
            text = " ".join(f"{chance.getrandbits(64):016x}" for _ in range(size))
            live.append(store.remember(scope(Purpose.REMEMBER), text, said_by=SAID))
    assert [traces(fast_folder, item, HashingEmbedder()) for item in gone] == [[]] * len(gone)
    assert all(traces(fast_folder, item, HashingEmbedder()) for item in live)
    store.close()


def traces(folder: Path, item: Item, embedder: HashingEmbedder) -> list[str]:
    """Which parts of an item are in the folder's files; words also by their second half."""
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    parts = {word: word.encode() for word in item.text.split()}
    halves = [word[len(word) // 2 :] for word in item.text.split()]
    parts |= {half: half.encode() for half in halves if len(half) >= 12}  # shorter recur by chance
    parts |= {"id": item.id.encode()}
    vector = quantise(embedder.embed([item.text])[0])
    if np.count_nonzero(np.frombuffer(vector, np.int8)) > 8:
        parts |= {"vector": vector}
    return [name for name, part in parts.items() if part in stored]
