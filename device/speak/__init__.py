"""Speaking: the reply's text becomes sound, a clause at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from device.audio import Samples


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a clause's sound, and the words that are about in it.

    The samples are shape (n,), int16, and are not to be written to.
    """

    text: str
    samples: Samples
    until: float = 1.0
    """The share (0..1) of the clause that has been said once the part is over."""


class Synthesizer(Protocol):
    """A voice."""

    @property
    def rate_hz(self) -> int:
        """The rate of the sound it makes; known once loaded."""
        ...

    @property
    def identity(self) -> str:
        """Names the voice and how it speaks; known once loaded.

        With the same identity, a text's clip from an earlier run will do.
        """
        ...

    def load(self) -> None:
        """Open the weights.

        Raises:
            EngineUnusable: they are missing or damaged.
        """
        ...

    def synthesize(self, text: str) -> Samples:
        """Speak a clause: shape (n,), int16, at `rate_hz`; empty for text without letters.

        Raises:
            EngineFailed: the engine gave up.
        """
        ...

    def stream(self, text: str) -> Iterator[Part]:
        """Speak a clause in parts, the first as soon as there is something to hear.

        The parts follow each other without a gap; together they are the clip of `synthesize`, to
        10 ms of the last silence, and their texts are the words of `text` in order. A voice that
        cannot begin early gives one part. Nothing comes for text without letters.

        Raises:
            EngineFailed: the engine gave up.
        """
        ...


def words_of(text: str, start: float, end: float) -> str:
    """Return the words of `text` that lie between two shares (0..1) of it, for a `Part`."""
    words = text.split()
    return " ".join(words[round(start * len(words)) : round(end * len(words))])
