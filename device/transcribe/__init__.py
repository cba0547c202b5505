"""Transcription: the utterance's sound becomes text."""

from dataclasses import dataclass
from typing import Protocol

from device.audio import Samples


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of transcript with what the model thinks of it."""

    text: str
    average_log_probability: float
    """Mean over tokens; -1 and below is doubtful."""
    no_speech_probability: float
    compression_ratio: float
    """Bytes by compressed bytes of the text; above 2.4 it repeats itself."""


class Transcriber(Protocol):
    """A speech recogniser."""

    def load(self) -> None:
        """Open the weights.

        Raises:
            EngineUnusable: they are missing or damaged.
        """
        ...

    def transcribe(self, samples: Samples) -> list[Segment]:
        """Transcribe a clip: shape (n,), int16, 16 kHz, of any length.

        Raises:
            EngineFailed: the engine gave up.
        """
        ...
