"""Replying: from the user's words to sound in the queue of the speaker.

Three things overlap: the agent writes, finished clauses are synthesised, and earlier ones play.
"""

import asyncio
from collections.abc import Callable, Iterator

from agents.agent import Acted, Agent, ReplyPart, Text
from context.errors import LapelError
from device.events import ClauseReady, Event, FirstSample, FirstToken, StageFailed, ToolRan
from device.play import Playout
from device.speak import Synthesizer
from device.speak.clauses import ClauseSplitter
from device.worker import Worker

SORRY_THINKING = "Sorry, I couldn't work that out."


class Replier:
    """Makes replies and plays them."""

    def __init__(
        self,
        *,
        agent: Agent,
        think: Worker,
        synthesizer: Synthesizer,
        speak: Worker,
        emit: Callable[[Event], None],
    ) -> None:
        self._agent = agent
        self._think = think
        self._synthesizer = synthesizer
        self._speak = speak
        self._emit = emit

    async def reply(
        self, turn_id: int, text: str, playout: Playout, began: Callable[[], None]
    ) -> None:
        """Answer `text` aloud; returns when the last of it has been played.

        Cancelling it stops the model at its next token; the caller drops what is queued.
        `began` is called when there is something to say.
        """
        stopped = False

        def start() -> Iterator[ReplyPart]:
            return self._agent.reply(text, stop=lambda: stopped)

        async def think() -> None:
            splitter = ClauseSplitter()
            is_first = True
            try:
                async for part in self._think.iterate(start):
                    match part:
                        case Text(piece):
                            if is_first:
                                is_first = False
                                self._emit(FirstToken(turn_id, loop.time()))
                            for clause in splitter.push(piece):
                                await clauses.put(clause)
                        case Acted(receipt):
                            self._emit(ToolRan(turn_id, loop.time(), receipt.tool, receipt.ok))
            except LapelError as error:
                self._emit(StageFailed.of(turn_id, loop.time(), "think", error))
                splitter = ClauseSplitter()
                await clauses.put(SORRY_THINKING)
            for clause in splitter.flush():
                await clauses.put(clause)
            await clauses.put(None)

        async def speak() -> None:
            is_first = True
            while (clause := await clauses.get()) is not None:
                if is_first:
                    is_first = False
                    began()
                await self.say(turn_id, clause, playout)

        loop = asyncio.get_running_loop()
        clauses: asyncio.Queue[str | None] = asyncio.Queue(maxsize=4)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(think())
                first = tasks.create_task(self.mark_first_sample(turn_id, playout))
                await speak()
                await playout.drained(turn_id)
                first.cancel()  # a reply that made no sound has none to wait for
        finally:
            stopped = True

    async def mark_first_sample(self, turn_id: int, playout: Playout) -> None:
        """Tell when the turn's first sample leaves for the speaker."""
        await playout.first_sample(turn_id)
        self._emit(FirstSample(turn_id, asyncio.get_running_loop().time()))

    async def say(self, turn_id: int, clause: str, playout: Playout) -> None:
        """Synthesise a clause and queue it."""
        loop = asyncio.get_running_loop()
        try:
            sound = await self._speak.run(self._synthesizer.synthesize, clause)
        except LapelError as error:
            self._emit(StageFailed.of(turn_id, loop.time(), "speak", error))
            return
        rate_hz = self._synthesizer.rate_hz
        self._emit(ClauseReady(turn_id, loop.time(), len(sound) / rate_hz, clause))
        await playout.add(turn_id, clause, sound, rate_hz)
