"""Text as it is spoken. What a voice reads right by itself stays; the rest becomes words."""

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from device.speak.normalize import speech_text

_PIECES = [
    *("9:05", "14:30", "4:00 PM", "7 p.m.", "$3.50", "$5", "€20", "£3m", "21°C", "5 km/h", "10 m"),
    *("1/2", "3/4", "10–12", "10-12", "1939–1945", "2026-11-23", "11/23/2026", "Nov 23", "May 5"),
    *("1990s", "in 1999", "Dr. Smith", "e.g.", "etc.", "No. 5", "#5", "**bold**", "`code`", "a/b"),
    *("https://www.example.com/x", "bob@example.com", "555-1234", "+1 415 555 2671", "Henry VIII"),
    *("½", "24/7", "16:9", "~5", "100k", "->", "-", "/", ":", ".", ",", "(", "5", "km", "a", "in"),
]


@settings(deadline=None)
@given(st.text(max_size=80))
@example("v\u017f. them")  # with a long s
@example("\u0130.e. so")  # with a dotted I
@example("1:00:1")
def test_spoken_text_goes_through_unchanged(text: str) -> None:
    spoken = speech_text(text)
    assert speech_text(spoken) == spoken


@settings(deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=6), st.sampled_from(["", " "]))
def test_spoken_numbers_and_signs_go_through_unchanged(pieces: list[str], between: str) -> None:
    spoken = speech_text(between.join(pieces))
    assert speech_text(spoken) == spoken


@settings(deadline=None)
@given(st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=9), max_size=12))
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    text = " ".join(words)
    assert speech_text(text) == text


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12), st.booleans())
def test_plain_numbers_stay_as_they_are(number: int, grouped: bool) -> None:
    text = f"There are {number:,} of them." if grouped else f"There are {number} of them."
    assert speech_text(text) == text


@settings(deadline=None)
@given(st.integers(0, 23), st.integers(0, 59))
def test_no_time_keeps_its_digits(hour: int, minute: int) -> None:
    spoken = speech_text(f"It's {hour}:{minute:02}.")
    assert spoken.startswith("It's ")
    assert spoken.endswith(".")
    assert not set(spoken) & set("0123456789:")


@pytest.mark.parametrize(
    "text",
    [
        *("3.5 and 0.25", "the 22nd", "20% of it", "AT&T and a & b", "1 + 1 = 2", "007", "v1.2.3"),
        *("192.168.1.1", "10:30:15", "well-known", "covid-19", "the score is 3-2", "9/11", "USA"),
        *("No. I don't.", "you may 5", "5 in the box", "in 2005", "in 1500 meters", "I'm V."),
        *("Timer set for 10 minutes.", "What should I remember?", "a.b", "he said: yes"),
    ],
)  # fmt: skip
def test_what_a_voice_reads_right_stays(text: str) -> None:
    assert speech_text(text) == text


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("It's 9:05.", "It's nine oh five."),
        ("at 14:30", "at fourteen thirty"),
        ("It's 4:05 PM.", "It's four oh five PM."),
        ("10:00 AM", "ten AM"),
        ("at 7 p.m. We go", "at 7 PM. We go"),
        ("at 7 p.m. we go", "at 7 PM we go"),
        ("4:00", "four o'clock"),
        ("14:00", "fourteen hundred"),
        ("in 1999", "in nineteen ninety-nine"),
        ("in 1905", "in nineteen oh five"),
        ("the 1990s", "the nineteen nineties"),
        ("1939–1945", "nineteen thirty-nine to nineteen forty-five"),
        ("Nov. 23", "November twenty-third"),
        ("It's Monday, November 23.", "It's Monday, November twenty-third."),
        ("2026-11-23", "November twenty-third, twenty twenty-six"),
        ("23/11/2026", "November twenty-third, twenty twenty-six"),
        ("99/99/2026", "99/99/2026"),
        ("$5", "5 dollars"),
        ("$1", "1 dollar"),
        ("$3.50", "3 dollars and 50 cents"),
        ("$0.99", "99 cents"),
        ("$1,200", "1,200 dollars"),
        ("£3m", "3 million pounds"),
        ("€2.5 million", "2.5 million euros"),
        ("20 €", "20 euros"),
        ("5 km/h", "5 kilometers per hour"),
        ("1 kg", "1 kilogram"),
        ("-5°C", "-5 degrees Celsius"),
        ("32GB", "32 gigabytes"),
        ("10–12 km", "10 to 12 kilometers"),
        ("1/2", "one half"),
        ("3/4 of it", "three quarters of it"),
        ("2½ cups", "2 and a half cups"),
        ("24/7", "twenty-four seven"),
        ("555-1234", "five five five, one two three four"),
        ("Dr. Smith and Mrs. Jones", "Doctor Smith and Missus Jones"),
        ("St. John Street", "Saint John Street"),
        ("e.g. apples, pears, etc.", "for example apples, pears, et cetera."),
        ("approx. 5", "approximately 5"),
        ("No. 5", "Number 5"),
        ("#5", "number 5"),
        ("Henry VIII", "Henry the eighth"),
        ("World War II", "World War two"),
        ("**Bold**, _soft_ and `code`", "Bold, soft and code"),
        ("# Title", "Title"),
        ("- one\n- two", "one two"),
        ("[the page](https://x.org/y)", "the page"),
        ("See https://www.example.com/a/b?c=d.", "See example dot com."),
        ("bob.smith@example.com", "bob dot smith at example dot com"),
        ("he/she", "he or she"),
        ("and/or", "and or"),
    ],
)
def test_what_a_voice_reads_wrong_becomes_words(text: str, spoken: str) -> None:
    assert speech_text(text) == spoken


def test_the_voices_own_reading_is_better_with_words() -> None:
    """The phonemes that Piper gets, of what was left alone and of what was not."""
    from piper.phonemize_espeak import ESPEAK_DATA_DIR, EspeakPhonemizer

    def said(text: str) -> str:
        return "".join("".join(each) for each in EspeakPhonemizer(ESPEAK_DATA_DIR).phonemize(
            "en-us", text
        ))  # fmt: skip

    for raw, as_if in (
        ("9:05", "nine oh five"),
        ("$5", "five dollars"),
        ("5 km/h", "five kilometers per hour"),
        ("1,000", "one thousand"),
        ("-5", "minus five"),
        ("22nd", "twenty second"),
    ):
        assert said(speech_text(raw)) == said(as_if)
