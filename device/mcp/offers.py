"""What servers offer becomes tools of the assistant, whenever that changes."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from agents.choose.choice import Chooser
from agents.choose.turn import Choices
from agents.tools import Toolbox
from agents.tools.mcp import Offered, Servers, mcp_tools


class OfferingServers(Servers, Protocol):
    """Servers that tell what they offer; see `device.mcp.servers.McpServers`."""

    @property
    def offered(self) -> tuple[Offered, ...]:
        """All tools that are offered now."""
        ...

    def start(self) -> None:
        """Begin to connect; returns at once."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is known of each what it offers, or the time is over; return whether it is
        known.
        """
        ...

    def when_changed(self, call: Callable[[], None]) -> None:
        """Have `call` called, on any thread, when other tools are offered than before."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...


class Offers:
    """The tools that servers offer. All but `servers` belongs to the mind's thread.

    choices: chooses among all tools; None: there is no model, so none of these is found. chooser:
    makes one for the tools that there are, not loaded yet.
    """

    def __init__(
        self,
        servers: OfferingServers,
        toolbox: Toolbox,
        now: Callable[[], datetime],
        choices: Choices | None,
        chooser: Callable[[], Chooser],
    ) -> None:
        self.servers = servers
        self.left_out: list[tuple[Offered, str]] = []
        """What can't be a tool, with why."""
        self._toolbox = toolbox
        self._now = now
        self._choices = choices
        self._chooser = chooser
        self._taken: tuple[Offered, ...] = ()

    def take_up(self, wait_s: float = 0.0) -> None:
        """Have what is offered by now as tools; takes a second. wait_s: for servers that are being
        connected to.
        """
        if wait_s:
            self.servers.wait(wait_s)
        offered = self.servers.offered
        if offered == self._taken:
            return
        tools, self.left_out = mcp_tools(offered, self.servers, self._now)
        self._toolbox.offer(tools)
        if self._choices is not None:
            chooser = self._chooser()
            chooser.load()
            self._choices.choose_with(chooser)
        self._taken = offered
