"""Replying: from the user's words to sound in the queue of the speaker.

Four things overlap: the agent writes, finished clauses are synthesised, earlier ones play. A
reply may be begun before it is decided that the user has finished: until `commit` nothing of it
is done or heard, and it can be thrown away without a trace.
"""

import asyncio
import contextlib
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field

from agents.agent import Acted, Agent, Chose, Mint, ReplyPart, Text
from context.errors import LapelError
from device.events import ClauseReady, Event, FirstSample, FirstToken, StageFailed, ToolRan
from device.play import Playout
from device.play.tones import thinking
from device.speak import Part
from device.speak.cached import CachedSynthesizer
from device.speak.clauses import ClauseSplitter
from device.worker import Worker

SORRY_THINKING = "Sorry, I couldn't work that out."

LIKELY = ("what time is it", "what's the date", "what day is it", "cancel the timer")
"""What is asked most; the answers are made ready while the user still speaks."""
CUES = 0
"""The turn that earcons belong to: none."""

_CLAUSES_AHEAD = 4
_PARTS_AHEAD = 16
_FORESEEN = 2
_CUE_AGAIN_S = 2.5


@dataclass(frozen=True, slots=True)
class Replier:
    """Makes replies and plays them."""

    agent: Agent
    think: Worker
    synthesizer: CachedSynthesizer
    speak: Worker
    emit: Callable[[Event], None]
    thinking_cue_s: float | None = 1.0
    """Seconds after which a sound tells that the reply takes longer; None for no sound."""
    _begun: "weakref.WeakSet[Reply]" = field(
        default_factory=weakref.WeakSet, init=False, repr=False, compare=False
    )

    def begin(self, turn_id: int, text: str, mint: Mint | None = None) -> "Reply":
        """Begin the reply to `text`, with the turn's permissions; needs a running event loop."""
        reply = Reply(self, turn_id, text, mint)
        self._begun.add(reply)
        return reply

    def abandon_all(self) -> None:
        """Abandon every reply that was begun and is kept by anyone."""
        for reply in list(self._begun):
            reply.abandon()

    async def foretell(self, text: str, mint: Mint | None = None) -> None:
        """Have what the command in `text` would say synthesised, in case it is meant."""
        with contextlib.suppress(LapelError):  # if it is meant, it is tried again
            preview = await self.think.run(self.agent.preview, text, mint=mint)
            for clause in _clauses(preview or ""):
                await self.speak.run(self.synthesizer.synthesize, clause)

    async def foretell_likely(self) -> None:
        """Have the answers to what is asked most made ready."""
        for text in LIKELY:
            await self.foretell(text)

    async def say(self, turn_id: int, clause: str, playout: Playout) -> None:
        """Synthesise a clause and queue it, as far as the voice can say it."""
        try:
            async for part in self.synthesize(clause):
                await self.play(turn_id, part, playout)
        except LapelError as error:
            self.emit(StageFailed.of(turn_id, _now(), "speak", error))

    def synthesize(self, clause: str) -> AsyncGenerator[Part]:
        """Turn a clause into sound, part by part."""
        return self.speak.iterate(lambda: self.synthesizer.stream(clause))

    async def play(self, turn_id: int, part: Part, playout: Playout) -> None:
        """Queue a part of a clause."""
        rate_hz = self.synthesizer.rate_hz
        self.emit(ClauseReady(turn_id, _now(), len(part.samples) / rate_hz, part.text))
        await playout.add(turn_id, part.text, part.samples, rate_hz)


@dataclass(slots=True)
class _Clause:
    """What is to be said at once; it may have been foreseen, and be decided later."""

    text: str
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    is_said: bool = True
    failed: bool = False
    """The voice gave up on it before it was decided."""


class Reply:
    """One reply, begun at once and heard once committed."""

    def __init__(self, replier: Replier, turn_id: int, text: str, mint: Mint | None = None) -> None:
        self.text = text
        """What it replies to."""
        self.acts = replier.agent.route(text).tool is not None
        """Whether a tool is called, by command or by the model's choice: then it cannot be thrown
        away once it is committed."""
        self.ends_talk = False
        """Whether it is the answer to "stop" or "that's all"."""
        self._replier = replier
        self._turn_id = turn_id
        self._mint = mint
        self._committed = asyncio.Event()
        self._stopped = False
        self._early: list[Event] = []
        self._parts: asyncio.Queue[tuple[_Clause, Part] | None] = asyncio.Queue(_PARTS_AHEAD)
        self._clauses: asyncio.Queue[_Clause | None] = asyncio.Queue(_CLAUSES_AHEAD)
        self._foreseen: deque[_Clause] = deque()
        self._begun = asyncio.Event()
        """Set once the first part of the first clause is made."""
        self._making = asyncio.ensure_future(self._make())

    def abandon(self) -> None:
        """Throw it away; the model stops at once."""
        self._stopped = True
        self._making.cancel()

    async def play(self, playout: Playout, began: Callable[[], None]) -> None:
        """Let it be done and heard; returns when the last of it has been played.

        Cancelling it abandons the reply; the caller drops what is queued. `began` is called when
        there is something to say.
        """
        self._committed.set()
        for event in self._early:
            self._replier.emit(event)
        self._early.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                first = tasks.create_task(self._mark_first_sample(playout))
                cue = tasks.create_task(self._tell_that_it_takes_longer(playout))
                is_first = True
                while (made := await self._next_part()) is not None:
                    clause, part = made
                    await clause.decided.wait()
                    if not clause.is_said:
                        continue
                    if is_first:
                        is_first = False
                        cue.cancel()
                        playout.drop(CUES)
                        playout.finish(CUES)
                        began()
                    await self._replier.play(self._turn_id, part, playout)
                await playout.drained(self._turn_id)
                first.cancel()  # a reply that made no sound has none to wait for
                cue.cancel()
                await self._making
        finally:
            self.abandon()

    async def _next_part(self) -> tuple[_Clause, Part] | None:
        """The next part, or None at the end; the making's own failure if there is one."""
        getting = asyncio.ensure_future(self._parts.get())
        try:
            await asyncio.wait([getting, self._making], return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                self._making.result()
            return await getting
        finally:
            getting.cancel()

    async def _make(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._think())
            tasks.create_task(self._speak())

    async def _think(self) -> None:
        """Put the reply's clauses into the queue."""
        agent, worker = self._replier.agent, self._replier.think
        splitter = ClauseSplitter()
        is_first = True

        def start() -> Iterator[ReplyPart]:
            return agent.reply(self.text, stop=lambda: self._stopped, mint=self._mint)

        try:
            if self.acts:
                preview = await worker.run(agent.preview, self.text, mint=self._mint)
                await self._foresee(preview)
                await self._committed.wait()
            agent.share_cores(False)
            async for part in worker.iterate(start):
                match part:
                    case Text(piece):
                        if is_first:
                            is_first = False
                            self._emit(FirstToken(self._turn_id, _now()))
                        for clause in splitter.push(piece):
                            await self._say(clause)
                    case Chose(foreseen):
                        await self._foresee(foreseen)
                        await self._committed.wait()
                        self.acts = True
                    case Acted(receipt):
                        self.ends_talk = receipt.tool == "stop"
                        self._emit(ToolRan(self._turn_id, _now(), receipt.tool, receipt.ok))
        except LapelError as error:
            self._fail("think", error)
            splitter = ClauseSplitter()
            await self._say(SORRY_THINKING)
        for clause in splitter.flush():
            await self._say(clause)
        self._unsay()
        await self._clauses.put(None)

    async def _foresee(self, preview: str | None) -> None:
        """Have the beginning of what a call will say synthesised before it is made."""
        for text in _clauses(preview or "")[:_FORESEEN]:
            clause = _Clause(text)
            self._foreseen.append(clause)
            await self._clauses.put(clause)

    async def _say(self, text: str) -> None:
        """Put a clause into the queue, unless it was foreseen and is there already."""
        if self._foreseen and self._foreseen[0].text == text and not self._foreseen[0].failed:
            self._foreseen.popleft().decided.set()
            return
        self._unsay()
        clause = _Clause(text)
        clause.decided.set()
        await self._clauses.put(clause)
        # The first sound is waited for; what the model writes meanwhile is not.
        await self._begun.wait()

    def _unsay(self) -> None:
        """What was foreseen and did not come is not said."""
        for clause in self._foreseen:
            clause.is_said = False
            clause.decided.set()
        self._foreseen.clear()

    async def _speak(self) -> None:
        """Turn clauses into parts of sound."""
        while (clause := await self._clauses.get()) is not None:
            self._replier.agent.share_cores(True)
            made = False
            try:
                async for part in self._replier.synthesize(clause.text):
                    made = True
                    self._begun.set()
                    await self._parts.put((clause, part))
            except LapelError as error:
                clause.failed = not clause.decided.is_set() and not made
                if not clause.failed:
                    self._fail("speak", error)
            self._begun.set()
        await self._parts.put(None)

    async def _tell_that_it_takes_longer(self, playout: Playout) -> None:
        wait_s, rate_hz = self._replier.thinking_cue_s, self._replier.synthesizer.rate_hz
        while wait_s is not None:
            await asyncio.sleep(wait_s)
            await playout.add(CUES, "", thinking(rate_hz), rate_hz)
            wait_s = _CUE_AGAIN_S

    async def _mark_first_sample(self, playout: Playout) -> None:
        await playout.first_sample(self._turn_id)
        self._replier.emit(FirstSample(self._turn_id, _now()))

    def _fail(self, stage: str, error: LapelError) -> None:
        self._emit(StageFailed.of(self._turn_id, _now(), stage, error))

    def _emit(self, event: Event) -> None:
        """Tell an event, once it is decided that it has happened."""
        if self._committed.is_set():
            self._replier.emit(event)
        else:
            self._early.append(event)


def _clauses(text: str) -> list[str]:
    """The clauses in which a text that is there at once is said."""
    splitter = ClauseSplitter()
    return [*splitter.push(text), *splitter.flush()]


def _now() -> float:
    return asyncio.get_running_loop().time()
