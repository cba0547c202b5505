"""The top layers of the sentence embedder as they come, for training to begin with."""

# onnx has no types:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from pathlib import Path
from typing import Any, Final

import numpy as np

from agents.choose.layers import Layer

_PARTS: Final = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "out": "attention.output.dense",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
}
_NORMS: Final = {"norm": "attention.output.LayerNorm", "last_norm": "output.LayerNorm"}
_ALL: Final = 6


def top_layers(path: Path, many: int = 3) -> list[Layer]:
    """The last `many` of the embedder's six layers. path: its `model.onnx`. Raises OSError, or
    ValueError if it has other layers than it should.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_model_from_string(path.read_bytes()).graph
    arrays = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    makers = {each.output[0]: each for each in graph.node}
    added = {name: each for each in graph.node if each.op_type == "Add" for name in each.input}

    def matrix(bias: str) -> Any:
        product = next(makers[each] for each in added[bias].input if each in makers)
        name = str(product.input[1])  # its whole numbers and scales stand beside it
        return arrays[f"{name}_q"].astype(np.float32) * arrays[f"{name}_scale"]

    layers: list[Layer] = []
    try:
        for number in range(_ALL - many, _ALL):
            begins = f"inner.encoder.layer.{number}"
            layer: dict[str, Any] = {}
            for name, part in _PARTS.items():
                bias = f"{begins}.{part}.bias"
                layer |= {name: matrix(bias), f"{name}_bias": arrays[bias]}
            for name, part in _NORMS.items():
                layer[name] = arrays[f"{begins}.{part}.weight"]
                layer[f"{name}_bias"] = arrays[f"{begins}.{part}.bias"]
            layers.append(layer)
    except (KeyError, StopIteration) as error:
        raise ValueError(f"{path.name} is not the embedder that is trained on.") from error
    return layers
