import numpy as np
import pytest

from device.audio import CHUNK_SAMPLES, RATE_HZ, Samples
from device.listen import SpeechDetector
from device.listen.fake import FakeSpeechDetector
from device.listen.silero import SileroVad


@pytest.fixture(params=[FakeSpeechDetector, SileroVad], ids=["fake", "silero"])
def detector(request: pytest.FixtureRequest) -> SpeechDetector:
    made: SpeechDetector = request.param()
    made.load()
    return made


@pytest.fixture(scope="module")
def speech(request: pytest.FixtureRequest) -> Samples:
    return request.getfixturevalue("speak")("The quick brown fox jumps over the lazy dog.")


def probabilities(detector: SpeechDetector, samples: Samples) -> list[float]:
    return [
        detector.process(samples[at : at + CHUNK_SAMPLES])
        for at in range(0, len(samples) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES)
    ]


def test_speech_is_likely_and_the_silence_around_it_is_not(
    detector: SpeechDetector, speech: Samples
) -> None:
    found = probabilities(detector, speech)
    assert all(0.0 <= each <= 1.0 for each in found)
    edge = RATE_HZ // 2 // CHUNK_SAMPLES - 2
    assert max(found[:edge]) < 0.5
    middle = found[edge + 4 : -edge - 4]
    assert np.mean(np.array(middle) > 0.5) > 0.6


def test_silence_and_noise_are_not_speech(detector: SpeechDetector, noise: Samples) -> None:
    assert max(probabilities(detector, np.zeros(RATE_HZ, np.int16))) < 0.5
    assert max(probabilities(detector, noise)) < 0.5


def test_a_reset_makes_it_new(detector: SpeechDetector, speech: Samples) -> None:
    first = probabilities(detector, speech)
    detector.reset()
    assert probabilities(detector, speech) == pytest.approx(first, abs=1e-5)
