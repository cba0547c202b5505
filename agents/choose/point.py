"""The speaker's words that fill a slot, by what was learned of where such words begin and end."""

import math
import re
from typing import Final

from agents.choose.learned import Learned
from agents.choose.spans import ranges, says_little, with_whom

_LONGEST: Final = {
    "text": 24, "fact": 24, "items": 16, "title": 8, "topic": 8, "target": 6, "name": 3, "place": 4,
    "person": 3, "word": 1, "list": 3,
}  # fmt: skip
"""Words that fill a slot, at most."""
_OVER: Final = {"text": ",;:", "fact": ",;:", "items": ","}
"""Stops that what fills a slot may go over."""
_KEEPS_TIMES: Final = frozenset(("note.add", "remember", "forget", "recall"))
"""Uses in whose own words a time is no more than words."""
_NEEDED: Final = 0.7
"""A slot that is filled in fewer of a use's examples may be left out."""
_SURE: Final = math.log(0.02)
"""What fills a slot that may be left out must be so good by itself."""
_LIKELY: Final = -11.0
_BEYOND_DOUBT: Final = math.log(0.8)
_SHARE: Final = 0.3
"""What fills another must have so much of all the chances together, and not be quite impossible."""
_LIST: Final = re.compile(r"\s+list\b", re.IGNORECASE)


def pointed(
    text: str, intent: str, slot: str, taken: tuple[tuple[int, int], ...], learned: Learned
) -> str | None:
    """What fills `slot` in `text`; None where nothing does well enough.

    taken: parts of the text that say something else. Pure but for the embedder.
    """
    if intent in _KEEPS_TIMES:
        taken = ()
    found = _best(text, slot, taken, learned)
    if found is None:
        return None
    (start, end), point, share = found
    needed = learned.filled(intent).get(slot, 0.0) >= _NEEDED
    if point < _SURE and not (needed and share >= _SHARE and point >= _LIKELY):
        return None
    if slot == "title":
        start, end = with_whom(text, start, end, taken)
    return text[start:end]


def surely(
    text: str, slot: str, taken: tuple[tuple[int, int], ...], learned: Learned
) -> str | None:
    """What fills `slot` in `text` beyond doubt; else None."""
    found = _best(text, slot, taken, learned)
    return None if found is None or found[1] < _BEYOND_DOUBT else text[slice(*found[0])]


def _best(
    text: str, slot: str, taken: tuple[tuple[int, int], ...], learned: Learned
) -> tuple[tuple[int, int], float, float] | None:
    """The run that fills a slot best, how well it does, and its share of all that might."""
    every = ranges(text, taken, longest=_LONGEST.get(slot, 3), across=_OVER.get(slot, ""))
    runs = [run for run in every if not _says_little(text[run[0] : run[1]])]
    points = learned.points(text, slot, runs)
    if not runs or points is None:
        return None
    best = max(range(len(runs)), key=points.__getitem__)
    share = 1 / sum(math.exp(each - points[best]) for each in points)
    return runs[best], points[best], share


def named_list(text: str, intent: str, learned: Learned) -> tuple[int, int] | None:
    """Where the name of a list is that has several words: "hospital bag" before "list"."""
    name = pointed(text, intent, "list", (), learned)
    if name is None or " " not in name:
        return None
    start = text.find(name)
    end = start + len(name)
    return (start, end) if _LIST.match(text, end) else None


def _says_little(run: str) -> bool:
    """Whether a run names nothing: "it", "add something"."""
    return says_little(run) or says_little(run.rpartition(" ")[2])
