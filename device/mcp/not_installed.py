"""What stands for servers of tools where the protocol's library is missing: they can't be used."""

from collections.abc import Callable, Iterable, Mapping

from agents.egress_client import NetworkFailed
from agents.tools.mcp import Answer, Offered
from context.labels import Label
from device.mcp.connection import Listing
from device.mcp.servers import INSTALL


class NotInstalled:
    """Servers of which each is broken, with what to install as why; all else goes on without them.

    As `device.mcp.servers.McpServers`, but it connects to nothing.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._problem = f"servers of tools need a library: {INSTALL}"
        self.listings = {name: Listing(problem=self._problem) for name in names}
        self.offered: tuple[Offered, ...] = ()

    @property
    def broken(self) -> dict[str, Listing]:
        """All of them."""
        return self.listings

    def start(self) -> None:
        """Nothing is connected to."""

    def close(self) -> None:
        """Nothing was connected to."""

    def wait(self, timeout_s: float) -> bool:
        """Nothing will come."""
        return True

    def when_changed(self, call: Callable[[], None]) -> None:
        """Nothing changes."""

    def timeout_s(self, server: str) -> float:
        """No call takes any time."""
        return 0.0

    def call(self, server: str, tool: str, arguments: Mapping[str, object], label: Label) -> Answer:
        """Raise NetworkFailed: nothing is sent."""
        raise NetworkFailed(f"I can't reach {server}: {self._problem}.")
