"""Remembers what the owner says, in their own words."""

from typing import ClassVar

from agents.perspective import second_person
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext
from context.items import check_text
from context.labels import Trust
from context.policy import Purpose

_ASK = "What should I remember?"


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
            return Receipt(self.name, False, {"missing": "fact"}, _ASK, asks)
        scope = context.mint(Purpose.REMEMBER)
        item = context.store.remember(scope, fact, said_by=context.said_by)
        return Receipt(self.name, True, {"item": item.id}, _said_back(fact))

    def foresee(self, args: RememberArgs, context: ToolContext) -> str | None:
        """The question, the fact said back, or why it would be refused."""
        fact = (args.fact or "").strip()
        if not fact:
            return _ASK
        _ = context.mint(Purpose.REMEMBER)
        check_text(fact)
        return _said_back(fact) if context.said_by.trust is Trust.OWNER else None


def _said_back(fact: str) -> str:
    return f"I'll remember that {second_person(fact)}."
