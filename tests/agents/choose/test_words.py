"""What words decide without a model: slots, spans, and whether something is asked."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.choose.asked import is_a_moment, is_asked, is_doubtful, is_told
from agents.choose.read import read
from agents.choose.said_times import said_time
from agents.choose.spans import MOST_SPANS, spans

NOW = datetime(2026, 3, 14, 10)  # a Saturday


@pytest.mark.parametrize(
    ("text", "intent", "slots", "args"),
    [
        ("give me a shout in seven minutes", "timer.set", {"seconds"}, {"seconds": 420}),
        ("I have to be up by half past five tomorrow", "alarm.set", {"at"},
         {"at": "2026-03-15T05:30"}),
        ("bins, every Tuesday at seven in the evening", "reminder.set", {"at", "repeat"},
         {"at": "2026-03-17T19:00", "repeat": "FREQ=WEEKLY;BYDAY=TU"}),
        ("as soon as I'm up tell me to drink", "reminder.set", {"at", "when"},
         {"when": "wake-up"}),
        ("an hour tomorrow at two in the afternoon", "calendar.add", {"at", "seconds"},
         {"at": "2026-03-15T14:00", "seconds": 3600}),
        ("make it thirty-five percent loud", "volume.set", {"percent"}, {"percent": 35}),
        ("give it everything", "volume.set", {"percent"}, {"percent": 100}),
        ("half is enough", "volume.set", {"percent"}, {"percent": 50}),
        ("on seven please", "volume.set", {"percent"}, {"percent": 70}),
        ("the bedroom at twenty-two degrees", "home.set", {"value", "unit"},
         {"value": 22, "unit": "degrees"}),
        ("I'd like the heating at 21", "home.set", {"value", "unit"},
         {"value": 21, "unit": "degrees"}),
        ("the bedroom lamp at 40", "home.set", {"value", "unit"}, {"value": 40, "unit": "percent"}),
        ("the thing in the corner at 40", "home.set", {"value", "unit"}, {"value": 40}),
        ("it says 350 Fahrenheit, what's that on my oven", "calculator.convert", {"from", "to"},
         {"value": 350, "from": "fahrenheit", "to": "celsius"}),
        ("the sign says 60 miles an hour, what is that in kilometres an hour",
         "calculator.convert", {"from", "to"},
         {"value": 60, "from": "mile per hour", "to": "kilometer per hour"}),
        ("stick it with the packing stuff", "list.add", {"list"}, {"list": "packing"}),
        ("on my party list", "list.add", {"list"}, {"list": "party"}),
        ("with the groceries", "list.add", {"list"}, {"list": "shopping"}),
        ("drop all of them", "alarm.cancel", {"all"}, {"all": True}),
        ("nothing here", "timer.set", {"seconds", "percent", "at"}, {}),
    ],
)  # fmt: skip
def test_slots_that_words_decide(text, intent, slots, args) -> None:
    assert read(text, intent, frozenset(slots), said_time, NOW).args == args


def test_the_words_of_a_time_are_taken() -> None:
    text = "ring the plumber tomorrow at nine"
    taken = read(text, "reminder.set", frozenset({"at"}), said_time, NOW).taken
    assert "ring the plumber" in spans(text, taken, longest=20)
    assert all("nine" not in run for run in spans(text, taken, longest=20))


@given(st.text(st.sampled_from("ab ,.:'7é"), max_size=60), st.integers(1, 8), st.booleans())
def test_spans_are_the_speakers_own_words(text: str, longest: int, across: bool) -> None:
    found = spans(text, [], longest=longest, across=across)
    assert len(set(found)) == len(found) <= MOST_SPANS
    for run in found:
        assert run in text
        assert run == run.strip()
        assert len(run.split()) <= longest + run.count(",")


@given(st.text(max_size=100))
def test_any_text_can_be_read(text: str) -> None:
    slots = frozenset({"at", "seconds", "percent", "value", "unit", "from", "to", "list", "all"})
    read(text, "calendar.add", slots, said_time, NOW)
    assert is_asked(text) in (True, False)
    assert is_told(text) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "did you set a timer", "Should I set an alarm for seven?", "how do alarms work",
        "is the light on?", "Would you ever set an alarm?", "what happens if I say lights off",
    ],
)  # fmt: skip
def test_questions_are_told_from_requests(text: str) -> None:
    assert is_asked(text)


@pytest.mark.parametrize(
    "text",
    [
        "could you keep an eye on the clock for me", "give me a shout in seven minutes",
        "My tea needs four minutes, could you watch the clock for me?",
        "Do the good morning thing.", "When I next go shopping I need rice, jot that down.",
        "I can't see a thing in here, put a light on, will you?",
    ],
)  # fmt: skip
def test_requests_are_no_questions(text: str) -> None:
    assert not is_asked(text)
    assert not is_told(text)


@pytest.mark.parametrize(
    "text",
    [
        "I told him to set the alarm for seven and he forgot", "she said the lights were on",
        "You should set a timer when you cook", "I was dreaming that I said set an alarm",
        "Set the timer for ten minutes, folks, and let's go", "If only I could set an alarm",
    ],
)  # fmt: skip
def test_what_is_told_is_no_request(text: str) -> None:
    assert is_told(text)


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("five minutes", True),
        ("give me half an hour, please", True),
        ("a timer for ten minutes, but not now", True),
        ("the eggs for minus five minutes", True),
        ("we should put rice on the list sometime", True),
        ("maybe switch the lamp on", True),
        ("Things are getting brighter", True),
        ("five minutes for the eggs", False),
        ("ring when ten minutes are over", False),
    ],
)
def test_what_is_put_off_or_says_no_more_than_how_long_is_asked_about(
    text: str, doubtful: bool
) -> None:
    assert is_doubtful(text) is doubtful


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("just a second", True),
        ("one second please", True),
        ("Half a minute!", True),
        ("hang on, give me a minute", True),
        ("five minutes", False),
        ("half an hour", False),
        ("a minute for the eggs", False),
    ],
)
def test_a_moments_patience_is_talk(text: str, moment: bool) -> None:
    assert is_a_moment(text) is moment
