"""The tools that every assistant has."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from agents.tools import Tool
from agents.tools.clock import ClockTool
from agents.tools.forget import ForgetTool
from agents.tools.grants import PermissionsTool
from agents.tools.help import CannotTool, HelpTool, StopTool
from agents.tools.lock import LockTool
from agents.tools.recall import RecallTool
from agents.tools.remember import RememberTool
from agents.tools.timer import TimerSchedule, TimerTool
from agents.tools.undo import UndoTool
from agents.tools.why import WhyTool
from context.store import UNDO_S

_ABILITIES = (
    "set timers",
    "tell the time and date",
    "remember what you tell me",
    "answer questions",
)


def standard_tools(
    schedule: TimerSchedule, now: Callable[[], datetime], *, undo_s: float = UNDO_S
) -> list[Tool[Any]]:
    """Return the tools; `now` gives aware datetimes in the owner's zone. undo_s: seconds in which
    what was forgotten can be brought back.
    """
    forget = ForgetTool(now, undo_s)
    return [
        TimerTool(schedule),
        ClockTool(now),
        RememberTool(),
        RecallTool(now),
        forget,
        UndoTool(forget),
        WhyTool(now),
        LockTool(),
        PermissionsTool(),
        HelpTool(_ABILITIES),
        CannotTool(),
        StopTool(),
    ]
