"""What an owner hears from the real model."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.agent import DONT_KNOW_OWN, PRIVATE
from agents.llama import LlamaModel
from agents.model import ChatModel
from agents.prompt import SYSTEM

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def qwen(model_file: Callable[[str], Path]) -> ChatModel:
    name = "qwen2.5-coder-0.5b-instruct"
    return LlamaModel(model_file(name), threads=1)


def test_it_knows_what_it_was_told_and_what_it_was_not(talk, qwen) -> None:
    conversation = talk(qwen)
    assert qwen.count_tokens(SYSTEM) < 120
    assert conversation.say("Remember that the spare key is under the blue flower pot.") == (
        "I'll remember that the spare key is under the blue flower pot."
    )
    reply = conversation.say("Where is the spare key?")
    assert "blue flower pot" in reply
    assert not reply.startswith("You told me"), "the template spoke, not the model"
    assert "Paris" in conversation.say("What is the capital of France?")
    assert conversation.say("Where is my passport?") == DONT_KNOW_OWN


@pytest.mark.parametrize(
    "request_",
    ["Could you water my plants?", "Email the report to my boss.", "Unlock the front door."],
)
def test_it_does_not_pretend(talk, qwen, request_) -> None:
    conversation = talk(qwen)
    assert conversation.say(request_).startswith(("I can't ", "I'm not connected"))
    assert not any(receipt.ok for receipt in conversation.receipts)


FACTS = [
    ("my car is on level 3", "Where is my car?", "level 3"),
    ("Anna's birthday is on the 4th of May", "When is Anna's birthday?", "4th of May"),
    ("I am afraid of spiders", "What am I afraid of?", "spiders"),
    ("the wifi is called green elephant 42", "What's the wifi called?", "elephant 42"),
    ("my doctor is called Maria Lopez", "Who is my doctor?", "Maria Lopez"),
    ("I lent my drill to Peter", "Who has my drill?", "Peter"),
    ("my glasses are on the piano", "Where are my glasses?", "on the piano"),
    ("my sister's dog is called Bruno", "What is my sister's dog called?", "dog is called Bruno"),
    ("Lena gave me the blue vase", "Who gave me the blue vase?", "Lena gave you"),
]


@pytest.mark.parametrize(("fact", "question", "answer"), FACTS)
def test_facts_are_told_back_to_their_owner(talk, qwen, fact, question, answer) -> None:
    conversation = talk(qwen)
    conversation.say(f"remember that {fact}")
    reply = conversation.say(question)
    assert answer.lower() in reply.lower()
    assert "you are on" not in reply.lower(), "that is where the thing is, not its owner"
    said = reply.lower().removeprefix("you told me that ").rstrip(".").split()
    assert not {"i", "my", "me", "mine", "our", "we"} & set(said)


def test_what_is_private_is_told_after_the_button_only(talk, qwen, speaker) -> None:
    conversation = talk(qwen)
    conversation.say("remember that the wifi password is green elephant 42")
    assert conversation.say("What's the wifi password?") == PRIVATE
    speaker.press()
    assert "elephant 42" in conversation.say("What's the wifi password?")
    speaker.let_go()
    assert "elephant" not in conversation.say("What is the capital of France?")
