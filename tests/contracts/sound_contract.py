"""What every microphone and every speaker does, checked on a running event loop."""

import asyncio

import numpy as np

from device.audio import CHUNK_SAMPLES, Samples
from device.mic import ChunkQueue, Microphone
from device.play import Speaker


async def check_microphone(microphone: Microphone) -> None:
    """Chunks of the one format come after open, none after close, and again after open."""
    assert microphone.name
    microphone.close()  # before it was ever opened
    for _ in range(2):
        chunks = ChunkQueue(asyncio.get_running_loop())
        microphone.open(chunks.push)
        for _ in range(10):
            chunk = await asyncio.wait_for(chunks.get(), 20)
            assert chunk.dtype == np.int16
            assert chunk.shape == (CHUNK_SAMPLES,)
        microphone.close()
        microphone.close()
        await asyncio.sleep(0.3)
        late: list[Samples] = []
        while True:
            try:
                late.append(await asyncio.wait_for(chunks.get(), 0.3))
            except TimeoutError:
                break
        assert len(late) <= 12, "chunks went on after close"


async def check_speaker(speaker: Speaker) -> None:
    """It pulls what it plays after open, nothing after close, and again after open."""
    assert speaker.name
    assert 8_000 <= speaker.rate_hz <= 192_000
    speaker.close()  # before it was ever opened
    for _ in range(2):
        pulls: list[int] = []
        enough = asyncio.Event()
        loop = asyncio.get_running_loop()

        def pull(
            count: int,
            pulls: list[int] = pulls,
            enough: asyncio.Event = enough,
            loop: asyncio.AbstractEventLoop = loop,
        ) -> Samples:
            pulls.append(count)
            if len(pulls) == 10:
                loop.call_soon_threadsafe(enough.set)
            return np.zeros(count, dtype=np.int16)

        speaker.open(pull)
        await asyncio.wait_for(enough.wait(), 20)
        assert min(pulls) > 0
        speaker.close()
        speaker.close()
        await asyncio.sleep(0.2)
        count = len(pulls)
        await asyncio.sleep(0.3)
        assert len(pulls) == count, "it went on pulling after close"
