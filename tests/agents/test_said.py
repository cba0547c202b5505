import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.corrections import begins_with_correction, corrected, corrected_number
from agents.mapped import Mapped
from agents.numbers import in_digits
from agents.reworded import command_in, concluded, sentences
from agents.said import hear


def test_what_is_left_still_knows_the_words_it_came_from() -> None:
    text = Mapped.of("remind me at 5 to buy two apples")
    short = text.replaced(10, 14, "thistime")
    assert short.text == "remind me thistime to buy two apples"
    start = short.text.index("buy")
    assert short.own_words(start, len(short.text)) == "buy two apples"
    cut = short.sub(re.compile("thistime "), "")
    assert cut.own_words(0, len(cut.text)) == "remind me to buy two apples"


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 5)), max_size=4))
def test_every_part_comes_from_the_original(text: str, cuts: list[tuple[int, int]]) -> None:
    mapped = Mapped.of(text)
    for start, many in cuts:
        begin = min(start, len(mapped.text))
        end = min(begin + many, len(mapped.text))
        mapped = mapped.replaced(begin, end, "x" if many % 2 else "")
    assert len(mapped.text) == len(mapped.starts) == len(mapped.ends)
    assert all(0 <= a <= b <= len(text) for a, b in zip(mapped.starts, mapped.ends, strict=True))
    words = mapped.own_words(0, len(mapped.text))
    assert all(word in text for word in words.split())


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("twenty-five past six", "25 past 6"),
        ("seven thirty", "7 30"),
        ("seven, thirty", "7, 30"),
        ("the third of May", "the 3rd of May"),
        ("one hundred and five", "105"),
        ("level 3", "level 3"),
    ],
)
def test_numbers_are_written_in_digits(said: str, written: str) -> None:
    assert in_digits(Mapped.of(said), "en").text == written


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Hey Jarvis, um, could you set a timer, please?", "set a timer"),
        ("Okay, remind me at five to call, uh, Anna. Thanks!", "remind me thistime to call Anna"),
        ("What's the time?", "What's the time"),
        ("five more minutes", "thismore"),
        ("a ten-minute timer", "a thislong timer"),
    ],
)
def test_courtesies_fillers_and_times_are_taken_out(text: str, short: str) -> None:
    assert hear(text, "en").short.text == short


def test_a_polite_question_asks_for_something_and_a_plain_one_does_not() -> None:
    assert not hear("Could you stop?", "en").question
    assert hear("Did it stop?", "en").question


def test_a_correction_takes_back_words_before_it() -> None:
    for text in (
        "set a timer for five minutes, no, make that ten minutes",
        "set a timer for five, no, ten minutes",
        "set a timer for five minutes, sorry, set a timer for ten minutes",
    ):
        assert "set a timer for ten minutes" in list(corrected(text, "en")), text
    assert list(corrected("set a timer for five minutes", "en")) == []


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("I'm off to bed, lock the front door", "lock the front door"),
        ("wake me at seven, I have a train to catch", "wake me at seven"),
    ],
)
def test_a_reason_before_or_after_is_no_part_of_the_command(text: str, command: str) -> None:
    assert command in list(command_in(text, "en"))


def test_sentences_end_at_their_marks_and_not_in_a_title_or_a_time() -> None:
    text = "Dr. Lane called at 7 a.m. on Monday. It's about Mr. Orr's leg! Remind me at 7.30."
    assert sentences(text, "en") == [
        "Dr. Lane called at 7 a.m. on Monday.", "It's about Mr. Orr's leg!", "Remind me at 7.30.",
    ]  # fmt: skip
    assert sentences("lock the door", "en") == ["lock the door"]


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("I've a plumber coming, so remind me at two to move the car",
         "remind me at two to move the car"),
        ("my doctor told me to walk more, so set an alarm for six", "set an alarm for six"),
        ("she said I could, so turn on the light", None),
        ("Anna says it's late, so could you turn on the light", "could you turn on the light"),
        ("friday at nine, remind me to send the bill", None),
    ],
)  # fmt: skip
def test_a_command_follows_from_what_is_told_before_it(text: str, tail: str | None) -> None:
    found = concluded(text, "en")
    assert (found and found[1]) == tail


@pytest.mark.parametrize("text", ["he said, lock the door", "The message said, call Bob"])
def test_reported_speech_is_no_command(text: str) -> None:
    assert list(command_in(text, "en")) == []


@given(st.text(max_size=80))
def test_any_text_is_safe(text: str) -> None:
    heard = hear(text, "en")
    assert len(heard.short.text) <= len(text) * 4 + 16
    assert all(isinstance(each, str) for each in corrected(text, "en"))
    assert all(isinstance(each, str) for each in command_in(text, "en"))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "set a timer for five minutes, no wait, make that eight",
            "set a timer for eight minutes",
        ),
        ("set a 20 minute timer sorry I mean 25 minutes", "set a 25 minute timer"),
        ("set an alarm for 9 tomorrow, no, 9:30", "set an alarm for 9:30 tomorrow"),
        ("wake me at 7 a.m., no, 8 p.m. on Monday", "wake me at 8 p.m. on Monday"),
        ("remind me in 10 minutes, no, 15, to eat", "remind me in 15 minutes, to eat"),
        ("add milk, no, cheese to the list", None),
        ("what's 6 times 8, no, 6 times 9", None),
        ("set a timer for five minutes", None),
        ("no, ten", None),
    ],
)
def test_a_corrected_number_stands_in_the_place_of_the_last(text: str, meant: str | None) -> None:
    assert corrected_number(text, "en") == meant


def test_own_words_may_begin_with_a_correction() -> None:
    assert begins_with_correction("I mean remind me to eat", "en")
    assert begins_with_correction("no, at half six", "en")
    assert not begins_with_correction("nobody knows", "en")
