"""The wake cascade: a cheap model listens always, a better one only when the first suspects.

The first stage is set low, so that it rarely misses, and is wrong often; each time it suspects a
phrase, the second hears the last two seconds again and follows the sound for a moment longer.
Both scores together decide: the two models err on different sounds, so that one that is nearly
certain may make up for a doubt of the other's.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from device.audio import RATE_HZ, Samples
from device.errors import EngineUnusable
from device.wake import Detection

Window = NDArray[np.float32]
"""What the second stage judges: embeddings of speech, shape (steps, features)."""


class FirstStage(Protocol):
    """The cheap model, always on."""

    def load(self) -> None:
        """Open the models; raises EngineUnusable."""
        ...

    def scores(self, chunk: Samples) -> dict[str, float]:
        """Take the next chunk; return each phrase's best score (0..1) in it, if there is one."""
        ...

    def reset(self) -> None:
        """Forget the sound so far."""
        ...


class SecondStage(Protocol):
    """The better model, run on demand."""

    ring_samples: int
    """How much sound `begin` wants."""

    def load(self) -> None:
        """Open the models; raises EngineUnusable."""
        ...

    def begin(self, sound: Samples) -> list[Window]:
        """Hear the newest sound, oldest first; return the windows that end in its last part."""
        ...

    def follow(self, chunk: Samples) -> list[Window]:
        """Take the chunk that came next; return the windows that end in it."""
        ...

    def score(self, wake_word: str, window: Window) -> float:
        """Say how surely (0..1) the phrase is in the window."""
        ...


class Voice(Protocol):
    """One person's way of saying a phrase."""

    def probability(self, window: Window) -> float:
        """Say how surely (0..1) it is that person."""
        ...


_MOST = 0.996
"""microWakeWord's highest score (255/256), and as far as openWakeWord's is taken."""

_LEAST = 0.0001
"""What openWakeWord gives to speech that is nothing like the phrase."""


@dataclass(frozen=True, slots=True)
class CascadeTuning:
    """When the stages are sure. The values are tuned on real recordings of "alexa"."""

    suspect_at: float = 0.1
    """First-stage score from which the second stage is asked."""

    sure_at: float = 0.35
    """Score of both stages together from which the phrase was said; see `pool`."""

    follow_s: float = 0.4
    """Seconds that the second stage goes on listening after the first suspects."""

    doubt_s: float = 0.3
    """Seconds after a suspicion came to nothing before the first stage can suspect again."""

    rest_s: float = 1.0
    """Seconds after the phrase fired before the first stage can suspect again."""


def pool(first: float, second: float) -> float:
    """Return what two scores (0..1) say together: 0..1.

    The logarithmic opinion pool with equal weights: the mean of their log odds (Genest and
    Zidek, "Combining probability distributions", 1986), each within `_LEAST` and `_MOST`.
    """
    odds = [
        math.log(each / (1.0 - each))
        for each in (min(max(score, _LEAST), _MOST) for score in (first, second))
    ]
    return 1.0 / (1.0 + math.exp(-(odds[0] + odds[1]) / 2))


class WakeCascade:
    """Fires when both stages together, and the user's own voice where it is known, are sure."""

    def __init__(
        self,
        first: FirstStage,
        second: SecondStage,
        tuning: CascadeTuning | None = None,
        voices: Callable[[], Mapping[str, Voice]] = dict,
    ) -> None:
        """Take the stages; `load` asks for the `voices` by phrase, one without is anyone's."""
        self._first = first
        self._second = second
        self._tuning = tuning or CascadeTuning()
        self._open_voices = voices
        self._voices: Mapping[str, Voice] = {}
        self._ring: deque[Samples] = deque()
        self._ring_samples = 0
        self._suspects: dict[str, float] = {}
        """The first stage's best score of each phrase that it suspects."""
        self._left_s = 0.0
        """Seconds that the second stage still follows, while there are suspects."""
        self._held_s = 0.0

    def load(self) -> None:
        """Open both stages.

        Raises:
            EngineUnusable: a phrase that one of them has no model for, or a damaged model.
        """
        try:
            self._first.load()
            self._second.load()
        except EngineUnusable as error:
            raise EngineUnusable(
                f"{error} The cascade needs a phrase that both its engines know; one that only "
                "one of them knows works with that engine alone, such as wake.engine=openwakeword."
            ) from error
        self._voices = self._open_voices()

    def process(self, chunk: Samples) -> Detection | None:
        """Take the next chunk; the second stage, when asked, runs inside this call."""
        chunk_s = len(chunk) / RATE_HZ
        self._keep(chunk)
        suspects = {
            wake_word: score
            for wake_word, score in self._first.scores(chunk).items()
            if score >= self._tuning.suspect_at
        }
        if self._held_s > 0:
            self._held_s -= chunk_s
            return None
        if self._suspects:
            for wake_word, score in suspects.items():
                self._suspects[wake_word] = max(score, self._suspects.get(wake_word, 0.0))
            self._left_s -= chunk_s
            windows = self._second.follow(chunk)
        elif suspects:
            self._suspects = suspects
            self._left_s = self._tuning.follow_s
            windows = self._second.begin(self._newest())
        else:
            return None
        found = self._judge(windows)
        if found is not None or self._left_s <= 0:
            self._suspects = {}
            self._held_s = self._tuning.doubt_s if found is None else self._tuning.rest_s
        return found

    def reset(self) -> None:
        """Forget the sound so far, as if it had been silence."""
        self._first.reset()
        self._ring.clear()
        self._ring_samples = 0
        self._suspects = {}
        self._held_s = 0.0

    def _judge(self, windows: list[Window]) -> Detection | None:
        best: Detection | None = None
        for window in windows:
            for wake_word, first in self._suspects.items():
                score = pool(first, self._second.score(wake_word, window))
                if score < self._tuning.sure_at or (best is not None and score <= best.score):
                    continue
                voice = self._voices.get(wake_word)
                if voice is None or voice.probability(window) >= 0.5:
                    best = Detection(wake_word, score)
        return best

    def _keep(self, chunk: Samples) -> None:
        self._ring.append(chunk)
        self._ring_samples += len(chunk)
        while self._ring_samples - len(self._ring[0]) >= self._second.ring_samples:
            self._ring_samples -= len(self._ring.popleft())

    def _newest(self) -> Samples:
        """Return exactly the ring's length; what was before the first sound is silence."""
        wanted = self._second.ring_samples
        sound = np.concatenate(self._ring)[-wanted:]
        silence = np.zeros(wanted - len(sound), dtype=np.int16)
        return np.concatenate([silence, sound])
