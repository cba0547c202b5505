"""The sequential baseline: wait for silence, transcribe, think, speak, play; one after the other.

A fixed 700 ms of silence by Silero VAD, faster-whisper with its defaults on base int8, the model's
whole reply through llama-cpp-python's own chat call with nothing cached, and the whole of it
spoken by Piper before any is played. The weights are those of the assistant's own settings. There
is no wake word, no tool and no memory: everything that is said goes to the model.

Run by scripts/bench_turn as a program of its own, in the same room and at the same pace as the
assistant. Leaves `turns.json` and `recording.wav` in the folder it is given.
"""

import argparse
import asyncio
import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from llama_cpp import Llama
from piper.voice import PiperVoice

from agents.prompt import SYSTEM
from device.assemble import find_models, keep_private
from device.audio import CHUNK_S, RATE_HZ, read_audio, resample
from device.emulator.room import Room
from device.listen.silero import SileroVad
from device.settings import load_settings

SILENCE_S = 0.7
REPLY_TOKENS = 96  # as in agents/agent.py
_PREROLL_CHUNKS = 10
_LEAST_SPEECH_S = 0.2
_TURN_LIMIT_S = 30.0
_GAP_S = 0.6


class Sequential:
    """The chain. `push` and `pull` are a microphone's and a speaker's ends of it."""

    def __init__(self, settings: Any, threads: int) -> None:
        models = find_models()
        self._system = SYSTEM
        self._vad = SileroVad()
        self._vad.load()
        self._whisper = WhisperModel(
            str(models.path(settings.transcribe.model)),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
        )
        gguf = next(iter(sorted(models.path(settings.think.model).glob("*.gguf"))))
        self._llama = Llama(
            str(gguf),
            n_ctx=settings.think.context_tokens,
            n_threads=threads,
            n_threads_batch=threads,
            verbose=False,
        )
        voice = next(iter(sorted(models.path(settings.speak.model).glob("*.onnx"))))
        self._voice = PiperVoice.load(voice)
        self._chunks: queue.Queue[Any] = queue.Queue()
        self._out: Any = np.zeros(0, dtype=np.int16)
        self._lock = threading.Lock()
        self.busy = False
        self.log: list[dict[str, Any]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def push(self, chunk: Any) -> None:
        self._chunks.put(chunk)

    def pull(self, count: int) -> Any:
        with self._lock:
            out, self._out = self._out[:count], self._out[count:]
        return np.concatenate([out, np.zeros(count - len(out), dtype=np.int16)])

    @property
    def playing(self) -> bool:
        with self._lock:
            return len(self._out) > 0

    def _listen(self) -> None:
        kept: list[Any] = []
        speech_s = silence_s = 0.0
        while True:
            chunk = self._chunks.get()
            kept.append(chunk)
            if self._vad.process(chunk) >= 0.5:
                speech_s, silence_s = speech_s + CHUNK_S, 0.0
            else:
                silence_s += CHUNK_S
            if speech_s < _LEAST_SPEECH_S:
                kept = kept[-_PREROLL_CHUNKS:] if not speech_s else kept
                if silence_s >= SILENCE_S:
                    speech_s = 0.0
            elif silence_s >= SILENCE_S:
                self.busy = True
                self.answer(np.concatenate(kept))
                self.busy = False
                kept, speech_s, silence_s = [], 0.0, 0.0
                self._vad.reset()

    def answer(self, clip: Any) -> None:
        """Take the chain's steps, and note when each was done (seconds on the loop's clock)."""
        times = {"commit": time.monotonic()}
        segments, _ = self._whisper.transcribe(clip.astype(np.float32) / 32768.0, language="en")
        text = " ".join(each.text.strip() for each in segments)
        times["transcript"] = time.monotonic()
        self._llama.reset()
        reply: Any = self._llama.create_chat_completion(
            [{"role": "system", "content": self._system}, {"role": "user", "content": text}],
            max_tokens=REPLY_TOKENS,
        )
        said = str(reply["choices"][0]["message"]["content"])
        times["reply"] = time.monotonic()
        clips = [each.audio_int16_array for each in self._voice.synthesize(said)]
        sound = np.concatenate(clips) if clips else np.zeros(0, dtype=np.int16)
        times["sound"] = time.monotonic()
        with self._lock:
            self._out = resample(sound, self._voice.config.sample_rate, RATE_HZ)
        self.log.append({"text": text, "reply": said, "times": times})


async def converse(chain: Sequential, plan: list[dict[str, Any]], folder: Path) -> Any:
    room = Room()
    room.push, room.pull = chain.push, chain.pull
    loop = asyncio.get_running_loop()
    turns: list[dict[str, Any]] = []
    air = asyncio.create_task(room.run())
    await asyncio.sleep(1.0)
    for utterance in plan:
        await asyncio.sleep(_GAP_S)
        begun, start = len(chain.log), room.at
        await room.say(read_audio(folder / utterance["wav"]))
        zero_s = loop.time() - room.at / RATE_HZ
        deadline = loop.time() + _TURN_LIMIT_S
        while loop.time() < deadline:
            await asyncio.sleep(0.05)
            if len(chain.log) > begun and not chain.busy and not chain.playing:
                break
        own = chain.log[begun:]
        turns.append(
            {
                "id": utterance["id"],
                "start": start,
                "end": room.at,
                "woken": True,
                "transcripts": [each["text"] for each in own],
                "reply": " ".join(each["reply"] for each in own),
                "commits_at_s": [each["times"]["commit"] - zero_s for each in own],
                "stages_at_s": {key: at - zero_s for key, at in own[-1]["times"].items()}
                if own
                else {},
            }
        )
        print(f"  {utterance['id']}: {turns[-1]['transcripts']}", file=sys.stderr, flush=True)
    air.cancel()
    room.save(folder / "sequential" / "recording.wav")
    return {"capture_s": CHUNK_S, "turns": turns}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--profile", default="laptop")
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    arguments = parser.parse_args()
    keep_private()
    folder: Path = arguments.folder
    plan = json.loads((folder / "baseline_plan.json").read_text(encoding="utf-8"))
    (folder / "sequential").mkdir(exist_ok=True)
    settings = load_settings(arguments.profile, None, tuple(arguments.overrides))
    threads = min(2, len(os.sched_getaffinity(0)))
    chain = Sequential(settings, threads)
    warm_up = np.random.default_rng(1).normal(0, 50, 16_000).astype(np.int16)
    chain.answer(warm_up)  # the first call of each engine is slower than all later ones
    chain.pull(10**7)
    record = asyncio.run(converse(chain, plan, folder))
    path = folder / "sequential" / "turns.json"
    path.write_text(json.dumps(record, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
