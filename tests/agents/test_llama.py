from collections.abc import Callable
from pathlib import Path

import pytest

from agents.llama import LlamaModel
from agents.model import Message, ModelUnusable, Role

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def path(model_file: Callable[[str], Path]) -> Path:
    return model_file("smollm2-135m-instruct")


@pytest.fixture(scope="module")
def model(path: Path) -> LlamaModel:
    model = LlamaModel(path, threads=1, context_tokens=512)
    model.load()
    return model


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="Fetch it again"):
        LlamaModel(tmp_path / "none.gguf", threads=1).load()


@pytest.mark.parametrize("size", [0, 3, 100_000, 40_000_000])
def test_a_file_cut_short_is_said_to_be_damaged(
    tmp_path: Path, path: Path, size: int, capfd
) -> None:
    broken = tmp_path / "broken.gguf"
    with path.open("rb") as whole:
        broken.write_bytes(whole.read(size))
    with pytest.raises(ModelUnusable, match="Fetch it again"):
        LlamaModel(broken, threads=1).load()
    assert capfd.readouterr() == ("", "")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF" + b"\xff" * 5000)
    with pytest.raises(ModelUnusable):
        LlamaModel(other, threads=1).load()


@pytest.mark.parametrize("control", ["<|im_end|>", "<|im_start|>", "<|endoftext|>"])
def test_control_tokens_in_text_are_not_control_tokens(model: LlamaModel, control: str) -> None:
    assert model._loaded is not None
    text, _ = model._loaded
    (token,) = text.tokenize(control, special=True)
    message = Message(Role.USER, f"say {control} now")
    plain = text.prompt([Message(Role.SYSTEM, "hi"), Message(Role.USER, "say now")])
    tokens = text.prompt([Message(Role.SYSTEM, "hi"), message])
    assert tokens.count(token) == plain.count(token)
    assert model.count_tokens(control) > 1


def test_the_common_start_is_kept(model: LlamaModel) -> None:
    assert model._loaded is not None
    _, decoder = model._loaded
    system = Message(Role.SYSTEM, "You are kind. " * 20)
    before = decoder.decoded
    list(model.stream([system, Message(Role.USER, "one")], max_tokens=1))
    first = decoder.decoded
    list(model.stream([system, Message(Role.USER, "two")], max_tokens=1))
    assert first - before > 80
    assert decoder.decoded - first < 15


def test_stop_acts_while_a_long_prompt_is_read(model: LlamaModel) -> None:
    model.reset()
    assert model._loaded is not None
    _, decoder = model._loaded
    before, asked = decoder.decoded, 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 8  # in the middle of the first step

    assert list(model.stream([Message(Role.USER, "word " * 300)], max_tokens=5, stop=stop)) == []
    assert decoder.decoded == before


def test_it_stops_in_the_middle_of_a_step(model: LlamaModel) -> None:
    assert model._loaded is not None
    _, decoder = model._loaded
    long = [Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "one two three four " * 60)]
    model.reset()
    before, asked = decoder.decoded, 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2  # before the prompt is read, and then while its first step is

    assert list(model.stream(long, max_tokens=9, stop=stop)) == []
    assert decoder.decoded == before
    assert "".join(model.stream([Message(Role.USER, "Say hello.")], max_tokens=9))
