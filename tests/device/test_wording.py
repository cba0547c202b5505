"""What the words say about the end: fixed sentences, and no text that breaks it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.router import Router
from device.listen.endpoint import Completeness
from device.listen.wording import completeness, is_asking, is_settled


@pytest.fixture(scope="module")
def router() -> Router:
    made = Router()
    made.load()
    return made


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "Okay, so, how do I boil an egg",
        "Could you tell me about Rome",
        "I'd like a large coffee with milk.",
        "Pour me a glass of water.",
        "Tell me a story about a fox.",
        "I am going to Oslo. What should I pack?",
        "Never mind.",
        "Cappuccino, please.",
        "Make me a coffee. With milk.",
        "When does the shop close",
    ],
)
def test_questions_requests_and_short_answers_ask(text: str) -> None:
    assert is_asking(text)


@pytest.mark.parametrize(
    "text",
    [
        "Margaret looked at him as he came back from the door.",
        "My sister told me about it yesterday.",
        "When a man looks for something beyond his reach, he climbs.",
        "It was a grey morning in November.",
        "In the evening the rain stopped.",
        "Chapter twelve.",
        "Gave me a book.",
        "Let us now describe what was seen there.",
        "What a day it was. The boats came home one after the other, and nobody spoke.",
        "Is it you? " + "He went on to speak of the harvest. " * 4,
    ],
)
def test_statements_tell(text: str) -> None:
    assert not is_asking(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Set a timer for five minutes.", Completeness.COMPLETE),
        ("Set a timer for", Completeness.INCOMPLETE),
        ("Why is the sky blue?", Completeness.ASKED),
        ("The sky was blue that day.", Completeness.TELLING),
    ],
)
def test_words_say_how_complete_they_are(router: Router, text: str, expected: Completeness) -> None:
    assert completeness(text, router.route(text)) is expected


def test_what_is_told_in_another_language_is_open(router: Router) -> None:
    text = "Il faisait froid ce matin."
    assert completeness(text, router.route(text), "fr") is Completeness.OPEN


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=80))
def test_any_text_will_do(text: str) -> None:
    assert is_asking(text) in (True, False)


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("Undo that.", True),
        ("Is the gate closed?", True),
        ("What is the capital of France?", True),
        ("What is the capital of?", False),
        ("And do that.", False),
        ("Set a timer.", False),
        ("Call Anna.", False),
        ("Remember that my car is on level three.", False),
    ],
)
def test_what_needs_no_other_reading(router: Router, text: str, settled: bool) -> None:
    assert is_settled(text, router.route(text)) is settled
