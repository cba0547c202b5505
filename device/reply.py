"""Replying: from the user's words to sound in the queue of the speaker.

Four things overlap: the agent writes, finished clauses are synthesised, earlier ones play. A
reply may be begun before it is decided that the user has finished: until `commit` nothing of it
is done or heard, and it can be thrown away without a trace.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agents.agent import Acted, Agent, ReplyPart, Text
from context.errors import LapelError
from device.audio import Samples
from device.events import ClauseReady, Event, FirstSample, FirstToken, StageFailed, ToolRan
from device.play import Playout
from device.play.tones import thinking
from device.speak import Synthesizer
from device.speak.clauses import ClauseSplitter
from device.worker import Worker

SORRY_THINKING = "Sorry, I couldn't work that out."

CUES = 0
"""The turn that earcons belong to: none."""

_CLAUSES_AHEAD = 4
_CUE_AGAIN_S = 2.5


@dataclass(frozen=True, slots=True)
class Replier:
    """Makes replies and plays them."""

    agent: Agent
    think: Worker
    synthesizer: Synthesizer
    speak: Worker
    emit: Callable[[Event], None]
    thinking_cue_s: float | None = 1.0
    """Seconds after which a sound tells that the reply takes longer; None for no sound."""

    def begin(self, turn_id: int, text: str) -> "Reply":
        """Begin the reply to `text`; needs a running event loop."""
        return Reply(self, turn_id, text)

    async def say(self, turn_id: int, clause: str, playout: Playout) -> None:
        """Synthesise a clause and queue it."""
        clip = await self.synthesize(clause, lambda error: self.fail(turn_id, "speak", error))
        if clip is not None:
            await self.play(turn_id, clause, clip, playout)

    async def synthesize(self, clause: str, failed: Callable[[LapelError], None]) -> Samples | None:
        """Turn a clause into sound; None when the voice gave up."""
        try:
            return await self.speak.run(self.synthesizer.synthesize, clause)
        except LapelError as error:
            failed(error)
            return None

    async def play(self, turn_id: int, clause: str, clip: Samples, playout: Playout) -> None:
        """Queue the sound of a clause."""
        rate_hz = self.synthesizer.rate_hz
        self.emit(ClauseReady(turn_id, _now(), len(clip) / rate_hz, clause))
        await playout.add(turn_id, clause, clip, rate_hz)

    def fail(self, turn_id: int, stage: str, error: LapelError) -> None:
        """Tell that a stage could not do its work."""
        self.emit(StageFailed.of(turn_id, _now(), stage, error))


class Reply:
    """One reply, begun at once and heard once committed."""

    def __init__(self, replier: Replier, turn_id: int, text: str) -> None:
        self.text = text
        """What it replies to."""
        self.acted = False
        """Whether a tool has been called."""
        self.ends_talk = False
        """Whether it is the answer to "stop" or "that's all"."""
        self._replier = replier
        self._turn_id = turn_id
        self._committed = asyncio.Event()
        self._stopped = False
        self._early: list[Event] = []
        self._clips: asyncio.Queue[tuple[str, Samples] | None] = asyncio.Queue(_CLAUSES_AHEAD)
        self._clauses: asyncio.Queue[str | None] = asyncio.Queue(_CLAUSES_AHEAD)
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
                while (clip := await self._next_clip()) is not None:
                    if is_first:
                        is_first = False
                        cue.cancel()
                        playout.drop(CUES)
                        playout.finish(CUES)
                        began()
                    await self._replier.play(self._turn_id, *clip, playout)
                await playout.drained(self._turn_id)
                first.cancel()  # a reply that made no sound has none to wait for
                cue.cancel()
                await self._making
        finally:
            self.abandon()

    async def _next_clip(self) -> tuple[str, Samples] | None:
        """The next clip, or None at the end; the making's own failure if there is one."""
        getting = asyncio.ensure_future(self._clips.get())
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
            return agent.reply(self.text, stop=lambda: self._stopped)

        try:
            if agent.route(self.text).tool is not None:
                await self._foretell()
                await self._committed.wait()
            agent.share_cores(False)
            async for part in worker.iterate(start):
                match part:
                    case Text(piece):
                        if is_first:
                            is_first = False
                            self._emit(FirstToken(self._turn_id, _now()))
                        for clause in splitter.push(piece):
                            await self._clauses.put(clause)
                    case Acted(receipt):
                        self.acted = True
                        self.ends_talk = receipt.tool == "stop"
                        self._emit(ToolRan(self._turn_id, _now(), receipt.tool, receipt.ok))
        except LapelError as error:
            self._fail("think", error)
            splitter = ClauseSplitter()
            await self._clauses.put(SORRY_THINKING)
        for clause in splitter.flush():
            await self._clauses.put(clause)
        await self._clauses.put(None)

    async def _foretell(self) -> None:
        """Have what a command will say synthesised, so that it is there when it is done."""
        preview = await self._replier.think.run(self._replier.agent.preview, self.text)
        if not preview:
            return
        splitter = ClauseSplitter()
        for clause in (*splitter.push(preview), *splitter.flush()):
            if not self._committed.is_set():  # from then on the real words come first
                await self._replier.synthesize(clause, lambda _error: None)

    async def _speak(self) -> None:
        """Turn clauses into clips."""
        while (clause := await self._clauses.get()) is not None:
            self._replier.agent.share_cores(True)
            clip = await self._replier.synthesize(clause, lambda error: self._fail("speak", error))
            if clip is not None:
                await self._clips.put((clause, clip))
        await self._clips.put(None)

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


def _now() -> float:
    return asyncio.get_running_loop().time()
