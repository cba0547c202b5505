"""A sound file as a microphone: its chunks come at real-time pace, then silence for ever."""

import asyncio
from pathlib import Path

import numpy as np

from device.audio import CHUNK_S, CHUNK_SAMPLES, Samples, read_audio
from device.mic import Push
from device.pace import ticks


class WavMicrophone:
    """Plays a file into the program as a microphone would."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    def open(self, push: Push) -> None:
        """Begin; needs a running event loop.

        Raises:
            AudioFileUnusable: the file cannot be read.
        """
        samples = read_audio(self._path)
        self._task = asyncio.get_running_loop().create_task(self._feed(samples, push))

    async def _feed(self, samples: Samples, push: Push) -> None:
        async for tick in ticks(CHUNK_S):
            chunk = np.zeros(CHUNK_SAMPLES, dtype=np.int16)
            rest = samples[tick * CHUNK_SAMPLES : (tick + 1) * CHUNK_SAMPLES]
            chunk[: len(rest)] = rest
            push(chunk)

    def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
