"""Endpointing is pure, so that its promises can be checked on any course of probabilities."""

from hypothesis import given
from hypothesis import strategies as st

from device.audio import CHUNK_S
from device.listen.endpoint import Endpointer, Endpointing, Mark

SETTINGS = Endpointing()
PROBABILITIES = st.lists(st.floats(0, 1), max_size=400)


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


@given(PROBABILITIES)
def test_it_always_ends_within_its_longest_times(probabilities: list[float]) -> None:
    most_s = SETTINGS.longest_s + SETTINGS.no_speech_s + 10 * SETTINGS.silence_s
    repeated = (probabilities or [0.0]) * (chunks(most_s) // max(1, len(probabilities)) + 1)
    assert marks(repeated)[-1] in (Mark.COMMIT, Mark.NO_SPEECH)
