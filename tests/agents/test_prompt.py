from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.model import Message, Role
from agents.prompt import SYSTEM, Exchange, build_prompt
from context.items import Item, Provenance
from context.labels import BOTTOM, Compartment, Label, Trust
from context.policy import (
    HOUSEHOLD_GENERAL,
    OWNER_GENERAL,
    Audience,
    Principal,
    Purpose,
    Request,
    Scope,
    Sink,
    mint,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HEALTH = Compartment.parse("owner/health/restricted")


def scope(audience: Audience = Audience.ALONE) -> Scope:
    request = Request(Principal.OWNER, 1.0, Purpose.ANSWER, audience, Sink.SPEAKER)
    return mint(request, NOW.timestamp())


def item(text: str, place: Compartment = OWNER_GENERAL, by: Provenance | None = None) -> Item:
    said_by = by or Provenance.OWNER_SPOKE
    return Item("0" * 32, text, Label(frozenset({place}), said_by.trust), NOW, said_by)


def words(text: str) -> int:
    return len(text.split())


def build(history=(), items=(), question="why?", *, within=None, budget=500):
    return build_prompt(
        SYSTEM, history, items, question, scope=within, count=words, budget_tokens=budget
    )


def test_the_start_stays_the_same_from_turn_to_turn() -> None:
    first = build(question="one?")
    exchange = Exchange("one?", "One.", BOTTOM)
    second = build([exchange], [item("my car is red")], "two?", within=scope())
    assert second.messages[:2] == first.messages
    assert second.messages[2] == Message(Role.ASSISTANT, "One.")
    assert "your car is red" in second.messages[-1].content
    assert second.messages[-1].content.endswith("two?")


PLACES = st.sampled_from([OWNER_GENERAL, HOUSEHOLD_GENERAL, HEALTH])


@given(
    st.lists(st.tuples(PLACES, st.sampled_from(Provenance))),
    st.lists(PLACES),
    st.sampled_from([None, Audience.ALONE, Audience.COMPANY]),
)
def test_nothing_outside_the_scope_has_any_influence(kinds, places, audience) -> None:
    within = None if audience is None else scope(audience)
    opened = within.compartments if within else frozenset()
    items = [item(f"item{n}", place, by) for n, (place, by) in enumerate(kinds)]
    past = [
        Exchange(f"said{n}", f"heard{n}", Label(frozenset({place}), Trust.OWNER))
        for n, place in enumerate(places)
    ]
    prompt = build(past, items, within=within)
    inside = [i for i in items if i.label.compartments <= opened and i.label.trust is Trust.OWNER]
    kept = [exchange for exchange in past if exchange.label.compartments <= opened]
    assert prompt == build(kept, inside, within=within)
    assert prompt.label.compartments <= opened


@given(st.integers(90, 300), st.integers(1, 300), st.integers(0, 6), st.integers(0, 6))
def test_it_keeps_within_the_budget(budget, length, exchanges, facts) -> None:
    history = [Exchange(f"{n} " * 20, f"{n} " * 20, BOTTOM) for n in range(exchanges)]
    items = [item("fact " * 20) for _ in range(facts)]
    question = " ".join(["word"] * length)
    prompt = build(history, items, question, within=scope(), budget=budget)
    used = sum(words(message.content) + 8 for message in prompt.messages)
    assert used <= budget
    assert prompt.messages[0] == Message(Role.SYSTEM, SYSTEM)
    assert prompt.messages[-1].role is Role.USER
    assert prompt.shortened == (prompt.messages[-1].content.split()[-length:] != question.split())
    users = [m.content for m in prompt.messages[1:-1] if m.role is Role.USER]
    assert users == [exchange.user for exchange in history][len(history) - len(users) :]


@pytest.mark.parametrize("question", ["x" * 10_000, "word " * 5_000, "\u6771" * 10_000])
def test_a_question_without_end_is_cut(question: str) -> None:
    prompt = build_prompt(
        SYSTEM, [], [], question, scope=None, count=lambda text: len(text) // 3, budget_tokens=400
    )
    assert prompt.shortened
    assert question.startswith(prompt.messages[-1].content)
