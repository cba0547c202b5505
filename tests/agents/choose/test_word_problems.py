import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.arithmetic import evaluate
from agents.choose.word_problems import sum_in


@pytest.mark.parametrize(
    ("story", "answer"),
    [
        ("the coat is sixty euros with twenty percent off, what do I pay", 48),
        ("twenty percent off sixty euros, what's left to pay at the till", 48),
        ("sixty quid and a third off, how much now", 40),
        ("a hundred and ten it cost, half price now", 55),
        ("four of us are sharing a bill of eighty-six fifty", 21.625),
        ("there's three of them and ninety marbles, how many does each get", 30),
        ("I split 120 among eight people, what's each one's part", 15),
        ("seven crates at twelve bottles each, how many is that", 84),
        ("nineteen fifty an hour for thirty hours, what does she earn", 585),
        ("she works thirty hours at nineteen fifty an hour, what does she earn", 585),
        ("sixteen seats to a row and nine rows, how many guests fit", 144),
        ("the yard is six metres by four and a half, what area is that", 27),
        ("a scarf at forty euros and they give me ten percent less, what do I pay", 36),
        ("nine sacks from her at twelve pounds the kilo, what do I owe", 108),
        ("I swim 2 kilometres every day, how far is that over 30 days", 60),
        ("thirty metres of hedge and each shrub's 1.5 metres wide, how many shrubs is that", 20),
        ("she walked six rounds in 48 minutes, so how many minutes was that for each", 8),
        ("bulbs come in 0.5 metre lengths and I've got six of them, what's that in all", 3),
        ("it's for four and takes 200 grams of rice, we'll be seven, how much rice", 350),
        ("I had fifty stamps and used twenty-one, how many are left", 29),
    ],
)
def test_stories_of_two_numbers(story: str, answer: float | None) -> None:
    found = sum_in(story)
    assert (None if found is None else float(evaluate(found))) == answer


@pytest.mark.parametrize(
    "said",
    [
        "I had 12 plums and 4 plums went off, how many plums did mum have",
        "what's 12 times 7",
        "my grandad is 80",
        "I have two dogs and three cats",
        "",
    ],
)
def test_others_are_none(said: str) -> None:
    assert sum_in(said) is None


@given(st.text(max_size=80))
def test_any_text_is_safe(said: str) -> None:
    assert sum_in(said) is None or evaluate(str(sum_in(said))) is not None
