"""openWakeWord models: a speech embedding every 80 ms and a small classifier per phrase."""

from typing import Any

from device.audio import Samples
from device.wake import Detection, check_known


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
        import pyopen_wakeword

        known = {model.value: model for model in pyopen_wakeword.Model}
        check_known(self._wake_words, known, "openWakeWord")
        self._models = {
            wake_word: pyopen_wakeword.OpenWakeWord.from_builtin(known[wake_word])
            for wake_word in self._wake_words
        }
        self.reset()

    def process(self, chunk: Samples) -> Detection | None:
        """Take the next chunk; a result comes every 80 ms of sound."""
        best: Detection | None = None
        for embedding in self._features.process_streaming(chunk.tobytes()):
            for wake_word, model in self._models.items():
                for score in model.process_streaming(embedding):
                    if score >= self._threshold and (best is None or score > best.score):
                        best = Detection(wake_word, float(score))
        return best

    def reset(self) -> None:
        """Forget the sound so far."""
        import pyopen_wakeword

        # New features start filled with eight seconds of silence, without which the first
        # phrase after a reset would be missed.
        self._features = pyopen_wakeword.OpenWakeWordFeatures.from_builtin()
        for model in self._models.values():
            model.reset()
