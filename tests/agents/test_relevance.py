from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.perspective import second_person
from agents.relevance import first_sentence, keeps_to
from context.items import Item, Provenance
from context.labels import Label, Trust
from context.policy import OWNER_GENERAL


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


def item(text: str) -> Item:
    label = Label(frozenset({OWNER_GENERAL}), Trust.OWNER)
    return Item("id", text, label, Provenance.OWNER_SPOKE, datetime(2026, 3, 14, tzinfo=UTC))


@pytest.mark.parametrize(
    ("fact", "question", "said"),
    [
        ("my car is on level 3", "where is my car?", "Your car is on level 3."),
        ("my doctor is called Maria Lopez", "who is my doctor?", "Maria Lopez is your doctor."),
        ("I've got two cats", "how many cats have I got?", "You have two cats."),
        ("my locker is number 88", "what's my locker number?", "Your locker number is 88."),
        ("I was born in Graz", "where was I born?", "You were born in Graz."),
    ],
)
def test_what_the_item_says_keeps_to_it(fact: str, question: str, said: str) -> None:
    assert keeps_to(said, item(fact), question)


@pytest.mark.parametrize(
    ("fact", "question", "said"),
    [
        ("my car is on level 3", "where is my car?", "You are on level 3 of your car."),
        ("my car is on level 3", "where is my car?", "You are on level 3."),
        ("my car is on level 3", "where is my car?", "Level 3 is on your car."),
        (
            "my sister's dog is called Bruno",
            "what is my sister's dog called?",
            "Bruno's sister's dog is Bruno.",
        ),
        ("I am not allergic to nuts", "what am I allergic to?", "You are allergic to nuts."),
        ("Ben owes me twenty euros", "how much does Ben owe me?", "You owe Ben twenty euros."),
        ("Tom is taller than Max", "is Tom taller than Max?", "Max is taller than Tom."),
    ],
)
def test_the_same_words_about_something_else_do_not(fact: str, question: str, said: str) -> None:
    assert not keeps_to(said, item(fact), question)


@given(st.sampled_from(["my car is red", "I was in Graz", "we are not at home", "Ben owes me 20"]))
def test_the_item_itself_keeps_to_itself(fact: str) -> None:
    said = second_person(fact)
    assert keeps_to(f"{said[0].upper()}{said[1:]}.", item(fact), "what about it?")
