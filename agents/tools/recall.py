"""Lists what is remembered, all or about something."""

from typing import ClassVar

from agents.relevance import told
from agents.tools import Receipt, Tool, ToolArgs, ToolContext
from context.policy import Purpose

_MOST_SPOKEN = 5
_MOST_COUNTED = 1000


class RecallArgs(ToolArgs):
    """topic: what to list, or all."""

    topic: str | None = None


class RecallTool(Tool[RecallArgs]):
    """Reads out what was told, newest or most fitting first."""

    name: ClassVar[str] = "recall"
    description: ClassVar[str] = "tell you what you told me"
    acts: ClassVar[bool] = False
    args = RecallArgs

    def run(self, args: RecallArgs, context: ToolContext) -> Receipt:
        """At most five, and how many more there are."""
        scope = context.mint(Purpose.ANSWER)
        if args.topic is None:
            items = context.store.items(scope, limit=_MOST_COUNTED)
        else:
            found = context.store.recall(scope, args.topic, limit=_MOST_SPOKEN)
            items = [each.item for each in found]
        facts = {"items": [item.id for item in items[:_MOST_SPOKEN]], "found": len(items)}
        if not items:
            about = f"about {args.topic}" if args.topic else "to remember yet"
            return Receipt(self.name, True, facts, f"You haven't told me anything {about}.")
        more = len(items) - _MOST_SPOKEN
        spoken = told(items[:_MOST_SPOKEN])
        if more > 0:
            spoken += f" And {more} more {'thing' if more == 1 else 'things'}."
        return Receipt(self.name, True, facts, spoken)
