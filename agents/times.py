"""When something is meant to be: found in what was said, and resolved to a date and a time.

The words of a language are data (`intents/LANGUAGE/language/times.yaml`); here is what they mean.
Times are the owner's wall time; a repetition is an RFC 5545 recurrence rule.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, Literal

import yaml
from dateutil.easter import easter
from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrulestr

from agents.language import folder_of
from agents.mapped import Mapped
from agents.numbers import in_digits

_NUMBER = r"\d{1,2}"
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES: Final = {
    "hour": "HOURLY", "hourly": "HOURLY", "day": "DAILY", "week": "WEEKLY", "weekly": "WEEKLY",
    "month": "MONTHLY", "monthly": "MONTHLY", "year": "YEARLY", "yearly": "YEARLY",
    "annually": "YEARLY",
}  # fmt: skip
_PARTS: Final = {
    "morning": time(9), "noon": time(12), "lunchtime": time(12), "lunch time": time(12),
    "afternoon": time(15), "evening": time(19), "dinnertime": time(19), "dinner time": time(19),
    "teatime": time(17), "night": time(21), "tonight": time(20),
}  # fmt: skip
_SATURDAY, _SUNDAY = 5, 6
_USUAL: Final = time(9)
"""When a thing is due of which only the day was said."""
_LATEST_YEAR: Final = 2200
_EARLIEST_HOUR: Final = 7
"""A bare hour before it is one of the afternoon, unless somebody wants to be woken."""

Kept = Literal["day", "time", "half"]
"""Of a moment: its day, its time of day, or which half of the day it is in."""


@dataclass(frozen=True)
class When:
    """What was said of a time, piece by piece. clear: the hour is one of 24.

    days, months: from today. weekday: 0 is Monday. byday: the weekdays of a repetition. stretch:
    the "weekend" or "week" of which the day is the first.
    """

    hour: int | None = None
    minute: int | None = None
    earlier: int | None = None
    am: bool = False
    pm: bool = False
    clear: bool = False
    part: str | None = None
    days: int | None = None
    months: int | None = None
    weekday: int | None = None
    next: bool = False
    month: int | None = None
    day: int | None = None
    year: int | None = None
    holiday: str | None = None
    freq: str | None = None
    interval: int | None = None
    byday: tuple[int, ...] = ()
    monthday: int | None = None
    stretch: str | None = None

    @property
    def has_time(self) -> bool:
        """Whether a time of day was said."""
        return self.hour is not None

    @property
    def has_date(self) -> bool:
        """Whether a day was said, be it today."""
        named = (self.days, self.months, self.weekday, self.day, self.holiday)
        return any(each is not None for each in named)

    @property
    def repeats(self) -> bool:
        """Whether it is to happen again and again."""
        return self.freq is not None or bool(self.byday)


@dataclass(frozen=True)
class Found:
    """A time that was said, and where: spans of the text it was looked for in."""

    when: When
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Resolved:
    """The first time, local and without a zone, and how it repeats: an RFC 5545 rule or None."""

    at: datetime
    repeat: str | None


@dataclass(frozen=True)
class _Pattern:
    regex: re.Pattern[str]
    values: Mapping[str, object]
    within: re.Pattern[str] | None
    after: re.Pattern[str] | None
    beside: bool


@dataclass(frozen=True)
class _Language:
    patterns: tuple[_Pattern, ...]
    before: re.Pattern[str]
    apart: frozenset[str]
    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    holidays: Mapping[str, str]
    parts: Mapping[str, str]
    frequencies: Mapping[str, str]


@dataclass
class _Piece:
    start: int
    end: int
    when: When
    beside: bool = field(default=False)


def find_when(text: str, language: str = "en") -> Found | None:
    """The one time said in `text`, be it in several places; None if there is none or they clash."""
    read = _read(language)
    digits = in_digits(Mapped.of(text), language)
    lower = digits.text.lower()
    if len(lower) != len(digits.text):  # a letter whose lower case is two
        return None
    pieces = sorted(_pieces(lower, read), key=lambda piece: piece.start)
    pieces = [each for each in pieces if not each.beside or _has_neighbour(each, pieces, lower)]
    if not pieces:
        return None
    when = When()
    for piece in pieces:
        joined = _joined(when, piece.when)
        if joined is None:
            return None
        when = joined
    if not _possible(when):
        return None
    spans = [
        digits.span(start, end) for start, end in _together(pieces, lower, read.before, read.apart)
    ]
    return Found(when, tuple(spans))


def resolve(when: When, now: datetime, *, early: bool = False) -> Resolved | None:
    """The first moment after `now` that is meant; None if there is none such.

    now: the owner's wall time; a zone is left aside. early: at a bare hour of another day a person
    wants to be woken, so that it is before noon; else 1 to 6 is in the afternoon.
    """
    now = now.replace(tzinfo=None)
    try:
        return _resolve(when, now, early)
    except (ValueError, OverflowError):
        return None


def date_of(when: When, now: datetime) -> date | None:
    """The day that is meant, today or later; None if none was said or there is no such day."""
    try:
        return _date(when, now.replace(tzinfo=None)) if when.has_date else None
    except (ValueError, OverflowError):
        return None


def days_of(when: When, now: datetime) -> tuple[date, date] | None:
    """The first and the last day that are meant: of a weekend or a week what is left of it, else
    one day; None if none was said or there is no such day.
    """
    first = date_of(when, now)
    if first is None or when.stretch is None:
        return None if first is None else (first, first)
    if when.stretch == "weekend" and not when.next and now.weekday() >= _SATURDAY:
        first = now.date()
    return first, first + timedelta(days=_SUNDAY - first.weekday())


def asked_days(when: When, now: datetime) -> dict[str, object] | None:
    """Which days are asked about: their `date`, `until` (the last one, where it is another; both
    ISO) and `part`, "morning", "afternoon" or "evening"; None if there are none.
    """
    days = days_of(when, now)
    if days is None:
        return None
    asked: dict[str, object] = {"date": days[0].isoformat()}
    part = {"night": "evening", "tonight": "evening"}.get(when.part or "", when.part)
    if days[0] != days[1]:
        asked["until"] = days[1].isoformat()
    elif part in ("morning", "afternoon", "evening"):
        asked["part"] = part
    return asked


def clock_time(when: When) -> str | None:
    """The time of day as it was said, "HH:MM"; None if none was said."""
    if when.hour is None:
        return None
    hour, minute = _hour_minute(when)
    if not when.clear and _half(when) == "pm" and hour < 12:
        hour += 12
    return f"{hour % 24:02}:{minute:02}"


def is_bare(when: When) -> bool:
    """Whether the hour may be one of the morning or one of the evening, as it was said."""
    return when.has_time and len(_times(when)) > 1


def nearest(
    said: time, at: datetime, now: datetime, *, bare: bool, early: bool = False
) -> datetime:
    """The time `said` on the day of `at`. bare: of the two that it may be, the nearer one to `at`,
    if it can be one that is still to come. early: also one before 7, where `at` is none itself.
    """
    hours = {said.hour, (said.hour + 12) % 24} if bare else {said.hour}
    if bare and not early and at.hour >= _EARLIEST_HOUR:
        hours = {each for each in hours if each >= _EARLIEST_HOUR}
    may_be = [datetime.combine(at.date(), said.replace(hour=each)) for each in sorted(hours)]
    coming = [each for each in may_be if each > now.replace(tzinfo=None)]
    return min(coming or may_be, key=lambda each: abs(each - at))


def kept(when: When) -> list[Kept]:
    """What stays of a thing that is moved to `when`, as that doesn't say it."""
    if not when.has_time:
        of_time: list[Kept] = [] if when.part else ["time"]
    else:
        of_time = ["half"] if is_bare(when) else []
    return of_time if when.has_date else ["day", *of_time]


def _resolve(when: When, now: datetime, early: bool) -> Resolved | None:
    if when.repeats:
        return _repeated(when, now, early)
    day = _date(when, now) if when.has_date else None
    if not when.has_time:
        if day is None and when.part is None:
            return None
        at = datetime.combine(day or now.date(), _PARTS[when.part] if when.part else _USUAL)
        if at <= now and day is None:
            at += timedelta(days=1)
        return Resolved(at, None)
    if day is None or day == now.date():
        times = [datetime.combine(now.date(), each) for each in _times(when)]
        if when.part in ("night", "tonight"):
            times = [each + timedelta(days=1) if each.hour < 6 else each for each in times]
        later = [each for each in times if each > now]
        if not later and day is None:
            later = [each + timedelta(days=1) for each in times]
        return Resolved(min(later) if later else max(times), None)
    at = datetime.combine(day, _time_elsewhere(when, early))
    return Resolved(at, None)


def _repeated(when: When, now: datetime, early: bool) -> Resolved | None:
    rule = _rule(when)
    interval = when.interval or 1
    if when.freq == "HOURLY":
        at = now.replace(second=0, microsecond=0) + timedelta(hours=interval)
        return Resolved(at, rule)
    if when.has_time:
        at_time = _time_elsewhere(when, early)
    else:
        at_time = _PARTS[when.part] if when.part else _USUAL
    begin = now.date()
    if when.has_date and when.freq != "YEARLY":
        begin = _date(when, now)
    start = datetime.combine(begin, at_time)
    if "BY" not in rule:
        while start <= now:
            start += timedelta(days=1)
        return Resolved(start, rule)
    # The interval only counts from the first time on.
    every = rrulestr(re.sub(r";?INTERVAL=\d+", "", rule), dtstart=start)
    first = every.after(now)
    return None if first is None else Resolved(first, rule)


def _rule(when: When) -> str:
    parts = [f"FREQ={when.freq or 'WEEKLY'}"]
    if (when.interval or 1) > 1:
        parts.append(f"INTERVAL={when.interval}")
    byday = when.byday
    if not byday and when.freq == "WEEKLY" and when.weekday is not None:
        byday = (when.weekday,)
    if byday:
        parts.append("BYDAY=" + ",".join(_DAYS[each] for each in sorted(set(byday))))
    if when.freq == "MONTHLY" and (monthday := when.monthday or when.day):
        parts.append(f"BYMONTHDAY={monthday}")
    if when.freq == "YEARLY" and when.month and when.day:
        parts.append(f"BYMONTH={when.month};BYMONTHDAY={when.day}")
    return ";".join(parts)


def _date(when: When, now: datetime) -> date:
    today = now.date()
    if when.holiday is not None:
        return _holiday(when.holiday, today)
    if when.month is not None and when.day is not None:
        if when.year is not None:
            return date(when.year, when.month, when.day)
        years = (date(year, when.month, when.day) for year in _years(when.month, when.day, today))
        return next(each for each in years if each >= today)
    if when.day is not None:
        return _monthday(when.day, today)
    day = today + timedelta(days=when.days or 0) + relativedelta(months=when.months or 0)
    if when.weekday is not None:
        ahead = (when.weekday - day.weekday() - 1) % 7 + 1
        coming = day + timedelta(days=ahead)
        if when.next and coming.isocalendar()[:2] == day.isocalendar()[:2]:
            coming += timedelta(days=7)
        return coming
    return day


def _years(month: int, day: int, today: date) -> Iterator[int]:
    """Years from today's on in which there is such a day."""
    if (month, day) == (2, 29):
        leap = today.year + -today.year % 4
        return iter(year for year in range(leap, leap + 12, 4) if year % 100 or year % 400 == 0)
    return iter(range(today.year, today.year + 2))


def _holiday(name: str, today: date) -> date:
    for year in (today.year, today.year + 1):
        day = easter(year) if name == "easter" else date.fromisoformat(f"{year}-{name}")
        if day >= today:
            return day
    raise ValueError(name)


def _monthday(day: int, today: date) -> date:
    first = today.replace(day=1)
    for ahead in range(13):
        try:
            found = (first + relativedelta(months=ahead)).replace(day=day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError(day)


def _half(when: When) -> str | None:
    if when.am or when.pm:
        return "pm" if when.pm else "am"
    match when.part:
        case "morning":
            return "am"
        case "afternoon" | "evening" | "lunchtime" | "lunch time" | "noon" | "teatime":
            return "pm"
        case "dinnertime" | "dinner time":
            return "pm"
        case "night" | "tonight":
            hour = (when.hour or 0) % 12
            return "pm" if hour >= 6 else "am"
        case _:
            return None


def _hour_minute(when: When) -> tuple[int, int]:
    hour, minute = when.hour or 0, when.minute or 0
    if when.earlier:
        hour, minute = (hour - 1) % (12 if hour <= 12 else 24), 60 - when.earlier
        hour = hour or 12
    return hour, minute


def _times(when: When) -> list[time]:
    """The times of a day that may be meant: two for a bare hour of a 12-hour clock."""
    hour, minute = _hour_minute(when)
    if when.clear or hour > 12 or hour == 0:
        return [time(hour % 24, minute)]
    match _half(when):
        case "am":
            return [time(hour % 12, minute)]
        case "pm":
            return [time(hour % 12 + 12, minute)]
        case _:
            return [time(hour % 12, minute), time(hour % 12 + 12, minute)]


def _time_elsewhere(when: When, early: bool) -> time:
    """The time of a day other than today."""
    times = _times(when)
    if len(times) == 1:
        return times[0]
    hour = times[0].hour
    if hour == 0:
        return times[1]
    if early:
        return times[0]
    return times[1] if hour < _EARLIEST_HOUR else times[0]


def _possible(when: When) -> bool:
    if when.hour is not None and (when.hour > 24 or ((when.am or when.pm) and when.hour > 12)):
        return False
    bad_day = when.day is not None and not 1 <= when.day <= 31
    bad_monthday = when.monthday is not None and not 1 <= when.monthday <= 31
    bad_interval = when.interval is not None and not 1 <= when.interval <= 366
    bad_year = when.year is not None and when.year > _LATEST_YEAR
    return not (bad_day or bad_monthday or bad_interval or bad_year)


def _joined(one: When, other: When) -> When | None:
    """Both together; None if they say different things of the same."""
    if one.days == 0 and other.days is not None:
        one = replace(one, days=None)
    elif other.days == 0 and one.days is not None:
        other = replace(other, days=None)
    values: dict[str, Any] = {}
    for each in fields(When):
        mine, its = getattr(one, each.name), getattr(other, each.name)
        if its == each.default:
            continue
        if mine not in (each.default, its):
            return None
        values[each.name] = its
    return replace(one, **values)


def _pieces(text: str, language: _Language) -> Iterator[_Piece]:
    taken: list[tuple[int, int]] = []
    for pattern in language.patterns:
        if pattern.within is not None and not pattern.within.search(text):
            continue
        for match in pattern.regex.finditer(text):
            start, end = match.span()
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            if pattern.after is not None and not pattern.after.search(text[:start].rstrip()):
                continue
            taken.append((start, end))
            yield _Piece(start, end, _when(match, pattern, language), pattern.beside)


def _when(match: re.Match[str], pattern: _Pattern, language: _Language) -> When:
    said = {
        name.rstrip("_"): value for name, value in match.groupdict().items() if value is not None
    }
    values: dict[str, Any] = {}
    for name, value in {**pattern.values, **said}.items():
        text = str(value).strip()
        match name:
            case "am" | "pm" | "clear" | "next":
                values[name] = True
            case "weekday":
                values[name] = language.weekdays.get(text, int(text) if text.isdigit() else 0)
            case "byday":
                values[name] = tuple(_weekdays(text, language))
            case "month":
                values[name] = language.months.get(text) or int(text)
            case "holiday":
                values[name] = language.holidays[text]
            case "stretch":
                values[name] = text
            case "freq":
                values[name] = language.frequencies.get(text) or _FREQUENCIES.get(text, text)
            case "part":
                text = text.removesuffix("s")
                values[name] = language.parts.get(text, text)
            case "weeks":
                values["days"] = 7 * int(text)
            case "years":
                values["months"] = 12 * int(text)
            case _:
                values[name] = int(text)
    hour = said.get("hour", "")
    if len(hour) == 2 and hour.startswith("0"):
        values["clear"] = True
    return When(**values)


def _weekdays(text: str, language: _Language) -> Iterator[int]:
    for word in re.findall(r"[^\W_]+", text):
        if word.isdigit():
            yield int(word)
        elif word in language.weekdays:
            yield language.weekdays[word]


def _has_neighbour(piece: _Piece, pieces: list[_Piece], text: str) -> bool:
    """Whether another piece stands directly beside this one, which alone says nothing."""
    others = (each for each in pieces if each is not piece and not each.beside)
    return any(
        not text[each.end : piece.start].strip(" ,")
        if each.end <= piece.start
        else not text[piece.end : each.start].strip(" ,")
        for each in others
    )


def _together(
    pieces: list[_Piece], text: str, before: re.Pattern[str], apart: frozenset[str]
) -> Iterator[tuple[int, int]]:
    """The pieces' spans, those side by side as one, each with the preposition before it.

    apart: prepositions that belong to something else where a day is counted from today.
    """
    spans: list[list[int]] = []
    for piece in pieces:
        start = piece.start
        preposition = before.search(text[:start])
        if preposition and not (piece.when.days is not None and preposition[0].strip() in apart):
            start = preposition.start()
        if spans and not text[spans[-1][1] : start].strip(" ,"):
            spans[-1][1] = piece.end
        else:
            spans.append([start, piece.end])
    return ((start, end) for start, end in spans)


@cache
def _read(language: str) -> _Language:
    path = folder_of(language) / "language" / "times.yaml"
    data: Any = yaml.safe_load(path.read_text("utf-8"))
    weekdays = {word: int(number) for number, words in data["weekdays"].items() for word in words}
    months = {word: int(number) for number, words in data["months"].items() for word in words}
    holidays = {word: str(name) for name, words in data["holidays"].items() for word in words}
    plurals = [word for word in weekdays if word.endswith("days") or word.endswith("dis")]
    words = {
        "weekday": _any(weekdays), "month": _any(months), "holiday": _any(holidays),
        "plural": _any(plurals),
    }  # fmt: skip

    def expanded(regex: str) -> re.Pattern[str]:
        regex = regex.replace("{n}", _NUMBER).replace("{unit}", str(data["unit"]))
        regex = regex.replace("{weekdays}", words["weekday"])
        for name, group in (
            ("weekday", "byday"), ("plural", "byday"), ("weekday", ""), ("month", ""),
            ("holiday", ""),
        ):  # fmt: skip
            written = f"{{{name}:{group}}}" if group else f"{{{name}}}"
            regex = regex.replace(written, f"(?P<{group or name}>{words[name]})", 1)
        return re.compile(rf"(?<![\w.:])(?:{regex})(?!\w)", re.IGNORECASE)

    own = ("is", "with", "after", "beside")
    patterns = tuple(
        _Pattern(
            expanded(each["is"]),
            {name: value for name, value in each.items() if name not in own},
            expanded(each["with"]) if "with" in each else None,
            re.compile(rf"(?:\b|^){each['after']}$") if "after" in each else None,
            "beside" in each,
        )
        for each in data["patterns"]
    )
    return _Language(
        patterns,
        re.compile(rf"(?<!\w){data['before']}(?: the)? $"),
        frozenset(str(data.get("apart", "")).split()),
        weekdays,
        months,
        holidays,
        data.get("parts", {}),
        data.get("frequencies", {}),
    )


def _any(words: Any) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "(?:" + "|".join(map(re.escape, longest_first)) + ")"
