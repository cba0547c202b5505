import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.relevance import first_sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("The key is under the pot.", "The key is under the pot."),
        ("The key is under the pot. Anything", "The key is under the pot."),
        ("\nIt is.\nYou know", "It is."),
        ("It is here\nYou", "It is here"),
        ("Your car is on level 3.", None),
        ("It costs 3.50 euros", None),
        ("Your car is on level 3. Yes", "Your car is on level 3."),
        ("Your doctor is Dr.", None),
        ("Your doctor is Dr. Lopez.", "Your doctor is Dr. Lopez."),
        ("It is at 8 p.m. on Monday.", "It is at 8 p.m. on Monday."),
        ("", None),
        ("no end", None),
    ],
)
def test_the_first_sentence_is_known_as_soon_as_it_is_whole(text, sentence) -> None:
    assert first_sentence(text) == sentence


@given(st.lists(st.sampled_from(["a", "Dr.", "end.", " ", "3", ".", "!", "\n", "x?"]), max_size=20))
def test_it_is_the_start_of_the_text_and_one_sentence(pieces: list[str]) -> None:
    text = "".join(pieces)
    sentence = first_sentence(text)
    assert sentence is None or text.lstrip().startswith(sentence)
    assert sentence is None or "\n" not in sentence.rstrip()
