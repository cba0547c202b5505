"""Which remembered items a spoken topic or a stretch of time means: all of them, not the best few.

Everything goes through the store within a scope. Words decide by whole words; meaning only puts
up candidates, since what is near in meaning (a brother to a sister) is often about another thing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from agents.relevance import content_words
from context.items import Item
from context.policy import Scope
from context.store import Store

_PAGE: Final = 1000
_MOST_NEAR: Final = 3
_CAPITAL: Final = re.compile(r"[^\W\d_a-zß-ÿ][\w'.-]*")
_WHO: Final = re.compile(
    r"(?:my|our|his|her|their|the)(?: (?:old|new|late|best|good|former|little|big|dear|\w+'s))*"
    r"(?: (?!in\b|to\b|at\b|on\b|of\b|from\b|is\b|was\b)\w+)?",
    re.IGNORECASE,
)
_ALSO_WORDS: Final = frozenset(
    """
    will may mark rose grace hope art bill sue jack frank pat drew chase dawn joy faith june april
    august bob rob ray rich grant dean guy page penny ruby summer autumn angel miles max
    """.split()  # noqa: SIM905 - words to read
)


@dataclass(frozen=True)
class Found:
    """sure: items that are about a topic by their words, newest first. near: others that may be,
    by their meaning, the nearest first.
    """

    sure: list[Item]
    near: list[Item]


def newest(store: Store, scope: Scope) -> Iterator[Item]:
    """All that `scope` opens, newest first, read page by page."""
    before: Item | None = None
    while page := store.items(scope, limit=_PAGE, before=before):
        yield from page
        if len(page) < _PAGE:
            return
        before = page[-1]


def day_of(now: datetime, day: Literal["today", "yesterday"]) -> tuple[datetime, datetime]:
    """When a day of the calendar begins and ends, which may not be 24 hours later; today is not
    over after `now`.
    """
    begin = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if day == "today":
        return begin, now
    before = (begin - timedelta(hours=12)).replace(hour=0)
    return before, begin - timedelta(microseconds=1)


def kept_between(store: Store, scope: Scope, begin: datetime, end: datetime) -> list[Item]:
    """What was told or came in from `begin` on and not after `end`, newest first."""
    found: list[Item] = []
    for item in newest(store, scope):
        if item.captured_at < begin:
            break
        if item.captured_at <= end:
            found.append(item)
    return found


def about(store: Store, scope: Scope, topic: str) -> Found:
    """All that bears on `topic`.

    A name is looked for as a whole word, in the text and in who said it. Of anything else, all
    its words must be there; what is near in meaning comes besides.
    """
    if (name := name_in(topic)) is not None:
        return Found([item for item in newest(store, scope) if names(item, name)], [])
    words = content_words(topic)
    sure = [item for item in newest(store, scope) if words and words <= content_words(item.text)]
    ids = {item.id for item in sure}
    recalled = store.recall(scope, topic, limit=_MOST_NEAR + min(len(sure), _PAGE))
    near = [each.item for each in recalled if each.item.id not in ids]
    return Found(sure, near[:_MOST_NEAR])


def name_in(topic: str) -> str | None:
    """The name that `topic` is, or ends with ("my sister Anna", "Mr Smith"); None if it is none.

    Words in capitals after who that is; "my trip to Rome" is about more than Rome.
    """
    words = topic.split()
    first = len(words)
    while first and _CAPITAL.fullmatch(words[first - 1]) and words[first - 1] not in ("I", "I'm"):
        first -= 1
    if first == len(words) or (first and not _WHO.fullmatch(" ".join(words[:first]))):
        return None
    name = " ".join(words[first:])
    return None if name.lower().endswith("'s") else name


def names(item: Item, name: str) -> bool:
    """Whether the item speaks of `name`, comes from who is called so, or is kept under it."""
    flags = re.NOFLAG if name.lower() in _ALSO_WORDS else re.IGNORECASE
    pattern = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", flags)
    if pattern.search(item.text) or (item.about.speaker and pattern.search(item.about.speaker)):
        return True
    return any(each.subject == f"person:{name.casefold()}" for each in item.label.compartments)
