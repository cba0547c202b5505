"""A stand-in speech detector that takes any loud chunk for speech."""

import numpy as np

from device.audio import Samples


class FakeSpeechDetector:
    """Speech is what is louder than `level` (root mean square of int16)."""

    def __init__(self, level: float = 500.0) -> None:
        self._level = level

    def load(self) -> None:
        """There is nothing to open."""

    def process(self, chunk: Samples) -> float:
        """Return 0.95 for a loud chunk and 0.02 for a quiet one."""
        rms = float(np.sqrt(np.mean(chunk.astype(np.float64) ** 2)))
        return 0.95 if rms > self._level else 0.02

    def reset(self) -> None:
        """There is nothing to forget."""


class FakeTurnEndDetector:
    """Always as sure as it is told to be."""

    def __init__(self, probability: float = 0.0) -> None:
        self.next = probability
        """What it answers."""

    def load(self) -> None:
        """There is nothing to open."""

    def probability(self, samples: Samples) -> float:
        """Return `next`."""
        del samples
        return self.next
