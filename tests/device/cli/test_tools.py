"""`lapel tools` as a person calls it."""

from click.testing import CliRunner

from agents.tools.standard import standard_tools
from device.cli import cli
from device.clock import SystemClock
from tests.agents.conftest import MemorySchedule


def test_lapel_tools_says_which_of_our_own_ask_first() -> None:
    rows = [row.split("\t") for row in CliRunner().invoke(cli, ["tools"]).output.splitlines()]
    how = {row[0]: row[2] for row in rows}
    tools = standard_tools(MemorySchedule(), SystemClock().now)
    asking = {each.name: [use.action for use in each.uses if use.asks] for each in tools}
    assert any(asking.values())
    for name, actions in asking.items():
        said = how[name].partition("; asks first: ")[2]
        assert said == ", ".join(action or name for action in actions)
