"""Sound as arrays: the one format inside the program, and files read into it and written from it.

Inside the program sound is int16, mono, 16 kHz, in chunks of 512 samples (32 ms), which is what
the voice activity detector takes. Replies keep the voice's own rate until they are played.
"""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.errors import AudioFileUnusable

RATE_HZ = 16_000
CHUNK_SAMPLES = 512
CHUNK_S = CHUNK_SAMPLES / RATE_HZ

Samples = NDArray[np.int16]
"""Mono sound, shape (n,), int16."""

_UNKNOWN_LENGTHS = (0, 0xFFFFFFFF)  # what a writer that streams puts where the length belongs


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Change the rate of a whole clip.

    Args:
        samples: shape (n,), int16.
        from_hz: its rate.
        to_hz: the rate wanted.

    Returns:
        Shape (about n * to_hz / from_hz,), int16. The method is libsoxr's "HQ".
    """
    if from_hz == to_hz:
        return samples
    import soxr

    return np.asarray(soxr.resample(samples, from_hz, to_hz, quality="HQ"), dtype=np.int16)


def read_audio(path: Path, rate_hz: int = RATE_HZ) -> Samples:
    """Read a sound file of any rate, depth and channel count that libsndfile knows.

    Returns:
        Shape (n,), int16, mono (the mean of the channels), at `rate_hz`.

    Raises:
        AudioFileUnusable: missing, empty, not sound, or holding no samples.
    """
    import soundfile

    try:
        if path.stat().st_size == 0:
            raise AudioFileUnusable(f"{path} is empty: record it again.")
        data: Any
        # Opened here, so that a name in any encoding will do.
        with path.open("rb") as file:
            data, file_rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    except OSError as error:
        raise AudioFileUnusable(f"Cannot read {path}: {error.strerror or error}.") from error
    except soundfile.LibsndfileError as error:
        raise AudioFileUnusable(
            f"{path} is not a sound file that can be read: give a WAV or FLAC file."
        ) from error
    if len(data) == 0:
        raise AudioFileUnusable(f"{path} holds no samples: record it again.")
    mono = np.mean(np.nan_to_num(data), axis=1)
    samples = (np.clip(mono, -1.0, 1.0) * 32767.0).astype(np.int16)
    return resample(samples, int(file_rate_hz), rate_hz)


def missing_bytes(path: Path) -> int:
    """Count the bytes that a WAV file's header promises and the file lacks.

    A recorder that loses power leaves such a file; what is there can still be used. Other formats
    and headers without a length give 0. The layout is that of RIFF WAVE (Microsoft, 1991).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0
        while len(header := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", header)
            if name == b"data":
                if length in _UNKNOWN_LENGTHS:
                    return 0
                return max(0, file.tell() + length - size)
            file.seek(length + length % 2, 1)
    return 0


def write_wav(path: Path, samples: NDArray[np.int16], rate_hz: int) -> None:
    """Write 16-bit WAV; `samples` is (n,) for mono or (n, channels).

    Raises:
        AudioFileUnusable: the file cannot be written (no disk, no permission).
    """
    import soundfile

    encoded = io.BytesIO()
    soundfile.write(encoded, samples, rate_hz, subtype="PCM_16", format="WAV")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded.getvalue())
    except OSError as error:
        raise AudioFileUnusable(f"Cannot write {path}: {error.strerror or error}.") from error


def rms(samples: Samples) -> float:
    """Return the root mean square of a clip that is not empty: shape (n,), int16."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float32))))
