"""A WAV file as a speaker: it fills at the pace of real time, silence included."""

import asyncio
from pathlib import Path
from typing import Any

from device.audio import CHUNK_S, CHUNK_SAMPLES, RATE_HZ
from device.errors import SpeakerUnusable
from device.pace import ticks
from device.play import Pull


class WavSpeaker:
    """Writes what would be heard into a file, at 16 kHz."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._task: asyncio.Task[None] | None = None
        self._file: Any = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    @property
    def rate_hz(self) -> int:
        """16,000."""
        return RATE_HZ

    def open(self, pull: Pull) -> None:
        """Begin; needs a running event loop.

        Raises:
            SpeakerUnusable: the file cannot be written.
        """
        import soundfile

        try:
            self._file = soundfile.SoundFile(
                self._path, "w", samplerate=RATE_HZ, channels=1, subtype="PCM_16", format="WAV"
            )
        except (OSError, soundfile.LibsndfileError) as error:
            raise SpeakerUnusable(f"Cannot write {self._path}: pick another place.") from error
        self._task = asyncio.get_running_loop().create_task(self._drain(pull))

    async def _drain(self, pull: Pull) -> None:
        async for _ in ticks(CHUNK_S):
            self._file.write(pull(CHUNK_SAMPLES))

    def close(self) -> None:
        """Stop, and finish the file."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._file.close()
