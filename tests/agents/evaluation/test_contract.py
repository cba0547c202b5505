"""What the evaluation takes for reading is what the tools say of themselves."""

from agents.evaluation.contract import KEPT_IN, acts, agrees


def test_it_agrees_with_every_tool_that_says_what_it_does(toolbox) -> None:
    said = {
        f"{tool.name}.{use.action}" if use.action else tool.name: use.acts
        for tool in toolbox.tools
        for use in tool.uses
    }
    assert said
    assert {intent: acts(intent) for intent in said} == said


def test_what_is_not_known_acts() -> None:
    assert acts("rocket.launch")
    assert acts("timer.set")
    assert acts("timer")
    assert not acts("clock.time")
    assert not acts("none")
    assert not acts(None)
    assert not any(acts(f"{tool}.list") for tool in ("timer", "alarm", "reminder"))
    assert "rocket" not in KEPT_IN


def test_a_tool_alone_stands_for_all_of_its_actions() -> None:
    assert agrees("permissions", "permissions.give")
    assert agrees("timer.set", "timer.set")
    assert not agrees("timer.set", "timer")
    assert not agrees("timer.set", "timer.cancel")
    assert not agrees("timer.set", None)
    assert agrees("none", None)
    assert agrees("none", "clock.time")
    assert not agrees("none", "timer.set")
