from collections.abc import Iterator

import numpy as np
import pytest

from device.audio import CHUNK_SAMPLES, RATE_HZ, Samples
from device.errors import EngineUnusable
from device.wake import Detection, WakeWord
from device.wake.fake import FakeWakeWord, chime
from device.wake.microwakeword import MicroWakeWord
from device.wake.openwakeword import OpenWakeWord

ENGINES = [
    FakeWakeWord,
    lambda: OpenWakeWord(("hey_jarvis",)),
    lambda: MicroWakeWord(("hey_jarvis",)),
]
IDS = ["fake", "openwakeword", "microwakeword"]


@pytest.fixture(params=ENGINES, ids=IDS)
def engine(request: pytest.FixtureRequest) -> WakeWord:
    made: WakeWord = request.param()
    made.load()
    return made


@pytest.fixture
def phrase(engine: WakeWord, request: pytest.FixtureRequest) -> Samples:
    if isinstance(engine, FakeWakeWord):
        return np.concatenate([chime(), np.zeros(RATE_HZ // 2, np.int16)])
    return request.getfixturevalue("speak")("Hey Jarvis, what time is it?")


def feed(engine: WakeWord, samples: Samples, size: int = CHUNK_SAMPLES) -> Iterator[Detection]:
    for at in range(0, len(samples) - size + 1, size):
        if (found := engine.process(samples[at : at + size])) is not None:
            yield found


def test_fires_on_its_phrase_with_its_name_and_a_score(engine: WakeWord, phrase: Samples) -> None:
    found = list(feed(engine, phrase))
    assert found
    assert {each.wake_word for each in found} == {"hey_jarvis"}
    assert all(0.0 < each.score <= 1.0 for each in found)


def test_is_quiet_on_silence_and_noise(engine: WakeWord, noise: Samples) -> None:
    assert list(feed(engine, np.zeros(5 * RATE_HZ, np.int16))) == []
    assert list(feed(engine, noise)) == []


def test_fires_again_after_a_reset_and_not_on_the_rest_of_the_old_sound(
    engine: WakeWord, phrase: Samples
) -> None:
    assert list(feed(engine, phrase))
    engine.reset()
    assert list(feed(engine, np.zeros(2 * RATE_HZ, np.int16))) == []
    assert list(feed(engine, phrase))


@pytest.mark.parametrize("make", [OpenWakeWord, MicroWakeWord])
def test_an_unknown_phrase_names_the_known_ones(make: type[OpenWakeWord]) -> None:
    with pytest.raises(EngineUnusable, match=r"'hey_lapel'.*hey_jarvis"):
        make(("hey_lapel",)).load()
