"""The part of an assistant that needs no sound: agent, memory and timers, opened together."""

from collections.abc import Callable
from dataclasses import dataclass

from agents.agent import Agent, Mint
from agents.model import ModelFailed, ModelUnusable
from agents.tools.home import Home
from context import Authentication, KeysUnusable, LapelError, MiniLM, Store
from device.fitting import Fit
from device.mcp.offers import Offers
from device.schedule import Schedule

_EMBEDDED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Mind:
    """What thinks and remembers. All of it but the schedule belongs to one thread."""

    agent: Agent
    store: Store
    schedule: Schedule
    embedder: MiniLM | None = None
    mint: Callable[[Authentication], Mint] | None = None
    """Makes the permissions of one turn, from what shows that it is the owner; None: the agent's
    own permissions are every turn's."""
    fit: Fit | None = None
    """Which language model there is memory for; None where it doesn't depend on that."""
    offers: Offers | None = None
    """The tools of servers; None where the settings name none."""
    home: Home | None = None
    """What the devices of the home are reached by; None where it isn't set up."""

    def load(self) -> LapelError | None:
        """Open it all; return what is wrong with the language model, as the rest works without it.

        Raises:
            LapelError: a file of the state, or the embedder, is unusable.
        """
        try:
            if self.embedder is not None:
                self.embedder.load()
            self.store.open()
        finally:
            self.schedule.open()  # last, as it seals with the store's key; but what is set rings
        if self.offers is not None:
            # After the store, which keeps the record of what leaves; they start while the model is
            # read.
            self.offers.servers.start()
        try:
            self.agent.load()
        except (ModelUnusable, ModelFailed) as error:
            return error
        return None

    def take_up_tools(self, wait_s: float = 0.0) -> None:
        """Have the tools that servers offer by now. wait_s: for those not connected to yet."""
        if self.offers is not None:
            self.offers.take_up(wait_s)

    def turn(self, shown_by: Authentication) -> Mint | None:
        """Return the permissions of a turn that begins now."""
        return None if self.mint is None else self.mint(shown_by)

    def reap(self) -> None:
        """Erase what has expired and what was forgotten, and let go of all that was made of it.

        Raises:
            LapelError: a file of the memory, or its keys, can't be used.
        """
        if self.store.reap():
            self.agent.start_over()

    def reembed(self) -> bool:
        """Make some of the vectors that are missing; return whether there may be more.

        Raises:
            LapelError: a file of the memory can't be used.
        """
        return self.store.reembed(_EMBEDDED_AT_ONCE) > 0

    def begin_anew(self) -> None:
        """Go on with an empty memory and nothing set, after all keys were destroyed.

        Raises:
            LapelError: no new keys can be made, or what was set can't be taken away.
        """
        self.schedule.clear()
        self.agent.start_over()
        self.store.close()
        self.store.open()

    def catch_up(self) -> None:
        """Go on with an empty memory if another program has destroyed all keys.

        Raises:
            LapelError: no new keys can be made, or those that there are can't be read.
        """
        try:
            self.store.keyring.has_pin()
        except KeysUnusable:
            if not (self.store.folder / "keyring.json").exists():
                self.begin_anew()
                return
            # Another program has made new ones by now, or they can't be read: nothing is cleared.
            self.store.close()
            self.store.open()

    def close(self) -> None:
        """Close it all."""
        if self.offers is not None:
            self.offers.servers.close()
        if self.home is not None:
            self.home.close()
        self.store.close()
        self.schedule.close()
