"""Sentences to vectors: what the store needs of an embedder, and the MiniLM engine."""

# onnxruntime has no types:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportAttributeAccessIssue=false

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from context.errors import ContextError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BELOW = "layer_norm_6"  # what the third of the six layers gives, as its exporter calls it
_MOST_TOKENS = 256
_MOST_CHARACTERS = 16_384  # beyond 256 tokens of any prose; bounds the tokenizer's work


class Embedder(Protocol):
    """Turns texts into vectors whose dot product says how alike they mean.

    A text's vector depends on nothing but the text: not on its neighbours in the list, nor on
    earlier calls. Else one compartment's items would show in another's scores.
    """

    @property
    def dimensions(self) -> int:
        """The length d of a vector."""
        ...

    @property
    def name(self) -> str:
        """Names model and precision; vectors of different names are never compared."""
        ...

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Vectors (n, d), float32, each of length 1, for n texts: any texts, empty ones too."""
        ...


@dataclass(frozen=True)
class Tokens:
    """A text as an embedder reads it. below (n, d): each of its n tokens, in their order, as two of
    the layers have yet to change it, for who has such layers of their own. mean (d,): of length 1,
    the text's vector. spans: the characters of each token; empty ones are made up.
    """

    below: NDArray[np.float32]
    mean: NDArray[np.float32]
    spans: tuple[tuple[int, int], ...]


class TokenEmbedder(Embedder, Protocol):
    """An embedder that also tells what it makes of each token."""

    def tokens(self, text: str) -> Tokens:
        """The tokens of any text; like a vector, they depend on nothing else."""
        ...


class _Session(Protocol):
    """What is used of onnxruntime.InferenceSession, which has no types."""

    def run(
        self, output_names: list[str], input_feed: dict[str, NDArray[np.int64]]
    ) -> list[NDArray[np.float32]]: ...


class MiniLM:
    """all-MiniLM-L6-v2 with int8 weights (Apache-2.0): 384 dimensions, 23 MB, English.

    folder: holds `model.onnx` and `tokenizer.json`. threads: cores used for one sentence.
    The constructor does nothing; `load` opens the files. A text is read up to its 256th token.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._folder = folder
        self._threads = threads
        self._loaded: tuple[Tokenizer, _Session] | None = None

    @property
    def dimensions(self) -> int:
        """384."""
        return 384

    @property
    def name(self) -> str:
        """The catalog's name of the weights."""
        return "minilm-l6-v2-int8"

    def load(self) -> None:
        """Open the weights. Raises ContextError if a file is missing or damaged."""
        import onnxruntime as ort
        from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
        from tokenizers import Tokenizer

        try:
            description = (self._folder / "tokenizer.json").read_text(encoding="utf-8")
            json.loads(description)  # the library reports damage as a bare Exception
            weights = (self._folder / "model.onnx").read_bytes() + _given_too(_BELOW)
        except (OSError, ValueError) as error:
            raise self._unusable() from error
        tokenizer = Tokenizer.from_str(description)
        tokenizer.enable_truncation(_MOST_TOKENS)
        tokenizer.no_padding()
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        except (ort_errors.Fail, ort_errors.InvalidProtobuf, ort_errors.InvalidGraph) as error:
            raise self._unusable() from error
        self._loaded = tokenizer, cast("_Session", session)

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Vectors (n, 384), float32, of length 1. Raises RuntimeError before `load`."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self.tokens(text).mean
        return vectors

    def tokens(self, text: str) -> Tokens:
        """The tokens (n, 384) of a text, at most 256. Raises RuntimeError before `load`."""
        if self._loaded is None:
            raise RuntimeError("MiniLM was asked before MiniLM.load.")
        return _read_one(*self._loaded, text)

    def _unusable(self) -> ContextError:
        return ContextError(
            f"The sentence embedder's files in {self._folder} are missing or damaged: pull them"
            " again."
        )


def _given_too(name: str) -> bytes:
    """Bytes that, after those of an ONNX model, make it give one more of its values.

    Of messages written one after the other Protocol Buffers make one, with the elements of both
    (protobuf.dev, "Encoding", Last One Wins). 7 is the model's graph, 12 the graph's outputs, 1 and
    2 an output's name and type, 1 and 1 a tensor of floats (onnx.proto).
    """
    floats = _message(2, _message(1, b"\x08\x01"))
    return _message(7, _message(12, _message(1, name.encode()) + floats))


def _message(field: int, content: bytes) -> bytes:
    """A field of bytes, fewer than 128."""
    return bytes((field << 3 | 2, len(content))) + content


def _read_one(tokenizer: "Tokenizer", session: _Session, text: str) -> Tokens:
    """One at a time: int8 activations are scaled over a batch, which would mix its texts."""
    whole = text[:_MOST_CHARACTERS].encode(errors="replace").decode()
    encoded = tokenizer.encode(whole)
    ids = np.array([encoded.ids], dtype=np.int64)
    mask = np.ones_like(ids)
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    states, below = session.run(["last_hidden_state", _BELOW], feed)
    mean = states[0].mean(axis=0)
    return Tokens(below[0], mean / np.linalg.norm(mean), tuple(encoded.offsets))
