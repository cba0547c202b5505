"""The part of an assistant that needs no sound: agent, memory and timers, opened together."""

from dataclasses import dataclass

from agents.agent import Agent
from context import MiniLM, Store
from device.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Mind:
    """What thinks and remembers. All of it but the schedule belongs to one thread."""

    agent: Agent
    store: Store
    schedule: Schedule
    embedder: MiniLM | None = None

    def load(self) -> None:
        """Open it all; the language model last, as everything else works without it.

        Raises:
            ModelUnusable: the language model cannot be opened; commands and memory work.
            LapelError: a file of the state, or the embedder, is unusable.
        """
        self.schedule.open()
        if self.embedder is not None:
            self.embedder.load()
        self.store.open()
        self.agent.load()

    def close(self) -> None:
        """Close it all."""
        self.store.close()
        self.schedule.close()
