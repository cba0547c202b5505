"""Where slots stand among the tokens of a text. Pure."""

import numpy as np

from agents.choose.likeness import Vectors
from context.embed import Tokens


def with_one(x: Vectors) -> Vectors:
    """`x` (..., d) with a 1 at the end of each vector, for weights whose last row is a bias."""
    return np.concatenate([x, np.ones((*x.shape[:-1], 1), np.float32)], axis=-1)


def token_range(tokens: Tokens, start: int, end: int) -> tuple[int, int] | None:
    """The first and the last token that hold a letter of `start` to `end` of the text."""
    inside = [n for n, (a, b) in enumerate(tokens.spans) if a < b and a < end and start < b]
    return (inside[0], inside[-1]) if inside else None


def log_sigmoid(raised: Vectors) -> Vectors:
    """The logarithm of the logistic function."""
    return -np.logaddexp(np.float32(0), -raised)
