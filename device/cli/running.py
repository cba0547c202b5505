"""Running asynchronous work to its end, or to Ctrl-C."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import Any, TypeVar

from context.errors import LapelError
from device.errors import AlreadyRunning
from device.settings import state_dir

T = TypeVar("T")


def run_until_stopped(work: Coroutine[Any, Any, T]) -> T | None:
    """Run to the end, or until Ctrl-C or SIGTERM, which end it in order."""

    async def until_stopped() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, task.cancel)
        return await task

    try:
        return asyncio.run(until_stopped())
    except asyncio.CancelledError:
        return None
    except BaseExceptionGroup as group:
        # One task's clear sentence, rather than a tree of tracebacks.
        known = group.subgroup(LapelError)
        if known is None:
            raise
        error: BaseException = known
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        raise error from None


@contextlib.contextmanager
def only_one(state: Path) -> Generator[None]:
    """Hold the right to be the assistant of this state folder.

    Raises:
        AlreadyRunning: another process holds it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(state / "assistant.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise AlreadyRunning(
            "Another 'lapel run' has the microphone and the timers: stop it first."
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_running() -> bool:
    """Say whether an assistant is running."""
    try:
        with only_one(state_dir()):
            return False
    except AlreadyRunning:
        return True
