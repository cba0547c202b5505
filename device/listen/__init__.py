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
