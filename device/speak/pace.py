"""How fast the voice speaks, as its owner asked for it."""

from typing import Final

NORMAL: Final = 1.0


class VoicePace:
    """A factor of how long speech takes: above 1 is slower. Read before every sentence, from any
    thread; it lasts until the program ends.
    """

    def __init__(self) -> None:
        self._factor = NORMAL

    def factor(self) -> float | None:
        """The factor now; never None, as this voice's pace can be changed."""
        return self._factor

    def set_factor(self, factor: float) -> None:
        """For all that is said from the next sentence on."""
        self._factor = factor

    @property
    def now(self) -> float:
        """The factor now."""
        return self._factor
