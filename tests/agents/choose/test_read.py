from datetime import datetime

import pytest

from agents.choose.read import read
from agents.choose.said_times import said_time

NOW = datetime(2026, 3, 14, 10)
SET = frozenset(("target", "value", "unit"))


def args_of(text: str, intent: str, slots: frozenset[str]) -> dict[str, object]:
    return dict(read(text, intent, slots, lambda *_said, **_how: None, NOW).args)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("two cardigans on and still cold, the heating at twenty-three degrees", 23, "degrees"),
        ("with three of us in here, the lamp at 40 percent will do", 40, "percent"),
        ("I've told you twice, 2 times, the thermostat belongs at 19.5", 19.5, "degrees"),
    ],
)
def test_what_is_set_is_the_number_of_the_unit_or_the_last(text, value, unit) -> None:
    args = args_of(text, "home.set", SET)
    assert (args["value"], args["unit"]) == (value, unit)


def test_a_story_is_a_sum_where_no_sum_is_said() -> None:
    slots = frozenset(("expression",))
    story = "there's six of us and the taxi is ninety, what does each one pay"
    assert args_of(story, "calculator.calculate", slots) == {"expression": "90 / 6"}
    said = "the six of us wonder what 12 times 7 is"
    assert args_of(said, "calculator.calculate", slots) == {"expression": "12 times 7"}


def test_millimeters_are_a_unit() -> None:
    slots = frozenset(("value", "from", "to"))
    args = args_of("this drill is 12 mm, tell me that in inches", "calculator.convert", slots)
    assert args == {"value": 12, "from": "millimeter", "to": "inch"}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("the bus goes at four on Tuesday, so give me a nudge at three", "2026-03-17T15:00"),
        ("I owe her an answer by noon on Friday, so bother me at ten that day", "2026-03-20T10:00"),
        ("unpaid on April 1st I'm in trouble, so on the 31st at nine", "2026-03-31T09:00"),
        ("on Monday at six the shop opens and at five on Sunday I want a word", "2026-03-15T17:00"),
        ("my exam is tomorrow at nine", "2026-03-15T09:00"),
    ],
)  # fmt: skip
def test_of_several_times_the_last_is_that_of_what_is_asked_for(text: str, at: str) -> None:
    said = said_time(text, NOW, early=False)
    assert said is not None
    assert said.at == at


def test_where_no_part_says_one_time_there_is_none() -> None:
    assert said_time("at three at four", NOW, early=False) is None


@pytest.mark.parametrize(
    "text",
    ["soon as I'm out of bed tell me", "the minute I wake up tell me", "when I'm up, tell me"],
)
def test_at_waking_up(text: str) -> None:
    slots = frozenset(("text", "at", "when"))
    assert args_of(text, "reminder.set", slots) == {"when": "wake-up"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("it's raw still, give it five more minutes", 300), ("five minutes, no more", 300)],
)
def test_how_much_longer(text: str, seconds: int) -> None:
    assert args_of(text, "timer.add", frozenset(("seconds",))) == {"seconds": seconds}
