"""A call that may hang is given up after a time, and what it brings later is dropped."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def in_time(call: Callable[[], T], timeout_s: float) -> T:
    """What `call` returns or raises; TimeoutError once `timeout_s` are over.

    A thread can't be stopped: it is left to end by itself, and nothing waits for it.
    """
    results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
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
