"""PortAudio's microphone and speaker under the same contract, on a real sound server."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_CHECK = """
import asyncio
from device.mic.portaudio import PortAudioMicrophone
from device.play.portaudio import PortAudioSpeaker
from tests.contracts.sound_contract import check_microphone, check_speaker
asyncio.run({check})
"""


@pytest.mark.parametrize(
    "check",
    ['check_microphone(PortAudioMicrophone("pulse"))', 'check_speaker(PortAudioSpeaker("pulse"))'],
)
def test_portaudio(sound_server: Any, check: str) -> None:
    # A process of its own: PortAudio finds its sound server once, when it is first loaded.
    done = subprocess.run(
        [sys.executable, "-c", _CHECK.format(check=check)],
        env=sound_server.env, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
