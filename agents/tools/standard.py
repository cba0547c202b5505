"""The tools that every assistant has."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from agents.tools import Tool
from agents.tools.clock import ClockTool
from agents.tools.forget import ForgetTool
from agents.tools.help import CannotTool, HelpTool, StopTool
from agents.tools.recall import RecallTool
from agents.tools.remember import RememberTool
from agents.tools.timer import TimerSchedule, TimerTool

_ABILITIES = (
    "set timers",
    "tell the time and date",
    "remember what you tell me",
    "answer questions",
)


def standard_tools(schedule: TimerSchedule, now: Callable[[], datetime]) -> list[Tool[Any]]:
    """Return the tools; `now` gives aware datetimes in the owner's zone."""
    return [
        TimerTool(schedule),
        ClockTool(now),
        RememberTool(),
        RecallTool(),
        ForgetTool(),
        HelpTool(_ABILITIES),
        CannotTool(),
        StopTool(),
    ]
