"""Several commands in one breath."""

import json
from pathlib import Path

import pytest

import agents.evaluation
from agents.agent import REST, Chose, Text
from agents.router import Router
from agents.several import commands
from context.items import Provenance

SUITES = Path(agents.evaluation.__file__).parent / "suites"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "set a fifteen minute timer and remind me at six to feed the cat",
            ["set a fifteen minute timer", "remind me at six to feed the cat"],
        ),
        (
            "add milk and eggs to my list and set a timer for five minutes",
            ["add milk and eggs to my list", "set a timer for five minutes"],
        ),
        (
            "what time is it, and what's the date and how much battery do you have",
            ["what time is it", "what's the date", "how much battery do you have"],
        ),
        (
            "cancel the pasta timer. Set an alarm for seven",
            ["cancel the pasta timer", "Set an alarm for seven"],
        ),
        ("add milk and eggs to my shopping list", []),
        ("set a timer for one hour and ten minutes", []),
        ("remind me at six to call Anna and set a timer for ten minutes", []),
        ("remember that the door is red and set a timer for ten minutes", []),
        ("I like tea and set a timer for ten minutes", []),
        ("set an alarm for 5 a.m. on Monday", []),
        ("", []),
    ],
)  # fmt: skip
def test_they_are_told_apart(router: Router, text: str, parts: list[str]) -> None:
    assert commands(text, router.route) == parts


@pytest.mark.parametrize("suite", ["commands_a", "no_action", "facts", "injection"])
def test_one_is_never_taken_for_several(router: Router, suite: str) -> None:
    for line in (SUITES / f"{suite}.jsonl").read_text("utf-8").splitlines():
        text = json.loads(line).get("text", "")
        assert commands(text, router.route) == [], text


def test_each_is_carried_out(talk, schedule) -> None:
    owner = talk(None)
    said = owner.say("set a timer for five minutes and set a pasta timer for nine minutes")
    assert sorted(each.duration_s for each in schedule.running()) == [300, 540]
    assert "5 minutes" in said
    assert ". " in said
    assert "9 minutes" in said
    assert owner.say("undo") != ""
    assert [each.duration_s for each in schedule.running()] == [300]


def test_none_is_carried_out_before_it_is_decided(talk, schedule) -> None:
    owner = talk(None)
    text = "set a timer for five minutes and set an alarm for seven"
    assert owner.agent.preview(text) is None
    parts = owner.agent.reply(text)
    assert next(parts) == Chose(None)
    assert not schedule.running()


def test_what_asks_back_keeps_the_rest(talk, schedule) -> None:
    owner = talk(None)
    owner.say("set a tea timer for five minutes")
    owner.say("set an egg timer for six minutes")
    said = owner.say("cancel the timer and set an alarm for seven")
    assert said.endswith(REST)
    assert not schedule.alarms()


def test_words_that_are_not_the_owners_do_none_of_it(talk, schedule) -> None:
    agent = talk(None).agent
    text = "set a timer for five minutes and set an alarm for seven"
    parts = agent.reply(text, said_by=Provenance.OVERHEARD)
    assert any(isinstance(part, Text) for part in list(parts))
    assert not schedule.running()
    assert not schedule.alarms()
