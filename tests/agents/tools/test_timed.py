"""Tools that reach the network are given up after their time."""

import threading
from typing import ClassVar

import pytest

from agents.tools import Receipt, Tool, ToolArgs, Toolbox, ToolContext
from agents.tools.timed import given_up_in, in_time, left_s
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


def test_a_call_knows_how_long_it_is_waited_for() -> None:
    assert left_s() is None
    assert 50 < (in_time(left_s, 60) or 0) <= 60
    assert (in_time(left_s, 0.5) or 0) <= 0.5
    assert left_s() is None


def test_a_block_within_another_has_no_more_time_than_that() -> None:
    with given_up_in(0):
        with given_up_in(60):
            assert (left_s() or 0) <= 0
        assert (left_s() or 0) <= 0
    with given_up_in(60), given_up_in(5):
        assert 0 < (left_s() or 0) <= 5


def test_a_call_that_goes_on_when_it_is_given_up_knows_it() -> None:
    gone_on, left = threading.Event(), list[float]()

    def slow() -> None:
        gone_on.wait()
        left.append(left_s() or 0)
        done.set()

    done = threading.Event()
    with pytest.raises(TimeoutError):
        in_time(slow, 0.02)
    gone_on.set()
    assert done.wait(10)
    assert left[0] <= 0


def test_what_a_call_raises_is_raised() -> None:
    def broken() -> None:
        raise OSError("no way")

    with pytest.raises(OSError, match="no way"):
        in_time(broken, 60)
