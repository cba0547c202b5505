"""Slots that words decide and no model: times, durations, numbers, and the like."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from agents.arithmetic import NotASum, evaluate
from agents.choose.word_problems import sum_in
from agents.durations import Span, find_duration
from agents.language import language
from agents.mapped import Mapped
from agents.numbers import in_digits
from agents.quantities import in_two_units, sum_of
from agents.slots import unit_of

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|per ?cent)")
_NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(?![\w.]*\w)")
_PARTS = {
    r"\bhalf\b": 50, r"\bthree quarters\b": 75, r"\b(?:a|one) quarter\b": 25,
    r"\b(?:full|max(?:imum)?|everything|all the way|as (?:loud|bright) as)\b": 100,
}  # fmt: skip
_ALL = re.compile(
    r"(?<!after )(?<!at )\b(?:all (?:of|the|my|our)|everything|every one|both|the lot"
    r"|(?:all|every)(?: single)? (?:alarm|timer|reminder|note)s?)\b",
    re.IGNORECASE,
)
_LAST = re.compile(r"\b(?:last|latest|newest|just (?:now|before)|a moment ago)\b", re.IGNORECASE)
_WAKE_UP = re.compile(
    r"\b(?:(?:as )?soon as|when(?:ever)?|once|after|the (?:moment|minute|second)|first thing when)"
    r" (?:i'm|i am|i get|i wake|i've woken|i open my eyes)\b"
    r"(?: (?:up|awake|out of (?:my |the )?bed))?|\bnext time (?:i|we) (?:talk|speak)\b",
    re.IGNORECASE,
)
_DAY = re.compile(r"\b(?:today|yesterday)\b", re.IGNORECASE)
_MORE = re.compile(r"(?<=\w) (?:more|extra|further)(?= (?:sec|min|hour))", re.IGNORECASE)
_MOST_SUM_WORDS = 24
_FIGURE = re.compile(r"\d+|root|half|squared|cubed|double|dozen")
_LIST_NAME = re.compile(r"\b(?:the|my|our|a)? ?([\w-]+)(?:'s)? list\b", re.IGNORECASE)
_LISTS = {
    "packing": re.compile(r"\b(?:pack|packing|packed|trip|suitcase|luggage)\b", re.IGNORECASE),
    "to-do": re.compile(r"\b(?:to[- ]do(?:'?s)?|things to do|tasks?|chores?)\b", re.IGNORECASE),
}
_NO_LIST = frozenset(("the", "my", "our", "a", "this", "that", "which", "any", "what", "grocery"))
_UNIT_FOLLOWS = re.compile(r"\s*(?:%|per ?cent|degrees?)", re.IGNORECASE)
_DEGREES = re.compile(r"\bdegrees?\b", re.IGNORECASE)
_COLOUR = re.compile(
    r"\b(?:(?:warm|cold|cool|soft|deep|dark|pale) )?(?:red|orange|yellow|green|blue"
    r"|purple|violet|pink|white|turquoise|cyan|magenta|amber|gold)\b",
    re.IGNORECASE,
)
_UNITS = {
    "fahrenheit": ("fahrenheit", "celsius"), "celsius": ("celsius|centigrade", "fahrenheit"),
    "mile": ("miles?", "kilometer"), "kilometer": ("kilomet(?:er|re)s?|km", "mile"),
    "foot": ("foot|feet", "centimeter"), "inch": ("inch(?:es)?", "centimeter"),
    "millimeter": ("millimet(?:er|re)s?|mm", "inch"),
    "centimeter": ("centimet(?:er|re)s?|cm", "inch"), "meter": ("met(?:er|re)s?", "foot"),
    "yard": ("yards?", "meter"), "pound": ("pounds?|lbs?", "kilogram"),
    "kilogram": ("kilo(?:gram)?s?|kg", "pound"), "stone": ("stone", "kilogram"),
    "ounce": ("ounces?", "gram"), "gram": ("grams?", "ounce"), "gallon": ("gallons?", "liter"),
    "liter": ("lit(?:er|re)s?", "gallon"), "milliliter": ("millilit(?:er|re)s?|ml", "cup"),
    "cup": ("cups?", "milliliter"), "tablespoon": ("tablespoons?", "milliliter"),
    "teaspoon": ("teaspoons?", "milliliter"), "pint": ("pints?", "liter"),
}  # fmt: skip
_AND_A_HALF = re.compile(r"\b(\d+) and a half\b", re.IGNORECASE)
_PER_HOUR = re.compile(r"\b(?:an|per|a) hour\b|\bmph\b", re.IGNORECASE)


@dataclass(frozen=True)
class SaidTime:
    """A time that was said. at, date, time: ISO, local; repeat: a recurrence rule. spans: where.
    until: the last of several days. part: of the day.
    """

    at: str | None = None
    date: str | None = None
    time: str | None = None
    repeat: str | None = None
    spans: tuple[tuple[int, int], ...] = ()
    until: str | None = None
    part: str | None = None


class Times(Protocol):
    """Finds the time that is said in a text, by the owner's wall clock."""

    def __call__(self, text: str, now: datetime, *, early: bool) -> SaidTime | None:
        """The one time said; None if there is none. early: a bare hour is before noon."""
        ...


@dataclass(frozen=True)
class Read:
    """What words decide. args: slots that are filled. taken: where in the text their words are."""

    args: Mapping[str, object] = field(default_factory=dict[str, object])
    taken: tuple[tuple[int, int], ...] = ()


def read(text: str, intent: str, slots: frozenset[str], times: Times, now: datetime) -> Read:
    """The slots of an intent that `text` fills by itself. Pure."""
    args: dict[str, object] = {}
    taken: list[tuple[int, int]] = []
    when = None
    if slots & {"at", "date", "time", "when", "day"}:
        when = times(text, now, early=intent.startswith("alarm"))
    if "when" in slots and (match := _WAKE_UP.search(text)):
        args["when"] = "wake-up"
        taken.append(match.span())
    elif when is not None:
        taken += when.spans
        named = {"at": when.at, "date": when.date, "time": when.time, "repeat": when.repeat}
        named |= {"until": when.until, "part": when.part}
        if "at" in slots and when.at is None:
            named["repeat"] = None
        args |= {name: value for name, value in named.items() if name in slots and value}
    if "seconds" in slots and (span := _duration(text)) is not None:
        inside = any(span.start < end and start < span.end for start, end in taken)
        if not inside and ("at" not in args or intent == "calendar.add"):
            args["seconds"] = int(span.seconds) if span.seconds.is_integer() else span.seconds
            taken.append((span.start, span.end))
    digits = in_digits(Mapped.of(text), "en")
    if "percent" in slots and (percent := _percent(digits.text)) is not None:
        args["percent"] = percent
    if {"value", "unit"} <= slots and (number := _level(digits.text)):
        said = "degrees" if _DEGREES.search(digits.text) else None
        said = said or ("percent" if _PERCENT.search(digits.text) else None)
        unit = said or unit_of(text, language("en"))
        args |= {"value": _whole(number[1]), **({"unit": unit} if unit else {})}
        taken.append(digits.span(*number.span()))
    elif {"value", "unit"} <= slots and (colour := _COLOUR.search(text)):
        args["value"] = colour[0].lower()
        taken.append(colour.span())
    if {"from", "to"} <= slots:
        args |= _quantity(digits.text)
    if "all" in slots and _ALL.search(text):
        args["all"] = True
    if "last" in slots and _LAST.search(text):
        args["last"] = True
    if "list" in slots:
        args["list"], where = _list(text)
        taken += where
    if "expression" in slots:
        args["expression"] = _sum(text) or sum_in(text) or text.strip(" .?!")
    if "day" in slots:
        if intent.startswith("alarm") and when is not None and when.date is not None:
            args["day"] = when.date
        elif not intent.startswith("alarm") and (match := _DAY.search(text)):
            args["day"] = match[0].lower()
    return Read(args, tuple(taken))


def _duration(text: str) -> Span | None:
    """How long, be it "five more minutes"."""
    more = _MORE.search(text)
    if more is None:
        return find_duration(text)
    found = find_duration(text[: more.start()] + text[more.end() :])
    if found is None or not found.start <= more.start() < found.end:
        return found
    return Span(found.seconds, found.start, found.end + len(more[0]))


def _sum(text: str) -> str | None:
    """The longest run of words that is a sum."""
    words = text.split()[:_MOST_SUM_WORDS]
    for many in range(len(words), 1, -1):
        for first in range(len(words) - many + 1):
            run = " ".join(words[first : first + many]).strip(" ,.;:?!")
            if (said := sum_of(run, language("en"))) is None:
                continue
            try:
                _ = evaluate(said)
            except NotASum:
                continue
            return said if len(_FIGURE.findall(in_digits(Mapped.of(said), "en").text)) > 1 else None
    return None


def _level(text: str) -> re.Match[str] | None:
    """The number to which something is set: that of a unit, else the last."""
    numbers = list(_NUMBER.finditer(text))
    of_unit = (each for each in numbers if _UNIT_FOLLOWS.match(text, each.end()))
    return next(of_unit, numbers[-1] if numbers else None)


def _percent(text: str) -> float | int | None:
    if match := _PERCENT.search(text):
        return _whole(match[1])
    for pattern, percent in _PARTS.items():
        if re.search(pattern, text, re.IGNORECASE):
            return percent
    if match := _NUMBER.search(text):
        value = float(match[1])
        return _whole(str(value * 10 if value <= 10 else value)) if value <= 100 else None
    return None


def _list(text: str) -> tuple[str, list[tuple[int, int]]]:
    if (match := _LIST_NAME.search(text)) and match[1].lower() not in _NO_LIST:
        name = match[1].lower()
        return ("to-do" if name in ("todo", "do") else name), [match.span()]
    for name, pattern in _LISTS.items():
        if match := pattern.search(text):
            return name, [match.span()]
    return "shopping", []


def _quantity(text: str) -> dict[str, object]:
    """A number and its unit, and the unit that is asked for."""
    found: list[tuple[int, str]] = []
    for name, (pattern, _) in _UNITS.items():
        found += [
            (m.start(), name) for m in re.finditer(rf"\b(?:{pattern})\b", text, re.IGNORECASE)
        ]
    if (in_two := in_two_units(text.lower())) is not None:
        text = text.lower().replace(in_two[2], f"{in_two[0]} {in_two[1]}")
        return _quantity(text)
    text = _AND_A_HALF.sub(r"\1.5", text)
    number = _NUMBER.search(text)
    if not found or (number is None and len(found) < 2):
        return {}
    found.sort()
    at = 0 if number is None else number.start()
    source = next((name for start, name in found if start > at), found[0][1])
    others = [name for _, name in found if name != source]
    target = others[0] if others else _UNITS[source][1]
    speed = _PER_HOUR.search(text) and {source, target} == {"mile", "kilometer"}
    per = " per hour" if speed else ""
    value: object = 1 if number is None else _whole(number[1])
    return {"value": value, "from": source + per, "to": target + per}


def _whole(number: str) -> float | int:
    value = float(number)
    return int(value) if value.is_integer() else value
