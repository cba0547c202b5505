"""When something is due. Pure.

What was set for a length of time (timers, "in twenty minutes", a snooze) follows the seconds since
boot, which no step of the calendar touches; after a reboot only the calendar is left.

What was set for a time of day (alarms, reminders) follows the owner's wall clock: it is kept as
local time and an RFC 5545 recurrence rule, and is resolved anew at each look, so that "7:00 on
weekdays" stays at 7:00 when the clocks change or the owner travels. A local time that the clocks
skip is the first moment after the gap; one that they show twice is the first of the two.
"""

# dateutil has no types:
# pyright: reportMissingTypeStubs=false, reportMissingModuleSource=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final

from device.errors import DeviceError

MOST_COUNTED: Final = 1000
"""Occurrences that are counted one by one; of more it is only known that there are more."""

_UNITS: Final = {
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
}
_PARTS: Final = {
    "HOURLY": {"BYDAY"},
    "DAILY": {"BYDAY"},
    "WEEKLY": {"BYDAY"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY"},
    "YEARLY": {"BYDAY", "BYMONTHDAY", "BYMONTH"},
}
"""What a rule may say beside its interval. Others could be true of no day at all, and dateutil
would look for one until the year 9999."""
_VALUE: Final = {
    "INTERVAL": re.compile(r"[1-9]\d{0,2}", re.ASCII),
    "BYDAY": re.compile(r"(?:(?:[+-]?[1-5])?(?:MO|TU|WE|TH|FR|SA|SU),?)+(?<!,)", re.ASCII),
    "BYMONTHDAY": re.compile(r"(?:-?(?:[1-9]|[12]\d|3[01]),?)+(?<!,)", re.ASCII),
    "BYMONTH": re.compile(r"(?:(?:[1-9]|1[0-2]),?)+(?<!,)", re.ASCII),
}
_CYCLE: Final = 170
"""In so many intervals a rule comes round: 99 hours and a week have a common multiple of 168."""


class RuleRefused(DeviceError, ValueError):
    """A recurrence rule that is not kept: it never comes, or is of a kind that is not needed."""


@dataclass(frozen=True, slots=True)
class DueTime:
    """When a thing is due, in both of the times that can tell."""

    date_s: float
    """Seconds since 1970, UTC."""
    boot_id: str
    since_boot_s: float


@dataclass(frozen=True, slots=True)
class Now:
    """What the clock says at one moment. date: aware, in the owner's zone."""

    date: datetime
    boot_id: str
    since_boot_s: float

    @property
    def date_s(self) -> float:
        """Seconds since 1970, UTC."""
        return self.date.timestamp()

    @property
    def local(self) -> datetime:
        """The owner's wall clock, naive."""
        return self.date.replace(tzinfo=None)

    @property
    def zone(self) -> tzinfo:
        """The owner's zone."""
        return self.date.tzinfo or UTC

    def after(self, seconds: float) -> DueTime:
        """The moment so much later."""
        return DueTime(self.date_s + seconds, self.boot_id, self.since_boot_s + seconds)


def remaining_s(
    due: DueTime, *, date_s: float, boot_id: str, since_boot_s: float, most_s: float = math.inf
) -> float:
    """Return the seconds left, negative when overdue.

    most_s: the length that was set. In another boot no more than that can be left of it, less
    what this boot has taken, however far back the calendar was set.
    """
    if due.boot_id == boot_id:
        return due.since_boot_s - since_boot_s
    return min(due.date_s - date_s, most_s - since_boot_s)


def left_s(due: DueTime, now: Now, most_s: float = math.inf) -> float:
    """Return the seconds left of `due`; see `remaining_s`."""
    return remaining_s(
        due,
        date_s=now.date_s,
        boot_id=now.boot_id,
        since_boot_s=now.since_boot_s,
        most_s=most_s,
    )


def passed_s(since: DueTime, now: Now) -> float:
    """Return the seconds since a moment that is past; 0 where the calendar went back meanwhile."""
    return max(0.0, -left_s(since, now))


def moment(local: datetime, zone: tzinfo) -> datetime:
    """Return the moment at which clocks in `zone` show the naive time `local`, in UTC."""
    found = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local:
        return found
    # Skipped. Read with the offset from after the gap it lies before it, and the other way round.
    before, after = local.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


def check_rule(rule: str, at: datetime) -> None:
    """Raise RuleRefused unless the rule is of a kind that is kept, and comes at all after `at`."""
    parts = [part.partition("=") for part in rule.split(";")]
    values = {name: value for name, _, value in parts}
    allowed = _PARTS.get(values.pop("FREQ", ""))
    fits = (
        allowed is not None
        and len(values) == len(parts) - 1
        and values.keys() <= allowed | {"INTERVAL"}
        and all(_VALUE[name].fullmatch(value) for name, value in values.items())
        and not ("FREQ=MONTHLY" not in rule and "FREQ=YEARLY" not in rule and _has_places(values))
    )
    if not fits or next_after(at, rule, at - timedelta(seconds=1)) is None:
        raise RuleRefused("I can't repeat it like that: say every hour, day, week, month or year.")


def _has_places(values: dict[str, str]) -> bool:
    return any(character.isdigit() for character in values.get("BYDAY", ""))


@lru_cache(maxsize=512)
def next_after(at: datetime, rule: str | None, since: datetime) -> datetime | None:
    """Return the first local time after `since` at which it comes; None if there is none.

    Args:
        at: the first time it can come, naive.
        rule: how it comes again; None: it comes once.
        since: naive.
    """
    if rule is None:
        return at if at > since else None
    try:
        return _dates(rule, _start(at, rule, since, 1)).after(since)
    except OverflowError:  # the calendar's last year
        return None


def last_until(at: datetime, rule: str | None, until: datetime) -> datetime | None:
    """Return the last local time up to `until`, inclusive, at which it came; None if none."""
    if rule is None:
        return at if at <= until else None
    return _dates(rule, _start(at, rule, until, _CYCLE)).before(until, inc=True)


def times_between(at: datetime, rule: str | None, since: datetime, until: datetime) -> int:
    """Return how often it came after `since` and up to `until`, `MOST_COUNTED` at most."""
    if rule is None:
        return int(since < at <= until)
    dates = _dates(rule, _start(at, rule, since, 1))
    count = 0
    for each in dates.xafter(since, count=MOST_COUNTED):
        if each > until:
            break
        count += 1
    return count


def _start(at: datetime, rule: str, near: datetime, before: int) -> datetime:
    """A time from which the rule gives the same dates as from `at`, but in fewer steps.

    It is a whole number of intervals later, and at least `before` of them before `near`.
    """
    parts = dict(part.split("=") for part in rule.split(";"))
    unit = _UNITS.get(parts["FREQ"])
    if unit is None:
        return at
    interval = unit * int(parts.get("INTERVAL", "1"))
    return at + interval * max(0, (near - at) // interval - before)


def _dates(rule: str, start: datetime) -> Any:
    from dateutil.rrule import rrulestr

    return rrulestr(rule, dtstart=start)
