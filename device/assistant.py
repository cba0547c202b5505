"""The assistant: the event loop that hears, takes turns, and rings.

Tasks run side by side, each in one `TaskGroup`: hearing (microphone to utterance), the one turn
that has the word, and the timers. Whoever takes the word cancels the turn that had it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from agents.tools.timer import Timer
from context.errors import LapelError
from device.audio import Samples
from device.events import (
    ChunksDropped,
    Event,
    Interrupted,
    NothingSaid,
    Rang,
    Ready,
    SpeechEnded,
    SpeechStarted,
    StageFailed,
    Transcribed,
    TurnEnded,
    Woke,
)
from device.hear import Ended, Utterance
from device.listen import SpeechDetector
from device.listen.endpoint import Endpointing
from device.listen.preroll import PreRoll
from device.mic import ChunkQueue, Microphone
from device.mind import Mind
from device.play import Playout, Speaker
from device.play.tones import ring
from device.reply import Replier
from device.schedule import ring_sentence
from device.settings import Settings
from device.speak import Synthesizer
from device.transcribe import Transcriber
from device.transcribe.hallucination import believable_text
from device.transcribe.wake_phrase import strip_wake_phrase
from device.turn import Cue, Phase, advance
from device.wake import Detection, Refractory, WakeWord, phrase_of
from device.watch import WatchedMicrophone, watch_speaker
from device.worker import Worker

Emit = Callable[[Event], None]

SORRY_HEARING = "Sorry, something went wrong and I couldn't hear that."

_RINGS = 3
_RING_PAUSE_S = 4.0


@dataclass(frozen=True, slots=True)
class Stages:
    """The parts of one assistant, in the order of the sound's way."""

    microphone: Microphone
    wake_word: WakeWord
    speech_detector: SpeechDetector
    transcriber: Transcriber
    mind: Mind
    synthesizer: Synthesizer
    speaker: Speaker


@dataclass(frozen=True, slots=True)
class _Workers:
    """A thread per native engine; the two small ones that hear share theirs."""

    ears: Worker = field(default_factory=lambda: Worker("ears"))
    transcribe: Worker = field(default_factory=lambda: Worker("transcribe"))
    think: Worker = field(default_factory=lambda: Worker("think"))
    speak: Worker = field(default_factory=lambda: Worker("speak"))
    timers: Worker = field(default_factory=lambda: Worker("timers"))

    def close(self) -> None:
        for worker in (self.ears, self.transcribe, self.think, self.speak, self.timers):
            worker.close()


class Assistant:
    """One wearer's assistant. `run` returns only by cancellation or failure."""

    def __init__(self, stages: Stages, settings: Settings, emit: Emit) -> None:
        self._stages = stages
        self._settings = settings
        self._emit = emit
        self._workers = _Workers()
        self._replier = Replier(
            agent=stages.mind.agent,
            think=self._workers.think,
            synthesizer=stages.synthesizer,
            speak=self._workers.speak,
            emit=emit,
        )
        self._preroll = PreRoll(settings.listen.preroll_s)
        self._refractory = Refractory(settings.wake.refractory_s)
        self._turn_id = 0
        self._phase = Phase.IDLE
        self._idle = asyncio.Event()
        self._idle.set()
        self._utterance: Utterance | None = None
        self._speech_started_at: float | None = None
        self._turn: asyncio.Task[None] | None = None
        self._rung: set[str] = set()

    @property
    def phase(self) -> Phase:
        """Where the present turn is."""
        return self._phase

    async def load(self, progress: Callable[[str], None] = lambda _: None) -> None:
        """Open every engine, one after the other so that they do not fight for cores.

        Raises:
            LapelError: an engine's weights are missing or damaged, or the store is.
        """
        workers, stages = self._workers, self._stages
        progress("wake word")
        await workers.ears.run(stages.wake_word.load)
        await workers.ears.run(stages.speech_detector.load)
        progress("speech recognition")
        await workers.transcribe.run(stages.transcriber.load)
        progress("language model and memory")
        without = await workers.think.run(stages.mind.load)
        if without is not None:
            self._fail(0, "think", without)
            progress(f"rest; commands and memory work, but: {without}")
        progress("voice")
        await workers.speak.run(stages.synthesizer.load)

    async def run(self) -> None:
        """Hear, answer and ring until cancelled.

        Raises:
            LapelError: the microphone or speaker cannot be opened at the start.
        """
        loop = asyncio.get_running_loop()
        self._chunks = ChunkQueue(loop)
        self._playout = Playout(self._stages.speaker.rate_hz, loop)
        try:
            self._stages.speaker.open(self._playout.pull)
            self._stages.microphone.open(self._chunks.push)
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._hear())
                tasks.create_task(self._ring_when_due())
                tasks.create_task(
                    watch_speaker(
                        self._stages.speaker,
                        self._playout,
                        self._settings.mic.watchdog_s,
                        self._emit,
                    )
                )
                self._emit(Ready(0, loop.time()))
        finally:
            self._stages.microphone.close()
            self._stages.speaker.close()
            self._workers.think.post(self._stages.mind.close)
            self._workers.close()

    # hearing

    async def _hear(self) -> None:
        microphone = WatchedMicrophone(
            self._stages.microphone, self._chunks, self._settings.mic.watchdog_s, self._emit
        )
        failing = False
        while True:
            chunk = await microphone.next_chunk()
            self._preroll.push(chunk)
            if dropped := self._chunks.take_dropped():
                self._emit(ChunksDropped(self._turn_id, self._now(), dropped))
            try:
                await self._take(chunk)
                failing = False
            except LapelError as error:
                if not failing:  # once, and not thirty times a second
                    self._fail(self._turn_id, "listen", error)
                failing = True
                self._stop_listening()

    async def _take(self, chunk: Samples) -> None:
        if self._utterance is not None:
            await self._listen(self._utterance, chunk)
            return
        detection = await self._workers.ears.run(self._stages.wake_word.process, chunk)
        if detection is not None and self._refractory.accept(self._now()):
            await self.wake(detection)

    def _stop_listening(self) -> None:
        if self._utterance is not None:
            self._utterance.discard()
            self._utterance = None
        if self._phase is Phase.LISTENING:
            self._move(Cue.NOTHING)

    async def wake(self, detection: Detection) -> None:
        """Turn to the user, taking the word from whatever was going on."""
        self._stop_listening()
        await self._interrupt()
        self._turn_id += 1
        self._move(Cue.WAKE)
        self._emit(Woke(self._turn_id, self._now(), detection.wake_word, detection.score))
        listen = self._settings.listen
        phrase = phrase_of(detection.wake_word)

        async def transcribe(sound: Samples, speech_s: float) -> str:
            segments = await self._workers.transcribe.run(
                self._stages.transcriber.transcribe, sound
            )
            # The wake phrase is in the clip and not in the endpointer's seconds of speech.
            return strip_wake_phrase(believable_text(segments, speech_s + 0.8), phrase)

        utterance = Utterance(
            detector=self._stages.speech_detector,
            ears=self._workers.ears,
            endpointing=Endpointing(
                soft_end_s=listen.soft_end_s,
                silence_s=listen.silence_s,
                no_speech_s=listen.no_speech_s,
                longest_s=listen.longest_s - listen.preroll_s,
            ),
            transcribe=transcribe,
            is_complete=lambda text: self._stages.mind.agent.route(text).is_final,
        )
        await utterance.begin(self._preroll.chunks())
        self._speech_started_at = None
        self._utterance = utterance

    async def _listen(self, utterance: Utterance, chunk: Samples) -> None:
        ended = await utterance.push(chunk)
        if utterance.started and self._speech_started_at is None:
            self._speech_started_at = self._now()
            self._emit(SpeechStarted(self._turn_id, self._now()))
        match ended:
            case None:
                return
            case Ended.NO_SPEECH:
                self._emit(NothingSaid(self._turn_id, self._now(), "no speech"))
                self._move(Cue.NOTHING)
            case Ended.SILENCE | Ended.COMPLETE_COMMAND:
                now = self._now()
                self._emit(SpeechEnded(self._turn_id, now - utterance.silence_s, now, ended.name))
                self._move(Cue.COMMIT)
                self._start(self._answer(self._turn_id, utterance))
        self._utterance = None
        await self._workers.ears.run(self._stages.wake_word.reset)

    # turns

    def _start(self, turn: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self._turn = self._tasks.create_task(turn)
        return self._turn

    async def _answer(self, turn_id: int, utterance: Utterance) -> None:
        user_text = ""
        try:
            try:
                user_text = await utterance.text()
            except LapelError as error:
                self._fail(turn_id, "transcribe", error)
                self._move(Cue.FIRST_CLAUSE)
                await self._replier.say(turn_id, SORRY_HEARING, self._playout)
                await self._playout.drained(turn_id)
            else:
                self._emit(Transcribed(turn_id, self._now(), user_text))
                await self._replier.reply(
                    turn_id, user_text, self._playout, lambda: self._move(Cue.FIRST_CLAUSE)
                )
            self._move(Cue.DONE)
        finally:
            self._end(turn_id, user_text)

    def _end(self, turn_id: int, user_text: str) -> None:
        """Close the books of a turn, whole or interrupted: what was heard is what was said."""
        heard = self._playout.finish(turn_id)
        if user_text:
            # Queued on the thread itself: a turn that is being cancelled can await nothing.
            self._workers.think.post(self._stages.mind.agent.heard, user_text, heard)
        self._emit(TurnEnded(turn_id, self._now(), heard))

    async def _interrupt(self) -> None:
        """Silence and cancel the turn that has the word, and wait until its books are closed."""
        turn, self._turn = self._turn, None
        if turn is None or turn.done():
            return
        self._playout.drop(self._turn_id)
        self._emit(Interrupted(self._turn_id, self._now()))
        turn.cancel()
        await asyncio.wait([turn])

    def _move(self, cue: Cue) -> None:
        self._phase = advance(self._phase, cue)
        if self._phase is Phase.IDLE:
            self._idle.set()
        else:
            self._idle.clear()

    # timers

    async def _ring_when_due(self) -> None:
        while True:
            try:
                timers = await self._workers.timers.run(self._stages.mind.schedule.running)
            except LapelError as error:
                self._fail(0, "timers", error)
                timers = []
            timers = [timer for timer in timers if timer.id not in self._rung]
            if not timers or timers[0].remaining_s > 0:
                # Other processes set timers too, so the file is looked at once a second.
                await asyncio.sleep(min([1.0, *(max(0.01, each.remaining_s) for each in timers)]))
            elif self._phase is not Phase.IDLE:
                await self._idle.wait()  # and look again: it may be cancelled by then
            else:
                self._turn_id += 1
                self._move(Cue.RING)
                await asyncio.wait([self._start(self._ring(self._turn_id, timers[0]))])

    async def _ring(self, turn_id: int, timer: Timer) -> None:
        try:
            rate_hz = self._stages.synthesizer.rate_hz
            text = ring_sentence(timer)
            for count in range(_RINGS):
                await self._playout.add(turn_id, "", ring(rate_hz), rate_hz)
                await self._replier.say(turn_id, text, self._playout)
                if count == 0:
                    await self._playout.first_sample(turn_id)
                    self._emit(Rang(turn_id, self._now(), -timer.remaining_s, text))
                    await self._forget_timer(timer)
                await self._playout.drained(turn_id)
                if count < _RINGS - 1:
                    await asyncio.sleep(_RING_PAUSE_S)
            self._move(Cue.DONE)
        finally:
            self._end(turn_id, "")

    async def _forget_timer(self, timer: Timer) -> None:
        # Where the file cannot be written, it would ring again and again.
        self._rung.add(timer.id)
        try:
            await self._workers.timers.run(self._stages.mind.schedule.cancel, timer.id)
        except LapelError as error:
            self._fail(self._turn_id, "timers", error)

    def _fail(self, turn_id: int, stage: str, error: LapelError) -> None:
        self._emit(StageFailed.of(turn_id, self._now(), stage, error))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
