"""The ears: what is done with each chunk of sound, on one thread.

The echo of what the speaker plays is taken out first, so that the wake word and the detector of
speech hear as little as possible of the assistant itself. What is left of a wake phrase that the
assistant says wakes nobody: a second wake word engine listens to what is played.
"""

from dataclasses import dataclass

from device.audio import CHUNK_S, Samples, rms
from device.listen import SpeechDetector
from device.listen.barge_in import BargeIn
from device.mic.echo import EchoCanceller
from device.wake import Detection, WakeWord


@dataclass(frozen=True, slots=True)
class Heard:
    """One chunk, and what is in it."""

    chunk: Samples
    """Without the assistant's own voice."""
    speech: float = 0.0
    """The probability (0..1) that someone speaks; 0 where it was not asked for."""
    detection: Detection | None = None
    barged_in: bool = False
    """Whether someone has begun to talk over the assistant."""


_ECHO_S = 1.2
"""A wake word is heard at most so long after it was played: the echo's delay and reverberation, and
what the engines need."""


class Ears:
    """The engines that every chunk passes. All of it belongs to one thread."""

    def __init__(
        self,
        wake_word: WakeWord,
        own_words: WakeWord,
        detector: SpeechDetector,
        canceller: EchoCanceller,
        barge_in: BargeIn,
    ) -> None:
        """Take the engines; `own_words` hears what is played, and best suspects too often."""
        self._wake_word = wake_word
        self._own_words = own_words
        self._since_own_s = _ECHO_S
        self._detector = detector
        self._canceller = canceller
        self._barge_in = barge_in

    def load(self) -> None:
        """Open the engines.

        Raises:
            EngineUnusable: one of them cannot be opened.
        """
        self._wake_word.load()
        self._own_words.load()
        self._detector.load()
        self._canceller.load()

    def hear(
        self, chunk: Samples, played: Samples | None, *, wake: bool, speech: bool, over: bool
    ) -> Heard:
        """Take the next chunk: shape (512,), int16, 16 kHz.

        Args:
            chunk: as the microphone gave it.
            played: what the speaker played meanwhile, of the same length; None when it is silent.
            wake: look for the wake word.
            speech: look for speech.
            over: the assistant is speaking, so speech may be an interruption.
        """
        cleaned = chunk if played is None else self._canceller.process(chunk, played)
        probability = self._detector.process(cleaned) if speech or over else 0.0
        self._since_own_s += CHUNK_S
        if played is not None and self._own_words.process(played) is not None:
            self._since_own_s = 0.0
        detection = self._wake_word.process(cleaned) if wake else None
        if self._since_own_s < _ECHO_S:
            detection = None
        barged_in = over and self._barge_in.step(
            CHUNK_S,
            probability,
            rms(chunk),
            rms(cleaned),
            rms(played) if played is not None else 0.0,
        )
        return Heard(cleaned, probability, detection, barged_in)

    def attend(self, recent: list[Samples]) -> None:
        """Begin to look for speech, after the sound of the last moments."""
        self._detector.reset()
        self._barge_in.reset()
        for chunk in recent:
            self._detector.process(chunk)

    def await_wake_word(self) -> None:
        """Begin to look for the wake word, as if all had been silence."""
        self._wake_word.reset()

    def forget(self) -> None:
        """Let go of all the sound that the engines keep."""
        self._wake_word.reset()
        self._detector.reset()
        self._barge_in.reset()
        self._canceller.reset()

    def expect_interruption(self) -> None:
        """Begin to look for interruptions of a reply."""
        self._detector.reset()
        self._barge_in.reset()
