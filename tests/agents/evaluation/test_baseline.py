from datetime import UTC, datetime
from typing import Any

import pytest

from agents.evaluation.baseline import FreeChoice, read, schema
from agents.fake_model import FakeModel
from agents.tools.clock import ClockTool

NOW = datetime(2026, 3, 14, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"name": "clock"}', {"name": "clock"}),
        ('Sure:\n```json\n{"name": "clock"}\n```', {"name": "clock"}),
        ('{"name": "clock"', None),
        ('{"name": "timer", "name": "pasta"}', {"name": "timer"}),
        ("I can't.", None),
        ("[1]", None),
    ],
)  # fmt: skip
def test_the_first_object_is_read(text: str, found: dict[str, Any] | None) -> None:
    assert read(text) == found


def test_every_tool_is_shown_with_what_it_takes(toolbox) -> None:
    choice = FreeChoice(FakeModel(), toolbox.tools, lambda: 0, lambda: NOW)
    assert all(f'"name":"{tool.name}"' in choice.system for tool in toolbox.tools)
    assert '"seconds"' in choice.system
    assert '"paused"' not in choice.system, "an argument that only the program fills in"
    clock = schema(ClockTool(lambda: NOW))
    assert set(clock) == {"name", "description", "parameters"}


@pytest.mark.parametrize(
    ("reply", "tool", "args"),
    [
        ('{"name":"timer","arguments":{"action":"set"}}', "timer", {"action": "set"}),
        ('{"name":"timer","parameters":{"action":"set"}}', "timer", {"action": "set"}),
        ('{"name":"timer","action":"set"}', "timer", {"action": "set"}),
        ('{"name":"rocket","arguments":{}}', None, {}),
        ('{"name":"timer","arguments":7}', None, {}),
        ('{"name":"none","reply":"Hello."}', None, {}),
        ("Hello.", None, {}),
    ],
)
def test_what_it_chooses(toolbox, reply: str, tool: str | None, args: dict[str, Any]) -> None:
    model = FakeModel([reply], context_tokens=100_000)
    choice = FreeChoice(model, toolbox.tools, lambda: 0, lambda: NOW)
    choice.load()
    chosen = choice.choose("set a timer")
    assert (chosen.tool, dict(chosen.args)) == (tool, args)
    assert model.start == choice.system


def test_a_prompt_that_does_not_fit_chooses_nothing(toolbox) -> None:
    model = FakeModel(context_tokens=10)
    choice = FreeChoice(model, toolbox.tools, lambda: 0, lambda: NOW)
    choice.load()
    assert choice.choose("set a timer").tool is None
