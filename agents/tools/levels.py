"""Volume and brightness. The device turns them; what is said is read back from it."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, Protocol

from pydantic import Field

from agents.tools import Call, Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow, Piece

LevelName = Literal["volume", "brightness"]

_STEP = 10
_NEAR = 2  # mixers have steps of their own


class Levels(Protocol):
    """What turns the device's levels. Raises LapelError or OSError when it fails."""

    def percent(self, name: LevelName) -> int | None:
        """The level, 0 to 100; None where the device has no such thing."""
        ...

    def set_percent(self, name: LevelName, percent: int) -> None:
        """Turn it to 0 to 100."""
        ...

    def muted(self) -> bool:
        """Whether the speaker is muted."""
        ...

    def mute(self, muted: bool) -> None:
        """Mute the speaker, or let it sound again at the volume it had."""
        ...


class NoLevels:
    """A device without levels to turn."""

    def percent(self, name: LevelName) -> int | None:
        """None: there are none."""
        return None

    def set_percent(self, name: LevelName, percent: int) -> None:
        """Never asked for, as there is nothing to read."""

    def muted(self) -> bool:
        """Never."""
        return False

    def mute(self, muted: bool) -> None:
        """Never asked for."""


_FOLLOWS: Final[Mapping[str, Follow]] = {
    "set": Follow({Piece.NUMBER: "percent"}, back="never"),
    "up": Follow({Piece.NUMBER: "percent"}, goes_on=True, back="before"),
    "down": Follow({Piece.NUMBER: "percent"}, goes_on=True, back="before"),
}


class LevelArgs(ToolArgs):
    """percent: the level to set, or by how much to go up or down."""

    action: Literal["set", "up", "down", "read"]
    percent: float | None = Field(default=None, ge=0, le=100)


class VolumeArgs(ToolArgs):
    """As for any level; muting and unmuting besides."""

    action: Literal["set", "up", "down", "read", "mute", "unmute"]
    percent: float | None = Field(default=None, ge=0, le=100)


class VolumeTool(Tool[VolumeArgs]):
    """Turns the speaker's volume."""

    name: ClassVar[str] = "volume"
    description: ClassVar[str] = "change the volume"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "set",
            "set the volume of the speaker to a percentage",
            ("I want you at half strength", "go to full blast", "speak at about a third"),
            ("percent",),
            needs=(("percent",),),
        ),
        Use(
            "up",
            "make the speaker louder",
            ("I can hardly hear you", "you're mumbling", "speak up a little"),
            ("percent",),
        ),
        Use(
            "down",
            "make the speaker quieter",
            (
                "the baby is asleep, talk more softly",
                "the baby is asleep, keep it low",
                "no need to shout",
            ),
            ("percent",),
        ),
        Use(
            "mute",
            "silence the speaker until told otherwise",
            ("not another sound from you", "hush until I say so", "go silent for the meeting"),
        ),
        Use(
            "unmute",
            "let a muted speaker sound again",
            ("you can talk again", "give me your voice back", "sound back on"),
        ),
        Use(
            "read",
            "say how loud the speaker is set",
            ("how loud are you right now", "what are you turned up to"),
            acts=False,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = _FOLLOWS
    args = VolumeArgs

    def __init__(self, levels: Levels) -> None:
        self._levels = levels

    def run(self, args: VolumeArgs, context: ToolContext) -> Receipt:
        """Turn it and say what it is now."""
        if args.action not in ("mute", "unmute"):
            raw = args.model_dump()
            return _turned("volume", LevelArgs.model_validate(raw), self._levels)
        before = self._levels.percent("volume")
        if before is None:
            return _none("volume")
        mute, was = args.action == "mute", self._levels.muted()
        if mute == was:
            said = "I'm muted already." if mute else f"I'm not muted. The volume is {before}."
            return Receipt(self.name, False, {"action": args.action}, said)
        self._levels.mute(mute)
        if self._levels.muted() != mute:
            return _failed("volume")
        said = "I'm muted." if mute else f"I'm back, at {before} percent."
        undo = Call(self.name, {"action": "unmute" if mute else "mute"})
        return Receipt(self.name, True, {"action": args.action}, said, undo=undo)

    def foresee(self, args: VolumeArgs, context: ToolContext) -> str | None:
        """What it is; what it is turned to is only known once it is read back."""
        return self.run(args, context).spoken if args.action == "read" else None


class BrightnessTool(Tool[LevelArgs]):
    """Turns the screen's brightness."""

    name: ClassVar[str] = "brightness"
    description: ClassVar[str] = "change the brightness of the screen"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "set",
            "set the brightness of the device's own screen to a percentage",
            ("have your screen at half", "full light on your display please"),
            ("percent",),
            needs=(("percent",),),
        ),
        Use(
            "up",
            "make the device's own screen brighter",
            ("I can't read your display in the sun", "more light on your screen"),
            ("percent",),
        ),
        Use(
            "down",
            "make the device's own screen darker",
            ("your display is blinding me", "less glare from your screen"),
            ("percent",),
        ),
        Use("read", "say how bright the screen is", ("how bright is your display",), acts=False),
    )
    follows: ClassVar[Mapping[str, Follow]] = _FOLLOWS
    args = LevelArgs

    def __init__(self, levels: Levels) -> None:
        self._levels = levels

    def run(self, args: LevelArgs, context: ToolContext) -> Receipt:
        """Turn it and say what it is now."""
        return _turned("brightness", args, self._levels)

    def foresee(self, args: LevelArgs, context: ToolContext) -> str | None:
        """What it is; what it is turned to is only known once it is read back."""
        return self.run(args, context).spoken if args.action == "read" else None


def _turned(name: LevelName, args: LevelArgs, levels: Levels) -> Receipt:
    """Set a level, or turn it up or down from where it is."""
    before = levels.percent(name)
    if before is None:
        return _none(name)
    muted = name == "volume" and levels.muted()
    if args.action == "read":
        also = ", and muted" if muted else ""
        return Receipt(name, True, {"percent": before}, f"The {name} is {before} percent{also}.")
    if args.action == "set" and args.percent is None:
        said = f"To how many percent? The {name} is {before} now."
        asks = Proposal(name, {"action": "set"}, Slot.NUMBER, into="percent")
        return Receipt(name, False, {"missing": "percent"}, said, asks)
    by = max(1, round(args.percent or _STEP))
    to = round(args.percent or 0)
    wanted = {"set": to, "up": before + by, "down": before - by}[args.action]
    wanted = min(100, max(0, wanted))
    if wanted == before and args.action != "set":
        most = "as high as it goes" if args.action == "up" else "as low as it goes"
        return Receipt(name, False, {"percent": before}, f"The {name} is {most}.")
    if muted and wanted > 0:
        levels.mute(False)
    levels.set_percent(name, wanted)
    after = levels.percent(name)
    if after is None or abs(after - wanted) > _NEAR:
        return _failed(name)
    undo = Call(name, {"action": "set", "percent": before}) if after != before else None
    facts = {"action": args.action, "percent": after}
    return Receipt(name, True, facts, f"The {name} is {after} percent now.", undo=undo)


def _none(name: LevelName) -> Receipt:
    what = {"volume": "volume that I can change", "brightness": "screen whose light I can change"}
    return Receipt(name, False, {"error": "none"}, f"I have no {what[name]} here.")


def _failed(name: LevelName) -> Receipt:
    said = f"I tried to change the {name}, but it isn't what I set it to."
    return Receipt(name, False, {"error": "not verified"}, said)
