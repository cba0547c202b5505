"""A call that may hang is given up after a time, and what it brings later is dropped.

A deed that nobody waits for any more would surprise: whoever sends one looks first at `left_s`.
"""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

T = TypeVar("T")
_UNTIL: Final[ContextVar[float | None]] = ContextVar("until", default=None)


def left_s() -> float | None:
    """Seconds until the caller gives up, 0 or less where it has; None: it does not. Of the thread
    of `in_time`, and what it starts with its context.
    """
    until = _UNTIL.get()
    return None if until is None else until - time.monotonic()


@contextmanager
def given_up_in(seconds: float) -> Generator[None]:
    """A block in which `left_s` counts from these seconds down, or from fewer around it."""
    left = left_s()
    before = _UNTIL.set(time.monotonic() + (seconds if left is None else min(seconds, left)))
    try:
        yield
    finally:
        _UNTIL.reset(before)


def in_time(call: Callable[[], T], timeout_s: float) -> T:
    """What `call` returns or raises; TimeoutError once `timeout_s` are over.

    A thread can't be stopped: it is left to end by itself, and nothing waits for it.
    """
    results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    began_s = time.monotonic()

    def run() -> None:
        try:
            with given_up_in(timeout_s - (time.monotonic() - began_s)):
                results.put((call(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            results.put((None, error))

    threading.Thread(target=run, name="tool", daemon=True).start()
    try:
        result, error = results.get(timeout=timeout_s)
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return result  # pyright: ignore[reportReturnType] - without an error there is one
