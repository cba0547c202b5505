"""Takes back what was done last: a deed of a moment ago, a forgetting, or a remembering."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from agents.tools import Receipt, Tool, ToolArgs, ToolContext, Use
from agents.tools.forget import ForgetArgs, ForgetTool
from context.policy import Purpose

UNDOABLE_S = 300.0
"""Seconds for which who keeps receipts still offers what undoes one."""

Calls = Callable[[str, Mapping[str, object], ToolContext], Receipt]
"""Calls a tool by its name, as a toolbox does."""


class UndoArgs(ToolArgs):
    """forgotten: what was forgotten last, whatever was done since."""

    forgotten: bool = False


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
        if context.just_remembered is not None:
            done = self._forget.run(ForgetArgs(), context)
            return Receipt(self.name, done.ok, done.facts, done.spoken, flush=done.flush)
        undoable = context.undoable
        if undoable is None or undoable.tool == self.name:
            return self._bring_back(context)
        done = self._call(undoable.tool, undoable.args, context)
        # What undoes it has no undo of its own here: "undo" twice takes back two deeds.
        facts = {"tool": undoable.tool, **done.facts}
        return Receipt(self.name, done.ok, facts, done.spoken, flush=done.flush, used=done.used)

    def foresee(self, args: UndoArgs, context: ToolContext) -> str | None:
        """What forgetting would say; what can be brought back is not known before it is."""
        if args.forgotten or context.just_remembered is None:
            return None
        return self._forget.foresee(ForgetArgs(), context)

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
