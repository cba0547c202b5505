"""Near-duplicates of every query lie outside the scope; none of them ever comes through."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from context import (
    Compartment,
    HashingEmbedder,
    Item,
    Label,
    Provenance,
    Purpose,
    Scope,
    Store,
    Trust,
    records,
)
from tests.tiers import cases

CANARIES, QUERIES = cases(600, 10_000), cases(300, 10_000)
INSIDE = "household/general"
OUTSIDE = ("owner/general", "owner/secret/restricted", "person:anna/general", "owner/episodic")
MARK = "canary"
_TEXT = """
    key door garden bicycle lamp kettle window train ticket dentist umbrella letter parcel school
    kitchen cellar ladder paint brush hammer coat scarf bakery market river bridge tower museum
    concert violin piano teacher doctor plumber neighbour cousin sister brother uncle monday friday
"""
WORDS = _TEXT.split()

Make = Callable[..., Scope]


def sentences(chance: random.Random) -> Iterator[str]:
    while True:
        yield " ".join(chance.choices(WORDS, k=chance.randrange(4, 9)))


def put(store: Store, place: str, texts: list[str]) -> None:
    """Write items quickly, with their vectors."""
    compartment = frozenset({Compartment.parse(place)})
    label = Label(compartment, Trust.OWNER)
    chance = random.Random(place)
    items = [
        Item(f"{chance.getrandbits(128):032x}", text, label, store.now(), Provenance.OWNER_SPOKE)
        for text in texts
    ]
    with store.files.file(compartment, create=True) as file:
        assert file is not None
        records.put_exactly(file, items, store.now())
    while store.reembed(500):
        pass


@pytest.fixture
def asked(fast_folder: Path) -> list[str]:
    source = sentences(random.Random(1))
    return [f"{next(source)} {number}" for number in range(QUERIES)]


def near_duplicates(asked: list[str]) -> list[str]:
    """The queries' own words, in another order, and a mark that nothing inside has."""
    chance = random.Random(2)
    made: list[str] = []
    for number in range(CANARIES):
        words = asked[number % len(asked)].split()
        chance.shuffle(words)
        made.append(f"{' '.join(words)} {MARK}{number}")
    return made


def test_no_canary_comes_through(
    fast_folder: Path, scope: Make, clock: Callable, asked: list[str]
) -> None:
    store = Store(fast_folder / "vault", HashingEmbedder(64), clock)
    store.open()
    source = sentences(random.Random(3))
    put(store, INSIDE, [f"{next(source)} inside" for _ in range(200)])
    canaries = near_duplicates(asked)
    for number, place in enumerate(OUTSIDE):
        put(store, place, canaries[number :: len(OUTSIDE)])
    found = 0
    for number, query in enumerate(asked):
        for purpose in (Purpose.ANSWER, Purpose.FORGET)[: 1 + (number % 10 == 0)]:
            recalled = store.recall(scope(purpose, [INSIDE]), f"{query} {MARK}{number}", limit=10)
            assert [each.item.text for each in recalled if MARK in each.item.text] == []
            assert all(str(*each.item.label.compartments) == INSIDE for each in recalled)
            found += len(recalled)
    assert found > len(asked)  # there is something to find
    assert len(store.items(scope(Purpose.ANSWER, [INSIDE]), limit=100_000)) == 200
    # The canaries are there, and would be found: the check can fail.
    seen = store.recall(scope(Purpose.ANSWER, OUTSIDE), asked[0], limit=10)
    assert any(MARK in each.item.text for each in seen)
    store.close()
