"""How often an event repeats, in words, and when the last one is."""

# dateutil has no types, and icalendar's say little:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingModuleSource=false

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from context.importers.record import BROKEN
from context.importers.when import (
    WEEKDAYS,
    day_words,
    listed,
    localised,
    number_words,
    ordinal_words,
)

if TYPE_CHECKING:
    from icalendar.prop import vRecur

_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_PLACES = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_SAID_PARTS = frozenset(
    ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH")
)
_MOST_INTERVAL = 99
# the last of so many is found in under 0.1 s, whatever the rule
_MOST_COUNTED = {"DAILY": 1_000, "WEEKLY": 1_000, "MONTHLY": 120, "YEARLY": 120}


@dataclass(frozen=True)
class Recurrence:
    """words: such as "every two weeks until 30 June 2026", or "repeats" for other rules.

    last: when the last one begins, or no later than; None if it goes on or is not known.
    """

    words: str
    last: date | None


def recurrence(rule: "vRecur", start: date, zone: tzinfo) -> Recurrence:
    """What `rule` says of an event that begins at `start`, as the calendar has it."""
    often = _often(rule, start, zone)
    until, count = _one(rule, "UNTIL"), _one(rule, "COUNT")
    if isinstance(until, date):
        try:
            until = localised(until, zone)
        except OverflowError:
            return Recurrence(often or "repeats", None)
        return Recurrence(f"{often or 'repeats'} until {day_words(until)}", until)
    if isinstance(count, int) and count > 0:
        last = _last(rule, start, count) if often else None
        return Recurrence(f"{often or 'repeats'}, {number_words(count)} times", last)
    return Recurrence(often or "repeats", None)


def happens_once(rule: "vRecur") -> bool:
    """Whether it is a rule of one occurrence."""
    return _one(rule, "COUNT") == 1


def _often(rule: "vRecur", start: date, zone: tzinfo) -> str | None:
    """Such as "every Tuesday"; None if the rule is not a simple one."""
    unit = _UNITS.get(str(_one(rule, "FREQ")))
    interval = _one(rule, "INTERVAL") or 1
    if unit is None or not isinstance(interval, int) or not 1 <= interval <= _MOST_INTERVAL:
        return None
    parts = {str(key).upper() for key in rule}
    if not parts <= _SAID_PARTS:
        return None
    every = f"every {unit}" if interval == 1 else f"every {number_words(interval)} {unit}s"
    days = [(d.relative, _CODES.index(d.weekday)) for d in rule.get("BYDAY", [])]
    month_days, months = rule.get("BYMONTHDAY", []), rule.get("BYMONTH", [])
    if _is_other_day(start, zone):
        # here it is another day: only what names no day is still so
        weekly = unit == "week" and days == [(None, start.weekday())]
        return every if weekly or not (days or month_days or months) else None
    if unit == "week" and not month_days and not months:
        return _weekly(every, interval, days, start)
    if unit == "day" and not month_days and not months:
        return _daily(every, interval, days)
    if unit == "month" and not months:
        return _monthly(every, days, month_days, start)
    if unit == "year" and not days:
        same = (months in ([], [start.month])) and (month_days in ([], [start.day]))
        return every if same else None
    return None


def _weekly(every: str, interval: int, days: list[Any], start: date) -> str | None:
    if any(place for place, _ in days):
        return None
    on = sorted({day for _, day in days} or {start.weekday()})
    if interval > 1:
        return every if on == [start.weekday()] else f"{every} on {_named(on)}"
    if len(on) == len(WEEKDAYS):
        return "every day"
    return "every weekday" if on == [0, 1, 2, 3, 4] else f"every {_named(on)}"


def _daily(every: str, interval: int, days: list[Any]) -> str | None:
    if not days:
        return every
    weekly = _weekly(every, 1, days, date.min)
    return weekly if interval == 1 else None


def _monthly(every: str, days: list[Any], month_days: list[int], start: date) -> str | None:
    if days and not month_days and all(place in _PLACES for place, _ in days):
        return f"{every} on the {listed([f'{_PLACES[p]} {WEEKDAYS[d]}' for p, d in days])}"
    if days or not all(-1 <= day <= 31 and day for day in month_days):
        return None
    if month_days in ([], [start.day]):
        return every
    return f"{every} on the {listed([_month_day(day) for day in month_days])}"


def _named(days: list[int]) -> str:
    return listed([WEEKDAYS[day] for day in days])


def _month_day(day: int) -> str:
    return "last day" if day < 0 else ordinal_words(day)


def _is_other_day(start: date, zone: tzinfo) -> bool:
    if not isinstance(start, datetime):
        return False
    local = localised(start, zone)
    return (local.year, local.month, local.day) != (start.year, start.month, start.day)


def _last(rule: "vRecur", start: date, count: int) -> date | None:
    """When the last of `count` begins, worked out where the rule is sure to have so many soon."""
    from dateutil.rrule import rrulestr

    if count > _MOST_COUNTED[str(_one(rule, "FREQ"))]:
        return None
    moment = start if isinstance(start, datetime) else datetime(start.year, start.month, start.day)
    try:
        *_, last = rrulestr(rule.to_ical().decode(), dtstart=moment)
    except BROKEN:
        return None
    return last if isinstance(start, datetime) else last.date()


def _one(rule: "vRecur", part: str) -> Any:
    value = rule.get(part)
    return next(iter(value), None) if isinstance(value, list) else value
