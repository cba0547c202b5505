"""A stand-in embedder: no weights, the same vectors on every machine; for tests and demos."""

import hashlib
import unicodedata

import numpy as np
from numpy.typing import NDArray


class HashingEmbedder:
    """A bag of words hashed into `dimensions` signed buckets: alike means sharing words."""

    def __init__(self, dimensions: int = 256) -> None:
        self._dimensions = dimensions

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._dimensions

    @property
    def name(self) -> str:
        """Differs for each number of dimensions."""
        return f"hashing-{self._dimensions}"

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Vectors (n, dimensions), float32, of length 1."""
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in _words(text):
                digest = hashlib.blake2b(word.encode(errors="replace"), digest_size=8).digest()
                number = int.from_bytes(digest, "big")
                vectors[row, (number >> 1) % self._dimensions] += 1 if number & 1 else -1
            if not vectors[row].any():
                vectors[row, 0] = 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c if c.isalnum() else " " for c in folded).split()
