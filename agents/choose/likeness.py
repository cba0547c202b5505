"""How likely a text belongs to each of some kinds, learned from examples of them. Pure."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

_STEPS = 60
_RATE = 2.0
_MOMENTUM = 0.9
_DECAY = 1e-3
_SHARPNESS = 6.0  # vectors of length 1 are too alike for steps of this size
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_BUCKETS = 2048


def learn(vectors: Vectors, kinds: Sequence[int], many: int) -> Vectors:
    """Weights (d + 1, many) for `shares`, from vectors (n, d) of length 1 and the kind of each.

    Multinomial logistic regression by gradient descent with momentum, small kinds counting more
    than their number; the same input gives the same weights.
    """
    x = _with_one(vectors)
    target = np.eye(many, dtype=np.float32)[np.asarray(kinds)]
    each = 1 / np.sqrt(np.maximum(target.sum(0), 1))
    counts = each[np.asarray(kinds)][:, None]
    counts = (counts / counts.mean()).astype(np.float32)
    weights = np.zeros((x.shape[1], many), np.float32)
    speed = np.zeros_like(weights)
    for _ in range(_STEPS):
        wrong = (softmax(x @ weights) - target) * counts
        speed = _MOMENTUM * speed + x.T @ wrong / len(x) + _DECAY * weights
        weights -= _RATE * speed
    return weights


def shares(vector: Vectors, weights: Vectors) -> Vectors:
    """The probability of each kind for a vector (d,)."""
    return softmax(_with_one(vector[None]) @ weights)[0]


def words_vectors(texts: Sequence[str]) -> Vectors:
    """Vectors (n, 2048) of the words of texts and of their pairs, whatever the numbers in them."""
    vectors = np.zeros((len(texts), _BUCKETS), np.float32)
    for row, text in enumerate(texts):
        words = ["7" if word.isdigit() else word.lower() for word in _WORD.findall(text)]
        for part in (*words, *(" ".join(pair) for pair in pairwise(("<", *words, ">")))):
            vectors[row, _bucket(part)] += 1.0 if " " in part else min(len(part), 8) / 4
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, 1e-9)


def _bucket(text: str) -> int:
    """The same in every process, unlike `hash`."""
    value = 2166136261
    for byte in text.encode("utf-8", "replace"):
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value % _BUCKETS


def _with_one(vectors: Vectors) -> Vectors:
    one = np.ones((len(vectors), 1), np.float32)
    return np.hstack([vectors * _SHARPNESS, one]).astype(np.float32)


def softmax(raised: Vectors) -> Vectors:
    """Shares of 1 in each row."""
    likely = np.exp(raised - raised.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)
