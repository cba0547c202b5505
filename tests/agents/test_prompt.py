from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.model import Message, Role
from agents.prompt import SYSTEM, Exchange, build_prompt, why
from context.errors import ScopeDenied
from context.items import About, Item, Provenance
from context.labels import BOTTOM, Compartment, Label, Trust, join
from context.policy import (
    HOUSEHOLD_GENERAL,
    OWNER_GENERAL,
    SCOPE_LIFE_S,
    Audience,
    Principal,
    Purpose,
    Reason,
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


def build(history=(), items=(), question="why?", *, within=None, budget=500, later_s=0.0):
    return build_prompt(
        SYSTEM,
        history,
        items,
        question,
        scope=within,
        now_s=NOW.timestamp() + later_s,
        count=words,
        budget_tokens=budget,
    )


def test_the_start_stays_the_same_from_turn_to_turn() -> None:
    first = build(question="one?")
    exchange = Exchange("one?", "One.", BOTTOM)
    second = build([exchange], [item("my car is red")], "two?", within=scope())
    assert second.messages[:2] == first.messages
    assert second.messages[2] == Message(Role.ASSISTANT, "One.")
    assert "your car is red" in second.messages[-1].content
    assert second.messages[-1].content.endswith("two?")


@pytest.mark.parametrize("later_s", [-1.0, SCOPE_LIFE_S, 1e9])
def test_an_expired_scope_shows_nothing(later_s: float) -> None:
    with pytest.raises(ScopeDenied):
        build(items=[item("my car is red")], within=scope(), later_s=later_s)


@pytest.mark.parametrize("purpose", [Purpose.FORGET, Purpose.REMEMBER])
def test_a_scope_for_another_purpose_shows_nothing(purpose: Purpose) -> None:
    request = Request(Principal.OWNER, 1.0, purpose, Audience.ALONE, Sink.SPEAKER)
    with pytest.raises(ScopeDenied):
        build(items=[item("my car is red")], within=mint(request, NOW.timestamp()))


@pytest.mark.parametrize(
    "about",
    [
        About(expires_at=NOW),
        About(expires_at=NOW - timedelta(days=1)),
        About(valid_until=NOW),
    ],
)
def test_what_is_over_is_not_shown(about: About) -> None:
    over = replace(item("my car is red"), about=about)
    assert build(items=[over], within=scope()) == build(within=scope())
    later = replace(over, about=About(expires_at=NOW + timedelta(days=1)))
    assert "red" in build(items=[later], within=scope()).messages[-1].content


def test_what_has_no_label_is_not_shown() -> None:
    bare = replace(item("my car is red"), label=Label(frozenset(), Trust.OWNER))
    assert build(items=[bare], within=scope()) == build(within=scope())


def test_a_label_that_claims_more_trust_than_its_source_shows_nothing() -> None:
    by = Provenance.OVERHEARD
    claimed = Item("0" * 32, "obey", Label(frozenset({OWNER_GENERAL}), Trust.OWNER), NOW, by)
    assert build(items=[claimed], within=scope()) == build(within=scope())


@pytest.mark.parametrize("trust", [each for each in Trust if each is not Trust.OWNER])
def test_what_others_said_earlier_is_not_shown(trust: Trust) -> None:
    exchange = Exchange("obey", "no", Label(frozenset({OWNER_GENERAL}), trust))
    assert build([exchange], within=scope()) == build(within=scope())


def test_an_earlier_turn_is_shown_only_where_all_is_open_that_was_then() -> None:
    alone = Exchange("one?", "One.", BOTTOM, scope().compartments)
    company = Exchange("two?", "Two.", BOTTOM, scope(Audience.COMPANY).compartments)
    nobody = Exchange("three?", "Three.", BOTTOM, None)
    past = [alone, company, nobody]
    asked = lambda within: [m.content for m in build(past, within=within).messages[1:-1:2]]  # noqa: E731
    assert asked(scope()) == ["one?", "two?"]
    assert asked(scope(Audience.COMPANY)) == ["two?"]
    assert asked(None) == ["three?"]


def test_it_says_what_is_in_it_and_why() -> None:
    prompt = build(
        items=[item("my car is red"), item("tea", by=Provenance.OVERHEARD)], within=scope()
    )
    (used,) = prompt.used
    assert (used.item_id, used.compartments) == ("0" * 32, frozenset({OWNER_GENERAL}))
    assert used.reason is Reason.OWNER_ALONE
    assert why(prompt, NOW) == [
        "You told me today at 12:00 AM that your car is red."
        " I may use that because the owner asks, alone."
    ]
    assert prompt.label == item("").label
    assert why(build(), NOW) == []


def test_what_did_not_fit_was_not_used() -> None:
    prompt = build(items=[item("red"), item("fact " * 99)], within=scope(), budget=90)
    assert [used.item.text for used in prompt.used] == ["red"]


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
    assert all(used.compartments <= opened for used in prompt.used)
    assert prompt.label == join(
        *(used.item.label for used in prompt.used), *(exchange.label for exchange in kept)
    )


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
    said = [m.content for m in prompt.messages[1:-1] if m.role is Role.USER]
    users = [each for each in said if not each.startswith("Earlier: ")]
    assert users == [exchange.user for exchange in history][len(history) - len(users) :]


@pytest.mark.parametrize("question", ["x" * 10_000, "word " * 5_000, "\u6771" * 10_000])
def test_a_question_without_end_is_cut(question: str) -> None:
    prompt = build_prompt(
        SYSTEM,
        [],
        [],
        question,
        scope=None,
        now_s=0.0,
        count=lambda text: len(text) // 3,
        budget_tokens=400,
    )
    assert prompt.shortened
    assert question.startswith(prompt.messages[-1].content)


class TestEarlier:
    """What was answered before the newest exchanges is told in one line."""

    def history(self, many: int, label: Label = BOTTOM) -> list[Exchange]:
        said = [f"Animal number {n} has legs. It is nice." for n in range(many)]
        return [Exchange(f"what is {n}?", text, label) for n, text in enumerate(said)]

    def test_the_first_sentence_of_each_is_left(self) -> None:
        messages = build(self.history(5)).messages
        assert messages[1:3] == [
            Message(Role.USER, "Earlier: Animal number 0 has legs. Animal number 1 has legs."),
            Message(Role.ASSISTANT, "Okay."),
        ]
        assert messages[3].content == "what is 2?"
        assert build(self.history(3)).messages[1].content == "what is 0?"

    def test_an_answer_that_says_little_comes_with_its_question(self) -> None:
        history = [Exchange("what is 3 plus 4?", "7.", BOTTOM), *self.history(3)]
        assert build(history).messages[1].content == "Earlier: what is 3 plus 4? 7."

    def test_it_has_the_labels_of_what_it_tells_of(self) -> None:
        own = Label(frozenset({OWNER_GENERAL}), Trust.OWNER)
        history = [*self.history(1, own), *self.history(3)]
        told = build(history, within=scope())
        assert told.messages[1].content == "Earlier: Animal number 0 has legs."
        assert told.label == own
        company = scope(Audience.COMPANY)
        assert build(history, within=company) == build(history[1:], within=company)

    def test_others_words_are_not_in_it(self) -> None:
        theirs = Exchange("obey", "I obey you.", Label(frozenset(), Trust.OTHER_SPEAKER))
        assert build([theirs, *self.history(4)]) == build(self.history(4))

    def test_it_keeps_to_its_budget_and_goes_first(self) -> None:
        long = [Exchange("tell me", " ".join(["word"] * 60), BOTTOM) for _ in range(6)]
        line = build([*long, *self.history(3)]).messages[1].content
        assert words(line) <= 80
        whole = build(self.history(9), budget=500)
        tight = sum(words(each.content) + 8 for each in build(self.history(3)).messages)
        short = build(self.history(9), budget=tight)
        assert len(whole.messages) == len(short.messages) + 2
        assert short.messages[1].content == "what is 6?"

    @given(st.integers(0, 9), st.integers(20, 200))
    def test_the_budget_is_kept(self, many: int, budget: int) -> None:
        prompt = build(self.history(many), budget=budget)
        cost = sum(words(each.content) + 8 for each in prompt.messages)
        assert cost <= budget or len(prompt.messages) == 2

    def test_a_question_adds_to_what_was_read_after_the_reply(self) -> None:
        history = self.history(6)
        read = build(history, question="").messages[:-1]
        asked = build(history, items=[item("my car is red")], question="why?", within=scope())
        assert asked.messages[: len(read)] == read
