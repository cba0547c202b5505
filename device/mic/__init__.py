"""Microphones: where sound comes in. The first stage of a turn.

A microphone pushes chunks from wherever its sound comes (a sound card's own thread, a file at
real-time pace) into a `ChunkQueue`, and the event loop takes them out.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from device.audio import Samples

Push = Callable[[Samples], None]


class Microphone(Protocol):
    """A source of chunks: int16, mono, 16 kHz, 512 samples each, at the pace of real time."""

    @property
    def name(self) -> str:
        """What a person would call it."""
        ...

    def open(self, push: Push) -> None:
        """Begin to capture; `push` may be called from any thread, once a chunk.

        Raises:
            MicrophoneUnusable: there is none, or it is busy.
        """
        ...

    def close(self) -> None:
        """Stop capturing and let the device go. Never hangs; closing twice is allowed."""
        ...


class ChunkQueue:
    """Bounded hand-over from the capturing thread to the event loop.

    When the loop falls behind, the oldest chunks are dropped and counted: late sound is worth
    less than new sound.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int = 320) -> None:
        """Hold at most `most` chunks (320 are ten seconds)."""
        self._loop = loop
        self._chunks: deque[Samples] = deque(maxlen=most)
        self._lock = threading.Lock()
        self._some = asyncio.Event()
        self._dropped = 0
        self._is_shut = False

    def push(self, chunk: Samples) -> None:
        """Take a chunk over, from any thread: one append and one wake-up."""
        with self._lock:
            if self._is_shut:
                return
            if len(self._chunks) == self._chunks.maxlen:
                self._dropped += 1
            self._chunks.append(chunk)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._some.set)

    async def get(self) -> Samples:
        """Return the oldest chunk, waiting for one."""
        while True:
            with self._lock:
                if self._chunks:
                    return self._chunks.popleft()
                self._some.clear()
            await self._some.wait()

    def shut(self) -> None:
        """Let everything go, and take nothing from now on; from any thread."""
        with self._lock:
            self._is_shut = True
            self._chunks.clear()

    def reopen(self) -> None:
        """Take chunks again."""
        with self._lock:
            self._is_shut = False

    def take_dropped(self) -> int:
        """Return how many chunks were dropped since the last call."""
        with self._lock:
            count, self._dropped = self._dropped, 0
        return count
