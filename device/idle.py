"""What is done in idle moments: a tidy memory, the tools that servers offer, the stock sentences.

Each runs until it is cancelled, or has no more to do.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from context.errors import LapelError
from device.events import Event, StageFailed
from device.mind import Mind
from device.speak.cached import CachedSynthesizer
from device.worker import Worker

_BETWEEN_SENTENCES_S: Final = 3.0  # idle must stay cheap
_BETWEEN_EMBEDDINGS_S: Final = 0.5
_TEND_EVERY_S: Final = 60.0
_TAKE_UP_EVERY_S: Final = 60.0
_LOOK_S: Final = 0.2
_MOST_LOOKS: Final = 75

Emit = Callable[[Event], None]
Rest = Callable[[], Awaitable[None]]
"""Waits until nobody has the word, and nobody is invited to take it."""


async def tend_memory(mind: Mind, think: Worker, rest: Rest, emit: Emit) -> None:
    """Erase what is over its time, now and every minute; make vectors that are missing."""
    while True:
        await rest()
        try:
            await think.run(mind.reap)
            await rest()
            while await think.run(mind.reembed):
                await asyncio.sleep(_BETWEEN_EMBEDDINGS_S)
                await rest()
        except LapelError as error:
            emit(StageFailed.of(0, _now(), "memory", error))
        await asyncio.sleep(_TEND_EVERY_S)


async def take_up_tools(mind: Mind, think: Worker, rest: Rest, emit: Emit) -> None:
    """Have the tools that servers offer, as soon as they do and nobody has the word; once a minute
    at most, as it takes a second, and a server may change its mind all the time.
    """
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody takes them up
            loop.call_soon_threadsafe(changed.set)

    if mind.offers is None:
        return
    servers = mind.offers.servers
    servers.when_changed(tell)
    while True:
        await changed.wait()
        for _ in range(_MOST_LOOKS):  # so that the first time is for all of them
            if servers.wait(0.0):
                break
            await asyncio.sleep(_LOOK_S)
        await rest()
        changed.clear()
        try:
            await think.run(mind.take_up_tools)
        except LapelError as error:
            emit(StageFailed.of(0, _now(), "tools", error))
        await asyncio.sleep(_TAKE_UP_EVERY_S)


async def make_stock(
    synthesizer: CachedSynthesizer, speak: Worker, idle: asyncio.Event, emit: Emit
) -> None:
    """Have the stock sentences synthesised, one at a time, so that they need not be later.

    idle: set while nobody has the word.
    """
    more = True
    while more:
        await idle.wait()
        await asyncio.sleep(_BETWEEN_SENTENCES_S)
        try:
            more = await speak.run(synthesizer.fill, lambda: not idle.is_set())
        except LapelError as error:
            emit(StageFailed.of(0, _now(), "speak", error))
            return


def _now() -> float:
    return asyncio.get_running_loop().time()
