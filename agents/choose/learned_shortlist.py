"""The uses that may be meant, by what was learned; tools of others by how near they are."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from agents.choose.examples import NONE
from agents.choose.learned import Learned
from agents.choose.likeness import Vectors
from agents.choose.offered import OfferedUses
from agents.choose.shortlist import LEAST, MOST, Candidate, Found, beside_offered, own_uses
from agents.tools import Use

_HALF_SURE: Final = 0.55
"""Dot product with the nearest example of a use that was never learned, at which it is as likely as
not; MiniLM gives paraphrases 0.6 and more, and unlike sentences less than 0.3."""
_STEEP: Final = 20.0


class LearnedShortlist:
    """Finds uses as `Shortlist` does. uses: of each tool that there is. learned: what was learned
    of those of this program; its embedder is loaded before `load`.
    """

    def __init__(self, uses: Mapping[str, Sequence[Use]], learned: Learned) -> None:
        self._learned = learned
        self._uses = own_uses(uses)
        self._offered = OfferedUses(uses)
        self._new: dict[str, Vectors] | None = None

    def load(self) -> None:
        """Take in the uses that were never learned: some milliseconds for each example."""
        self._learned.load()
        known = set(self._learned.intents)
        self._new = {
            intent: np.stack([self._learned.vector(text) for text in (use.does, *use.examples)])
            for intent, (_, use) in self._uses.items()
            if intent not in known
        }
        self._offered.load(lambda texts: np.stack([self._learned.vector(text) for text in texts]))

    def find(self, text: str) -> Found:
        """At most six uses. Raises RuntimeError before `load`."""
        if self._new is None:
            raise RuntimeError("LearnedShortlist.load() was not called")
        shares = self._learned.shares(text)
        likely = dict(zip(self._learned.intents, shares.tolist(), strict=True))
        talk = likely.pop(NONE, 0.0)
        talk += sum(share for intent, share in likely.items() if intent not in self._uses)
        vector = self._learned.vector(text)
        new = _near(vector, self._new)
        left = 1 - max(new.values(), default=0.0)
        scores = {i: share * left for i, share in likely.items() if i in self._uses}
        total = sum(new.values())
        scores |= {intent: share * (1 - left) / total for intent, share in new.items() if share}
        best = sorted(scores, key=lambda intent: -scores[intent])[:MOST]
        candidates = [
            Candidate(*self._uses[intent], scores[intent])
            for intent in best
            if scores[intent] >= LEAST
        ]
        found = Found(tuple(candidates), talk * left)
        return beside_offered(found, self._offered, text, vector)


def _near(vector: Vectors, new: Mapping[str, Vectors]) -> dict[str, float]:
    """How likely each use that was never learned is, by its nearest example. vector: (d,), of what
    was said. new: (n, d) by intent.
    """
    return {
        intent: float(1 / (1 + np.exp(-_STEEP * (float((told @ vector).max()) - _HALF_SURE))))
        for intent, told in new.items()
    }
