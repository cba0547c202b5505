"""Prompts and choices with the chat templates of several families of models, on random weights.

The templates are written here in the manner of each family: which roles it has, and how a message
begins and ends.
"""

from pathlib import Path

import pytest

from agents.llama import LlamaModel
from agents.model import Message, Role
from tests.agents.tiny_gguf import write_llama

ASK = "{% if add_generation_prompt %}"
FAMILIES = {
    "chatml": (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        + ASK + "<|im_start|>assistant\n{% endif %}"
    ),
    "llama": (
        "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
        "{{ m.content | trim }}<|eot_id|>{% endfor %}"
        + ASK + "<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
    ),
    "gemma": (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
        "{{ raise_exception('System role not supported') }}{% endif %}"
        "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Roles must alternate') }}{% endif %}"
        "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
        "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
        + ASK + "<start_of_turn>model\n{% endif %}"
    ),
    "lfm": (
        "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>"
        "\n{% endfor %}" + ASK + "<|im_start|>assistant\n{% endif %}"
    ),
    "granite": (
        "{% for m in messages %}<|start_of_role|>{{ m.role }}<|end_of_role|>{{ m.content }}"
        "<|end_of_text|>\n{% endfor %}"
        + ASK + "<|start_of_role|>assistant<|end_of_role|>{% endif %}"
    ),
}  # fmt: skip
TURNS = [
    Message(Role.SYSTEM, "be brief"),
    Message(Role.USER, "hello"),
    Message(Role.ASSISTANT, "good day"),
    Message(Role.USER, "pick one"),
]


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LlamaModel:
    path: Path = tmp_path_factory.mktemp(request.param) / "tiny.gguf"
    write_llama(path, FAMILIES[request.param])
    model = LlamaModel(path, threads=1, context_tokens=512)
    model.load()
    return model


def test_every_message_is_in_the_prompt_in_its_order(model: LlamaModel) -> None:
    assert model._loaded is not None
    text, _ = model._loaded
    said = b"".join(text.piece(token) for token in text.prompt(TURNS)).decode()
    places = [said.index(message.content) for message in TURNS]
    assert places == sorted(places)


def test_the_start_is_the_start_of_every_prompt(model: LlamaModel) -> None:
    assert model._loaded is not None
    text, _ = model._loaded
    start = text.start("be brief")
    assert start
    assert text.prompt(TURNS)[: len(start)] == start


def test_it_replies_and_chooses(model: LlamaModel) -> None:
    model.keep_start("be brief")
    assert list(model.stream(TURNS, max_tokens=3))
    likely = model.choose(TURNS, ["tea", "coffee", "tea pot", "none"])
    assert len(likely) == 4
    assert sum(likely) == pytest.approx(1)
    model.reset()
    assert model.choose(TURNS, ["tea", "coffee", "tea pot", "none"]) == pytest.approx(likely, 1e-3)
