"""Transcription: the utterance's sound becomes text."""

from collections.abc import Callable, Sequence
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
    is_doubtful: bool = False
    """Whether a final transcript would be looked at again; only partials are left so."""


class Transcriber(Protocol):
    """A speech recogniser."""

    def load(self) -> None:
        """Open the weights.

        Raises:
            EngineUnusable: they are missing or damaged.
        """
        ...

    def transcribe(
        self,
        samples: Samples,
        *,
        partial: bool = False,
        begins: str = "",
        fits: Callable[[str], bool] | None = None,
    ) -> list[Segment]:
        """Transcribe a clip: shape (n,), int16, 16 kHz, of any length.

        Args:
            samples: the clip.
            partial: be as quick as can be: the utterance goes on, and is transcribed again.
            begins: words that the transcript is known to begin with; they are part of the result.
            fits: whether a transcript is a whole thing that is said to this device: where the
                first isn't, others that are nearly as likely are tried.

        Raises:
            EngineFailed: the engine gave up.
        """
        ...

    def bias(self, words: Sequence[str]) -> None:
        """Expect these words (names, devices, skills), the first of them most.

        The words replace those of the last call; none takes the expectation away. It may be
        called before `load`.
        """
        ...
