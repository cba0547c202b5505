"""The assistant: the event loop that hears, takes turns, and rings.

Tasks run side by side, each in one `TaskGroup`: hearing (microphone to utterance), the one turn
that has the word, and the timers. Whoever takes the word cancels the turn that had it.

This is the turn's story. Who has the word: `floor.py`; what is listened to, and the work begun
meanwhile: `attention.py`, `ahead.py`; what rings: `ringing.py`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from agents.agent import Mint
from agents.router import RouteKind
from context.errors import LapelError
from device.attention import Attention, Listener
from device.audio import CHUNK_S, CHUNK_SAMPLES, Samples
from device.button import Button, Move
from device.control import Control
from device.ears import Ears, Heard
from device.erasing import Erasing
from device.events import (
    BargedIn,
    ChunksDropped,
    Event,
    FollowUpClosed,
    FollowUpOpened,
    MicrophoneMuted,
    NothingSaid,
    PartlyTranscribed,
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
from device.floor import Floor
from device.hear import Ended, Utterance
from device.idle import make_stock, take_up_tools, tend_memory
from device.listen.barge_in import BargeIn, is_backchannel
from device.listen.endpoint import Completeness
from device.listen.preroll import PreRoll
from device.mic import ChunkQueue
from device.muting import Muting
from device.play import Playout
from device.play.tones import closed, listening
from device.reply import CUES, Replier, Reply
from device.ringing import Ringing
from device.schedule import Ring
from device.settings import Settings
from device.stages import Stages, Workers, open_engines
from device.turn import Cue, Phase
from device.wake import Detection, Refractory, phrase_of
from device.watch import WatchedMicrophone, watch_speaker

Emit = Callable[[Event], None]

SORRY_HEARING = "Sorry, something went wrong and I couldn't hear that."
BROKEN_OFF = "I stopped there, because my memory has just changed. Please ask again."
BUTTON = "button"
"""Stands for the wake word where a button was pressed."""

_STOPS_AFTER_S = 0.5
_BUTTON_PREROLL_S = 0.3  # who presses often speaks already
_OVER_S = 0.6  # of what was said before an interruption was noticed
_OVER_SPEECH_S = 0.25  # of which this much was speech


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
        self._workers = Workers()
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
        stages.mind.agent.when_flushed(lambda: self._workers.speak.post(stages.synthesizer.forget))
        self._preroll = PreRoll(settings.listen.preroll_s)
        self._refractory = Refractory(settings.wake.refractory_s)
        self._turn_id = 0
        self._floor = Floor(emit, self._spawn)
        self._listener = Listener(
            stages,
            self._workers,
            settings,
            self._replier,
            spawn=self._spawn_ahead,
            partly=self._read_ahead,
            guess=self._work_ahead,
            ready=self._judge,
        )
        self._attention: Attention | None = None
        self._ended: Attention | None = None
        self._taking: asyncio.Task[None] | None = None
        self._ahead: set[asyncio.Task[None]] = set()
        self._button = Button()
        self._erasing = Erasing(
            stages.mind,
            stages.synthesizer,
            self._workers,
            spawn=self._spawn,
            proclaim=self._proclaim,
            failed=partial(self._fail_now, "memory"),
        )
        self._ringing = Ringing(
            stages.mind.schedule,
            self._workers.timers,
            self._replier,
            speaker=stages.speaker,
            emit=emit,
            failed=partial(self._fail_now, "timers"),
            now=self._now,
        )

    @property
    def phase(self) -> Phase:
        """Where the present turn is."""
        return self._floor.phase

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
        await open_engines(
            self._stages,
            self._workers,
            self._ears,
            self._emit,
            progress,
            rings_anyway=rings_anyway,
        )

    async def run(self) -> None:
        """Hear, answer and ring until cancelled.

        Raises:
            LapelError: the microphone or speaker cannot be opened at the start.
        """
        loop = asyncio.get_running_loop()
        stages, workers, emit = self._stages, self._workers, self._emit
        self._chunks = ChunkQueue(loop)
        self._playout = Playout(stages.speaker.rate_hz, loop)
        self._muting = Muting(
            self._mute,
            stages.microphone,
            chunks=self._chunks,
            playout=self._playout,
            worker=workers.erase,
            emit=emit,
            forget=self._forget_heard,
        )
        await workers.timers.run(self._mute.load)
        self._muting.watch()
        try:
            stages.speaker.open(self._playout.pull)
            self._muting.open()
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._hear())
                tasks.create_task(self._ring_when_due())
                tasks.create_task(
                    make_stock(stages.synthesizer, workers.speak, self._floor.idle, emit)
                )
                tasks.create_task(tend_memory(stages.mind, workers.think, self._floor.rest, emit))
                tasks.create_task(take_up_tools(stages.mind, workers.think, self._floor.rest, emit))
                tasks.create_task(self._serve_control())
                tasks.create_task(self._muting.unmute_in_time(self._floor.idle, self._proclaim))
                tasks.create_task(
                    watch_speaker(
                        stages.speaker, self._playout, self._settings.mic.watchdog_s, emit
                    )
                )
                emit(Ready(0, loop.time()))
                if self._mute.muted():
                    emit(MicrophoneMuted(0, loop.time(), self._mute.left_s()))
        finally:
            stages.microphone.close()
            stages.speaker.close()
            workers.think.post(stages.mind.close)
            workers.close()

    async def closed(self) -> None:
        """Return once nothing is written any more, after `run`: for who deletes its folder then."""
        await asyncio.to_thread(self._workers.think.join)

    def press(self) -> None:
        """The button goes down: listen, whatever was going on, and hold the word until released.

        A tap is as good as the wake word; a longer press listens until it is released. A hold
        after two taps erases all memory; it is announced, and can still be let go then. Where the
        microphone is off, it is turned on; but what rings then is only stopped.
        """
        now = self._now()
        only_stops = self._mute.muted() and self._floor.is_unasked()
        if only_stops:
            self._spawn(self._silence())
        else:
            self._button.down(now)
            if self._mute.muted():
                self._spawn(self._muting.unmute())
        # Also where no chunk comes, and it is not heard of.
        self._ringing.stop(0.0 if only_stops else _STOPS_AFTER_S)
        self._erasing.down(now)

    def release(self) -> None:
        """The button goes up."""
        now = self._now()
        self._button.up(now)
        self._erasing.up(now)

    async def let_go(self) -> None:
        """Let go at once of the conversation, and of all that is made, or kept, of replies.

        Timers, and what the user is saying, go on. A reply that is broken off is spoken of.
        """
        for ahead in self._ahead:
            ahead.cancel()
        turn, attention = self._floor.turn, self._attention
        replying = turn is not None and turn.reply is not None and not turn.is_over
        if replying or self._floor.phase is Phase.THINKING:
            await self._proclaim(BROKEN_OFF)
        elif attention is not None:
            attention.ahead.let_go()
        self._replier.abandon_all()  # drafts: what was being played is over by now
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
            await self._muting.listens.wait()
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
            speech=self._floor.phase is not Phase.IDLE,
            over=self._floor.phase is Phase.SPEAKING,
        )
        if self._mute.muted():
            return
        self._preroll.push(heard.chunk)
        await self._look_at_button()
        if heard.detection is not None and self._refractory.accept(self._now()):
            await self.wake(heard.detection)
        elif self._attention is not None:
            await self._listen(self._attention, heard)
        elif self._floor.phase is Phase.THINKING:
            await self._hear_going_on(heard)
        elif heard.barged_in and self._floor.phase is Phase.SPEAKING:
            self._hold_reply()

    def _played(self) -> Samples | None:
        """What was played beside the present chunk; None when the room is quiet again."""
        played = self._playout.take_played(CHUNK_SAMPLES)
        return played if self._playout.is_sounding else None

    async def _look_at_button(self) -> None:
        while (move := self._button.next()) is not None:
            if move is Move.DOWN:
                await self.wake(Detection(BUTTON, 1.0))
            elif self._attention is not None and move is Move.TAPPED:
                self._attention.utterance.tap()
            elif self._attention is not None:
                self._attention.utterance.release()

    def _stop_listening(self) -> None:
        if (attention := self._attention) is not None:
            self._attention = None
            attention.utterance.discard()
            if attention.over:
                self._resume_reply()
                return
        if self._floor.phase is Phase.LISTENING or self._floor.phase is Phase.FOLLOW_UP:
            self._floor.move(Cue.NOTHING)

    async def wake(self, detection: Detection) -> None:
        """Turn to the user, taking the word from whatever was going on."""
        self._ringing.reacted()
        self._discard_attention()
        await self._floor.interrupt(self._playout)
        self._turn_id += 1
        self._floor.move(Cue.WAKE)
        self._emit(Woke(self._turn_id, self._now(), detection.wake_word, detection.score))
        by_button = detection.wake_word == BUTTON
        if by_button:
            self._spawn(self._ringing.woken())
        before = self._preroll.chunks()
        if by_button:
            before = before[-round(_BUTTON_PREROLL_S / CHUNK_S) :]
        await self._workers.ears.run(self._ears.attend, before)
        self._spawn(self._replier.foretell_likely())
        phrase = "" if by_button else phrase_of(detection.wake_word)
        self._attention = self._listener.attend(
            self._turn_id, before, phrase=phrase, held=by_button
        )

    async def _listen(self, attention: Attention, heard: Heard) -> None:
        utterance = attention.utterance
        had_started = utterance.started
        ended = utterance.push(heard.chunk, heard.speech)
        if utterance.started and not had_started:
            if self._floor.phase is Phase.FOLLOW_UP:
                self._floor.move(Cue.SPEECH)
            self._emit(SpeechStarted(attention.turn_id, self._now()))
        if attention.waits(heard.speech):
            self._earcon(listening)
        if ended is not None:
            self._finish(attention, ended)

    def _judge(self, attention: Attention) -> None:
        """Something is known between two chunks: look whether it ends the utterance."""
        if self._attention is attention and (ended := attention.utterance.judge()) is not None:
            self._finish(attention, ended)

    def _finish(self, attention: Attention, ended: Ended) -> None:
        """The utterance is over, in one way or another."""
        self._attention = None
        turn_id, utterance = attention.turn_id, attention.utterance
        if ended in (Ended.NO_SPEECH, Ended.NO_WORDS):
            utterance.discard()
            if attention.over:
                self._resume_reply()
            elif self._floor.phase is Phase.FOLLOW_UP:
                self._emit(FollowUpClosed(turn_id, self._now()))
                self._floor.move(Cue.NOTHING)
            else:
                self._emit(NothingSaid(turn_id, self._now(), "no speech"))
                self._earcon(closed)
                self._floor.move(Cue.NOTHING)
        elif attention.over:  # a transcript that took the word is not over any more
            utterance.discard()
            self._resume_reply()
        else:
            now = self._now()
            self._emit(SpeechEnded(turn_id, now - utterance.silence_s, now, ended.name))
            self._floor.move(Cue.COMMIT)
            self._ended, attention.went_on_s = attention, 0.0
            draft = attention.ahead.take()
            self._floor.start(turn_id, self._answer(turn_id, utterance, draft, attention.mint))
        self._workers.ears.post(self._ears.await_wake_word)

    async def _hear_going_on(self, heard: Heard) -> None:
        """The user may go on before there is an answer: then it was not the end."""
        attention, turn = self._ended, self._floor.turn
        if attention is None or turn is None:
            return
        if not attention.goes_on(heard.chunk, heard.speech):
            return
        if turn.reply is None or turn.reply.acts:  # a tool may be at work at this very moment
            return
        turn.withdrawn = True
        await self._floor.interrupt(self._playout)
        if self._floor.phase is not Phase.THINKING:
            return
        self._floor.move(Cue.WENT_ON)
        self._emit(WentOn(turn.id, self._now()))
        attention.utterance.go_on()
        self._attention = attention

    # work on the chance that the utterance is over

    def _read_ahead(self, attention: Attention, text: str) -> None:
        """Have the model read the question while it is still being asked."""
        if self._attention is not attention:  # it comes too late for anyone
            return
        self._emit(PartlyTranscribed(attention.turn_id, self._now(), text))
        if attention.over:
            return
        complete = self._listener.completeness(text) is Completeness.COMPLETE
        attention.ahead.read(text, complete=complete)

    def _work_ahead(self, attention: Attention, text: str) -> None:
        """Begin the reply; or, where a reply is being held, take the word from it."""
        self._emit(PartlyTranscribed(attention.turn_id, self._now(), text))
        attention.ahead.stop_reading()
        if attention.over:
            known = self._stages.mind.agent.route(text).kind is not RouteKind.NOT_A_COMMAND
            if known or not is_backchannel(text):
                attention.over = False
                self._taking = self._spawn(self._take_word(attention, text))
        else:
            attention.ahead.begin(text)

    async def _take_word(self, attention: Attention, text: str) -> None:
        """These are words: the reply that is held is over."""
        await self._floor.interrupt(self._playout)
        if self._attention is attention and attention.ahead.draft is None:
            attention.ahead.begin(text)

    def _spawn_ahead(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._spawn(work)
        self._ahead.add(task)
        task.add_done_callback(self._ahead.discard)

    # turns

    async def _answer(
        self, turn_id: int, utterance: Utterance, draft: Reply | None, mint: Mint | None
    ) -> None:
        user_text, reply = "", draft
        turn = self._floor.turn
        assert turn is not None
        if self._taking is not None:  # the turn before this one closes its books first
            await asyncio.wait([self._taking])
        try:
            try:
                user_text = await utterance.text()
            except LapelError as error:
                self._fail(turn_id, "transcribe", error)
                self._floor.move(Cue.FIRST_CLAUSE)
                await self._replier.say(turn_id, SORRY_HEARING, self._playout)
                await self._playout.drained(turn_id)
            else:
                if reply is None or reply.text != user_text:
                    reply = self._replier.begin(turn_id, user_text, mint)
                turn.reply = reply
                self._emit(Transcribed(turn_id, self._now(), user_text))
                if user_text:
                    self._spawn(self._ringing.woken())
                await reply.play(self._playout, self._speak)
        finally:
            if reply is not None:
                reply.abandon()
            if not turn.withdrawn:
                self._ended = None  # its sound is needed no longer
                self._end(turn_id, user_text)
        if self._floor.turn is turn and self._floor.phase in (Phase.THINKING, Phase.SPEAKING):
            self._hand_over(reply)

    def _speak(self) -> None:
        self._floor.move(Cue.FIRST_CLAUSE)
        self._ended = None
        self._workers.ears.post(self._ears.expect_interruption)

    def _hand_over(self, reply: Reply | None) -> None:
        """The reply has been heard: give the user the word, or go to rest."""
        follow_up_s = 0.0 if self._mute.muted() else self._settings.listen.follow_up_s
        if follow_up_s <= 0 or reply is None or reply.ends_talk:
            if reply is not None and reply.ends_talk:
                self._ringing.stop()
                self._earcon(closed)
            self._floor.move(Cue.DONE)
            return
        self._turn_id += 1
        self._floor.move(Cue.REPLIED)
        self._emit(FollowUpOpened(self._turn_id, self._now()))
        self._attention = self._listener.attend(self._turn_id, [], invited_s=follow_up_s)

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

    def _hold_reply(self) -> None:
        """Someone talks over the reply: be silent, and listen to what it is."""
        assert self._floor.turn is not None
        self._ringing.reacted()
        self._playout.pause()
        self._emit(BargedIn(self._floor.turn.id, self._now()))
        self._floor.move(Cue.BARGE_IN)
        self._turn_id += 1
        recent = self._preroll.chunks()[-round(_OVER_S / CHUNK_S) :]
        speech = round(_OVER_SPEECH_S / CHUNK_S)
        attention = self._listener.attend(self._turn_id, recent[:-speech], over=True)
        self._attention = attention
        for chunk in recent[-speech:]:
            attention.utterance.push(chunk, 1.0)

    def _resume_reply(self) -> None:
        """The interruption was none."""
        turn = self._floor.turn
        if turn is None or turn.is_over:
            self._floor.move(Cue.NOTHING)
            return
        self._emit(Resumed(turn.id, self._now()))
        self._floor.move(Cue.RESUME)
        self._workers.ears.post(self._ears.expect_interruption)
        self._playout.resume()

    def _earcon(self, sound: Callable[[int], Samples]) -> None:
        if self._settings.cues.earcons:
            rate_hz = self._stages.speaker.rate_hz
            self._spawn(self._playout.add(CUES, "", sound(rate_hz), rate_hz))

    # rings

    async def _ring_when_due(self) -> None:
        while True:
            idle = self._floor.idle.is_set()
            due = await self._ringing.due(idle=idle)
            if due is None:
                await asyncio.sleep(self._ringing.wait_s)
            elif not idle or not self._floor.idle.is_set():
                await self._floor.idle.wait()  # and look again: it may be cancelled by then
            else:
                self._discard_attention()  # a follow-up that nobody took
                self._turn_id += 1
                self._floor.move(Cue.RING)
                ringing = self._give_up if due.is_over else self._ring
                await asyncio.wait([self._floor.start(self._turn_id, ringing(self._turn_id, due))])

    async def _ring(self, turn_id: int, due: Ring) -> None:
        try:
            await self._ringing.sound(turn_id, due, self._playout)
            self._done_alone()
        finally:
            self._end(turn_id, "")

    async def _give_up(self, turn_id: int, alarm: Ring) -> None:
        await self._say_alone(turn_id, await self._ringing.give_up(turn_id, alarm))

    async def _proclaim(self, text: str) -> None:
        """Say what nobody has asked for, taking the word from whoever has it."""
        self._discard_attention()
        await self._floor.interrupt(self._playout)
        self._turn_id += 1
        for cue in (Cue.WAKE, Cue.NOTHING, Cue.RING):
            self._floor.move(cue)
        self._floor.start(self._turn_id, self._say_alone(self._turn_id, text))

    async def _say_alone(self, turn_id: int, text: str) -> None:
        try:
            await self._replier.say(turn_id, text, self._playout)
            await self._playout.drained(turn_id)
            self._done_alone()
        finally:
            self._end(turn_id, "")

    def _done_alone(self) -> None:
        if self._floor.phase is Phase.SPEAKING:  # and not held by who talks over it
            self._floor.move(Cue.DONE)

    def _discard_attention(self) -> None:
        if (attention := self._attention) is not None:
            self._attention = None
            attention.ahead.stop_reading()
            attention.utterance.discard()

    # the microphone turned off

    def _forget_heard(self) -> None:
        """Let go of all that was heard, wherever it is."""
        self._button.clear()
        self._forget_sound()
        self._workers.ears.post(self._ears.forget)

    def _forget_sound(self) -> None:
        self._preroll.clear()
        self._ended = None
        self._stop_listening()

    async def _silence(self) -> None:
        await self._floor.interrupt(self._playout)
        self._floor.move(Cue.WAKE)
        self._floor.move(Cue.NOTHING)

    # other programs

    async def _serve_control(self) -> None:
        if self._control is not None:
            try:
                await self._control.serve()
            except LapelError as error:  # all else works without
                self._fail(0, "control", error)

    def _fail(self, turn_id: int, stage: str, error: LapelError) -> None:
        self._emit(StageFailed.of(turn_id, self._now(), stage, error))

    def _fail_now(self, stage: str, error: LapelError) -> None:
        self._fail(self._turn_id, stage, error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._tasks.create_task(work)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
