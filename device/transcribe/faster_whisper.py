"""Whisper on CTranslate2, quantized to int8 (faster-whisper)."""

import importlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from device.audio import RATE_HZ, Samples
from device.errors import EngineFailed, EngineUnusable
from device.transcribe import Segment
from device.transcribe.gate import Doubt, doubt, most_tokens, settled
from device.transcribe.vocabulary import vocabulary_prompt
from device.transcribe.window import (
    WHOLE_S,
    Encoding,
    Features,
    active_s,
    silence,
    trimmed,
    with_silence_after,
)

_LONGEST_S = 28.0  # of a clip that a trimmed window is made for
_SHORT_TAIL_S = 4.0  # of silence that the decoder sees at first: longer is surer and slower
_BEAMS = 3  # 5 find the right words no more often
_AS_LIKELY = 0.25  # in mean log-probability
_LEAST_SAMPLES = 400  # one frame of features

Window = Literal["trimmed", "full"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A transcript, and what is wrong with it."""

    segment: Segment
    doubt: Doubt | None

    @property
    def silent(self) -> bool:
        """Whether Whisper itself takes it for silence, by its own two thresholds."""
        numbers = self.segment
        return numbers.no_speech_probability > 0.6 and numbers.average_log_probability < -1.0


@dataclass(frozen=True, slots=True)
class _Clip:
    encoding: Encoding
    sound_s: float
    active_s: float


def likeliest(first: Draft, readings: list[Draft], fits: Callable[[str], bool]) -> Draft:
    """Return the likeliest of several readings that fits, if it is nearly as likely as the
    likeliest, which is returned otherwise. None that asks where `first` doesn't, or the reverse:
    a question is no order.

    first: as it was heard before. readings: the likeliest first.
    """
    asks = _asks(first)
    alike = [each for each in readings if each.doubt is None and _asks(each) is asks] or [first]
    least = alike[0].segment.average_log_probability - _AS_LIKELY
    near = (each for each in alike if each.segment.average_log_probability >= least)
    return next((each for each in near if fits(each.segment.text)), alike[0])


def _asks(draft: Draft) -> bool:
    return "?" in draft.segment.text


class FasterWhisper:
    """One language, greedy unless what it hears fits nothing: quick and repeatable.

    An utterance is transcribed from a window as long as itself (`device/transcribe/window.py`).
    If the transcript is doubtful (`device/transcribe/gate.py`), the decoder runs again with all of
    the silence of a whole window before it; if it still is, faster-whisper transcribes a whole
    window. Clips too long for a window are left to faster-whisper, which takes them in turn.
    """

    def __init__(
        self,
        folder: Path,
        *,
        language: str = "en",
        threads: int = 1,
        at_once: int = 1,
        window: Window = "trimmed",
    ) -> None:
        """Take a CTranslate2 Whisper model's folder.

        Args:
            folder: of the model.
            language: an ISO 639-1 code.
            threads: of one call. For a trimmed window one is as quick as two.
            at_once: calls that may run side by side, from as many threads; they share the weights.
            window: see `window`.
        """
        self._folder = folder
        self._language = language
        self._threads = threads
        self._at_once = at_once
        self.window: Window = window
        """Whether a window as long as the utterance is tried first; may be changed at any time."""
        self._prompt = ""
        self._prompt_tokens: list[int] = []
        self.fallbacks = 0
        """How many transcripts were made again from a whole window."""
        self._model: Any = None
        self._tokenizer: Any = None
        self._storage: Any = None
        self._silence: Encoding
        self._suppressed: list[int] = []

    def load(self) -> None:
        """Open the weights and run once, because the first run is slow.

        Raises:
            EngineUnusable: the folder does not hold a Whisper model that can be opened.
        """
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        try:
            self._model = WhisperModel(
                str(self._folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=self._threads,
                num_workers=self._at_once,
                local_files_only=True,
            )
            self._tokenizer = Tokenizer(
                self._model.hf_tokenizer,
                self._model.model.is_multilingual,
                task="transcribe",
                language=self._language,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineUnusable(
                f"The Whisper model in {self._folder} cannot be opened ({error}): run "
                "'lapel models verify' and pull it again."
            ) from error
        ctranslate2: Any = importlib.import_module("ctranslate2")  # it has no types
        self._storage = ctranslate2.StorageView
        suppressed: Any = get_suppressed_tokens(self._tokenizer, [-1])  # pyright: ignore[reportArgumentType]
        self._suppressed = list(suppressed)
        bands = int(self._model.feature_extractor.mel_filters.shape[0])
        self._silence = np.array(self._encode(silence(bands)))
        self._tokenize_prompt()
        self.transcribe(np.zeros(RATE_HZ, dtype=np.int16), partial=True)

    def bias(self, words: Sequence[str]) -> None:
        """Expect these words, the first of them most; none takes the expectation away."""
        self._prompt = vocabulary_prompt(words)
        if self._tokenizer is not None:
            self._tokenize_prompt()

    def transcribe(
        self,
        samples: Samples,
        *,
        partial: bool = False,
        begins: str = "",
        fits: Callable[[str], bool] | None = None,
    ) -> list[Segment]:
        """Transcribe a clip: shape (n,), int16, 16 kHz, of any length.

        Args:
            samples: the clip.
            partial: be quick: one pass, and no second look at what is doubtful.
            begins: words that the transcript is known to begin with, such as the wake phrase: it
                is then not misheard, and what follows is surer. They are part of the result.
                Where it is doubtful they are not believed.
            fits: whether a transcript is a whole thing that people say to a device like this.
                Where the first isn't, the decoder follows several readings side by side (beam
                search), and the likeliest that fits is taken, if it is nearly as likely as the
                likeliest of all, which is taken otherwise. Not for partials, and not for what
                is doubtful.

        Raises:
            EngineFailed: CTranslate2 gave up.
        """
        sound = samples.astype(np.float32) / 32768.0
        sound_s = len(samples) / RATE_HZ
        try:
            if self.window == "full" or sound_s > _LONGEST_S:
                return self._whole(sound)
            features = self._features(sound)
            clip = _Clip(np.array(self._encode(trimmed(features))), sound_s, active_s(features))
            begins = begins.strip()
            (draft,) = self._decode(clip, _SHORT_TAIL_S, begins)
            if draft.doubt is not None and not partial:
                first, (draft,) = draft, self._decode(clip, WHOLE_S)
                texts = first.segment.text, draft.segment.text
                doubts = first.doubt, draft.doubt
                if not settled(*texts, doubts, clip.active_s) and not draft.silent:
                    self.fallbacks += 1
                    return self._whole(sound)
            elif fits is not None and not partial and not fits(draft.segment.text):
                readings = self._decode(clip, _SHORT_TAIL_S, begins, beams=_BEAMS)
                draft = likeliest(draft, readings, fits)
        except (RuntimeError, ValueError) as error:
            raise EngineFailed("Whisper could not transcribe that.") from error
        doubtful = draft.doubt is not None
        return [replace(draft.segment, is_doubtful=doubtful)] if draft.segment.text else []

    def _features(self, sound: Any) -> Features:
        missing = max(0, _LEAST_SAMPLES - len(sound))
        # Its last frame lies behind the sound.
        return self._model.feature_extractor(np.pad(sound, (0, missing)))[:, :-1]

    def _encode(self, features: Features) -> Any:
        return self._model.model.encode(
            self._storage.from_array(np.ascontiguousarray(features[None], dtype=np.float32))
        )

    def _decode(
        self, clip: _Clip, tail_s: float, begins: str = "", *, beams: int = 1
    ) -> list[Draft]:
        """Return the readings of a clip, the likeliest first: as many as `beams`, or fewer."""
        tokenizer = self._tokenizer
        known: list[int] = tokenizer.encode(f" {begins}") if begins else []
        prompt = [*self._prompt_tokens, *tokenizer.sot_sequence, tokenizer.no_timestamps, *known]
        most = most_tokens(clip.sound_s)
        seen = with_silence_after(clip.encoding, self._silence, tail_s)
        found = self._model.model.generate(
            self._storage.from_array(seen),
            [prompt],
            beam_size=beams,
            num_hypotheses=beams,
            # CTranslate2 gives the text half of this, and no more than the prompt leaves of it.
            max_length=max(2 * most, most + len(prompt)),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
        )[0]
        readings = zip(found.sequences_ids, found.scores, strict=True)
        return [self._draft(clip, *each, found.no_speech_prob) for each in readings]

    def _draft(self, clip: _Clip, tokens: list[int], score: float, no_speech: float) -> Draft:
        text: str = self._tokenizer.decode(tokens).strip()  # what it begins with included
        # CTranslate2's score is the mean over the text's tokens, Whisper's counts the end too.
        average = float(score) * len(tokens) / (len(tokens) + 1)
        encoded = text.encode()
        segment = Segment(
            text=text,
            average_log_probability=average,
            no_speech_probability=float(no_speech),
            compression_ratio=len(encoded) / len(zlib.compress(encoded)),
        )
        return Draft(
            segment,
            doubt(
                text,
                sound_s=clip.sound_s,
                active_s=clip.active_s,
                tokens=len(tokens),
                average_log_probability=average,
                compression_ratio=segment.compression_ratio,
            ),
        )

    def _whole(self, sound: Any) -> list[Segment]:
        found, _info = self._model.transcribe(
            sound,
            language=self._language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=len(sound) <= WHOLE_S * RATE_HZ,
            vad_filter=False,
            hotwords=self._prompt or None,
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

    def _tokenize_prompt(self) -> None:
        tokens: list[int] = self._tokenizer.encode(f" {self._prompt}") if self._prompt else []
        self._prompt_tokens = [self._tokenizer.sot_prev, *tokens] if tokens else []
