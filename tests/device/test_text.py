"""The pure parts that handle text: clauses, wake phrases, inventions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.speak.clauses import ClauseSplitter
from device.transcribe import Segment
from device.transcribe.hallucination import believable_text
from device.transcribe.wake_phrase import strip_wake_phrase

# clauses


def clauses(pieces: list[str]) -> list[str]:
    splitter = ClauseSplitter()
    found: list[str] = []
    for piece in pieces:
        found += splitter.push(piece)
    return found + splitter.flush()


@given(st.text(max_size=600), st.lists(st.integers(1, 40), min_size=1))
def test_how_the_text_streams_in_does_not_change_the_words(text: str, sizes: list[int]) -> None:
    pieces: list[str] = []
    rest = text
    while rest:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(rest[:size])
        rest = rest[size:]
    assert "".join("".join(clauses(pieces)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It's 4:05 PM. Anything else?", ["It's 4:05 PM.", "Anything else?"]),
        ("Dr. Smith lives on St. John Street.", ["Dr. Smith lives on St. John Street."]),
        ("It costs $3.50 a day.", ["It costs $3.50 a day."]),
        ("The answer is 42. It always was.", ["The answer is 42.", "It always was."]),
        ("1. Boil the water.", ["1. Boil the water."]),
        (
            "Bees live together in hives, where they make honey, and wax.",
            ["Bees live together in hives,", "where they make honey, and wax."],
        ),
        ("Yes, of course.", ["Yes, of course."]),
        ("", []),
    ],
)
def test_where_text_is_cut(text: str, wanted: list[str]) -> None:
    assert clauses(list(text)) == wanted


def test_a_text_without_an_end_is_still_spoken() -> None:
    assert len(clauses(["word " * 200])) > 2


# wake phrases


@pytest.mark.parametrize(
    "written",
    [
        "Hey Jarvis, set a timer.",
        "Hey, Jarvis. Set a timer.",
        "hey jarvis set a timer",
        "A Jarvis, set a timer.",
        "Hey Jervis, set a timer.",
        "Hey Travis, set a timer.",
        "Jarvis, set a timer.",
        "set a timer.",
    ],
)
def test_the_wake_phrase_is_taken_off(written: str) -> None:
    assert strip_wake_phrase(written, "hey jarvis").lower().rstrip(".") == "set a timer"


@pytest.mark.parametrize("written", ["Hey Jarvis.", "Jarvis?", "", "  ", "hey jarvis"])
def test_the_wake_phrase_alone_leaves_nothing(written: str) -> None:
    assert strip_wake_phrase(written, "hey jarvis") == ""


@pytest.mark.parametrize(
    "written", ["What time is it?", "Remember that the key is here.", "Hello there.", "Stop."]
)
def test_words_that_are_not_the_phrase_stay(written: str) -> None:
    assert strip_wake_phrase(written, "hey jarvis") == written


@given(st.text(max_size=200))
def test_stripping_only_ever_takes_from_the_front(text: str) -> None:
    assert text.strip().endswith(strip_wake_phrase(text, "hey jarvis"))


# inventions


def segment(text: str, sure: float = -0.2, silent: float = 0.01, ratio: float = 1.2) -> Segment:
    return Segment(text, sure, silent, ratio)


@pytest.mark.parametrize(
    ("heard", "speech_s"),
    [
        (segment("Thank you.", -0.7, 0.5), 1.0),
        (segment("Thanks for watching!", -0.6), 1.0),
        (segment("you", -0.49, 0.92), 1.0),
        (segment("I'm going to go to the next station.", -1.8, 0.5), 1.5),
        (segment("you", -0.9, 0.7), 0.5),
        (segment("Okay, so this is a long sentence that nobody said at all."), 0.2),
        (segment("a lot of words", -1.4, 0.8), 2.0),
        (segment("hold on hold on hold on hold on hold on hold on", ratio=4.0), 3.0),
        (segment("What time is it?"), 0.0),
        (segment("...", -0.1), 2.0),
    ],
)
def test_inventions_are_not_believed(heard: Segment, speech_s: float) -> None:
    assert believable_text([heard], speech_s) == ""


@pytest.mark.parametrize(
    ("heard", "speech_s"),
    [
        (segment("What time is it?"), 0.8),
        (segment("Thank you.", -0.2, 0.02), 0.6),
        (segment("Stop."), 0.4),
        (segment("Yes."), 0.3),
        (segment("Bye.", -0.47, 0.42), 0.4),
        (segment("Set a timer for ten minutes.", -0.8, 0.1), 1.5),
    ],
)
def test_real_speech_is_believed(heard: Segment, speech_s: float) -> None:
    assert believable_text([heard], speech_s) == heard.text


def test_believable_segments_are_joined() -> None:
    found = [segment("One."), segment("thank you", -1.0, 0.9), segment("Two.")]
    assert believable_text(found, 3.0) == "One. Two."
