import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.durations import LONGEST_SPAN_S, find_duration, find_span, say_duration, say_span
from agents.router import Router

ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ROUTER = Router()
ROUTER.load()


def in_words(number: int, joint: str, after_hundred: str) -> str:
    if number < 20:
        return ONES[number]
    if number < 100:
        tens, one = divmod(number, 10)
        return TENS[tens - 2] + (joint + ONES[one] if one else "")
    hundreds, rest = divmod(number, 100)
    said = f"{ONES[hundreds]} hundred"
    return said + (after_hundred + in_words(rest, joint, after_hundred) if rest else "")


@st.composite
def durations(draw: st.DrawFn) -> tuple[int, str]:
    """Seconds, and one of the ways to say them."""
    counts = [draw(st.integers(0, 23)), draw(st.integers(0, 120)), draw(st.integers(0, 999))]
    assume(any(counts))
    joint, after = draw(st.sampled_from(["-", " "])), draw(st.sampled_from([" ", " and "]))
    parts: list[str] = []
    for count, names in zip(
        counts, (("hour", "hr"), ("minute", "min"), ("second", "sec")), strict=True
    ):
        if not count:
            continue
        digits, short = draw(st.booleans()), draw(st.booleans())
        number = str(count) if digits else in_words(count, joint, after)
        if count == 1 and draw(st.booleans()):
            number = "an" if names[0] == "hour" else "a"
        unit = names[short] + ("s" if count != 1 else "")
        parts.append(f"{number}{draw(st.sampled_from(['-', ' ']))}{unit}")
    joined = draw(st.sampled_from([" ", ", ", " and ", ", and "])).join(parts)
    return counts[0] * 3600 + counts[1] * 60 + counts[2], joined


@given(durations())
def test_every_way_to_say_it_is_found(case: tuple[int, str]) -> None:
    seconds, said = case
    found = find_duration(f"for {said}, please")
    assert found is not None
    assert found.seconds == seconds


@given(
    durations(), st.sampled_from(["Set a timer for {}.", "Could you start a {} timer?", "Timer {}"])
)
def test_every_way_to_say_it_sets_that_timer(case: tuple[int, str], command: str) -> None:
    seconds, said = case
    assert ROUTER.route(command.format(said)).args == {"action": "set", "seconds": seconds}


@given(st.integers(0, 24 * 3600))
def test_what_is_spoken_is_understood(seconds: int) -> None:
    found = find_duration(say_duration(seconds))
    assert found is not None
    assert found.seconds == seconds


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("half an hour", 1800), ("a half hour", 1800), ("half a minute", 30),
        ("an hour and a half", 5400), ("one and a half hours", 5400), ("1.5 hours", 5400),
        ("two point five minutes", 150), ("a quarter of an hour", 900),
        ("three quarters of an hour", 2700), ("an hour and a quarter", 4500),
        ("a couple of minutes", 120), ("a hundred and twenty seconds", 120), ("90s", 90),
        ("1h30m", 5400), ("2 minutes and a half", 150), ("zero seconds", 0),
        ("an hour and ten", 4200),
    ],
)  # fmt: skip
def test_fractions_and_short_forms(said: str, seconds: float) -> None:
    found = find_duration(said)
    assert found is not None
    assert (found.seconds, found.start, found.end) == (seconds, 0, len(said))


@pytest.mark.parametrize(
    ("text", "said", "seconds"),
    [
        ("an hour and ten on a timer", "an hour and ten", 4200),
        ("an hour and ten people", "an hour", 3600),
        ("it takes 5 minutes, so set a timer for five minutes", "five minutes", 300),
    ],
)
def test_where_it_stands(text: str, said: str, seconds: float) -> None:
    found = find_duration(text)
    assert found is not None
    assert (found.seconds, text[found.start : found.end].strip()) == (seconds, said)


@pytest.mark.parametrize(
    "text",
    [
        "", "seconds", "a", "ten", "ten seconds or five minutes", "five minutes. Ten seconds",
        "ten percent", "9" * 40 + " hours", "one two three", "\u00b2 hours",
    ],
)  # fmt: skip
def test_no_duration_or_more_than_one(text: str) -> None:
    assert find_duration(text) is None


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    found = find_duration(text)
    assert found is None or 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("the last ten minutes", 600),
        ("last 10 minutes.", 600),
        ("the past half hour", 1800),
        ("the last half an hour", 1800),
        ("in the last hour", 3600),
        ("from the last hour and a half", 5400),
        ("the last couple of minutes", 120),
        ("the last few minutes", 300),
        ("the last day", 86_400),
        ("the last couple of days", 172_800),
        ("the last two weeks", 1_209_600),
        ("the last note", None),
        ("the last hour of the movie", None),
        ("the last 999999999 hours", None),
        ("the last 0 minutes", None),
        ("ten minutes", None),
        ("", None),
    ],
)
def test_spans_are_found(said: str, seconds: float | None) -> None:
    assert find_span(said) == seconds


@given(st.integers(1, 10**7))
def test_a_span_is_said_as_it_is_understood(seconds: int) -> None:
    # A day and more is found in days only.
    if seconds < 86_400 or seconds % 86_400 == 0:
        assert find_span(f"the last {say_span(seconds)}") == seconds


@given(st.text(max_size=60))
def test_any_text_is_looked_at_for_a_span(text: str) -> None:
    for said in (text, f"the last {text}", f"the last {text} days"):
        seconds = find_span(said)
        assert seconds is None or 0 < seconds <= LONGEST_SPAN_S
