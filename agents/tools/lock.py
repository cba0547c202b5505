"""Locks the private part of memory until the PIN or the phone opens it again."""

from typing import ClassVar

from agents.tools import Receipt, Tool, ToolArgs, ToolContext
from context.keys.keyring import Tier

_ALL = "My memory is locked."
_PRIVATE = "The private part of my memory is locked."
_NO_PIN = "I can't lock my memory, because no PIN is set that could open it again."


class LockArgs(ToolArgs):
    """Nothing."""


class LockTool(Tool[LockArgs]):
    """Locks memory. It only narrows what is open, so anybody's voice may ask for it."""

    name: ClassVar[str] = "lock"
    description: ClassVar[str] = "lock my memory"
    acts: ClassVar[bool] = True
    for_anyone: ClassVar[bool] = True
    args = LockArgs

    def run(self, args: LockArgs, context: ToolContext) -> Receipt:
        """Lock it, and end what was allowed until then."""
        store = context.store
        store.lock()
        private = store.keyring.locked(Tier.RESTRICTED)
        everything = store.keyring.locked(Tier.GENERAL)
        spoken = _ALL if everything else _PRIVATE if private else _NO_PIN
        return Receipt(self.name, private, {}, spoken, flush=True)
