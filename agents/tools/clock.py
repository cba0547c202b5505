"""The time, the date and the day."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Literal

from agents.tools import Receipt, Tool, ToolArgs, ToolContext

# Not strftime's names: those change with the machine's locale.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


class ClockArgs(ToolArgs):
    """What is asked."""

    ask: Literal["time", "date", "day", "year"]


class ClockTool(Tool[ClockArgs]):
    """Tells the time. now: aware, in the owner's zone."""

    name: ClassVar[str] = "clock"
    description: ClassVar[str] = "tell the time"
    acts: ClassVar[bool] = False
    args = ClockArgs

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def run(self, args: ClockArgs, context: ToolContext) -> Receipt:
        """Tell it as a voice reads it well: "It's 4:05 PM."."""
        now = self._now()
        day = _DAYS[now.weekday()]
        spoken = {
            "time": f"It's {now.hour % 12 or 12}:{now:%M} {'AM' if now.hour < 12 else 'PM'}.",
            "date": f"It's {day}, {_MONTHS[now.month - 1]} {now.day}.",
            "day": f"It's {day}.",
            "year": f"It's {now.year}.",
        }[args.ask]
        return Receipt(self.name, True, {"ask": args.ask}, spoken)
