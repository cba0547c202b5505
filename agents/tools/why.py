"""Says what the last answer was made from, who told it when, and why it was allowed."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from agents.tools import Receipt, Tool, ToolArgs, ToolContext
from agents.used import Used, explained
from context.errors import ItemNotFound
from context.policy import Purpose, Scope

_MOST_SPOKEN = 3
_NOTHING = "Nothing you told me went into that, as far as I may say now."


class WhyArgs(ToolArgs):
    """Nothing."""


class WhyTool(Tool[WhyArgs]):
    """Explains the last answer, within what is open to who asks now. now: in the owner's zone."""

    name: ClassVar[str] = "why"
    description: ClassVar[str] = "say how I know things"
    acts: ClassVar[bool] = False
    args = WhyArgs

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def run(self, args: WhyArgs, context: ToolContext) -> Receipt:
        """At most three items, in the order in which they were used."""
        scope = context.mint(Purpose.ANSWER)
        open_now = [used for used in context.used if _is_open(used, scope, context)]
        now = self._now()
        spoken = [explained(used, now) for used in open_now[:_MOST_SPOKEN]]
        if more := len(open_now) - len(spoken):
            spoken.append(f"And {more} more {'thing' if more == 1 else 'things'}.")
        facts = {"items": [used.item_id for used in open_now]}
        return Receipt(self.name, True, facts, " ".join(spoken) or _NOTHING)


def _is_open(used: Used, scope: Scope, context: ToolContext) -> bool:
    """Whether it may be spoken of now: it may have been forgotten, or others may listen."""
    try:
        return context.store.item(scope, used.item_id).text == used.item.text
    except ItemNotFound:
        return False
