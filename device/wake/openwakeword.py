"""openWakeWord models: a speech embedding every 80 ms and a small classifier per phrase."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.audio import Samples
from device.wake import Detection, check_known

_STEP_SAMPLES = 1280
"""An embedding every 80 ms."""

_FIRST_SAMPLES = 1760
"""What the first eight rows of the spectrogram take: 80 ms, and its window's overlap."""

_WINDOW_STEPS = 16
"""Embeddings that a classifier looks at; the first takes 76 rows of the spectrogram, each further
one 8 more."""


class OpenWakeWord:
    """Fires when a phrase's score passes the threshold.

    The features and models are those of openWakeWord (github.com/dscripka/openWakeWord), run by
    pyopen-wakeword, which brings them.
    """

    def __init__(self, wake_words: tuple[str, ...], threshold: float = 0.5) -> None:
        """Watch for `wake_words`; `threshold` is the score (0..1) that counts."""
        self._wake_words = wake_words
        self._threshold = threshold
        self._features: Any = None
        self._models: dict[str, Any] = {}

    def load(self) -> None:
        """Open the shared features and one classifier per phrase.

        Raises:
            EngineUnusable: an unknown phrase.
        """
        self._models = _open_classifiers(self._wake_words)
        self.reset()

    def process(self, chunk: Samples) -> Detection | None:
        """Take the next chunk; a result comes every 80 ms of sound."""
        best: Detection | None = None
        for wake_word, score in self.scores(chunk).items():
            if score >= self._threshold and (best is None or score > best.score):
                best = Detection(wake_word, score)
        return best

    def scores(self, chunk: Samples) -> dict[str, float]:
        """Take the next chunk; return each phrase's best score in it, if there is one."""
        best: dict[str, float] = {}
        for embedding in self._features.process_streaming(chunk.tobytes()):
            for wake_word, model in self._models.items():
                for score in model.process_streaming(embedding):
                    best[wake_word] = max(best.get(wake_word, 0.0), float(score))
        return best

    def reset(self) -> None:
        """Forget the sound so far."""
        import pyopen_wakeword

        # New features start filled with eight seconds of silence, without which the first
        # phrase after a reset would be missed.
        self._features = pyopen_wakeword.OpenWakeWordFeatures.from_builtin()
        for model in self._models.values():
            model.reset()


class OpenWakeWordOnDemand:
    """openWakeWord on a stretch of sound: the second stage of a cascade.

    It hears nothing but that stretch. Where the always-on engine starts with eight seconds of
    silence, this one has real sound in its whole window, so its scores are those that the
    always-on engine would have, but for where the steps of 80 ms lie.
    """

    def __init__(self, wake_words: tuple[str, ...], look_back: int = 2) -> None:
        """Know `wake_words`; `begin` judges the window that ends now and `look_back` before."""
        self._wake_words = wake_words
        self._features: Any = None
        self._models: dict[str, Any] = {}
        self._window: NDArray[np.float32] = np.empty((0, 96), np.float32)
        # 196 rows of the spectrogram make 16 embeddings: 25 steps, the first of 1760 samples.
        self.ring_samples = _FIRST_SAMPLES + (24 + look_back) * _STEP_SAMPLES

    def load(self) -> None:
        """Open the features and one classifier per phrase.

        Raises:
            EngineUnusable: an unknown phrase.
        """
        import pyopen_wakeword

        self._models = _open_classifiers(self._wake_words)
        self._features = pyopen_wakeword.OpenWakeWordFeatures.from_builtin()

    def begin(self, sound: Samples) -> list[NDArray[np.float32]]:
        """Hear `ring_samples` of sound; return windows of shape (16, 96), float32, oldest first."""
        self._features.reset()
        # Not the silence that a reset puts there: see the class.
        self._features.new_audio_samples = 0
        self._window = self._window[:0]
        return self.follow(sound)

    def follow(self, chunk: Samples) -> list[NDArray[np.float32]]:
        """Take the chunk that came next; a window ends every 80 ms."""
        windows: list[NDArray[np.float32]] = []
        for embedding in self._features.process_streaming(chunk.tobytes()):
            self._window = np.concatenate([self._window, embedding[0, 0]])[-_WINDOW_STEPS:]
            if len(self._window) == _WINDOW_STEPS:
                windows.append(self._window)
        return windows

    def score(self, wake_word: str, window: NDArray[np.float32]) -> float:
        """Say how surely (0..1) the phrase is in a window."""
        model = self._models[wake_word]
        model.reset()
        (score,) = model.process_streaming(window[np.newaxis, np.newaxis])
        return float(score)


def _open_classifiers(wake_words: tuple[str, ...]) -> dict[str, Any]:
    import pyopen_wakeword

    known = {model.value: model for model in pyopen_wakeword.Model}
    check_known(wake_words, known, "openWakeWord")
    return {
        wake_word: pyopen_wakeword.OpenWakeWord.from_builtin(known[wake_word])
        for wake_word in wake_words
    }
