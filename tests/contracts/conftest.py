"""Engines under contract: each suite runs on the stand-in and on the real thing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from device.audio import RATE_HZ, Samples, resample
from device.speak.piper import Piper

Speak = Callable[[str], Samples]


@pytest.fixture(scope="session")
def speak(model_folder: Callable[[str], Path]) -> Speak:
    """A person's voice: 16 kHz, with a little silence around it."""
    voice = Piper(model_folder("piper-en_us-joe-medium"), variation=0.0)
    voice.load()
    quiet = np.zeros(RATE_HZ // 2, dtype=np.int16)

    def say(text: str) -> Samples:
        sound = resample(voice.synthesize(text), 18_700, RATE_HZ)
        return np.concatenate([quiet, sound, quiet])

    return say


@pytest.fixture(scope="session")
def noise() -> Samples:
    """Ten seconds of quiet room noise."""
    return np.random.default_rng(7).normal(0, 40, 10 * RATE_HZ).astype(np.int16)
