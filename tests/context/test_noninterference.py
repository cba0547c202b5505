"""What a scope does not open has no influence on anything that is seen through it.

Two vaults live the same life inside a scope and any other life outside of it; then, and on the
way, everything that can be seen through the scope is the same to the byte: results, order, scores,
prompts, errors, what undoing brings back, and what the audit notes of it.
"""

import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, zip_longest
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.prompt import SYSTEM, Exchange, build_prompt
from context import (
    About,
    Audience,
    Authentication,
    Compartment,
    Grant,
    HashingEmbedder,
    Item,
    Label,
    LapelError,
    Lasts,
    Principal,
    Provenance,
    Purpose,
    Reason,
    Request,
    Scope,
    Sensitivity,
    Sink,
    Store,
    Trust,
    browse,
    policy,
    sensitive,
)
from context.audit import read
from context.files import tier_of
from context.labels import place_name
from context.policy import decide
from tests.context.vaults import PIN, TINY
from tests.tiers import cases

POOL = [
    Compartment.parse(text)
    for text in (
        "owner/general",
        "household/general",
        "owner/episodic",
        "person:anna/general",
        "ambient/2026-11-22",
        "owner/general/restricted",
        "owner/health/restricted",
    )
]
ALL = frozenset(POOL)
TEXTS = [
    "the spare key is under the blue flower pot",
    "the key of the bicycle is blue",
    "Anna has a key",
    "the bicycle is in the garden under the tree",
    "the bicycle is in the cellar",
    "flower seeds are in the garden shed",
    "the pot of tea is for Anna",
    "the password of the shed is swordfish",
    "I am allergic to the flower in the garden",
]
QUERIES = ["where is the spare key", "blue flower pot", "garden shed", "who is Anna", "what"]
SAYERS = [Provenance.OWNER_SPOKE, Provenance.IMPORTED, Provenance.TOOL_RESULT]
SPANS_S = [1.0, 30.0, 60.0, 86_400.0, 3 * 86_400.0]
UNDO_S = [0.0, 60.0, 3600.0]
PAST = [
    Exchange("what is where", f"heard of {each}", Label(frozenset({each}), Trust.OWNER))
    for each in POOL
]

Step = tuple[Any, ...]
number = st.integers(0, 40)
text = st.sampled_from(TEXTS)


def said_in(places: Sequence[Compartment]) -> st.SearchStrategy[Step]:
    about = st.sampled_from(["", "", "", "expires", "named"])
    return st.tuples(st.just("say"), st.sampled_from(places), text, st.sampled_from(SAYERS), about)


def changes() -> list[st.SearchStrategy[Step]]:
    return [
        st.tuples(st.just("forget"), number, st.sampled_from(UNDO_S)),
        st.just(("undo",)),
        st.tuples(st.just("keep"), number, st.booleans()),
        st.tuples(st.just("supersede"), number),
    ]


def inner_steps(inside: frozenset[Compartment]) -> st.SearchStrategy[Step]:
    """What happens within the scope, and to the whole device at once: the same in both vaults."""
    places = sorted(inside)
    return st.one_of(
        said_in(places),
        said_in(places),
        st.tuples(st.just("derive"), st.sampled_from(places), text, st.tuples(number, number)),
        *changes(),
        st.tuples(st.just("recall"), st.sampled_from(QUERIES)),
        st.tuples(st.just("wait"), st.sampled_from(SPANS_S)),
        st.just(("reap",)),
        st.just(("reopen",)),
    )


def outer_steps(inside: frozenset[Compartment]) -> st.SearchStrategy[Step]:
    """Anything else, that one of the vaults may go through at any moment."""
    places = [each for each in POOL if each not in inside]
    steps = [
        said_in(places),
        said_in(places),
        st.tuples(st.just("derive"), st.sampled_from(places), text, st.tuples(number, number)),
        *changes(),
        st.tuples(st.just("recall"), st.sampled_from(QUERIES)),
        st.tuples(st.just("grant"), st.sampled_from(POOL), st.sampled_from(Lasts)),
        st.tuples(st.just("damage"), st.sampled_from(places)),
        st.just(("deny",)),
    ]
    if all(each.sensitivity is Sensitivity.NORMAL for each in inside):
        steps += [st.just(("set PIN",)), st.just(("lock",)), st.just(("unlock",))]
    return st.one_of(*steps)


class World:
    """A vault whose ids and times, in scope, depend on what happened in scope only."""

    def __init__(self, folder: Path, inside: frozenset[Compartment]) -> None:
        self.inside, self.outside = inside, ALL - inside
        self.moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.numbers = count()
        self.is_inner = True
        self.own: list[Item] = []
        self.others: list[Item] = []
        self.seen: list[object] = []
        self.noted: list[tuple[int, int]] = []
        self.store = Store(folder, HashingEmbedder(32), lambda: self.moment, new_id=self.new_id)
        self.store.keyring._argon2 = TINY

    def new_id(self) -> str:
        return f"{next(self.numbers):032x}" if self.is_inner else uuid4().hex

    def scope(self, purpose: Purpose, compartments: Collection[Compartment]) -> Scope:
        now_s = self.moment.timestamp()
        return Scope(
            frozenset(compartments),
            purpose,
            Sink.SPEAKER,
            "test",
            now_s,
            now_s + 60,
            token=policy._MINT,
            present=True,
            why=tuple((each, Reason.OWNER_PRESENT) for each in sorted(compartments)),
        )

    def live(self, step: Step, *, inner: bool) -> None:
        self.is_inner = inner
        if inner:
            self.moment += timedelta(milliseconds=1)
            if step[0] in ("wait", "reap", "reopen"):  # nobody's doing
                self.do(step, self.inside, self.own)
            else:
                self.see(lambda: self.do(step, self.inside, self.own))
        else:
            with suppress(LapelError):
                self.do(step, ALL, self.others)

    def see(self, call: Callable[[], object]) -> None:
        """Take down what a call gives or raises, and where the audit notes it."""
        begin = self.store._audit.head().seq  # type: ignore[union-attr]
        try:
            self.seen.append(call())
        except LapelError as error:
            self.seen.append((type(error).__name__, str(error)))
        self.noted.append((begin, self.store._audit.head().seq))  # type: ignore[union-attr]

    def do(self, step: Step, opens: frozenset[Compartment], items: list[Item]) -> object:
        store, forget = self.store, self.scope(Purpose.FORGET, opens)

        def pick(at: int) -> str:
            return items[at % len(items)].id if items else "f" * 32

        match step:
            case "say", place, words, said_by, about:
                until = self.moment + timedelta(seconds=40) if about == "expires" else None
                about = About(uid="calendar" if about == "named" else None, expires_at=until)
                return self.put(words, place, opens, said_by=said_by, about=about)
            case "derive", place, words, which:
                sources = [*self.own, *items]
                chosen = [sources[at % len(sources)] for at in which] if sources else []
                return self.put(
                    words, place, opens, said_by=Provenance.OWNER_TYPED, derived_from=chosen
                )
            case "forget", at, undo_s:
                return store.forget(forget, pick(at), undo_s=undo_s)
            case ("undo",):
                return store.undo(self.scope(Purpose.FORGET, opens & self.mine()))
            case "keep", at, pinned:
                return store.pin(self.scope(Purpose.REVIEW, opens), pick(at), pinned=pinned)
            case "supersede", at:
                return store.supersede(forget, pick(at))
            case "recall", query:
                return store.recall(self.scope(Purpose.ANSWER, opens), query)
            case "wait", span_s:
                self.moment += timedelta(seconds=span_s)
            case ("reap",):
                store.reap()
            case ("reopen",):
                store.close()
                store.open()
            case "grant", place, lasts:
                store.grants.give(self.scope(Purpose.REVIEW, opens), self.grant(place, lasts))
            case "damage", place:
                self.damage(place)
            case ("deny",):
                store.mint(Request(Principal.UNKNOWN, 1, Purpose.ANSWER, Audience.ALONE, Sink.LOG))
            case ("set PIN",):
                if not store.keyring.has_pin():
                    store.keyring.set_pin(PIN)
            case ("lock",):
                store.lock()
            case ("unlock",):
                store.unlock(PIN)
            case _:
                raise AssertionError(step)
        return None

    def mine(self) -> frozenset[Compartment]:
        """What may be undone: whoever is outside brings nothing back inside."""
        return self.inside if self.is_inner else self.outside

    def put(
        self, words: str, place: Compartment, opens: frozenset[Compartment], **how: Any
    ) -> Item | None:
        raised = replace(place, sensitivity=sensitive.raised(place.sensitivity, words))
        if not self.is_inner and raised in self.inside:
            return None  # what sounds private would not stay outside
        write = self.scope(Purpose.REMEMBER, opens)
        item = self.store.remember(write, words, compartment=place, **how)
        if item.label.compartments <= self.inside:
            assert self.is_inner  # a label never loses what is outside
            self.own.append(item)
        else:
            self.others.append(item)
        return item

    def grant(self, place: Compartment, lasts: Lasts) -> Grant:
        """For another person, or for another compartment."""
        owner = place in self.outside
        principal = Principal.OWNER if owner else Principal.MEMBER
        return Grant(
            "", str(place), principal, Purpose.ANSWER, Sink.SPEAKER, in_company=True, lasts=lasts
        )

    def damage(self, place: Compartment) -> None:
        where = frozenset({place})
        key = self.store.keyring.get(place_name(where), tier_of(where))
        if key is not None:
            self.store.files._close(where)
            path = self.store.files.path(key.file_id)
            for each in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                each.unlink(missing_ok=True)
            path.write_bytes(b"\0" * 9000)

    def look(self) -> None:
        """See everything that there is to be seen through the scope."""
        self.is_inner = True
        store, read = self.store, self.scope(Purpose.ANSWER, self.inside)
        for query in QUERIES:
            for limit in (1, 3, 50):
                self.see(lambda limit=limit, query=query: store.recall(read, query, limit=limit))
            recalled = [each.item for each in self.seen[-1]]  # type: ignore[attr-defined]
            for budget in (60, 400):
                self.see(lambda: self.prompt(recalled, query, read, budget))  # noqa: B023
        for purpose in (Purpose.ANSWER, Purpose.FORGET, Purpose.REVIEW, Purpose.EXPORT):
            self.see(lambda: store.items(self.scope(purpose, self.inside), limit=3))  # noqa: B023
        first = store.items(read, limit=3)
        self.see(lambda: store.items(read, limit=50, before=first[-1] if first else None))
        for item in self.own:
            self.see(lambda: store.item(read, item.id))  # noqa: B023
            self.see(lambda: store.contradicted(read, item))  # noqa: B023
        review = self.scope(Purpose.REVIEW, self.inside)
        for words in ("key", "Anna", "garden shed"):
            self.see(lambda words=words: browse.holding(store, review, words))
        self.see(lambda: browse.beginning(store, review, "0000", limit=3))
        self.see(lambda: browse.made_from(store, review, [item.id for item in self.own]))
        export = replace(
            self.scope(Purpose.EXPORT, self.inside), sink=Sink.FILE, token=policy._MINT
        )
        self.see(lambda: list(store.each(export)))
        self.miss([uuid4().hex, *[item.id for item in self.others[:3]]])
        self.see(self.minted)
        self.see(lambda: store.undo(self.scope(Purpose.FORGET, self.inside)))
        self.see(lambda: self.put(TEXTS[0], min(self.inside), self.inside, said_by=SAYERS[0]))
        self.see(lambda: store.items(read, limit=100))

    def prompt(self, items: list[Item], query: str, scope: Scope, budget: int) -> bytes:
        """The prompt to the byte, built of what was recalled and of whatever else lies about."""
        prompt = build_prompt(
            SYSTEM,
            PAST,
            [*items, *self.others],
            query,
            scope=scope,
            now_s=self.moment.timestamp(),
            count=lambda words: len(words.split()),
            budget_tokens=budget,
        )
        return repr((prompt.messages, sorted(map(str, prompt.label.compartments)))).encode()

    def miss(self, ids: list[str]) -> None:
        """What is outside is not found, as what is nowhere."""
        store, forget = self.store, self.scope(Purpose.FORGET, self.inside)
        for call in (store.item, store.forget, store.supersede, store.pin):
            told: set[str] = set()
            for item_id in ids:
                with pytest.raises(LapelError) as missing:
                    call(forget, item_id)
                told.add(str(missing.value).replace(item_id[:8], "…"))
            assert len(told) == 1
            self.seen.append(told)

    def minted(self) -> list[object]:
        """What the owner's requests open of the compartments of the scope, and why."""
        found: list[object] = []
        for purpose in (Purpose.ANSWER, Purpose.FORGET):
            for audience in Audience:
                request = Request(
                    Principal.OWNER, 1.0, purpose, audience, Sink.SPEAKER, Authentication.PIN
                )
                known = self.inside.union(*self.store.files.places())
                decision = decide(request, known, self.store.grants.all())
                found.append([each for each in decision.opened if each[0] in self.inside])
        return found

    def notes(self) -> list[object]:
        """What the audit says of the calls that were seen, but for numbers, MACs and files' ids."""
        path, key = self.store.folder / "audit.jsonl", self.store.keyring.subkey("audit")
        records = {record.seq: record for record in read(path, key, limit=10_000)}
        names: dict[object, str] = {}
        for place in self.store.files.places():
            file = self.store.keyring.get(place_name(place), tier_of(place))
            assert file is not None
            names[file.file_id] = place_name(place)
        found: list[object] = []
        for begin, end in self.noted:
            for record in (records[seq] for seq in range(begin + 1, end + 1)):
                where = record.facts.get("place")
                known = {"place": names.get(where, where)} if where in names else {}
                gone = {"place": "gone"} if where is not None and where not in names else {}
                found.append((record.event, record.at, {**record.facts, **known, **gone}))
        return found


def observe(
    folder: Path, inside: frozenset[Compartment], history: Sequence[tuple[bool, Step]]
) -> tuple[list[object], list[object]]:
    world = World(folder / uuid4().hex, inside)
    world.store.open()
    try:
        for inner, step in history:
            world.live(step, inner=inner)
        world.look()
        return world.seen, world.notes()
    finally:
        world.store.close()
        shutil.rmtree(world.store.folder)


insides = st.frozensets(st.sampled_from(POOL), min_size=1, max_size=len(POOL) - 1)


@settings(max_examples=cases(150, 10_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), inside=insides)
def test_noninterference(
    fast_folder: Path, data: st.DataObject, inside: frozenset[Compartment]
) -> None:
    ours = data.draw(st.lists(inner_steps(inside), max_size=12))
    others = st.lists(outer_steps(inside), max_size=10)
    views: list[tuple[list[object], list[object]]] = []
    for other in data.draw(st.tuples(others, others)):
        history = [(True, step) for step in ours]
        for step in other:  # anything else happens, at any moment between
            history.insert(data.draw(st.integers(0, len(history))), (False, step))
        views.append(observe(fast_folder, inside, history))
    for one, other in zip(*views, strict=True):
        differing = [pair for pair in zip_longest(one, other) if pair[0] != pair[1]]
        assert differing[:1] == []
