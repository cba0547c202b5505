"""Ctrl-C in a command that stores one thing after another: it ends after the one in hand."""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType


@contextmanager
def stoppable() -> Generator[Callable[[], bool]]:
    """Tells the body, which asks between its steps, whether Ctrl-C was pressed.

    A second Ctrl-C ends the body at once, wherever it is. Elsewhere than in the main thread, where
    no signal comes, it is never pressed.
    """
    pressed = False

    def press(_signal: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        with suppress(KeyboardInterrupt):
            yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
