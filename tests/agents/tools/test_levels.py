from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tools import Receipt, Tool, ToolContext
from agents.tools.levels import BrightnessTool, LevelName, NoLevels, VolumeTool

NOTHING = cast("ToolContext", None)


class MemoryLevels:
    """Levels in a dictionary; stuck ones don't move."""

    def __init__(self, *, stuck: bool = False) -> None:
        self.at: dict[LevelName, int] = {"volume": 50, "brightness": 70}
        self.is_muted = False
        self.stuck = stuck

    def percent(self, name: LevelName) -> int | None:
        return self.at[name]

    def set_percent(self, name: LevelName, percent: int) -> None:
        if not self.stuck:
            self.at[name] = percent

    def muted(self) -> bool:
        return self.is_muted

    def mute(self, muted: bool) -> None:
        self.is_muted = muted and not self.stuck


def call(tool: Tool, action: str, percent: float | None = None) -> Receipt:
    raw = {"action": action} if percent is None else {"action": action, "percent": percent}
    return tool.call(raw, NOTHING)


@pytest.mark.parametrize(
    ("asked", "percent", "spoken"),
    [
        (("set", 40), 40, "The volume is 40 percent now."),
        (("up",), 60, "The volume is 60 percent now."),
        (("down",), 40, "The volume is 40 percent now."),
        (("down", 25), 25, "The volume is 25 percent now."),
        (("up", 80), 100, "The volume is 100 percent now."),
        (("read",), 50, "The volume is 50 percent."),
        (("set", 0), 0, "The volume is 0 percent now."),
    ],
)
def test_it_is_turned_and_undone(asked, percent, spoken) -> None:
    levels = MemoryLevels()
    receipt = call(VolumeTool(levels), *asked)
    assert (receipt.ok, receipt.spoken, levels.at["volume"]) == (True, spoken, percent)
    if receipt.undo is not None:
        assert VolumeTool(levels).call(receipt.undo.args, NOTHING).ok
    assert levels.at["volume"] == 50


def test_the_ends() -> None:
    levels = MemoryLevels()
    levels.at["brightness"] = 100
    assert call(BrightnessTool(levels), "up").spoken == "The brightness is as high as it goes."
    assert not call(BrightnessTool(levels), "set", 101).ok
    assert not call(BrightnessTool(levels), "set").ok
    assert levels.at["brightness"] == 100


def test_muting() -> None:
    levels = MemoryLevels()
    tool = VolumeTool(levels)
    done = call(tool, "mute")
    assert (done.spoken, levels.is_muted) == ("I'm muted.", True)
    assert call(tool, "read").spoken == "The volume is 50 percent, and muted."
    assert not call(tool, "mute").ok
    assert call(tool, "unmute").spoken == "I'm back, at 50 percent."
    assert not levels.is_muted
    call(tool, "mute")
    call(tool, "up")
    assert not levels.is_muted


def test_what_was_not_done_is_not_said_to_be() -> None:
    levels = MemoryLevels(stuck=True)
    for action, percent in (("set", 10), ("up", None), ("mute", None)):
        receipt = call(VolumeTool(levels), action, percent)
        assert not receipt.ok
        assert "but it isn't" in receipt.spoken


def test_a_device_without() -> None:
    for action in ("set", "up", "down", "read", "mute", "unmute"):
        receipt = call(VolumeTool(NoLevels()), action, 5 if action == "set" else None)
        assert (receipt.ok, receipt.spoken) == (False, "I have no volume that I can change here.")
    assert "no screen" in call(BrightnessTool(NoLevels()), "up").spoken


@given(st.lists(st.tuples(st.sampled_from(["set", "up", "down"]), st.floats(0, 100))))
def test_it_never_leaves_its_range(asked: list[tuple[str, float]]) -> None:
    levels = MemoryLevels()
    for action, percent in asked:
        call(VolumeTool(levels), action, percent)
        assert 0 <= levels.at["volume"] <= 100
