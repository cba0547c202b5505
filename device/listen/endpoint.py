"""Endpointing: deciding from speech probabilities that the utterance is over. Pure.

The endpointer is fed seconds and probabilities and gives marks; it knows neither clocks nor
sound. Two thresholds (hysteresis) keep a wavering probability from splitting a word.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Mark(Enum):
    """What a step of the endpointer found."""

    SPEECH_START = auto()
    SOFT_END = auto()
    """Silence long enough to begin work that may be thrown away."""
    RESUMED = auto()
    """Speech went on after a soft end: throw that work away."""
    COMMIT = auto()
    """The utterance is over."""
    NO_SPEECH = auto()
    """Nobody spoke."""


@dataclass(frozen=True, slots=True)
class Endpointing:
    """The numbers behind the decision, all in seconds but the thresholds."""

    start_threshold: float = 0.5
    """A chunk at least this probable is speech when there was silence."""
    end_threshold: float = 0.35
    """A chunk less probable than this is silence when there was speech."""
    least_speech_s: float = 0.25
    """Less speech than this is the end of the wake word, a cough or a click."""
    soft_end_s: float = 0.25
    """Silence after which the transcript is made on the chance that this is the end."""
    silence_s: float = 0.7
    """Silence that ends the utterance."""
    no_speech_s: float = 5.0
    """Waiting for speech that does not come."""
    longest_s: float = 29.0
    """The longest utterance; Whisper's window is 30 s."""


class Endpointer:
    """Follows one utterance."""

    def __init__(self, settings: Endpointing) -> None:
        self._settings = settings
        self.total_s = 0.0
        """Seconds fed so far."""
        self.speech_s = 0.0
        """Seconds of speech so far."""
        self.silence_s = 0.0
        """Seconds since the last speech."""
        self._waiting_s = 0.0
        self._speaking = False
        self._started = False
        self._soft = False

    def step(self, chunk_s: float, probability: float) -> Mark | None:
        """Take the next chunk's length (seconds) and speech probability (0..1)."""
        s = self._settings
        self.total_s += chunk_s
        threshold = s.end_threshold if self._speaking else s.start_threshold
        self._speaking = probability >= threshold
        if self._speaking:
            self.speech_s += chunk_s
            self.silence_s = 0.0
            if not self._started and self.speech_s >= s.least_speech_s:
                self._started = True
                return Mark.SPEECH_START
            if self._soft:
                self._soft = False
                return Mark.RESUMED
        else:
            self.silence_s += chunk_s
            if not self._started:
                if self.silence_s >= s.silence_s:
                    self.speech_s = 0.0  # what there was is over and was too short to count
                self._waiting_s += chunk_s
                if self._waiting_s >= s.no_speech_s:
                    return Mark.NO_SPEECH
            elif self.silence_s >= s.silence_s:
                return Mark.COMMIT
            elif self.silence_s >= s.soft_end_s and not self._soft:
                self._soft = True
                return Mark.SOFT_END
        if self._started and self.total_s >= s.longest_s:
            return Mark.COMMIT
        return None

    def wait_again(self) -> None:
        """Take back what was heard so far, and wait for speech as at the start."""
        self.total_s = self.speech_s = self.silence_s = 0.0
        self._speaking = self._started = self._soft = False
