"""Whisper on CTranslate2, quantized to int8 (faster-whisper)."""

from pathlib import Path
from typing import Any

import numpy as np

from device.audio import RATE_HZ, Samples
from device.errors import EngineFailed, EngineUnusable
from device.transcribe import Segment


class FasterWhisper:
    """Greedy, one language, no second tries at a higher temperature: quick and repeatable."""

    def __init__(self, folder: Path, *, language: str = "en", threads: int = 2) -> None:
        """Take a CTranslate2 Whisper model's folder; `language` is an ISO 639-1 code."""
        self._folder = folder
        self._language = language
        self._threads = threads
        self._model: Any = None

    def load(self) -> None:
        """Open the weights and run once, because the first run is slow.

        Raises:
            EngineUnusable: the folder does not hold a Whisper model that can be opened.
        """
        from faster_whisper import WhisperModel

        try:
            self._model = WhisperModel(
                str(self._folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=self._threads,
                num_workers=1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineUnusable(
                f"The Whisper model in {self._folder} cannot be opened ({error}): run "
                "'lapel models verify' and pull it again."
            ) from error
        self.transcribe(np.zeros(RATE_HZ, dtype=np.int16))

    def transcribe(self, samples: Samples) -> list[Segment]:
        """Transcribe a clip: shape (n,), int16, 16 kHz, of any length.

        Raises:
            EngineFailed: CTranslate2 gave up.
        """
        sound = samples.astype(np.float32) / 32768.0
        try:
            found, _info = self._model.transcribe(
                sound,
                language=self._language,
                beam_size=1,
                temperature=0.0,
                condition_on_previous_text=False,
                without_timestamps=len(samples) <= 30 * RATE_HZ,
                vad_filter=False,
            )
            return [
                Segment(
                    text=each.text.strip(),
                    average_log_probability=float(each.avg_logprob),
                    no_speech_probability=float(each.no_speech_prob),
                    compression_ratio=float(each.compression_ratio),
                )
                for each in found
            ]
        except (RuntimeError, ValueError) as error:
            raise EngineFailed("Whisper could not transcribe that.") from error
