"""A folder of iCalendar files, read with icalendar and recurring-ical-events, and one written."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from filelock import FileLock

from agents.tools.calendar import Event
from context import durable
from device.errors import DeviceError

OWN: Final = "own.ics"
_LARGEST_BYTES: Final = 20_000_000
_TOO_OFTEN: Final = ("SECONDLY", "MINUTELY")
_ADDED: Final = frozenset(("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"))
"""All that `CalendarFolder.add` writes of an event."""
_NONE: Final[frozenset[str]] = frozenset()
_BROKEN: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""What the libraries raise for files that keep to no standard."""


class CalendarUnusable(DeviceError):
    """The own calendar file can't be read or written."""


class CalendarFolder:
    """Calendar files in a folder, read again when they change.

    now: aware, in the owner's zone. A file that is damaged is passed over and counted in `unread`;
    things that repeat every minute are taken once.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now
        self._read: dict[Path, tuple[durable.Mark, Any]] = {}
        self.unread = 0

    def after(self, moment: datetime) -> Iterator[Event]:
        """What ends after a moment of the owner's wall time, naive, the next to begin first."""
        since = self._aware(moment)
        each = [self._of(own, query.after(since)) for own, query in self._queries()]
        return merge(*each, key=lambda event: event.start)

    def between(self, begin: datetime, end: datetime) -> list[Event]:
        """What goes on between two moments, the first to begin first."""
        found: list[Event] = []
        for own, query in self._queries():
            try:
                found += self._of(own, query.between(self._aware(begin), self._aware(end)))
            except _BROKEN:
                self.unread += 1
        within = [each for each in found if each.start < end and (each.end > begin or (
            each.start == each.end and each.start >= begin))]  # fmt: skip
        return sorted(within, key=lambda event: (event.start, event.title))

    def add(self, title: str, start: datetime, seconds: float) -> Event:
        """Put something into the own file, on disk when this returns.

        Raises:
            CalendarUnusable: the own file is damaged, or can't be written.
        """
        icalendar: Any = importlib.import_module("icalendar")  # its `add` has no types
        at = self._aware(start).astimezone(UTC)
        event = icalendar.Event()
        uid = uuid4().hex
        event.add("uid", uid)
        event.add("dtstamp", self._now().astimezone(UTC))
        event.add("dtstart", at)
        event.add("dtend", at + timedelta(seconds=seconds))
        event.add("summary", title)

        def added(calendar: Any) -> bool:
            calendar.add_component(event)
            return True

        _ = self._change(added)
        return Event(uid, title, start, start + timedelta(seconds=seconds), own=True)

    def remove(self, uid: str) -> bool:
        """Take off what was added; False if it isn't there.

        Raises:
            CalendarUnusable: the own file is damaged, or can't be written.
        """

        def removed(calendar: Any) -> bool:
            left = [each for each in calendar.subcomponents if str(each.get("uid", "")) != uid]
            changed = len(left) < len(calendar.subcomponents)
            calendar.subcomponents[:] = left
            return changed

        return self._change(removed)

    def _change(self, change: Callable[[Any], bool]) -> bool:
        icalendar: Any = importlib.import_module("icalendar")
        path = self._folder / OWN
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._folder / f".{OWN}.lock", timeout=5, mode=0o600):
                if path.exists():
                    calendar = icalendar.Calendar.from_ical(durable.read(path)[0])
                else:
                    calendar = icalendar.Calendar()
                    calendar.add("prodid", "-//Lapel//EN")
                    calendar.add("version", "2.0")
                if not change(calendar):
                    return False
                durable.replace(path, calendar.to_ical(), missing_ok=True)
        except _BROKEN:
            raise CalendarUnusable(
                f"Your own calendar file, {OWN}, is damaged: repair it or move it away."
            ) from None
        except (OSError, TimeoutError):
            raise CalendarUnusable("Your own calendar file can't be written now.") from None
        return True

    def _queries(self) -> list[tuple[frozenset[str], Any]]:
        """Of every readable file, the uids of what was added here, and what answers about it."""
        import recurring_ical_events

        self.unread = 0
        found: list[tuple[frozenset[str], Any]] = []
        paths = sorted(self._folder.glob("*.ics"))
        for path in paths:
            try:
                calendars = self._calendars(path)
                found += [
                    (
                        _added(each) if path.name == OWN else _NONE,
                        recurring_ical_events.of(each, skip_bad_series=True),
                    )
                    for each in calendars
                ]
            except (*_BROKEN, OSError):
                self.unread += 1
        for gone in set(self._read) - set(paths):
            del self._read[gone]
        return found

    def _calendars(self, path: Path) -> list[Any]:
        from icalendar import Calendar

        mark = durable.mark(path)
        if mark.bytes_long > _LARGEST_BYTES:
            raise ValueError("too large")
        if path in self._read and self._read[path][0] == mark:
            return self._read[path][1]
        data, mark = durable.read(path)
        calendars: list[Any] = list(Calendar.from_ical(data, multiple=True))
        for calendar in calendars:
            for component in calendar.walk("VEVENT"):
                rule = component.get("RRULE")
                if rule is not None and any(each in str(rule).upper() for each in _TOO_OFTEN):
                    del component["RRULE"]
        self._read[path] = mark, calendars
        return calendars

    def _of(self, own: frozenset[str], components: Any) -> Iterator[Event]:
        """The events of components; one that keeps to no standard is left out. own: the uids of
        those that were added here.
        """
        iterator = iter(components)
        while True:
            try:
                component = next(iterator)
            except StopIteration:
                return
            except _BROKEN:
                self.unread += 1
                return
            with suppress(*_BROKEN):
                yield self._event(own, component)

    def _event(self, own: frozenset[str], component: Any) -> Event:
        start, end = component.start, component.end
        whole_day = not isinstance(start, datetime)
        return Event(
            str(component.get("uid", "")),
            str(component.get("summary", "")),
            self._wall(start),
            self._wall(end),
            whole_day,
            str(component.get("uid", "")) in own,
        )

    def _wall(self, moment: date) -> datetime:
        """A moment as the owner's wall clock shows it, naive."""
        if not isinstance(moment, datetime):
            return datetime(moment.year, moment.month, moment.day)
        if moment.tzinfo is None:
            return moment
        return moment.astimezone(self._now().tzinfo).replace(tzinfo=None)

    def _aware(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=self._now().tzinfo)


def _added(calendar: Any) -> frozenset[str]:
    """The uids of the events that have no more to them than what `add` writes: no place, no
    repetition, but a time. What somebody wrote more of is not ours to take away.
    """
    events = [each for each in calendar.walk("VEVENT") if not each.subcomponents]
    plain = [
        str(each.get("uid", ""))
        for each in events
        if set(map(str.upper, each.keys())) <= _ADDED
        and "dtstart" in each
        and isinstance(each.decoded("dtstart"), datetime)
    ]
    return frozenset(uid for uid in plain if plain.count(uid) == 1)
