"""The question whether a deed is meant."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.choose.learned import read_weights
from agents.choose.proposed import proposed

NOW = datetime(2026, 3, 14, 10)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["pasta", "the gym"]), "seconds": st.sampled_from([60, 5400]),
        "at": st.sampled_from(["2026-03-15T07:00", "2026-03-14T10:00"]), "all": st.booleans(),
        "repeat": st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO"]),
        "text": st.just("call Anna"), "items": st.lists(st.sampled_from(["milk", "eggs"])),
        "list": st.just("packing"), "target": st.sampled_from(["The lamp", "blinds"]),
        "percent": st.sampled_from([10, 55.5]), "unit": st.just("degrees"),
        "value": st.just(21), "topic": st.just("the paint"), "title": st.just("dentist"),
        "time": st.just("06:30"), "day": st.just("2026-03-16"), "fact": st.just("I like tea"),
        "last": st.booleans(), "when": st.just("wake-up"),
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("intent", "args", "question"),
    [
        ("timer.set", {"seconds": 540, "name": "pasta"}, "set a pasta timer for 9 minutes"),
        ("timer.add", {"seconds": 120}, "give the timer 2 minutes more"),
        ("timer.add", {}, "give the timer more time"),
        ("alarm.set", {"at": "2026-03-15T07:00"}, "set an alarm at 7 a.m. tomorrow"),
        ("alarm.cancel", {"time": "06:30"}, "cancel the alarm at 6:30 a.m."),
        (
            "reminder.set",
            {"at": "2026-03-14T20:00", "repeat": "FREQ=DAILY", "text": "take the bins out"},
            "remind you at 8 p.m., every day: take the bins out",
        ),
        ("reminder.set", {"seconds": 2400, "text": "eat"}, "remind you in 40 minutes: eat"),
        ("list.add", {"items": ["milk", "eggs"]}, "put milk and eggs on your shopping list"),
        ("list.remove", {"items": ["butter"], "list": "party"}, "take butter off your party list"),
        ("home.on", {"target": "The kitchen light"}, "turn on the kitchen light"),
        ("home.open", {"target": "blinds"}, "open the blinds"),
        ("volume.down", {"percent": 10}, "turn the volume down by 10 percent"),
        ("kettle.boil", {"name": "tea"}, "boil water for you: tea"),
    ],
)
def test_it_is_asked_as_a_person_would(intent: str, args: dict[str, object], question: str) -> None:
    does = "boil water for the owner, in the kettle that whistles"
    assert proposed(intent, does, args, NOW) == f"Shall I {question}?"


@given(st.sampled_from(read_weights().intents), VALUES)
def test_whatever_is_known_makes_one_sentence(intent: str, args: dict[str, object]) -> None:
    said = proposed(intent, "do that", args, NOW)
    assert said.startswith("Shall I ")
    assert said.endswith("?")
    assert not re.search(r"None|  |[{}\[\]]|the the| owner", said)
