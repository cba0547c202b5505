"""What was done a moment ago: the deeds that can be undone, and for how long."""

import pytest

from agents.lately import Undoable
from agents.tools import Call, Receipt
from agents.tools.undo import UNDOABLE_S

FIRST, SECOND = (Call("timer", {"action": "cancel", "ids": (each,)}) for each in ("one", "two"))


@pytest.fixture
def undoable(calendar) -> Undoable:
    kept = Undoable(calendar.now)
    kept.note(Receipt("timer", True, undo=FIRST))
    kept.note(Receipt("timer", True, undo=SECOND))
    return kept


def undid(**again: str) -> Receipt:
    return Receipt("undo", True, {"tool": "timer", "again": again})


def test_the_newest_comes_first_and_goes_once_it_is_undone(undoable: Undoable) -> None:
    assert undoable.newest == SECOND
    undoable.note(undid())
    assert undoable.newest == FIRST
    undoable.note(undid())
    assert undoable.newest is None


def test_a_deed_that_was_replaced_goes_wherever_it_is(undoable: Undoable) -> None:
    undoable.let_go(FIRST, undid())
    undoable.note(undid())
    assert undoable.newest is None


def test_what_was_set_again_is_undone_by_its_new_id(undoable: Undoable) -> None:
    undoable.let_go(SECOND, undid(one="three"))
    assert undoable.newest == Call("timer", {"action": "cancel", "ids": ("three",)})


def test_what_failed_or_can_not_be_undone_is_not_kept(undoable: Undoable) -> None:
    undoable.note(Receipt("timer", False, undo=FIRST))
    undoable.note(Receipt("clock", True))
    assert undoable.newest == SECOND


def test_after_some_minutes_nothing_is_undone(undoable: Undoable, calendar) -> None:
    calendar.go_on(UNDOABLE_S)
    assert undoable.newest == SECOND
    calendar.go_on(1)
    assert undoable.newest is None
