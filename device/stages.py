"""The stages of one assistant, a thread for each, and how they are opened."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TypeVar

from context.errors import LapelError
from device.clock import SystemClock
from device.ears import Ears
from device.events import Event, ModelFitted, StageFailed
from device.listen import SpeechDetector, TurnEndDetector
from device.mic import Microphone
from device.mic.echo import EchoCanceller
from device.mic.mute import Mute
from device.mind import Mind
from device.play import Speaker
from device.speak.cached import CachedSynthesizer
from device.transcribe import Transcriber
from device.wake import WakeWord
from device.worker import Worker

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stages:
    """The parts of one assistant, in the order of the sound's way."""

    microphone: Microphone
    echo_canceller: EchoCanceller
    wake_word: WakeWord
    own_words: WakeWord
    """Hears what is played."""
    speech_detector: SpeechDetector
    turn_end: TurnEndDetector
    transcriber: Transcriber
    mind: Mind
    synthesizer: CachedSynthesizer
    speaker: Speaker
    mute: Mute = field(default_factory=lambda: Mute(None, SystemClock()))


@dataclass(frozen=True, slots=True)
class Workers:
    """A thread per native engine; the small ones that hear every chunk share theirs."""

    ears: Worker = field(default_factory=lambda: Worker("ears"))
    turn_end: Worker = field(default_factory=lambda: Worker("turn end"))
    transcribe: Worker = field(default_factory=lambda: Worker("transcribe", at_once=2))
    """Two at once: a transcript that nobody waits for any more must not hold up the next."""
    think: Worker = field(default_factory=lambda: Worker("think"))
    speak: Worker = field(default_factory=lambda: Worker("speak"))
    timers: Worker = field(default_factory=lambda: Worker("timers"))
    erase: Worker = field(default_factory=lambda: Worker("erase"))
    """To erase everything waits for nothing, not even for the model."""

    def close(self) -> None:
        """Let each thread end after the calls that are queued."""
        for each in fields(self):
            getattr(self, each.name).close()


async def open_engines(
    stages: Stages,
    workers: Workers,
    ears: Ears,
    emit: Callable[[Event], None],
    progress: Callable[[str], None],
    *,
    rings_anyway: bool,
) -> None:
    """Open every engine on its thread, one after the other so that they do not fight for cores.

    Args:
        stages: the engines.
        workers: their threads.
        ears: the engines that every chunk passes.
        emit: told what failed, and which language model there is memory for.
        progress: told what is being opened, and what can't be.
        rings_anyway: go on without what can't be opened.

    Raises:
        LapelError: an engine's weights are missing or damaged, or the store is; not where
            `rings_anyway`.
    """

    def fail(stage: str, error: LapelError) -> None:
        emit(StageFailed.of(0, _now(), stage, error))

    async def opened(worker: Worker, stage: str, load: Callable[[], T]) -> T | None:
        try:
            return await worker.run(load)
        except LapelError as error:
            if not rings_anyway:
                raise
            fail(stage, error)
            progress(f"rest; what is set rings, but: {error}")
            return None

    progress("wake word")
    await opened(workers.ears, "listen", ears.load)
    progress("speech recognition")
    await opened(workers.turn_end, "turn end", stages.turn_end.load)
    await opened(workers.transcribe, "transcribe", stages.transcriber.load)
    progress("language model and memory")
    without = await opened(workers.think, "memory", stages.mind.load)
    if without is not None:
        fail("think", without)
        progress(f"rest; commands and memory work, but: {without}")
    if (fit := stages.mind.fit) is not None:
        emit(ModelFitted(0, _now(), fit.model, fit.small))
        if fit.small:
            progress(f"rest; the language model is {fit.sentence}")
    progress("voice")
    await opened(workers.speak, "speak", stages.synthesizer.load)


def _now() -> float:
    return asyncio.get_running_loop().time()
