from pathlib import Path

import pytest

from agents.egress import Gate, Outlet, Verdict
from agents.tools import ToolContext


class OpenGate(Gate):
    """Lets this tool out to these servers, and keeps its records."""

    def __init__(self, *servers: tuple[str, int]) -> None:
        self.noted: list[tuple[str, Verdict]] = []
        super().__init__(
            {"home": Outlet(frozenset(servers), plain=True)},
            lambda tool, verdict: self.noted.append((tool, verdict)),
        )


@pytest.fixture
def context() -> ToolContext:
    """Of a tool that uses neither a store nor permissions."""
    return ToolContext(store=None, mint=None)  # type: ignore[arg-type]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("secret-token\n")
    path.chmod(0o600)
    return path
