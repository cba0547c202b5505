"""The live program on a real sound server: PortAudio in, PortAudio out, real models."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.audio import RATE_HZ, Samples, resample
from device.speak.piper import Piper
from device.transcribe.faster_whisper import FasterWhisper

SMALL = ("--set", "transcribe.model=whisper-tiny.en", "--set", "think.engine=none")
PULSE = ("--mic", "pulse", "--speaker", "pulse")
LIMIT_S = 120.0


class Output:
    """A running program's lines, as they come."""

    def __init__(self, process: Any) -> None:
        self.process = process
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)

    def wait_for(self, words: str, count: int = 1) -> None:
        end = time.monotonic() + LIMIT_S
        while sum(words in line for line in self.lines) < count:
            assert time.monotonic() < end, f"no {words!r} in: {''.join(self.lines)}"
            assert self.process.poll() is None or self._thread.is_alive(), "".join(self.lines)
            time.sleep(0.05)


@pytest.fixture(scope="module")
def ask_the_time(model_folder: Callable[[str], Path]) -> Samples:
    voice = Piper(model_folder("piper-en_us-joe-medium"), variation=0.0)
    voice.load()
    sound = voice.synthesize("Hey Jarvis, what time is it?")
    quiet = np.zeros(RATE_HZ // 2, dtype=np.int16)
    return np.concatenate([quiet, resample(sound, 18_700, RATE_HZ), quiet])


@pytest.fixture
def running(sound_server: Any) -> Iterator[Output]:
    output = Output(sound_server.lapel("run", *PULSE, *SMALL))
    try:
        output.wait_for("Say “hey jarvis”")
        yield output
    finally:
        output.process.kill()
        output.process.wait()
        output.process.stdout.close()


@pytest.mark.engines
def test_a_spoken_question_is_answered_through_the_sound_server(
    sound_server: Any,
    running: Output,
    ask_the_time: Samples,
    model_folder: Callable[[str], Path],
) -> None:
    ear = sound_server.hear()
    sound_server.speak(ask_the_time)
    running.wait_for("voice to voice")
    time.sleep(3.0)  # the reply is still being played
    heard = ear.heard()
    whisper = FasterWhisper(model_folder("whisper-tiny.en"))
    whisper.load()
    assert "time" not in " ".join(running.lines), "a transcript in what may be a log"
    audible = np.flatnonzero(np.abs(heard.astype(int)) > 330)
    assert len(audible), f"nothing audible in {len(heard) / RATE_HZ:.1f} s of the speaker's sound"
    reply = heard[max(0, audible[0] - RATE_HZ // 2) : audible[-1] + RATE_HZ // 2]
    text = " ".join(segment.text for segment in whisper.transcribe(reply)).lower()
    assert "it's" in text or "it is" in text, text
    assert any(digit.isdigit() for digit in text), text


@pytest.mark.engines
def test_microphone_and_speaker_come_back_after_the_sound_server_died(
    sound_server: Any, running: Output, ask_the_time: Samples
) -> None:
    sound_server.stop()
    running.wait_for("gives no sound")
    sound_server.start()
    running.wait_for("microphone is back")
    running.wait_for("speaker is back")
    sound_server.speak(ask_the_time)
    running.wait_for("voice to voice")


@pytest.mark.engines
def test_it_is_unlocked_and_locked_while_it_runs(
    sound_server: Any, running: Output, tmp_path: Path
) -> None:
    pin = tmp_path / "pin"
    pin.write_text("2580\n", encoding="utf-8")

    def lapel(*arguments: str) -> str:
        process = sound_server.lapel(*arguments)
        out, _ = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0, out
        return out

    lapel("context", "lock", "set-pin", "--new-pin-file", str(pin))
    assert "all open" in lapel("context", "lock", "status")  # it was open before there was a PIN
    assert "private memory is locked" in lapel("lock")
    assert "restricted locked" in lapel("context", "lock", "status")
    assert "memory is open" in lapel("unlock", "--pin-file", str(pin))
    assert "all open" in lapel("context", "lock", "status")
    assert "2580" not in "".join(running.lines)


@pytest.mark.engines
def test_a_muted_microphone_is_closed_and_comes_back(
    sound_server: Any, running: Output, ask_the_time: Samples
) -> None:
    def captured() -> int:
        listed = subprocess.run(
            ["pactl", "list", "short", "source-outputs"],
            env=sound_server.env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return len(listed.stdout.splitlines())

    def lapel(*arguments: str) -> None:
        process = sound_server.lapel(*arguments)
        out, _ = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0, out

    before = captured()
    lapel("mic", "off")
    running.wait_for("The microphone is off")
    assert captured() == before - 1
    sound_server.speak(ask_the_time)
    assert captured() == before - 1
    assert not any("listening" in line for line in running.lines)
    lapel("mic", "on")
    running.wait_for("The microphone is on.")
    assert captured() == before
    sound_server.speak(ask_the_time)
    running.wait_for("voice to voice")


@pytest.mark.engines
def test_ctrl_c_ends_it_in_order(running: Output) -> None:
    import signal

    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(timeout=20) == 0
    running.wait_for("Goodbye")


def test_a_wrong_microphone_lists_those_there_are(sound_server: Any) -> None:
    process = sound_server.lapel("run", "--mic", "no such thing", "--speaker", "pulse", *SMALL)
    out, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    last = out.strip().splitlines()
    assert any("There is no microphone 'no such thing'. There are:" in line for line in last), out
    assert "Traceback" not in out


def test_devices_are_listed(sound_server: Any) -> None:
    process = sound_server.lapel("devices")
    out, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert "pulse" in out
