"""The speaker's words that fill a slot, by what was learned of where such words begin and end."""

import math
from typing import Final

from agents.choose.learned import Learned
from agents.choose.spans import ranges, says_little, with_whom

_LONGEST: Final = {
    "text": 24, "fact": 24, "items": 16, "title": 8, "topic": 8, "target": 6, "name": 3, "place": 4,
    "person": 3, "word": 1,
}  # fmt: skip
"""Words that fill a slot, at most."""
_OVER: Final = {"text": ",;:", "fact": ",;:", "items": ","}
"""Stops that what fills a slot may go over."""
_KEEPS_TIMES: Final = frozenset(("note.add", "remember", "forget", "recall"))
"""Uses in whose own words a time is no more than words."""
_NEEDED: Final = 0.7
"""A slot that is filled in fewer of a use's examples may be left out."""
_SURE: Final = math.log(0.1)
"""What fills a slot that may be left out must be so good by itself."""
_LIKELY: Final = -11.0
_HALF: Final = 0.5
"""What fills another must be better than all else together, and not quite impossible."""


def pointed(
    text: str, intent: str, slot: str, taken: tuple[tuple[int, int], ...], learned: Learned
) -> str | None:
    """What fills `slot` in `text`; None where nothing does well enough.

    taken: parts of the text that say something else. Pure but for the embedder.
    """
    if intent in _KEEPS_TIMES:
        taken = ()
    every = ranges(text, taken, longest=_LONGEST.get(slot, 3), across=_OVER.get(slot, ""))
    runs = [run for run in every if not _says_little(text[run[0] : run[1]])]
    points = learned.points(text, slot, runs)
    if not runs or points is None:
        return None
    best = max(range(len(runs)), key=points.__getitem__)
    share = 1 / sum(math.exp(each - points[best]) for each in points)
    needed = learned.filled(intent).get(slot, 0.0) >= _NEEDED
    if points[best] < _SURE and not (needed and share >= _HALF and points[best] >= _LIKELY):
        return None
    start, end = runs[best]
    if slot == "title":
        start, end = with_whom(text, start, end, taken)
    return text[start:end]


def _says_little(run: str) -> bool:
    """Whether a run names nothing: "it", "add something"."""
    return says_little(run) or says_little(run.rpartition(" ")[2])
