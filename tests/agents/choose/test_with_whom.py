"""An appointment is called by what it is and whom it is with."""

import pytest

from agents.choose.asked import is_asked
from agents.choose.spans import with_whom


@pytest.mark.parametrize(
    ("text", "found", "whole"),
    [
        ("meeting with Bo on Monday at 10", "Bo", "meeting with Bo"),
        ("lunch with Priya tomorrow, diary please", "lunch", "lunch with Priya"),
        ("coffee with my sister on Friday", "sister", "coffee with my sister"),
        ("dinner with Ola and Ben at eight", "dinner", "dinner with Ola and Ben"),
        ("a call with Dr. Osei at eight", "a call", "a call with Dr. Osei"),
        ("yoga on Monday at six", "yoga", "yoga"),
        ("meeting with Bo on Monday", "meeting with Bo", "meeting with Bo"),
    ],
)
def test_it_has_both(text: str, found: str, whole: str) -> None:
    start = text.index(found)
    begin, end = with_whom(text, start, start + len(found), ())
    assert text[begin:end] == whole


def test_no_part_of_the_time_is_in_it() -> None:
    text = "lunch with tomorrow"
    assert with_whom(text, 0, 5, ((11, 19),)) == (0, 5)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("on which day is my eye test, I forgot", True),
        ("at what time does it start", True),
        ("on Friday cancel the eye test", False),
    ],
)
def test_a_question_may_begin_with_a_preposition(text: str, asked: bool) -> None:
    assert is_asked(text) is asked
