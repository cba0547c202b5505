"""One thread for one native engine.

Native calls block and cannot be killed, and most engines are not safe to call from two threads.
So each engine has a thread of its own, and the event loop awaits its results.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from context.errors import LapelError
from device.errors import EngineFailed

T = TypeVar("T")
P = ParamSpec("P")


class Worker:
    """A named thread that runs one call at a time."""

    def __init__(self, name: str, at_once: int = 1) -> None:
        """Run `at_once` calls side by side, for an engine that allows it."""
        self._name = name
        self._executor = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix=name)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `call` on the thread and return its result.

        Cancelling the awaiting task abandons the result; the call itself runs to its end.

        Raises:
            LapelError: what the call raised of that kind.
            EngineFailed: it raised anything else; that is the cause.
        """

        def guarded() -> T:
            try:
                return call(*args, **kwargs)
            except LapelError:
                raise
            except Exception as error:  # native engines raise anything; from here on it is one
                raise EngineFailed(
                    f"{self._name} failed ({type(error).__name__}): if it goes on, run 'lapel "
                    "doctor'."
                ) from error

        return await asyncio.get_running_loop().run_in_executor(self._executor, guarded)

    async def iterate(self, start: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
        """Yield what the iterator made by `start` gives, pulling each value on the thread.

        The consumer's pace is the producer's: nothing is queued. When the consumer stops early,
        the iterator is closed on its own thread.
        """
        iterator = await self.run(start)
        end = object()
        try:
            while (value := await self.run(next, iterator, end)) is not end:
                yield value  # pyright: ignore[reportReturnType]
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                self._executor.submit(close)

    def post(self, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Queue `call` on the thread without waiting for it.

        For what must still happen while the caller is being cancelled. It must not raise.
        """
        self._executor.submit(call, *args, **kwargs)

    def close(self) -> None:
        """Let the thread end after the calls that are queued."""
        self._executor.shutdown(wait=False)

    def join(self) -> None:
        """Wait until the calls that are queued have ended; after `close`."""
        self._executor.shutdown(wait=True)
