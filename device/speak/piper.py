"""Piper voices: VITS on ONNX, with espeak-ng's phonemes (piper-tts)."""

import hashlib
import importlib
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from device.audio import Samples
from device.errors import EngineFailed, EngineUnusable


class Piper:
    """One voice."""

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 1,
        length_scale: float = 1.0,
        variation: float = 1.0,
    ) -> None:
        """Take a folder that holds one `NAME.onnx` and its `NAME.onnx.json`.

        `length_scale` above 1 speaks slower, below 1 quicker. `variation` is the share of the
        voice's own noise: at 0 a text always sounds the same.
        """
        self._folder = folder
        self._threads = threads
        self._length_scale = length_scale
        self._variation = variation
        self._voice: Any = None
        self._rate_hz = 0
        self._identity = ""

    @property
    def rate_hz(self) -> int:
        """The voice's rate; 22,050 for most."""
        return self._rate_hz

    @property
    def identity(self) -> str:
        """The weights, the settings, and the library that makes the phonemes."""
        return self._identity

    def load(self) -> None:
        """Open the weights and run once, because the first run is slow.

        Raises:
            EngineUnusable: the folder does not hold a Piper voice that can be opened.
        """
        from piper.config import PiperConfig
        from piper.voice import PiperVoice

        onnxruntime: Any = importlib.import_module("onnxruntime")  # it has no types
        damage = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # A thread that spins for work takes a core from the model that is still thinking.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            model = next(iter(sorted(self._folder.glob("*.onnx"))))
            config = json.loads(Path(f"{model}.json").read_text(encoding="utf-8"))
            self._voice = PiperVoice(
                config=PiperConfig.from_dict(config),
                session=onnxruntime.InferenceSession(
                    str(model), sess_options=options, providers=["CPUExecutionProvider"]
                ),
            )
        except (
            StopIteration,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            RuntimeError,
            damage.Fail,
            damage.InvalidArgument,
            damage.InvalidGraph,
            damage.InvalidProtobuf,
        ) as error:
            raise EngineUnusable(
                f"The voice in {self._folder} cannot be opened ({type(error).__name__}): run "
                "'lapel models verify' and pull it again."
            ) from error
        self._rate_hz = int(self._voice.config.sample_rate)
        settings = f"{self._length_scale} {self._variation} {version('piper-tts')}"
        self._identity = f"piper {_print_of(model)} {_print_of(Path(f'{model}.json'))} {settings}"
        self.synthesize("Ready.")

    def synthesize(self, text: str) -> Samples:
        """Speak a clause: shape (n,), int16, at `rate_hz`; empty for text without letters.

        Raises:
            EngineFailed: Piper gave up.
        """
        from piper.config import SynthesisConfig

        if not any(each.isalnum() for each in text):
            return np.zeros(0, dtype=np.int16)
        # Piper reads [[...]] as raw phonemes: text is never a command to the voice.
        plain = text.replace("[[", " ").replace("]]", " ")
        plain = "".join(each if each.isprintable() else " " for each in plain)
        try:
            voice = self._voice.config
            config = SynthesisConfig(
                length_scale=self._length_scale,
                noise_scale=voice.noise_scale * self._variation,
                noise_w_scale=voice.noise_w_scale * self._variation,
            )
            clips = [each.audio_int16_array for each in self._voice.synthesize(plain, config)]
        except (RuntimeError, ValueError) as error:
            raise EngineFailed("The voice could not say that.") from error
        return np.concatenate(clips) if clips else np.zeros(0, dtype=np.int16)


def _print_of(file: Path) -> str:
    """Return what tells a file from others without reading all of it: its size and both ends."""
    with file.open("rb") as opened:
        head = opened.read(65_536)
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - 65_536))
        digest = hashlib.sha256(head + opened.read()).hexdigest()
    return f"{size}-{digest[:16]}"
