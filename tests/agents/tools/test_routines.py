from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.routine_steps import read, routine_name, split_steps, written
from agents.tools import Call, Receipt, Slot, Toolbox, ToolContext
from agents.tools.lists import ListTool
from agents.tools.notes import NoteTool
from agents.tools.routines import MOST_STEPS, RoutineTool
from context.items import Provenance
from context.policy import OWNER_ROUTINES, Audience, Purpose
from context.store import Store

Do = Callable[..., Receipt]
COMMANDS = {
    "add milk and eggs to my list": Call("list", {"action": "add", "items": ("milk", "eggs")}),
    "read my list": Call("list", {"action": "read"}),
    "clear my list": Call("list", {"action": "clear"}),
    "note that I am tired": Call("note", {"action": "add", "text": "I am tired"}),
    "delete my last note": Call("note", {"action": "remove", "last": True}),
    "run good night": Call("routine", {"action": "run", "name": "good night"}),
    "undo": Call("undo", {}),
}


class Commands:
    """Knows some commands by heart."""

    def complete(self, utterance: str) -> Call | None:
        return COMMANDS.get(utterance)


@pytest.fixture
def do(context: ToolContext, calendar) -> Do:
    tools = Toolbox([ListTool(), NoteTool(calendar.now)])
    routine = RoutineTool(Commands(), tools.call)
    return lambda action, **raw: routine.call({"action": action, **raw}, context)


def teach(do: Do, *steps: str, name: str = "good night") -> Receipt:
    return do("teach", name=name, steps=steps)


def test_it_is_taught_and_run(do) -> None:
    taught = teach(do, "add milk and eggs to my list", "read my list", name="Shopping Day")
    assert (taught.ok, taught.spoken) == (
        True,
        "I've learned shopping day, with 2 steps. Say shopping day to run it.",
    )
    run = do("run", name="my shopping day routine")
    assert (run.ok, run.spoken) == (
        True,
        "I've added milk and eggs to your shopping list. Your shopping list has: milk and eggs.",
    )
    assert do("list").spoken == "You have one routine: shopping day."
    assert do("show", name="shopping day").spoken == (
        "When you say shopping day: add milk and eggs to my list; read my list."
    )


@pytest.mark.parametrize("step", ["sing a song", "run good night", "undo", "x" * 500])
def test_a_step_that_is_no_whole_command_is_refused(do, step) -> None:
    refused = teach(do, "read my list", step)
    assert not refused.ok
    assert refused.spoken.startswith("I can't learn that.")
    assert not do("run", name="good night").ok


def test_what_is_missing_is_asked_for(do) -> None:
    assert not do("teach").ok
    asked = do("teach", name="good night")
    assert (asked.spoken, asked.asks.slot) == (
        "What should I do when you say good night?",
        Slot.STEPS,
    )
    taught = do(**asked.asks.args, text="add milk and eggs to my list and then read my list")
    assert taught.facts["steps"] == 2


def test_too_many_steps(do) -> None:
    assert not teach(do, *["read my list"] * (MOST_STEPS + 1)).ok
    assert teach(do, *["read my list"] * MOST_STEPS).ok


def test_what_fails_is_said(do) -> None:
    teach(do, "delete my last note", "note that I am tired")
    run = do("run", name="good night")
    assert (run.ok, run.facts["done"]) == (False, 1)
    assert run.spoken == (
        "Step 1 didn't work: You have no notes. I've noted: I am tired. 1 of 2 steps worked."
    )


def test_it_stops_before_what_asks_first(do) -> None:
    teach(do, "add milk and eggs to my list", "clear my list", "note that I am tired")
    run = do("run", name="good night")
    assert run.asks is None
    assert run.spoken == (
        "I've added milk and eggs to your shopping list. I stopped at step 2, which needs your"
        " answer: clear my list."
    )
    assert do("run", name="good night").facts["done"] == 0  # nothing was cleared: milk is there


def test_an_old_one_is_replaced_after_a_yes(do) -> None:
    teach(do, "read my list")
    asked = teach(do, "note that I am tired")
    assert (asked.ok, asked.asks.slot) == (False, Slot.YES)
    assert "read my list" in do("show", name="good night").spoken
    assert do(**asked.asks.args).ok
    assert "read my list" not in do("show", name="good night").spoken
    assert do("list").facts["routines"] == 1


def test_removing_and_undo(do) -> None:
    taught = teach(do, "read my list")
    removed = do("remove", name="good night")
    assert removed.spoken == "I've removed the routine good night."
    assert do("run", name="good night").spoken.startswith("You have taught me no routines.")
    assert do(**removed.undo.args).ok
    assert do("run", name="good night").ok
    assert do(**taught.undo.args).ok
    assert not do("run", name="good night").ok


def test_a_run_is_taken_back_as_a_whole(do) -> None:
    teach(do, "add milk and eggs to my list", "read my list", "note that I am tired")
    run = do("run", name="good night")
    back = do(**run.undo.args)
    assert (back.ok, back.spoken) == (True, "I've taken back 2 steps of that.")
    assert not do(**run.undo.args).ok
    teach(do, "read my list", name="look")
    assert "nothing on your shopping list" in do("run", name="look").spoken


def test_one_that_is_not_known(do) -> None:
    teach(do, "read my list")
    assert do("run", name="morning").spoken == (
        "You have no routine called morning. I know good night."
    )


def test_others_routines_are_never_run(do, store: Store, speaker) -> None:
    speaker.press()
    store.remember(
        speaker.mint(Purpose.REMEMBER),
        written("good night", ["note that I am tired"]),
        compartment=OWNER_ROUTINES,
        said_by=Provenance.IMPORTED,
    )
    run = do("run", name="good night")
    assert (run.ok, run.spoken) == (False, "That routine isn't from you, so I won't run it.")


def test_company_learns_nothing_of_them(do, speaker) -> None:
    teach(do, "read my list", name="divorce")
    speaker.audience = Audience.COMPANY
    for action in ("list", "show", "run", "remove"):
        receipt = do(action, **({} if action == "list" else {"name": "x"}))
        assert (receipt.ok, "divorce" in receipt.spoken) == (False, False)


def test_steps_in_one_go() -> None:
    whole = COMMANDS.__contains__
    assert split_steps("add milk and eggs to my list, and read my list.", whole, 9) == [
        "add milk and eggs to my list", "read my list",
    ]  # fmt: skip
    assert split_steps("read my list and sing", whole, 9) is None
    assert split_steps("read my list and read my list", whole, 1) is None


@given(st.text(min_size=1), st.lists(st.text(min_size=1), min_size=1, max_size=12))
def test_what_is_written_is_read(name: str, steps: list[str]) -> None:
    assert read(written(name, steps)) == (name, steps)


@given(st.text())
def test_any_text_is_a_routine_or_none(text: str) -> None:
    assert read(text) is None or text.startswith("{")
    assert routine_name(routine_name(text)) == routine_name(text)


@pytest.mark.parametrize(
    "text", ['{"routine": "x", "steps": []}', '{"routine": "x", "steps": [1]}', "[" * 100_000, "3"]
)
def test_damaged_ones(text) -> None:
    assert read(text) is None
