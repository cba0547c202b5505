"""Near-duplicates of every query lie outside the scope, and none of them ever comes through.

Each canary is the best answer there could be to one query, but for a word that is nowhere else. It
lies in a compartment, a restricted one, a person's, a day's, or what is derived from one of them.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from agents.prompt import SYSTEM, Exchange, build_prompt
from agents.relevance import told
from context import (
    Audience,
    Authentication,
    Compartment,
    Grant,
    HashingEmbedder,
    Item,
    ItemNotFound,
    Lasts,
    Principal,
    Provenance,
    Purpose,
    Request,
    Scope,
    Sink,
    Store,
)
from tests.tiers import cases

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
COUNT = cases(600, 10_000)
OWN = Compartment.parse("household/general")
OUTSIDE = [
    Compartment.parse(text)
    for text in (
        "owner/general",
        "owner/general/restricted",
        "household/general/restricted",
        "person:anna/general",
        "owner/episodic",
        "ambient/2026-11-23",
    )
]
THINGS = ["key", "lamp", "ladder", "bicycle", "kettle", "tent", "drill", "piano", "rope", "kite"]
WHERE = ["cellar", "attic", "garden", "kitchen", "garage", "hall", "shed", "balcony", "porch"]
COLOURS = ["red", "blue", "green", "black", "white", "yellow"]
SAID = Provenance.OWNER_SPOKE


class Vault:
    """A store of what may come through, and, if wished, of canaries beside it."""

    def __init__(self, folder: Path) -> None:
        self.next_id = ""
        self.store = Store(folder, HashingEmbedder(), lambda: NOW, new_id=lambda: self.next_id)
        self.store.open()
        self.inside: set[str] = set()
        self.canaries: dict[str, str] = {}  # the word by which each would be known

    def fill(self, *, canaries: bool) -> None:
        chance, write = random.Random(0), all_scope(self.store, Purpose.REMEMBER)
        last: Item | None = None
        for number in range(COUNT):
            if number % 4 == 0:  # about the same as a canary, and not as good
                self.next_id = f"{number:032x}"
                text = f"a {subject(number).split(' of ')[0]} was seen"
                item = self.store.remember(write, text, compartment=OWN, said_by=SAID)
                self.inside.add(item.id)
            if canaries:
                self.next_id = uuid4().hex
                word = "".join(chance.choices("bcdfghjkmnqvwz", k=16))
                derived = last is not None and number % 5 == 0
                item = self.store.remember(
                    write,
                    f"the {subject(number)} is in {word}",
                    compartment=OWN if derived else OUTSIDE[number % len(OUTSIDE)],
                    said_by=SAID,
                    derived_from=[last] if last is not None and derived else [],
                )
                last = last if derived else item
                self.canaries[item.id] = word


def subject(number: int) -> str:
    """What the query of that number is about; each is asked about once."""
    number, colour = divmod(number, len(COLOURS))
    number, where = divmod(number, len(WHERE))
    number, thing = divmod(number, len(THINGS))
    return f"{COLOURS[colour]} {THINGS[thing]} {number} of the {WHERE[where]}"


def query(number: int) -> str:
    return f"where is the {subject(number)}"


def request(purpose: Purpose, **other: object) -> Request:
    usual: dict[str, object] = {
        "principal": Principal.OWNER,
        "sure": 1.0,
        "purpose": purpose,
        "audience": Audience.COMPANY,
        "sink": Sink.SPEAKER,
    }
    return Request(**{**usual, **other})


def all_scope(store: Store, purpose: Purpose) -> Scope:
    sink = Sink.SCREEN
    shown = Authentication.ACCOUNT
    asked = request(purpose, audience=Audience.ALONE, sink=sink, authentication=shown)
    return store.mint(asked, OUTSIDE)


@pytest.fixture(scope="module")
def planted() -> Iterator[Vault]:
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
    vault = Vault(folder / "vault")
    vault.fill(canaries=True)
    yield vault
    vault.store.close()
    shutil.rmtree(folder)


def test_the_canaries_sing_to_who_may_hear_them(planted: Vault) -> None:
    """Else it would be no wonder that nobody hears one."""
    read = all_scope(planted.store, Purpose.REVIEW)
    best = [planted.store.recall(read, query(number), limit=1)[0].item for number in range(60)]
    assert sum(item.id in planted.canaries for item in best) >= 40
    heard = " ".join(item.text for item in best)
    assert any(word in heard for word in planted.canaries.values())


def test_no_canary_is_ever_heard_through_a_scope_that_does_not_open_it(planted: Vault) -> None:
    """As many queries as there are canaries, each with the best answer lying just outside."""
    store, words = planted.store, set(planted.canaries.values())
    read = store.mint(request(Purpose.ANSWER))
    assert read.compartments == {OWN}
    leaks, found_something = 0, 0
    for number in range(COUNT):
        found = store.recall(read, query(number), limit=5)
        found_something += bool(found)
        leaks += sum(each.item.id not in planted.inside for each in found)
        items = [each.item for each in found]
        prompt = build_prompt(
            SYSTEM,
            [Exchange(query(number), told(items), found[0].item.label)] if found else [],
            items,
            query(number),
            scope=read,
            now_s=NOW.timestamp(),
            count=len,
            budget_tokens=2000,
        )
        shown = f"{prompt.messages} {told(items)}"
        leaks += len(words & set(shown.replace("'", " ").replace(".", " ").split()))
    assert leaks == 0
    assert found_something >= COUNT // 4
    assert len(planted.canaries) == COUNT


def test_no_canary_changes_what_is_heard(planted: Vault, fast_folder: Path) -> None:
    """Nor the order, nor a score: a vault without any of them answers the same."""
    alone = Vault(fast_folder / "alone")
    alone.fill(canaries=False)
    read = planted.store.mint(request(Purpose.ANSWER))
    for number in range(0, COUNT, 3):
        for limit in (1, 5):
            answers = [
                vault.store.recall(read, query(number), limit=limit) for vault in (planted, alone)
            ]
            assert answers[0] == answers[1]
    alone.store.close()


WAYS: dict[str, Callable[[Store], Scope]] = {
    "a member asks": lambda store: store.mint(
        request(Purpose.ANSWER, principal=Principal.MEMBER, audience=Audience.ALONE)
    ),
    "probably the owner": lambda store: store.mint(
        request(Purpose.ANSWER, sure=0.6, audience=Audience.ALONE)
    ),
    "in company": lambda store: store.mint(request(Purpose.ANSWER)),
    "to forget": lambda store: store.mint(request(Purpose.FORGET)),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_canary_is_found_in_any_other_way(planted: Vault, way: str) -> None:
    store = planted.store
    review = all_scope(store, Purpose.REVIEW)
    grant = Grant(
        "", "owner/general", Principal.MEMBER, Purpose.FORGET, Sink.SCREEN, True, Lasts.SESSION
    )
    store.grants.give(review, grant)  # for somebody else, to do something else
    scope = WAYS[way](store)
    assert scope.compartments == {OWN}
    listed = store.items(scope, limit=COUNT)
    assert {item.id for item in listed} == planted.inside
    assert not set(planted.canaries.values()) & set(" ".join(i.text for i in listed).split())
    for number, canary in enumerate(list(planted.canaries)[:200]):
        with pytest.raises(ItemNotFound) as missing:
            store.item(scope, canary)
        assert planted.canaries[canary] not in str(missing.value)
        for item in store.contradicted(scope, listed[number % len(listed)]):
            assert item.id in planted.inside
