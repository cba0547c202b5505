"""Learning a voice, and the file that keeps it."""

import json
from pathlib import Path

import numpy as np
import pytest

from device.errors import EngineUnusable
from device.wake.voice import (
    LearntVoice,
    Windows,
    forget_voice,
    learn,
    load_voices,
    save_voice,
)


def windows(count: int, seed: int, shift: float = 0.0) -> Windows:
    """Windows about one phrase; `shift` is what sets a voice apart, in a tenth of the features."""
    sound = np.random.default_rng(seed).normal(0, 1, (count, 16, 96))
    sound[:, :, :10] += shift
    return (20 * sound).astype(np.float32)


def clips(count: int) -> list[Windows]:
    """The user's recordings, four windows each."""
    return [windows(4, 100 + each, 1.0) for each in range(count)]


@pytest.fixture(scope="module")
def learnt() -> LearntVoice:
    return learn("hey_jarvis", clips(5), windows(200, 2, -1.0))


def test_tells_the_user_from_others_on_windows_it_has_not_seen(learnt: LearntVoice) -> None:
    users = [learnt.probability(each) for each in windows(50, 3, 1.0)]
    others = [learnt.probability(each) for each in windows(50, 4, -1.0)]
    assert min(users) > 0.5 > max(others)


def test_a_few_recordings_against_many_others_are_not_outvoted() -> None:
    voice = learn("alexa", clips(3), windows(600, 6, -1.0))
    assert np.mean([voice.probability(each) > 0.5 for each in windows(50, 7, 1.0)]) > 0.9


def test_learning_the_same_gives_the_same(learnt: LearntVoice) -> None:
    again = learn("hey_jarvis", clips(5), windows(200, 2, -1.0))
    np.testing.assert_array_equal(again.weights, learnt.weights)


def test_one_side_alone_is_no_lesson() -> None:
    with pytest.raises(EngineUnusable):
        learn("alexa", clips(3), np.empty((0, 16, 96), np.float32))
    with pytest.raises(EngineUnusable):
        learn("alexa", clips(1), windows(3, 1))


def test_the_file_is_private_holds_only_weights_and_reads_back(
    learnt: LearntVoice, tmp_path: Path
) -> None:
    path = save_voice(tmp_path / "wake", learnt)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert set(json.loads(path.read_text())) == {"wake_word", "clips", "bias", "weights"}
    read = load_voices(tmp_path / "wake", ("alexa", "hey_jarvis"))
    assert set(read) == {"hey_jarvis"}
    assert read["hey_jarvis"].clips == 5
    for window in windows(5, 8):
        assert read["hey_jarvis"].probability(window) == pytest.approx(
            learnt.probability(window), abs=1e-3
        )


def test_a_voice_can_be_forgotten(learnt: LearntVoice, tmp_path: Path) -> None:
    save_voice(tmp_path, learnt)
    assert forget_voice(tmp_path, "hey_jarvis")
    assert not forget_voice(tmp_path, "hey_jarvis")
    assert load_voices(tmp_path, ("hey_jarvis",)) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"weights": [1.0], "bias": 0, "clips": 3}'])
def test_a_damaged_file_says_how_to_be_rid_of_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "alexa.json").write_text(text)
    with pytest.raises(EngineUnusable, match="lapel wake forget alexa"):
        load_voices(tmp_path, ("alexa",))


def test_no_word_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "kept.json").touch()
    with pytest.raises(EngineUnusable, match="no wake word"):
        forget_voice(tmp_path / "wake", "../kept")
    assert (tmp_path / "kept.json").exists()
