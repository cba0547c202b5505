"""A simulated room: one clock feeds the microphone and drains the speaker, 32 ms at a time.

Because both directions share their ticks, the recording of the room is exact: the user on the
left, the assistant on the right, and any delay between them can be counted in samples.
"""

import asyncio
from pathlib import Path

import numpy as np

from device.audio import CHUNK_S, CHUNK_SAMPLES, RATE_HZ, Samples, write_wav
from device.emulator.echo_path import EchoPath
from device.mic import Push
from device.pace import ticks
from device.play import Pull

AUDIBLE = 330
"""A sample this far from zero is heard: -40 dB of full scale."""


class _RoomMicrophone:
    def __init__(self, room: "Room") -> None:
        self._room = room
        self.name = "the room's microphone"

    def open(self, push: Push) -> None:
        self._room.push = push

    def close(self) -> None:
        self._room.push = None


class _RoomSpeaker:
    def __init__(self, room: "Room") -> None:
        self._room = room
        self.name = "the room's speaker"
        self.rate_hz = RATE_HZ

    def open(self, pull: Pull) -> None:
        self._room.pull = pull

    def close(self) -> None:
        self._room.pull = None


class Room:
    """Air with a user in it. `run` must be running for sound to move."""

    def __init__(
        self, *, noise_level: float = 4.0, seed: int = 1, echo: EchoPath | None = None
    ) -> None:
        """Fill the room with white noise of `noise_level` (root mean square of int16).

        With `echo`, the microphone hears the speaker too. The recording keeps the user and the
        assistant apart all the same.
        """
        self.microphone = _RoomMicrophone(self)
        self.speaker = _RoomSpeaker(self)
        self.push: Push | None = None
        self.pull: Pull | None = None
        self._noise_level = noise_level
        self._echo = echo
        self._random = np.random.default_rng(seed)
        self._to_say: Samples = np.zeros(0, dtype=np.int16)
        self._said = asyncio.Event()
        self._user: list[Samples] = []
        self._assistant: list[Samples] = []

    async def run(self) -> None:
        """Move the sound, until cancelled."""
        async for _ in ticks(CHUNK_S):
            user = np.zeros(CHUNK_SAMPLES, dtype=np.int16)
            now, self._to_say = self._to_say[:CHUNK_SAMPLES], self._to_say[CHUNK_SAMPLES:]
            user[: len(now)] = now
            if len(now) and not len(self._to_say):
                self._said.set()
            assistant = (
                self.pull(CHUNK_SAMPLES)
                if self.pull is not None
                else np.zeros(CHUNK_SAMPLES, dtype=np.int16)
            )
            echo = self._echo.hear(assistant) if self._echo is not None else 0.0
            if self.push is not None:
                noise = self._random.normal(0.0, self._noise_level, CHUNK_SAMPLES)
                self.push(np.clip(user + echo + noise, -32768, 32767).astype(np.int16))
            self._user.append(user)
            self._assistant.append(assistant)

    async def say(self, samples: Samples) -> None:
        """Let the user speak: shape (n,), int16, 16 kHz. Returns when it has been said."""
        self._said.clear()
        self._to_say = samples
        await self._said.wait()

    @property
    def at(self) -> int:
        """The samples that have passed since the room began."""
        return len(self._user) * CHUNK_SAMPLES

    def voice_to_voice_ms(self, start: int, end: int | None = None) -> float | None:
        """Measure the sound itself, from sample `start` to `end` of the recording.

        Returns:
            Milliseconds from the user's last audible sample to the assistant's first audible one
            after it; None when one of them said nothing.
        """
        user, assistant = (each[start:end] for each in self.recorded())
        spoken = np.flatnonzero(np.abs(user.astype(np.int32)) >= AUDIBLE)
        if not len(spoken):
            return None
        answered = np.flatnonzero(np.abs(assistant[spoken[-1] :].astype(np.int32)) >= AUDIBLE)
        return float(answered[0]) * 1000.0 / RATE_HZ if len(answered) else None

    def save(self, path: Path) -> None:
        """Write the recording: 16 kHz stereo WAV, user left, assistant right.

        Raises:
            AudioFileUnusable: it cannot be written.
        """
        write_wav(path, np.stack(self.recorded(), axis=1), RATE_HZ)

    def recorded(self) -> tuple[Samples, Samples]:
        """Return what the user and the assistant have sounded like so far: two of shape (n,)."""
        silence = np.zeros(0, dtype=np.int16)
        return (
            np.concatenate([silence, *self._user]),
            np.concatenate([silence, *self._assistant]),
        )
