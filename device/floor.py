"""The floor: which turn has the word, and where it is."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from device.events import Event, Interrupted
from device.play import Playout
from device.reply import Reply
from device.turn import Cue, Phase, advance

_REST_S: Final = 0.5


@dataclass(slots=True)
class Turn:
    """Who has the word: a reply, or a ring."""

    id: int
    task: asyncio.Task[None]
    reply: Reply | None = None
    withdrawn: bool = False
    """Begun too early: nothing of it has happened."""

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is going on any more."""
        return self.task.done()


class Floor:
    """Knows who has the word, and takes it away; what is done with it is others' affair."""

    def __init__(
        self,
        emit: Callable[[Event], None],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        """Begin idle. emit: told each interruption. spawn: begins a task."""
        self._emit = emit
        self._spawn = spawn
        self.phase = Phase.IDLE
        self.turn: Turn | None = None
        """The last turn that had the word, and was not interrupted."""
        self.idle = asyncio.Event()
        """Set while nobody has the word, though somebody may be invited to take it."""
        self.idle.set()

    def move(self, cue: Cue) -> None:
        """Go on to the next phase.

        Raises:
            ImpossibleCue: the cue has no meaning in this phase.
        """
        self.phase = advance(self.phase, cue)
        if self.phase in (Phase.IDLE, Phase.FOLLOW_UP):
            self.idle.set()
        else:
            self.idle.clear()

    def start(self, turn_id: int, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Give a turn the word."""
        task = self._spawn(work)
        self.turn = Turn(turn_id, task)
        return task

    async def interrupt(self, playout: Playout) -> None:
        """Silence and cancel the turn that has the word, and wait until its books are closed."""
        turn, self.turn = self.turn, None
        if turn is None or turn.is_over:
            return
        playout.drop(turn.id)
        if not turn.withdrawn:
            self._emit(Interrupted(turn.id, asyncio.get_running_loop().time()))
        turn.task.cancel()
        await asyncio.wait([turn.task])

    def is_unasked(self) -> bool:
        """Whether something has the word that nobody has just asked for."""
        turn = self.turn
        if turn is None or turn.is_over or self.phase is not Phase.SPEAKING:
            return False
        return turn.reply is None

    async def rest(self) -> None:
        """Wait until nobody has the word, and nobody is invited to take it."""
        while self.phase is not Phase.IDLE:
            await self.idle.wait()
            await asyncio.sleep(_REST_S)
