"""Learning a voice from recordings, with the real models: two pitches of one synthetic voice."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from device.assemble import voice_folder
from device.audio import RATE_HZ, Samples, resample, write_wav
from device.cli.wake import wake
from device.errors import EngineUnusable
from device.settings import load_settings
from device.speak.piper import Piper
from device.wake import enrol as enrolment
from device.wake.enrol import enrol
from device.wake.openwakeword import OpenWakeWordOnDemand

Say = Callable[[str, int], Samples]


@pytest.fixture(scope="module")
def say(model_folder: Callable[[str], Path]) -> Say:
    """A voice that says a line a little differently each time, as if recorded at a rate."""
    voice = Piper(model_folder("piper-en_us-joe-medium"))
    voice.load()
    return lambda text, as_if_hz: resample(voice.synthesize(text), as_if_hz, RATE_HZ)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment, "_SHIFTS", (0,))


def test_the_users_next_recording_passes_and_another_voice_less_so(say: Say) -> None:
    mine = [say("Hey Jarvis.", 18_700) for _ in range(4)]
    voice, unheard = enrol("hey_jarvis", mine, [say("Hey Jarvis.", 25_400) for _ in range(3)])
    assert unheard == []
    assert voice.clips == 4
    engine = OpenWakeWordOnDemand(("hey_jarvis",))
    engine.load()

    def best(as_if_hz: int) -> float:
        windows = enrolment._phrases(engine, "hey_jarvis", say("Hey Jarvis.", as_if_hz))
        return max((voice.probability(each) for each in windows), default=0.0)

    assert best(18_700) > 0.5 > best(25_400)


def test_recordings_without_the_phrase_are_named_and_too_few_are_refused(say: Say) -> None:
    quiet = np.zeros(RATE_HZ, np.int16)
    mine = [say("Hey Jarvis.", 18_700) for _ in range(3)]
    voice, unheard = enrol("hey_jarvis", [mine[0], quiet, *mine[1:]], [quiet])
    assert (unheard, voice.clips) == ([1], 3)
    with pytest.raises(EngineUnusable, match="1 of 3"):
        enrol("hey_jarvis", [mine[0], quiet, quiet], [quiet])


def test_the_command_learns_lists_and_forgets(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_voices(settings: object, word: str) -> list[Samples]:
        return [say("Hey Jarvis.", 25_400)]

    monkeypatch.setattr("device.assemble.assemble_other_voices", other_voices)
    paths = [str(tmp_path / f"{number}.wav") for number in range(3)]
    for path in paths:
        write_wav(Path(path), say("Hey Jarvis.", 18_700), RATE_HZ)
    run = CliRunner()
    trained = run.invoke(wake, ["train", "--word", "hey_jarvis", *paths])
    assert trained.exit_code == 0, trained.output
    assert [each.name for each in voice_folder().iterdir()] == ["hey_jarvis.json"]
    assert "from 3 recordings" in run.invoke(wake, ["list"]).output
    assert run.invoke(wake, ["forget", "hey_jarvis"]).exit_code == 0
    assert list(voice_folder().iterdir()) == []
    assert run.invoke(wake, ["forget", "hey_jarvis"]).exit_code != 0


def test_the_assistants_cascade_uses_the_voice_unless_told_not_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from device import assemble

    asked: list[tuple[str, ...]] = []

    def load_voices(folder: Path, words: tuple[str, ...]) -> dict[str, object]:
        asked.append(words)
        return {}

    monkeypatch.setattr(assemble, "load_voices", load_voices)
    assemble.assemble_wake_word(load_settings(overrides=("wake.own_voice=false",))).load()
    assert asked == []
    assemble.assemble_wake_word(load_settings()).load()
    assert asked == [("hey_jarvis",)]
