"""The layers in numpy, beside the embedder's own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agents.choose.layers import NAMES, from_bytes, through, to_bytes
from agents.choose.learned import EMBEDDER
from agents.choose.pretrained import top_layers
from context.embed import MiniLM

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def folder(model_folder: Callable[[str], Path]) -> Path:
    return model_folder(EMBEDDER)


@pytest.mark.parametrize("text", ["five minutes please", "", "ä" * 3000, "a b c " * 200])
def test_untrained_they_give_what_the_embedder_gives(folder: Path, text: str) -> None:
    embedder = MiniLM(folder)
    embedder.load()
    tokens = embedder.tokens(text)
    mean = through(top_layers(folder / "model.onnx"), tokens.below).mean(axis=0)
    assert mean @ tokens.mean / np.linalg.norm(mean) == pytest.approx(1, abs=1e-4)


def test_a_batch_that_is_filled_up_gives_the_same(folder: Path) -> None:
    layers = top_layers(folder / "model.onnx")
    random = np.random.default_rng(1)
    short = random.normal(size=(3, 384)).astype(np.float32)
    filled = np.vstack([short, random.normal(size=(5, 384)).astype(np.float32)])
    apart = np.where(np.arange(8) < 3, 0.0, -1e9)[None, None, None, :]
    batch = through(layers, filled[None], apart=apart)
    np.testing.assert_allclose(batch[0, :3], through(layers, short), atol=1e-3)


def test_a_layer_made_small_is_nearly_the_same_and_a_quarter_of_the_size(folder: Path) -> None:
    layer = top_layers(folder / "model.onnx", 1)[0]
    small = to_bytes(layer)
    back = from_bytes(small)
    assert back.keys() == layer.keys()
    assert set(NAMES) < set(back)
    for name, array in layer.items():
        np.testing.assert_allclose(back[name], array, atol=np.abs(array).max() / 100)
    sizes = [sum(each.nbytes for each in of.values()) for of in (small, layer)]
    assert sizes[0] < 0.27 * sizes[1]


def test_what_is_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "other", [value], [])
    onnx.save(helper.make_model(graph), tmp_path / "model.onnx")
    with pytest.raises(ValueError, match="not the embedder"):
        top_layers(tmp_path / "model.onnx")
