"""Listening: is it speech, and is the utterance over?"""

from typing import Protocol

from device.audio import Samples


class SpeechDetector(Protocol):
    """Voice activity detection: how likely a chunk is speech."""

    def load(self) -> None:
        """Open the model.

        Raises:
            EngineUnusable: it cannot be opened.
        """
        ...

    def process(self, chunk: Samples) -> float:
        """Take the next chunk (512 samples, int16, 16 kHz) and return the probability (0..1)."""
        ...

    def reset(self) -> None:
        """Forget the sound so far."""
        ...


class TurnEndDetector(Protocol):
    """How likely a speaker has finished: by ear, from how the words were said."""

    def load(self) -> None:
        """Open the model.

        Raises:
            EngineUnusable: it cannot be opened.
        """
        ...

    def probability(self, samples: Samples) -> float:
        """Return how likely (0..1) it is that the speaker has finished at the clip's end.

        Args:
            samples: the utterance so far with the silence after it: shape (n,), int16, 16 kHz, of
                any length.

        Raises:
            EngineFailed: the model gave up.
        """
        ...


class NoTurnEndDetector:
    """Never knows."""

    def load(self) -> None:
        """There is nothing to open."""

    def probability(self, samples: Samples) -> float:
        """Return 0."""
        del samples
        return 0.0
