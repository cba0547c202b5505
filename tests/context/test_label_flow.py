"""Labels only grow: nothing that is told, derived, called for or written back gets further out.

Beside the vault runs a tally of what went into each item: all compartments and the least trust of
everything it was made from. Whatever any request is shown must be open to it by that tally.
"""

import itertools
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.prompt import SYSTEM, build_prompt
from agents.tools import ToolContext
from agents.tools.remember import RememberTool
from context import (
    Audience,
    Authentication,
    Compartment,
    HashingEmbedder,
    Item,
    LapelError,
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
)
from tests.context.vaults import PIN, TINY
from tests.tiers import cases

POOL = [
    Compartment.parse(text)
    for text in (
        "owner/general",
        "household/general",
        "person:anna/general",
        "ambient/2026-11-23",
        "owner/health/restricted",
    )
]
TWINS = [replace(each, sensitivity=Sensitivity.RESTRICTED) for each in POOL]
PRIVATELY = ["", "", "", " is my password", " is the diagnosis"]
ASKERS = list(itertools.product(Principal, [1.0, 0.6], Audience, [*Authentication][:3]))
SAID = Provenance.OWNER_SPOKE
READING = [Purpose.ANSWER, Purpose.FORGET, Purpose.REVIEW, Purpose.EXPORT]

Step = tuple[Any, ...]
number = st.integers(0, 40)
PRESENT = (Principal.OWNER, 1.0, Audience.ALONE, Authentication.PIN)
askers = st.sampled_from(ASKERS)
doers = st.just(PRESENT) | askers


@dataclass(frozen=True)
class Tally:
    """What went into an item."""

    compartments: frozenset[Compartment]
    trust: Trust


@dataclass(frozen=True)
class Shown:
    """What one request has been shown."""

    items: list[Item]
    prompt: frozenset[Compartment]


steps = st.one_of(
    st.tuples(
        st.just("say"),
        st.sampled_from(POOL),
        st.sampled_from(Provenance),
        st.sampled_from(PRIVATELY),
        doers,
    ),
    st.tuples(st.just("call"), st.sampled_from(Provenance), st.sampled_from(PRIVATELY), doers),
    st.tuples(
        st.just("derive"),
        st.sampled_from([*POOL, *TWINS]),
        st.sampled_from(Provenance),
        st.lists(number, min_size=1, max_size=3),
        st.sampled_from(PRIVATELY),
    ),
    st.tuples(st.just("answer and write back"), st.sampled_from(POOL), doers),
    st.tuples(st.just("say again"), number, st.sampled_from(Provenance)),
    st.tuples(st.just("export and bring back"), doers),
    st.tuples(st.just("move"), number, st.sampled_from([*POOL, *TWINS]), doers),
    st.tuples(st.just("forget"), number, st.sampled_from([0.0, 60.0])),
    st.tuples(st.just("keep"), number, st.booleans()),
    st.sampled_from([("undo",), ("supersede", 0), ("wait",), ("reap",), ("lock",), ("unlock",)]),
)


class World:
    """A vault, its tally, and everybody who may ask."""

    def __init__(self, folder: Path) -> None:
        self.moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.store = Store(folder, HashingEmbedder(32), lambda: self.moment)
        self.store.keyring._argon2 = TINY
        self.store.open()
        self.store.keyring.set_pin(PIN)
        self.tally: dict[str, Tally] = {}
        self.kept: list[Item] = []
        self.words = itertools.count()
        for place in POOL:
            said_by = Provenance.OVERHEARD if place.subject == "ambient" else SAID
            self.do(("say", place, said_by, "", PRESENT))

    def mint(self, purpose: Purpose, asker: tuple[Any, ...], sink: Sink | None = None) -> Scope:
        usual = {Purpose.REVIEW: Sink.SCREEN, Purpose.EXPORT: Sink.FILE}
        principal, sure, audience, authentication = asker
        return self.store.mint(
            Request(
                principal,
                sure,
                purpose,
                audience,
                sink or usual.get(purpose, Sink.SPEAKER),
                authentication,
            ),
            POOL,
        )

    def word(self) -> str:
        return f"thing{next(self.words)}"

    def note(self, item: Item, compartments: frozenset[Compartment], trust: Trust) -> None:
        """Count what was just stored; a text that was there already is what it was, or more."""
        earlier = self.tally.get(item.id)
        assert item.label.compartments >= compartments
        if earlier is None:
            assert item.label.trust <= trust
            self.tally[item.id] = Tally(item.label.compartments, item.label.trust)
            self.kept.append(item)
        else:
            assert item.label.compartments == earlier.compartments
            assert item.label.trust <= max(trust, earlier.trust)
            self.tally[item.id] = Tally(earlier.compartments, item.label.trust)

    def live(self, step: Step) -> None:
        with suppress(LapelError):
            self.do(step)

    def do(self, step: Step) -> None:
        store, present = self.store, PRESENT
        match step:
            case "say", place, said_by, private, asker:
                write = self.mint(Purpose.REMEMBER, asker)
                item = store.remember(
                    write, self.word() + private, compartment=place, said_by=said_by
                )
                self.note(item, frozenset({self.meant(place, private)}), said_by.trust)
            case "call", said_by, private, asker:
                before = {item.id for item in self.everything()}
                context = ToolContext(
                    store, lambda purpose: self.mint(purpose, asker), said_by=said_by
                )
                RememberTool().call({"fact": self.word() + private}, context)
                for item in self.everything():
                    if item.id not in before:
                        self.note(item, frozenset(), said_by.trust)
                        private = private and Sensitivity.RESTRICTED
                        (place,) = item.label.compartments
                        assert not private or place.sensitivity is private
            case "derive", place, said_by, chosen, private if self.kept:
                sources = [self.kept[each % len(self.kept)] for each in chosen]
                write = self.mint(Purpose.REMEMBER, present)
                item = store.remember(
                    write,
                    self.word() + private,
                    compartment=place,
                    said_by=said_by,
                    derived_from=sources,
                )
                self.note(item, *self.joined(sources, self.meant(place, private), said_by.trust))
            case "answer and write back", place, asker:
                shown = self.prompt(asker, "what thing is the diagnosis")
                write = self.mint(Purpose.REMEMBER, asker)
                item = store.remember(
                    write,
                    f"in short {self.word()}",
                    compartment=place,
                    said_by=Provenance.OWNER_SPOKE,
                    derived_from=shown.items,
                )
                self.note(item, *self.joined(shown.items, place, Trust.OWNER))
                if shown.items:
                    assert item.label.compartments >= shown.prompt
            case "say again", which, said_by if self.kept:
                said = self.kept[which % len(self.kept)]
                write = self.mint(Purpose.REMEMBER, present)
                places = min(said.label.compartments)
                item = store.remember(write, said.text, compartment=places, said_by=said_by)
                self.note(item, frozenset(), said_by.trust)
            case "export and bring back", asker:
                items = list(store.each(self.mint(Purpose.EXPORT, asker)))
                self.check(items, self.mint(Purpose.EXPORT, asker))
                for item in items:
                    store.forget(self.mint(Purpose.FORGET, present), item.id)
                for _ in store.restore_items(self.mint(Purpose.REMEMBER, present), items):
                    pass
            case "move", which, place, asker if self.kept:
                moved = self.kept[which % len(self.kept)]
                scope = self.mint(Purpose.REVIEW, asker)
                before = self.tally[moved.id]
                item = store.move(scope, moved.id, place)
                # The one way down, for an owner who is there, and who sees both places.
                assert scope.present
                assert before.compartments | {place} <= scope.compartments
                self.tally[moved.id] = Tally(frozenset({place}), item.label.trust)
                assert item.label.trust is before.trust
                self.kept = [item if each.id == item.id else each for each in self.kept]
            case _:
                self.tend(step, present)

    def tend(self, step: Step, present: tuple[Any, ...]) -> None:
        """What changes no label."""
        store = self.store
        match step:
            case "forget", which, undo_s if self.kept:
                forget = self.mint(Purpose.FORGET, present)
                store.forget(forget, self.kept[which % len(self.kept)].id, undo_s=undo_s)
            case "keep", which, pinned if self.kept:
                review = self.mint(Purpose.REVIEW, present)
                store.pin(review, self.kept[which % len(self.kept)].id, pinned=pinned)
            case "supersede", which if self.kept:
                store.supersede(self.mint(Purpose.FORGET, present), self.kept[which].id)
            case ("undo",):
                store.undo(self.mint(Purpose.FORGET, present))
            case ("wait",):
                self.moment += timedelta(seconds=40)
            case ("reap",):
                store.reap()
            case ("lock",):
                store.lock()
            case ("unlock",):
                store.unlock(PIN)

    def meant(self, place: Compartment, private: str) -> Compartment:
        """Where a text goes that says such a thing."""
        return replace(place, sensitivity=Sensitivity.RESTRICTED) if private else place

    def joined(
        self, sources: list[Item], place: Compartment, trust: Trust
    ) -> tuple[frozenset[Compartment], Trust]:
        tallies = [self.tally[each.id] for each in sources]
        return (
            frozenset({place}).union(*[each.compartments for each in tallies]),
            min([trust, *[each.trust for each in tallies]]),
        )

    def everything(self) -> list[Item]:
        shown = (Principal.OWNER, 1.0, Audience.ALONE, Authentication.ACCOUNT)
        return self.store.items(self.mint(Purpose.REVIEW, shown), limit=1000)

    def prompt(self, asker: tuple[Any, ...], question: str) -> Shown:
        """What a model is shown for a question; whatever else lies about is offered too."""
        scope = self.mint(Purpose.ANSWER, asker)
        found = [each.item for each in self.store.recall(scope, question, limit=5)]
        self.check(found, scope)
        prompt = build_prompt(
            SYSTEM,
            [],
            [*found, *self.kept],
            question,
            scope=scope,
            now_s=self.moment.timestamp(),
            count=len,
            budget_tokens=4000,
        )
        shown: list[Item] = []
        for word in set(re.findall(r"thing\d+", str(prompt.messages))):
            said = [item for item in self.kept if word in item.text.split()]
            # What was said twice, in two places, may be shown of either.
            open_ = [
                item
                for item in said
                if self.tally[item.id].compartments <= scope.compartments
                and self.tally[item.id].trust is Trust.OWNER
            ]
            assert open_
            assert any(item.label.compartments <= prompt.label.compartments for item in open_)
            shown += open_
        return Shown(shown, prompt.label.compartments)

    def check(self, items: list[Item], scope: Scope) -> None:
        """What is shown through a scope is open to it by what went into it."""
        for item in items:
            tally = self.tally[item.id]
            assert tally.compartments <= scope.compartments
            assert item.label.compartments >= tally.compartments
            assert item.label.trust <= tally.trust

    def ask(self, asker: tuple[Any, ...]) -> None:
        """See to every way out for one who asks."""
        principal, sure, audience, authentication = asker
        for purpose, sink in itertools.product(READING, Sink):
            try:
                scope = self.mint(purpose, asker, sink)
            except ScopeDenied:
                continue
            assert sink in (Sink.SPEAKER, Sink.SCREEN, Sink.FILE)
            assert principal is not Principal.UNKNOWN
            items = self.store.items(scope, limit=1000)
            self.check(items, scope)
            for item in items:
                for place in self.tally[item.id].compartments:
                    if place.sensitivity is Sensitivity.RESTRICTED:
                        assert authentication.is_present
                        assert (principal, audience) == (Principal.OWNER, Audience.ALONE)
                    if place.subject != "household":
                        assert (principal, audience) == (Principal.OWNER, Audience.ALONE)
                        assert sure >= 0.8
        with suppress(ScopeDenied):
            self.prompt(asker, "what thing is my password")


@settings(max_examples=cases(80, 8000), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, max_size=20), st.lists(askers, min_size=20, max_size=20))
def test_nothing_lowers_a_label_or_gets_out_by_a_way_that_is_not_cleared(
    fast_folder: Path, history: list[Step], asking: list[tuple[Any, ...]]
) -> None:
    world = World(fast_folder / uuid4().hex)
    try:
        for step, asker in zip(history, asking, strict=False):
            world.live(step)
            world.ask(asker)
        world.live(("unlock",))
        for asker in ASKERS:
            world.ask(asker)
    finally:
        world.store.close()
        shutil.rmtree(world.store.folder)


@pytest.mark.parametrize("sink", [Sink.LOG, Sink.NETWORK])
@pytest.mark.parametrize("purpose", Purpose)
def test_nothing_goes_to_the_log_or_the_network_without_a_grant(
    fast_folder: Path, sink: Sink, purpose: Purpose
) -> None:
    world = World(fast_folder / "vault")
    for asker in ASKERS:
        with pytest.raises(ScopeDenied):
            world.mint(purpose, asker, sink)
    world.store.close()
