"""No sequence of recall, derivation, tool call and write-back lowers a label.

Whatever is made from something ends in a place that only a scope for all of its sources opens, is
trusted no more than the least of them, is erased with each of them, and reaches no way out that the
policy has not cleared for every one of them.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.model import Role
from agents.prompt import SYSTEM, build_prompt
from context import (
    Audience,
    Authentication,
    Compartment,
    HashingEmbedder,
    Item,
    Principal,
    Provenance,
    Purpose,
    Request,
    Scope,
    ScopeDenied,
    Sensitivity,
    Sink,
    Store,
    Trust,
    decide,
    join,
)
from tests.tiers import cases

POOL = [
    "owner/general",
    "household/general",
    "person:anna/general",
    "owner/health/restricted",
    "ambient/2026-11-23",
]
TEXTS = ["the kettle is new", "the lamp is old", "the shed leaks", "my blood pressure is high"]
SAYERS = list(Provenance)

Make = Callable[..., Scope]
Step = tuple[str, int, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["say", "derive", "tool", "forget"]),
        st.integers(0, 30),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    min_size=1,
    max_size=14,
)
requests = st.builds(
    Request,
    st.sampled_from(Principal),
    st.sampled_from([0.4, 0.6, 1.0]),
    st.just(Purpose.ANSWER),
    st.sampled_from(Audience),
    st.sampled_from(Sink),
    st.sampled_from(Authentication),
)


class Flow:
    """A vault in which things are made of things, and what each came from, known apart from it."""

    def __init__(self, folder: Path, scope: Make, clock: Callable) -> None:
        self.scope = scope
        self.store = Store(folder, HashingEmbedder(32), clock)
        self.store.open()
        self.items: list[Item] = []
        self.came_from: dict[str, set[str]] = {}

    def do(self, step: Step) -> None:
        kind, one, two, three = step
        everywhere = [*POOL, *(f"{place}/restricted" for place in POOL[:3])]
        writing = self.scope(Purpose.REMEMBER, everywhere, present=True)
        place = Compartment.parse(POOL[one % len(POOL)])
        text = f"{TEXTS[two % len(TEXTS)]} {uuid4().hex[:4]}"
        if kind == "say":
            said_by = SAYERS[three % len(SAYERS)]
            with suppress(ScopeDenied):  # others' words as the owner's
                self.keep(
                    self.store.remember(writing, text, compartment=place, said_by=said_by), ()
                )
        elif kind == "forget" and self.items:
            gone = self.items[one % len(self.items)].id
            self.store.forget(self.scope(Purpose.FORGET, everywhere, present=True), gone)
            gone_too = {each for each, sources in self.came_from.items() if gone in sources}
            self.items = [each for each in self.items if each.id not in gone_too | {gone}]
        elif kind in ("derive", "tool") and self.items:
            sources = [self.items[at % len(self.items)] for at in (two, three)]
            said_by = Provenance.TOOL_RESULT if kind == "tool" else Provenance.OWNER_TYPED
            made = self.store.remember(
                writing, text, compartment=place, said_by=said_by, derived_from=sources
            )
            least = join(*(each.label for each in sources))
            assert made.label.compartments >= least.compartments
            assert made.label.trust <= min(least.trust, said_by.trust)
            self.keep(made, sources)

    def keep(self, item: Item, sources: tuple[Item, ...] | list[Item]) -> None:
        self.items.append(item)
        above = {each.id for each in sources}
        self.came_from[item.id] = above.union(*(self.came_from[each] for each in above))


@settings(max_examples=cases(60, 3000), deadline=None, suppress_health_check=list(HealthCheck))
@given(history=steps, request=requests)
def test_nothing_made_of_something_is_more_open_than_that(
    fast_folder: Path, scope: Make, clock: Callable, history: list[Step], request: Request
) -> None:
    folder = fast_folder / uuid4().hex
    flow = Flow(folder, scope, clock)
    try:
        for step in history:
            flow.do(step)
        known = frozenset().union(*(each.label.compartments for each in flow.items))
        opened = decide(request, known).compartments
        everything = {each.id: each for each in flow.items}
        for item in flow.items:
            for source in flow.came_from[item.id]:
                label = everything[source].label
                assert item.label.compartments >= label.compartments
                assert item.label.trust <= label.trust
            if any(each.sensitivity is Sensitivity.RESTRICTED for each in item.label.compartments):
                assert request.authentication.is_present or item.label.compartments - opened
            if request.sink in (Sink.LOG, Sink.NETWORK, Sink.FILE):
                assert opened == frozenset()
        if opened:
            see(flow, request, opened)
    finally:
        flow.store.close()
        shutil.rmtree(folder)


def see(flow: Flow, request: Request, opened: frozenset[Compartment]) -> None:
    """What a request sees of it all, in recall and in a prompt."""
    reading = flow.store.mint(request, opened)
    assert reading.compartments >= opened
    shown = flow.store.items(reading, limit=1000)
    readable = {each.id for each in flow.items if each.label.compartments <= reading.compartments}
    assert {each.id for each in shown} == readable
    prompt = build_prompt(
        SYSTEM,
        [],
        flow.items,
        "what is new",
        scope=reading,
        now_s=reading.minted_at_s,
        count=len,
        budget_tokens=100_000,
    )
    assert prompt.label.compartments <= reading.compartments
    asked = [message.content for message in prompt.messages if message.role is Role.USER][-1]
    for item in flow.items:
        may = item.id in readable and item.label.trust is Trust.OWNER
        assert (item.text.split()[-1] in asked) == may


@pytest.mark.parametrize("place", POOL)
def test_what_sounds_private_goes_where_a_voice_hears_nothing(
    new_store: Callable[..., Store], scope: Make, place: str
) -> None:
    store = new_store()
    twin = place if place.endswith("restricted") else f"{place}/restricted"
    compartment = Compartment.parse(place)
    item = store.remember(
        scope(Purpose.REMEMBER, {place, twin}),
        "my PIN is 4711",
        compartment=compartment,
        said_by=Provenance.OWNER_SPOKE,
    )
    assert [str(each) for each in item.label.compartments] == [twin]
    request = Request(Principal.OWNER, 1.0, Purpose.ANSWER, Audience.ALONE, Sink.SPEAKER)
    assert store.recall(store.mint(request), "what is my PIN") == []
