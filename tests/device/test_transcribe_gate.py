"""What is doubtful in a transcript, what the trimmed window is, and what words are expected."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.transcribe.gate import Doubt, doubt, most_tokens, repeats_its_end, settled
from device.transcribe.vocabulary import vocabulary_prompt
from device.transcribe.window import active_s, silence, trimmed, with_silence_after

# the gate


def judged(
    text: str,
    *,
    sound_s: float = 3.0,
    active_s: float = 2.0,
    tokens: int = 8,
    sure: float = -0.2,
    ratio: float = 1.0,
) -> Doubt | None:
    return doubt(
        text,
        sound_s=sound_s,
        active_s=active_s,
        tokens=tokens,
        average_log_probability=sure,
        compression_ratio=ratio,
    )


@pytest.mark.parametrize(
    "text",
    [
        "Hold on, hold fast, hold out. Hold on, hold fast",
        "Is the garage door open? Is the garage door open?",
        "Pause time. Pause time. Pause",
        "Never mind. Never mind.",
        "stop, Stop!",
    ],
)
def test_an_end_that_is_said_again_is_a_loop(text: str) -> None:
    assert repeats_its_end(text)
    assert judged(text) is Doubt.LOOP


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Stop.",
        "What is it that it is?",
        "Hold on, hold fast, hold out.",
        "Turn it on and on it goes",
    ],
)
def test_other_text_is_not(text: str) -> None:
    assert not repeats_its_end(text)


@given(
    st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=8),
    st.lists(st.sampled_from(["red", "green", "blue"]), min_size=1, max_size=6),
    st.integers(2, 4),
)
def test_whatever_is_said_at_least_twice_at_the_end_is_found(
    before: list[str], again: list[str], times: int
) -> None:
    assert repeats_its_end(" ".join(before + again * times))


def test_each_doubt() -> None:
    assert judged("Set a timer for ten minutes.") is None
    assert judged("Set a timer.", tokens=most_tokens(3.0)) is Doubt.NO_END
    assert judged("ha" * 40, ratio=3.0) is Doubt.LOOP
    assert judged("Sat on timber.", sure=-1.3) is Doubt.UNSURE
    assert judged("Set a timer for ten minutes and call it tea.", sound_s=0.4) is Doubt.TOO_LONG
    assert judged("So", active_s=2.5) is Doubt.ENDS_EARLY
    assert judged("Yes", active_s=0.4) is None


@pytest.mark.parametrize(
    ("first", "second", "doubts", "kept"),
    [
        ("Stop. Stop.", "Stop, stop!", (Doubt.LOOP, Doubt.LOOP), True),
        ("Pause. Pause.", "Pause.", (Doubt.LOOP, None), True),
        ("On and on.", "On and on and on.", (Doubt.LOOP, Doubt.LOOP), False),
        ("Too.", "Two.", (Doubt.UNSURE, Doubt.UNSURE), True),
        ("Sat on the timber", "Set on a timber", (Doubt.UNSURE, Doubt.UNSURE), False),
        ("So", "So", (Doubt.UNSURE, Doubt.ENDS_EARLY), False),
        ("a b", "a b", (Doubt.NO_END, Doubt.NO_END), False),
    ],
)
def test_what_a_second_look_settles(
    first: str, second: str, doubts: tuple[Doubt, Doubt | None], kept: bool
) -> None:
    assert settled(first, second, doubts, active_s=2.0) is kept


def test_much_sound_with_few_words_is_not_settled_by_losing_them_twice() -> None:
    doubts = (Doubt.ENDS_EARLY, Doubt.ENDS_EARLY)
    assert settled("Chapter 6.", "Chapter 6.", doubts, active_s=2.5)
    assert not settled("Chapter 6.", "Chapter 6.", doubts, active_s=8.0)


@given(st.floats(0, 30), st.floats(0, 30))
def test_longer_clips_hold_no_fewer_tokens(shorter_s: float, more_s: float) -> None:
    assert 0 < most_tokens(shorter_s) <= most_tokens(shorter_s + more_s)


# the window


@settings(deadline=None)
@given(st.integers(1, 3000))
def test_a_window_is_the_sound_and_up_to_a_second_of_quiet(frames: int) -> None:
    features = np.random.default_rng(frames).random((4, frames), dtype=np.float32)
    window = trimmed(features)
    assert window.shape[1] == min(frames + 100 + frames % 2, 3000)
    assert (window[:, :frames] == features).all()
    assert (window[:, frames:] <= features.min()).all()
    assert window.dtype == np.float32


@settings(deadline=None)
@given(st.integers(1, 1500), st.floats(0, 30))
def test_the_decoder_sees_the_utterance_and_then_the_end_of_silence(
    positions: int, tail_s: float
) -> None:
    encoding = np.zeros((1, positions, 2), dtype=np.float32)
    whole = np.repeat(np.arange(1, 1501, dtype=np.float32)[None, :, None], 2, axis=2)
    seen = with_silence_after(encoding, whole, tail_s)
    tail = seen[0, positions:, 0]
    assert len(tail) == min(int(tail_s * 50), 1500 - positions)
    assert (tail == np.arange(1501 - len(tail), 1501)).all()
    assert seen.shape[1] <= 1500


def test_sound_is_what_is_near_the_loudest() -> None:
    features = silence(4)[:, :300]
    assert active_s(features) == 3.0
    features[:, 100:150] = 1.0
    assert active_s(features) == 0.5
    assert active_s(features[:, :0]) == 0.0


# expected words


@given(st.lists(st.text(max_size=40), max_size=60))
def test_expected_words_are_few_whole_and_in_order(expected: list[str]) -> None:
    prompt = vocabulary_prompt(expected)
    assert len(prompt) <= 241
    assert "\n" not in prompt
    assert bool(prompt) <= any(word.strip() for word in expected)


def test_expected_words_are_listed_once() -> None:
    assert vocabulary_prompt(["Siobhan", " living  room", "", "Siobhan"]) == "Siobhan, living room."
    assert vocabulary_prompt([]) == ""
    assert vocabulary_prompt(["", "  "]) == ""
    assert len(vocabulary_prompt([f"name{n}" for n in range(500)])) > 200
