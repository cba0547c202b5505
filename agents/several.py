"""Several commands in one breath: "set a timer for ten minutes and turn off the light". Pure."""

import re
from collections.abc import Callable
from typing import Final

from agents.router import Routed, RouteKind

_MOST: Final = 4
_JOINS: Final = re.compile(
    r",?\s+(?:and then|and also|and|then)\s+|;\s+|(?<=\w\w)\.\s+", re.IGNORECASE
)
_OWN_WORDS: Final = frozenset(("note", "remember", "reminder", "routine", "calendar", "forget"))
"""Tools whose commands may end in the speaker's own words, which "and" may be one of."""
_NONE: Final = frozenset(("cannot", "stop", "help"))


def commands(text: str, route: Callable[[str], Routed]) -> list[str]:
    """The commands in `text`, in their order, where it is nothing but two or more whole ones of
    which each changes or tells something; else none.
    """
    found: list[str] = []
    rest = text.strip()
    while len(found) < _MOST:
        for join in _JOINS.finditer(rest):
            first = rest[: join.start()].strip()
            if _is_whole(first, route, last=False) and _begins(rest[join.end() :], route):
                found.append(first)
                rest = rest[join.end() :].strip()
                break
        else:
            break
    return [*found, rest] if found and _is_whole(rest, route, last=True) else []


def _begins(rest: str, route: Callable[[str], Routed]) -> bool:
    """Whether what follows is a command of its own, or some of it is."""
    ends = [*(join.start() for join in _JOINS.finditer(rest)), len(rest)]
    return any(_is_whole(rest[:end].strip(), route, last=True) for end in ends)


def _is_whole(text: str, route: Callable[[str], Routed], *, last: bool) -> bool:
    if len(text.split()) < 2:
        return False
    routed = route(text)
    if routed.kind is not RouteKind.COMPLETE or routed.tool is None or routed.tool in _NONE:
        return False
    return last or routed.tool not in _OWN_WORDS
