"""French, and what it shows: a language is a folder of data, and needs no code."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.arithmetic import evaluate, say_number
from agents.durations import find_duration, find_span
from agents.router import Routed, RouteKind, Router
from agents.times import find_when, resolve
from agents.units import convert, unit_named

SUITES = Path(__file__).parents[2] / "agents" / "evaluation" / "suites"
NOW = datetime(2026, 3, 14, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
ROUTER = Router("fr", lambda: NOW)
ROUTER.load()
READING = {"left", "list", "lists", "read", "find", "next", "day", "state", "show"}
ACTING = {
    "timer", "alarm", "reminder", "list", "note", "remember", "forget", "undo", "lock",
    "calendar", "volume", "brightness", "microphone", "routine", "home",
}  # fmt: skip
HELD_OUT_FLOOR = 0.82
"""What it reached on its first run; that suite's failures are not to be learnt from."""


def rows(name: str) -> list[dict[str, object]]:
    lines = (SUITES / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def slots(row: dict[str, object]) -> dict[str, object]:
    return cast("dict[str, object]", row.get("slots") or {})


def is_right(row: dict[str, object], routed: Routed) -> bool:
    same = all(routed.args.get(name) == value for name, value in slots(row).items())
    incomplete = "incomplete" in str(row.get("tags", ""))
    kind = RouteKind.INCOMPLETE if incomplete else RouteKind.COMPLETE
    return (routed.intent, routed.kind, same) == (row["intent"], kind, True)


@pytest.mark.parametrize("row", rows("commands_fr"), ids=lambda row: str(row["text"]))
def test_what_it_learnt_from_is_right(row: dict[str, object]) -> None:
    routed = ROUTER.route(str(row["text"]))
    assert is_right(row, routed), routed


def test_what_it_did_not_learn_from_is_mostly_right() -> None:
    suite = rows("commands_fr_b")
    right = sum(is_right(row, ROUTER.route(str(row["text"]))) for row in suite)
    assert len(suite) >= 60
    assert right >= HELD_OUT_FLOOR * len(suite)


@pytest.mark.parametrize("row", rows("no_action_fr"), ids=lambda row: str(row["text"]))
def test_questions_and_chatter_never_act(row: dict[str, object]) -> None:
    routed = ROUTER.route(str(row["text"]))
    complete = routed.kind is RouteKind.COMPLETE
    acts = routed.tool in ACTING and routed.args.get("action") not in READING
    assert not (complete and acts), routed


@pytest.mark.parametrize(
    "row",
    [row for row in rows("commands_fr") if str(row["intent"]).startswith("calculator")],
    ids=lambda row: str(row["text"]),
)
def test_the_calculator_reads_what_is_asked_of_it(row: dict[str, object]) -> None:
    args = ROUTER.route(str(row["text"])).args
    if args["action"] == "calculate":
        result = evaluate(str(args["expression"]))
    else:
        value = evaluate(str(args["value"]))
        result = convert(value, unit_named(str(args["from"])), unit_named(str(args["to"])))
    assert re.search(str(row["reply"]), say_number(result))


@pytest.mark.parametrize(
    ("said", "at", "repeat"),
    [
        ("à sept heures et demie", "2026-03-14T19:30", None),
        ("demain à 7h", "2026-03-15T07:00", None),
        ("à midi", "2026-03-14T12:00", None),
        ("à midi et demi", "2026-03-14T12:30", None),
        ("à minuit", "2026-03-15T00:00", None),
        ("demain à huit heures moins le quart", "2026-03-15T07:45", None),
        ("à 20h15", "2026-03-14T20:15", None),
        ("à 6 heures du matin", "2026-03-15T06:00", None),
        ("à sept heures du soir", "2026-03-14T19:00", None),
        ("tous les lundis", "2026-03-16T09:00", "FREQ=WEEKLY;BYDAY=MO"),
        ("un mardi sur deux", "2026-03-17T09:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("en semaine à 6h30", "2026-03-16T06:30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("le premier de chaque mois", "2026-04-01T09:00", "FREQ=MONTHLY;BYMONTHDAY=1"),
        ("toutes les heures", "2026-03-14T11:00", "FREQ=HOURLY"),
        ("le 3 mars", "2027-03-03T09:00", None),
        ("après-demain", "2026-03-16T09:00", None),
        ("ce soir", "2026-03-14T20:00", None),
        ("dans deux jours", "2026-03-16T09:00", None),
        ("lundi prochain", "2026-03-16T09:00", None),
        ("lundi en huit", "2026-03-23T09:00", None),
    ],
)
def test_times(said: str, at: str, repeat: str | None) -> None:
    found = find_when(said, "fr")
    assert found is not None
    resolved = resolve(found.when, NOW, early=True)
    assert resolved is not None
    assert (resolved.at.isoformat(timespec="minutes"), resolved.repeat) == (at, repeat)
    assert [said[start:end] for start, end in found.spans] == [said]


def test_a_command_is_drawn_from_what_is_told_before_it() -> None:
    routed = ROUTER.route("il est tard, donc mets un minuteur de dix minutes")
    assert (routed.intent, routed.args["seconds"]) == ("timer.set", 600)


@pytest.mark.parametrize("said", ["un minuteur de deux heures", "dans 2 heures", "sept", "mars"])
def test_no_time(said: str) -> None:
    assert find_when(said, "fr") is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("cinq minutes", 300), ("une heure et demie", 5400), ("un quart d'heure", 900),
        ("trois quarts d'heure", 2700), ("une demi-heure", 1800), ("2 h 30", 9000),
        ("1h30", 5400), ("une minute trente", 90), ("deux heures et quart", 8100),
        ("deux minutes et demie", 150), ("1,5 heure", 5400), ("une dizaine de minutes", 600),
        ("une petite minute", 60), ("quatre-vingt-dix minutes", 5400),
        ("une heure, deux minutes et trois secondes", 3723),
    ],
)  # fmt: skip
def test_durations(said: str, seconds: float) -> None:
    found = find_duration(f"pour {said}, merci", "fr")
    assert found is not None
    assert (found.seconds, found.start, found.end) == (seconds, 5, 5 + len(said))


@pytest.mark.parametrize("said", ["", "dix", "demi", "cinq minutes ou dix secondes", "heures"])
def test_no_duration_or_more_than_one(said: str) -> None:
    assert find_duration(said, "fr") is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("les dix dernières minutes", 600), ("la dernière heure", 3600),
        ("ces deux derniers jours", 172_800), ("la dernière note", None),
    ],
)  # fmt: skip
def test_spans(said: str, seconds: float | None) -> None:
    assert find_span(said, "fr") == seconds


SOME_WORDS = (
    "mets un minuteur de d' l'alarme à sept heures et demie demain quart trois ne pas rappelle-moi "
    "tous les lundis pour cent volume liste oublie tout non euh ? , thistime thislong"
)
WORDS = st.lists(
    st.sampled_from(SOME_WORDS.split()),
    max_size=12,
).map(" ".join)


@given(st.one_of(st.text(max_size=120), WORDS))
def test_any_text_is_safe(text: str) -> None:
    routed = ROUTER.route(text)
    assert (routed.tool is None) == (routed.kind is RouteKind.NOT_A_COMMAND)
    assert routed == ROUTER.route(text)
    found = find_duration(text, "fr")
    assert found is None or 0 <= found.start < found.end <= len(text)
    when = find_when(text, "fr")
    assert when is None or all(0 <= start < end <= len(text) for start, end in when.spans)


TINY_TIMES = """
weekdays: {0: [montago]}
months: {3: [marsch]}
holidays: {}
parts: {}
frequencies: {}
before: "(?:um)"
unit: "Minuten"
patterns:
  - {is: "morgen", days: 1}
  - {is: "um (?P<hour>{n}) Uhr"}
"""
TINY_DURATIONS = """
units: {60: "Minuten?"}
number: "{digits}"
digits: "\\\\d+"
amounts: {"(?:1 )?Viertelstunde (?=Minuten)": 15}
joint: und
"""
TINY_TEMPLATES = """
language: de
order: 1
lists: {}
intents:
  timer:
    data:
      - sentences: ["stelle [einen] Timer (auf|für) thislong"]
        slots: {action: set}
  alarm:
    data:
      - sentences: ["weck mich thistime"]
        slots: {action: set}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Router:
    """A router of a language that is nowhere but in three small files and a list of no words."""
    language = tmp_path / "de" / "language"
    language.mkdir(parents=True)
    english = SUITES.parents[1] / "intents" / "en" / "language" / "words.yaml"
    keys = re.findall(r"^([\w ]+):", english.read_text("utf-8"), re.MULTILINE)
    words = {key: "(?!)" for key in keys if key not in ("respelt", "warm_up")}
    words |= {"imperative_set": "stelle", "warm_up": "weck mich"}
    (language / "words.yaml").write_text(json.dumps(words), "utf-8")
    (language / "times.yaml").write_text(TINY_TIMES, "utf-8")
    (language / "durations.yaml").write_text(TINY_DURATIONS, "utf-8")
    (tmp_path / "de" / "all.yaml").write_text(TINY_TEMPLATES, "utf-8")
    router = Router(str(tmp_path / "de"), lambda: NOW)
    router.load()
    return router


def test_a_language_is_added_without_code(tiny: Router) -> None:
    timer, alarm = (
        tiny.route("Stelle einen Timer auf zwölf Minuten."),
        tiny.route("weck mich morgen um sieben Uhr"),
    )
    assert (timer.tool, timer.args) == ("timer", {"action": "set", "seconds": 720})
    assert (alarm.tool, alarm.args) == ("alarm", {"action": "set", "at": "2026-03-15T07:00"})
    assert tiny.route("set a timer for five minutes").kind is RouteKind.NOT_A_COMMAND
