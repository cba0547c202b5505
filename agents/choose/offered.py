"""Tools that others wrote: how likely one is meant, by how near its few words are to what was said.

They are not learned with the program's own, whose places they would change; they are compared. What
the program's own tools are sure of stays theirs unless it is almost said word for word; what it
knows that it can't do is the likelier to be what such a tool is for.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from agents.choose.likeness import Vectors
from agents.tools import Use

MOST: Final = 3
CANNOT: Final = "cannot."
"""What intents begin with that say what can't be done."""
_AT: Final = 0.48
"""Likeness (cosine of MiniLM) at which one is meant as likely as not. Talk is mostly less like
any of the 19 tools of six servers that were tried.
"""
_MORE_IN_TALK: Final = 0.1
_LESS_IF_CANNOT: Final = 0.13
_WORD_FOR_WORD: Final = 0.8
_WITHIN: Final = 0.05
_SAME_VERB: Final = 0.15
_LESS_IF_SAME: Final = 0.1
_BEFORE: Final = re.compile(
    r"^(?:(?:please|could|can|would|will|you|just|i'd|i|like|want|need|to|go|ahead|and|hey|ok|okay)"
    r"\b[ ,]*)+"
)


@dataclass(frozen=True)
class Ours:
    """How sure the program's own tools are: the likeliest of them, talk, and that it can't."""

    surest: float
    talk: float
    cannot: float

    @classmethod
    def of(cls, shares: Mapping[str, float], talk: float) -> "Ours":
        """shares: by intent, without talk."""
        cannot = sum(each for intent, each in shares.items() if intent.startswith(CANNOT))
        own = (each for intent, each in shares.items() if not intent.startswith(CANNOT))
        return cls(max(own, default=0.0), talk, cannot)


class OfferedUses:
    """uses: of each tool, of which those with `fields` are others'."""

    def __init__(self, uses: Mapping[str, Sequence[Use]]) -> None:
        self.uses = {
            tool: (tool, use)
            for tool, each in uses.items()
            for use in each
            if use.fields is not None
        }
        """The tool and its use, by intent, which is the tool's name."""
        self._texts = [
            (name, text) for name, (_, use) in self.uses.items() for text in use.examples
        ]
        self._vectors: Vectors | None = None

    def load(self, embed: Callable[[list[str]], Vectors]) -> None:
        """Take in what they say of themselves."""
        if self._texts:
            self._vectors = embed([text for _, text in self._texts])

    def shares(self, text: str, vector: Vectors, ours: Ours) -> dict[str, float]:
        """The shares of 1 of the likeliest few, by intent; the rest is the program's own. text:
        what was said. vector: its (d,).
        """
        if self._vectors is None:
            return {}
        begins = _BEFORE.sub("", text.lower()).split(" ")[0].strip(",.!?")
        alike: dict[str, float] = {}
        for (name, _), like in zip(self._texts, self._vectors @ vector, strict=True):
            alike[name] = max(alike.get(name, -1.0), float(like))
        # "print_page" begins with what is to be done, and so does "print the boarding pass".
        same = {name for name in alike if name.rpartition(".")[2].split("_")[0] == begins}
        for name in same:
            alike[name] += _SAME_VERB
        best = sorted(alike, key=lambda name: -alike[name])[:MOST]
        nearest = alike[best[0]]
        at = _AT + _MORE_IN_TALK * ours.talk - _LESS_IF_CANNOT * ours.cannot
        # What is only likely to be ours is less so where theirs has the very verb.
        surest, word_for_word = ours.surest, _WORD_FOR_WORD
        if best[0] in same:
            surest, word_for_word = surest**2, word_for_word - _LESS_IF_SAME
        taken = surest * _sigmoid((word_for_word - nearest) / _WITHIN)
        together = _sigmoid((nearest - at) / _WITHIN) * (1 - taken)
        parts = np.exp([(alike[name] - nearest) / _WITHIN for name in best])
        return {
            name: together * float(part)
            for name, part in zip(best, parts / parts.sum(), strict=True)
        }


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, x))))
