"""A stand-in wake word that hears a tone instead of a phrase."""

import numpy as np

from device.audio import RATE_HZ, Samples
from device.wake import Detection


def chime(seconds: float = 0.4, tone_hz: float = 3000.0) -> Samples:
    """Return the sound that `FakeWakeWord` takes for its phrase: shape (n,), int16."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (12_000 * np.sin(2 * np.pi * tone_hz * at)).astype(np.int16)


class FakeWakeWord:
    """Fires once at the end of `chime()`."""

    def __init__(self, wake_word: str = "hey_jarvis", tone_hz: float = 3000.0) -> None:
        self._wake_word = wake_word
        self._tone_hz = tone_hz
        self._was_tone = False

    def load(self) -> None:
        """There is nothing to open."""

    def process(self, chunk: Samples) -> Detection | None:
        """Fire when the tone has been there and is gone."""
        is_tone = self._share_of_tone(chunk) > 0.5
        ended = self._was_tone and not is_tone
        self._was_tone = is_tone
        return Detection(self._wake_word, 1.0) if ended else None

    def _share_of_tone(self, chunk: Samples) -> float:
        sound = chunk.astype(np.float64)
        power = float(np.mean(sound**2))
        if power < 100.0:
            return 0.0
        turns = np.exp(-2j * np.pi * self._tone_hz * np.arange(len(sound)) / RATE_HZ)
        return float(2 * np.abs(np.mean(sound * turns)) ** 2 / power)

    def reset(self) -> None:
        """Forget the sound so far."""
        self._was_tone = False
