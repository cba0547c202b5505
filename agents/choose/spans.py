"""Which runs of a speaker's words may fill a slot."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

MOST_SPANS = 240
_WORD = re.compile(r"[^\s,.;:!?\"\u201c\u201d]+(?:[.:](?=\d)[^\s,.;:!?\"]+)*")
_BREAK = re.compile(r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)\.|[,;:!?\"\u201c\u201d]")
_NEVER_FIRST = frozenset(
    """
    to that and or but so because for of on in at with from by about me you it then is are was be
    please can could would will i'll don't also just than as if when while not off down up into onto
    """.split()  # noqa: SIM905 - words to read
)
_NEVER_LAST = frozenset(
    """
    to that and or but so because for of on in at with from by about the a an my your our his her
    their is are was am be if when while not than as i you we they please into onto thanks
    """.split()  # noqa: SIM905 - words to read
)


_TO_ME = re.compile(
    r"\b(?:me|you|you're|i want|i'd like|let's|make sure|keep|remind|nag|nudge|jot|put it|tell"
    r"|add|list|shopping|groceries|please|hold on|learn|forget)\b",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"(?:\b(?:to|that|about|know|of|some|need|needs|without|down|got|get|have|called|mind|for|in"
    r"|the|my|with|at|put|bring up|buy)|[:\"\u201c])\s*(?:(?:the|my|a|an|some|this|that)\s+)?$",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\s*(?:$|[,.;:!?\"\u201d])")
_SAYS_LITTLE = re.compile(
    r"(?:the |an? )?(?:items?|stuff|it|this|that|them|those|these|other|others|thing|things|one"
    r"|so|here|there|all|sure|i|we|everything|something|anything|more|again|now|then|next)",
    re.IGNORECASE,
)


_SOMEBODY: Final = r"(?:(?:the|my|our|an?)\s+)?(?:[A-Z][\w'-]*\.?(?:\s+[A-Z][\w'-]*)*|[\w'-]+)"
_WITH_SOMEBODY = re.compile(rf"\s+with\s+{_SOMEBODY}(?:\s+and\s+[A-Z][\w'-]*)?")
_SOMETHING_WITH = re.compile(r"[\w'-]+\s+with\s+(?:(?:the|my|our|an?)\s+)?$")


def with_whom(text: str, start: int, end: int, taken: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """All of an appointment of which only a part was found: "lunch with Priya", not "lunch" nor
    "Priya". start, end: of that part. taken: parts of the text that say something else.
    """
    before, after = _SOMETHING_WITH.search(text[:start]), _WITH_SOMEBODY.match(text[end:])
    begins = start if before is None else before.start()
    ends = end if after is None else end + after.end()
    if any(begins < stop and first < start for first, stop in taken):
        begins = start
    if any(end < stop and first < ends for first, stop in taken):
        ends = end
    return begins, ends


def says_little(run: str) -> bool:
    """Whether a run only points at something: "it", "the others"."""
    return _SAYS_LITTLE.fullmatch(run) is not None


def things(said: str) -> list[str]:
    """The things that a run names: "bread, milk and eggs"."""
    parts = said.replace(", and ", ",").replace(" and ", ",").split(",")
    return [bare for part in parts if (bare := part.strip()) and not says_little(bare)]


def bearing(text: str, run: str, taken: Sequence[tuple[int, int]], *, whole: bool) -> float:
    """How well a run of `text` bears being a slot by where it stands: a logarithm, to be added to
    a model's. whole: the slot holds a sentence or a deed, not a thing's name.
    """
    start = text.find(run)
    before, after = text[:start], text[start + len(run) :]
    stops = _ENDS.match(after) is not None or any(
        not text[start + len(run) : begin].strip(" ,") for begin, _ in taken if begin >= start
    )
    begins = not before.strip() or before.rstrip()[-1] in ",.;:!?"
    begins = begins or any(not text[end:start].strip(" ,") for _, end in taken if end <= start)
    led = _LEADS.search(before) is not None
    score = 2.0 * led + (1.0 if whole else 0.3) * begins + (3.0 if whole else 1.0) * stops
    if whole and before.rstrip().lower().endswith((" to", ":")):
        score += 2.5
    score -= 4.0 * (_TO_ME.search(run) is not None)
    score -= 5.0 * (_SAYS_LITTLE.fullmatch(run) is not None)
    return score - (1.5 if whole and " " not in run else 0.0)


def spans(
    text: str, taken: Sequence[tuple[int, int]], *, longest: int, across: bool = False
) -> list[str]:
    """The runs of at most `longest` words of `text` that may be meant, each as it was said.

    taken: parts of the text that say something else, such as the time: no run holds any of them.
    across: a run may go over a comma, as a list of things does. None begins or ends with a word
    that can't begin or end a thing or a deed; at most 240 of them, the shorter first.
    """
    runs = ranges(text, taken, longest=longest, across="," if across else "")
    return list(dict.fromkeys(text[start:end] for start, end in islice(runs, MOST_SPANS)))


def ranges(
    text: str, taken: Sequence[tuple[int, int]], *, longest: int, across: str = ""
) -> Iterator[tuple[int, int]]:
    """Where the runs are that `spans` tells, all of them. across: stops that a run may go over."""
    words = [match.span() for match in _WORD.finditer(text)]
    for many in range(1, longest + 1):
        for first in range(len(words) - many + 1):
            start, end = words[first][0], words[first + many - 1][1]
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            run = text[start:end]
            stops = _BREAK.findall(re.sub(r"(?<=\d)[.:](?=\d)", "", run))
            if any(stop not in across for stop in stops):
                continue
            said = run.split()
            if said[0].lower() in _NEVER_FIRST or said[-1].lower().strip(",") in _NEVER_LAST:
                continue
            yield start, end
