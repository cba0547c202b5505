"""The speaker's words that fill a slot, by what was learned of where such words begin and end."""

import math
import re
from typing import Final

from agents.choose.learned import Learned
from agents.choose.spans import ranges, says_little, with_whom

_LONGEST: Final = {
    "text": 24, "fact": 24, "items": 8, "title": 8, "topic": 8, "target": 6, "name": 3, "place": 4,
    "person": 3, "word": 1, "list": 3,
}  # fmt: skip
"""Words that fill a slot, at most."""
_LEAST_WORDS: Final = {"fact": 2}
_OVER: Final = {"text": ",;:", "fact": ",;:"}
"""Stops that what fills a slot may go over."""
_KEEPS_TIMES: Final = frozenset(("note.add", "remember", "forget", "recall"))
"""Uses in whose own words a time is no more than words."""
_NEEDED: Final = 0.7
"""A slot that is filled in fewer of a use's examples may be left out."""
_SURE: Final = math.log(0.02)
"""What fills a slot that may be left out must be so good by itself."""
_LIKELY: Final = -11.0
_BEYOND_DOUBT: Final = math.log(0.8)
_ONE_OF_SEVERAL: Final = math.log(0.2)
"""What fills a slot beside others must be so good by itself."""
_SHARE: Final = 0.3
"""What fills another must have so much of all the chances together, and not be quite impossible."""
_LIKELY_A_LIST: Final = math.log(0.4)
_SHOPPING: Final = re.compile(r"\b(?:shop(?:s|ping)?|grocer(?:y|ies)|lists?)\b", re.IGNORECASE)
_AMOUNT: Final = re.compile(
    r"\b(?:(?:\d+|an?|another|half an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve|twenty|half a dozen|a dozen|a couple of|a few)"
    r"(?: (?:big|small|large|little|half|fresh|whole))?(?: [a-z]+ of)?|a couple of|a few)\s+$",
    re.IGNORECASE,
)
"""How much or how many of a thing, before it: it belongs to the thing ("two tins of tomatoes")."""
_NOT: Final = re.compile(r"\b(?:not|never) to\s+$", re.IGNORECASE)
_LEFT: Final = re.compile(r"\b(?:left|last|only|down to|not an?|hardly|barely)\b", re.IGNORECASE)
"""How much of a thing there still is, and not how much of it is wanted."""
_PARTICLE: Final = re.compile(
    r"\s+(?:up|off|out|in|down|back|away|on|over)(?=\s*(?:$|[,.;!?]))", re.IGNORECASE
)
_POINTS_BACK: Final = frozenset(("it", "them", "him", "her", "that", "this", "those", "these"))
_IS: Final = re.compile(r"\w{2,}['\u2019]s$")
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
    if slot == "text" and (negated := _NOT.search(text[:start])) is not None:
        start = negated.start()
    if slot == "text" and (particle := _PARTICLE.match(text, end)) is not None:
        end = particle.end()
    return text[start:end]


def pointed_each(
    text: str, intent: str, slot: str, taken: tuple[tuple[int, int], ...], learned: Learned
) -> list[str]:
    """The things that fill a slot of several, as they were said; none where nothing does well
    enough.
    """
    found = [each for each, point in _each(text, slot, taken, learned) if point >= _ONE_OF_SEVERAL]
    if found:
        return [_with_amount(text, each) for each in sorted(found)]
    only = pointed(text, intent, slot, taken, learned)
    return [] if only is None else [only]


def _with_amount(text: str, run: tuple[int, int]) -> str:
    """A thing with how much or how many of it is said before it."""
    amount = None if _LEFT.search(text) else _AMOUNT.search(text[: run[0]])
    return text[run[0] if amount is None else amount.start() : run[1]]


def surely_each(
    text: str, slot: str, taken: tuple[tuple[int, int], ...], learned: Learned
) -> list[str] | None:
    """The things that fill a slot of several beyond doubt; None where any is doubtful."""
    found = [(each, p) for each, p in _each(text, slot, taken, learned) if p >= _SURE]
    if not found or any(point < _BEYOND_DOUBT for _, point in found):
        return None
    return [_with_amount(text, each) for each, _ in sorted(found)]


def _each(
    text: str, slot: str, taken: tuple[tuple[int, int], ...], learned: Learned
) -> list[tuple[tuple[int, int], float]]:
    """The runs that may fill a slot of several, the best first, and how well each does; none holds
    a part of another.
    """
    runs = _runs(text, slot, taken)
    points = learned.points(text, slot, runs, apart=True)
    if points is None:
        return []
    found: list[tuple[tuple[int, int], float]] = []
    for run, point in sorted(zip(runs, points, strict=True), key=lambda each: -each[1]):
        if not any(run[0] < end and start < run[1] for (start, end), _ in found):
            found.append((run, point))
    return found


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
    runs = _runs(text, slot, taken)
    points = learned.points(text, slot, runs)
    if not runs or points is None:
        return None
    best = max(range(len(runs)), key=points.__getitem__)
    share = 1 / sum(math.exp(each - points[best]) for each in points)
    return runs[best], points[best], share


def _runs(text: str, slot: str, taken: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Where what fills a slot may stand; also without "'s" behind it ("the lamp's too bright")."""
    said = list(ranges(text, taken, longest=_LONGEST.get(slot, 3), across=_OVER.get(slot, "")))
    every = said + [(start, end - 2) for start, end in said if _IS.search(text[start:end])]
    least = _LEAST_WORDS.get(slot, 1)
    return [
        (start, end)
        for start, end in every
        if not _says_little(text[start:end], slot) and len(text[start:end].split()) >= least
    ]


def named_list(text: str, learned: Learned) -> tuple[int, int] | None:
    """Where the name of a list is: several words before "list" ("hospital bag"), or what is likely
    to be one without that word ("my jobs").
    """
    found = _best(text, "list", (), learned)
    if found is None:
        return None
    (start, end), point, _ = found
    several = " " in text[start:end] and _LIST.match(text, end) is not None
    least = _SURE if several else _LIKELY_A_LIST
    return None if point < least or _SHOPPING.search(text[start:end]) else (start, end)


def _says_little(run: str, slot: str) -> bool:
    """Whether a run names nothing: "it", "add something"; a deed may end so ("phone her")."""
    last = run.rpartition(" ")[2].lower()
    deed = slot == "text" and last in _POINTS_BACK and last != run.lower()
    return says_little(run) or (says_little(last) and not deed)
