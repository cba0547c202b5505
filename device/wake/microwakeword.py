"""microWakeWord models: made for microcontrollers, a twentieth of openWakeWord's CPU."""

from typing import Any

from device.audio import Samples
from device.wake import Detection, check_known


class MicroWakeWord:
    """Fires when a phrase's mean score over a short window passes the model's own cut-off.

    The models are microWakeWord's (github.com/kahrendt/microWakeWord), run by pymicro-wakeword,
    which brings them.
    """

    def __init__(self, wake_words: tuple[str, ...], threshold: float | None = None) -> None:
        """Watch for `wake_words`; without a `threshold` (0..1) each model's own counts."""
        self._wake_words = wake_words
        self._threshold = threshold
        self._features: Any = None
        self._models: dict[str, Any] = {}

    def load(self) -> None:
        """Open the models.

        Raises:
            EngineUnusable: an unknown phrase.
        """
        import pymicro_wakeword

        known = {model.value: model for model in pymicro_wakeword.Model}
        check_known(self._wake_words, known, "microWakeWord")
        self._features = pymicro_wakeword.MicroWakeWordFeatures()
        self._models = {
            wake_word: pymicro_wakeword.MicroWakeWord.from_builtin(known[wake_word])
            for wake_word in self._wake_words
        }

    def process(self, chunk: Samples) -> Detection | None:
        """Take the next chunk; a result comes every 30 ms of sound."""
        best: Detection | None = None
        for wake_word, score in self.scores(chunk).items():
            cutoff = self._threshold or self._models[wake_word].probability_cutoff
            if score > cutoff and (best is None or score > best.score):
                best = Detection(wake_word, score)
        return best

    def scores(self, chunk: Samples) -> dict[str, float]:
        """Take the next chunk; return each phrase's best mean score in it, if there is one."""
        best: dict[str, float] = {}
        for features in self._features.process_streaming(chunk.tobytes()):
            for wake_word, model in self._models.items():
                score = model.process_streaming_prob(features)
                if score is not None:
                    best[wake_word] = max(best.get(wake_word, 0.0), float(score))
        return best

    def reset(self) -> None:
        """Forget the sound so far."""
        self._features.reset()
        for model in self._models.values():
            model.reset()
