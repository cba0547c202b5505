"""Whether two arguments, or two states of the world, are the same. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

_ARTICLE = re.compile(r"^(?:a|an|the)\s+", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::00)?")
_RULE = re.compile(r"(?:RRULE:)?FREQ=[A-Z]+(?:;[A-Z]+=[^;=]+)*", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_ABOUT = 1.0


def same(expected: Any, got: Any) -> bool:
    """Whether `got` is what was expected.

    Numbers by value; texts but for case, spacing, an article before and punctuation after them, and
    commas between thousands, which a transcriber writes and nobody says; moments to the minute;
    recurrences (RFC 5545) but for the order of their parts; lists member by member. None: there is
    nothing.
    """
    if expected is None or got is None:
        return expected is None and got is None
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, int | float) and isinstance(got, int | float):
        return abs(expected - got) <= 1e-6 * max(1.0, abs(expected))
    if isinstance(expected, list | tuple) and isinstance(got, list | tuple):
        pair = cast("Sequence[Any]", expected), cast("Sequence[Any]", got)
        return len(pair[0]) == len(pair[1]) and all(map(same, *pair))
    return _plain(expected) == _plain(got)


def holds(expected: Any, got: Any) -> bool:
    """Whether a state of the world is the expected one, as far as that says anything.

    Of an object only the keys given are compared; lists have the same members in any order; numbers
    may differ by 1, as time goes on.
    """
    if isinstance(expected, Mapping):
        wanted = cast("Mapping[str, Any]", expected)
        if not isinstance(got, Mapping):
            # A text may stand for an object that has no more than its text.
            return set(wanted) == {"text"} and holds(wanted["text"], got)
        found = cast("Mapping[str, Any]", got)
        return all(holds(value, found.get(key)) for key, value in wanted.items())
    if isinstance(expected, list | tuple):
        if not isinstance(got, list | tuple):
            return not expected and got is None
        left = list(cast("Sequence[Any]", got))
        for each in cast("Sequence[Any]", expected):
            at = next((n for n, other in enumerate(left) if holds(each, other)), None)
            if at is None:
                return False
            del left[at]
        return not left
    if isinstance(got, Mapping) and isinstance(expected, str):
        return holds(expected, cast("Mapping[str, Any]", got).get("text"))
    if _is_number(expected) and _is_number(got):
        return abs(expected - got) <= _ABOUT
    return same(expected, got)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M")
    text = " ".join(str(value).replace("\u2019", "'").split())
    if _MOMENT.fullmatch(text):
        return text[:16]
    if _RULE.fullmatch(text):
        parts = [part.partition("=") for part in text.upper().removeprefix("RRULE:").split(";")]
        return ";".join(sorted(f"{name}={sorted(values.split(','))}" for name, _, values in parts))
    return _ARTICLE.sub("", _THOUSANDS.sub("", text).rstrip(" .,;:!?")).casefold()
