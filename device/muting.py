"""The microphone's device as it follows the mute: closed and emptied while it is off."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from context.errors import LapelError
from device.events import Event, MicrophoneMuted, MicrophoneUnmuted, StageFailed
from device.mic import ChunkQueue, Microphone
from device.mic.mute import Mute
from device.play import Playout
from device.worker import Worker

ON_AGAIN: Final = "My microphone is on again."
_LOOK_S: Final = 60.0

T = TypeVar("T")


class Muting:
    """Closes and opens one microphone."""

    def __init__(
        self,
        mute: Mute,
        microphone: Microphone,
        *,
        chunks: ChunkQueue,
        playout: Playout,
        worker: Worker,
        emit: Callable[[Event], None],
        forget: Callable[[], None],
    ) -> None:
        """Take what is closed, opened and emptied.

        Args:
            mute: whether the microphone is off.
            microphone: its device.
            chunks: where its sound goes.
            playout: keeps what was played, which is the echo in that sound.
            worker: the thread on which it is turned on, as that is written down.
            emit: told each change, and what failed.
            forget: lets go of all sound that was heard.
        """
        self._mute = mute
        self._microphone = microphone
        self._chunks = chunks
        self._playout = playout
        self._worker = worker
        self._emit = emit
        self._forget = forget
        self._changed = asyncio.Event()
        """Set at each change, for who waits for the time when it is over."""
        self.listens = asyncio.Event()
        """Set while the microphone is on."""

    def watch(self) -> None:
        """Follow each change of the mute from now on; needs a running event loop."""
        loop = asyncio.get_running_loop()
        self._mute.watch(lambda: self._note(loop))

    def open(self) -> None:
        """Open the device, unless it is muted.

        Raises:
            LapelError: it can't be opened.
        """
        if self._mute.muted():
            self._chunks.shut()
        else:
            self._microphone.open(self._chunks.push)
            self.listens.set()

    async def unmute(self) -> None:
        """Turn the microphone on."""
        await self._turned_on(self._mute.unmute)

    async def unmute_in_time(
        self, idle: asyncio.Event, proclaim: Callable[[str], Awaitable[None]]
    ) -> None:
        """Turn the microphone on once it was off for as long as it should; runs until cancelled.

        idle: set while nobody has the word. proclaim: takes the word and says a sentence.
        """
        while True:
            self._changed.clear()
            left_s = self._mute.left_s()
            if left_s is None:
                await self._changed.wait()
            elif left_s > 0:  # not all at once: the loop's clock rests while the machine sleeps
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left_s, _LOOK_S)):
                        await self._changed.wait()
            elif await self._turned_on(self._mute.unmute_if_over) is not False:
                await idle.wait()
                if not self._mute.muted():
                    await proclaim(ON_AGAIN)

    async def _turned_on(self, how: Callable[[], T]) -> T | None:
        try:
            return await self._worker.run(how)
        except LapelError as error:  # it is on
            self._fail(error)
            return None

    def _note(self, loop: asyncio.AbstractEventLoop) -> None:
        """On whatever thread turned it off or on: no chunk gets any further from here on."""
        if self._mute.muted():
            self._chunks.shut()
        with contextlib.suppress(RuntimeError):  # the loop is closed, and the device with it
            loop.call_soon_threadsafe(self._follow)

    def _follow(self) -> None:
        """Close the device and let go of what was heard; or open it again."""
        self._changed.set()
        if not self._mute.muted():
            self._chunks.reopen()
            if self.listens.is_set():
                return
            self._playout.forget_played()
            try:
                self._microphone.open(self._chunks.push)
            except LapelError as error:  # the watchdog goes on trying
                self._fail(error)
            self.listens.set()
            self._emit(MicrophoneUnmuted(0, _now()))
            return
        self.listens.clear()
        self._chunks.shut()
        self._microphone.close()
        self._forget()
        self._emit(MicrophoneMuted(0, _now(), self._mute.left_s()))

    def _fail(self, error: LapelError) -> None:
        self._emit(StageFailed.of(0, _now(), "microphone", error))


def _now() -> float:
    return asyncio.get_running_loop().time()
