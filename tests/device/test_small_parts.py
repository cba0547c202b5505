"""Small pure parts: the pre-roll, the refractory period, tones, phases."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from device.audio import CHUNK_S, CHUNK_SAMPLES
from device.listen.preroll import PreRoll, join
from device.play.tones import ring
from device.turn import Cue, ImpossibleCue, Phase, advance
from device.wake import Refractory, phrase_of


@given(st.floats(0.01, 5.0), st.integers(0, 300))
def test_the_preroll_keeps_the_newest_sound_and_at_least_its_seconds(
    seconds: float, count: int
) -> None:
    preroll = PreRoll(seconds)
    pushed = [np.full(CHUNK_SAMPLES, number, dtype=np.int16) for number in range(count)]
    for chunk in pushed:
        preroll.push(chunk)
    kept = preroll.chunks()
    assert [int(each[0]) for each in kept] == list(range(count - len(kept), count))
    assert len(kept) == count or seconds <= len(kept) * CHUNK_S < seconds + 1.001 * CHUNK_S
    assert len(join(kept)) == len(kept) * CHUNK_SAMPLES
    preroll.clear()
    assert preroll.chunks() == []


@given(st.floats(0.0, 5.0), st.lists(st.floats(0.0, 3.0)))
def test_no_two_accepted_detections_are_closer_than_the_period(
    period_s: float, gaps_s: list[float]
) -> None:
    refractory = Refractory(period_s)
    at, accepted = 100.0, list[float]()
    for gap_s in gaps_s:
        at += gap_s
        if refractory.accept(at):
            accepted.append(at)
    assert all(later - earlier >= period_s for earlier, later in pairwise(accepted))
    assert bool(accepted) == bool(gaps_s)


@given(st.sampled_from([8_000, 16_000, 22_050, 48_000]))
def test_the_ring_is_audible_does_not_clip_and_begins_and_ends_in_silence(rate_hz: int) -> None:
    sound = ring(rate_hz).astype(int)
    assert 3_000 < np.abs(sound).max() < 20_000
    assert 1.0 < len(sound) / rate_hz < 3.0
    assert abs(sound[0]) < 500
    assert abs(sound[-1]) < 500


@given(st.lists(st.sampled_from(Cue)))
def test_any_course_of_cues_stays_in_the_table(cues: list[Cue]) -> None:
    phase = Phase.IDLE
    for cue in cues:
        before = phase
        try:
            phase = advance(phase, cue)
        except ImpossibleCue:
            continue
        if cue is Cue.WAKE:
            assert phase is Phase.LISTENING
        if phase is Phase.THINKING:
            assert before is Phase.LISTENING


def test_a_phrase_is_its_models_name_spoken() -> None:
    assert phrase_of("hey_jarvis") == "hey jarvis"
