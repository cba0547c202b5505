"""Hearing: from chunks to the transcript of an utterance.

One object follows one utterance: it keeps the sound, runs the endpointer, and has the work of the
turn begun at each soft end, on the chance that the utterance is over. Speech that goes on throws
that work away unheard.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto

from context.errors import LapelError
from device.audio import CHUNK_S, Samples, rms
from device.listen.endpoint import Completeness, Endpointer, Endpointing, Mark
from device.listen.preroll import join

_FRESH_S = 0.1


class Ended(Enum):
    """How the utterance is over; the names of the endpointer's reasons, and three more."""

    COMPLETE_COMMAND = auto()
    WHOLE_QUESTION = auto()
    TURN_END = auto()
    LONGEST_PAUSE = auto()
    LONGEST_UTTERANCE = auto()
    RELEASED = auto()
    """The button was let go."""
    NO_SPEECH = auto()
    NO_WORDS = auto()
    """There was sound like speech, and nothing in it."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What an utterance needs of the other stages."""

    transcribe: Callable[[Samples, float, bool], Awaitable[str | None]]
    """From the sound, the seconds of speech in it, and whether it is only a partial; None for a
    partial that is doubtful."""
    completeness: Callable[[str], Completeness]
    turn_end: Callable[[Samples], Awaitable[float]]
    """The probability that the speaker of this sound has finished."""
    partly: Callable[[str], None]
    """Told each partial transcript."""
    guess: Callable[[str], None]
    """Told each transcript that may be the final one: work for it may begin."""
    drop: Callable[[], None]
    """The guess was wrong: that work is to be thrown away."""
    ready: Callable[[], None]
    """Something is known that may end the utterance: ask `judge`."""


class Utterance:
    """One utterance while it is spoken."""

    def __init__(
        self,
        endpointing: Endpointing,
        hearing: Hearing,
        before: list[Samples],
        *,
        partial_s: float = 0.0,
        needs_words: bool = False,
        held: bool = False,
    ) -> None:
        """Start with the sound from `before`, which may hold the wake word.

        Args:
            endpointing: when it is over.
            hearing: the other stages.
            before: chunks from before it was known that there would be an utterance.
            partial_s: seconds from one partial transcript to the next; 0 makes none.
            needs_words: sound without words in it ends the utterance at once.
            held: a button is held: nothing but its release ends the utterance.
        """
        self._endpointer = Endpointer(endpointing)
        self._hearing = hearing
        self._chunks = list(before)
        self._partial_s = partial_s
        self._needs_words = needs_words
        self._held = held
        self._released = False
        self._over: Ended | None = None
        self._transcript: asyncio.Task[str | None] | None = None
        self._guessed: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._partial: asyncio.Task[str | None] | None = None
        self._partial_at_s = 0.0
        self._since_partial_s = 0.0
        self._completeness: Completeness | None = None
        self._turn_end: float | None = None
        self.started = False
        """Whether speech has begun."""

    @property
    def silence_s(self) -> float:
        """Seconds since the last speech."""
        return self._endpointer.silence_s

    def push(self, chunk: Samples, speech: float) -> Ended | None:
        """Take the next chunk and its probability of speech; say how the utterance ended."""
        self._chunks.append(chunk)
        mark = self._endpointer.step(
            CHUNK_S, speech, self._completeness, self._turn_end, rms(chunk)
        )
        if self._held:
            self.started = self.started or mark is Mark.SPEECH_START
            self._transcribe_partly()
            return None
        match mark:
            case Mark.SPEECH_START:
                self.started = True
            case Mark.SOFT_END:
                self._speculate()
            case Mark.RESUMED:
                self.discard()
            case Mark.NO_SPEECH:
                return Ended.NO_SPEECH
            case Mark.COMMIT:
                self._commit()
            case None:
                if self._over is None:
                    self._ask_for_turn_end()
                    self._transcribe_partly()
        return self.judge()

    def keep(self, chunk: Samples, speech: float) -> None:
        """Take a chunk from after the end, in case it was not the end."""
        self._chunks.append(chunk)
        self._endpointer.step(CHUNK_S, speech)

    def go_on(self) -> None:
        """Take up again an utterance that was taken for over."""
        self._over = None
        self.discard()

    def tap(self) -> None:
        """The button was only tapped: silence ends the utterance."""
        self._held = False

    def release(self) -> None:
        """The button was let go: what has been said is all."""
        self._held, self._released = False, True
        self._speculate()

    def judge(self) -> Ended | None:
        """Say how the utterance ended, once its transcript is there.

        It does not end before: until then more speech can still continue it, and the wait costs
        nothing, as nothing can be answered without the transcript.
        """
        if self._transcript is None or not self._transcript.done():
            return None
        failed = self._transcript.cancelled() or self._transcript.exception() is not None
        if not failed and not self._transcript.result():
            return self._no_words()
        if self._released:
            return Ended.RELEASED
        if self._over is None and not failed:
            # Asked without waiting for the next chunk: 16 ms sooner on average.
            mark = self._endpointer.step(0.0, 0.0, self._completeness, self._turn_end)
            if mark is Mark.COMMIT:
                self._commit()
        return self._over

    def _no_words(self) -> Ended | None:
        """Only the wake phrase so far, or noise: the user has not begun yet."""
        over = self._over is Ended.LONGEST_UTTERANCE or self._released
        self.discard()
        self._partial = None  # of sound that does not count any more
        if self._needs_words:
            return Ended.NO_WORDS
        self._endpointer.wait_again()
        self.started, self._over = False, None
        return Ended.NO_SPEECH if over else None

    def _commit(self) -> None:
        if self._over is None:
            assert self._endpointer.reason is not None
            self._over = Ended[self._endpointer.reason.name]
        if self._guessed is None:
            self._speculate()

    # work that may be thrown away

    def _speculate(self) -> None:
        # A partial that has just been begun has all the speech in it.
        fresh = self._endpointer.total_s - self._partial_at_s <= _FRESH_S
        made = self._partial if fresh else None
        self.discard()
        self._since_partial_s = 0.0
        self._guessed = asyncio.ensure_future(self._guess(made))

    async def _guess(self, made: asyncio.Task[str | None] | None) -> None:
        """Have the transcript made, unless one has been `made`, and the work that follows begun."""
        self._transcript = made
        if made is not None:
            await asyncio.wait([made])
            if made.cancelled() or made.exception() is not None or made.result() is None:
                self._transcript = None
        if self._transcript is None:
            sound, speech_s = join(self._chunks), self._endpointer.speech_s
            transcribe = self._hearing.transcribe(sound, speech_s, False)
            self._transcript = asyncio.ensure_future(transcribe)
            await asyncio.wait([self._transcript])
        if self._transcript.cancelled():
            return
        if self._transcript.exception() is None and (text := self._transcript.result()):
            self._completeness = self._hearing.completeness(text)
            self._hearing.guess(text)
        self._hearing.ready()

    def _ask_for_turn_end(self) -> None:
        """Have the turn-end model asked, where the words have left the end open.

        Not before they are known: it would only hold up the transcript, which decides most ends.
        """
        busy = self._asking is not None and not self._asking.done()
        if not busy and self._endpointer.wants_turn_end:
            self._endpointer.asked()
            self._asking = asyncio.ensure_future(self._ask())

    async def _ask(self) -> None:
        try:
            self._turn_end = await self._hearing.turn_end(join(self._chunks))
        except LapelError:
            return  # the pause decides
        self._hearing.ready()

    def _transcribe_partly(self) -> None:
        """Have a partial transcript made, every so often, while nothing else is being made."""
        self._since_partial_s += CHUNK_S
        busy = self._guessed is not None or (self._partial is not None and not self._partial.done())
        due = self._partial_s and self._since_partial_s >= self._partial_s
        if not self.started or busy or not due:
            return
        self._since_partial_s, self._partial_at_s = 0.0, self._endpointer.total_s
        transcribe = self._hearing.transcribe(join(self._chunks), self._endpointer.speech_s, True)
        self._partial = asyncio.ensure_future(transcribe)
        self._partial.add_done_callback(self._tell_part)

    def _tell_part(self, partial: asyncio.Task[str | None]) -> None:
        if partial is not self._transcript:  # which is told when it is judged
            self._tell_stale(partial)

    def _tell_stale(self, transcript: asyncio.Task[str | None]) -> None:
        """A transcript that came too late to be the final one still says what was said so far."""
        failed = transcript.cancelled() or transcript.exception() is not None
        if not failed and (text := transcript.result()):
            self._hearing.partly(text)

    async def text(self) -> str:
        """Return the transcript of the whole utterance.

        Raises:
            EngineFailed: the transcriber gave up.
        """
        assert self._transcript is not None, "the utterance is not over"
        return await self._transcript or ""

    def discard(self) -> None:
        """Throw the guess away; its transcript, which cannot be stopped, becomes a partial one."""
        for task in (self._guessed, self._asking):
            if task is not None:
                task.cancel()
        if self._transcript is not None:
            self._transcript.add_done_callback(self._tell_stale)
        if self._guessed is not None:
            self._hearing.drop()
        self._guessed = self._transcript = self._asking = None
        self._completeness = self._turn_end = None
