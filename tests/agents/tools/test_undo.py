from dataclasses import replace

import pytest

from agents.tools import Call, Receipt, Toolbox, ToolContext, Undoing
from agents.tools.forget import ForgetTool
from agents.tools.lists import ListTool
from agents.tools.remember import RememberTool
from agents.tools.undo import UndoTool


@pytest.fixture
def box(calendar) -> Toolbox:
    forget = ForgetTool(calendar.now)
    tools = Toolbox([ListTool(), RememberTool(), forget])
    undo = UndoTool(forget, tools.call)
    return Toolbox([ListTool(), RememberTool(), forget, undo])


class Turns:
    """Calls tools as an agent does that keeps what undoes the newest deeds."""

    def __init__(self, box: Toolbox, context: ToolContext) -> None:
        self._box, self._context = box, context
        self.kept: list[Call] = []

    def do(self, tool: str, **raw: object) -> Receipt:
        undoable = Undoing(self.kept[-1]) if self.kept else None
        receipt = self._box.call(tool, raw, replace(self._context, undoable=undoable))
        if tool == "undo" and self.kept:
            self.kept.pop()
        elif receipt.undo is not None:
            self.kept.append(receipt.undo)
        return receipt


@pytest.fixture
def turns(box, context) -> Turns:
    return Turns(box, context)


def test_the_newest_deed_first(turns, calendar) -> None:
    turns.do("list", action="add", items=("milk", "eggs"))
    calendar.go_on(1)
    turns.do("list", action="remove", items=("milk",))
    assert turns.do("undo").spoken == "I've put it back on the list."
    undone = turns.do("undo")
    assert (undone.ok, undone.spoken) == (True, "I've taken milk and eggs off your shopping list.")
    assert undone.undo is None


def test_a_forgetting_and_a_removal_are_told_apart(turns, calendar) -> None:
    turns.do("remember", fact="my car is on level 3")
    turns.do("list", action="add", items=("milk",))
    calendar.go_on(1)
    turns.do("list", action="remove", items=("milk",))
    calendar.go_on(1)
    asked = turns.do("forget", topic="my car")
    assert turns.do("forget", **asked.asks.args).ok
    calendar.go_on(1)
    assert turns.do("undo").spoken == "I've brought that back."
    assert turns.do("list", action="read").spoken == "There's nothing on your shopping list."
    assert turns.do("undo").spoken == "I've put it back on the list."


def test_nothing_to_undo(turns) -> None:
    receipt = turns.do("undo")
    assert (receipt.ok, receipt.spoken) == (False, "There's nothing I can bring back.")
