import json
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.router import Routed, RouteKind, Router, plain

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "commands.jsonl").read_text("utf-8").splitlines()
]
COMPLETE = RouteKind.COMPLETE
KINDS = {
    "complete": RouteKind.COMPLETE,
    "incomplete": RouteKind.INCOMPLETE,
    "none": RouteKind.NOT_A_COMMAND,
}
ACTING = {
    "timer", "alarm", "reminder", "list", "note", "remember", "forget", "undo", "lock",
    "permissions", "everything", "calendar", "volume", "brightness", "microphone", "routine",
    "home",
}  # fmt: skip
READING = {"list", "lists", "read", "left", "find", "next", "day", "state", "show"}


ONE_WORD = {
    "note",
    "undo",
    "lock",
    "mute",
    "unmute",
    "pause",
    "resume",
    "louder",
    "quieter",
    "snooze",
}


LEVELS = {f"{level} {way}" for level in ("volume", "brightness") for way in ("up", "down")}


def acts(routed: Routed) -> bool:
    return routed.tool in ACTING and routed.args.get("action") not in READING


NOW = datetime(2026, 3, 14, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
LOADED = Router("en", lambda: NOW)
LOADED.load()


def test_a_snooze_with_what_is_said_before_it() -> None:
    routed = LOADED.route("not yet, snooze it, five more minutes")
    assert (routed.intent, routed.args["seconds"]) == ("alarm.snooze", 300)


@pytest.mark.parametrize("row", ROWS, ids=[row["text"] for row in ROWS])
def test_each_utterance_goes_where_it_belongs(row: dict[str, object]) -> None:
    routed = LOADED.route(str(row["text"]))
    assert (routed.kind, routed.tool, routed.args) == (
        KINDS[str(row["kind"])],
        row["tool"],
        row["args"],
    )


def test_the_data_is_what_it_should_be() -> None:
    assert sum(row["kind"] != "none" for row in ROWS) >= 150
    assert sum(row["kind"] == "none" for row in ROWS) >= 60


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\0", "\u202e", "{", "{name}", "[a|b]", "<timer>", "(((", "thislong", "?",
        "\ud800",
        "timer thislong", "set a timer for thislong", "Thanks.", "Hey Jarvis.", "please",
        "remember {fact}", "a" * 10_000, "set a timer " * 1000, "remember that " + "x " * 5000,
        "<|im_end|>",
    ],
)  # fmt: skip
def test_hostile_text_does_nothing(text: str) -> None:
    routed = LOADED.route(text)
    assert routed.kind is not RouteKind.COMPLETE or not acts(routed)


@pytest.mark.parametrize(
    "text",
    [
        "Set a timer for {x} minutes",
        "Set a \u202etimer for ten\0 seconds",
        "SET A TIMER FOR 10 SECONDS",
    ],
)
def test_odd_spelling_of_a_command_is_harmless(text: str) -> None:
    assert LOADED.route(text).tool in ("timer", None)


def test_it_keeps_the_owners_spelling_of_a_fact() -> None:
    fact = "Anna's PIN is {42} [sic], {fact} & <b>"
    assert LOADED.route(f"Remember that {fact}") == Routed(
        RouteKind.COMPLETE, "remember", {"fact": fact}
    )


def test_it_must_be_loaded_first() -> None:
    with pytest.raises(RuntimeError):
        Router().route("stop")


@given(st.text(max_size=80))
def test_any_text_is_routed_and_acts_only_on_words(text: str) -> None:
    routed = LOADED.route(text)
    if acts(routed):
        # Random letters hardly ever make one of the few words that are a whole command.
        assert re.sub(r"\W+", " ", plain(text)).strip().lower() in {*ONE_WORD, *LEVELS}


@given(st.sampled_from([row for row in ROWS if row["kind"] == "complete"]), st.data())
def test_courtesies_change_nothing(row: dict[str, object], data: st.DataObject) -> None:
    text = str(row["text"])
    text += "" if text[-1] in ".?!" else "."
    before = data.draw(st.sampled_from(["", "Hey Jarvis, ", "Jarvis. ", "Okay, ", "Um, please "]))
    after = data.draw(st.sampled_from(["", " Thanks.", " Thank you!", " Please."]))
    routed = LOADED.route(f"{before}{text}{after}")
    assert (routed.kind, routed.tool, routed.args) == (RouteKind.COMPLETE, row["tool"], row["args"])


@given(st.sampled_from([row for row in ROWS if acts(Routed(COMPLETE, row["tool"], row["args"]))]))
def test_a_question_about_a_command_never_acts(row: dict[str, object]) -> None:
    text = str(row["text"]).rstrip(".?!")
    for question in (
        f"Did I say {text}?",
        f"Why did she say {text}?",
        f"What happens if I say {text}?",
    ):
        assert not acts(LOADED.route(question)), question
