"""What the device gives the tools, put together from settings."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agents.router import Router
from agents.tools import Call
from agents.tools.standard import Deps
from device.assemble import assemble_deps
from device.clock import SystemClock
from device.levels import Gain
from device.settings import load_settings
from device.speak.pace import VoicePace


@pytest.fixture(scope="module")
def router() -> Router:
    router = Router()
    router.load()
    return router


def deps(tmp_path: Path, router: Router, *overrides: str) -> Deps:
    settings = load_settings(overrides=overrides)
    return assemble_deps(settings, tmp_path, SystemClock(), router, gain=Gain(), pace=VoicePace())


def test_the_calendar_is_in_the_private_folder_or_where_the_settings_say(tmp_path, router) -> None:
    at = datetime(2026, 3, 17, 15)
    deps(tmp_path, router).events.add("dentist", at, 600)
    assert (tmp_path / "calendar" / "own.ics").exists()
    other = tmp_path / "mine"
    elsewhere = deps(tmp_path, router, f"tools.calendar.folder={other}").events
    assert elsewhere.between(at, at + timedelta(days=1)) == []
    elsewhere.add("dentist", at, 600)
    assert (other / "own.ics").exists()


def test_routes_are_those_of_the_grammar(tmp_path, router) -> None:
    routes = deps(tmp_path, router).routes
    call = routes.complete("set a timer for five minutes")
    assert call is not None
    assert call == Call("timer", {**call.args, "action": "set", "seconds": 300})
    assert routes.complete("set a timer") is None
    assert routes.complete("what a lovely day it was at the seaside") is None


def test_the_rest(tmp_path, router) -> None:
    given = deps(tmp_path, router)
    given.pace.set_factor(1.2)
    assert given.pace.factor() == 1.2
    assert given.levels.percent("volume") is not None
    assert given.board.vitals().disk_free_bytes
    assert not given.mute_switch.exists
