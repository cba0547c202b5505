from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from context import ContextError, MiniLM


def test_the_constructor_opens_nothing(tmp_path: Path) -> None:
    engine = MiniLM(tmp_path / "absent")
    assert engine.dimensions == 384
    with pytest.raises(RuntimeError, match="before"):
        engine.embed(["x"])


def test_missing_weights_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="missing or damaged: pull them again"):
        MiniLM(tmp_path).load()


@pytest.mark.engines
@pytest.mark.parametrize("damaged", ["model.onnx", "tokenizer.json"])
def test_damaged_weights_are_said_so(
    tmp_path: Path, model_folder: Callable[[str], Path], damaged: str
) -> None:
    real = model_folder("minilm-l6-v2-int8")
    for name in ("model.onnx", "tokenizer.json"):
        if name != damaged:
            (tmp_path / name).symlink_to(real / name)
    (tmp_path / damaged).write_bytes((real / damaged).read_bytes()[:100_000])
    with pytest.raises(ContextError, match="missing or damaged"):
        MiniLM(tmp_path).load()


@pytest.mark.engines
def test_it_knows_what_words_mean(model_folder: Callable[[str], Path]) -> None:
    engine = MiniLM(model_folder("minilm-l6-v2-int8"))
    engine.load()
    facts = engine.embed(["I parked the car on level three", "Anna is allergic to peanuts"])
    asked = engine.embed(["where is my vehicle", "what food makes her ill"])
    assert list(np.argmax(asked @ facts.T, axis=1)) == [0, 1]


@pytest.mark.engines
def test_it_reads_up_to_256_tokens(model_folder: Callable[[str], Path]) -> None:
    engine = MiniLM(model_folder("minilm-l6-v2-int8"))
    engine.load()
    long, longer, shorter = engine.embed(["key " * 254, "key " * 300, "key " * 250])
    assert (long == longer).all()
    assert (long != shorter).any()
