"""Real-time pace without drift, for sound that comes from a file instead of a sound card."""

import asyncio
from collections.abc import AsyncGenerator


async def ticks(period_s: float) -> AsyncGenerator[int]:
    """Yield 0, 1, 2 … at `period_s` intervals of the loop's clock.

    A late tick does not move the later ones: they follow at once until the clock is caught up,
    as a sound card's buffer would deliver them.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    count = 0
    while True:
        count += 1
        await asyncio.sleep(max(0.0, start + count * period_s - loop.time()))
        yield count - 1
