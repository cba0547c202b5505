"""What in a home is meant by the owner's words, found on the device. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from agents.entries import spoken

_NAME_CHARACTERS: Final = 40
_STATE_CHARACTERS: Final = 30
_NEAR: Final = 0.72
"""How alike two names are (difflib's ratio) so that one is asked about where the other was said."""


class Kind(StrEnum):
    """What sort of thing it is."""

    LIGHT = "light"
    SWITCH = "switch"
    FAN = "fan"
    COVER = "cover"  # blinds, garage doors and all else that opens and closes by motor
    LOCK = "lock"
    CLIMATE = "climate"
    SENSOR = "sensor"  # only reads


class Action(StrEnum):
    """What is done to it."""

    ON = "on"
    OFF = "off"
    SET = "set"
    OPEN = "open"
    CLOSE = "close"
    LOCK = "lock"
    UNLOCK = "unlock"
    STATE = "state"


_CAN: Final = {
    Kind.LIGHT: {Action.ON, Action.OFF, Action.SET},
    Kind.SWITCH: {Action.ON, Action.OFF},
    Kind.FAN: {Action.ON, Action.OFF, Action.SET},
    Kind.COVER: {Action.OPEN, Action.CLOSE, Action.SET},
    Kind.LOCK: {Action.LOCK, Action.UNLOCK},
    Kind.CLIMATE: {Action.ON, Action.OFF, Action.SET},
    Kind.SENSOR: set[Action](),
}
_KIND_WORDS: Final = {
    Kind.LIGHT: {"light", "lamp", "lighting"},
    Kind.SWITCH: {"switch", "plug", "socket", "outlet"},
    Kind.FAN: {"fan", "ventilator"},
    Kind.COVER: {"blind", "shade", "curtain", "shutter", "awning", "cover"},
    Kind.LOCK: {"lock", "door"},
    Kind.CLIMATE: {"thermostat", "heating", "temperature", "climate", "radiator", "heater"},
    Kind.SENSOR: {"sensor"},
}
_ALL_KIND_WORDS: Final = frozenset[str]().union(*_KIND_WORDS.values())
_SAME: Final = {"television": "tv", "telly": "tv", "lamp": "light", "lighting": "light"}
_LEFT_OUT: Final = {"the", "my", "our", "all", "of", "in", "a", "an", "any", "every", "both", "s"}
_WORD: Final = re.compile(r"[^\W_]+")
_LETS_IN: Final = re.compile(r"\b(?:doors?|gates?|garages?|locks?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class HomeDevice:
    """One thing in the home, as the home tells of it: its words may be anybody's.

    id: the home's own. state: in lower case. percent: its brightness, speed or how far it is open.
    degrees: what it is set to. measured: what it reads, in `unit`. lets_in: people or things come
    in where it is open.
    """

    id: str
    name: str
    kind: Kind
    state: str
    percent: float | None = None
    degrees: float | None = None
    measured: float | None = None
    unit: str = ""
    lets_in: bool = False

    @property
    def said(self) -> str:
        """Its name as it may be spoken, with its article."""
        name = spoken(self.name, _NAME_CHARACTERS) or "thing without a name"
        return name if name.casefold().startswith(("the ", "my ")) else f"the {name}"

    @property
    def be(self) -> str:
        """The verb after its name: the blinds are, the light is."""
        last = self.said.casefold().rsplit(" ", 1)[-1]
        return "are" if last != _one(last) else "is"

    @property
    def said_state(self) -> str:
        """Its state as it may be spoken."""
        return spoken(self.state.replace("_", " "), _STATE_CHARACTERS) or "unknown"

    def can(self, action: Action) -> bool:
        """Whether this can be done to it; its state can always be asked for."""
        return action is Action.STATE or action in _CAN[self.kind]

    def gives_way(self, action: Action) -> bool:
        """Whether the action could let somebody in, so that it is asked about first.

        Garage doors are often wired to a switch, which only its name tells.
        """
        named = _LETS_IN.search(self.name) is not None
        match self.kind:
            case Kind.LOCK:
                return action is Action.UNLOCK
            case Kind.COVER:
                return action in (Action.OPEN, Action.SET) and (self.lets_in or named)
            case Kind.SWITCH:
                return action in (Action.ON, Action.OFF) and (self.lets_in or named)
            case _:
                return False


@dataclass(frozen=True)
class Meant:
    """Which devices are meant. sure: these. all: they are meant together, not one of them. near:
    what sounds alike, where nothing is meant for sure.
    """

    sure: tuple[HomeDevice, ...] = ()
    together: bool = False
    near: tuple[HomeDevice, ...] = ()


def meant_by(target: str, action: Action, devices: Sequence[HomeDevice]) -> Meant:
    """What `target` means: the device of that name; else those that have all its words in their
    names or kinds, of them those that can do it. Many are meant together by a plural, or by the
    name of a room; else one of them has to be chosen.
    """
    wanted, plural = _words(target)
    if not wanted:
        return Meant()
    exact = [each for each in devices if _words(each.name)[0] == wanted]
    if exact:
        return Meant(_able(exact, action))
    within = _able([each for each in devices if _covers(each, wanted)], action)
    if within:
        room = not wanted & _ALL_KIND_WORDS and action is not Action.STATE
        lights = room and all(each.kind is Kind.LIGHT for each in within)
        return Meant(within, together=len(within) > 1 and (plural or lights))
    alike = sorted(
        ((_alike(target, each.name), each) for each in devices), key=lambda pair: -pair[0]
    )
    return Meant(near=_able([each for ratio, each in alike if ratio >= _NEAR], action)[:3])


def chosen(name: str, devices: Sequence[HomeDevice]) -> tuple[HomeDevice, ...]:
    """Those of some devices that are called so."""
    wanted, _ = _words(name)
    return tuple(each for each in devices if wanted and _covers(each, wanted))


def _able(devices: Sequence[HomeDevice], action: Action) -> tuple[HomeDevice, ...]:
    """Those that can do it, where any can; lights rather than what hangs on a plug."""
    return tuple(each for each in devices if each.can(action)) or tuple(devices)


def _covers(device: HomeDevice, wanted: frozenset[str]) -> bool:
    kind = _KIND_WORDS[device.kind]
    if device.kind is Kind.COVER and device.gives_way(Action.OPEN):
        kind = {"door"}  # "the blinds" means no garage
    return wanted <= _words(device.name)[0] | kind


def _words(text: str) -> tuple[frozenset[str], bool]:
    """The words of a name, each as one of many, and whether it speaks of many."""
    said = [word for word in _WORD.findall(text.casefold()) if word not in _LEFT_OUT]
    ones = [_one(word) for word in said]
    plural = any(
        word != one and one in _ALL_KIND_WORDS for word, one in zip(said, ones, strict=True)
    )
    return frozenset(_SAME.get(one, one) for one in ones), plural


def _one(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _alike(target: str, name: str) -> float:
    first, second = (" ".join(_WORD.findall(each.casefold()))[:80] for each in (target, name))
    return SequenceMatcher(None, first, second).ratio()


def shortened(device: HomeDevice) -> HomeDevice:
    """The device with no more of its words than is needed to find it."""
    return replace(device, name=device.name[:120], state=device.state[:60].casefold())
