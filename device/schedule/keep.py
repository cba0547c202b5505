"""Keeps timers, alarms and reminders, and tells which are to ring.

Whatever is confirmed is on disk. A ring is taken off the list only once it has begun to sound, so a
kill just before means that it rings at the next start, never that it is lost; and it is taken off
by name, so that no step of the calendar makes it ring a second time.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from agents.tools.alarm import Alarm
from agents.tools.reminder import Reminder
from agents.tools.timer import Timer
from context.errors import KeysUnusable, VaultLocked
from context.keys import WrongKey
from device.clock import Clock
from device.schedule.due import Now, check_rule, left_s
from device.schedule.file import ScheduleFile, Seal
from device.schedule.ring import Ring, Unread, due_ring, wait_s
from device.schedule.thing import (
    Kind,
    Thing,
    Waits,
    begun,
    ended,
    local_of,
    noticed,
    pending,
    snoozed,
)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the schedule shows."""

    rings: list[Ring]
    """What is to ring now: first what has not begun to, the longest overdue first."""
    next_s: float | None
    """Seconds until the next ring that is known of."""


class Schedule:
    """All that is to ring, in one file; safe from any thread and from several processes.

    seal: hides names and texts in the file. Everything raises StoreUnusable where the file can't be
    used; what has a name or a text to keep also raises VaultLocked and KeysUnusable.
    """

    def __init__(self, path: Path, clock: Clock, seal: Seal) -> None:
        self._file = ScheduleFile(path, seal)
        self._clock = clock
        self._seal = seal

    def open(self) -> None:
        """Open the file, making it with mode 0600."""
        self._file.open()

    def close(self) -> None:
        """Close the file; what is in it stays."""
        self._file.close()

    def clear(self) -> None:
        """Take everything off the list, for ever."""
        self._file.clear()

    def erase(self) -> None:
        """Open the file, take everything off the list, and close it."""
        self.open()
        try:
            self.clear()
        finally:
            self.close()

    def cancel(self, thing_id: str, /) -> bool:
        """Take one thing off the list, also one that rings; False when it is not there."""
        return self._file.remove(thing_id)

    # timers

    def add(self, duration_s: float, name: str | None) -> Timer:
        """Start a timer; it is durable when this returns."""
        now = self._now()
        thing = self._new(Kind.TIMER, name or "", now)
        self._file.put(replace(thing, due=now.after(duration_s), length_s=duration_s))
        return Timer(thing.id, name, duration_s, duration_s)

    def running(self) -> list[Timer]:
        """Return every timer not yet rung, the next to ring first; overdue ones have less than 0.

        Paused ones have what is left of them.
        """
        now = self._now()
        timers = [self._timer(each, now) for each in self._file.things() if _is_timer(each)]
        return sorted(timers, key=lambda timer: timer.remaining_s)

    def pause(self, timer_id: str) -> bool:
        """Stop a timer's time; False if it doesn't run, or rings already."""

        def paused(thing: Thing, now: Now) -> Thing | None:
            if thing.due is None or (left := self._left_s(thing, now)) <= 0:
                return None
            return replace(thing, due=None, paused_left_s=left)

        return self._change_timer(timer_id, paused) is not None

    def resume(self, timer_id: str) -> bool:
        """Let a timer's time go on; False if it isn't paused."""

        def resumed(thing: Thing, now: Now) -> Thing | None:
            if thing.paused_left_s is None:
                return None
            return replace(thing, due=now.after(thing.paused_left_s), paused_left_s=None)

        return self._change_timer(timer_id, resumed) is not None

    def extend(self, timer_id: str, seconds: float) -> Timer | None:
        """Give a timer more time; None if there is none of that id."""

        def extended(thing: Thing, now: Now) -> Thing | None:
            length_s = (thing.length_s or 0.0) + seconds
            if thing.paused_left_s is not None:
                left_s = thing.paused_left_s + seconds
                return replace(thing, length_s=length_s, paused_left_s=left_s)
            left_s = max(0.0, self._left_s(thing, now)) + seconds
            return replace(thing, length_s=length_s, due=now.after(left_s))

        return self._change_timer(timer_id, extended)

    # alarms

    def add_alarm(
        self,
        *,
        at: datetime | None = None,
        seconds: float | None = None,
        repeat: str | None = None,
        name: str | None = None,
    ) -> Alarm:
        """Set an alarm for a local time, or in so many seconds; it is durable when this returns.

        Raises:
            RuleRefused: it can't repeat like that.
        """
        now = self._now()
        thing = self._timed(self._new(Kind.ALARM, name or "", now), at, seconds, repeat, now)
        self._file.put(thing)
        return self._alarm(thing, now)

    def alarms(self) -> list[Alarm]:
        """Return the alarms that are set or ring, the next to ring first."""
        now = self._now()
        found = [self._alarm(each, now) for each in self._of(Kind.ALARM)]
        return sorted(found, key=lambda alarm: (not alarm.rings, alarm.at))

    def snooze(self, seconds: float) -> Alarm | None:
        """Have the alarm that rings, the latest one, ring again later; None if none does."""
        with self._file.changing():
            now = self._now()
            ringing = [each for each in self._of(Kind.ALARM) if each.ringing is not None]
            if not ringing:
                return None
            thing = snoozed(max(ringing, key=lambda each: (each.ringing, each.id)), seconds, now)
            self._file.put(thing)
        return self._alarm(thing, now)

    def end(self, thing_id: str) -> None:
        """Let an alarm that rings be over; nothing where none does."""
        with self._file.changing():
            thing = self._file.thing(thing_id)
            if thing is not None and thing.ringing is not None:
                self._keep(thing_id, ended(thing))

    def give_up(self, ring: Ring) -> None:
        """Let an alarm be over that nobody stopped, and have the owner told of it later."""
        with self._file.changing():
            thing = self._file.thing(ring.thing_id)
            if thing is None or thing.ringing is None:
                return
            now = self._now()
            missed = Thing(_new_id(), Kind.MISSED, thing.words, now.after(0.0), waits=Waits.WAKE)
            self._file.put(
                replace(missed, at=thing.ringing, since=thing.ringing, since_date_s=now.date_s)
            )
            self._keep(thing.id, ended(thing))

    # reminders

    def add_reminder(
        self,
        text: str,
        *,
        at: datetime | None = None,
        seconds: float | None = None,
        repeat: str | None = None,
    ) -> Reminder:
        """Set a reminder for a local time, in so many seconds, or for when the owner next talks.

        Raises:
            RuleRefused: it can't repeat like that.
        """
        now = self._now()
        thing = self._new(Kind.REMINDER, text, now)
        if at is None and seconds is None:
            thing = replace(thing, waits=Waits.WAKE)
        else:
            thing = self._timed(thing, at, seconds, repeat, now)
        self._file.put(thing)
        return self._reminder(thing, now)

    def reminders(self) -> list[Reminder]:
        """Return the reminders that are still to be said, the next first."""
        now = self._now()
        found = [self._reminder(each, now) for each in self._of(Kind.REMINDER)]
        return sorted(found, key=lambda each: each.at or datetime.max)

    def woken(self, before_boot_s: float) -> None:
        """The owner talks: what waits for that is due. What was set later than that waits on."""
        if all(each.waits is not Waits.WAKE for each in self._file.things()):
            return
        with self._file.changing():
            now = self._now()
            for each in self._file.things():
                this_boot = each.made.boot_id == now.boot_id
                if each.waits is Waits.WAKE and not (
                    this_boot and each.made.since_boot_s >= before_boot_s
                ):
                    due = replace(each, waits=None, due=now.after(0.0), length_s=0.0)
                    self._file.put(due)

    def since_boot_s(self) -> float:
        """Return the seconds since boot, as `woken` compares them."""
        return self._clock.since_boot_s()

    # ringing

    def look(self) -> Look:
        """Return what is to ring now, and how long until something else is."""
        now, rings, waits = self._now(), list[Ring](), list[float]()
        for thing, rung in self._things(now):
            readable = thing.waits is Waits.UNLOCKED and self._read(thing)[1] is not Unread.LOCKED
            ring = due_ring(thing, now, rung, readable=readable)
            if ring is not None:
                text, unread = self._read(thing)
                rings.append(replace(ring, text=text, unread=unread))
            elif (wait := wait_s(thing, now, rung)) is not None:
                waits.append(wait)
        rings.sort(key=lambda ring: (ring.ringing_for_s is not None, -ring.late_s))
        return Look(rings, min(waits, default=None))

    def begin(self, ring: Ring) -> bool:
        """Note, durably, that it rings; False where it is not to ring any more.

        An alarm then rings until `end`, `snooze` or `give_up`, through a kill too.
        """
        with self._file.changing():
            thing = self._file.thing(ring.thing_id)
            if thing is None:
                return False
            if ring.ringing_for_s is not None:
                return thing.ringing is not None
            if not self._is_due(thing, ring):
                return False
            now = self._now()
            unread = ring.unread is Unread.LOCKED and ring.kind is Kind.REMINDER
            after = begun(thing, ring.occurrence, now, unread=unread)
            if after is not None and not ring.keeps_ringing:
                after = ended(after)  # one that is told of
            if unread and thing.rule is not None:
                copy = Thing(_new_id(), thing.kind, thing.words, now.after(0.0))
                self._file.put(replace(copy, waits=Waits.UNLOCKED))
            if after is not None and ring.occurrence is not None:
                self._file.note_rung(thing.id, ring.occurrence)
            self._keep(thing.id, after)
        return True

    def rings(self, ring: Ring) -> bool:
        """Say whether an alarm that has begun to ring still does."""
        thing = self._file.thing(ring.thing_id)
        return thing is not None and thing.ringing is not None

    def _is_due(self, thing: Thing, ring: Ring) -> bool:
        """Whether a ring that was seen a moment ago is still to come."""
        if ring.occurrence is not None:
            rung = self._file.rung(thing.id, None)
            passed = thing.since is not None and thing.since >= ring.occurrence
            return thing.at is not None and not passed and ring.occurrence not in rung
        if ring.due_date_s is not None:
            return thing.due is not None and thing.due.date_s == ring.due_date_s
        return thing.waits is Waits.UNLOCKED

    def _things(self, now: Now) -> list[tuple[Thing, frozenset[datetime]]]:
        """All things as they are now, and for what each has rung; a calendar set back is noted."""
        with self._file.reading():
            things = self._file.things()
            if all(noticed(each, now) == each for each in things):
                return [(each, self._rung(each)) for each in things]
        with self._file.changing():
            things = [noticed(each, now) for each in self._file.things()]
            for each in things:
                self._file.put(each)
            return [(each, self._rung(each)) for each in things]

    def _rung(self, thing: Thing) -> frozenset[datetime]:
        return frozenset() if thing.at is None else self._file.rung(thing.id, thing.since)

    # things

    def _now(self) -> Now:
        return Now(self._clock.now(), self._clock.boot_id(), self._clock.since_boot_s())

    def _of(self, kind: Kind) -> list[Thing]:
        return [each for each in self._file.things() if each.kind is kind]

    def _keep(self, thing_id: str, thing: Thing | None) -> None:
        if thing is None:
            self._file.remove(thing_id)
        else:
            self._file.put(thing)

    def _new(self, kind: Kind, words: str, now: Now) -> Thing:
        sealed = self._seal.seal(words.encode()) if words else None
        return Thing(_new_id(), kind, sealed, now.after(0.0))

    def _timed(
        self, thing: Thing, at: datetime | None, seconds: float | None, rule: str | None, now: Now
    ) -> Thing:
        if at is None:
            length_s = seconds or 0.0
            return replace(thing, due=now.after(length_s), length_s=length_s)
        if rule is not None:
            check_rule(rule, at)
        since = now.local if rule is not None else min(now.local, at - timedelta(microseconds=1))
        return replace(thing, at=at, rule=rule, since=since, since_date_s=now.date_s)

    def _change_timer(
        self, timer_id: str, change: Callable[[Thing, Now], Thing | None]
    ) -> Timer | None:
        with self._file.changing():
            thing = self._file.thing(timer_id)
            if thing is None or not _is_timer(thing):
                return None
            now = self._now()
            changed = change(thing, now)
            if changed is None:
                return None
            self._file.put(changed)
        return self._timer(changed, now)

    def _timer(self, thing: Thing, now: Now) -> Timer:
        left, length_s = thing.paused_left_s, thing.length_s or 0.0
        paused = left is not None
        left = self._left_s(thing, now) if left is None else left
        return Timer(thing.id, self._read(thing)[0] or None, length_s, left, paused)

    def _left_s(self, thing: Thing, now: Now) -> float:
        assert thing.due is not None
        return left_s(thing.due, now, thing.length_s or 0.0)

    def _alarm(self, thing: Thing, now: Now) -> Alarm:
        rings = thing.ringing is not None
        at = thing.ringing or self._next(thing, now) or now.local
        return Alarm(thing.id, at, thing.rule, self._read(thing)[0] or None, rings)

    def _reminder(self, thing: Thing, now: Now) -> Reminder:
        text, unread = self._read(thing)
        at = self._next(thing, now)
        return Reminder(thing.id, None if unread else text, at, thing.rule)

    def _next(self, thing: Thing, now: Now) -> datetime | None:
        """The local time at which it rings next; None where it waits for something else."""
        times = [] if thing.due is None else [local_of(thing.due, now)]
        following = pending(thing, self._rung(thing))
        return min([*times, *([] if following is None else [following])], default=None)

    def _read(self, thing: Thing) -> tuple[str, Unread | None]:
        """The words of a thing, "" where there are none, and why they can't be read."""
        if thing.words is None:
            return "", None
        try:
            return self._seal.unseal(thing.words).decode(), None
        except WrongKey:
            return "", Unread.GONE
        except (VaultLocked, KeysUnusable):
            return "", Unread.LOCKED


def _is_timer(thing: Thing) -> bool:
    return thing.kind is Kind.TIMER


def _new_id() -> str:
    return uuid.uuid4().hex
