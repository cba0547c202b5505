"""What was learned from examples: which use of a tool is meant, and which words fill its slots.

The weights (`learned_en.npz`) are made by `scripts/train_choose`, from `examples_en.txt` and the
evaluation suites to learn from, and come with the program. The top three layers of the sentence
embedder are trained further, and what they make of a text's tokens tells both: the mean of them
which use is meant, each of them whether a slot begins or ends there, as spans are found in
extractive question answering (Devlin et al. 2019, arXiv 1810.04805, section 4.2). What the embedder
is else used for has layers of its own.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from agents.choose.features import log_sigmoid, token_range, with_one
from agents.choose.layers import Layer, from_bytes, through, to_bytes
from agents.choose.likeness import Vectors, softmax
from context.embed import TokenEmbedder, Tokens

FILE: Final = Path(__file__).parent / "learned_en.npz"
EMBEDDER: Final = "minilm-l6-v2-int8"
"""The embedder that the weights that come with the program are for."""
_ARRAYS: Final = ("uses", "first", "last")


@dataclass(frozen=True)
class Weights:
    """layers: instead of the embedder's top ones, from the lowest. uses (d + 1, u): of the uses
    named in `intents`. first, last (d + 1, s): of the edges of the slots named in `slots`. filled:
    of each intent, how often its examples fill a slot. embedder: whose layers they stand on.
    learned_from: a hash of the examples.
    """

    intents: tuple[str, ...]
    slots: tuple[str, ...]
    layers: tuple[Layer, ...]
    uses: Vectors
    first: Vectors
    last: Vectors
    filled: Mapping[str, Mapping[str, float]]
    embedder: str
    learned_from: str

    def save(self, path: Path) -> None:
        """Write them to a file. Raises OSError."""
        layers = {
            f"{number}.{name}": array
            for number, layer in enumerate(self.layers)
            for name, array in to_bytes(layer).items()
        }
        told = {
            "intents": self.intents, "slots": self.slots, "filled": self.filled,
            "embedder": self.embedder, "learned_from": self.learned_from,
            "layers": len(self.layers),
        }  # fmt: skip
        np.savez_compressed(
            path,
            allow_pickle=False,
            uses=self.uses.astype(np.float16),
            first=self.first.astype(np.float16),
            last=self.last.astype(np.float16),
            told=np.array(json.dumps(told, sort_keys=True)),
            **layers,
        )


def read_weights(path: Path = FILE) -> Weights:
    """Read what `Weights.save` wrote. Raises OSError, or ValueError if it is damaged."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            told = json.loads(str(file["told"]))
            uses, first, last = (file[each].astype(np.float32) for each in _ARRAYS)
            layers = tuple(
                from_bytes({n[2:]: file[n] for n in file.files if n.startswith(f"{number}.")})
                for number in range(told["layers"])
            )
        return Weights(
            tuple(told["intents"]), tuple(told["slots"]), layers, uses, first, last,
            told["filled"], told["embedder"], told["learned_from"],
        )  # fmt: skip
    except (zipfile.BadZipFile, KeyError) as error:
        raise ValueError(f"{path.name} is damaged: install the program again.") from error


@dataclass(frozen=True)
class _Looked:
    """A text, the embedder's view of it, and what the layers make of that (n, d)."""

    text: str
    tokens: Tokens
    states: Vectors


class Learned:
    """Judges texts by the weights. embedder: `EMBEDDER`, loaded before it is asked. weights: by
    default those that come with the program, which `load` reads.
    """

    def __init__(self, embedder: TokenEmbedder, weights: Weights | None = None) -> None:
        self._embedder = embedder
        self._read = weights
        self._newest: _Looked | None = None

    def load(self) -> None:
        """Read the weights; a second call does nothing."""
        self._read = self._read or read_weights()

    @property
    def _weights(self) -> Weights:
        if self._read is None:
            raise RuntimeError("Learned.load() was not called")
        return self._read

    @property
    def intents(self) -> tuple[str, ...]:
        """The uses that it tells apart; "none" is talk. Raises RuntimeError before `load`."""
        return self._weights.intents

    def filled(self, intent: str) -> Mapping[str, float]:
        """How often the examples of a use fill a slot, by slot: more than 0, at most 1."""
        return self._weights.filled.get(intent, {})

    def vector(self, text: str) -> Vectors:
        """The embedder's vector (d,) of a text, of length 1."""
        return self._looked(text).tokens.mean

    def shares(self, text: str) -> Vectors:
        """How likely each of `intents` is meant by a text (u,); together 1."""
        mean = self._looked(text).states.mean(axis=0)
        return softmax(with_one(mean)[None] @ self._weights.uses)[0]

    def points(
        self, text: str, slot: str, runs: Sequence[tuple[int, int]], *, apart: bool = False
    ) -> list[float] | None:
        """How well each run of characters of `text` fills a slot: the logarithm of the chance that
        it begins there, and ends there; apart: and that none begins or ends inside it. None for a
        slot that was never learned.
        """
        if slot not in self._weights.slots:
            return None
        number = self._weights.slots.index(slot)
        looked = self._looked(text)
        states = with_one(looked.states)
        begins = states @ self._weights.first[:, number]
        ends = states @ self._weights.last[:, number]
        first, last = log_sigmoid(begins), log_sigmoid(ends)
        no_first, no_last = log_sigmoid(-begins), log_sigmoid(-ends)
        found: list[float] = []
        for start, end in runs:
            edges = token_range(looked.tokens, start, end)
            if edges is None:
                found.append(-np.inf)
                continue
            a, b = edges
            inside = no_first[a + 1 : b + 1].sum() + no_last[a:b].sum() if apart else 0.0
            found.append(float(first[a] + last[b] + inside))
        return found

    def forget(self) -> None:
        """Keep nothing of what was looked at last."""
        self._newest = None

    def _looked(self, text: str) -> _Looked:
        """One text is asked about several times in a turn."""
        if self._newest is None or self._newest.text != text:
            tokens = self._embedder.tokens(text)
            states = through(self._weights.layers, tokens.below)
            self._newest = _Looked(text, tokens, states)
        return self._newest
