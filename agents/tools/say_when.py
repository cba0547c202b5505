"""Times, days and repetitions in English words that a voice reads well. Pure.

Times are the owner's wall clock, naive; repetitions are RFC 5545 recurrence rules.
"""

from datetime import date, datetime
from typing import Final

# Not strftime's names: those change with the machine's locale.
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_CODES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNITS: Final = {
    "HOURLY": "hour", "DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year",
}  # fmt: skip
_NUMBERS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PLACES: Final = {"1": "first", "2": "second", "3": "third", "4": "fourth", "-1": "last"}
_NEAR_DAYS: Final = 7


def say_time(at: datetime) -> str:
    """ "7 a.m.", "7:30 p.m.", "noon", "midnight"."""
    if at.minute == 0 and at.hour in (0, 12):
        return "noon" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes} {'a.m.' if at.hour < 12 else 'p.m.'}"


def say_day(day: date, today: date) -> str:
    """ "today", "tomorrow", "on Friday" within a week, else "on Friday, May 1"; the year if it is
    another one.
    """
    away = (day - today).days
    if -1 <= away <= 1:
        return ("yesterday", "today", "tomorrow")[away + 1]
    named = f"on {DAYS[day.weekday()]}"
    if 0 < away < _NEAR_DAYS:
        return named
    year = f", {day.year}" if day.year != today.year else ""
    return f"{named}, {MONTHS[day.month - 1]} {day.day}{year}"


def say_when(at: datetime, now: datetime) -> str:
    """ "at 7 a.m. tomorrow", "at noon", which is today's."""
    when = f"at {say_time(at)}"
    return when if at.date() == now.date() else f"{when} {say_day(at.date(), now.date())}"


def say_repeat(rule: str, at: datetime) -> str:
    """ "every day", "on weekdays", "every other week on Tuesday", "every year on May 3"; "again and
    again" for what is said in no few words. at: the first time, which says what the rule leaves
    out.
    """
    parts = {name: value for name, _, value in (part.partition("=") for part in rule.split(";"))}
    unit, interval = _UNITS.get(parts.get("FREQ", "")), int(parts.get("INTERVAL", "1"))
    if unit is None:
        return "again and again"
    days = parts["BYDAY"].split(",") if parts.get("BYDAY") else []
    if interval == 1 and unit in ("day", "week") and days:
        return _on_days(days)
    every = _every(unit, interval)
    match unit:
        case "week" if interval == 1:
            return f"every {DAYS[at.weekday()]}"
        case "week":
            return f"{every} on {_listed([_day(each) for each in days] or [DAYS[at.weekday()]])}"
        case "month" if days:
            return f"{every} on the {_listed([_day(each) for each in days])}"
        case "month":
            numbers = parts.get("BYMONTHDAY", str(at.day)).split(",")
            return f"{every} on the {_listed([_ordinal(int(each)) for each in numbers])}"
        case "year" if not days:
            month = MONTHS[int(parts.get("BYMONTH", str(at.month)).split(",")[0]) - 1]
            return f"{every} on {month} {parts.get('BYMONTHDAY', str(at.day)).split(',')[0]}"
        case _:
            return every


def and_repeat(rule: str | None, at: datetime) -> str:
    """What is put behind a time that comes again: ", every day"; "" for one that comes once."""
    return "" if rule is None else f", {say_repeat(rule, at)}"


def _every(unit: str, interval: int) -> str:
    if interval == 1:
        return f"every {unit}"
    if interval == 2:
        return f"every other {unit}"
    number = _NUMBERS[interval] if interval < len(_NUMBERS) else str(interval)
    return f"every {number} {unit}s"


def _on_days(days: list[str]) -> str:
    known = sorted({_CODES.index(each) for each in days if each in _CODES})
    if known == [0, 1, 2, 3, 4]:
        return "on weekdays"
    if known == [5, 6]:
        return "on weekends"
    if len(known) == len(_CODES):
        return "every day"
    return f"every {_listed([DAYS[each] for each in known])}"


def _day(code: str) -> str:
    day = DAYS[_CODES.index(code[-2:])]
    place = code[:-2].removeprefix("+")
    return f"{_PLACES.get(place, place)} {day}" if place else day


def _ordinal(number: int) -> str:
    if number < 0:
        return "last day"
    ending = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{ending}"


def _listed(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
