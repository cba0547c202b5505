"""What helps to find a turn of a conversation, besides its own words. Pure.

"It was in Rome" is found by what the turn before it asked. So a turn is lent a part of what its
neighbours' words are worth; and to its score are added a part of what the best turn of the same
conversation scores, and something if it was said by the one who is asked about, near the time that
is asked about, or tells rather than asks. A name in a query pulls in everything that its bearer
said and hides what was asked, so the query's vector is made without the names of those who spoke.

On LoCoMo (ten conversations, a turn is an item) the constants were chosen on every other
conversation; `scripts/bench_context` prints the evidence that is found on the others.
"""

import calendar
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from context.retrieve import Candidates

CANDIDATES: Final = Candidates(by_words=400, by_meaning=200)
"""More than of statements: what is found is a neighbour's answer more often than itself."""
NEIGHBOURS: Final = 2
LENT_BY_EARLIER: Final = 0.4
LENT_BY_LATER: Final = 0.2
CONVERSATION_GAP_S: Final = 600.0
"""A silence that ends a conversation."""
CONVERSATION_WEIGHT: Final = 0.4
SPEAKER_WEIGHT: Final = 0.2
TIME_WEIGHT: Final = 0.75
TIME_SCALE_DAYS: Final = 7.0
ASKING_WEIGHT: Final = -0.2

_MONTHS: Final = {
    name.casefold(): number for number, name in enumerate(calendar.month_name) if name
}
_MONTH: Final = "|".join(calendar.month_name[1:])  # with its capital: "may" is a verb
_ORDINAL: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_IN_YEAR: Final = r",?(?: (?P<year>\d{4}))?"
_DATES: Final = (
    re.compile(rf"\b{_ORDINAL}(?: of)? (?P<month>{_MONTH})\b{_IN_YEAR}"),
    re.compile(rf"\b(?P<month>{_MONTH}) {_ORDINAL}\b{_IN_YEAR}"),
    re.compile(rf"\b(?P<month>{_MONTH})\b{_IN_YEAR}"),
)
_YEAR: Final = re.compile(r"\b(?:in|of|during) (?P<year>(?:19|20)\d\d)\b")


@dataclass(frozen=True, slots=True)
class Turn:
    """at_s: seconds since 1970. speaker: casefolded, or "". asks: it ends with a question mark."""

    at_s: float
    speaker: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query asks about besides its words. days: the first and last ordinal day, or None."""

    speaker: str = ""
    days: tuple[int, int] | None = None


def without_names(query: str, names: Collection[str]) -> str:
    """`query` less `names` and their possessives; unchanged if nothing would be left."""
    if not names:
        return query
    any_name = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    rest = re.sub(rf"\b(?:{any_name})\b(?:['’]s\b)?\s*", "", query, flags=re.IGNORECASE)
    return rest if re.search(r"\w", rest) else query


def asked(query: str, names: Collection[str], today: date) -> Asked:
    """Who (the only one of the speakers' `names` in it) and when `query` asks about."""
    words = set(re.findall(r"\w+", query.casefold()))
    named = {name.casefold() for name in names} & words
    return Asked(min(named) if len(named) == 1 else "", _days(query, today))


def lend(lexical: Mapping[int, float], turns: Mapping[int, Turn]) -> dict[int, float]:
    """What each turn's words are worth with what its neighbours lend it. Keys follow in time."""
    lent: dict[int, float] = {}
    for item, turn in turns.items():
        worth = lexical.get(item, 0.0)
        for by in range(1, NEIGHBOURS + 1):
            for other, share in ((item - by, LENT_BY_EARLIER), (item + by, LENT_BY_LATER)):
                near = turns.get(other)
                if near is not None and abs(near.at_s - turn.at_s) <= CONVERSATION_GAP_S:
                    worth += share * lexical.get(other, 0.0)
        lent[item] = worth
    return lent


def rescore(base: Mapping[int, float], turns: Mapping[int, Turn], query: Asked) -> dict[int, float]:
    """Scores, 0 to 1, of turns from those of their words and meaning (`retrieve.fuse`)."""
    ordered = sorted(base, key=lambda item: (turns[item].at_s, item))
    conversation: dict[int, int] = {}
    best: dict[int, float] = {}
    number, last_s = 0, -math.inf
    for item in ordered:
        number += turns[item].at_s - last_s > CONVERSATION_GAP_S
        last_s = turns[item].at_s
        conversation[item] = number
        best[number] = max(best.get(number, 0.0), base[item])
    most = 1 + CONVERSATION_WEIGHT
    most += SPEAKER_WEIGHT if query.speaker else 0.0
    most += TIME_WEIGHT if query.days is not None else 0.0
    return {
        item: max(
            score + CONVERSATION_WEIGHT * best[conversation[item]] + _bonus(turns[item], query), 0.0
        )
        / most
        for item, score in base.items()
    }


def _bonus(turn: Turn, query: Asked) -> float:
    bonus = ASKING_WEIGHT if turn.asks else 0.0
    if query.speaker and turn.speaker == query.speaker:
        bonus += SPEAKER_WEIGHT
    if query.days is not None:
        day = date(1970, 1, 1).toordinal() + int(turn.at_s // 86_400)
        first, last = query.days
        off = max(first - day, day - last, 0)
        bonus += TIME_WEIGHT * math.exp(-off / TIME_SCALE_DAYS)
    return bonus


def _days(query: str, today: date) -> tuple[int, int] | None:
    """The days of the first date, month or year named; a month without a year is the latest."""
    match = next((found for form in _DATES if (found := form.search(query))), None)
    if match is None:
        year = _YEAR.search(query)
        if year is None:
            return None
        number = int(year["year"])
        return date(number, 1, 1).toordinal(), date(number, 12, 31).toordinal()
    parts = match.groupdict()
    month = _MONTHS[parts["month"].casefold()]
    number = int(parts.get("year") or today.year - (month > today.month))
    if not 1 <= number <= 9999:
        return None
    length = calendar.monthrange(number, month)[1]
    if parts.get("day") is None:
        first = date(number, month, 1).toordinal()
        return first, first + length - 1
    day = date(number, month, min(max(int(parts["day"]), 1), length)).toordinal()
    return day, day
