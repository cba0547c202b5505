"""The pre-roll ring: the sound from just before anyone knew that it would matter."""

from collections import deque

import numpy as np

from device.audio import CHUNK_S, Samples


class PreRoll:
    """Keeps the newest chunks, and nothing older."""

    def __init__(self, seconds: float) -> None:
        """Keep at least `seconds` of sound, rounded up to whole chunks."""
        self._chunks: deque[Samples] = deque(maxlen=max(1, -int(-seconds // CHUNK_S)))

    def push(self, chunk: Samples) -> None:
        """Keep a chunk, letting the oldest go."""
        self._chunks.append(chunk)

    def chunks(self) -> list[Samples]:
        """Return what is kept, oldest first."""
        return list(self._chunks)

    def clear(self) -> None:
        """Let everything go."""
        self._chunks.clear()


def join(chunks: list[Samples]) -> Samples:
    """Make one clip of chunks: shape (n,), int16."""
    return np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.int16)
