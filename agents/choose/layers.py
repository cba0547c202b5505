"""Layers of a sentence embedder that have learned what is said to an assistant.

They are BERT's (Devlin et al. 2019, arXiv 1810.04805): attention in twelve heads, then a layer of
four times the width, each added to what came in and normed. Training works on them as running does,
so all of it is written for whatever has numpy's interface. Pure.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Layer = Mapping[str, NDArray[np.float32]]
"""Arrays by name: see `NAMES`."""

NAMES: Final = ("query", "key", "value", "out", "wide", "narrow")
"""Matrices of a layer, (d, d) but for the last two; each has a bias, "query_bias". Besides there
are "norm", "norm_bias", "last_norm" and "last_norm_bias" (d,)."""
_HEADS: Final = 12
_EPSILON: Final = 1e-12
_GELU: Final = math.sqrt(2 / math.pi)


def same(x: Any) -> Any:
    """Drops nothing, as in running."""
    return x


def through(
    layers: Sequence[Layer],
    x: Any,
    *,
    apart: Any = 0.0,
    drop: Callable[[Any], Any] = same,
    xp: Any = np,
) -> Any:
    """What comes out of the layers, of the shape (..., n, d) of `x`. apart (..., 1, 1, n): added to
    what each token makes of the others, far below 0 for those that fill a batch up. drop: leaves
    some of it out, in training. xp: numpy, or what has its interface.
    """
    for layer in layers:
        drawn = _attended(layer, x, apart, drop, xp)
        x = _normed(x + drop(drawn), layer["norm"], layer["norm_bias"], xp)
        wide = _gelu(x @ layer["wide"] + layer["wide_bias"], xp)
        narrow = wide @ layer["narrow"] + layer["narrow_bias"]
        x = _normed(x + drop(narrow), layer["last_norm"], layer["last_norm_bias"], xp)
    return x


def _attended(layer: Layer, x: Any, apart: Any, drop: Callable[[Any], Any], xp: Any) -> Any:
    query, key, value = (
        _in_heads(x @ layer[name] + layer[f"{name}_bias"], xp) for name in NAMES[:3]
    )
    alike = query @ xp.swapaxes(key, -1, -2) / math.sqrt(query.shape[-1]) + apart
    raised = xp.exp(alike - alike.max(axis=-1, keepdims=True))
    shares = drop(raised / raised.sum(axis=-1, keepdims=True))
    joined = xp.swapaxes(shares @ value, -2, -3).reshape(x.shape)
    return joined @ layer["out"] + layer["out_bias"]


def _in_heads(x: Any, xp: Any) -> Any:
    """(..., n, d) as (..., heads, n, d / heads)."""
    return xp.swapaxes(x.reshape(*x.shape[:-1], _HEADS, -1), -2, -3)


def _normed(x: Any, gain: Any, bias: Any, xp: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return centred / xp.sqrt(variance + _EPSILON) * gain + bias


def _gelu(x: Any, xp: Any) -> Any:
    """By the hyperbolic tangent (Hendrycks and Gimpel 2016, arXiv 1606.08415, section 2)."""
    return 0.5 * x * (1 + xp.tanh(_GELU * (x + 0.044715 * x * x * x)))


def to_bytes(layer: Layer) -> dict[str, NDArray[Any]]:
    """A layer in a quarter of the size: of each column of a matrix, whole numbers and a scale."""
    small: dict[str, NDArray[Any]] = {}
    for name, array in layer.items():
        if array.ndim < 2:
            small[name] = array.astype(np.float16)
            continue
        scale = np.maximum(np.abs(array).max(axis=0), 1e-9) / 127
        small[name] = np.rint(array / scale).astype(np.int8)
        small[f"{name}_scale"] = scale.astype(np.float32)
    return small


def from_bytes(small: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """The layer that `to_bytes` made small."""
    return {
        name: np.multiply(array, small.get(f"{name}_scale", np.float32(1)), dtype=np.float32)
        for name, array in small.items()
        if not name.endswith("_scale")
    }
