"""Keeps the connections to servers of tools, lists what they offer, and has tools called.

All of it runs on one thread with an event loop of its own: a server that is slow, dead or broken
costs nobody else anything. A connection that ends is made again, later and later; nothing waits for
one but who asked for a call. A call is sent once at most.
"""

import asyncio
import concurrent.futures
import contextlib
import importlib.util
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from agents.egress import Gate
from agents.egress_client import NetworkFailed
from agents.tools.mcp import Answer, Offered
from agents.tools.timed import left_s
from context.labels import Label
from device.errors import SettingsWrong
from device.mcp.connection import Connection, Listing
from device.network_settings import McpSettings

INSTALL: Final = (
    "install the extra lapel[mcp] (in a checkout: .venv/bin/pip install -c constraints.txt -e"
    " '.[mcp]')"
)
"""What to do where the protocol's library is missing."""
_ENDS_S: Final = 5.0
_CLOSES_S: Final = 8.0
_LATER_S: Final = 7.0  # than a call: that waits for a connection first


class McpServers:
    """The servers that the settings name. gate: lets out to each by `tool_name`.

    `start` returns at once; what is listed by then is in `listings`. May be used from any thread.
    Raises SettingsWrong where the library is not installed.
    """

    def __init__(self, settings: Mapping[str, McpSettings], gate: Gate) -> None:
        if settings and importlib.util.find_spec("mcp") is None:
            raise SettingsWrong(
                f"tools.mcp: servers of tools need a library that is not installed: {INSTALL}, or"
                " take the section out."
            )
        self._connections = {
            name: Connection(name, each, gate, self._tell) for name, each in settings.items()
        }
        self._loop: asyncio.AbstractEventLoop | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._changed: Callable[[], None] = _nothing
        self._settled = threading.Condition()
        self._told: tuple[Offered, ...] = ()

    def start(self) -> None:
        """Begin to connect, on a thread. A second call does nothing."""
        if self._thread is None and self._connections:
            self._loop = asyncio.new_event_loop()
            self._keeping = self._loop.create_task(self._keep_all())
            self._thread = threading.Thread(
                target=self._run, args=(self._loop, self._keeping), name="mcp", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Disconnect from all, and end the programs that were started."""
        loop, keeping, thread = self._loop, self._keeping, self._thread
        if loop is None or keeping is None or thread is None:
            return
        self._loop = self._keeping = self._thread = None
        with contextlib.suppress(RuntimeError):  # it has ended
            loop.call_soon_threadsafe(keeping.cancel)
        thread.join(_CLOSES_S)

    def when_changed(self, call: Callable[[], None]) -> None:
        """Have `call` called, on the servers' thread, when other tools are offered than before."""
        self._changed = call
        if self.offered:
            call()

    @property
    def listings(self) -> dict[str, Listing]:
        """What is known of each server now."""
        return {name: each.listing for name, each in self._connections.items()}

    @property
    def offered(self) -> tuple[Offered, ...]:
        """All tools that are offered now, in the order of the settings."""
        return tuple(each for one in self.listings.values() for each in one.offered or ())

    @property
    def broken(self) -> dict[str, Listing]:
        """Those that can't be reached, or not yet."""
        return {name: each for name, each in self.listings.items() if each.problem}

    def wait(self, timeout_s: float) -> bool:
        """Wait until each server has listed its tools or can't be reached, or the time is over;
        return whether it is so.
        """
        with self._settled:
            return self._settled.wait_for(
                lambda: all(each.settled for each in self._connections.values()), timeout_s
            )

    def timeout_s(self, server: str) -> float:
        """After so long a call is given up."""
        return self._connections[server].settings.timeout_s

    def call(self, server: str, tool: str, arguments: Mapping[str, object], label: Label) -> Answer:
        """Have a tool called; see `agents.tools.mcp.Servers`."""
        connection, loop = self._connections[server], self._loop
        if loop is None:
            raise NetworkFailed(f"I'm not connected to {server}.")
        given, most_s = left_s(), connection.settings.timeout_s + _LATER_S
        wait_s = most_s if given is None else max(0.0, min(most_s, given))
        future = asyncio.run_coroutine_threadsafe(
            connection.call(tool, dict(arguments), label, loop.time() + wait_s), loop
        )
        try:
            return future.result(wait_s)
        except (TimeoutError, concurrent.futures.CancelledError) as error:
            future.cancel()
            raise connection.no_answer() from error

    def _tell(self) -> None:
        """On the servers' thread."""
        with self._settled:
            self._settled.notify_all()
        if (offered := self.offered) != self._told:
            self._told = offered
            self._changed()

    def _run(self, loop: asyncio.AbstractEventLoop, keeping: "asyncio.Task[None]") -> None:
        _keep_quiet()
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(_silently)
        try:
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(keeping)
            loop.run_until_complete(_let_end(asyncio.all_tasks(loop)))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()

    async def _keep_all(self) -> None:
        await asyncio.gather(*(each.keep() for each in self._connections.values()))


def _keep_quiet() -> None:
    """The library's logs quote what servers answer, and with that what was said."""
    for name in ("mcp", "client", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _silently(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody waits for any more is not logged: it may quote a server."""


async def _let_end(tasks: "set[asyncio.Task[Any]]") -> None:
    """Wait for what ends programs, then end what is left."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=_ENDS_S)
        for each in late:
            _ = each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _nothing() -> None:
    """Do nothing."""
