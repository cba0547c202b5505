"""Barge-in: the user is found, the assistant's own residue is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio import CHUNK_S
from device.listen.barge_in import BargeIn, is_backchannel

PLAYED = 3000.0
level = st.floats(0, 32_768)
chance = st.floats(0, 1)


def fired_at(
    barge_in: BargeIn, chunks: list[tuple[float, float]], played: float = PLAYED
) -> int | None:
    """Return the chunk (speech probability, cleaned level) at which it fires."""
    for number, (speech, cleaned) in enumerate(chunks):
        if barge_in.step(CHUNK_S, speech, cleaned, cleaned, played):
            return number
    return None


ECHO = [(0.9, 30.0), (0.2, 20.0)] * 60


def test_the_user_is_found_within_a_quarter_of_a_second() -> None:
    barge_in = BargeIn()
    assert fired_at(barge_in, ECHO) is None
    found = fired_at(barge_in, [(0.9, 1500.0)] * 20)
    assert found is not None
    assert found * CHUNK_S <= 0.25


def test_it_fires_once_until_it_is_reset() -> None:
    barge_in = BargeIn()
    assert fired_at(barge_in, [(0.9, 1500.0)] * 20) is not None
    assert fired_at(barge_in, [(0.9, 1500.0)] * 50) is None
    barge_in.reset()
    assert fired_at(barge_in, [(0.9, 1500.0)] * 20) is not None


@given(st.lists(st.tuples(chance, st.floats(0, 90)), max_size=100))
def test_a_whisper_of_residue_never_fires(chunks: list[tuple[float, float]]) -> None:
    assert fired_at(BargeIn(), chunks) is None


@given(st.lists(st.tuples(st.floats(0, 0.19), level), max_size=100))
def test_what_is_not_speech_never_fires(chunks: list[tuple[float, float]]) -> None:
    assert fired_at(BargeIn(), chunks) is None


@given(st.floats(1.0, 30.0), chance)
def test_a_room_that_always_leaves_as_much_is_learned(share: float, speech: float) -> None:
    barge_in = BargeIn()
    left = PLAYED / share
    learning = [barge_in.step(CHUNK_S, 0.0, PLAYED, left, PLAYED) for _ in range(100)]
    assert not any(learning)
    assert fired_at(barge_in, [(speech, left)] * 300) is None


def test_an_echo_that_dies_away_after_the_last_word_is_still_an_echo() -> None:
    barge_in = BargeIn()
    for _ in range(100):
        barge_in.step(CHUNK_S, 0.0, PLAYED, 600.0, PLAYED)
    assert fired_at(barge_in, [(0.6, 600 * 0.9**n) for n in range(60)], played=0.0) is None


@given(st.lists(st.tuples(chance, level, level, level), max_size=200))
def test_it_fires_at_most_once_on_anything(
    chunks: list[tuple[float, float, float, float]],
) -> None:
    barge_in = BargeIn()
    assert sum(barge_in.step(CHUNK_S, *chunk) for chunk in chunks) <= 1


@pytest.mark.parametrize(
    "text", ["", "  ", "Mm-hm.", "Yeah.", "Okay", "Right!", "uh huh", "Oh, okay.", "..."]
)
def test_backchannels(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize(
    "text", ["Stop.", "no", "wait", "okay stop", "what time is it", "yeah but why", "never mind"]
)
def test_not_backchannels(text: str) -> None:
    assert not is_backchannel(text)


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert is_backchannel(text) in (True, False)
