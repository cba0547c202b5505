"""What was done a moment ago: the deeds that can be undone, and for how long."""

import pytest

from agents.lately import Undoable, in_place_of
from agents.tools import Call, Receipt
from agents.tools.undo import UNDOABLE_S
from context.labels import Compartment

FIRST, SECOND = (Call("timer", {"action": "cancel", "ids": (each,)}) for each in ("one", "two"))


NOTHING: frozenset[Compartment] = frozenset()


def undoing(undoable: Undoable) -> Call | None:
    return None if undoable.newest is None else undoable.newest.call


@pytest.fixture
def undoable(calendar) -> Undoable:
    kept = Undoable(calendar.now)
    kept.note(Receipt("timer", True, undo=FIRST), NOTHING)
    kept.note(Receipt("timer", True, undo=SECOND), NOTHING)
    return kept


def undid_nothing() -> Receipt:
    return Receipt("undo", False, {"tool": "timer", "done": 0, "again": {}})


def undid(**again: str) -> Receipt:
    return Receipt("undo", True, {"tool": "timer", "again": again})


def test_the_newest_comes_first_and_goes_once_it_is_undone(undoable: Undoable) -> None:
    assert undoing(undoable) == SECOND
    undoable.note(undid(), NOTHING)
    assert undoing(undoable) == FIRST
    undoable.note(undid(), NOTHING)
    assert undoing(undoable) is None


def test_a_deed_that_was_replaced_goes_wherever_it_is(undoable: Undoable) -> None:
    undoable.let_go(FIRST, undid())
    undoable.note(undid(), NOTHING)
    assert undoing(undoable) is None


def test_what_was_set_again_is_undone_by_its_new_id(undoable: Undoable) -> None:
    undoable.let_go(SECOND, undid(one="three"))
    assert undoing(undoable) == Call("timer", {"action": "cancel", "ids": ("three",)})


def test_what_failed_or_can_not_be_undone_is_not_kept(undoable: Undoable) -> None:
    undoable.note(Receipt("timer", False, undo=FIRST), NOTHING)
    undoable.note(Receipt("clock", True), NOTHING)
    assert undoing(undoable) == SECOND


def test_after_some_minutes_nothing_is_undone(undoable: Undoable, calendar) -> None:
    calendar.go_on(UNDOABLE_S)
    assert undoing(undoable) == SECOND
    calendar.go_on(1)
    assert undoing(undoable) is None


def test_what_could_not_be_undone_stays_the_newest(undoable: Undoable) -> None:
    undoable.note(undid_nothing(), NOTHING)
    assert undoing(undoable) == SECOND
    undoable.let_go(SECOND, undid_nothing())
    assert undoing(undoable) == SECOND
    undoable.note(
        Receipt("undo", False, {"tool": "timer", "done": 1, "again": {"one": "three"}}), NOTHING
    )
    assert undoing(undoable) == Call("timer", {"action": "cancel", "ids": ("three",)})


def test_a_call_that_is_no_longer_known_is_replaced_all_the_same() -> None:
    made: list[Call] = []

    def call(each: Call) -> Receipt:
        made.append(each)
        return Receipt(each.tool, True, spoken=f"{each.tool}.")

    done, undone = in_place_of(None, FIRST, SECOND, call)
    assert made == [SECOND, Call("undo", {"calls": (FIRST,)})]
    assert done.spoken == "timer. undo."
    assert undone is not None
