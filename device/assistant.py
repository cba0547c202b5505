"""The assistant: the event loop that hears, takes turns, and rings.

Tasks run side by side, each in one `TaskGroup`: hearing (microphone to utterance), the one turn
that has the word, and the timers. Whoever takes the word cancels the turn that had it.
"""

import asyncio
import contextlib
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from agents.agent import Mint
from agents.router import RouteKind
from context.errors import LapelError
from context.policy import Authentication
from device.audio import CHUNK_S, CHUNK_SAMPLES, Samples
from device.button import ANNOUNCE_S, ANNOUNCED_S, TAP_S, EraseSign
from device.clock import SystemClock
from device.control import Control
from device.ears import Ears, Heard
from device.events import (
    BargedIn,
    ChunksDropped,
    Event,
    FollowUpClosed,
    FollowUpOpened,
    Interrupted,
    MicrophoneMuted,
    MicrophoneUnmuted,
    ModelFitted,
    NothingSaid,
    PartlyTranscribed,
    Rang,
    Ready,
    Resumed,
    SpeechEnded,
    SpeechStarted,
    StageFailed,
    Transcribed,
    TurnEnded,
    WentOn,
    Woke,
)
from device.hear import Ended, Hearing, Utterance
from device.listen import SpeechDetector, TurnEndDetector
from device.listen.barge_in import BargeIn, is_backchannel
from device.listen.endpoint import Completeness
from device.listen.preroll import PreRoll
from device.listen.wording import completeness
from device.mic import ChunkQueue, Microphone
from device.mic.echo import EchoCanceller
from device.mic.mute import Mute
from device.mind import Mind
from device.play import Playout, Speaker
from device.play.tones import closed, listening, ring
from device.reply import CUES, Replier, Reply
from device.ringing import Ringing
from device.schedule import Kind, Ring, given_up_sentence, ring_sentence
from device.settings import Settings
from device.speak.cached import CachedSynthesizer
from device.transcribe import Transcriber
from device.transcribe.hallucination import believable_text
from device.transcribe.wake_phrase import strip_wake_phrase
from device.turn import Cue, Phase, advance
from device.wake import Detection, Refractory, WakeWord, phrase_of
from device.watch import WatchedMicrophone, watch_speaker
from device.worker import Worker

Emit = Callable[[Event], None]
T = TypeVar("T")

SORRY_HEARING = "Sorry, something went wrong and I couldn't hear that."
ERASE_ANNOUNCED = "Keep holding to erase all I remember, for ever. Let go to keep it."
ERASE_TAKEN_BACK = "Nothing was erased."
ERASED = "I've erased all that I remembered."
ON_AGAIN = "My microphone is on again."
BROKEN_OFF = "I stopped there, because my memory has just changed. Please ask again."
LIKELY = ("what time is it", "what's the date", "what day is it", "cancel the timer")
"""What is asked most; the answers are made ready while the user still speaks."""
BUTTON = "button"
"""Stands for the wake word where a button was pressed."""

_RINGS = 3
_RING_PAUSE_S = 4.0
_STOPS_AFTER_S = 0.5
_BUTTON_PREROLL_S = 0.3  # who presses often speaks already
_OVER_S = 0.6  # of what was said before an interruption was noticed
_OVER_SPEECH_S = 0.25  # of which this much was speech
_OVER_WAIT_S = 0.8  # after a noise that was none, the reply goes on
_WENT_ON_S = 0.2
_WENT_ON_SPEECH = 0.6
_WANTED_AGAIN_S = 0.5  # a draft outlives the speech that drops it by so much
_REST_S = 3.0  # between two sentences that are made in idle moments: idle must stay cheap
_TEND_EVERY_S = 60.0
_BETWEEN_EMBEDDINGS_S = 0.5
_MUTE_LOOK_S = 60.0
_QUIET_S = 0.4  # who pauses after the wake word waits to be asked


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
class _Workers:
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
        for each in fields(self):
            getattr(self, each.name).close()


@dataclass(slots=True)
class _Turn:
    """Who has the word: a reply, or a ring."""

    id: int
    task: asyncio.Task[None]
    reply: Reply | None = None
    withdrawn: bool = False
    """Begun too early: nothing of it has happened."""


@dataclass(slots=True)
class _Flag:
    """Tells a call on another thread to stop."""

    is_set: bool = False


@dataclass(frozen=True, slots=True)
class _Dropped:
    """A draft that is about to be thrown away."""

    draft: Reply
    end: asyncio.TimerHandle


@dataclass(slots=True)
class _Attention:
    """The utterance that is being listened to."""

    turn_id: int
    utterance: Utterance
    over: bool
    """Whether it is spoken over a reply, which is held."""
    invited: bool
    """Whether the user was given the word without asking for it."""
    mint: Mint | None
    """The permissions of what is said; None for the agent's own."""
    quiet_s: float | None = None
    """Silence since the wake word; None once it has been answered by a sound."""
    draft: Reply | None = None
    dropped: "_Dropped | None" = None
    reading: _Flag = field(default_factory=_Flag)


class Assistant:
    """One wearer's assistant. `run` returns only by cancellation or failure.

    control: the folder in which this user's other programs reach it; None: they don't.
    """

    def __init__(
        self, stages: Stages, settings: Settings, emit: Emit, control: Path | None = None
    ) -> None:
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
            thinking_cue_s=settings.cues.thinking_s if settings.cues.thinking else None,
        )
        self._ears = Ears(
            stages.wake_word,
            stages.own_words,
            stages.speech_detector,
            stages.echo_canceller,
            BargeIn(),
        )
        self._control = control and Control(
            control, stages.mind, self._workers.think, self.let_go, stages.mute
        )
        self._mute = stages.mute
        self._mute_set = asyncio.Event()
        """Set at each change, for who waits for the time when it is over."""
        self._listens = asyncio.Event()
        self._replies = weakref.WeakSet[Reply]()
        self._ahead: set[asyncio.Task[None]] = set()
        stages.mind.agent.when_flushed(lambda: self._workers.speak.post(stages.synthesizer.forget))
        self._preroll = PreRoll(settings.listen.preroll_s)
        self._refractory = Refractory(settings.wake.refractory_s)
        self._turn_id = 0
        self._phase = Phase.IDLE
        self._idle = asyncio.Event()
        self._idle.set()
        self._attention: _Attention | None = None
        self._ended: _Attention | None = None
        self._went_on_s = 0.0
        self._turn: _Turn | None = None
        self._taking: asyncio.Task[None] | None = None
        self._button: deque[tuple[bool, float]] = deque()
        self._pressed_at: float | None = None
        self._erase_sign = EraseSign()
        self._erasing: asyncio.TimerHandle | None = None
        self._announced: asyncio.TimerHandle | None = None
        self._ringing = Ringing(
            stages.mind.schedule,
            self._workers.timers,
            self._fail_to_ring,
            self._now,
        )

    @property
    def phase(self) -> Phase:
        """Where the present turn is."""
        return self._phase

    async def load(
        self, progress: Callable[[str], None] = lambda _: None, *, rings_anyway: bool = False
    ) -> None:
        """Open every engine, one after the other so that they do not fight for cores.

        Args:
            progress: told what is being opened, and what can't be.
            rings_anyway: go on without what can't be opened, so that alarms and timers ring.

        Raises:
            LapelError: an engine's weights are missing or damaged, or the store is; not where
                `rings_anyway`.
        """
        workers, stages = self._workers, self._stages

        async def opened(worker: Worker, stage: str, load: Callable[[], T]) -> T | None:
            try:
                return await worker.run(load)
            except LapelError as error:
                if not rings_anyway:
                    raise
                self._fail(0, stage, error)
                progress(f"rest; what is set rings, but: {error}")
                return None

        progress("wake word")
        await opened(workers.ears, "listen", self._ears.load)
        progress("speech recognition")
        await opened(workers.turn_end, "turn end", stages.turn_end.load)
        await opened(workers.transcribe, "transcribe", stages.transcriber.load)
        progress("language model and memory")
        without = await opened(workers.think, "memory", stages.mind.load)
        if without is not None:
            self._fail(0, "think", without)
            progress(f"rest; commands and memory work, but: {without}")
        if (fit := stages.mind.fit) is not None:
            self._emit(ModelFitted(0, self._now(), fit.model, fit.small))
            if fit.small:
                progress(f"rest; the language model is {fit.sentence}")
        progress("voice")
        await opened(workers.speak, "speak", stages.synthesizer.load)

    async def run(self) -> None:
        """Hear, answer and ring until cancelled.

        Raises:
            LapelError: the microphone or speaker cannot be opened at the start.
        """
        loop = asyncio.get_running_loop()
        self._chunks = ChunkQueue(loop)
        self._playout = Playout(self._stages.speaker.rate_hz, loop)
        await self._workers.timers.run(self._mute.load)
        self._mute.watch(lambda: self._note_mute(loop))
        try:
            self._stages.speaker.open(self._playout.pull)
            if self._mute.muted():
                self._chunks.shut()
            else:
                self._stages.microphone.open(self._chunks.push)
                self._listens.set()
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._hear())
                tasks.create_task(self._ring_when_due())
                tasks.create_task(self._make_stock_when_idle())
                tasks.create_task(self._tend_memory())
                tasks.create_task(self._take_up_tools())
                tasks.create_task(self._serve_control())
                tasks.create_task(self._unmute_in_time())
                tasks.create_task(
                    watch_speaker(
                        self._stages.speaker,
                        self._playout,
                        self._settings.mic.watchdog_s,
                        self._emit,
                    )
                )
                self._emit(Ready(0, loop.time()))
                if self._mute.muted():
                    self._emit(MicrophoneMuted(0, loop.time(), self._mute.left_s()))
        finally:
            self._stages.microphone.close()
            self._stages.speaker.close()
            self._workers.think.post(self._stages.mind.close)
            self._workers.close()

    def press(self) -> None:
        """The button goes down: listen, whatever was going on, and hold the word until released.

        A tap is as good as the wake word; a longer press listens until it is released. A hold
        after two taps erases all memory; it is announced, and can still be let go then. Where the
        microphone is off, it is turned on; but what rings then is only stopped.
        """
        now = self._now()
        only_stops = self._mute.muted() and self._is_ringing()
        if only_stops:
            self._tasks.create_task(self._silence())
        else:
            self._button.append((True, now))
            if self._mute.muted():
                self._tasks.create_task(self._unmute(self._mute.unmute))
        # Also where no chunk comes, and it is not heard of.
        self._ringing.stop(0.0 if only_stops else _STOPS_AFTER_S)
        if self._erase_sign.down(now):
            # Not by the chunks of sound that are heard: the microphone may be dead.
            loop = asyncio.get_running_loop()
            self._erasing = loop.call_later(ANNOUNCE_S, self._announce_erasing)

    def release(self) -> None:
        """The button goes up."""
        now = self._now()
        self._button.append((False, now))
        self._erase_sign.up(now)
        if (erasing := self._erasing) is not None:
            self._erasing = None
            erasing.cancel()
            if erasing is self._announced:
                self._announced = None
                self._tasks.create_task(self._proclaim(ERASE_TAKEN_BACK))

    async def let_go(self) -> None:
        """Let go at once of the conversation, and of all that is made, or kept, of replies.

        Timers, and what the user is saying, go on. A reply that is broken off is spoken of.
        """
        for ahead in self._ahead:
            ahead.cancel()
        turn, attention = self._turn, self._attention
        replying = turn is not None and turn.reply is not None and not turn.task.done()
        if replying or self._phase is Phase.THINKING:
            await self._proclaim(BROKEN_OFF)
        elif attention is not None:
            if attention.dropped is not None:
                attention.dropped.end.cancel()
            attention.draft = attention.dropped = None
            attention.reading.is_set = True
            attention.reading = _Flag()
        for reply in list(self._replies):  # drafts: what was being played is over by now
            reply.abandon()
        await self._workers.think.run(self._stages.mind.agent.start_over)
        await self._workers.speak.run(self._stages.synthesizer.forget)

    # hearing

    async def _hear(self) -> None:
        microphone = WatchedMicrophone(
            self._stages.microphone,
            self._chunks,
            self._settings.mic.watchdog_s,
            self._emit,
            self._mute.muted,
        )
        failing = False
        while True:
            await self._listens.wait()
            chunk = await microphone.next_chunk()
            if chunk is None or self._mute.muted():
                continue
            if dropped := self._chunks.take_dropped():
                self._emit(ChunksDropped(self._turn_id, self._now(), dropped))
            try:
                await self._take(chunk)
                failing = False
            except LapelError as error:
                if not failing:  # once, and not thirty times a second
                    self._fail(self._turn_id, "listen", error)
                failing = True
                self._preroll.push(chunk)
                self._stop_listening()
            if self._mute.muted():  # in the middle of it
                self._forget_sound()

    async def _take(self, chunk: Samples) -> None:
        attention = self._attention
        heard = await self._workers.ears.run(
            self._ears.hear,
            chunk,
            self._played(),
            wake=attention is None or attention.over or attention.invited,
            speech=self._phase is not Phase.IDLE,
            over=self._phase is Phase.SPEAKING,
        )
        if self._mute.muted():
            return
        self._preroll.push(heard.chunk)
        await self._look_at_button()
        if heard.detection is not None and self._refractory.accept(self._now()):
            await self.wake(heard.detection)
        elif self._attention is not None:
            await self._listen(self._attention, heard)
        elif self._phase is Phase.THINKING:
            await self._hear_going_on(heard)
        elif heard.barged_in and self._phase is Phase.SPEAKING:
            self._hold_reply()

    def _played(self) -> Samples | None:
        """What was played beside the present chunk; None when the room is quiet again."""
        played = self._playout.take_played(CHUNK_SAMPLES)
        return played if self._playout.is_sounding else None

    async def _look_at_button(self) -> None:
        while self._button:
            down, at = self._button.popleft()
            if down:
                self._pressed_at = at
                await self.wake(Detection(BUTTON, 1.0))
            elif self._pressed_at is not None:
                held_s, self._pressed_at = at - self._pressed_at, None
                if self._attention is None:
                    continue
                if held_s < TAP_S:
                    self._attention.utterance.tap()
                else:
                    self._attention.utterance.release()

    def _stop_listening(self) -> None:
        if (attention := self._attention) is not None:
            self._attention = None
            attention.utterance.discard()
            if attention.over:
                self._resume_reply()
                return
        if self._phase is Phase.LISTENING or self._phase is Phase.FOLLOW_UP:
            self._move(Cue.NOTHING)

    async def wake(self, detection: Detection) -> None:
        """Turn to the user, taking the word from whatever was going on."""
        self._ringing.reacted()
        self._discard_attention()
        await self._interrupt()
        self._turn_id += 1
        self._move(Cue.WAKE)
        self._emit(Woke(self._turn_id, self._now(), detection.wake_word, detection.score))
        by_button = detection.wake_word == BUTTON
        if by_button:
            self._tasks.create_task(self._ringing.woken())
        before = self._preroll.chunks()
        if by_button:
            before = before[-round(_BUTTON_PREROLL_S / CHUNK_S) :]
        await self._workers.ears.run(self._ears.attend, before)
        self._tasks.create_task(self._foretell_likely())
        phrase = "" if by_button else phrase_of(detection.wake_word)
        self._attend(before, phrase=phrase, held=by_button)

    async def _foretell_likely(self) -> None:
        for text in LIKELY:
            await self._replier.foretell(text)

    def _attend(
        self,
        before: list[Samples],
        *,
        phrase: str = "",
        held: bool = False,
        over: bool = False,
        invited_s: float | None = None,
    ) -> _Attention:
        """Begin to listen to an utterance."""
        turn_id = self._turn_id

        async def transcribe(sound: Samples, speech_s: float, partial: bool) -> str | None:
            segments = await self._workers.transcribe.run(
                self._stages.transcriber.transcribe,
                sound,
                partial=partial,
                begins=f"{phrase.title()}," if phrase else "",
            )
            if partial and (not segments or any(each.is_doubtful for each in segments)):
                return None
            # The wake phrase is in the clip and not in the endpointer's seconds of speech.
            text = believable_text(segments, speech_s + 0.8)
            return strip_wake_phrase(text, phrase) if phrase else text

        async def turn_end(sound: Samples) -> float:
            return await self._workers.turn_end.run(self._stages.turn_end.probability, sound)

        listen = self._settings.listen
        endpointing = replace(listen.endpointing(), longest_s=listen.longest_s - listen.preroll_s)
        if invited_s is not None:
            endpointing = replace(endpointing, no_speech_s=invited_s)
        if over:
            endpointing = replace(endpointing, least_speech_s=CHUNK_S, no_speech_s=_OVER_WAIT_S)
        attention = _Attention(
            turn_id,
            Utterance(
                endpointing,
                Hearing(
                    transcribe=transcribe,
                    completeness=self._completeness,
                    turn_end=turn_end,
                    partly=lambda text: self._read_ahead(attention, text),
                    guess=lambda text: self._work_ahead(attention, text),
                    drop=lambda: self._drop_draft(attention),
                    ready=lambda: self._judge(attention),
                ),
                before,
                partial_s=self._settings.transcribe.partial_s,
                needs_words=over,
                held=held,
            ),
            over=over,
            invited=invited_s is not None,
            mint=self._stages.mind.turn(Authentication.BUTTON if held else Authentication.VOICE),
            quiet_s=None if held or over or invited_s is not None else 0.0,
        )
        self._attention = attention
        return attention

    async def _listen(self, attention: _Attention, heard: Heard) -> None:
        utterance = attention.utterance
        had_started = utterance.started
        ended = utterance.push(heard.chunk, heard.speech)
        if utterance.started and not had_started:
            if self._phase is Phase.FOLLOW_UP:
                self._move(Cue.SPEECH)
            self._emit(SpeechStarted(attention.turn_id, self._now()))
        self._invite(attention, heard.speech)
        if ended is not None:
            self._finish(attention, ended)

    def _judge(self, attention: _Attention) -> None:
        """Something is known between two chunks: look whether it ends the utterance."""
        if self._attention is attention and (ended := attention.utterance.judge()) is not None:
            self._finish(attention, ended)

    def _finish(self, attention: _Attention, ended: Ended) -> None:
        """The utterance is over, in one way or another."""
        self._attention = None
        turn_id, utterance = attention.turn_id, attention.utterance
        if ended in (Ended.NO_SPEECH, Ended.NO_WORDS):
            utterance.discard()
            if attention.over:
                self._resume_reply()
            elif self._phase is Phase.FOLLOW_UP:
                self._emit(FollowUpClosed(turn_id, self._now()))
                self._move(Cue.NOTHING)
            else:
                self._emit(NothingSaid(turn_id, self._now(), "no speech"))
                self._earcon(closed)
                self._move(Cue.NOTHING)
        elif attention.over:  # a transcript that took the word is not over any more
            utterance.discard()
            self._resume_reply()
        else:
            now = self._now()
            self._emit(SpeechEnded(turn_id, now - utterance.silence_s, now, ended.name))
            self._move(Cue.COMMIT)
            self._ended, self._went_on_s = attention, 0.0
            draft, attention.draft = attention.draft, None
            self._start(turn_id, self._answer(turn_id, utterance, draft, attention.mint))
        self._workers.ears.post(self._ears.await_wake_word)

    async def _hear_going_on(self, heard: Heard) -> None:
        """The user may go on before there is an answer: then it was not the end."""
        attention, turn = self._ended, self._turn
        if attention is None or turn is None:
            return
        attention.utterance.keep(heard.chunk, heard.speech)
        is_speech = heard.speech >= _WENT_ON_SPEECH
        self._went_on_s = self._went_on_s + CHUNK_S if is_speech else 0.0
        # A tool may be at work on its thread at this very moment.
        acts = turn.reply is None or turn.reply.acts
        if self._went_on_s < _WENT_ON_S or acts:
            return
        turn.withdrawn = True
        await self._interrupt()
        if self._phase is not Phase.THINKING:
            return
        self._move(Cue.WENT_ON)
        self._emit(WentOn(turn.id, self._now()))
        attention.utterance.go_on()
        self._attention = attention

    def _invite(self, attention: _Attention, speech: float) -> None:
        """Tell who pauses after the wake word that they have been heard."""
        if attention.quiet_s is None:
            return
        if attention.utterance.started:
            attention.quiet_s = None
            return
        attention.quiet_s = 0.0 if speech >= 0.3 else attention.quiet_s + CHUNK_S
        if attention.quiet_s >= _QUIET_S:
            attention.quiet_s = None
            self._earcon(listening)

    # work on the chance that the utterance is over

    def _completeness(self, text: str) -> Completeness:
        routed = self._stages.mind.agent.route(text)
        return completeness(text, routed, self._settings.transcribe.language)

    def _read_ahead(self, attention: _Attention, text: str) -> None:
        """Have the model read the question while it is still being asked."""
        if self._attention is not attention:  # it comes too late for anyone
            return
        self._emit(PartlyTranscribed(attention.turn_id, self._now(), text))
        if attention.over:
            return
        agent, reading = self._stages.mind.agent, attention.reading
        if self._completeness(text) is Completeness.COMPLETE:
            self._work(self._replier.foretell(text, attention.mint))
        elif agent.route(text).tool is None:
            agent.share_cores(True)  # the next transcript is on its way

            async def read() -> None:
                with contextlib.suppress(LapelError):  # the reply itself will tell
                    await self._workers.think.run(
                        agent.prepare, text, stop=lambda: reading.is_set, mint=attention.mint
                    )

            self._work(read())

    def _work_ahead(self, attention: _Attention, text: str) -> None:
        """Begin the reply; or, where a reply is being held, take the word from it."""
        self._emit(PartlyTranscribed(attention.turn_id, self._now(), text))
        attention.reading.is_set = True
        attention.reading = _Flag()
        if attention.over:
            known = self._stages.mind.agent.route(text).kind is not RouteKind.NOT_A_COMMAND
            if known or not is_backchannel(text):
                attention.over = False
                self._taking = self._tasks.create_task(self._take_word(attention, text))
        else:
            self._draft(attention, text)

    async def _take_word(self, attention: _Attention, text: str) -> None:
        """These are words: the reply that is held is over."""
        await self._interrupt()
        if self._attention is attention and attention.draft is None:
            self._draft(attention, text)

    def _draft(self, attention: _Attention, text: str) -> None:
        if (dropped := attention.dropped) is not None:
            attention.dropped = None
            dropped.end.cancel()
            if dropped.draft.text == text:  # a breath or a click was no more speech
                attention.draft = dropped.draft
                return
            dropped.draft.abandon()
        if attention.draft is not None:
            attention.draft.abandon()
        attention.draft = self._begin(attention.turn_id, text, attention.mint)

    def _begin(self, turn_id: int, text: str, mint: Mint | None) -> Reply:
        reply = self._replier.begin(turn_id, text, mint)
        self._replies.add(reply)
        return reply

    def _work(self, ahead: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(ahead)
        self._ahead.add(task)
        task.add_done_callback(self._ahead.discard)

    def _drop_draft(self, attention: _Attention) -> None:
        """Throw the draft away, unless it is wanted again in a moment."""
        if (draft := attention.draft) is not None:
            attention.draft = None
            end = asyncio.get_running_loop().call_later(_WANTED_AGAIN_S, draft.abandon)
            attention.dropped = _Dropped(draft, end)

    # turns

    def _start(self, turn_id: int, turn: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._tasks.create_task(turn)
        self._turn = _Turn(turn_id, task)
        return task

    async def _answer(
        self, turn_id: int, utterance: Utterance, draft: Reply | None, mint: Mint | None
    ) -> None:
        user_text, reply = "", draft
        turn = self._turn
        assert turn is not None
        if self._taking is not None:  # the turn before this one closes its books first
            await asyncio.wait([self._taking])
        try:
            try:
                user_text = await utterance.text()
            except LapelError as error:
                self._fail(turn_id, "transcribe", error)
                self._move(Cue.FIRST_CLAUSE)
                await self._replier.say(turn_id, SORRY_HEARING, self._playout)
                await self._playout.drained(turn_id)
            else:
                if reply is None or reply.text != user_text:
                    reply = self._begin(turn_id, user_text, mint)
                turn.reply = reply
                self._emit(Transcribed(turn_id, self._now(), user_text))
                if user_text:
                    self._tasks.create_task(self._ringing.woken())
                await reply.play(self._playout, self._speak)
        finally:
            if reply is not None:
                reply.abandon()
            if not turn.withdrawn:
                self._ended = None  # its sound is needed no longer
                self._end(turn_id, user_text)
        if self._turn is turn and self._phase in (Phase.THINKING, Phase.SPEAKING):
            self._hand_over(reply)

    def _speak(self) -> None:
        self._move(Cue.FIRST_CLAUSE)
        self._ended = None
        self._workers.ears.post(self._ears.expect_interruption)

    def _hand_over(self, reply: Reply | None) -> None:
        """The reply has been heard: give the user the word, or go to rest."""
        follow_up_s = 0.0 if self._mute.muted() else self._settings.listen.follow_up_s
        if follow_up_s <= 0 or reply is None or reply.ends_talk:
            if reply is not None and reply.ends_talk:
                self._ringing.stop()
                self._earcon(closed)
            self._move(Cue.DONE)
            return
        self._turn_id += 1
        self._move(Cue.REPLIED)
        self._emit(FollowUpOpened(self._turn_id, self._now()))
        self._attend([], invited_s=follow_up_s)

    def _end(self, turn_id: int, user_text: str) -> None:
        """Close the books of a turn, whole or interrupted: what was heard is what was said."""
        heard = self._playout.finish(turn_id)
        if user_text:
            # Queued on the thread itself: a turn that is being cancelled can await nothing.
            agent = self._stages.mind.agent
            self._workers.think.post(agent.heard, user_text, heard)
            agent.share_cores(True)
            self._workers.think.post(agent.read_history)
        self._emit(TurnEnded(turn_id, self._now(), heard))

    async def _interrupt(self) -> None:
        """Silence and cancel the turn that has the word, and wait until its books are closed."""
        turn, self._turn = self._turn, None
        if turn is None or turn.task.done():
            return
        self._playout.drop(turn.id)
        if not turn.withdrawn:
            self._emit(Interrupted(turn.id, self._now()))
        turn.task.cancel()
        await asyncio.wait([turn.task])

    def _hold_reply(self) -> None:
        """Someone talks over the reply: be silent, and listen to what it is."""
        assert self._turn is not None
        self._ringing.reacted()
        self._playout.pause()
        self._emit(BargedIn(self._turn.id, self._now()))
        self._move(Cue.BARGE_IN)
        self._turn_id += 1
        recent = self._preroll.chunks()[-round(_OVER_S / CHUNK_S) :]
        speech = round(_OVER_SPEECH_S / CHUNK_S)
        attention = self._attend(recent[:-speech], over=True)
        for chunk in recent[-speech:]:
            attention.utterance.push(chunk, 1.0)

    def _resume_reply(self) -> None:
        """The interruption was none."""
        turn = self._turn
        if turn is None or turn.task.done():
            self._move(Cue.NOTHING)
            return
        self._emit(Resumed(turn.id, self._now()))
        self._move(Cue.RESUME)
        self._workers.ears.post(self._ears.expect_interruption)
        self._playout.resume()

    def _earcon(self, sound: Callable[[int], Samples]) -> None:
        if self._settings.cues.earcons:
            rate_hz = self._stages.speaker.rate_hz
            self._tasks.create_task(self._playout.add(CUES, "", sound(rate_hz), rate_hz))

    def _move(self, cue: Cue) -> None:
        self._phase = advance(self._phase, cue)
        if self._phase in (Phase.IDLE, Phase.FOLLOW_UP):
            self._idle.set()
        else:
            self._idle.clear()

    # rings

    async def _ring_when_due(self) -> None:
        while True:
            idle = self._idle.is_set()
            due = await self._ringing.due(idle=idle)
            if due is None:
                await asyncio.sleep(self._ringing.wait_s)
            elif not idle or not self._idle.is_set():
                await self._idle.wait()  # and look again: it may be cancelled by then
            else:
                self._discard_attention()  # a follow-up that nobody took
                self._turn_id += 1
                self._move(Cue.RING)
                ringing = self._give_up if due.is_over else self._ring
                await asyncio.wait([self._start(self._turn_id, ringing(self._turn_id, due))])

    async def _ring(self, turn_id: int, due: Ring) -> None:
        # At the speaker's rate: it sounds also where there is no voice.
        rate_hz = self._stages.speaker.rate_hz
        sound = listening if due.kind is Kind.MISSED else ring
        rounds = _RINGS if due.kind is Kind.TIMER or due.keeps_ringing else 1
        try:
            text, rang = ring_sentence(due), False
            for count in range(rounds):
                await self._playout.add(turn_id, "", sound(rate_hz), rate_hz)
                if count == 0:
                    await self._playout.first_sample(turn_id)
                    if not (rang := await self._ringing.begin(due)):
                        break
                    if due.ringing_for_s is None and due.times:
                        self._emit(Rang(turn_id, self._now(), due.late_s, text))
                await self._replier.say(turn_id, text, self._playout)
                await self._playout.drained(turn_id)
                if count < rounds - 1 or due.keeps_ringing:
                    await asyncio.sleep(_RING_PAUSE_S)
                if due.keeps_ringing and not await self._ringing.goes_on(due):
                    break
            if rang:
                self._ringing.was_said(due)
            if self._phase is Phase.SPEAKING:  # and not held by who talks over it
                self._move(Cue.DONE)
        finally:
            self._end(turn_id, "")

    def _fail_to_ring(self, error: LapelError) -> None:
        self._fail(self._turn_id, "timers", error)

    async def _give_up(self, turn_id: int, alarm: Ring) -> None:
        await self._ringing.give_up(alarm)
        text = given_up_sentence(alarm)
        self._emit(Rang(turn_id, self._now(), alarm.ringing_for_s or 0.0, text))
        await self._say_alone(turn_id, text)

    # erasing everything

    def _announce_erasing(self) -> None:
        loop = asyncio.get_running_loop()
        self._erasing = self._announced = loop.call_later(ANNOUNCED_S, self._erase_now)
        self._tasks.create_task(self._proclaim(ERASE_ANNOUNCED))

    def _erase_now(self) -> None:
        self._erasing = self._announced = None
        self._tasks.create_task(self._erase())

    async def _erase(self) -> None:
        """Destroy the keys at once; then let go of all that was made of what they opened."""
        said = ERASED
        try:
            await self._workers.erase.run(self._stages.mind.store.panic)
        except LapelError as error:
            self._fail(self._turn_id, "memory", error)
            said = str(error)
        self._workers.speak.post(self._stages.synthesizer.forget)
        self._tasks.create_task(self._begin_anew())
        await self._proclaim(said)

    async def _begin_anew(self) -> None:
        try:
            await self._workers.think.run(self._stages.mind.begin_anew)
        except LapelError as error:
            self._fail(self._turn_id, "memory", error)

    async def _proclaim(self, text: str) -> None:
        """Say what nobody has asked for, taking the word from whoever has it."""
        self._discard_attention()
        await self._interrupt()
        self._turn_id += 1
        for cue in (Cue.WAKE, Cue.NOTHING, Cue.RING):
            self._move(cue)
        self._start(self._turn_id, self._say_alone(self._turn_id, text))

    async def _say_alone(self, turn_id: int, text: str) -> None:
        try:
            await self._replier.say(turn_id, text, self._playout)
            await self._playout.drained(turn_id)
            if self._phase is Phase.SPEAKING:
                self._move(Cue.DONE)
        finally:
            self._end(turn_id, "")

    def _discard_attention(self) -> None:
        if (attention := self._attention) is not None:
            self._attention = None
            attention.reading.is_set = True
            attention.utterance.discard()

    # the microphone turned off

    def _note_mute(self, loop: asyncio.AbstractEventLoop) -> None:
        """On whatever thread turned it off or on: no chunk gets any further from here on."""
        if self._mute.muted():
            self._chunks.shut()
        with contextlib.suppress(RuntimeError):  # the loop is closed, and the device with it
            loop.call_soon_threadsafe(self._follow_mute)

    def _follow_mute(self) -> None:
        """Close the device and let go of what was heard; or open it again."""
        self._mute_set.set()
        if not self._mute.muted():
            self._chunks.reopen()
            if self._listens.is_set():
                return
            self._playout.forget_played()
            try:
                self._stages.microphone.open(self._chunks.push)
            except LapelError as error:  # the watchdog goes on trying
                self._fail(0, "microphone", error)
            self._listens.set()
            self._emit(MicrophoneUnmuted(0, self._now()))
            return
        self._listens.clear()
        self._chunks.shut()
        self._stages.microphone.close()
        self._button.clear()
        self._pressed_at = None
        self._forget_sound()
        self._workers.ears.post(self._ears.forget)
        self._emit(MicrophoneMuted(0, self._now(), self._mute.left_s()))

    def _forget_sound(self) -> None:
        self._preroll.clear()
        self._ended = None
        self._stop_listening()

    async def _unmute(self, how: Callable[[], T]) -> T | None:
        try:
            return await self._workers.erase.run(how)
        except LapelError as error:  # it is on
            self._fail(0, "microphone", error)
            return None

    async def _unmute_in_time(self) -> None:
        """Turn the microphone on, and say so, once it was off for as long as it should."""
        while True:
            self._mute_set.clear()
            left_s = self._mute.left_s()
            if left_s is None:
                await self._mute_set.wait()
            elif left_s > 0:  # not all at once: the loop's clock rests while the machine sleeps
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left_s, _MUTE_LOOK_S)):
                        await self._mute_set.wait()
            elif await self._unmute(self._mute.unmute_if_over) is not False:
                await self._idle.wait()
                if not self._mute.muted():
                    await self._proclaim(ON_AGAIN)

    def _is_ringing(self) -> bool:
        """Whether something has the word that nobody has just asked for."""
        turn = self._turn
        if turn is None or turn.task.done() or self._phase is not Phase.SPEAKING:
            return False
        return turn.reply is None

    async def _silence(self) -> None:
        await self._interrupt()
        self._move(Cue.WAKE)
        self._move(Cue.NOTHING)

    # other programs

    async def _serve_control(self) -> None:
        if self._control is not None:
            try:
                await self._control.serve()
            except LapelError as error:  # all else works without
                self._fail(0, "control", error)

    # in idle moments

    async def _tend_memory(self) -> None:
        """Erase what is over its time, now and every minute; make vectors that are missing."""
        mind, think = self._stages.mind, self._workers.think
        while True:
            await self._rest()
            try:
                await think.run(mind.reap)
                await self._rest()
                while await think.run(mind.reembed):
                    await asyncio.sleep(_BETWEEN_EMBEDDINGS_S)
                    await self._rest()
            except LapelError as error:
                self._fail(0, "memory", error)
            await asyncio.sleep(_TEND_EVERY_S)

    async def _take_up_tools(self) -> None:
        """Have the tools that servers offer, as soon as they do and nobody has the word."""
        mind, loop, changed = self._stages.mind, asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody takes them up
                loop.call_soon_threadsafe(changed.set)

        if mind.offers is None:
            return
        mind.offers.servers.when_changed(tell)
        while True:
            await changed.wait()
            changed.clear()
            await self._rest()
            try:
                await self._workers.think.run(mind.take_up_tools)
            except LapelError as error:
                self._fail(0, "tools", error)

    async def _rest(self) -> None:
        """Wait until nobody has the word, and nobody is invited to take it."""
        while self._phase is not Phase.IDLE:
            await self._idle.wait()
            await asyncio.sleep(_BETWEEN_EMBEDDINGS_S)

    async def _make_stock_when_idle(self) -> None:
        """Have the stock sentences synthesised, one at a time, so that they need not be later."""
        more = True
        while more:
            await self._idle.wait()
            await asyncio.sleep(_REST_S)
            try:
                more = await self._workers.speak.run(
                    self._stages.synthesizer.fill, lambda: not self._idle.is_set()
                )
            except LapelError as error:
                self._fail(0, "speak", error)
                return

    def _fail(self, turn_id: int, stage: str, error: LapelError) -> None:
        self._emit(StageFailed.of(turn_id, self._now(), stage, error))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
