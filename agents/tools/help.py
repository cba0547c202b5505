"""Says what the assistant can do, what it can't, and nothing when told to stop."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from agents.relevance import listed
from agents.tools import Receipt, Tool, ToolArgs, ToolContext

CAN = "I can set timers, tell the time, remember things and answer questions."
_CANNOT = {
    "calls": "make phone calls",
    "messages": "send or read messages",
    "shopping": "order or buy things",
    "media": "play music or videos",
    "home": "control lights, locks or machines",
    "bookings": "book things or use a calendar",
    "weather": "look up the weather",
    "navigation": "navigate or see where you are",
    "camera": "take pictures or record",
    "alarms": "set alarms for a time of day yet, only timers",
    "news": "look things up on the internet",
    "other": "do that",
}


class NoArgs(ToolArgs):
    """Nothing."""


class HelpTool(Tool[NoArgs]):
    """Says what the tools can do. abilities: each as in "I can …"."""

    name: ClassVar[str] = "help"
    description: ClassVar[str] = "say what I can do"
    acts: ClassVar[bool] = False
    args = NoArgs

    def __init__(self, abilities: Sequence[str]) -> None:
        self._abilities = list(abilities)

    def run(self, args: NoArgs, context: ToolContext) -> Receipt:
        """One sentence and two examples."""
        spoken = (
            f"I can {listed(self._abilities)}. Try: set a timer for ten minutes. Or: remember"
            " that my car is on level 3."
        )
        return Receipt(self.name, True, {}, spoken)


class CannotArgs(ToolArgs):
    """What was asked for, one of those people ask of assistants."""

    capability: Literal[
        "calls", "messages", "shopping", "media", "home", "bookings", "weather", "navigation",
        "camera", "alarms", "news", "other",
    ]  # fmt: skip


class CannotTool(Tool[CannotArgs]):
    """Says honestly that something can't be done."""

    name: ClassVar[str] = "cannot"
    description: ClassVar[str] = "say what I can't do"
    acts: ClassVar[bool] = False
    args = CannotArgs

    def run(self, args: CannotArgs, context: ToolContext) -> Receipt:
        """Never ok: nothing was done."""
        spoken = f"I can't {_CANNOT[args.capability]}. {CAN}"
        return Receipt(self.name, False, {"capability": args.capability}, spoken)


class StopArgs(ToolArgs):
    """acknowledge: whether to say that it is understood."""

    acknowledge: bool = False


class StopTool(Tool[StopArgs]):
    """Ends the exchange. What is heard or rings is the device's to stop."""

    name: ClassVar[str] = "stop"
    description: ClassVar[str] = "be quiet"
    acts: ClassVar[bool] = False
    args = StopArgs

    def run(self, args: StopArgs, context: ToolContext) -> Receipt:
        """Silence is the answer to "stop"."""
        return Receipt(self.name, True, {}, "Okay." if args.acknowledge else "")
