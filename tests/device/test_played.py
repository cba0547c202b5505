"""The record of what was played: in order, at 16 kHz, in step with the microphone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.audio import CHUNK_SAMPLES, RATE_HZ, Samples, resample
from device.play.played import Played


def tone(rate_hz: int, seconds: float) -> Samples:
    at = np.arange(int(rate_hz * seconds)) / rate_hz
    return (8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)


@settings(deadline=None)
@given(st.lists(st.integers(1, 1200), min_size=1, max_size=40), st.integers(0, 5))
def test_what_was_pulled_comes_once_and_in_order(pulls: list[int], ahead: int) -> None:
    played = Played(RATE_HZ)
    played.take(0)
    count, taken = 0, [np.zeros(0, dtype=np.int16)]
    for number, pull in enumerate(pulls):
        played.push(np.arange(count + 1, count + pull + 1, dtype=np.int16))
        count += pull
        if number >= ahead:
            taken.append(played.take(pull))
    heard = np.concatenate(taken)
    known = heard[heard != 0]
    assert np.array_equal(known, np.arange(1, len(known) + 1))


def test_nothing_is_kept_before_the_first_take_and_at_most_ten_seconds_after() -> None:
    played = Played(RATE_HZ)
    played.push(np.full(RATE_HZ, 7, dtype=np.int16))
    assert not played.take(CHUNK_SAMPLES).any()
    for _ in range(400):
        played.push(np.full(CHUNK_SAMPLES, 7, dtype=np.int16))
    assert 9.9 * RATE_HZ < np.count_nonzero(played.take(20 * RATE_HZ)) <= 10 * RATE_HZ


@pytest.mark.parametrize("rate_hz", [RATE_HZ, 48_000])
def test_what_was_played_while_nothing_was_captured_is_not_given_later(rate_hz: int) -> None:
    played = Played(rate_hz)
    played.take(0)
    for _ in range(100):
        played.push(np.full(rate_hz // 50, 7000, dtype=np.int16))
    played.take(CHUNK_SAMPLES)
    played.forget()
    assert not played.take(20 * RATE_HZ).any()
    played.push(np.full(rate_hz // 50, 7000, dtype=np.int16))
    assert played.take(CHUNK_SAMPLES).any()


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_it_is_resampled_without_seams(rate_hz: int) -> None:
    played = Played(rate_hz)
    played.take(0)
    sound = tone(rate_hz, 2.0)
    taken: list[Samples] = []
    size = rate_hz // 100
    for at in range(0, len(sound), 4 * size):
        for each in range(at, at + 4 * size, size):
            played.push(sound[each : each + size])
        taken.append(played.take(640))
    heard = np.concatenate(taken).astype(float)
    late = int(np.flatnonzero(heard)[0])
    assert late <= 0.03 * RATE_HZ
    wanted = resample(sound, rate_hz, RATE_HZ).astype(float)
    # The delay is not a whole number of samples from the outside: find the phase.
    best = min(
        np.max(np.abs(heard[shift + 2000 : 30_000] - wanted[2000 : 30_000 - shift]))
        for shift in range(600)
    )
    assert best < 60


@settings(deadline=None, max_examples=20)
@given(st.integers(50, 2000))
def test_a_record_that_runs_behind_catches_up_in_silence(behind: int) -> None:
    played = Played(RATE_HZ)
    played.take(0)
    quiet = np.zeros(CHUNK_SAMPLES, dtype=np.int16)
    played.push(np.zeros(behind, dtype=np.int16))
    for _ in range(320):
        played.push(quiet)
        played.take(CHUNK_SAMPLES)
    played.push(np.full(CHUNK_SAMPLES, 9, dtype=np.int16))
    heard = np.concatenate([played.take(CHUNK_SAMPLES) for _ in range(10)])
    assert np.flatnonzero(heard)[0] <= 0.015 * RATE_HZ


def test_a_little_behind_it_waits_for_silence_and_far_behind_it_does_not() -> None:
    for behind, waits in ((600, True), (3000, False)):
        played = Played(RATE_HZ)
        played.take(0)
        played.push(np.full(behind, 5, dtype=np.int16))
        for _ in range(320):
            played.push(np.full(CHUNK_SAMPLES, 5, dtype=np.int16))
            played.take(CHUNK_SAMPLES)
        left = np.count_nonzero(np.concatenate([played.take(CHUNK_SAMPLES) for _ in range(10)]))
        assert left == (behind if waits else 80)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 55))
def test_chunks_that_wait_for_a_busy_engine_find_their_own_reference(stall: int) -> None:
    played = Played(RATE_HZ)
    played.take(0)
    count = 0

    def push() -> None:
        nonlocal count
        count += 1
        played.push(np.full(CHUNK_SAMPLES, count, dtype=np.int16))

    for _ in range(40):
        push()
        played.take(CHUNK_SAMPLES)
    for _ in range(stall):
        push()
    for number in range(41, count + 1):
        assert set(played.take(CHUNK_SAMPLES).tolist()) == {number}
