"""Playback: where sound goes out, and what of it was really heard. The last stage of a turn.

A speaker pulls samples from a `Playout` at the pace of its own clock: a sound card's thread, or
ticks of real time for a file. The playout knows what was pulled, so history and latency speak of
what was heard and not of what was planned.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from device.audio import Samples, resample
from device.play.played import Played

Pull = Callable[[int], Samples]

_FADE_S = 0.008  # long enough not to click, too short to hear
_SOUNDING_S = 0.5
"""So long after its last sample the speaker and the room still sound."""
_STEP_BACK_S = 0.6
_DIP_S = 0.02


class Speaker(Protocol):
    """A sink of sound: int16, mono."""

    @property
    def name(self) -> str:
        """What a person would call it."""
        ...

    @property
    def rate_hz(self) -> int:
        """The rate at which it pulls."""
        ...

    def open(self, pull: Pull) -> None:
        """Begin to play; `pull(n)` gives the next n samples, from any thread.

        Raises:
            SpeakerUnusable: there is none, or it is busy.
        """
        ...

    def close(self) -> None:
        """Stop playing and let the device go. Never hangs; closing twice is allowed."""
        ...


@dataclass(slots=True)
class _Clip:
    turn_id: int
    text: str
    samples: Samples
    played: int = 0
    heard: int = 0
    """The furthest that it was ever played: a reply that resumes goes back a little."""


@dataclass(slots=True)
class _Heard:
    """What is known of one turn's playback."""

    clips: list[_Clip] = field(default_factory=list[_Clip])
    first_sample: asyncio.Event = field(default_factory=asyncio.Event)
    drained: asyncio.Event = field(default_factory=asyncio.Event)


class Playout:
    """Bounded queue of clips between the event loop and the speaker's thread.

    Each clip belongs to a turn. Dropping a turn drops its clips, so that a stale turn's sound is
    never heard.
    """

    def __init__(self, rate_hz: int, loop: asyncio.AbstractEventLoop, longest_s: float = 60.0):
        """Hold at most `longest_s` seconds of sound not yet played."""
        self._rate_hz = rate_hz
        self._loop = loop
        self._most = int(longest_s * rate_hz)
        self._lock = threading.Lock()
        self._queue: deque[_Clip] = deque()
        self._turns: dict[int, _Heard] = {}
        self._edge: Samples = np.zeros(0, dtype=np.int16)
        """A fade that goes before the queue."""
        self._paused = False
        self._played = Played(rate_hz)
        self._sounded_at = -_SOUNDING_S
        self.pulls = 0
        """How often the speaker has asked for samples: it stands still when the speaker is gone."""

    async def add(self, turn_id: int, text: str, samples: Samples, rate_hz: int) -> None:
        """Queue a clip of `turn_id`; waits while the queue is full.

        Args:
            turn_id: dropped without a sound when the turn has been dropped.
            text: what the clip says, for the history of what was heard.
            samples: shape (n,), int16.
            rate_hz: their rate; they are resampled to the speaker's.
        """
        clip = _Clip(turn_id, text, resample(samples, rate_hz, self._rate_hz))
        # Polled, so that the speaker's thread has nothing to do but copy.
        while self.queued_s() * self._rate_hz > self._most:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        with self._lock:
            turn = self._turns.setdefault(turn_id, _Heard())
            turn.clips.append(clip)
            self._queue.append(clip)

    def pull(self, count: int) -> Samples:
        """Give the next `count` samples, silence where there are none. Copies, nothing else."""
        out = np.zeros(count, dtype=np.int16)
        at = 0
        self.pulls += 1
        with self._lock:
            if len(self._edge):
                at = min(count, len(self._edge))
                out[:at] = self._edge[:at]
                self._edge = self._edge[at:]
            while at < count and self._queue and not self._paused:
                clip = self._queue[0]
                turn = self._turns[clip.turn_id]
                take = min(count - at, len(clip.samples) - clip.played)
                out[at : at + take] = clip.samples[clip.played : clip.played + take]
                if take and not turn.first_sample.is_set():
                    self._tell(turn.first_sample)
                clip.played += take
                clip.heard = max(clip.heard, clip.played)
                at += take
                if clip.played >= len(clip.samples):
                    self._queue.popleft()
                    if not any(each.turn_id == clip.turn_id for each in self._queue):
                        self._tell(turn.drained)
        if at:
            self._sounded_at = self._loop.time()
        self._played.push(out)
        return out

    def take_played(self, count: int) -> Samples:
        """Return the next `count` samples of what was pulled, at 16 kHz; silence where none was.

        Called once a chunk of the microphone, it is the echo canceller's reference. Sound pulled
        before the first call is not kept, nor what has waited for more than ten seconds.
        """
        return self._played.take(count)

    def forget_played(self) -> None:
        """Begin the record of what is played anew, where nothing was captured beside it."""
        self._played.forget()

    @property
    def is_sounding(self) -> bool:
        """Whether something was played in the last half second."""
        return self._loop.time() - self._sounded_at < _SOUNDING_S

    def pause(self) -> None:
        """Be silent within 8 ms and keep what is queued; pausing twice is allowed."""
        with self._lock:
            if not self._paused:
                self._fade_out()
            self._paused = True

    def resume(self) -> None:
        """Go on from a dip a little before the pause, so that no word begins in its middle."""
        with self._lock:
            if not self._paused:
                return
            self._paused = False
            if self._queue and self._queue[0].played:
                clip = self._queue[0]
                clip.played = dip_before(clip.samples, clip.played, self._rate_hz)
                start = clip.samples[clip.played :][: int(_FADE_S * self._rate_hz)]
                self._edge = _ramped(start, 0.0, 1.0)
                clip.played += len(start)

    def drop(self, turn_id: int) -> None:
        """Stop a turn's sound now, with a short fade, and forget what it still had to say.

        It ends a pause.
        """
        with self._lock:
            if self._queue and self._queue[0].turn_id == turn_id and not self._paused:
                self._fade_out()
            self._paused = False
            self._queue = deque(each for each in self._queue if each.turn_id != turn_id)
            if turn_id in self._turns:
                self._tell(self._turns[turn_id].drained)

    async def first_sample(self, turn_id: int) -> None:
        """Wait until the turn's first sample has been pulled."""
        await self._turn(turn_id).first_sample.wait()

    async def drained(self, turn_id: int) -> None:
        """Wait until all that the turn has queued was pulled or dropped."""
        turn = self._turn(turn_id)
        while True:
            with self._lock:
                if not any(each.turn_id == turn_id for each in self._queue):
                    return
                # A clip that ended while the next one was on its way has set it too early.
                turn.drained.clear()
            await turn.drained.wait()

    def finish(self, turn_id: int) -> str:
        """Return what of the turn was heard, in words, and forget the turn."""
        with self._lock:
            self._paused = False
            turn = self._turns.pop(turn_id, None)
            self._queue = deque(each for each in self._queue if each.turn_id != turn_id)
        if turn is None:
            return ""
        return " ".join(filter(None, (heard_words(each) for each in turn.clips)))

    def queued_s(self) -> float:
        """Return the seconds of sound not yet played."""
        with self._lock:
            return sum(len(each.samples) - each.played for each in self._queue) / self._rate_hz

    def _fade_out(self) -> None:
        """Put a short fade of what is being played before the queue."""
        if len(self._edge):  # a fade is on its way already: only let it end in silence
            self._edge = _ramped(self._edge, 1.0, 0.0)
        elif self._queue and self._queue[0].played:
            clip = self._queue[0]
            rest = clip.samples[clip.played :][: int(_FADE_S * self._rate_hz)]
            self._edge = _ramped(rest, 1.0, 0.0)

    def _turn(self, turn_id: int) -> _Heard:
        with self._lock:
            return self._turns.setdefault(turn_id, _Heard())

    def _tell(self, event: asyncio.Event) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)


def heard_words(clip: _Clip) -> str:
    """Return the words of a clip that were played, by the share of its samples that were."""
    if clip.heard >= len(clip.samples):
        return clip.text
    words = clip.text.split()
    return " ".join(words[: int(len(words) * clip.heard / max(1, len(clip.samples)))])


def dip_before(samples: Samples, at: int, rate_hz: int) -> int:
    """Return where the 20 ms of least energy in the 0.6 s before `at` begin: between two words.

    At the same energy the latest; 0 where the clip is as short as that.
    """
    step = int(_DIP_S * rate_hz)
    starts = range(at - step, max(-1, at - int(_STEP_BACK_S * rate_hz)), -step)
    energies = [
        (float(np.sum(samples[start : start + step].astype(np.float64) ** 2)), -start)
        for start in starts
    ]
    return -min(energies)[1] if energies else 0


def _ramped(samples: Samples, first: float, last: float) -> Samples:
    ramp = np.linspace(first, last, len(samples), dtype=np.float32)
    return (samples * ramp).astype(np.int16)
