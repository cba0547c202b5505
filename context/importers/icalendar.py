"""Calendars: iCalendar events and tasks, one record each; a series is one record too.

An event moved out of its series has a record of its own, which says what day it stands in for.
Times are told in the owner's zone. A time zone that is neither a known one nor well described by
the file counts as the owner's.
"""

# icalendar's types say little:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from context.importers.entries import Entry, entries
from context.importers.files import as_text, failed, opened
from context.importers.html_text import html_text
from context.importers.plain import ended, flat, folded, uid_of
from context.importers.record import BROKEN, Progress, Record, Skipped
from context.importers.recurrence import Recurrence, happens_once, recurrence
from context.importers.when import (
    day_words,
    localised,
    moment_of,
    span_words,
    weekday_words,
)

if TYPE_CHECKING:
    from icalendar import Component

MOST_BYTES = 256_000_000
"""The largest file that is read."""

_TITLE = 300
_NOTE = 500
_LOOKED_AT = 65_536
_MOST_EXCEPTIONS = 3
_MOST_ZONES = 50
# other rules than "the second Sunday of March" make a time zone that takes for ever to ask
_ZONE_RULE = re.compile(
    r"RRULE:(?:(?:FREQ=YEARLY|INTERVAL=1|BYMONTH=(?:0?[1-9]|1[0-2])|WKST=[A-Z]{2}"
    r"|BYDAY=[+-]?[1-5](?:SU|MO|TU|WE|TH|FR|SA)|UNTIL=\d{8}(?:T\d{6}Z?)?)(?:;|$)){1,6}"
)


def read(path: Path, zone: tzinfo, progress: Progress) -> Iterator[Record | Skipped]:
    """The events and tasks of a file; as `context.importers.read` says."""
    _learn_zones(path)
    wanted = frozenset(("VEVENT", "VTODO"))
    with opened(path, MOST_BYTES) as (file, total), as_text(file) as lines:
        for number, entry in enumerate(entries(lines, wanted), 1):
            yield _record(entry, f"entry {number}, line {entry.line}", zone)
            progress(min(file.tell(), total), total)
        progress(total, total)


def _learn_zones(path: Path) -> None:
    """Have icalendar know the time zones that this file describes, and no other file's."""
    import icalendar

    icalendar.use_zoneinfo()
    with opened(path, MOST_BYTES) as (file, total), as_text(file) as lines:
        if total and "BEGIN:VCALENDAR" not in lines.read(_LOOKED_AT).upper():
            raise failed(path, "it is not a calendar")
    with opened(path, MOST_BYTES) as (file, _), as_text(file) as lines:
        for number, entry in enumerate(entries(lines, frozenset(("VTIMEZONE",)))):
            unfolded = re.sub(r"\n[ \t]", "", entry.text.upper())
            rules = (line for line in unfolded.split("\n") if "RULE" in line)
            if number < _MOST_ZONES and all(map(_ZONE_RULE.fullmatch, rules)):
                _parsed(entry.text)


def _parsed(text: str) -> "Component | None":
    import icalendar

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote what the file says
        try:
            return icalendar.Component.from_ical(text)
        except BROKEN:
            return None


def _record(entry: Entry, where: str, zone: tzinfo) -> Record | Skipped:
    if entry.problem:
        return Skipped(where, entry.problem)
    component = _parsed(entry.text)
    if component is None:
        return Skipped(where, "It is not a well-formed event or task.")
    if _text(component, "STATUS").upper() == "CANCELLED":
        return Skipped(where, "It was cancelled.")
    try:
        return _task(component, zone) if entry.name == "VTODO" else _event(component, zone)
    except BROKEN:
        return Skipped(where, "Its dates are missing or make no sense.")


def _event(event: "Component", zone: tzinfo) -> Record:
    start = _date(event, "DTSTART")
    if start is None:
        raise ValueError("an event needs a start")
    first = localised(start, zone)
    last = _end(event, start, zone)
    title = _text(event, "SUMMARY") or "Event without a title"
    said = [title, span_words(first, last)]
    if place := _text(event, "LOCATION"):
        said.append(f"at {place}")
    until = moment_of(last or _day_after(first), zone)
    if repeats := _recurrence(event, start, zone):
        said.append(repeats.words)
        until = _end_of_series(repeats, until - moment_of(first, zone), zone)
    if instead_of := _instead_of(event, zone):
        said.append(f"instead of {instead_of}")
    return Record(
        _uid(event, title, start),
        _with_note(event, ", ".join(said)),
        _changed(event, zone),
        moment_of(first, zone),
        until,
    )


def _task(task: "Component", zone: tzinfo) -> Record:
    title = _text(task, "SUMMARY") or "Task without a title"
    start, due, done = (_date(task, name) for name in ("DTSTART", "DUE", "COMPLETED"))
    said = [title, "a task"]
    if due is not None:
        local = localised(due, zone)
        at = f" at {local:%H:%M}" if isinstance(local, datetime) else ""
        said.append(f"due {weekday_words(local)}{at}")
    if (rule := _rule(task)) and (begin := start or due):
        said.append(recurrence(rule, begin, zone).words)
    until = None if done is None else moment_of(localised(done, zone), zone)
    if until is not None:
        said.append(f"done {day_words(until)}")
    elif _text(task, "STATUS").upper() == "COMPLETED":
        said.append("done")
    return Record(
        _uid(task, title, start or due),
        _with_note(task, ", ".join(said)),
        _changed(task, zone),
        None if start is None else moment_of(localised(start, zone), zone),
        until,
    )


def _end(event: "Component", start: date, zone: tzinfo) -> date | None:
    """When it ends, here; None if that is not said, or not after the start."""
    end, length = _date(event, "DTEND"), _value(event, "DURATION")
    if end is None and isinstance(length, timedelta):
        end = start + length
    all_day = not isinstance(start, datetime)
    if end is None or isinstance(end, datetime) == all_day:
        return start + timedelta(days=1) if all_day else None
    first, last = localised(start, zone), localised(end, zone)
    if last > first:
        return last
    return start + timedelta(days=1) if all_day else None


def _day_after(day: date) -> date:
    """An event that has a start only is over with its day."""
    return date(day.year, day.month, day.day) + timedelta(days=1)


def _recurrence(event: "Component", start: date, zone: tzinfo) -> Recurrence | None:
    """The rule in words, with its exceptions; None for an event that is once."""
    rule, others = _rule(event), _value(event, "RDATE") is not None
    if rule is None or happens_once(rule):
        return Recurrence("and on other days", None) if others else None
    found = recurrence(rule, start, zone)
    words, last = found.words, found.last
    if others:
        words, last = f"{words} and on other days", None
    days = [localised(day, zone) for day in _exceptions(event)]
    if len(days) > _MOST_EXCEPTIONS:
        words += ", with exceptions"
    elif days:
        words += f", except {' and '.join(map(day_words, days))}"
    return Recurrence(words, last)


def _exceptions(event: "Component") -> list[date]:
    try:
        found: list[date] = getattr(event, "exdates", [])
        return sorted(found, key=lambda day: day.timetuple()[:6])
    except BROKEN:
        return []


def _end_of_series(repeats: Recurrence, length: timedelta, zone: tzinfo) -> datetime | None:
    if repeats.last is None:
        return None
    last = localised(repeats.last, zone)
    if not isinstance(last, datetime):  # it may begin at any time of that day
        length = max(length, timedelta(days=1))
    return moment_of(last, zone) + length


def _instead_of(event: "Component", zone: tzinfo) -> str:
    day = _date(event, "RECURRENCE-ID")
    return "" if day is None else weekday_words(localised(day, zone))


def _with_note(component: "Component", sentence: str) -> str:
    note = _text(component, "DESCRIPTION", _NOTE * 4)
    if "<" in note and ">" in note:  # some calendars write HTML there
        note = flat(html_text(note))
    return f"{ended(sentence)} {ended(flat(note, _NOTE))}" if note else ended(sentence)


def _uid(component: "Component", title: str, start: date | None) -> str:
    """Of the entry's own UID and which one of a series it replaces; else of title and start."""
    instead_of = _date(component, "RECURRENCE-ID")
    own = _text(component, "UID")
    which = "" if instead_of is None else instead_of.isoformat()
    return uid_of("icalendar", own or folded(title), which, "" if own else str(start))


def _changed(component: "Component", zone: tzinfo) -> datetime | None:
    """When it was last changed; not DTSTAMP, which many calendars set to when they export."""
    day = _date(component, "LAST-MODIFIED") or _date(component, "CREATED")
    return None if day is None else moment_of(localised(day, zone), zone)


def _rule(component: "Component") -> Any:
    from icalendar.prop import vRecur

    rule = _value(component, "RRULE", native=False)
    return rule if isinstance(rule, vRecur) and len(rule) > 0 else None


def _date(component: "Component", name: str) -> date | None:
    value = _value(component, name)
    return value if isinstance(value, date) else None


def _value(component: "Component", name: str, *, native: bool = True) -> Any:
    """A property's value; the first one's if there are several, None if it makes no sense."""
    from icalendar.prop import vBroken

    value = component.get(name)
    if isinstance(value, list):
        value = next(iter(value), None)
    if isinstance(value, vBroken):
        return None
    return getattr(value, "dt", value) if native else value


def _text(component: "Component", name: str, most: int = _TITLE) -> str:
    value = _value(component, name, native=False)
    return flat(str(value), most) if isinstance(value, str) else ""
