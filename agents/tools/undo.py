"""Takes back what was done last: a deed of a moment ago, a forgetting, or a remembering."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar, Final, cast

from agents.tools import Call, Receipt, Tool, ToolArgs, ToolContext, Use
from agents.tools.forget import ForgetArgs, ForgetTool
from context.errors import LapelError
from context.labels import Compartment
from context.policy import Purpose

UNDOABLE_S = 300.0
"""Seconds for which who keeps receipts still offers what undoes one."""

Calls = Callable[[str, Mapping[str, object], ToolContext], Receipt]
"""Calls a tool by its name, as a toolbox does."""

_TOLD_AT_ONCE: Final = 3
_UNDONE: Final = "I've undone that."
_NOT_UNDONE: Final = "I couldn't undo all of that."


def renamed(call: Call, again: Mapping[str, str]) -> Call:
    """`call` with the ids that things have since they were set again. again: new ids by old."""
    return Call(call.tool, {key: _renamed(value, again) for key, value in call.args.items()})


def _renamed(value: object, again: Mapping[str, str]) -> object:
    match value:
        case str():
            return again.get(value, value)
        case Call():
            return renamed(value, again)
        case tuple():
            return tuple(_renamed(each, again) for each in cast("tuple[object, ...]", value))
        case _:
            return value


def _one_by_one(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """The calls without any that only makes others, so that one receipt tells of all of them."""
    return tuple(
        single
        for each in calls
        for single in (
            _one_by_one(cast("tuple[Call, ...]", each.args["calls"]))
            if each.tool == UndoTool.name and each.args.get("calls")
            else (each,)
        )
    )


def _may_hear(within: frozenset[Compartment], context: ToolContext) -> bool:
    """Whether all that was open to who heard of a deed is open to who hears of its undoing."""
    if not within:
        return True
    try:
        return within <= context.mint(Purpose.ANSWER).compartments
    except LapelError:
        return False


class UndoArgs(ToolArgs):
    """forgotten: what was forgotten last, whatever was done since. calls: what undoes a deed that
    touched several things.
    """

    forgotten: bool = False
    calls: tuple[Call, ...] = ()


class UndoTool(Tool[UndoArgs]):
    """Undoes the last deed that can be; what was remembered a moment ago it forgets."""

    name: ClassVar[str] = "undo"
    description: ClassVar[str] = "undo what I did last"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            None,
            "take back what was done last",
            (
                "oh no, put it back the way it was",
                "I didn't want that",
                "wait, that was a mistake",
                "scratch what you just did",
            ),
        ),
    )
    args = UndoArgs

    def __init__(self, forget: ForgetTool, call: Calls) -> None:
        self._forget = forget
        self._call = call

    def run(self, args: UndoArgs, context: ToolContext) -> Receipt:
        """Undo the last turn's remembering, or else the last deed, or else the last forgetting."""
        if args.forgotten:
            return self._bring_back(context)
        if args.calls:
            return self._make(_one_by_one(args.calls), context)
        if context.just_remembered is not None:
            done = self._forget.run(ForgetArgs(), context)
            return Receipt(self.name, done.ok, done.facts, done.spoken, flush=done.flush)
        undoing = context.undoable
        if undoing is None:
            return self._bring_back(context)
        call = undoing.call
        if call.tool == self.name:
            again = UndoArgs.model_validate(call.args)
            undone = self.run(again, context)
            if again.forgotten:  # that says no word of it
                return undone
        else:
            undone = self._make((call,), context)
        if _may_hear(undoing.within, context) or undone.facts.get("missing") == "permission":
            return undone
        return replace(undone, spoken=_UNDONE if undone.ok else _NOT_UNDONE, used=None)

    def foresee(self, args: UndoArgs, context: ToolContext) -> str | None:
        """What forgetting would say; what can be brought back is not known before it is."""
        if args.forgotten or args.calls or context.just_remembered is None:
            return None
        return self._forget.foresee(ForgetArgs(), context)

    def _make(self, calls: tuple[Call, ...], context: ToolContext) -> Receipt:
        """Make the calls. What undoes has no undo of its own here: "undo" twice takes back two
        deeds. What is set again has another id than before: `again` tells which was which.
        """
        done = [self._call(each.tool, each.args, context) for each in calls]
        worked = [each for each in done if each.ok]
        again = {
            was: each.facts[each.tool]
            for each in worked
            if (was := each.facts.get("was")) is not None and each.tool in each.facts
        }
        facts = {**done[0].facts, "tool": calls[0].tool, "done": len(worked), "again": again}
        if len(done) > _TOLD_AT_ONCE:
            spoken = f"I've undone all {len(done)} of that."
            if len(worked) < len(done):
                spoken = f"I could only undo {len(worked)} of the {len(done)}."
        else:
            spoken = " ".join(each.spoken for each in done)
        flush = any(each.flush for each in done)
        ok = len(worked) == len(done)
        used = done[0].used if len(done) == 1 else None
        return Receipt(self.name, ok, facts, spoken, flush=flush, used=used)

    def _bring_back(self, context: ToolContext) -> Receipt:
        scope = context.mint(Purpose.FORGET)
        count = context.store.undo(scope)
        if count:
            self._forget.was_undone()
            back = "that" if count == 1 else f"those {count} things"
            spoken = f"I've brought {back} back."
        elif self._forget.has_forgotten(scope):
            spoken = "That's erased; I can't bring it back."
        else:
            spoken = "There's nothing I can bring back."
        return Receipt(self.name, bool(count), {"count": count}, spoken, flush=bool(count))
