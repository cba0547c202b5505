"""Tools that reach the network are given up after their time."""

import threading
from typing import ClassVar

import pytest

from agents.tools import Receipt, Tool, ToolArgs, Toolbox, ToolContext
from agents.tools.timed import in_time
from context.policy import Sink


class Nothing(ToolArgs):
    pass


class Far(Tool[Nothing]):
    name: ClassVar[str] = "far"
    description: ClassVar[str] = "reach far"
    acts: ClassVar[bool] = False
    sink: ClassVar[Sink | None] = Sink.NETWORK
    timeout_s: ClassVar[float] = 0.05
    args = Nothing

    def __init__(self, hangs: bool) -> None:
        self.answered = threading.Event()
        if not hangs:
            self.answered.set()
        self.runs = 0

    def run(self, args: Nothing, context: ToolContext) -> Receipt:
        self.runs += 1
        self.answered.wait()
        return Receipt("far", True, {}, "It is sunny.")


def test_a_hung_tool_is_given_up_and_its_late_result_dropped(context: ToolContext) -> None:
    tool = Far(hangs=True)
    receipt = Toolbox([tool]).call("far", {}, context)
    assert not receipt.ok
    assert "no answer" in receipt.spoken
    tool.answered.set()
    assert not receipt.ok


def test_one_that_answers_is_as_any_other(context: ToolContext) -> None:
    Far.timeout_s = 60
    try:
        assert Toolbox([Far(hangs=False)]).call("far", {}, context).spoken == "It is sunny."
    finally:
        Far.timeout_s = 0.05


def test_nothing_is_fetched_to_foresee(context: ToolContext) -> None:
    tool = Far(hangs=False)
    assert Toolbox([tool]).preview("far", {}, context) is None
    assert tool.runs == 0


def test_what_a_call_raises_is_raised() -> None:
    def broken() -> None:
        raise OSError("no way")

    with pytest.raises(OSError, match="no way"):
        in_time(broken, 60)
