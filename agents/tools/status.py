"""How the device is: battery, heat, memory, disk, network. What it can't measure it says."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from agents.relevance import listed
from agents.tools import Receipt, Tool, ToolArgs, ToolContext, Use

_LOW_PERCENT = 15
_HOT_C = 80.0


@dataclass(frozen=True)
class Vitals:
    """What the device measures of itself; None for what it has no sensor for.

    charging: also when the battery is full and plugged in. temperature_c: of the processor.
    network: whether any interface but the loopback is up.
    """

    battery_percent: int | None = None
    charging: bool | None = None
    temperature_c: float | None = None
    memory_free_bytes: int | None = None
    disk_free_bytes: int | None = None
    network: bool | None = None


class Board(Protocol):
    """The device's sensors. May raise OSError."""

    def vitals(self) -> Vitals:
        """Measure now."""
        ...


class NoBoard:
    """A device that measures nothing of itself."""

    def vitals(self) -> Vitals:
        """All None."""
        return Vitals()


class StatusArgs(ToolArgs):
    """The battery alone, or all."""

    action: Literal["battery", "self"]


class StatusTool(Tool[StatusArgs]):
    """Says how the device is."""

    name: ClassVar[str] = "status"
    description: ClassVar[str] = "say how much battery and memory is left"
    acts: ClassVar[bool] = False
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "battery",
            "say how full the battery is and whether it is charging",
            (
                "will you last the evening",
                "do I need to plug you in",
                "how much juice is left in you",
                "are you about to die on me",
            ),
            acts=False,
        ),
        Use(
            "self",
            "report the device's own state: heat, memory, disk, network",
            (
                "are you running hot",
                "do you still have room on your disk",
                "is your wifi working",
                "give me a health report on yourself",
            ),
            acts=False,
        ),
    )
    args = StatusArgs

    def __init__(self, board: Board) -> None:
        self._board = board

    def run(self, args: StatusArgs, context: ToolContext) -> Receipt:
        """Measure, and say it."""
        vitals = self._board.vitals()
        facts = {"action": args.action, "battery_percent": vitals.battery_percent}
        if args.action == "battery":
            if vitals.battery_percent is None:
                said = "I have no battery that I can measure."
                return Receipt(self.name, False, facts, said)
            return Receipt(self.name, True, facts, _battery(vitals))
        said = [] if vitals.battery_percent is None else [_battery(vitals)]
        if vitals.temperature_c is not None:
            hot = ", which is hot" if vitals.temperature_c >= _HOT_C else ""
            said.append(f"My processor is at {round(vitals.temperature_c)} degrees Celsius{hot}.")
        room = [
            f"{_size(free)} of {what}"
            for free, what in (
                (vitals.memory_free_bytes, "memory"),
                (vitals.disk_free_bytes, "disk space"),
            )
            if free is not None
        ]
        if room:
            said.append(f"I have {listed(room)} free.")
        if vitals.network is not None:
            have = "a" if vitals.network else "no"
            said.append(f"This device has {have} network connection.")
        if not said:
            return Receipt(self.name, False, facts, "I have no sensors that could tell me.")
        return Receipt(self.name, True, facts, " ".join(said))


def _battery(vitals: Vitals) -> str:
    percent = vitals.battery_percent
    said = f"My battery is at {percent} percent"
    if vitals.charging:
        return f"{said}, and charging." if percent != 100 else f"{said}, and plugged in."
    low = percent is not None and percent <= _LOW_PERCENT
    if vitals.charging is None:
        return f"{said}. Please charge me soon." if low else f"{said}."
    return f"{said}, and not charging{': please charge me soon' if low else ''}."


def _size(size_bytes: int) -> str:
    for unit_bytes, unit in ((10**9, "gigabytes"), (10**6, "megabytes")):
        if size_bytes >= unit_bytes:
            amount = size_bytes / unit_bytes
            return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:.0f} {unit}"
    return "less than a megabyte"
