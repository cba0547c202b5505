"""Noise after the wake word, on real ears: nothing is said, and nothing is invented.

Virtual time waits for real engines, so that half a minute of room takes seconds.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from device.audio import RATE_HZ, Samples, read_audio, resample
from device.events import NothingSaid, Transcribed, Woke
from device.listen.silero import SileroVad
from device.speak.piper import Piper
from device.transcribe.faster_whisper import FasterWhisper
from device.wake.openwakeword import OpenWakeWord
from tests.scenarios.world import World, conversation, pause, said

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def hey_jarvis(model_folder: Callable[[str], Path]) -> Samples:
    voice = Piper(model_folder("piper-en_us-joe-medium"), variation=0.0)
    voice.load()
    return resample(voice.synthesize("Hey Jarvis."), 18_700, RATE_HZ)


@pytest.fixture
def hear(
    tmp_path: Path, hey_jarvis: Samples, model_folder: Callable[[str], Path]
) -> Callable[[Samples], World]:
    def play(sound: Samples) -> World:
        async def script(world: World) -> None:
            start = world.room.at
            await world.room.say(said(hey_jarvis, pause(0.2), sound, pause(8.0)))
            assert not world.assistant_spoke_after(start)

        return conversation(
            tmp_path,
            script,
            wake_word=OpenWakeWord(("hey_jarvis",)),
            speech_detector=SileroVad(),
            transcriber=FasterWhisper(model_folder("whisper-base")),
        )

    return play


def noise(level: float, seconds: float = 12.0) -> Samples:
    random = np.random.default_rng(5)
    return random.normal(0, level, int(seconds * RATE_HZ)).clip(-32768, 32767).astype(np.int16)


@pytest.mark.parametrize("level", [0.0, 30.0, 1000.0, 8000.0])
def test_silence_and_hiss(hear: Callable[[Samples], World], level: float) -> None:
    world = hear(noise(level))
    assert len(world.all(Woke)) == 1
    assert world.all(Transcribed) == []
    assert len(world.all(NothingSaid)) == 1


def test_hum_clicks_and_a_beep(hear: Callable[[Samples], World]) -> None:
    at = np.arange(12 * RATE_HZ) / RATE_HZ
    sound = 3000 * np.sin(2 * np.pi * 50 * at)
    sound[:: RATE_HZ // 3] += 20_000
    sound[5 * RATE_HZ : 6 * RATE_HZ] += 5000 * np.sin(2 * np.pi * 1000 * at[:RATE_HZ])
    assert hear(sound.astype(np.int16)).all(Transcribed) == []


@pytest.mark.data
def test_real_rooms(hear: Callable[[Samples], World], recordings: Path) -> None:
    files = sorted((recordings / "noise").rglob("*.flac"))[:8]
    assert files
    invented: dict[str, list[str]] = {}
    for path in files:
        world = hear(read_audio(path)[: 12 * RATE_HZ])
        if heard := [each.text for each in world.all(Transcribed)]:
            invented[path.name] = heard
    assert invented == {}
