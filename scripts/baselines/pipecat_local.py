"""Pipecat's own local pipeline on the same weights, driven by WAV in real time.

Silero VAD and Smart Turn v3.2 as Pipecat sets them by default, its Whisper service on the same
folder (base, int8), its OpenAI service on llama-cpp-python's server with the same GGUF, its Piper
service with the same voice. The wake phrase is left out: the pipeline has no use for it.

Run by scripts/bench_turn in an environment of its own (REQUIREMENTS there); nothing of the project
is imported. Reads FOLDER/baseline_plan.json and FOLDER/pipecat.json (paths and settings); leaves
`turns.json` and `recording.wav` (user left, assistant right, 16 kHz) in FOLDER/pipecat.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    InputAudioRawFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    StartFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    UserStoppedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.piper.tts import PiperTTSService
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

RATE_HZ = 16_000
PERIOD_S = 0.02
PERIOD = int(RATE_HZ * PERIOD_S)
NOISE_LEVEL = 4.0  # root mean square of int16, as in the assistant's room
AUDIBLE = 330  # -40 dB of full scale
TURN_LIMIT_S = 30.0
GAP_S = 0.6
QUIET_S = 1.2  # clauses of one reply can be this far apart


class Air:
    """The recording: what the user says, and what sounds when."""

    def __init__(self) -> None:
        self.zero_s = time.monotonic()
        self.user: list[np.ndarray] = []
        self.to_say = np.zeros(0, dtype=np.int16)
        self.played: list[tuple[int, np.ndarray]] = []
        self.free_at = 0.0  # until when the speaker has something to play

    @property
    def at(self) -> int:
        return len(self.user) * PERIOD

    def now_s(self) -> float:
        return time.monotonic() - self.zero_s

    def recorded(self) -> np.ndarray:
        user = np.concatenate([np.zeros(0, dtype=np.int16), *self.user])
        length = max([len(user), *(at + len(sound) for at, sound in self.played)])
        both = np.zeros((length, 2), dtype=np.int16)
        both[: len(user), 0] = user
        for at, sound in self.played:
            both[at : at + len(sound), 1] = sound
        return both


class Ear(BaseInputTransport):
    """Hands over each 20 ms when they have been spoken."""

    def __init__(self, air: Air, params: TransportParams) -> None:
        super().__init__(params)
        self._air = air
        self._pump_task: Any = None

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)
        if self._pump_task is None:
            self._pump_task = self.create_task(self._pump())

    async def cleanup(self) -> None:
        if self._pump_task is not None:
            await self.cancel_task(self._pump_task)
            self._pump_task = None
        await super().cleanup()

    async def _pump(self) -> None:
        air, random = self._air, np.random.default_rng(1)
        air.zero_s = time.monotonic()
        while True:
            await asyncio.sleep(max(0.0, (len(air.user) + 1) * PERIOD_S - air.now_s()))
            said = np.zeros(PERIOD, dtype=np.int16)
            now, air.to_say = air.to_say[:PERIOD], air.to_say[PERIOD:]
            said[: len(now)] = now
            air.user.append(said)
            heard = np.clip(said + random.normal(0.0, NOISE_LEVEL, PERIOD), -32768, 32767)
            await self.push_audio_frame(
                InputAudioRawFrame(
                    audio=heard.astype(np.int16).tobytes(), sample_rate=RATE_HZ, num_channels=1
                )
            )


class Mouth(BaseOutputTransport):
    """Plays at the pace of real time, and notes where on the user's clock each sample sounds."""

    def __init__(self, air: Air, params: TransportParams) -> None:
        super().__init__(params)
        self._air = air

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        air = self._air
        sound = np.frombuffer(frame.audio, dtype=np.int16)
        begins_s = max(air.now_s(), air.free_at)
        air.played.append((int(begins_s * RATE_HZ), sound))
        air.free_at = begins_s + len(sound) / RATE_HZ
        await asyncio.sleep(max(0.0, air.free_at - PERIOD_S - air.now_s()))
        return True


class Notes(BaseObserver):
    """When each step was first done."""

    def __init__(self, air: Air) -> None:
        super().__init__()
        self._air = air
        self._seen: set[int] = set()
        self.events: list[tuple[str, float, str]] = []

    async def on_push_frame(self, data: FramePushed) -> None:
        kinds = {
            VADUserStoppedSpeakingFrame: "silence",
            TranscriptionFrame: "transcript",
            UserStoppedSpeakingFrame: "commit",
            LLMTextFrame: "first token",
            TTSAudioRawFrame: "first clause",
        }
        kind = kinds.get(type(data.frame))
        if kind is None or data.frame.id in self._seen:
            return
        self._seen.add(data.frame.id)
        text = getattr(data.frame, "text", "") or ""
        self.events.append((kind, self._air.now_s(), text))


class LocalServer(OpenAILLMService):
    """llama-cpp-python's server, which knows no role "developer"."""

    supports_developer_role = False


def serve(gguf: str, threads: int, context_tokens: int) -> tuple[subprocess.Popen[bytes], str]:
    """Start llama-cpp-python's server on a free port of this machine, and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "llama_cpp.server", "--model", gguf, "--host", "127.0.0.1",
         "--port", str(port), "--n_threads", str(threads), "--n_threads_batch", str(threads),
         "--n_ctx", str(context_tokens), "--verbose", "false"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/v1"
    deadline = time.monotonic() + 180
    while True:
        try:
            urllib.request.urlopen(f"{url}/models", timeout=2).read()
        except (urllib.error.URLError, OSError):
            if server.poll() is not None or time.monotonic() > deadline:
                server.terminate()
                sys.exit("llama-cpp-python's server did not start")
            time.sleep(0.2)
        else:
            return server, url


async def say(air: Air, notes: Notes, sound: np.ndarray, identity: str) -> dict[str, Any]:
    """Say one utterance, and wait until the reply has been heard."""
    await asyncio.sleep(GAP_S)
    begun, start, played = len(notes.events), air.at, len(air.played)
    air.to_say = sound
    while len(air.to_say):  # noqa: ASYNC110 - the pump takes it away
        await asyncio.sleep(PERIOD_S)
    spoken_s = air.now_s()
    while air.now_s() < spoken_s + TURN_LIMIT_S:
        await asyncio.sleep(0.05)
        sounded = [
            at for at, clip in air.played[played:] if (abs(clip.astype(int)) > AUDIBLE).any()
        ]
        if sounded and sounded[-1] > spoken_s * RATE_HZ and air.now_s() > air.free_at + QUIET_S:
            break
    own = notes.events[begun:]
    zero_s = start / RATE_HZ + len(sound) / RATE_HZ
    stages: dict[str, float] = {}
    for kind, at_s, _ in own:
        if kind in ("silence", "transcript", "commit"):
            stages[kind] = at_s - zero_s  # the last of them is the one that counted
        else:
            stages.setdefault(kind, at_s - zero_s)
    transcripts = [text.strip() for kind, _, text in own if kind == "transcript"]
    print(f"  {identity}: {transcripts}", file=sys.stderr, flush=True)
    return {
        "id": identity,
        "start": start,
        "end": air.at,
        "woken": True,
        "transcripts": transcripts,
        "reply": "".join(text for kind, _, text in own if kind == "first token"),
        "commits_at_s": [at_s - zero_s for kind, at_s, _ in own if kind == "commit"],
        "stages_at_s": stages,
    }


async def converse(folder: Path, plan: list[Any], config: dict[str, Any], url: str) -> None:
    air = Air()
    notes = Notes(air)
    params = TransportParams(
        audio_in_enabled=True,
        audio_in_sample_rate=RATE_HZ,
        audio_out_enabled=True,
        audio_out_sample_rate=RATE_HZ,
    )
    transcriber = WhisperSTTService(
        device="cpu",
        compute_type="int8",
        settings=WhisperSTTService.Settings(model=config["whisper"]),
    )
    model = LocalServer(
        base_url=url,
        api_key="none",
        settings=OpenAILLMService.Settings(
            model="local",
            max_tokens=config["reply_tokens"],
            system_instruction=config["system"],
        ),
    )
    voice_file = Path(config["voice"])
    voice = PiperTTSService(
        download_dir=voice_file.parent,
        settings=PiperTTSService.Settings(voice=voice_file.stem),
    )
    aggregators = LLMContextAggregatorPair(
        LLMContext(), user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    )
    ear, mouth = Ear(air, params), Mouth(air, params)
    worker = PipelineWorker(
        Pipeline(
            [ear, transcriber, aggregators.user(), model, voice, mouth, aggregators.assistant()]
        ),
        params=PipelineParams(audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=RATE_HZ),
        observers=[notes],
        idle_timeout_secs=None,
        enable_rtvi=False,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await asyncio.sleep(2.0)
    turns: list[dict[str, Any]] = []
    # One turn to warm up, so that no engine's slow first call is counted.
    for number, utterance in enumerate([plan[0], *plan]):
        sound, _ = soundfile.read(folder / utterance["wav"], dtype="int16")
        identity = utterance["id"] if number else "warm-up"
        turns.append(await say(air, notes, sound, identity))
    await worker.cancel()
    await asyncio.wait([running], timeout=10)
    soundfile.write(folder / "pipecat" / "recording.wav", air.recorded(), RATE_HZ)
    record = {"capture_s": 0.0, "turns": turns[1:]}
    path = folder / "pipecat" / "turns.json"
    path.write_text(json.dumps(record, indent=1), encoding="utf-8")


def main() -> None:
    logger.remove()
    logger.add(sys.stderr, level=os.environ.get("PIPECAT_LEVEL", "ERROR"))
    folder = Path(sys.argv[1])
    plan = json.loads((folder / "baseline_plan.json").read_text(encoding="utf-8"))
    config = json.loads((folder / "pipecat.json").read_text(encoding="utf-8"))
    (folder / "pipecat").mkdir(exist_ok=True)
    server, url = serve(config["gguf"], config["threads"], config["context_tokens"])
    try:
        asyncio.run(converse(folder, plan, config, url))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
