"""An event loop whose clock jumps: a minute of conversation in milliseconds, the same each time.

Time stands still while any call is out on a worker thread, so that a slow machine cannot make a
timeout fire that a quick one would not see.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

_STUCK_S = 20.0


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting, moves the loop's clock on."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: VirtualTimeLoop | None = None

    def select(self, timeout: float | None = None) -> list[Any]:
        loop = self.loop
        if loop is None or (timeout is not None and timeout <= 0):
            return super().select(0)
        if ready := super().select(0):
            return ready
        if loop.calls_out:
            return super().select(_STUCK_S if timeout is None else 0.05)
        if timeout is None:
            ready = super().select(_STUCK_S)
            assert ready, "the loop waits for something that will never come"
            return ready
        loop.now_s += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop with `now_s` for a clock."""

    def __init__(self) -> None:
        selector = _JumpingSelector()
        self.now_s = 1000.0
        self.calls_out = 0
        self.takes_s: dict[str, float] = {}
        """Virtual seconds that a call takes on the thread of this name."""
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self.now_s

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        self.calls_out += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        takes_s = self.takes_s.get(getattr(executor, "_thread_name_prefix", ""), 0.0)
        return asyncio.ensure_future(self._late(future, takes_s)) if takes_s else future

    async def _late(self, future: Any, takes_s: float) -> Any:
        await asyncio.sleep(takes_s)
        return await future

    def _back(self, _future: Any) -> None:
        self.calls_out -= 1


def run_virtual(work: Coroutine[Any, Any, Any]) -> Any:
    """Run `work` to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)
