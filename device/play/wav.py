"""A WAV file as a speaker: it fills at the pace of real time, silence included."""

import asyncio
from pathlib import Path

import numpy as np

from device.audio import CHUNK_S, CHUNK_SAMPLES, RATE_HZ, Samples, write_wav
from device.pace import ticks
from device.play import Pull


class WavSpeaker:
    """Keeps what would be heard, and writes it to a file, at 16 kHz, when it is closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._task: asyncio.Task[None] | None = None
        self._played: list[Samples] = []

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    @property
    def rate_hz(self) -> int:
        """16,000."""
        return RATE_HZ

    def open(self, pull: Pull) -> None:
        """Begin; needs a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._drain(pull))

    async def _drain(self, pull: Pull) -> None:
        async for _ in ticks(CHUNK_S):
            self._played.append(pull(CHUNK_SAMPLES))

    def close(self) -> None:
        """Stop, and write the file.

        Raises:
            AudioFileUnusable: it cannot be written.
        """
        if self._task is not None:
            self._task.cancel()
            self._task = None
            write_wav(self._path, np.concatenate(self._played), RATE_HZ)
