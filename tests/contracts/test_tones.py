"""Earcons: heard by people, and taken for no word and no wake word by the engines."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.audio import CHUNK_SAMPLES, RATE_HZ, Samples
from device.play.tones import cannot_hear, closed, listening, ring, thinking
from device.transcribe.faster_whisper import FasterWhisper
from device.transcribe.hallucination import believable_text
from device.wake.microwakeword import MicroWakeWord
from device.wake.openwakeword import OpenWakeWord

Earcon = Callable[[int], Samples]
EARCONS: list[Earcon] = [listening, closed, thinking, cannot_hear]
WORDS = "what is the capital of france"


@pytest.mark.parametrize("earcon", EARCONS)
@settings(deadline=None)
@given(rate_hz=st.sampled_from([8_000, 16_000, 22_050, 48_000]))
def test_an_earcon_is_soft_short_and_does_not_click(earcon: Earcon, rate_hz: int) -> None:
    sound = earcon(rate_hz)
    assert sound.dtype == np.int16
    assert 0.1 < len(sound) / rate_hz < 1.3
    peak = np.abs(sound.astype(int)).max()
    assert 1_000 < peak <= 3_277, "between audible and -20 dBFS"
    sounding = sound[sound != 0].astype(float)
    assert np.sqrt(np.mean(sounding**2)) <= 10 ** (-23 / 20) * 32_768
    assert abs(int(sound[0])) < 10
    assert abs(int(sound[-1])) < 10
    # Nothing jumps faster than the highest of its tones can, 1 kHz.
    steepest = peak * 2 * np.pi * 1_000 / rate_hz
    assert np.abs(np.diff(sound.astype(int))).max() <= steepest + 2


def test_listening_rises_and_closed_falls() -> None:
    for earcon, rises in ((listening, True), (closed, False)):
        sound = earcon(RATE_HZ)
        first, second = (np.abs(np.fft.rfft(each)).argmax() for each in np.split(sound, 2))
        assert (second > first) is np.bool_(rises)


@pytest.fixture(scope="module")
def whisper(model_folder: Callable[[str], Path]) -> FasterWhisper:
    made = FasterWhisper(model_folder("whisper-tiny.en"), threads=1)
    made.load()
    return made


@pytest.mark.engines
def test_no_earcon_is_transcribed(whisper: FasterWhisper, noise: Samples) -> None:
    for earcon in EARCONS:
        sound = mixed(noise[: 3 * RATE_HZ], earcon(RATE_HZ), RATE_HZ)
        # 0.3 s is what a detector of speech might wrongly find in it.
        assert believable_text(whisper.transcribe(sound), 0.3) == "", earcon.__name__


@pytest.mark.engines
def test_no_earcon_changes_what_is_heard_beside_it(
    whisper: FasterWhisper, request: pytest.FixtureRequest
) -> None:
    question: Samples = request.getfixturevalue("speak")(f"{WORDS.capitalize()}?")
    loud = np.flatnonzero(np.abs(question.astype(int)) > 500)
    for earcon in EARCONS:
        sound = earcon(RATE_HZ)
        sound = sound[: np.flatnonzero(sound)[-1] + 1]
        for at in (loud[0] - len(sound), loud[0] - len(sound) // 2, loud[-1] - len(sound) // 2):
            heard = believable_text(whisper.transcribe(mixed(question, sound, int(at))), 1.5)
            words = "".join(each for each in heard.lower() if each.isalpha() or each == " ")
            assert words == WORDS, (earcon.__name__, at)


@pytest.mark.engines
@pytest.mark.parametrize("make", [OpenWakeWord, MicroWakeWord])
def test_no_earcon_wakes(make: type[OpenWakeWord | MicroWakeWord], noise: Samples) -> None:
    engine = make(("hey_jarvis",))
    engine.load()
    quiet = noise[: RATE_HZ // 2]
    sound = np.concatenate(
        [each for earcon in (*EARCONS, ring) for each in (quiet, earcon(RATE_HZ), quiet)]
    )
    for at in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        assert engine.process(sound[at : at + CHUNK_SAMPLES]) is None


def mixed(under: Samples, over: Samples, at: int) -> Samples:
    """Lay a sound over another, from sample `at` on."""
    out = under.astype(int)
    at = max(0, at)
    over = over[: len(out) - at]
    out[at : at + len(over)] += over
    return np.clip(out, -32_768, 32_767).astype(np.int16)
