"""A stand-in recogniser that knows clips by their loudness pattern, or says what it is told."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from device.audio import RATE_HZ, Samples
from device.errors import EngineFailed
from device.transcribe import Segment


class FakeTranscriber:
    """Gives its texts in turn, one a clip that holds sound; nothing for silence. Where a text is
    several readings with "|" between them, the first that fits is given, or the first of all.
    """

    def __init__(self, texts: list[str], *, takes_s: float = 0.0) -> None:
        self._texts = list(texts)
        self._takes_s = takes_s
        self.fail_next = False
        """Makes the next call raise EngineFailed."""
        self.expected: tuple[str, ...] = ()
        """The words that it was last told to expect."""

    def load(self) -> None:
        """There is nothing to open."""

    def transcribe(
        self,
        samples: Samples,
        *,
        partial: bool = False,
        begins: str = "",
        fits: Callable[[str], bool] | None = None,
    ) -> list[Segment]:
        """Return the next text; a partial leaves it for the next call, and is doubtful.

        Raises:
            EngineFailed: when told to.
        """
        del begins
        if self._takes_s:
            time.sleep(self._takes_s)
        if self.fail_next:
            self.fail_next = partial  # a partial that fails is not missed: the final one fails too
            raise EngineFailed("The stand-in was told to fail.")
        loud = len(samples) > RATE_HZ // 10 and float(np.abs(samples).max(initial=0)) > 500
        if not loud or not self._texts:
            return []
        text = self._texts[0] if partial else self._texts.pop(0)
        first, *others = text.split("|")
        if fits is not None and not partial and not fits(first):
            first = next((each for each in others if fits(each)), first)
        return [Segment(first, -0.1, 0.01, 1.0, is_doubtful=partial)]

    def bias(self, words: Sequence[str]) -> None:
        """Keep the words for a test to look at."""
        self.expected = tuple(words)
