"""Which thing rings now, and what is said of it. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from agents.durations import say_duration
from agents.perspective import second_person
from agents.tools.say_when import say_time
from device.schedule.due import MOST_COUNTED, Now, left_s, moment, passed_s, times_between
from device.schedule.thing import Kind, Thing, Waits, last_due, pending

RINGS_FOR_S: Final = 600.0
"""So long an alarm rings if nobody stops it. One that is later than that is told of, not rung."""

LOCKED: Final = "You have a reminder; unlock me to hear it."
ERASED: Final = "You have a reminder, but its words were erased."

_LATE_S: Final = 30.0
_DAY_S: Final = 86_400.0


class Unread(Enum):
    """Why the words of a thing can't be said."""

    LOCKED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring: of a timer, an alarm, a reminder."""

    thing_id: str
    kind: Kind
    occurrence: datetime | None
    """The local time for which it rings; None where a length of time is over, or what it waited
    for has come."""
    due_date_s: float | None
    """Names the length of time that is over; None where it is none."""
    late_s: float
    times: int = 1
    """For how many times of day it stands: all but the last were missed."""
    ringing_for_s: float | None = None
    """How long an alarm has been ringing, if it has begun to."""
    label: datetime | None = None
    """The local time that it is called by."""
    length_s: float | None = None
    text: str = ""
    """Its name or words; "" if it has none, or they can't be read."""
    unread: Unread | None = None

    @property
    def key(self) -> str:
        """Names this ring, and no other of the same thing."""
        return f"{self.thing_id}@{self.occurrence or self.due_date_s}"

    @property
    def keeps_ringing(self) -> bool:
        """Whether it rings until somebody stops it."""
        return self.kind is Kind.ALARM and self.late_s < RINGS_FOR_S

    @property
    def is_over(self) -> bool:
        """Whether it has rung for so long that nobody seems to be there."""
        return self.ringing_for_s is not None and self.ringing_for_s >= RINGS_FOR_S


def due_ring(thing: Thing, now: Now, rung: frozenset[datetime], *, readable: bool) -> Ring | None:
    """Return the ring of a thing, its words left out, if it is to ring now.

    Args:
        thing: as `noticed` has left it.
        now: when.
        rung: the local times after `thing.since` for which it rang already.
        readable: what waits to be read can be.
    """
    ring = Ring(thing.id, thing.kind, None, None, 0.0, length_s=thing.length_s, label=thing.at)
    if thing.ringing is not None and thing.rang is not None:
        return replace(ring, label=thing.ringing, ringing_for_s=passed_s(thing.rang, now))
    if thing.waits is Waits.UNLOCKED and readable:
        return ring
    if thing.due is not None and (left := left_s(thing.due, now, _length(thing))) <= 0:
        label = datetime.fromtimestamp(round(now.date_s + left), now.zone).replace(tzinfo=None)
        label = thing.at if thing.kind is Kind.MISSED else label
        return replace(ring, due_date_s=thing.due.date_s, late_s=-left, label=label)
    first = pending(thing, rung)
    if first is None or thing.at is None or moment(first, now.zone) > now.date:
        return None
    last = last_due(thing, first, now, rung)
    since = max(thing.since or first, first - timedelta(microseconds=1))
    times = times_between(thing.at, thing.rule, since, last)
    times -= sum(first <= each <= last for each in rung)
    late_s = (now.date - moment(last, now.zone)).total_seconds()
    return replace(ring, occurrence=last, label=last, times=max(1, times), late_s=late_s)


def wait_s(thing: Thing, now: Now, rung: frozenset[datetime]) -> float | None:
    """Return the seconds until it rings next, if that is sure and nothing changes meanwhile."""
    waits: list[float] = []
    if thing.due is not None:
        waits.append(left_s(thing.due, now, _length(thing)))
    if (first := pending(thing, rung)) is not None:
        waits.append((moment(first, now.zone) - now.date).total_seconds())
    return min(waits, default=None)


def _length(thing: Thing) -> float:
    return float("inf") if thing.length_s is None else thing.length_s


def ring_sentence(ring: Ring) -> str:
    """Return what is said when it rings; a late one says how late, and how often it was missed."""
    match ring.kind:
        case Kind.TIMER:
            return _timer(ring)
        case Kind.ALARM:
            return _alarm(ring)
        case Kind.REMINDER:
            return _reminder(ring)
        case Kind.MISSED:
            return f"You missed {_your(ring)}: it rang for {say_duration(RINGS_FOR_S)}."


def given_up_sentence(ring: Ring) -> str:
    """Return what is said when an alarm has rung for long enough."""
    called = _your(ring)
    return f"{called[0].upper()}{called[1:]} rang for {say_duration(RINGS_FOR_S)}; I've stopped it."


def _timer(ring: Ring) -> str:
    what = ring.text or say_duration(ring.length_s or 0.0).removesuffix("s")
    if ring.late_s < _LATE_S:
        return f"Your {what} timer is done."
    return f"Your {what} timer was done {_ago(ring)}, while I was off or busy."


def _alarm(ring: Ring) -> str:
    called = _your(ring)
    if ring.late_s >= _LATE_S:
        called = f"{called[0].upper()}{called[1:]}"
        if ring.times > 1:
            return (
                f"{called} was due {_times(ring)} while I was off or busy, the last {_ago(ring)}."
            )
        return f"{called} was due {_ago(ring)}, while I was off or busy."
    time = "" if ring.label is None else f"It's {say_time(ring.label)}"
    if not ring.text:
        return f"{time}." if time and not time.endswith(".") else time or "This is your alarm."
    return f"{time}: {ring.text}." if time else f"{ring.text}."


def _reminder(ring: Ring) -> str:
    match ring.unread:
        case Unread.LOCKED:
            return LOCKED
        case Unread.GONE:
            return ERASED
        case None:
            what = second_person(ring.text.rstrip(" .!")) if ring.text else "it's time"
    if ring.late_s < _LATE_S:
        return f"Reminder: {what}."
    if ring.times > 1:
        return (
            f"I couldn't remind you {_times(ring)}, as I was off or busy, the last {_ago(ring)}: "
            f"{what}."
        )
    return f"I should have reminded you {_ago(ring)}, but was off or busy: {what}."


def _your(ring: Ring) -> str:
    if ring.text:
        return f"your {ring.text} alarm"
    return "your alarm" if ring.label is None else f"your {say_time(ring.label)} alarm"


def _times(ring: Ring) -> str:
    return (
        f"more than {MOST_COUNTED} times" if ring.times >= MOST_COUNTED else f"{ring.times} times"
    )


def _ago(ring: Ring) -> str:
    if ring.late_s >= 2 * _DAY_S:
        return f"{ring.late_s / _DAY_S:.0f} days ago"
    if ring.late_s >= 2 * 3600:
        return f"{say_duration(round(ring.late_s / 3600) * 3600)} ago"
    whole_minutes = ring.late_s >= 60
    return f"{say_duration(round(ring.late_s / 60) * 60 if whole_minutes else ring.late_s)} ago"
