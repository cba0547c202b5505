"""Turns the microphone off. Nobody can turn it on again by voice: nothing hears them."""

from typing import ClassVar, Literal, Protocol

from pydantic import Field

from agents.durations import say_duration
from agents.tools import Receipt, Tool, ToolArgs, ToolContext, Use

_NONE = "I can't close the microphone here: switch me off to be sure that nothing is heard."
_MUTED = "My microphone is off. {way_back} to turn it on again: I can't hear you until then."
_MUTED_FOR = "My microphone is off for {time}. {way_back} to turn it on before that."
_MOST_S = 7 * 86_400
_FAILED = "I couldn't close the microphone: I can still hear you."


class MuteSwitch(Protocol):
    """What closes the capture device. Raises LapelError or OSError when it can't."""

    @property
    def exists(self) -> bool:
        """Whether there is a microphone that can be closed, and a way to open it by hand."""
        ...

    @property
    def way_back(self) -> str:
        """What turns it on again by hand, as a sentence begins: "Press the button"."""
        ...

    def mute(self, for_s: float | None = None) -> None:
        """Close the capture device now, for some seconds or until a hand opens it."""
        ...

    def muted(self) -> bool:
        """Whether it is closed."""
        ...


class NoMuteSwitch:
    """A device whose microphone can't be closed from here."""

    exists = False
    way_back = "Switch me off and on"

    def mute(self, for_s: float | None = None) -> None:
        """Never asked for."""

    def muted(self) -> bool:
        """Never."""
        return False


class MicrophoneArgs(ToolArgs):
    """Muting only: there is no unmuting by voice. seconds: until it is turned on by itself."""

    action: Literal["mute"]
    seconds: float | None = Field(default=None, gt=0, le=_MOST_S)


class MicrophoneTool(Tool[MicrophoneArgs]):
    """Closes the microphone."""

    name: ClassVar[str] = "microphone"
    description: ClassVar[str] = "turn off my microphone"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "mute",
            "turn the microphone off, so that nothing is heard any more",
            (
                "don't listen to us now",
                "close your ears",
                "I want to talk without you hearing it",
                "no more listening in",
            ),
            ("seconds",),
        ),
    )
    args = MicrophoneArgs

    def __init__(self, switch: MuteSwitch) -> None:
        self._switch = switch

    def run(self, args: MicrophoneArgs, context: ToolContext) -> Receipt:
        """Close it; said only if it is."""
        if not self._switch.exists:
            return Receipt(self.name, False, {"error": "none"}, _NONE)
        self._switch.mute(args.seconds)
        if not self._switch.muted():
            return Receipt(self.name, False, {"action": "mute"}, _FAILED)
        way_back = self._switch.way_back
        if args.seconds is None:
            return Receipt(self.name, True, {"action": "mute"}, _MUTED.format(way_back=way_back))
        facts = {"action": "mute", "seconds": args.seconds}
        said = _MUTED_FOR.format(time=say_duration(args.seconds), way_back=way_back)
        return Receipt(self.name, True, facts, said)
