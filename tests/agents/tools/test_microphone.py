from typing import cast

from agents.tools import ToolContext
from agents.tools.microphone import MicrophoneTool, NoMuteSwitch

NOTHING = cast("ToolContext", None)


class Switch:
    exists = True

    def __init__(self, *, works: bool) -> None:
        self._works = works
        self._muted = False

    way_back = "Press the button"

    def mute(self, for_s: float | None = None) -> None:
        self._muted = self._works

    def muted(self) -> bool:
        return self._muted


def test_it_is_said_only_if_it_is_closed() -> None:
    done = MicrophoneTool(Switch(works=True)).call({"action": "mute"}, NOTHING)
    assert done.ok
    assert done.spoken.startswith("My microphone is off. Press the button")
    for_a_while = MicrophoneTool(Switch(works=True)).call(
        {"action": "mute", "seconds": 600}, NOTHING
    )
    assert for_a_while.ok
    assert for_a_while.spoken.startswith("My microphone is off for 10 minutes. Press the button")
    failed = MicrophoneTool(Switch(works=False)).call({"action": "mute"}, NOTHING)
    assert not failed.ok
    assert "I can still hear you" in failed.spoken
    none = MicrophoneTool(NoMuteSwitch()).call({"action": "mute"}, NOTHING)
    assert not none.ok
    assert none.spoken.startswith("I can't close the microphone here")


def test_a_voice_can_not_open_it() -> None:
    assert not MicrophoneTool(Switch(works=True)).call({"action": "unmute"}, NOTHING).ok
    for seconds in (0, -5, 8 * 86_400, "x"):
        raw = {"action": "mute", "seconds": seconds}
        assert not MicrophoneTool(Switch(works=True)).call(raw, NOTHING).ok
    assert [use.action for use in MicrophoneTool.uses] == ["mute"]
