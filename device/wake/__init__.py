"""Wake words: the phrase that turns the assistant to the user."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from device.audio import Samples
from device.errors import EngineUnusable


@dataclass(frozen=True, slots=True)
class Detection:
    """A wake word fired."""

    wake_word: str
    score: float


class WakeWord(Protocol):
    """An engine that watches chunks for one or more phrases."""

    def load(self) -> None:
        """Open the models.

        Raises:
            EngineUnusable: a model is missing or damaged, or its name unknown.
        """
        ...

    def process(self, chunk: Samples) -> Detection | None:
        """Take the next chunk (int16, 16 kHz, any length) and say whether a phrase just ended."""
        ...

    def reset(self) -> None:
        """Forget the sound so far, as if it had been silence."""
        ...


class Refractory:
    """Ignores repeats: one utterance of the phrase may fire a model several times."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._last_at: float | None = None

    def accept(self, at: float) -> bool:
        """Say whether a detection at `at` (seconds) counts, and remember it if so."""
        if self._last_at is not None and at - self._last_at < self._period_s:
            return False
        self._last_at = at
        return True


def phrase_of(wake_word: str) -> str:
    """Return the phrase as it is spoken: `hey_jarvis` is "hey jarvis"."""
    return wake_word.replace("_", " ").strip()


def check_known(wake_words: Iterable[str], known: Iterable[str], engine: str) -> None:
    """Make sure that an engine has a model for each phrase.

    Raises:
        EngineUnusable: it has none; the message lists those it has.
    """
    there_are = sorted(known)
    for wake_word in wake_words:
        if wake_word not in there_are:
            raise EngineUnusable(
                f"{engine} has no model for '{wake_word}': choose from {', '.join(there_are)}."
            )
