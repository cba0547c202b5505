"""A text as numbers, for learning which use of a tool is meant, and which words fill its slots.

A text's meaning is the sentence embedder's vector; its words stand beside it, as "up" and "down"
mean nearly the same to an embedder. All of it is pure.
"""

from typing import Final

import numpy as np

from agents.choose.likeness import Vectors, words_vectors
from agents.said import hear
from context.embed import Tokens

_MEANING: Final = 6.0  # vectors of length 1 are too alike for one step of learning
_WORDS: Final = 6.0
_TOKEN: Final = 2.0
_WHOLE: Final = 3.0


def use_features(text: str, meaning: Vectors) -> Vectors:
    """Features (d + 2049,) by which the use of a tool is found. meaning: the vector (d,) of `text`,
    of length 1.
    """
    words = words_vectors([hear(text, "en").short.text])[0]
    return np.concatenate([_MEANING * meaning, _WORDS * words, [1]]).astype(np.float32)


def edge_features(tokens: Tokens, step: int) -> Vectors:
    """Features (n, 4 d + 1) of each of n tokens as the edge of what fills a slot: the token, the
    two next to it on one side, and the whole. step: -1 for the first token, 1 for the last.
    """
    many = len(tokens.states)
    none = np.zeros((2, tokens.states.shape[1]), np.float32)
    padded = np.vstack([none, tokens.states, none]) * _TOKEN
    beside = [padded[2 + step * far : 2 + step * far + many] for far in range(3)]
    whole = np.repeat(_WHOLE * tokens.mean[None], many, axis=0)
    return np.hstack([*beside, whole, np.ones((many, 1), np.float32)]).astype(np.float32)


def token_range(tokens: Tokens, start: int, end: int) -> tuple[int, int] | None:
    """The first and the last token that hold a letter of `start` to `end` of the text."""
    inside = [n for n, (a, b) in enumerate(tokens.spans) if a < b and a < end and start < b]
    return (inside[0], inside[-1]) if inside else None


def log_sigmoid(raised: Vectors) -> Vectors:
    """The logarithm of the logistic function."""
    return -np.logaddexp(np.float32(0), -raised)
