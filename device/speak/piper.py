"""Piper voices: VITS on ONNX, with espeak-ng's phonemes (piper-tts).

A voice is two networks in one file: one turns the whole clause into frames (here a quarter of the
time), the other turns frames into sound (three quarters) and sees only a few frames around each.
They are run apart, so that the first sound of a clause is there when its first frames are done.
"""

import hashlib
import importlib
import json
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.audio import Samples
from device.errors import EngineFailed, EngineUnusable
from device.speak import Part, words_of
from device.speak.onnx_split import Halves, split_before
from device.speak.pace import VoicePace
from device.speak.pauses import with_pause, without_lead

_DECODER = "/dec/conv_pre/Conv"  # the first node of VITS's HiFi-GAN, as Piper exports it
_MARGIN_FRAMES = 16  # 12 make the joins exact for Piper's "medium" voices
_LOUDNESS = 0.105  # root mean square of a sentence, of full scale: about -20 dBFS
_KNEE = 0.8  # above this share of full scale, peaks are bent instead of clipped
_MOST_GAIN = 20.0
_SENTENCE = "The timer is set, and the clock is right."


class Piper:
    """One voice."""

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 1,
        length_scale: float = 1.0,
        variation: float = 1.0,
        first_part_s: float = 0.25,
        pace: VoicePace | None = None,
    ) -> None:
        """Take a folder that holds one `NAME.onnx` and its `NAME.onnx.json`.

        `length_scale` above 1 speaks slower, below 1 quicker. `variation` is the share of the
        voice's own noise: at 0 a text always sounds the same. `first_part_s` is the length of the
        first part of a stream, each following part being twice as long; 0 gives clips whole.
        `pace` is read before every sentence, and comes on top of `length_scale`.
        """
        self._pace = pace or VoicePace()
        self._folder = folder
        self._threads = threads
        self._length_scale = length_scale
        self._variation = variation
        self._first_part_s = first_part_s
        self._voice: Any = None
        self._back: Any = None
        self._cut = ""
        self._gain = 1.0
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

        damage = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
        try:
            model = next(iter(sorted(self._folder.glob("*.onnx"))))
            config = json.loads(Path(f"{model}.json").read_text(encoding="utf-8"))
            halves = _halves(model) if self._first_part_s > 0 else None
            self._voice = PiperVoice(
                config=PiperConfig.from_dict(config),
                session=self._open(halves.front if halves else str(model)),
            )
            self._back = self._open(halves.back) if halves else None
            self._cut = halves.cut if halves else ""
            settings = f"{self._length_scale} {self._variation} {version('piper-tts')} 1"
            prints = f"{_print_of(model)} {_print_of(Path(f'{model}.json'))}"
            self._identity = f"piper {prints} {settings}"
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
        self._gain = self._find_gain()

    def synthesize(self, text: str) -> Samples:
        """Speak a clause: shape (n,), int16, at `rate_hz`; empty for text without letters.

        Raises:
            EngineFailed: Piper gave up.
        """
        parts = [each.samples for each in self._speak(text, 0.0)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int16)

    def stream(self, text: str) -> Iterator[Part]:
        """Speak a clause in parts; see `Synthesizer`.

        Raises:
            EngineFailed: Piper gave up.
        """
        return self._speak(text, self._first_part_s)

    def _speak(self, text: str, first_part_s: float) -> Iterator[Part]:
        if not any(each.isalnum() for each in text):
            return
        # Piper reads [[...]] as raw phonemes: text is never a command to the voice.
        plain = text.replace("[[", " ").replace("]]", " ")
        plain = "".join(each if each.isprintable() else " " for each in plain)
        try:
            sentences = [each for each in self._voice.phonemize(plain) if each]
            total = sum(len(each) for each in sentences)
            done = 0
            for number, phonemes in enumerate(sentences):
                start, share = done / total, len(phonemes) / total
                done += len(phonemes)
                for at, end, sound in self._sentence(phonemes, first_part_s, self._variation):
                    samples = _as_samples(sound * self._gain)
                    if at == 0.0 and number == 0:
                        samples = without_lead(samples, self._rate_hz)
                    if end == 1.0:
                        samples = with_pause(
                            samples, self._rate_hz, text if number == len(sentences) - 1 else "."
                        )
                    until = start + end * share
                    yield Part(words_of(text, start + at * share, until), samples, until)
        except (RuntimeError, ValueError) as error:
            raise EngineFailed("The voice could not say that.") from error

    def _sentence(
        self, phonemes: list[str], first_part_s: float, variation: float
    ) -> Iterator[tuple[float, float, NDArray[np.float32]]]:
        """Yield stretches of one sentence's sound, each with where it begins and ends (0..1)."""
        ids = self._voice.phonemes_to_ids(phonemes)
        config = self._voice.config
        inputs: dict[str, NDArray[Any]] = {
            "input": np.array([ids], dtype=np.int64),
            "input_lengths": np.array([len(ids)], dtype=np.int64),
            "scales": np.array(
                [
                    config.noise_scale * variation,
                    self._length_scale * self._pace.now,
                    config.noise_w_scale * variation,
                ],
                dtype=np.float32,
            ),
        }
        if config.num_speakers > 1:
            inputs["sid"] = np.array([config.default_speaker_id], dtype=np.int64)
        made = self._voice.session.run(None, inputs)[0]
        if self._back is None:
            yield 0.0, 1.0, made.reshape(-1)
            return
        frames = made.shape[-1]
        hop = int(config.hop_length)
        for start, end in stretches(frames, round(first_part_s * self._rate_hz / hop)):
            low, high = max(0, start - _MARGIN_FRAMES), min(frames, end + _MARGIN_FRAMES)
            sound = self._back.run(None, {self._cut: made[:, :, low:high]})[0].reshape(-1)
            yield start / frames, end / frames, sound[(start - low) * hop : (end - low) * hop]

    def _find_gain(self) -> float:
        """Return what brings this voice to the loudness wanted, the same for every text."""
        phonemes = self._voice.phonemize(_SENTENCE)[0]
        sound = np.concatenate([each for _, _, each in self._sentence(phonemes, 0.0, 0.0)])
        return float(min(_MOST_GAIN, _LOUDNESS / max(1e-6, float(np.sqrt(np.mean(sound**2))))))

    def _open(self, model: str | bytes) -> Any:
        onnxruntime: Any = importlib.import_module("onnxruntime")  # it has no types
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # A thread that spins for work takes a core from the model that is still thinking.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(
            model, sess_options=options, providers=["CPUExecutionProvider"]
        )
        # It keeps the bytes that it was made from, to begin again on other hardware: 60 MB.
        session._model_bytes = None
        return session


def stretches(frames: int, first: int) -> Iterator[tuple[int, int]]:
    """Yield where each part of `frames` frames begins and ends: `first` frames, then twice as many
    each time, so that a part is done before the one before it has been played.

    All at once with `first` = 0. The last part may be half as long as the first.
    """
    start, length = 0, first or frames
    while start < frames:
        # Half a part more costs less than a part of its own.
        end = frames if frames - start < length * 3 // 2 else start + length
        yield start, end
        start, length = end, length * 2


def _halves(model: Path) -> Halves | None:
    return split_before(model.read_bytes(), _DECODER)


def _as_samples(sound: NDArray[np.float32]) -> Samples:
    loud = np.abs(sound)
    bent = np.sign(sound) * (_KNEE + (1 - _KNEE) * np.tanh((loud - _KNEE) / (1 - _KNEE)))
    return (32767.0 * np.where(loud > _KNEE, bent, sound)).astype(np.int16)


def _print_of(file: Path) -> str:
    """Return what tells a file from others without reading all of it: its size and both ends."""
    with file.open("rb") as opened:
        head = opened.read(65_536)
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - 65_536))
        digest = hashlib.sha256(head + opened.read()).hexdigest()
    return f"{size}-{digest[:16]}"
