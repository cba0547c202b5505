"""The simulated room's echo is the convolution that it says it is."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from device.audio import CHUNK_SAMPLES, RATE_HZ, Samples
from device.emulator.echo_path import EchoPath


def through(path: EchoPath, sound: Samples) -> np.ndarray:
    return np.concatenate([path.hear(chunk) for chunk in sound.reshape(-1, CHUNK_SAMPLES)])


@given(st.integers(1, 3000), st.integers(0, 3000), st.floats(0.01, 2.0), st.integers(0, 99))
@settings(max_examples=30)
def test_it_is_an_exact_convolution(taps: int, delay: int, level: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    response = random.normal(size=taps)
    sound = random.integers(-9000, 9000, 8 * CHUNK_SAMPLES).astype(np.int16)
    heard = through(EchoPath(response, delay_s=delay / RATE_HZ, level=level), sound)
    scaled = level * response / np.linalg.norm(response)
    wanted = np.concatenate([np.zeros(delay), np.convolve(sound.astype(float), scaled)])
    assert np.allclose(heard, wanted[: len(heard)], atol=1e-6)


def test_no_room_is_the_sound_itself() -> None:
    sound = np.arange(4 * CHUNK_SAMPLES, dtype=np.int16)
    assert np.allclose(through(EchoPath(), sound), sound)


def test_a_bent_loudspeaker_never_gets_louder() -> None:
    sound = np.arange(-32768, 32768, 32, dtype=np.int16)
    bent = through(EchoPath(soft_clip=1.0), sound)
    assert (np.abs(bent) <= np.abs(sound.astype(float)) + 1e-6).all()
    assert np.isclose(np.max(np.abs(bent)), 32768 * np.tanh(1.0))
