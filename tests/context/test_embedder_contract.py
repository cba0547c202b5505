"""What every embedder promises, asked of the real one and the stand-in alike."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from context import Embedder, HashingEmbedder, MiniLM

TEXTS = [
    "the spare key is under the blue flower pot",
    "x",
    "",
    " \n",
    "a\0b",
    "half of a character \ud83d",
    "ключ 鍵 🔑",
    "key " * 5_000,
    "k" * 50_000,
]


@pytest.fixture(
    scope="module", params=["hashing", pytest.param("minilm", marks=pytest.mark.engines)]
)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "hashing":
        return HashingEmbedder()
    model_folder: Callable[[str], Path] = request.getfixturevalue("model_folder")
    engine = MiniLM(model_folder("minilm-l6-v2-int8"))
    engine.load()
    return engine


def test_vectors_are_float32_of_length_1(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_a_vector_depends_on_its_text_alone(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    for text, vector in zip(reversed(TEXTS), reversed(together), strict=True):
        assert (embedder.embed([text])[0] == vector).all()


def test_alike_is_nearer_than_unlike(embedder: Embedder) -> None:
    key, same, other = embedder.embed(
        [TEXTS[0], "is the spare key under the flower pot", "bins go out on Tuesday evening"]
    )
    assert key @ same > 0.5
    assert key @ other < 0.3


def test_it_has_a_name(embedder: Embedder) -> None:
    assert embedder.name
