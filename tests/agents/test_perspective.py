import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.perspective import second_person


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ("my car is on level 3", "your car is on level 3"),
        ("My car is on level 3", "your car is on level 3"),
        ("I parked on level three", "you parked on level three"),
        ("I'm allergic to nuts", "you're allergic to nuts"),
        ("I am tall and I was late", "you are tall and you were late"),
        ("the key is mine", "the key is yours"),
        ("Bob lent me our drill", "Bob lent you your drill"),
        ("we live in the US", "you live in the US"),
        ("Anna loves us", "Anna loves you"),
        ("the author is Henry I. Miller", "the author is Henry I. Miller"),
        ("my mother-in-law's name is Myra", "your mother-in-law's name is Myra"),
        ("I\u2019ve paid. I owe nothing", "you've paid. You owe nothing"),
        ("Anna likes tulips", "Anna likes tulips"),
    ],
)
def test_it_is_said_to_the_owner(said: str, spoken: str) -> None:
    assert second_person(said) == spoken


@given(st.text())
@example("\u0130 said so")  # a capital I with a dot
@example("tell u\u017f")  # with a long s
def test_any_text_can_be_turned(text: str) -> None:
    assert isinstance(second_person(text), str)
