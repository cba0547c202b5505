"""A few words as one argument of a call that was made a moment ago: "ten", "tomorrow", "in Rome".

Pure, English. What isn't said stays as the call had it: "half past seven" is that day's, "ten" is
minutes where minutes were said before.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from agents.durations import find_duration
from agents.language import language
from agents.mapped import Mapped
from agents.numbers import in_digits
from agents.places import zone_of
from agents.times import (
    When,
    asked_days,
    clock_time,
    date_of,
    find_when,
    is_bare,
    nearest,
    resolve,
)
from agents.tools.follow import Piece
from agents.tools.list_words import split_entries
from context.errors import LapelError

_AROUND = re.compile(
    r"[\s,.!]*(?:(?:for|at|in|on|to|by|about|the|one|timer|alarm|please|thanks|from\ now)\b"
    r"[\s,.!]*)*",
    re.IGNORECASE | re.VERBOSE,
)
_SHIFT: Final = re.compile(r"[\s,]*(later|earlier)[\s,]*", re.IGNORECASE)
_BEFORE: Final = re.compile(r"^(?:(?:for|at|to|on|by|in|about)\b\s*)+", re.IGNORECASE)
_NUMBER: Final = re.compile(
    r"(?:to |at )?(-?\d+(?:\.\d+)?)\s*(%|per ?cent|degrees?(?: celsius| fahrenheit)?)?",
    re.IGNORECASE,
)
_SUM: Final = re.compile(
    r"(?:(?:times|plus|minus|divided by|multiplied by|over|take away|to the power of|[-+*/])"
    r"\s*\d[\d.,]*(?: ?%| per ?cent)?|squared|cubed)",
    re.IGNORECASE,
)
_ARTICLE: Final = re.compile(r"^(?:the|my|our|that)\s+(?=\S)", re.IGNORECASE)
_NOUN: Final = re.compile(
    r"\s*\b(?:one|timer|alarm|reminder|list|appointment)s?$|^(?:one|reminder) about (?:the |my )?",
    re.IGNORECASE,
)
_THAT_ONE: Final = re.compile(r"\s+(?:one|timer)$", re.IGNORECASE)
_HERE: Final = re.compile(r"(?:(?:at|for) )?(?:here|home|at home)", re.IGNORECASE)
_IN: Final = re.compile(r"^(?:in|at|for|over in)\s+", re.IGNORECASE)
_STOPS: Final = frozenset(
    """
    now then so again later soon done ready yes no ok okay thanks please sorry well just only also
    too what's that's it's let's this that these those them him me us everything nothing anything
    something someone here there yet still never always maybe perhaps on off go come get said say
    tell know think want need look wait right wrong good great fine nice time day today tonight
    more less else forth really very much hello hi hey bye wow half bit some few lot known joke
    """.split()  # noqa: SIM905 - words to read
)
_MOST_WORDS_OF_AN_ITEM: Final = 4
_MOST_ITEMS: Final = 8
_LONGEST_WORD: Final = 30
_PLACE_WORDS: Final = 4
_NAME_WORDS: Final = 3


@dataclass(frozen=True)
class Before:
    """What a piece is read beside: the arguments of the call, the moment that it was set for (the
    owner's wall time), the argument to fill, and whether the call changed something. early: a bare
    hour may be one before 7. instead: arguments that a time takes the place of.
    """

    args: Mapping[str, object]
    at: datetime | None
    into: str
    acts: bool
    now: datetime
    corrects: bool = False
    early: bool = False
    instead: tuple[str, ...] = ()


Arguments = dict[str, object]
"""What takes the place of arguments; None takes one away."""


def read_piece(kind: Piece, said: str, before: Before) -> Arguments | None:
    """What `said` gives the call anew if it is of this kind, else None."""
    return _READ[kind](said, before)


def _duration(said: str, before: Before) -> Arguments | None:
    said = _THAT_ONE.sub("", said)  # "the ten minute one" is no second more
    found = find_duration(said)
    seconds = None
    if found is not None and _AROUND.fullmatch(said[: found.start] + " " + said[found.end :]):
        seconds = found.seconds
    elif (number := _number_in(said)) is not None and not number[1]:
        seconds = number[0] * unit if (unit := _unit(before.args.get("seconds"))) else None
    if seconds is None or seconds <= 0:
        return None
    whole = int(seconds) if float(seconds).is_integer() else seconds
    return {before.into: whole, "at": None, "when": None}


def _unit(seconds: object) -> int | None:
    """The largest unit of which there is a whole number; None where no seconds were said."""
    if not isinstance(seconds, int | float) or seconds <= 0:
        return None
    return next((unit for unit in (3600, 60) if seconds % unit == 0), 1)


def _time(said: str, before: Before) -> Arguments | None:
    if before.into == "time":
        when = _when(said)
        time_said = None if when is None else clock_time(when)
        return None if time_said is None else {"time": time_said}
    if before.at is None:
        return None
    shift = find_duration(said)
    if shift is not None:
        rest = said[: shift.start] + " " + said[shift.end :]
        if (how := _SHIFT.fullmatch(rest)) is None:
            return None
        by = timedelta(seconds=shift.seconds)
        later = how[1].lower() == "later"
        return _at(before.at + by if later else before.at - by, before)
    when = _when(said)
    if when is None:
        return None
    if when.repeats or when.has_date == when.has_time or (when.has_date and when.part):
        if when.repeats and not when.has_time and when.part is None:
            when = replace(when, hour=before.at.hour, minute=before.at.minute, clear=True)
        resolved = resolve(when, before.now, early=before.early)
        if resolved is None:
            return None
        return {**_at(resolved.at, before), "repeat": resolved.repeat}
    if when.has_date:
        day = date_of(when, before.now)
        if day is None:
            return None
        return {**_at(datetime.combine(day, before.at.time()), before), "repeat": None}
    moment = _same_day(when, before.at, before)
    return None if moment is None else _at(moment, before)


def _at(moment: datetime, before: Before) -> Arguments:
    return {**dict.fromkeys(before.instead), before.into: moment.isoformat(timespec="minutes")}


def _same_day(when: When, at: datetime, before: Before) -> datetime | None:
    """That time of the day of `at`: of the two that a bare hour may be, the nearer one to come. If
    it is over by now, it is meant for tomorrow.
    """
    said, now = clock_time(when), before.now
    if said is None:
        return None
    bare = is_bare(when)
    moment = nearest(time.fromisoformat(said), at, now, bare=bare, early=before.early)
    if moment > now or at <= now:
        return moment
    tomorrow = resolve(replace(when, days=1), now, early=before.early)
    return moment if tomorrow is None else tomorrow.at


def _when(said: str) -> When | None:
    """The time that is all that was said."""
    for text in (said, f"at {_BEFORE.sub('', said)}"):
        found = find_when(text)
        if found is None:
            continue
        rest = text
        for start, end in reversed(found.spans):
            rest = rest[:start] + rest[end:]
        if _AROUND.fullmatch(rest):
            return found.when
    return None


def _day(said: str, before: Before) -> Arguments | None:
    when = _when(said)
    day: date | None = None if when is None else date_of(when, before.now)
    return None if day is None else {before.into: day.isoformat()}


def _days(said: str, before: Before) -> Arguments | None:
    when = _when(said)
    asked = None if when is None else asked_days(when, before.now)
    return None if asked is None else {before.into: asked.pop("date"), **asked}


def _place(said: str, before: Before) -> Arguments | None:
    """A place, with a day or not; "here" takes the place away."""
    found, more = find_when(said), Arguments()
    rest = said
    if found is not None and (day := date_of(found.when, before.now)) is not None:
        more["date"] = day.isoformat()
        for start, end in reversed(found.spans):
            rest = rest[:start] + rest[end:]
    rest = " ".join(rest.split())
    if _HERE.fullmatch(rest):
        return {before.into: None, **more}
    place = _IN.sub("", rest).strip(" ,.")
    if language("en").regex("not_a_place").match(place) or any(map(str.isdigit, place)):
        return None
    told = place != rest or place[:1].isupper() or _is_known(place)
    return {before.into: place, **more} if told and _is_name(place, _PLACE_WORDS) else None


def _is_known(place: str) -> bool:
    try:
        _ = zone_of(place)
    except LapelError:
        return False
    return True


def _name(said: str, before: Before) -> Arguments | None:
    """Which one is meant. It takes "the" or what it is, unless it corrects a question, so that talk
    names nothing.
    """
    bare = _ARTICLE.sub("", said)
    name = _NOUN.sub("", bare).strip(" ,.")
    if bare == said and (before.acts or (name == bare and not before.corrects)):
        return None
    target = before.args.get(before.into)
    if before.into == "target" and isinstance(target, str) and bare.endswith(" one"):
        name = f"{name} {target.rsplit(' ', 1)[-1]}"  # "the hall one" is a light as the last was
    return {before.into: name} if _is_name(name, _NAME_WORDS) else None


def _items(said: str, before: Before) -> Arguments | None:
    items = [re.sub(r"^(?:some|a|an|the|also)\s+", "", each) for each in split_entries(said)]
    fit = all(_is_name(each, _MOST_WORDS_OF_AN_ITEM) for each in items)
    return {before.into: items} if fit and 0 < len(items) <= _MOST_ITEMS else None


def _is_name(words: str, most: int) -> bool:
    """Whether these may be the name of something: few words, and none of those that talk has."""
    said = words.lower().split()
    if not 0 < len(said) <= most or not all(re.fullmatch(r"[\w&'.-]+", each) for each in said):
        return False
    if language("en").regex("statement").search(words):
        return False
    allowed = {"of", "and"} if most > _NAME_WORDS else frozenset[str]()
    stops = (language("en").words("not_in_a_name") | _STOPS) - allowed
    return stops.isdisjoint(said) and not any(re.search(r"'(?!s$)|n't$", each) for each in said)


def _number(said: str, before: Before) -> Arguments | None:
    found = _number_in(said)
    if found is None:
        return None
    number, unit = found
    if before.into == "percent":
        if unit.startswith("deg"):
            return None
        return {"percent": number if unit or number > 10 else number * 10}
    if "unit" in before.args and unit:
        return {before.into: number, "unit": "degrees" if unit.startswith("deg") else "percent"}
    return {before.into: number}


def _number_in(said: str) -> tuple[float | int, str] | None:
    """The number that is all that was said, and its unit: "%", "degrees" or ""."""
    digits = in_digits(Mapped.of(said), "en").text.strip(" ,.!").lower()
    match = _NUMBER.fullmatch(digits)
    if match is None:
        return None
    number = float(match[1])
    return (int(number) if number.is_integer() else number), match[2] or ""


def _sum(said: str, before: Before) -> Arguments | None:
    sum_before = before.args.get(before.into)
    digits = in_digits(Mapped.of(said), "en").text.strip(" ,.")
    if not isinstance(sum_before, str) or not _SUM.fullmatch(digits):
        return None
    return {before.into: f"({sum_before}) {said}"}


def _word(said: str, before: Before) -> Arguments | None:
    word = re.sub(r"^the word\s+", "", said, flags=re.IGNORECASE)
    fits = re.fullmatch(rf"[^\W\d_][\w'-]{{0,{_LONGEST_WORD - 1}}}", word)
    return {before.into: word} if fits and _is_name(word, 1) else None


_READ: Final[Mapping[Piece, Callable[[str, Before], Arguments | None]]] = {
    Piece.DURATION: _duration,
    Piece.TIME: _time,
    Piece.DAY: _day,
    Piece.DAYS: _days,
    Piece.PLACE: _place,
    Piece.NAME: _name,
    Piece.ITEMS: _items,
    Piece.NUMBER: _number,
    Piece.SUM: _sum,
    Piece.WORD: _word,
}
