"""The few uses of tools that may be meant by what was said."""

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from agents.choose.examples import NONE, Example
from agents.choose.likeness import Vectors, learn, shares, words_vectors
from agents.choose.offered import OfferedUses, Ours
from agents.tools import Use
from context.embed import Embedder

MOST: Final = 6
LEAST: Final = 0.002
"""Share of a candidate: less likely ones only make a list longer."""
_ALIKE: Final = 0.5  # words in common from which on their number no longer counts


@dataclass(frozen=True)
class Candidate:
    """A use that may be meant. score: its share of 1 among all uses and talk.

    examples: of that use, the nearest to what was said first.
    """

    tool: str
    use: Use
    score: float
    examples: tuple[Example, ...] = ()

    @property
    def intent(self) -> str:
        """ "timer.set", or "remember"."""
        return self.tool if self.use.action is None else f"{self.tool}.{self.use.action}"


@dataclass(frozen=True)
class Found:
    """Candidates, likeliest first, and the share of plain talk."""

    candidates: tuple[Candidate, ...]
    talk: float


def own_uses(uses: Mapping[str, Sequence[Use]]) -> dict[str, tuple[str, Use]]:
    """The program's own tools and their uses, by intent. uses: of each tool that there is."""
    own = [Candidate(tool, use, 0.0) for tool, each in uses.items() for use in each]
    return {each.intent: (each.tool, each.use) for each in own if each.use.fields is None}


def beside_offered(found: Found, offered: OfferedUses, text: str, vector: Vectors) -> Found:
    """What was found among the program's own tools, and the likeliest that others wrote; at most
    six. text: what was said. vector: its.
    """
    ours = Ours.of({each.intent: each.score for each in found.candidates}, found.talk)
    shares = {
        name: share for name, share in offered.shares(text, vector, ours).items() if share >= LEAST
    }
    left = 1 - sum(shares.values())
    both = [replace(each, score=left * each.score) for each in found.candidates]
    both += [Candidate(*offered.uses[name], share) for name, share in shares.items()]
    both.sort(key=lambda each: -each.score)
    return Found(tuple(both[:MOST]), left * found.talk)


class Shortlist:
    """Finds uses by how near examples of what people say are, where nothing was learned for the
    embedder.

    uses: of each tool. told: more examples, also of talk; those of a use that is not there are left
    out. embedder: loaded before `load`; None: words are compared instead. folder: where vectors are
    kept until the next start; None: nowhere.
    """

    def __init__(
        self,
        uses: Mapping[str, Sequence[Use]],
        told: Sequence[Example],
        embedder: Embedder | None,
        folder: Path | None = None,
    ) -> None:
        self._embedder = embedder
        self._folder = folder
        self._uses = own_uses(uses)
        self._offered = OfferedUses(uses)
        own = [
            Example(intent, text, {})
            for intent, (_, use) in self._uses.items()
            for text in (use.does, *use.examples)
        ]
        seen = {(each.intent, each.text) for each in told}
        self._told = [each for each in told if each.intent == NONE or each.intent in self._uses]
        self._told += [each for each in own if (each.intent, each.text) not in seen]
        self._intents = [*self._uses, NONE]
        self._vectors: Vectors | None = None
        self._weights: Vectors | None = None

    def load(self) -> None:
        """Take in the examples: some milliseconds each with an embedder."""
        self._vectors = self._kept([each.text for each in self._told], "examples")
        self._offered.load(lambda texts: self._kept(texts, "offered"))
        numbers = {intent: n for n, intent in enumerate(self._intents)}
        kinds = [numbers[each.intent] for each in self._told]
        self._weights = learn(self._vectors, kinds, len(self._intents))

    def find(self, text: str) -> Found:
        """At most six uses. Raises RuntimeError before `load`."""
        if self._vectors is None or self._weights is None:
            raise RuntimeError("Shortlist.load() was not called")
        vector = self._embed([text])[0]
        likely = shares(vector, self._weights)
        near = self._vectors @ vector
        if self._embedder is None:  # a word that no example has says nothing
            likely *= min(1.0, float(near.max()) / _ALIKE)
            likely[-1] += 1 - likely.sum()
        best = [int(n) for n in np.argsort(-likely, kind="stable") if n != len(likely) - 1]
        candidates = [
            Candidate(*self._uses[self._intents[n]], float(likely[n]), self._nearest(n, near))
            for n in best[:MOST]
            if likely[n] >= LEAST
        ]
        found = Found(tuple(candidates), float(likely[-1]))
        return beside_offered(found, self._offered, text, vector)

    def _nearest(self, number: int, near: Vectors) -> tuple[Example, ...]:
        intent = self._intents[number]
        does = self._uses[intent][1].does
        own = [n for n, each in enumerate(self._told) if each.intent == intent]
        own.sort(key=lambda n: -float(near[n]))
        return tuple(self._told[n] for n in own if self._told[n].text != does)[:8]

    def _kept(self, texts: list[str], kind: str) -> Vectors:
        """The vectors of the texts, from the last run if they are the same. kind: begins the name
        of the file.
        """
        if self._embedder is None or self._folder is None:
            return self._embed(texts)
        said = "\0".join((self._embedder.name, *texts)).encode("utf-8", "replace")
        path = self._folder / f"{kind}-{hashlib.sha256(said).hexdigest()[:16]}.npy"
        try:
            vectors: Vectors = np.load(path, allow_pickle=False)
            if vectors.shape == (len(texts), self._embedder.dimensions):
                return vectors
        except (OSError, ValueError, EOFError):
            pass  # they are made anew
        vectors = self._embed(texts)
        with contextlib.suppress(OSError):  # else they are made again at the next start
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for old in self._folder.glob(f"{kind}-*.npy"):
                old.unlink()
            np.save(path, vectors, allow_pickle=False)
        return vectors

    def _embed(self, texts: list[str]) -> Vectors:
        return words_vectors(texts) if self._embedder is None else self._embedder.embed(texts)
