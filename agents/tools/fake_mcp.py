"""Servers of tools in memory: for tests, evaluation and demos."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agents.tools.mcp import Answer, Offered
from context.errors import LapelError
from context.labels import Label


@dataclass
class FakeServers:
    """Offers tools, and answers each server's calls with the same. `called` keeps the calls,
    `labels` what led to each. error: is raised instead of an answer. changed: tells who wants to
    know that other tools are offered.
    """

    offers: Sequence[Offered] = ()
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    error: LapelError | None = None
    changed: Callable[[], None] = lambda: None
    called: list[tuple[str, str, dict[str, object]]] = field(
        default_factory=list[tuple[str, str, dict[str, object]]]
    )
    labels: list[Label] = field(default_factory=list[Label])

    @property
    def offered(self) -> tuple[Offered, ...]:
        """What is offered."""
        return tuple(self.offers)

    def start(self) -> None:
        """They are always there."""

    def wait(self, timeout_s: float) -> bool:
        """They are always there."""
        return True

    def when_changed(self, call: Callable[[], None]) -> None:
        """Nothing changes by itself, so `changed` is to be called."""
        self.changed = call

    def close(self) -> None:
        """Nothing is held."""

    def timeout_s(self, server: str) -> float:
        """Seconds, of any server."""
        return 5.0

    def call(self, server: str, tool: str, arguments: Mapping[str, object], label: Label) -> Answer:
        """The server's answer."""
        self.called.append((server, tool, dict(arguments)))
        self.labels.append(label)
        if self.error is not None:
            raise self.error
        return self.answers.get(server, Answer())
