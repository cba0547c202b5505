"""The router alone on the suites that come with the assistant.

The floors are what it reaches. It has learnt from `commands_a` and `commands_more_a`; `commands_b`
is for `lapel eval` alone.
"""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agents.router import Routed, RouteKind, Router

SUITES = Path(__file__).parents[2] / "agents" / "evaluation" / "suites"
NOW = datetime(2026, 3, 14, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
ROUTER = Router("en", lambda: NOW)
ROUTER.load()
READING = {
    "clock", "calculator", "status", "speech", "weather", "help", "why", "recall", "stop", "cannot",
    "calendar.next", "calendar.day", "calendar.find", "home.state", "list.read", "list.lists",
    "note.read", "timer.left", "timer.list", "alarm.list", "reminder.list", "volume.read",
    "brightness.read", "permissions.list", "routine.list", "routine.show",
}  # fmt: skip


def rows(name: str) -> list[dict[str, object]]:
    lines = (SUITES / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [row for row in map(json.loads, lines) if "text" in row]


def reads_only(routed: Routed) -> bool:
    return routed.tool is None or bool(READING & {routed.tool, routed.intent})


def plain(value: object) -> object:
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.lower().strip(" .,!?") if isinstance(value, str) else value


def is_right(row: dict[str, object], routed: Routed) -> bool:
    if (routed.intent or "none") != row["intent"]:
        return False
    wants = row.get("slots") or {}
    assert isinstance(wants, dict)
    incomplete = "incomplete" in list(row.get("tags", []))  # pyright: ignore
    same = all(plain(routed.args.get(name)) == plain(value) for name, value in wants.items())
    return same and incomplete == (routed.kind is RouteKind.INCOMPLETE)


def test_what_it_learnt_from_is_right() -> None:
    suite = [*rows("commands_a"), *rows("commands_more_a")]
    assert len(suite) >= 600
    wrong = [row["text"] for row in suite if not is_right(row, ROUTER.route(str(row["text"])))]
    assert len(wrong) <= 0.02 * len(suite), wrong


@pytest.mark.parametrize("row", rows("no_action"), ids=lambda row: str(row["text"])[:60])
def test_questions_and_chatter_never_act(row: dict[str, object]) -> None:
    routed = ROUTER.route(str(row["text"]))
    if row["intent"] == "none" or str(row["intent"]) in READING:
        assert routed.kind is not RouteKind.COMPLETE or reads_only(routed), routed


@pytest.mark.parametrize("suite", ["commands_a", "commands_new_a", "no_action"])
def test_templates_that_are_passed_over_would_have_found_nothing(suite, monkeypatch) -> None:
    texts = [str(row["text"]) for row in rows(suite)][::4]
    quick = [ROUTER.route(text) for text in texts]
    monkeypatch.setattr("agents.router._Grammar._may", lambda grammar, _: grammar._intents)
    assert [ROUTER.route(text) for text in texts] == quick
