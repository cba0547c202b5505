"""Smart Turn v3.2 (github.com/pipecat-ai/smart-turn): hears whether the speaker has finished.

Whisper tiny's encoder with a small head, quantized to int8, over the last eight seconds. It listens
to intonation and pace, not to words, so that it needs no transcript.
"""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.audio import RATE_HZ, Samples
from device.errors import EngineFailed, EngineUnusable

_WINDOW_S = 8
_WINDOW_SAMPLES = _WINDOW_S * RATE_HZ
_MEL_BANDS = 80
_LEAST_VARIANCE = 1e-7  # of the reference: keeps digital silence from being divided by zero


class SmartTurn:
    """One run over eight seconds for any clip, however short."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Take the model's ONNX file, or the folder that holds just one."""
        self._path = path
        self._threads = threads
        self._session: Any = None
        self._features: Any = None
        self._damage: Any = None

    def load(self) -> None:
        """Open the model, and run it once because the first run is slow.

        Raises:
            EngineUnusable: there is no such file, or it is not this model.
        """
        onnxruntime: Any = importlib.import_module("onnxruntime")  # it has no types
        damage = self._damage = importlib.import_module(
            "onnxruntime.capi.onnxruntime_pybind11_state"
        )
        from faster_whisper.feature_extractor import FeatureExtractor

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = next(iter(self._path.glob("*.onnx")), self._path)
        try:
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except (OSError, damage.Fail, damage.InvalidProtobuf, damage.InvalidGraph) as error:
            raise EngineUnusable(
                f"The turn-end model {path} cannot be opened ({error}): run 'lapel models verify' "
                "and pull it again."
            ) from error
        self._features = FeatureExtractor(feature_size=_MEL_BANDS, chunk_length=_WINDOW_S)
        self.probability(np.zeros(RATE_HZ, dtype=np.int16))

    def probability(self, samples: Samples) -> float:
        """Return how likely (0..1) it is that the speaker has finished at the clip's end.

        Args:
            samples: shape (n,), int16, 16 kHz: the utterance so far, its last silence included.
                What is older than eight seconds is not heard.

        Raises:
            EngineFailed: onnxruntime gave up.
        """
        mel = self._features(window(samples), padding=0)  # (80, 800)
        try:
            (found,) = self._session.run(None, {"input_features": mel[None].astype(np.float32)})
        except (self._damage.Fail, self._damage.RuntimeException) as error:
            raise EngineFailed(f"The turn-end model gave up: {error}.") from error
        return float(found.reshape(-1)[0])  # the graph calls it "logits", but ends in a sigmoid


def window(samples: Samples) -> NDArray[np.float32]:
    """Cut or left-pad a clip to what the model hears: shape (128000,), mean 0, variance 1.

    The zeros are put in before the level is evened out, as when the model was trained.
    """
    heard = samples[-_WINDOW_SAMPLES:].astype(np.float32) / 32768.0
    padded = np.zeros(_WINDOW_SAMPLES, dtype=np.float32)
    padded[_WINDOW_SAMPLES - len(heard) :] = heard
    return (padded - padded.mean()) / np.sqrt(padded.var() + _LEAST_VARIANCE)
