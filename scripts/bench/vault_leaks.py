"""Whether anything outside a scope shows inside it: canaries, pairs of vaults, order changes."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from context import Compartment, HashingEmbedder, Provenance, Purpose, Store
from scripts.bench.vault import fill, scope_for, sentences, vault

INSIDE = Compartment("household", "general")
OUTSIDE = tuple(
    Compartment.parse(each)
    for each in ("owner/secret/restricted", "person:anna/general", "owner/diary/restricted")
)
MARK = "canary"


def leaks(canaries: int, queries: int, conversations: Path | None) -> dict[str, int]:
    """Ask within a scope what is asked almost word for word outside it; count what comes through.

    Every query is followed by near-duplicates of itself in compartments that the scope does not
    open: the same words in another order, with a mark that no item inside has.
    """
    chance = random.Random(3)
    asked = [query for query, _ in zip(sentences(conversations, 31), range(queries), strict=False)]

    def near_duplicates() -> Any:
        for number in count():
            words = asked[number % len(asked)].split()
            chance.shuffle(words)
            yield f"{' '.join(words)} {MARK}{number}"

    with vault(HashingEmbedder(64)) as store:
        fill(store, INSIDE, sentences(conversations, 32), 1_000)
        texts = near_duplicates()
        for place in OUTSIDE:
            fill(store, place, texts, -(-canaries // len(OUTSIDE)))
        found = empty = 0
        for number, query in enumerate(asked):
            scope = scope_for(store, Purpose.ANSWER).without({Compartment("owner", "general")})
            scope = scope.without(scope.compartments - {INSIDE})
            items = store.recall(scope, f"{query} {MARK}{number}", limit=10)
            found += sum(MARK in each.item.text for each in items)
            empty += not items
    return {"canaries": canaries, "queries": queries, "leaks": found, "without_result": empty}


def differences(pairs: int, conversations: Path | None) -> dict[str, int]:
    """Pairs of vaults that agree inside a scope and on nothing else: how many views differ."""
    chance = random.Random(4)
    texts = [text for text, _ in zip(sentences(conversations, 41), range(60), strict=False)]
    violations = 0
    for _ in range(pairs):
        ours = [chance.choice(texts) for _ in range(chance.randrange(1, 12))]
        queries = [chance.choice(texts) for _ in range(4)]
        views = [_view(ours, queries, texts, random.Random(chance.random())) for _ in range(2)]
        violations += views[0] != views[1]
    return {"pairs": pairs, "violations": violations}


def _view(
    ours: list[str], queries: list[str], texts: list[str], chance: random.Random
) -> list[object]:
    moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
    numbers = count()
    inside = True

    def new_id() -> str:
        return f"{next(numbers):032x}" if inside else uuid4().hex

    with vault(HashingEmbedder(32)) as made:
        store = Store(made.folder, HashingEmbedder(32), lambda: moment, new_id=new_id)
        store.open()
        for text in ours:
            inside = False
            for _ in range(chance.randrange(4)):
                place = chance.choice(OUTSIDE)
                scope = scope_for(store, Purpose.REMEMBER, [place])
                store.remember(
                    scope, chance.choice(texts), compartment=place, said_by=Provenance.OWNER_SPOKE
                )
            inside = True
            scope = scope_for(store, Purpose.REMEMBER)
            store.remember(scope, text, compartment=INSIDE, said_by=Provenance.OWNER_SPOKE)
        reading = scope_for(store, Purpose.ANSWER)
        reading = reading.without(reading.compartments - {INSIDE})
        seen: list[object] = [store.recall(reading, query, limit=5) for query in queries]
        seen.append(store.items(reading, limit=50))
        store.close()
    return seen


def say_nothing(_: str) -> None:
    """Report no progress."""


Say = Callable[[str], None]
