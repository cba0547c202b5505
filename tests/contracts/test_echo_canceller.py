"""What every echo canceller does: lengths, lateness, and leaving the user alone."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.audio import CHUNK_SAMPLES, RATE_HZ, Samples
from device.emulator.echo_path import EchoPath
from device.mic.echo import EchoCanceller, NoEchoCanceller, WebRtcEchoCanceller

Speak = Callable[[str], Samples]


@pytest.fixture(params=[NoEchoCanceller, WebRtcEchoCanceller], ids=["none", "webrtc"])
def canceller(request: pytest.FixtureRequest) -> EchoCanceller:
    made: EchoCanceller = request.param()
    made.load()
    return made


def chunks(samples: Samples) -> list[Samples]:
    whole = len(samples) // CHUNK_SAMPLES * CHUNK_SAMPLES
    return np.split(samples[:whole], range(CHUNK_SAMPLES, whole, CHUNK_SAMPLES))


def cleaned(canceller: EchoCanceller, microphone: Samples, played: Samples) -> Samples:
    pairs = zip(chunks(microphone), chunks(played), strict=True)
    return np.concatenate([canceller.process(chunk, reference) for chunk, reference in pairs])


def lateness(out: Samples, sound: Samples) -> int:
    """Return the lag in samples at which `out` is most like `sound`."""
    size = 1 << (len(sound) * 2 - 1).bit_length()
    both = np.fft.rfft(out, size) * np.conj(np.fft.rfft(sound, size))
    return int(np.argmax(np.fft.irfft(both)[:RATE_HZ]))


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def test_chunks_come_out_as_they_went_in(canceller: EchoCanceller, noise: Samples) -> None:
    for chunk in chunks(noise[:RATE_HZ]):
        out = canceller.process(chunk, np.zeros_like(chunk))
        assert out.dtype == np.int16
        assert out.shape == chunk.shape


def test_the_user_is_left_alone_and_at_most_16_ms_late(
    canceller: EchoCanceller, speak: Speak
) -> None:
    speech = speak("What is the weather like in the mountains?")
    out = cleaned(canceller, speech, np.zeros_like(speech))
    speech = speech[: len(out)]
    late = lateness(out, speech)
    assert 0 <= late <= 256
    there, here = speech[: len(speech) - late], out[late:]
    assert np.corrcoef(there, here)[0, 1] > 0.9
    assert 0.8 < rms(here) / rms(there) < 1.25


def test_a_reset_makes_it_new(canceller: EchoCanceller, speak: Speak) -> None:
    speech = speak("Good morning.")
    first = cleaned(canceller, speech, speech)
    canceller.reset()
    again = cleaned(canceller, speech, speech)
    assert rms(again) == pytest.approx(rms(first), rel=0.05, abs=2.0)


@pytest.mark.parametrize("delay_ms", [5, 60, 300])
def test_webrtc_takes_the_echo_out(speak: Speak, delay_ms: int) -> None:
    canceller = WebRtcEchoCanceller()
    canceller.load()
    played = np.tile(speak("The assistant reads a long answer to you, word by word."), 3)
    room = np.random.default_rng(3).normal(size=3200) * np.exp(-np.arange(3200) / 500)
    path = EchoPath(room, delay_s=delay_ms / 1000, level=0.5, soft_clip=0.5)
    microphone = np.concatenate([path.hear(chunk) for chunk in chunks(played)]).astype(np.int16)
    out = cleaned(canceller, microphone, played[: len(microphone)])
    last = len(out) // 3
    assert 20 * np.log10(rms(microphone[-last:]) / rms(out[-last:])) > 20


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
@settings(deadline=None, max_examples=20)
def test_webrtc_takes_chunks_of_any_multiple_of_32(counts: list[int]) -> None:
    canceller = WebRtcEchoCanceller()
    canceller.load()
    for count in counts:
        sound = np.full(32 * count, 100, dtype=np.int16)
        assert len(canceller.process(sound, sound)) == len(sound)
