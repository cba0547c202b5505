from collections.abc import Callable, Iterator

import numpy as np
import pytest

from device.audio import CHUNK_SAMPLES, RATE_HZ, Samples
from device.errors import EngineUnusable
from device.wake import Detection, WakeWord
from device.wake.cascade import WakeCascade
from device.wake.fake import FakeWakeWord, chime
from device.wake.microwakeword import MicroWakeWord
from device.wake.openwakeword import OpenWakeWord, OpenWakeWordOnDemand


def cascade(wake_words: tuple[str, ...]) -> WakeCascade:
    return WakeCascade(MicroWakeWord(wake_words), OpenWakeWordOnDemand(wake_words))


ENGINES = [
    FakeWakeWord,
    lambda: OpenWakeWord(("hey_jarvis",)),
    lambda: MicroWakeWord(("hey_jarvis",)),
    lambda: cascade(("hey_jarvis",)),
    lambda: cascade(("alexa", "hey_jarvis")),
]
IDS = ["fake", "openwakeword", "microwakeword", "cascade", "cascade of two phrases"]


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


Speak = Callable[[str], Samples]


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


@pytest.mark.parametrize("size", [160, 1280, 4000])
def test_chunks_may_have_any_length(engine: WakeWord, phrase: Samples, size: int) -> None:
    if isinstance(engine, FakeWakeWord):
        pytest.skip("hears its tone in the product's chunks only")
    assert list(feed(engine, np.concatenate([phrase, np.zeros(4000, np.int16)]), size))


@pytest.mark.parametrize("make", [OpenWakeWord, MicroWakeWord, cascade])
def test_an_unknown_phrase_names_the_known_ones(
    make: Callable[[tuple[str, ...]], WakeWord],
) -> None:
    with pytest.raises(EngineUnusable, match=r"'hey_lapel'.*hey_jarvis"):
        make(("hey_lapel",)).load()


def test_the_cascade_needs_a_phrase_in_both_engines_and_says_what_else_to_do() -> None:
    with pytest.raises(EngineUnusable, match=r"'hey_rhasspy'.*hey_jarvis.*openwakeword"):
        cascade(("hey_rhasspy",)).load()


def test_the_second_stage_scores_a_stretch_as_the_always_on_engine_does(speak: Speak) -> None:
    sound = np.concatenate([np.zeros(3 * RATE_HZ, np.int16), speak("Hey Jarvis, what time is it?")])
    always = OpenWakeWord(("hey_jarvis",))
    on_demand = OpenWakeWordOnDemand(("hey_jarvis",), look_back=0)
    always.load()
    on_demand.load()
    always.process(np.zeros(CHUNK_SAMPLES, np.int16))
    compared = 0
    for end in range(CHUNK_SAMPLES, len(sound), CHUNK_SAMPLES):
        streamed = always.scores(sound[end - CHUNK_SAMPLES : end]).get("hey_jarvis")
        # The always-on engine's steps end wherever they did since the start: look around there.
        if streamed is None or streamed < 0.9 or end < on_demand.ring_samples:
            continue
        scores = [
            on_demand.score("hey_jarvis", window)
            for shift in (0, 160, 320)
            for window in on_demand.begin(sound[end - shift - on_demand.ring_samples : end - shift])
        ]
        assert max(scores) > streamed - 0.05
        compared += 1
    assert compared
