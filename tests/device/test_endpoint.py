"""Endpointing is pure, so that its promises can be checked on any course of probabilities."""

import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st

from device.audio import CHUNK_S
from device.listen.endpoint import (
    Completeness,
    Endpointer,
    Endpointing,
    Mark,
    Reason,
    needed_silence_s,
)

SETTINGS = Endpointing()
PROBABILITIES = st.lists(st.floats(0, 1), max_size=400)
KNOWN = st.tuples(st.sampled_from([None, *Completeness]), st.one_of(st.none(), st.floats(0, 1)))
"""What may be known of a silence: from its transcript and from the turn-end model."""
SILENT = st.floats(0.1, 3.0)
ANY_SETTINGS = st.builds(
    Endpointing,
    soft_end_s=st.floats(0.032, 0.3),
    command_silence_s=SILENT,
    sure_silence_s=SILENT,
    silence_s=SILENT,
    incomplete_silence_s=SILENT,
    sure=st.floats(0.5, 0.999),
    unsure=st.floats(0.0, 0.5),
)


def chunks(seconds: float) -> int:
    return round(seconds / CHUNK_S)


def marks(probabilities: list[float]) -> list[Mark]:
    endpointer = Endpointer(SETTINGS)
    found: list[Mark] = []
    for each in probabilities:
        mark = endpointer.step(CHUNK_S, each)
        if mark is not None:
            found.append(mark)
        if mark in (Mark.COMMIT, Mark.NO_SPEECH):
            break
    return found


def test_speech_then_silence_is_one_utterance() -> None:
    course = [0.0] * 10 + [0.9] * chunks(1.0) + [0.0] * chunks(2.0)
    assert marks(course) == [Mark.SPEECH_START, Mark.SOFT_END, Mark.COMMIT]


def test_a_pause_shorter_than_the_silence_continues_it() -> None:
    course = [0.9] * chunks(1.0) + [0.0] * chunks(0.5) + [0.9] * chunks(1.0) + [0.0] * chunks(2.0)
    assert marks(course) == [
        Mark.SPEECH_START,
        Mark.SOFT_END,
        Mark.RESUMED,
        Mark.SOFT_END,
        Mark.COMMIT,
    ]


def test_a_click_does_not_begin_an_utterance_nor_end_one() -> None:
    course = [0.9] * chunks(0.1) + [0.0] * chunks(1.0) + [0.9] * chunks(1.0) + [0.0] * chunks(2.0)
    assert marks(course) == [Mark.SPEECH_START, Mark.SOFT_END, Mark.COMMIT]


def test_nobody_speaks() -> None:
    assert marks([0.1] * chunks(SETTINGS.no_speech_s + 1)) == [Mark.NO_SPEECH]


def test_endless_speech_is_committed() -> None:
    assert marks([0.9] * chunks(SETTINGS.longest_s + 2)) == [Mark.SPEECH_START, Mark.COMMIT]


def test_a_wavering_probability_between_the_thresholds_does_not_split_a_word() -> None:
    course = [0.9] * chunks(0.5) + [0.4, 0.45] * chunks(1.0) + [0.0] * chunks(2.0)
    assert marks(course).count(Mark.SOFT_END) == 1


def test_waiting_again_hears_the_next_speech_and_keeps_counting_the_wait() -> None:
    endpointer = Endpointer(SETTINGS)
    for _ in range(chunks(3.0)):
        endpointer.step(CHUNK_S, 0.0)
    endpointer.wait_again()
    found = [endpointer.step(CHUNK_S, 0.0) for _ in range(chunks(3.0))]
    assert Mark.NO_SPEECH in found, "the wait began anew, and noise could keep it for ever"


@rules(deadline=None)  # the machine may be busy
@given(PROBABILITIES)
def test_marks_come_in_an_order_that_makes_sense(probabilities: list[float]) -> None:
    found = marks(probabilities)
    started = soft = False
    for mark in found:
        match mark:
            case Mark.SPEECH_START:
                assert not started
                started = True
            case Mark.SOFT_END:
                assert started and not soft
                soft = True
            case Mark.RESUMED:
                assert soft
                soft = False
            case Mark.COMMIT:
                assert started
            case Mark.NO_SPEECH:
                assert not started


@rules(deadline=None)  # the machine may be busy
@given(PROBABILITIES)
def test_it_always_ends_within_its_longest_times(probabilities: list[float]) -> None:
    most_s = SETTINGS.longest_s + SETTINGS.no_speech_s + 10 * SETTINGS.silence_s
    repeated = (probabilities or [0.0]) * (chunks(most_s) // max(1, len(probabilities)) + 1)
    assert marks(repeated)[-1] in (Mark.COMMIT, Mark.NO_SPEECH)


def silence_until_commit(
    completeness: Completeness | None, turn_end: float | None, settings: Endpointing = SETTINGS
) -> tuple[float, Reason | None]:
    endpointer = Endpointer(settings)
    for _ in range(chunks(1.0)):
        endpointer.step(CHUNK_S, 0.9)
    for _ in range(chunks(10.0)):
        if endpointer.step(CHUNK_S, 0.0, completeness, turn_end) is Mark.COMMIT:
            return endpointer.silence_s, endpointer.reason
    raise AssertionError("it never ended")


def test_each_way_to_end_takes_its_silence_and_says_why() -> None:
    s = SETTINGS
    for known, silence_s, reason in (
        ((Completeness.COMPLETE, None), s.command_silence_s, Reason.COMPLETE_COMMAND),
        ((Completeness.OPEN, 0.999), s.sure_silence_s, Reason.TURN_END),
        ((None, 0.999), s.silence_s, Reason.LONGEST_PAUSE),
        ((Completeness.OPEN, 0.01), s.silence_s, Reason.LONGEST_PAUSE),
        ((None, None), s.silence_s, Reason.LONGEST_PAUSE),
        ((Completeness.ASKED, None), s.asked_silence_s, Reason.WHOLE_QUESTION),
        ((Completeness.TELLING, 0.999), s.incomplete_silence_s, Reason.LONGEST_PAUSE),
        ((Completeness.INCOMPLETE, 0.999), s.incomplete_silence_s, Reason.LONGEST_PAUSE),
    ):
        waited_s, why = silence_until_commit(*known)
        assert silence_s <= waited_s + 1e-6 < silence_s + 2 * CHUNK_S
        assert why is reason


def test_endless_speech_says_why() -> None:
    endpointer = Endpointer(SETTINGS)
    while endpointer.step(CHUNK_S, 0.9) is not Mark.COMMIT:
        assert endpointer.reason is None
    assert endpointer.reason is Reason.LONGEST_UTTERANCE


def test_the_turn_end_model_is_asked_once_the_words_are_open_and_again_as_silence_grows() -> None:
    endpointer = Endpointer(Endpointing(ask_again_s=3 * CHUNK_S))
    asked_s: list[float] = []
    for speech in [0.9] * chunks(1.0) + [0.0] * 12 + [0.9] * 4 + [0.0] * 4:
        known = Completeness.OPEN if endpointer.silence_s >= 3 * CHUNK_S - 1e-6 else None
        endpointer.step(CHUNK_S, speech, known)
        if endpointer.wants_turn_end:
            endpointer.asked()
            asked_s.append(round(endpointer.silence_s / CHUNK_S))
    assert asked_s == [4, 7, 10, 4], "the words are known after the third chunk of silence"


@pytest.mark.parametrize(
    ("completeness", "turn_end", "wanted"),
    [
        (None, None, False),
        (Completeness.ASKED, None, False),
        (Completeness.OPEN, None, True),
        (Completeness.OPEN, 0.6, True),
        (Completeness.OPEN, 0.99, False),
        (Completeness.TELLING, None, False),
        (Completeness.INCOMPLETE, None, False),
        (Completeness.COMPLETE, None, False),
    ],
)
def test_the_turn_end_model_is_not_asked_for_what_changes_nothing(
    completeness: Completeness | None, turn_end: float | None, wanted: bool
) -> None:
    endpointer = Endpointer(SETTINGS)
    for speech in [0.9] * chunks(1.0) + [0.0] * 3:
        endpointer.step(CHUNK_S, speech)
    endpointer.step(CHUNK_S, 0.0, completeness, turn_end)
    assert endpointer.wants_turn_end is wanted


def test_an_answer_that_comes_between_chunks_counts_at_once() -> None:
    endpointer = Endpointer(SETTINGS)
    for speech in [0.9] * chunks(1.0) + [0.0] * chunks(0.3):
        endpointer.step(CHUNK_S, speech)
    assert endpointer.step(0.0, 0.0, Completeness.COMPLETE) is Mark.COMMIT


@rules(deadline=None)  # the machine may be busy
@given(ANY_SETTINGS, st.sampled_from([None, *Completeness]), st.floats(0, 1), st.floats(0, 1))
def test_the_surer_the_end_the_shorter_the_silence(
    settings: Endpointing, completeness: Completeness | None, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    less_s, _ = needed_silence_s(settings, completeness, less)
    more_s, _ = needed_silence_s(settings, completeness, more)
    nothing_s, _ = needed_silence_s(settings, completeness, None)
    assert more_s <= less_s <= nothing_s


@rules(deadline=None)  # the machine may be busy
@given(ANY_SETTINGS, KNOWN)
def test_no_pause_is_waited_for_longer_than_the_longest(
    settings: Endpointing, known: tuple[Completeness | None, float | None]
) -> None:
    needed_s, _ = needed_silence_s(settings, *known)
    assert 0 < needed_s <= max(settings.silence_s, settings.incomplete_silence_s)


@rules(deadline=None)  # the machine may be busy
@given(ANY_SETTINGS, st.lists(st.tuples(st.floats(0, 1), KNOWN), max_size=300))
def test_it_never_ends_while_someone_speaks(
    settings: Endpointing,
    course: list[tuple[float, tuple[Completeness | None, float | None]]],
) -> None:
    endpointer = Endpointer(settings)
    for speech, known in course:
        mark = endpointer.step(CHUNK_S, speech, *known)
        if mark is Mark.COMMIT:
            assert endpointer.reason is not None
            if endpointer.reason is not Reason.LONGEST_UTTERANCE:
                assert speech < settings.start_threshold
                assert endpointer.silence_s >= settings.soft_end_s - 1e-6
            return
        assert endpointer.reason is None


@rules(deadline=None)  # the machine may be busy
@given(ANY_SETTINGS, KNOWN)
def test_after_speech_silence_always_ends_it(
    settings: Endpointing, known: tuple[Completeness | None, float | None]
) -> None:
    waited_s, reason = silence_until_commit(*known, settings)
    assert reason is not None
    longest_s = max(settings.silence_s, settings.incomplete_silence_s, settings.soft_end_s)
    assert waited_s < longest_s + 2 * CHUNK_S
