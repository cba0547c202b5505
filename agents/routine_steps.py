"""The steps of a routine, found in what was said, and kept as JSON. Pure."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Final

_BETWEEN: Final = re.compile(
    r"\s*(?:[;,.]\s*(?:and\s+)?(?:then\s+)?|\s+and\s+then\s+|\s+and\s+|\s+then\s+)", re.IGNORECASE
)
_ARTICLE: Final = re.compile(r"^(?:an?|the|my|our)\s+(?=\S)")
_LONGEST_NAME: Final = 60


def split_steps(said: str, is_whole: Callable[[str], bool], most: int) -> list[str] | None:
    """What was said in one go as commands that are whole, the first as long as can be: "add milk
    and eggs to my list and set an alarm" is two. None if it can't be cut so, or into too many.
    """
    said = said.strip(" .,;")
    if not said or most <= 0:
        return None
    for end, begin in _cuts(said):
        first = said[:end].strip()
        if not is_whole(first):
            continue
        if begin >= len(said):
            return [first]
        rest = split_steps(said[begin:], is_whole, most - 1)
        if rest is not None:
            return [first, *rest]
    return None


def routine_name(said: str) -> str:
    """The name as it is kept and compared: "my Good Night routine" is "good night"."""
    name = " ".join(re.sub(r"[^\w '-]+", " ", said).casefold().split())
    return _ARTICLE.sub("", name.removesuffix(" routine"))[:_LONGEST_NAME].strip()


def written(name: str, steps: list[str]) -> str:
    """A routine as the text of an item."""
    return json.dumps({"routine": name, "steps": steps}, ensure_ascii=False)


def read(text: str) -> tuple[str, list[str]] | None:
    """The name and the steps of an item's text; None if it is no routine."""
    try:
        match json.loads(text):
            case {"routine": str(name), "steps": [*steps]} if steps and name:
                kept = [step for step in steps if isinstance(step, str)]
                return (name, kept) if len(kept) == len(steps) else None
            case _:
                return None
    except (ValueError, RecursionError):
        return None


def _cuts(said: str) -> Iterator[tuple[int, int]]:
    """Where the first step may end and the next begin, the longest first."""
    yield len(said), len(said)
    for match in reversed(list(_BETWEEN.finditer(said))):
        if match.start() > 0:
            yield match.start(), match.end()
