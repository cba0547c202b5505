"""Whether a device did what it was told, and how that is said. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agents.entries import spoken
from agents.tools.home_words import Action, HomeDevice, Kind

MOST_NAMED: Final = 4
_ON_THE_WAY: Final = {
    Action.OPEN: "opening",
    Action.CLOSE: "closing",
    Action.LOCK: "locking",
    Action.UNLOCK: "unlocking",
}
_DONE: Final = {
    Action.ON: "on",
    Action.OFF: "off",
    Action.OPEN: "open",
    Action.CLOSE: "closed",
    Action.LOCK: "locked",
    Action.UNLOCK: "unlocked",
}
_ASKED: Final = {Action.ON: "turn on", Action.OFF: "turn off", Action.SET: "change"}
_UNITS: Final = {"°C": "degrees", "°F": "degrees Fahrenheit", "%": "percent"}
_UNIT_CHARACTERS: Final = 12
AWAY: Final = ("unavailable", "")
"""The states of a device that can't be reached."""


@dataclass(frozen=True)
class Order:
    """What a device is told. At most one of percent, degrees and colour, and only to be set."""

    action: Action
    percent: float | None = None
    degrees: float | None = None
    colour: str | None = None


def is_so(device: HomeDevice, order: Order) -> bool:
    """Whether a device shows what was ordered; of a colour nothing shows."""
    if order.percent is not None:
        if order.percent == 0 and device.state in ("off", "closed"):
            return True
        return device.percent is not None and abs(device.percent - order.percent) <= 2
    if order.degrees is not None:
        return device.degrees is not None and abs(device.degrees - order.degrees) < 0.3
    if order.colour is not None:
        return False
    if order.action is Action.ON and device.kind is Kind.CLIMATE:
        return device.state not in ("off", "unknown", *AWAY)
    return device.state == _DONE.get(order.action)


def is_going(device: HomeDevice, order: Order) -> bool:
    """Whether it is on its way there; of a colour, whether the light is on."""
    if order.colour is not None:
        return device.state == "on"
    return device.state == _ON_THE_WAY.get(order.action)


def say_outcome(
    devices: Sequence[HomeDevice],
    after: Sequence[HomeDevice],
    away: Sequence[HomeDevice],
    order: Order,
    *,
    already: bool,
) -> str:
    """What came of it, as the home shows it."""
    done = [each for each in after if is_so(each, order)]
    going = [each for each in after if not is_so(each, order) and is_going(each, order)]
    left = [each for each in after if each not in done and each not in going]
    parts: list[str] = []
    if done:
        many = f"{len(done)} things" if len(done) > 1 else done[0].said
        if len(done) > 1 and len({each.kind for each in done}) == 1:
            many = f"{len(done)} {_plural(done[0].kind)}"
        be = "are" if len(done) > 1 else done[0].be
        parts.append(
            f"{many} {be}{' already' if already else ''} {_so(order)}{'' if already else ' now'}"
        )
    if going:
        if order.colour is not None:
            parts.append(f"I've told {all_of([e.said for e in going])} to be {order.colour}")
        else:
            be = "are" if len(going) > 1 else going[0].be
            parts.append(f"{all_of([e.said for e in going])} {be} {_ON_THE_WAY[order.action]}")
    for each in left[:MOST_NAMED]:
        shown = "I can't see whether it did" if each.state == "unknown" else ""
        shown = shown or f"it still says {_shown(each, order)}"
        parts.append(f"I told {each.said} to {say_order(order)}, but {shown}")
    if away:
        parts.append(f"I can't reach {all_of([each.said for each in away])} at the moment")
    return " ".join(f"{capital(part)}." for part in parts)


def say_state(device: HomeDevice) -> str:
    """A device's state in a clause."""
    if device.state in AWAY:
        return f"I can't reach {device.said} at the moment"
    if device.state == "unknown" and device.degrees is None and device.measured is None:
        return f"your home doesn't say how {device.said} {device.be}"
    if device.kind is Kind.CLIMATE:
        parts: list[str] = []
        if device.state != "unknown":
            parts.append(f"{device.said} {device.be} {'off' if device.state == 'off' else 'on'}")
        if device.degrees is not None:
            set_to = f"set to {_number(device.degrees)} degrees"
            parts.append(set_to if parts else f"{device.said} {device.be} {set_to}")
        if device.measured is not None:
            there = f"it's {_number(device.measured)} degrees"
            parts.append(f"and {there} there" if parts else f"{there} at {device.said}")
        return ", ".join(parts)
    if device.measured is not None:
        unit = _UNITS.get(device.unit) or spoken(device.unit, _UNIT_CHARACTERS)
        return f"{device.said} {device.be} at {_number(device.measured)} {unit}".rstrip()
    partly = device.percent is not None and 0 < device.percent < 100
    level = f", at {_number(device.percent or 0)} percent" if partly else ""
    return f"{device.said} {device.be} {device.said_state}{level}"


def _shown(device: HomeDevice, order: Order) -> str:
    if order.percent is not None and device.percent is not None:
        return f"{_number(device.percent)} percent"
    if order.degrees is not None and device.degrees is not None:
        return f"{_number(device.degrees)} degrees"
    return device.said_state


def _so(order: Order) -> str:
    if order.percent is not None:
        return f"at {_number(order.percent)} percent"
    if order.degrees is not None:
        return f"set to {_number(order.degrees)} degrees"
    return _DONE[order.action]


def say_order(order: Order) -> str:
    """What a device was told to do: "turn on", "go to 30 percent"."""
    if order.action is not Action.SET:
        return _ASKED.get(order.action, order.action.value)
    if order.colour is not None:
        return f"be {order.colour}"
    return f"go to {_so(order).removeprefix('at ').removeprefix('set to ')}"


def say_verb(action: Action) -> str:
    """What is done to a device: "turn on", "open"."""
    return _ASKED.get(action, action.value)


def _plural(kind: Kind) -> str:
    return {Kind.COVER: "blinds", Kind.SWITCH: "switches", Kind.CLIMATE: "thermostats"}.get(
        kind, f"{kind.value}s"
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def any_of(names: Sequence[str]) -> str:
    """Names of which one is wanted, at most four of them."""
    return _joined(names, "or")


def all_of(names: Sequence[str]) -> str:
    """Names of which all are meant, at most four of them."""
    return _joined(names, "and")


def _joined(names: Sequence[str], by: str) -> str:
    named = list(names[:MOST_NAMED])
    if (more := len(names) - len(named)) > 0:
        named.append(f"{more} more")
    if len(named) < 2:
        return "".join(named)
    return f"{', '.join(named[:-1])} {by} {named[-1]}"


def capital(words: str) -> str:
    """`words` as they begin a sentence."""
    return words[:1].upper() + words[1:]
