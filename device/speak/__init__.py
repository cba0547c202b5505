"""Speaking: the reply's text becomes sound, a clause at a time."""

from typing import Protocol

from device.audio import Samples


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
