"""Remembers what the owner says, in their own words."""

from typing import ClassVar

from agents.perspective import second_person
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext
from context.policy import Purpose


class RememberArgs(ToolArgs):
    """fact: the owner's words, as said."""

    fact: str | None = None


class RememberTool(Tool[RememberArgs]):
    """Stores one fact."""

    name: ClassVar[str] = "remember"
    description: ClassVar[str] = "remember things"
    acts: ClassVar[bool] = True
    args = RememberArgs

    def run(self, args: RememberArgs, context: ToolContext) -> Receipt:
        """Store it and say it back; ask for it if there is none."""
        fact = (args.fact or "").strip()
        if not fact:
            asks = Proposal(self.name, {}, Slot.FACT)
            spoken = "What should I remember?"
            return Receipt(self.name, False, {"missing": "fact"}, spoken, asks)
        scope = context.mint(Purpose.REMEMBER)
        item = context.store.remember(scope, fact, said_by=context.said_by)
        return Receipt(
            self.name, True, {"item": item.id}, f"I'll remember that {second_person(fact)}."
        )
