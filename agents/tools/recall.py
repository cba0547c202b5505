"""Lists what is remembered: all, about something, or from a time; and how much there is."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import ClassVar, Final, Literal

from pydantic import Field

from agents.about import day_of, kept_between, newest
from agents.answer import not_known
from agents.durations import LONGEST_SPAN_S, say_span
from agents.entries import answering, facts_of
from agents.perspective import second_person
from agents.relevance import listed, told
from agents.tools import Receipt, Tool, ToolArgs, ToolContext
from agents.used import Used
from context.items import Item, Provenance
from context.policy import Purpose, Scope

_MOST_SPOKEN: Final = 5
_MOST_COUNTED: Final = 100_000
_COUNTED: Final = {
    Provenance.OWNER_SPOKE: "you told me",
    Provenance.OWNER_TYPED: "you typed",
    Provenance.IMPORTED: "imported",
    Provenance.OTHER_SPEAKER: "others told me",
    Provenance.OVERHEARD: "I overheard",
    Provenance.TOOL_RESULT: "from tools",
}


class RecallArgs(ToolArgs):
    """topic: what to list, or all. day, seconds: from when. count: only how many."""

    topic: str | None = None
    day: Literal["today", "yesterday"] | None = None
    seconds: float | None = Field(default=None, gt=0, le=LONGEST_SPAN_S)
    count: bool = False


class RecallTool(Tool[RecallArgs]):
    """Reads out what was told, newest or most fitting first. now: aware, in the owner's zone."""

    name: ClassVar[str] = "recall"
    description: ClassVar[str] = "tell you what you told me"
    acts: ClassVar[bool] = False
    args = RecallArgs

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def run(self, args: RecallArgs, context: ToolContext) -> Receipt:
        """At most five, and how many more there are."""
        scope = context.mint(Purpose.ANSWER)
        items = self._found(args, scope, context)
        named = [] if args.count else items[:_MOST_SPOKEN]
        facts = {"items": [item.id for item in named], "found": len(items)}
        used = tuple(Used.of(item, scope) for item in named)
        if not items:
            nothing = self._nothing(args, scope, context)
            return Receipt(self.name, True, facts, nothing, used=used)
        spoken = [_counts(items, _when(args))] if args.count or _when(args) else []
        if named:
            spoken.append(told(named, self._now()))
        more = 0 if args.count else len(items) - len(named)
        if more:
            spoken.append(f"And {more} more {'thing' if more == 1 else 'things'}.")
        return Receipt(self.name, True, facts, " ".join(spoken), used=used)

    def _found(self, args: RecallArgs, scope: Scope, context: ToolContext) -> list[Item]:
        store = context.store
        if args.topic is not None:
            found = store.recall(answering(scope), args.topic, limit=_MOST_SPOKEN)
            return [each.item for each in found]
        scope = facts_of(scope)  # lists, notes and routines are read by tools of their own
        if args.day is not None:
            return kept_between(store, scope, *day_of(self._now(), args.day))
        if args.seconds is not None:
            end = self._now()
            return kept_between(store, scope, end - timedelta(seconds=args.seconds), end)
        return list(islice(newest(store, scope), _MOST_COUNTED))

    def _nothing(self, args: RecallArgs, scope: Scope, context: ToolContext) -> str:
        if (when := _when(args)) is not None:
            spoken = f"There's nothing from {when} that I may tell you now."
        elif args.topic is not None:
            spoken = f"You haven't told me anything about {second_person(args.topic)}."
        else:
            spoken = "You haven't told me anything to remember yet."
        return not_known(args.topic or "", scope, context.store, spoken)


def _when(args: RecallArgs) -> str | None:
    if args.day is not None:
        return args.day
    return None if args.seconds is None else f"the last {say_span(args.seconds)}"


def _counts(items: Sequence[Item], when: str | None) -> str:
    """How many there are, and by which way they came: only of what may be told, and it says so."""
    by = Counter(item.provenance for item in items)
    kinds = [f"{by[each]} {said}" for each, said in _COUNTED.items() if by[each]]
    things = "1 thing" if len(items) == 1 else f"{len(items)} things"
    from_when = f" from {when}" if when else ""
    ways = f": {listed(kinds)}" if len(kinds) > 1 or not when else ""
    return f"I may tell you now of {things}{from_when}{ways}."
