"""A chooser for the tools that there are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from agents.choose.choice import Chooser
from agents.choose.examples import NONE, Example, examples
from agents.choose.learned import Learned
from agents.choose.learned_shortlist import LearnedShortlist
from agents.choose.said_times import said_time
from agents.choose.shortlist import Shortlist
from agents.tools import Toolbox, Use
from context.embed import Embedder

_MOST_OF_A_USE: Final = 30
_MOST_TALK: Final = 1600


def chooser(
    toolbox: Toolbox,
    embedder: Embedder | None,
    folder: Path | None = None,
    *,
    learned: Learned | None = None,
) -> Chooser:
    """Choose among the tools of `toolbox`: by their own uses, and where they tell none of an
    intent that there are examples of, by those. embedder: loaded before the chooser is. folder:
    where what is made of the examples is kept; None: nowhere. learned: what was learned for this
    embedder; None: nothing.
    """
    told = examples()
    uses = uses_of(toolbox, told)
    if learned is not None:
        shortlist = LearnedShortlist(uses, learned)
    else:
        shortlist = Shortlist(uses, _some(told), embedder, folder)
    return Chooser(shortlist, said_time, toolbox.outside, learned=learned)


def _some(told: Sequence[Example]) -> list[Example]:
    """The first examples of each use: what has no embedder is a small computer, and a vector of
    words is 8 kB.
    """
    seen: Counter[str] = Counter()
    some: list[Example] = []
    for each in told:
        seen[each.intent] += 1
        if seen[each.intent] <= (_MOST_TALK if each.intent == NONE else _MOST_OF_A_USE):
            some.append(each)
    return some


def uses_of(toolbox: Toolbox, told: Sequence[Example]) -> Mapping[str, Sequence[Use]]:
    """The uses of the tools, by tool: their own, or those that there are examples of."""
    uses = {name: list(toolbox.uses(name)) for name in toolbox.names}
    for intent in dict.fromkeys(each.intent for each in told if each.intent != NONE):
        tool, _, action = intent.partition(".")
        if tool in uses and not toolbox.uses(tool):
            does = f"{toolbox.description(tool)}: {action}" if action else toolbox.description(tool)
            uses[tool].append(Use(action or None, does, acts=toolbox.acts(tool)))
    return uses
