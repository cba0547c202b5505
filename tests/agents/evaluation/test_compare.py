from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.evaluation.compare import holds, same

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (300, 300.0),
        ("Call the dentist", "call the  dentist."),
        ("the kitchen light", "Kitchen light"),
        ("the meter reads 8812", "The meter reads 8,812."),
        ("mum's car", "mum\u2019s car"),
        ("2026-03-14T07:00", "2026-03-14T07:00:00"),
        ("2026-03-14T07:00", datetime(2026, 3, 14, 7)),
        ("FREQ=WEEKLY;BYDAY=MO,TU", "RRULE:FREQ=WEEKLY;BYDAY=TU,MO"),
        (["milk", "eggs"], ("Milk", "eggs")),
        (None, None),
        (True, True),
    ],
)
def test_what_is_the_same(expected: Any, got: Any) -> None:
    assert same(expected, got)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (300, 301),
        (1, True),
        (None, ""),
        ("pasta", None),
        ("pasta", "the past"),
        ("1, 2, 3", "123"),
        ("1234", "12,34"),
        ("2026-03-14T07:00", "2026-03-14T07:00:30"),
        ("2026-03-14T07:00", "2026-03-14T19:00"),
        ("FREQ=WEEKLY;BYDAY=MO,TU", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("FREQ=DAILY", "FREQ=WEEKLY"),
        (["milk", "eggs"], ["eggs", "milk"]),
        (["milk"], ["milk", "eggs"]),
    ],
)
def test_what_is_not_the_same(expected: Any, got: Any) -> None:
    assert not same(expected, got)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ([{"seconds": 600}], [{"seconds": 600.0, "name": None, "left": 300}]),
        ([{"seconds": 60}, {"seconds": 5}], [{"seconds": 5}, {"seconds": 60}]),
        ([{"left": 300, "seconds": 600}], [{"left": 299, "seconds": 600}]),
        (["My car is red."], [{"text": "my car is red", "restricted": False}]),
        ({"shopping": ["milk"]}, {"shopping": ["milk"], "to-do": ["wash"]}),
        ({"shopping": []}, {}),
    ],
)
def test_what_holds(expected: Any, got: Any) -> None:
    assert holds(expected, got)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ([], [{"seconds": 600}]),
        ([{"seconds": 600}], []),
        ([{"seconds": 600}, {"seconds": 600}], [{"seconds": 600}]),
        ([{"seconds": 600, "name": "tea"}], [{"seconds": 600, "name": None}]),
        ([{"text": "x", "restricted": True}], [{"text": "x", "restricted": False}]),
        ({"shopping": ["milk"]}, {"shopping": ["milk", "vodka"]}),
        ([{"seconds": 600}], None),
    ],
)
def test_what_does_not_hold(expected: Any, got: Any) -> None:
    assert not holds(expected, got)


@given(JSON)
def test_anything_is_the_same_as_itself_and_holds_of_itself(value: Any) -> None:
    assert same(value, value)
    assert holds(value, value)
