"""What rings in this run of the program: between the schedule, which is durable, and the turns."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from context.errors import LapelError
from device.events import Event, Rang
from device.play import Playout, Speaker
from device.play.tones import listening
from device.play.tones import ring as ringing
from device.reply import Replier
from device.schedule import Kind, Ring, Schedule, given_up_sentence, ring_sentence
from device.worker import Worker

AGAIN_S: Final = 60.0
"""A reminder that nobody reacts to is said once more after so long."""
_ROUNDS: Final = 3
_ROUND_PAUSE_S: Final = 4.0
_LOOK_EVERY_S: Final = 1.0
_SOONEST_S: Final = 0.01


class Ringing:
    """Asks the schedule on a thread of its own, sounds what is due, and remembers what is only of
    this run.

    speaker: at whose rate it sounds. emit: told what rings. failed: told what went wrong; the rings
    go on as well as they can. now: the event loop's clock.
    """

    def __init__(
        self,
        schedule: Schedule,
        worker: Worker,
        replier: Replier,
        *,
        speaker: Speaker,
        emit: Callable[[Event], None],
        failed: Callable[[LapelError], None],
        now: Callable[[], float],
    ) -> None:
        self._schedule = schedule
        self._worker = worker
        self._replier = replier
        self._speaker = speaker
        self._emit = emit
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

    async def sound(self, turn_id: int, due: Ring, playout: Playout) -> None:
        """Sound what is due, and say it, as often as it should; returns when all was played."""
        # At the speaker's rate: it sounds also where there is no voice.
        rate_hz = self._speaker.rate_hz
        tone = listening if due.kind is Kind.MISSED else ringing
        rounds = _ROUNDS if due.kind is Kind.TIMER or due.keeps_ringing else 1
        text, rang = ring_sentence(due), False
        for count in range(rounds):
            await playout.add(turn_id, "", tone(rate_hz), rate_hz)
            if count == 0:
                await playout.first_sample(turn_id)
                if not (rang := await self._begin(due)):
                    break
                if due.ringing_for_s is None and due.times:
                    self._emit(Rang(turn_id, self._now(), due.late_s, text))
            await self._replier.say(turn_id, text, playout)
            await playout.drained(turn_id)
            if count < rounds - 1 or due.keeps_ringing:
                await asyncio.sleep(_ROUND_PAUSE_S)
            if due.keeps_ringing and not await self._goes_on(due):
                break
        if rang and due.kind is Kind.REMINDER and not _is_said_again(due):
            self._again = (replace(due, times=0), self._now() + AGAIN_S)

    async def give_up(self, turn_id: int, alarm: Ring) -> str:
        """Let an alarm be over that nobody stopped, and return what is to be said of it."""
        try:
            await self._worker.run(self._schedule.give_up, alarm)
        except LapelError as error:
            self._unwritten.add(alarm.key)
            self._failed(error)
        text = given_up_sentence(alarm)
        self._emit(Rang(turn_id, self._now(), alarm.ringing_for_s or 0.0, text))
        return text

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

    async def _begin(self, ring: Ring) -> bool:
        """Note that a ring has begun to sound; False where it is not to ring any more."""
        try:
            return _is_said_again(ring) or await self._worker.run(self._schedule.begin, ring)
        except LapelError as error:
            self._unwritten.add(ring.key)  # it would ring again and again
            self._failed(error)
            return True

    async def _goes_on(self, ring: Ring) -> bool:
        """Say whether an alarm still rings: it may have been ended by what was said elsewhere."""
        try:
            return not self._is_stopped() and await self._worker.run(self._schedule.rings, ring)
        except LapelError as error:
            self._failed(error)
            return True

    def _is_stopped(self) -> bool:
        return self._stop_at is not None and self._stop_at <= self._now()

    def _end_all(self) -> None:
        for alarm in self._schedule.alarms():
            if alarm.rings:
                self._schedule.end(alarm.id)


def _is_said_again(ring: Ring) -> bool:
    return ring.times == 0
