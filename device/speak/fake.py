"""A stand-in voice: a hum as long as the text would take."""

from collections.abc import Iterator

import numpy as np

from device.audio import Samples
from device.errors import EngineFailed
from device.speak import Part, words_of


class FakeSynthesizer:
    """Hums at 220 Hz for `s_per_letter` seconds a letter."""

    def __init__(self, rate_hz: int = 16_000, s_per_letter: float = 0.06) -> None:
        self._rate_hz = rate_hz
        self._s_per_letter = s_per_letter
        self.fail_next = False
        """Makes the next call raise EngineFailed."""

    @property
    def rate_hz(self) -> int:
        """The rate given."""
        return self._rate_hz

    @property
    def identity(self) -> str:
        """A hum of this pace."""
        return f"hum {self._s_per_letter}"

    def load(self) -> None:
        """There is nothing to open."""

    def synthesize(self, text: str) -> Samples:
        """Hum: shape (n,), int16, at `rate_hz`; empty for text without letters.

        Raises:
            EngineFailed: when told to.
        """
        if self.fail_next:
            self.fail_next = False
            raise EngineFailed("The stand-in was told to fail.")
        letters = sum(each.isalnum() for each in text)
        at = np.arange(int(letters * self._s_per_letter * self._rate_hz)) / self._rate_hz
        return (8_000 * np.sin(2 * np.pi * 220.0 * at)).astype(np.int16)

    def stream(self, text: str) -> Iterator[Part]:
        """Hum in two parts, so that a listener to the whole has to join them.

        Raises:
            EngineFailed: when told to.
        """
        sound = self.synthesize(text)
        half = len(sound) // 2
        if half:
            yield Part(words_of(text, 0.0, 0.5), sound[:half], 0.5)
            yield Part(words_of(text, 0.5, 1.0), sound[half:])
