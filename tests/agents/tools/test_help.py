from typing import cast

import pytest

from agents.router import RouteKind, Router
from agents.tools import ToolContext
from agents.tools.fake_home import FakeHome
from agents.tools.help import SAY, HelpTool
from agents.tools.home import HomeTool
from agents.tools.home_words import HomeDevice, Kind
from agents.tools.levels import NoLevels, VolumeTool
from agents.tools.lists import ListTool
from agents.tools.notes import NoteTool
from agents.tools.weather import WeatherTool

NOTHING = cast("ToolContext", None)


def test_it_tells_of_what_is_registered(calendar) -> None:
    few = HelpTool(lambda: [ListTool()]).call({}, NOTHING).spoken
    assert few.startswith("I can keep your shopping list and other lists and answer questions.")
    more = HelpTool(lambda: [ListTool(), NoteTool(calendar.now)]).call({}, NOTHING).spoken
    assert "take notes" in more


def test_help_with_something(calendar) -> None:
    tool = HelpTool(lambda: [ListTool(), NoteTool(calendar.now), VolumeTool(NoLevels())])
    notes = tool.call({"topic": "notes"}, NOTHING)
    assert notes.facts == {"tool": "note"}
    assert "For instance: take a note: the meter reads 4512." in notes.spoken
    assert tool.call({"topic": "the volume"}, NOTHING).facts == {"tool": "volume"}
    assert tool.call({"topic": "elephants"}, NOTHING).spoken.startswith("I can keep your")


def test_it_claims_nothing_that_is_not_set_up(calendar) -> None:
    lamp = HomeDevice("light.lamp", "Lamp", Kind.LIGHT, "off")
    off = HelpTool(lambda: [ListTool(), HomeTool(None), WeatherTool(None, calendar.now)])
    on = HelpTool(lambda: [ListTool(), HomeTool(FakeHome([lamp]))])
    said = off.call({}, NOTHING).spoken
    assert "lights" not in said
    assert "weather" not in said
    assert "lights" in on.call({}, NOTHING).spoken
    assert "isn't set up here" in off.call({"topic": "weather"}, NOTHING).spoken
    assert "isn't set up here" not in on.call({"topic": "home"}, NOTHING).spoken


def test_it_names_the_servers_whose_tools_are_there() -> None:
    names: list[str] = []
    tool = HelpTool(lambda: [ListTool()], servers=lambda: names)
    assert "the tools of" not in tool.call({}, NOTHING).spoken
    names += ["mail", "printer"]
    assert "I can also use the tools of mail and printer." in tool.call({}, NOTHING).spoken


def test_every_standard_tool_says_what_it_is_for(toolbox, context) -> None:
    assert {"list", "note", "calculator", "calendar", "volume", "routine"} <= set(toolbox.names)
    assert toolbox.call("help", {}, context).ok


@pytest.mark.parametrize("tool", SAY)
def test_what_it_tells_to_say_is_a_whole_command_of_that_tool(router: Router, tool: str) -> None:
    for text in SAY[tool]:
        routed = router.route(text)
        assert (routed.kind, routed.tool) == (RouteKind.COMPLETE, tool), text
