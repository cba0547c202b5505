"""What an owner hears from the real model."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.agent import DONT_KNOW_OWN
from agents.llama import LlamaModel
from agents.model import ChatModel
from agents.prompt import SYSTEM

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def qwen(model_file: Callable[[str, str], Path]) -> ChatModel:
    name = "qwen2.5-coder-0.5b-instruct"
    return LlamaModel(model_file(name, f"{name}-q4_k_m.gguf"), threads=1)


def test_it_knows_what_it_was_told_and_what_it_was_not(talk, qwen) -> None:
    conversation = talk(qwen)
    assert qwen.count_tokens(SYSTEM) < 120
    assert conversation.say("Remember that the spare key is under the blue flower pot.") == (
        "I'll remember that the spare key is under the blue flower pot."
    )
    assert "blue flower pot" in conversation.say("Where is the spare key?")
    assert "Paris" in conversation.say("What is the capital of France?")
    assert conversation.say("Where is my passport?") == DONT_KNOW_OWN


@pytest.mark.parametrize(
    "request_",
    ["Could you water my plants?", "Email the report to my boss.", "Unlock the front door."],
)
def test_it_does_not_pretend(talk, qwen, request_) -> None:
    conversation = talk(qwen)
    assert conversation.say(request_).startswith("I can't ")
    assert not any(receipt.ok for receipt in conversation.receipts)
