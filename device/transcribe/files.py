"""Transcribing recordings: what is speech in a file, and what is said in it."""

from dataclasses import dataclass
from pathlib import Path

from device.audio import CHUNK_S, CHUNK_SAMPLES, RATE_HZ, Samples, missing_bytes, read_audio
from device.listen import SpeechDetector
from device.transcribe import Transcriber
from device.transcribe.hallucination import believable_text

_SPEECH = 0.5


@dataclass(frozen=True, slots=True)
class FileTranscript:
    """What was said in a file."""

    text: str
    """"" when nobody spoke."""
    speech_s: float
    missing_s: float
    """Seconds that the file's header promises and the file lacks."""


def transcribe_file(
    path: Path, transcriber: Transcriber, detector: SpeechDetector
) -> FileTranscript:
    """Transcribe a sound file of any rate, depth, channel count and length.

    Raises:
        AudioFileUnusable: it cannot be read.
        EngineFailed: the transcriber gave up.
    """
    samples = read_audio(path)
    there = path.stat().st_size
    missing_s = len(samples) / RATE_HZ * missing_bytes(path) / max(1, there)
    speech_s = speech_seconds(samples, detector)
    segments = transcriber.transcribe(samples) if speech_s > 0 else []
    return FileTranscript(believable_text(segments, speech_s), speech_s, missing_s)


def speech_seconds(samples: Samples, detector: SpeechDetector) -> float:
    """Return the seconds of a clip (int16, 16 kHz) that the detector takes for speech."""
    return CHUNK_S * sum(_is_speech(samples, detector))


def end_of_speech_s(samples: Samples, detector: SpeechDetector) -> float:
    """Return where in a clip (int16, 16 kHz) speech is last found; its length if nowhere."""
    found = _is_speech(samples, detector)
    if not any(found):
        return len(samples) / RATE_HZ
    return CHUNK_S * (len(found) - found[::-1].index(True))


def _is_speech(samples: Samples, detector: SpeechDetector) -> list[bool]:
    detector.reset()
    whole = len(samples) - len(samples) % CHUNK_SAMPLES
    return [
        detector.process(samples[at : at + CHUNK_SAMPLES]) >= _SPEECH
        for at in range(0, whole, CHUNK_SAMPLES)
    ]
