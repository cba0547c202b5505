"""Takes back the last forgetting, while it can be; or the remembering of a moment ago."""

from typing import ClassVar

from agents.tools import Receipt, Tool, ToolArgs, ToolContext
from agents.tools.forget import ForgetArgs, ForgetTool
from context.policy import Purpose


class UndoArgs(ToolArgs):
    """Nothing."""


class UndoTool(Tool[UndoArgs]):
    """Brings back what was forgotten last; what was remembered a moment ago it forgets."""

    name: ClassVar[str] = "undo"
    description: ClassVar[str] = "undo what I forgot"
    acts: ClassVar[bool] = True
    args = UndoArgs

    def __init__(self, forget: ForgetTool) -> None:
        self._forget = forget

    def run(self, args: UndoArgs, context: ToolContext) -> Receipt:
        """Undo the last turn's remembering, or else the last forgetting."""
        if context.just_remembered is not None:
            done = self._forget.run(ForgetArgs(), context)
            return Receipt(self.name, done.ok, done.facts, done.spoken, flush=done.flush)
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

    def foresee(self, args: UndoArgs, context: ToolContext) -> str | None:
        """What forgetting would say; what can be brought back is not known before it is."""
        if context.just_remembered is None:
            return None
        return self._forget.foresee(ForgetArgs(), context)
