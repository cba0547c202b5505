from typing import cast

import pytest

from agents.tools import ToolContext
from agents.tools.status import NoBoard, StatusTool, Vitals

NOTHING = cast("ToolContext", None)


class Measured:
    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def vitals(self) -> Vitals:
        return self._vitals


@pytest.mark.parametrize(
    ("percent", "charging", "spoken"),
    [
        (80, False, "My battery is at 80 percent, and not charging."),
        (80, True, "My battery is at 80 percent, and charging."),
        (100, True, "My battery is at 100 percent, and plugged in."),
        (10, False, "My battery is at 10 percent, and not charging: please charge me soon."),
        (50, None, "My battery is at 50 percent."),
    ],
)
def test_battery(percent, charging, spoken) -> None:
    board = Measured(Vitals(battery_percent=percent, charging=charging))
    assert StatusTool(board).call({"action": "battery"}, NOTHING).spoken == spoken


def test_all_of_it() -> None:
    vitals = Vitals(80, False, 48.4, 2_100_000_000, 61_000_000_000, network=True)
    receipt = StatusTool(Measured(vitals)).call({"action": "self"}, NOTHING)
    assert (receipt.ok, receipt.spoken) == (
        True,
        "My battery is at 80 percent, and not charging. My processor is at 48 degrees Celsius. I"
        " have 2.1 gigabytes of memory and 61 gigabytes of disk space free. This device has a"
        " network connection.",
    )


def test_what_is_not_measured_is_said() -> None:
    tool = StatusTool(NoBoard())
    battery = tool.call({"action": "battery"}, NOTHING)
    assert (battery.ok, battery.spoken) == (False, "I have no battery that I can measure.")
    assert tool.call({"action": "self"}, NOTHING).spoken == (
        "I have no sensors that could tell me."
    )
