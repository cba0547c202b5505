"""What is kept of a timer, an alarm or a reminder, and how it changes. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from device.schedule.due import DueTime, Now, last_until, left_s, next_after


class Kind(StrEnum):
    """What it is."""

    TIMER = "timer"
    ALARM = "alarm"
    REMINDER = "reminder"
    MISSED = "missed"
    """Word of an alarm that rang and that nobody stopped."""


class Waits(StrEnum):
    """What makes a thing due that no time does."""

    WAKE = "wake-up"
    """The owner talks to the assistant."""
    UNLOCKED = "unlocked"
    """Its words can be read again."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One of them. Any of `due`, `at` and `waits` makes it due; several may."""

    id: str
    kind: Kind
    words: bytes | None
    """Its name or text, sealed."""
    made: DueTime
    due: DueTime | None = None
    """After a length of time: a timer, "in twenty minutes", a snooze."""
    length_s: float | None = None
    """The length of time that was set."""
    paused_left_s: float | None = None
    at: datetime | None = None
    """At a time of day: the owner's wall clock, naive."""
    rule: str | None = None
    since: datetime | None = None
    """Up to this local time all is done: it rang, or was announced as missed."""
    since_date_s: float | None = None
    """The calendar's seconds when that was so."""
    waits: Waits | None = None
    ringing: datetime | None = None
    """An alarm that rings: the local time it was for."""
    rang: DueTime | None = None
    """When that ring began."""


def pending(thing: Thing, rung: frozenset[datetime]) -> datetime | None:
    """Return the next local time at which it is still to ring; None if there is none.

    rung: the local times, after `since`, for which it rang already.
    """
    if thing.at is None:
        return None
    time = thing.since or datetime.min
    while (found := next_after(thing.at, thing.rule, time)) is not None and found in rung:
        time = found
    return found


def noticed(thing: Thing, now: Now) -> Thing:
    """Return the thing as it is once `now` is known: the calendar may have been set back.

    What was passed over while the calendar was ahead is still to come. What rang then does not
    ring again: that is in `rung`, and what comes once is over.
    """
    if thing.rule is None or thing.since is None or thing.since_date_s is None:
        return thing
    if now.date_s >= thing.since_date_s:
        return thing
    return replace(thing, since=min(thing.since, now.local), since_date_s=now.date_s)


def begun(thing: Thing, occurrence: datetime | None, now: Now, *, unread: bool) -> Thing | None:
    """Return what is left of it once it rings; None: nothing.

    Args:
        thing: as it was.
        occurrence: the local time for which it rings; None where a length of time is over, or
            what it waited for has come.
        now: when.
        unread: its words can't be read now, and are still to be told.
    """
    if occurrence is None:
        label = thing.ringing or (None if thing.due is None else local_of(thing.due, now))
        after = replace(thing, due=None, waits=None)
    else:
        label = occurrence
        after = replace(thing, since=occurrence, since_date_s=now.date_s)
    if thing.kind is Kind.ALARM and label is not None:
        after = replace(after, ringing=label, rang=now.after(0.0))
    if unread and thing.rule is None:
        after = replace(after, waits=Waits.UNLOCKED)
    return whole(after)


def ended(thing: Thing) -> Thing | None:
    """Return what is left of an alarm once it rings no more; None: nothing."""
    return whole(replace(thing, ringing=None, rang=None))


def snoozed(thing: Thing, seconds: float, now: Now) -> Thing:
    """Return an alarm that is to ring again in a while."""
    due = now.after(seconds)
    return replace(thing, ringing=None, rang=None, due=due, length_s=seconds)


def whole(thing: Thing) -> Thing | None:
    """Return the thing if anything is left to come of it."""
    comes = thing.at is not None and (
        thing.rule is not None or thing.since is None or thing.at > thing.since
    )
    left = (thing.due, thing.paused_left_s, thing.waits, thing.ringing)
    return thing if comes or any(each is not None for each in left) else None


def local_of(due: DueTime, now: Now) -> datetime:
    """Return what the owner's wall clock shows at `due`, in whole seconds, naive."""
    date_s = now.date_s + left_s(due, now)
    return datetime.fromtimestamp(round(date_s), now.zone).replace(tzinfo=None)


def last_due(thing: Thing, first: datetime, now: Now, rung: frozenset[datetime]) -> datetime:
    """Return the last local time, from `first` on, that is past and for which it did not ring."""
    assert thing.at is not None
    last = last_until(thing.at, thing.rule, now.local) or first
    while last in rung and last > first:
        earlier = last_until(thing.at, thing.rule, last.replace(microsecond=0) - last.resolution)
        if earlier is None:
            break
        last = earlier
    return max(first, last)
