"""The part of an assistant that needs no sound: agent, memory and timers, opened together."""

from dataclasses import dataclass

from agents.agent import Agent
from agents.model import ModelFailed, ModelUnusable
from context import LapelError, MiniLM, Store
from device.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Mind:
    """What thinks and remembers. All of it but the schedule belongs to one thread."""

    agent: Agent
    store: Store
    schedule: Schedule
    embedder: MiniLM | None = None

    def load(self) -> LapelError | None:
        """Open it all; return what is wrong with the language model, as the rest works without it.

        Raises:
            LapelError: a file of the state, or the embedder, is unusable.
        """
        self.schedule.open()
        if self.embedder is not None:
            self.embedder.load()
        self.store.open()
        try:
            self.agent.load()
        except (ModelUnusable, ModelFailed) as error:
            return error
        return None

    def close(self) -> None:
        """Close it all."""
        self.store.close()
        self.schedule.close()
