"""The ears on stand-ins: what the assistant says itself wakes nobody."""

import numpy as np
import pytest

from device.audio import CHUNK_S, CHUNK_SAMPLES, RATE_HZ, Samples
from device.ears import Ears
from device.listen.barge_in import BargeIn
from device.listen.fake import FakeSpeechDetector
from device.mic.echo import NoEchoCanceller
from device.wake import Detection
from device.wake.fake import FakeWakeWord, chime


class Deaf(FakeWakeWord):
    def process(self, chunk: Samples) -> Detection | None:
        del chunk
        return None


def at(seconds: float, sound: Samples, whole_s: float = 4.0) -> Samples:
    room = np.zeros(int(whole_s * RATE_HZ) // CHUNK_SAMPLES * CHUNK_SAMPLES, dtype=np.int16)
    begin = int(seconds * RATE_HZ)
    room[begin : begin + len(sound)] = sound
    return room


def detections_s(ears: Ears, heard: Samples, played: Samples | None) -> list[float]:
    found: list[float] = []
    for begin in range(0, len(heard), CHUNK_SAMPLES):
        here = slice(begin, begin + CHUNK_SAMPLES)
        beside = None if played is None else played[here]
        result = ears.hear(heard[here], beside, wake=True, speech=True, over=played is not None)
        if result.detection is not None:
            found.append(begin / RATE_HZ + CHUNK_S)
    return found


def make(own_words: FakeWakeWord | None = None) -> Ears:
    ears = Ears(
        FakeWakeWord(),
        own_words or FakeWakeWord(),
        FakeSpeechDetector(),
        NoEchoCanceller(),
        BargeIn(),
    )
    ears.load()
    return ears


@pytest.mark.parametrize("delay_s", [0.0, 0.06, 0.3, 0.6])
def test_the_assistants_own_wake_word_wakes_nobody(delay_s: float) -> None:
    played, heard = at(0.5, chime()), at(0.5 + delay_s, chime())
    assert detections_s(make(Deaf()), heard, played), "it would be heard"
    assert not detections_s(make(), heard, played)


def test_the_users_wake_word_is_heard_over_other_speech_and_in_silence() -> None:
    at_s = np.arange(int(2 * RATE_HZ)) / RATE_HZ
    speech = (6_000 * np.sin(2 * np.pi * 180 * at_s)).astype(np.int16)
    assert detections_s(make(), at(1.0, chime()), at(0.5, speech))
    assert detections_s(make(), at(1.0, chime()), None)


def test_soon_after_its_own_the_users_wake_word_is_heard_again() -> None:
    played, heard = at(0.2, chime()), at(2.0, chime())
    assert detections_s(make(), heard, played)


def test_nothing_of_what_was_heard_is_kept_when_it_is_forgotten() -> None:
    forgotten: list[str] = []

    class Word(FakeWakeWord):
        def reset(self) -> None:
            forgotten.append("wake word")

    class Detector(FakeSpeechDetector):
        def reset(self) -> None:
            forgotten.append("detector")

    class Canceller(NoEchoCanceller):
        def reset(self) -> None:
            forgotten.append("canceller")

    Ears(Word(), FakeWakeWord(), Detector(), Canceller(), BargeIn()).forget()
    assert sorted(forgotten) == ["canceller", "detector", "wake word"]
