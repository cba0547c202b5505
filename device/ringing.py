"""What rings in this run of the program: between the schedule, which is durable, and the turns."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from context.errors import LapelError
from device.schedule import Kind, Ring, Schedule
from device.worker import Worker

AGAIN_S: Final = 60.0
"""A reminder that nobody reacts to is said once more after so long."""
_LOOK_EVERY_S: Final = 1.0
_SOONEST_S: Final = 0.01


class Ringing:
    """Asks the schedule on a thread of its own, and remembers what is only of this run.

    failed: told what went wrong; the rings go on as well as they can. now: the event loop's clock.
    """

    def __init__(
        self,
        schedule: Schedule,
        worker: Worker,
        failed: Callable[[LapelError], None],
        now: Callable[[], float],
    ) -> None:
        self._schedule = schedule
        self._worker = worker
        self._failed = failed
        self._now = now
        self._unwritten: set[str] = set()
        """Rings that have begun and could not be taken off the list: once is enough."""
        self._stop_at: float | None = None
        self._again: tuple[Ring, float] | None = None
        self._is_failing = False
        self.wait_s = _LOOK_EVERY_S
        """How long to wait until the next look, where the last one found nothing."""

    async def due(self, *, idle: bool) -> Ring | None:
        """Return what is to ring now, if anything is.

        idle: nobody has the word, so that alarms which were to stop, and were not snoozed by what
        was said then, are over.
        """
        try:
            if idle and self._is_stopped():
                await self._worker.run(self._end_all)
                self._stop_at = None
            look = await self._worker.run(self._schedule.look)
            self._is_failing = False
        except LapelError as error:
            if not self._is_failing:  # once, and not every second
                self._failed(error)
            self._is_failing = True
            self.wait_s = _LOOK_EVERY_S
            return None
        for ring in look.rings:
            if ring.key not in self._unwritten:
                return ring
        now = self._now()
        if self._again is not None and self._again[1] <= now:
            ring, self._again = self._again[0], None
            return ring
        # Other processes set things too, so the file is looked at once a second.
        waits = [_LOOK_EVERY_S if look.next_s is None else look.next_s]
        waits += [] if self._again is None else [self._again[1] - now]
        self.wait_s = min(_LOOK_EVERY_S, max(_SOONEST_S, min(waits)))
        return None

    async def begin(self, ring: Ring) -> bool:
        """Note that a ring has begun to sound; False where it is not to ring any more."""
        try:
            return _is_said_again(ring) or await self._worker.run(self._schedule.begin, ring)
        except LapelError as error:
            self._unwritten.add(ring.key)  # it would ring again and again
            self._failed(error)
            return True

    async def goes_on(self, ring: Ring) -> bool:
        """Say whether an alarm still rings: it may have been ended by what was said elsewhere."""
        try:
            return not self._is_stopped() and await self._worker.run(self._schedule.rings, ring)
        except LapelError as error:
            self._failed(error)
            return True

    async def give_up(self, ring: Ring) -> None:
        """Let an alarm be over that nobody stopped."""
        try:
            await self._worker.run(self._schedule.give_up, ring)
        except LapelError as error:
            self._unwritten.add(ring.key)
            self._failed(error)

    def was_said(self, ring: Ring) -> None:
        """A reminder was said to its end: it is said once more if nobody reacts."""
        if ring.kind is Kind.REMINDER and not _is_said_again(ring):
            self._again = (replace(ring, times=0), self._now() + AGAIN_S)

    def reacted(self) -> None:
        """Somebody is there."""
        self._again = None

    def stop(self, after_s: float = 0.0) -> None:
        """Somebody wants the alarm to stop, in a moment: until then it may still be snoozed."""
        self._stop_at = self._now() + after_s

    async def woken(self) -> None:
        """The owner talks to the assistant: what waits for that is due when the turn is over."""
        try:
            await self._worker.run(self._schedule.woken, self._schedule.since_boot_s())
        except LapelError as error:
            self._failed(error)

    def _is_stopped(self) -> bool:
        return self._stop_at is not None and self._stop_at <= self._now()

    def _end_all(self) -> None:
        for alarm in self._schedule.alarms():
            if alarm.rings:
                self._schedule.end(alarm.id)


def _is_said_again(ring: Ring) -> bool:
    return ring.times == 0
