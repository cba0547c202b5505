"""Devices that go away: a microphone that gives no sound, a speaker that takes none.

PortAudio reports neither: a source that stops delivering stays "active" for ever. So the pace of
the data is watched, and a device that falls silent is closed and opened again, as often as it
takes, with a growing pause between.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from context.errors import LapelError
from device.audio import Samples
from device.events import (
    Event,
    MicrophoneBack,
    MicrophoneLost,
    SpeakerBack,
    SpeakerLost,
    StageFailed,
)
from device.mic import ChunkQueue, Microphone
from device.play import Playout, Speaker

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 8.0

Emit = Callable[[Event], None]
Callback = TypeVar("Callback", contravariant=True)  # noqa: PLC0105 (a word, not a letter)


class _Device(Protocol[Callback]):
    """A microphone or a speaker."""

    def open(self, callback: Callback, /) -> None: ...

    def close(self) -> None: ...


class WatchedMicrophone:
    """Chunks for as long as the program runs, whatever happens to the device."""

    def __init__(
        self,
        microphone: Microphone,
        chunks: ChunkQueue,
        watchdog_s: float,
        emit: Emit,
        is_muted: Callable[[], bool],
    ) -> None:
        """Take it for lost after `watchdog_s` seconds without a chunk, unless it is muted."""
        self._is_muted = is_muted
        self._microphone = microphone
        self._chunks = chunks
        self._watchdog_s = watchdog_s
        self._emit = emit

    async def next_chunk(self) -> Samples | None:
        """Return the next chunk, opening the microphone again until there is one; None where it has
        been muted meanwhile.
        """
        pause_s, lost = _FIRST_PAUSE_S, False
        while True:
            try:
                async with asyncio.timeout(self._watchdog_s):
                    chunk = await self._chunks.get()
            except TimeoutError:
                if self._is_muted():
                    return None
                if not lost:
                    self._emit(MicrophoneLost(0, _now(), "no sound"))
                lost = True
                if not _reopen(self._microphone, self._chunks.push, "microphone", self._emit):
                    await asyncio.sleep(pause_s)
                    pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
                continue
            if lost:
                self._emit(MicrophoneBack(0, _now()))
            return chunk


async def watch_speaker(speaker: Speaker, playout: Playout, watchdog_s: float, emit: Emit) -> None:
    """Open the speaker again whenever it has not pulled for `watchdog_s`; runs until cancelled."""
    pulls, pause_s, lost = -1, watchdog_s, False
    while True:
        await asyncio.sleep(pause_s)
        moves = playout.pulls != pulls
        pulls = playout.pulls
        if moves:
            pause_s = watchdog_s
            if lost:
                emit(SpeakerBack(0, _now()))
        else:
            if not lost:
                emit(SpeakerLost(0, _now()))
            _reopen(speaker, playout.pull, "speaker", emit)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 1.5)
        lost = not moves


def _reopen(device: _Device[Callback], callback: Callback, stage: str, emit: Emit) -> bool:
    """Close and open a device; False when that fails for now."""
    device.close()
    try:
        device.open(callback)
    except LapelError as error:
        emit(StageFailed.of(0, _now(), stage, error))
        return False
    return True


def _now() -> float:
    return asyncio.get_running_loop().time()
