"""The assistant's own voice through a real sound server's loop: it neither wakes nor stops itself.

A loopback carries what the speaker plays into the microphone, half a beat late, as air does.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.audio import RATE_HZ, Samples, resample, write_wav
from device.speak.piper import Piper

_LISTEN = """
import asyncio, json, sys
import numpy as np
from pathlib import Path
from device.audio import CHUNK_S, CHUNK_SAMPLES, RATE_HZ, read_audio
from device.ears import Ears
from device.listen.barge_in import BargeIn
from device.listen.silero import SileroVad
from device.mic import ChunkQueue
from device.mic.echo import NoEchoCanceller, WebRtcEchoCanceller
from device.mic.portaudio import PortAudioMicrophone
from device.play import Playout
from device.play.portaudio import PortAudioSpeaker
from device.wake.openwakeword import OpenWakeWord

async def main(sound, cancel):
    canceller = WebRtcEchoCanceller() if cancel else NoEchoCanceller()
    # Nothing listens to what is played: it is the canceller alone that is tested.
    deaf = OpenWakeWord(("hey_jarvis",), threshold=1.0)
    ears = Ears(OpenWakeWord(("hey_jarvis",)), deaf, SileroVad(), canceller, BargeIn())
    ears.load()
    loop = asyncio.get_running_loop()
    chunks, playout = ChunkQueue(loop), Playout(48_000, loop)
    speaker, microphone = PortAudioSpeaker("pulse"), PortAudioMicrophone("pulse")
    speaker.open(playout.pull)
    microphone.open(chunks.push)
    for _ in range(60):  # until both streams run and the first chunks no longer wait
        await asyncio.wait_for(chunks.get(), 10)
        playout.take_played(CHUNK_SAMPLES)
    await playout.add(1, "", read_audio(Path(sound)), RATE_HZ)
    wakes, barge_ins, raw, left = 0, 0, 0.0, 0.0
    began, count, longest_wait = loop.time(), 0, 0.0
    while playout.queued_s() or playout.is_sounding:
        chunk = await asyncio.wait_for(chunks.get(), 10)
        played = playout.take_played(CHUNK_SAMPLES)
        heard = ears.hear(chunk, played, wake=True, speech=True, over=True)
        count += 1
        longest_wait = max(longest_wait, loop.time() - began - count * CHUNK_S)
        wakes += heard.detection is not None
        barge_ins += heard.barged_in
        if loop.time() - began > 5:
            raw += float(np.sum(chunk.astype(float) ** 2))
            left += float(np.sum(heard.chunk.astype(float) ** 2))
    microphone.close()
    speaker.close()
    print(json.dumps([wakes, barge_ins, raw, left, longest_wait]))

asyncio.run(main(sys.argv[1], sys.argv[2] == "cancel"))
"""


@pytest.fixture(scope="module")
def own_speech(model_folder: Callable[[str], Path]) -> Samples:
    voice = Piper(model_folder("piper-en_us-joe-medium"), variation=0.0)
    voice.load()
    said = voice.synthesize(
        "Hey Jarvis is what you say to wake me. Say stop, and I stop at once. Your timer for ten "
        "minutes is set, and the spare key is under the blue pot beside the back door. Hey Jarvis!"
    )
    # As another person's voice, which the wake word's model knows better than its own.
    return np.concatenate([resample(said, 18_700, RATE_HZ)] * 2)


def listen(sound_server: Any, sound: Path, way: str) -> list[float]:
    # A process of its own: PortAudio finds its sound server once, when it is first loaded.
    done = subprocess.run(
        [sys.executable, "-c", _LISTEN, str(sound), way],
        env=sound_server.env, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.engines
def test_its_own_voice_neither_wakes_nor_interrupts_it(
    sound_server: Any, own_speech: Samples, tmp_path: Path
) -> None:
    subprocess.run(
        ["pactl", "load-module", "module-loopback", "source=pin_speaker.monitor",
         "sink=pin_mic_in", "latency_msec=80"],
        env=sound_server.env, check=True, capture_output=True,
    )  # fmt: skip
    sound = tmp_path / "own.wav"
    write_wav(sound, own_speech, RATE_HZ)
    wakes, barge_ins, raw, left, longest_wait = listen(sound_server, sound, "cancel")
    if longest_wait > 2.0:  # what was played is kept in step for no longer
        pytest.skip("this machine is too busy to play and record in real time")
    assert raw > 1e9, "the loop carried nothing"
    assert 10 * np.log10(raw / max(left, 1.0)) > 10, "the echo was not taken out"
    assert wakes == 0
    assert barge_ins == 0
    # The loop is an echo indeed: without the canceller, the assistant wakes itself.
    wakes, *_ = listen(sound_server, sound, "leave")
    assert wakes > 0
