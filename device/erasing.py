"""Erasing everything by the button: announced, still to be taken back then, and done."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from context.errors import LapelError
from device.button import ANNOUNCE_S, ANNOUNCED_S, EraseSign
from device.mind import Mind
from device.speak.cached import CachedSynthesizer
from device.stages import Workers

ERASE_ANNOUNCED: Final = "Keep holding to erase all I remember, for ever. Let go to keep it."
ERASE_TAKEN_BACK: Final = "Nothing was erased."
ERASED: Final = "I've erased all that I remembered."


class Erasing:
    """Follows the button, by the loop's clock: the microphone, which may be dead, has no say."""

    def __init__(
        self,
        mind: Mind,
        synthesizer: CachedSynthesizer,
        workers: Workers,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        proclaim: Callable[[str], Coroutine[Any, Any, None]],
        failed: Callable[[LapelError], None],
    ) -> None:
        """Take what is to be emptied.

        Args:
            mind: what remembers.
            synthesizer: the voice, which keeps what it has said.
            workers: their threads.
            spawn: begins a task.
            proclaim: takes the word and says a sentence.
            failed: told what went wrong with the memory.
        """
        self._mind = mind
        self._synthesizer = synthesizer
        self._workers = workers
        self._spawn = spawn
        self._proclaim = proclaim
        self._failed = failed
        self._sign = EraseSign()
        self._coming: asyncio.TimerHandle | None = None
        self._announced: asyncio.TimerHandle | None = None

    def down(self, at: float) -> None:
        """The button goes down."""
        if self._sign.down(at):
            self._coming = asyncio.get_running_loop().call_later(ANNOUNCE_S, self._announce)

    def up(self, at: float) -> None:
        """The button goes up."""
        self._sign.up(at)
        if (coming := self._coming) is not None:
            self._coming = None
            coming.cancel()
            if coming is self._announced:
                self._announced = None
                self._spawn(self._proclaim(ERASE_TAKEN_BACK))

    def _announce(self) -> None:
        loop = asyncio.get_running_loop()
        self._coming = self._announced = loop.call_later(ANNOUNCED_S, self._erase_now)
        self._spawn(self._proclaim(ERASE_ANNOUNCED))

    def _erase_now(self) -> None:
        self._coming = self._announced = None
        self._spawn(self._erase())

    async def _erase(self) -> None:
        """Destroy the keys at once; then let go of all that was made of what they opened."""
        said = ERASED
        try:
            await self._workers.erase.run(self._mind.store.panic)
        except LapelError as error:
            self._failed(error)
            said = str(error)
        self._workers.speak.post(self._synthesizer.forget)
        self._spawn(self._begin_anew())
        await self._proclaim(said)

    async def _begin_anew(self) -> None:
        try:
            await self._workers.think.run(self._mind.begin_anew)
        except LapelError as error:
            self._failed(error)
