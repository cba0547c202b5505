"""A real sound server without a sound card: two PulseAudio null sinks for mouth and ear."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from device.audio import Samples


class SoundServer:
    """PulseAudio on a socket of its own: `speak` into its microphone, `hear` its speaker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: subprocess.Popen[bytes] | None = None
        self.env = os.environ | {
            "PULSE_SERVER": f"unix:{folder}/pulse.sock",
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_SINK": "pin_speaker",
            "PULSE_SOURCE": "pin_mic",
        }

    def start(self) -> None:
        self.server = subprocess.Popen(
            [
                "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes",
                "--use-pid-file=no", "--realtime=no", "--high-priority=no",
                "-L",
                f"module-native-protocol-unix auth-anonymous=1 socket={self.folder}/pulse.sock",
                "-L", "module-null-sink sink_name=pin_speaker rate=48000 channels=2 norewinds=1",
                "-L", "module-null-sink sink_name=pin_mic_in rate=16000 channels=1 norewinds=1",
                "-L", "module-remap-source source_name=pin_mic master=pin_mic_in.monitor",
            ],
            env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            info = subprocess.run(["pactl", "info"], env=self.env, capture_output=True, check=False)
            if info.returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("PulseAudio did not start")

    def stop(self) -> None:
        if self.server is not None:
            self.server.kill()
            self.server.wait()
            self.server = None

    def speak(self, samples: Samples) -> None:
        """Play 16 kHz samples into the microphone; returns when they have been played."""
        subprocess.run(
            ["pacat", "-d", "pin_mic_in", "--raw", "--rate=16000", "--channels=1",
             "--format=s16le"],
            input=samples.tobytes(), env=self.env, check=True, timeout=60,
        )  # fmt: skip

    def hear(self) -> "Ear":
        return Ear(self)

    def lapel(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-u", "-c", "from device.cli import main; main()", *arguments],
            env=self.env | {"LAPEL_HOME": os.environ["LAPEL_HOME"], "COLUMNS": "120"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip


class Ear:
    """Records what the speaker plays, into a file: a pipe that nobody reads would fill up."""

    def __init__(self, server: SoundServer) -> None:
        self._path = server.folder / "heard.raw"
        with self._path.open("wb") as out:
            self._parec = subprocess.Popen(
                ["parec", "-d", "pin_speaker.monitor", "--raw", "--rate=16000", "--channels=1",
                 "--format=s16le", "--latency-msec=50"],
                env=server.env, stdout=out,
            )  # fmt: skip

    def heard(self) -> Samples:
        self._parec.send_signal(signal.SIGTERM)
        self._parec.wait(timeout=10)
        out = self._path.read_bytes()
        return np.frombuffer(out[: len(out) // 2 * 2], dtype=np.int16)


@pytest.fixture
def sound_server() -> Iterator[SoundServer]:
    if not shutil.which("pulseaudio") or not shutil.which("pacat"):
        pytest.skip("PulseAudio is not installed (scripts/setup --test installs it)")
    # A socket's path has a length limit that a test's own folder can pass.
    with tempfile.TemporaryDirectory(prefix="lapel-pulse-") as folder:
        server = SoundServer(Path(folder))
        server.start()
        yield server
        server.stop()
