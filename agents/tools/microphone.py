"""Closes the microphone. Nobody can open it again by voice: nothing hears them."""

from typing import ClassVar, Literal, Protocol

from agents.tools import Receipt, Tool, ToolArgs, ToolContext, Use

_NONE = "I can't close the microphone here: switch me off to be sure that nothing is heard."
_MUTED = "My microphone is off. Press the button to turn it on again: I can't hear you until then."
_FAILED = "I couldn't close the microphone: I can still hear you."


class MuteSwitch(Protocol):
    """What closes the capture device. Raises LapelError or OSError when it can't."""

    @property
    def exists(self) -> bool:
        """Whether there is a microphone that can be closed, and a way to open it by hand."""
        ...

    def mute(self) -> None:
        """Close the capture device once the sentence that says so has been said."""
        ...

    def muted(self) -> bool:
        """Whether it is closed, or will be once that has been said."""
        ...


class NoMuteSwitch:
    """A device whose microphone can't be closed from here."""

    exists = False

    def mute(self) -> None:
        """Never asked for."""

    def muted(self) -> bool:
        """Never."""
        return False


class MicrophoneArgs(ToolArgs):
    """Muting only: there is no unmuting by voice."""

    action: Literal["mute"]


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
        ),
    )
    args = MicrophoneArgs

    def __init__(self, switch: MuteSwitch) -> None:
        self._switch = switch

    def run(self, args: MicrophoneArgs, context: ToolContext) -> Receipt:
        """Close it; said only if it is."""
        if not self._switch.exists:
            return Receipt(self.name, False, {"error": "none"}, _NONE)
        self._switch.mute()
        muted = self._switch.muted()
        return Receipt(self.name, muted, {"action": "mute"}, _MUTED if muted else _FAILED)
