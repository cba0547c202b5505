"""The cascade's logic on stages that are told what to score."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio import CHUNK_S, CHUNK_SAMPLES, Samples
from device.wake import Detection
from device.wake.cascade import CascadeTuning, WakeCascade, Window, pool

CHUNK = np.zeros(CHUNK_SAMPLES, dtype=np.int16)
TUNING = CascadeTuning(
    suspect_at=0.5, sure_at=0.6, follow_s=4 * CHUNK_S, doubt_s=3 * CHUNK_S, rest_s=10 * CHUNK_S
)


@dataclass
class First:
    """Gives the scores it was given, a chunk each, then nothing."""

    script: list[dict[str, float]]
    resets: int = 0

    def load(self) -> None: ...

    def scores(self, chunk: Samples) -> dict[str, float]:
        return self.script.pop(0) if self.script else {}

    def reset(self) -> None:
        self.resets += 1


@dataclass
class Second:
    """A window for each chunk it hears, which holds the score it was given for that chunk."""

    script: list[float] = field(default_factory=list[float])
    ring_samples: int = 4 * CHUNK_SAMPLES
    begun: list[Samples] = field(default_factory=list[Samples])
    followed: int = 0
    asked: set[str] = field(default_factory=set[str])

    def load(self) -> None: ...

    def begin(self, sound: Samples) -> list[Window]:
        self.begun.append(sound)
        return self._next()

    def follow(self, chunk: Samples) -> list[Window]:
        self.followed += 1
        return self._next()

    def _next(self) -> list[Window]:
        score = self.script.pop(0) if self.script else 0.0
        return [np.array([[score]], dtype=np.float32)]

    def score(self, wake_word: str, window: Window) -> float:
        self.asked.add(wake_word)
        return float(window[0, 0])


@dataclass
class Whose:
    """A voice that is the user's or not."""

    users: bool

    def probability(self, window: Window) -> float:
        return 0.9 if self.users else 0.1


def run(cascade: WakeCascade, chunks: int) -> list[Detection | None]:
    cascade.load()
    return [cascade.process(CHUNK) for _ in range(chunks)]


def suspicion(*scores: float) -> First:
    return First([{"alexa": score} for score in scores])


@given(st.lists(st.floats(0.0, 0.499), max_size=60))
def test_the_second_stage_is_never_asked_while_the_first_is_silent(scores: list[float]) -> None:
    second = Second([1.0] * 60)
    assert set(run(WakeCascade(suspicion(*scores), second, TUNING), 60)) == {None}
    assert second.begun == []
    assert second.followed == 0


def test_fires_when_both_agree_with_the_score_of_both() -> None:
    found = run(WakeCascade(suspicion(0.1, 0.7), Second([0.75]), TUNING), 3)
    assert found == [None, Detection("alexa", pool(0.7, 0.75)), None]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_both_scores_count_alike_and_more_is_never_less(a: float, b: float, more: float) -> None:
    together = pool(a, b)
    assert 0.0 < together < 1.0
    assert together == pytest.approx(pool(b, a))
    assert pool(max(a, more), b) >= together
    assert min(a, b) - 0.005 <= together <= max(a, b) + 0.005


def test_one_that_is_certain_makes_up_for_a_doubt_of_the_other() -> None:
    found = run(WakeCascade(suspicion(0.99), Second([0.1]), TUNING), 1)
    assert found == [Detection("alexa", pytest.approx(pool(0.99, 0.1)))]
    assert set(run(WakeCascade(suspicion(0.6), Second([0.1] * 9), TUNING), 9)) == {None}


def test_the_second_stage_may_become_sure_a_little_later() -> None:
    second = Second([0.1, 0.2, 0.9])
    assert run(WakeCascade(suspicion(0.7), second, TUNING), 4) == [
        None, None, Detection("alexa", pytest.approx(pool(0.7, 0.9))), None,
    ]  # fmt: skip
    assert second.followed == 2


def test_a_suspicion_that_is_not_confirmed_ends_and_is_held_a_while() -> None:
    second = Second()
    run(WakeCascade(suspicion(*[0.9] * 8), second, TUNING), 8)
    # Chunk 1 begins, 2 to 5 follow, 6 to 8 are held.
    assert (len(second.begun), second.followed) == (1, 4)
    second = Second()
    run(WakeCascade(suspicion(*[0.9] * 9), second, TUNING), 9)
    assert len(second.begun) == 2


def test_one_utterance_fires_once() -> None:
    found = run(WakeCascade(suspicion(*[0.9] * 11), Second([1.0] * 20), TUNING), 20)
    assert [each is not None for each in found] == [True] + [False] * 19
    found = run(WakeCascade(suspicion(*[0.9] * 12), Second([1.0] * 20), TUNING), 20)
    assert [number for number, each in enumerate(found) if each is not None] == [0, 11]


def test_the_second_stage_hears_exactly_its_ring_and_silence_before_the_first_sound() -> None:
    second = Second(ring_samples=1300)
    cascade = WakeCascade(First([{}, {"alexa": 0.9}]), second, TUNING)
    cascade.load()
    cascade.process(np.full(CHUNK_SAMPLES, 1, dtype=np.int16))
    cascade.process(np.full(CHUNK_SAMPLES, 2, dtype=np.int16))
    assert second.begun[0].dtype == np.int16
    assert second.begun[0].tolist() == [0] * 276 + [1] * 512 + [2] * 512
    second = Second(ring_samples=700)
    cascade = WakeCascade(First([{}] * 5 + [{"alexa": 0.9}]), second, TUNING)
    cascade.load()
    for number in range(6):
        cascade.process(np.full(CHUNK_SAMPLES, number, dtype=np.int16))
    assert second.begun[0].tolist() == [4] * 188 + [5] * 512


def test_each_suspected_phrase_is_judged_and_only_those() -> None:
    second = Second([0.1, 0.8])
    first = First([{"alexa": 0.9, "hey_jarvis": 0.2}, {"hey_jarvis": 0.6}])
    found = run(WakeCascade(first, second, TUNING), 2)
    assert second.asked == {"alexa", "hey_jarvis"}
    assert found[1] is not None
    second = Second([0.1, 0.8])
    run(WakeCascade(suspicion(0.9), second, TUNING), 2)
    assert second.asked == {"alexa"}


@pytest.mark.parametrize("users", [True, False])
def test_a_known_voice_must_agree_too(users: bool) -> None:
    cascade = WakeCascade(suspicion(0.9), Second([0.9]), TUNING, lambda: {"alexa": Whose(users)})
    assert any(run(cascade, 2)) == users


def test_a_phrase_without_a_known_voice_is_anyones() -> None:
    cascade = WakeCascade(
        suspicion(0.9), Second([0.9]), TUNING, lambda: {"hey_jarvis": Whose(False)}
    )
    assert any(run(cascade, 2))


def test_a_reset_forgets_the_sound_the_suspicion_and_the_hold() -> None:
    first, second = suspicion(0.9, 0.9, 0.9), Second([0.1, 0.1, 0.9])
    cascade = WakeCascade(first, second, TUNING)
    cascade.load()
    cascade.process(np.full(CHUNK_SAMPLES, 7, dtype=np.int16))
    cascade.reset()
    assert first.resets == 1
    cascade.process(CHUNK)
    assert len(second.begun) == 2
    assert not second.begun[1].any()
    assert second.followed == 0
    assert cascade.process(CHUNK) is not None


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=80),
    st.integers(1, 6),
)
def test_never_fires_without_both_and_never_twice_within_the_hold(
    scores: list[tuple[float, float]], held: int
) -> None:
    tuning = CascadeTuning(0.5, 0.6, 4 * CHUNK_S, CHUNK_S, held * CHUNK_S)
    second = Second()
    cascade = WakeCascade(suspicion(*[each for each, _ in scores]), second, tuning)
    cascade.load()
    last: int | None = None
    for number, (_, sure) in enumerate(scores):
        second.script = [sure]
        if cascade.process(CHUNK) is not None:
            suspected = [each for each, _ in scores[max(0, number - 4) : number + 1]]
            assert max(suspected) >= 0.5
            assert pool(max(suspected), sure) >= 0.599
            assert last is None or number - last > held
            last = number
