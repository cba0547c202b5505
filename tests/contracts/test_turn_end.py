from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from device.audio import RATE_HZ, Samples, read_audio
from device.errors import EngineUnusable
from device.listen import NoTurnEndDetector, TurnEndDetector
from device.listen.fake import FakeTurnEndDetector
from device.listen.smart_turn import SmartTurn, window


@pytest.fixture(scope="module")
def smart_turn(model_folder: Callable[[str], Path]) -> SmartTurn:
    made = SmartTurn(model_folder("smart-turn-v3.2"))
    made.load()
    return made


@pytest.fixture(params=["none", "fake", "smart-turn"])
def detector(request: pytest.FixtureRequest) -> TurnEndDetector:
    match request.param:
        case "none":
            made = NoTurnEndDetector()
        case "fake":
            made = FakeTurnEndDetector(0.7)
        case _:
            return request.getfixturevalue("smart_turn")
    made.load()
    return made


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.5, 8.0, 20.0])
def test_a_clip_of_any_length_has_a_probability(detector: TurnEndDetector, seconds: float) -> None:
    clip = np.random.default_rng(1).normal(0, 300, int(seconds * RATE_HZ)).astype(np.int16)
    assert 0.0 <= detector.probability(clip) <= 1.0


def test_the_same_clip_has_the_same_probability(detector: TurnEndDetector) -> None:
    clip = np.random.default_rng(2).normal(0, 3000, 3 * RATE_HZ).astype(np.int16)
    assert detector.probability(clip) == detector.probability(clip)


def test_what_is_older_than_the_window_is_not_heard(smart_turn: SmartTurn) -> None:
    clip = np.random.default_rng(3).normal(0, 3000, 12 * RATE_HZ).astype(np.int16)
    assert smart_turn.probability(clip) == smart_turn.probability(clip[-8 * RATE_HZ :])


def test_a_short_clip_stands_at_the_windows_end_on_an_even_level() -> None:
    clip = np.random.default_rng(4).normal(0, 3000, RATE_HZ).astype(np.int16)
    heard = window(clip)
    assert heard.shape == (8 * RATE_HZ,)
    assert abs(float(heard.mean())) < 1e-4
    assert float(heard.var()) == pytest.approx(1.0, abs=1e-3)
    assert np.ptp(heard[: 7 * RATE_HZ]) == 0.0
    assert np.corrcoef(heard[-RATE_HZ:], clip)[0, 1] > 0.999


def test_a_finished_question_sounds_more_finished_than_its_half(
    smart_turn: SmartTurn, request: pytest.FixtureRequest
) -> None:
    said: Samples = request.getfixturevalue("speak")("What is the capital of France?")
    whole = said[: -int(0.3 * RATE_HZ)]  # leaves 0.2 s of silence
    assert smart_turn.probability(whole) > 0.8
    assert smart_turn.probability(said[: len(said) // 2]) < 0.5


@pytest.mark.data
def test_real_requests_sound_finished_at_their_ends_and_not_in_their_middles(
    smart_turn: SmartTurn, recordings: Path
) -> None:
    ends, middles = zip(*map(_edges, _REQUESTS), strict=True)
    heard = [read_audio(recordings / "commands" / "coffee" / name) for name, _, _ in _REQUESTS]
    at_end = [smart_turn.probability(x[:at]) for x, at in zip(heard, ends, strict=True)]
    at_middle = [smart_turn.probability(x[:at]) for x, at in zip(heard, middles, strict=True)]
    assert np.median(at_end) > 0.9
    assert np.median(at_middle) < 0.5


_REQUESTS = [  # file, start and end of speech in seconds
    ("05984e70.flac", 0.65, 2.82),
    ("0636c68b.flac", 1.4, 5.08),
    ("0b2aa010.flac", 0.76, 6.01),
    ("128282e4.flac", 0.64, 2.36),
    ("441770b4.flac", 0.51, 3.98),
    ("4a4cbb1e.flac", 2.1, 6.07),
    ("55522a2f.flac", 0.22, 2.83),
]


def _edges(request: tuple[str, float, float]) -> tuple[int, int]:
    _, start_s, end_s = request
    return int((end_s + 0.2) * RATE_HZ), int((start_s + end_s) / 2 * RATE_HZ)


def test_a_model_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineUnusable, match="cannot be opened"):
        SmartTurn(tmp_path).load()
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(EngineUnusable, match="cannot be opened"):
        SmartTurn(tmp_path).load()
