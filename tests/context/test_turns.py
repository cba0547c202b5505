"""What helps to find a turn of a conversation."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.turns import Asked, Turn, asked, lend, rescore, without_names

TODAY = date(2026, 11, 23)


def at(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("Where does Anna's sister work?", "Where does sister work?"),
        ("what did ANNA say to Ben", "what did say to"),
        ("Annabel came", "Annabel came"),
        ("Anna", "Anna"),
        ("", ""),
    ],
)
def test_names_of_those_who_spoke_are_left_out(query: str, left: str) -> None:
    assert without_names(query, {"Anna", "Ben"}).strip() == left
    assert without_names(query, set()) == query


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("on 8 May 2023", date(2023, 5, 8), date(2023, 5, 8)),
        ("on May 8th", date(2026, 5, 8), date(2026, 5, 8)),
        ("the 2nd of December", date(2025, 12, 2), date(2025, 12, 2)),
        ("in February 2024", date(2024, 2, 1), date(2024, 2, 29)),
        ("during 2022", date(2022, 1, 1), date(2022, 12, 31)),
        ("on 31 February", date(2026, 2, 28), date(2026, 2, 28)),
    ],
)
def test_a_date_that_is_asked_about(query: str, first: date, last: date) -> None:
    assert asked(query, (), TODAY).days == (first.toordinal(), last.toordinal())


@pytest.mark.parametrize("query", ["may I go", "room 2023", "march on", "on May 8, 0000", "2 + 2"])
def test_what_is_no_date(query: str) -> None:
    assert asked(query, (), TODAY).days is None


def test_one_name_is_who_is_asked_about_and_two_are_nobody() -> None:
    assert asked("what does Anna like", {"Anna", "Ben"}, TODAY).speaker == "anna"
    assert asked("do Anna and Ben ski", {"Anna", "Ben"}, TODAY).speaker == ""


@given(st.text(max_size=80), st.sets(st.text(max_size=8), max_size=4))
def test_any_text_may_be_asked(query: str, names: set[str]) -> None:
    asked(query, names, TODAY)
    assert without_names(query, names) is not None


def test_a_turn_is_lent_words_by_its_neighbours_of_the_same_conversation() -> None:
    turns = {n: Turn(at(2026, 5, 1, 9, 0, n), "", False) for n in range(4)}
    turns[4] = Turn(at(2026, 5, 1, 10), "", False)
    lent = lend({1: 1.0, 3: 2.0}, turns)
    assert lent == pytest.approx({0: 0.2, 1: 1.4, 2: 0.8, 3: 2.4, 4: 0.0})


def test_who_and_when_and_telling_decide_between_equals() -> None:
    day = at(2026, 5, 8, 9)
    base = {1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5}
    turns = {
        1: Turn(day, "anna", False),
        2: Turn(day, "ben", False),
        3: Turn(day, "anna", True),
        4: Turn(at(2026, 6, 30, 9), "anna", False),
    }
    days = date(2026, 5, 8).toordinal()
    scores = rescore(base, turns, Asked("anna", (days, days)))
    assert max(scores, key=lambda item: scores[item]) == 1
    assert all(0 <= score <= 1 for score in scores.values())
    plain = rescore(base, turns, Asked())
    assert plain[1] == plain[2] == plain[4] > plain[3]


def test_the_best_of_a_conversation_lifts_the_others() -> None:
    turns = {1: Turn(0, "", False), 2: Turn(60, "", False), 3: Turn(7200, "", False)}
    scores = rescore({1: 1.0, 2: 0.2, 3: 0.2}, turns, Asked())
    assert scores[1] > scores[2] > scores[3]
