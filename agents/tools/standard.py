"""The tools that every assistant has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from agents.tools import Call, Receipt, Tool, Toolbox, ToolContext
from agents.tools.alarm import AlarmSchedule, AlarmTool
from agents.tools.calculator import CalculatorTool
from agents.tools.calendar import CalendarTool, Events, NoEvents
from agents.tools.clock import ClockTool
from agents.tools.everything import EverythingTool
from agents.tools.forget import ForgetTool
from agents.tools.grants import PermissionsTool
from agents.tools.help import CannotTool, HelpTool, StopTool
from agents.tools.home import Home, HomeTool
from agents.tools.levels import BrightnessTool, Levels, NoLevels, VolumeTool
from agents.tools.lists import ListTool
from agents.tools.lock import LockTool
from agents.tools.microphone import MicrophoneTool, MuteSwitch, NoMuteSwitch
from agents.tools.notes import NoteTool
from agents.tools.recall import RecallTool
from agents.tools.remember import RememberTool
from agents.tools.reminder import ReminderSchedule, ReminderTool
from agents.tools.routines import Routes, RoutineTool
from agents.tools.speech import LastReply, NoPace, Pace, SpeechTool, Spoken
from agents.tools.status import Board, NoBoard, StatusTool
from agents.tools.timer import TimerSchedule, TimerTool
from agents.tools.undo import UndoTool
from agents.tools.weather import Forecast, WeatherTool
from agents.tools.why import WhyTool
from context.store import UNDO_S


class Schedule(TimerSchedule, AlarmSchedule, ReminderSchedule, Protocol):
    """What keeps all that is to ring."""


class NoRoutes:
    """Knows no command; so no routine can be taught."""

    def complete(self, utterance: str) -> Call | None:
        """None."""
        return None


@dataclass(frozen=True)
class Deps:
    """What the device gives the tools. By default it has none of it, and the tools say so. servers:
    the names of those whose tools are there by now.
    """

    levels: Levels = field(default_factory=NoLevels)
    mute_switch: MuteSwitch = field(default_factory=NoMuteSwitch)
    board: Board = field(default_factory=NoBoard)
    pace: Pace = field(default_factory=NoPace)
    spoken: Spoken = field(default_factory=LastReply)
    events: Events = field(default_factory=NoEvents)
    routes: Routes = field(default_factory=NoRoutes)
    home: Home | None = None
    forecast: Forecast | None = None
    servers: Callable[[], Sequence[str]] = tuple


def standard_tools(
    schedule: Schedule,
    now: Callable[[], datetime],
    *,
    undo_s: float = UNDO_S,
    deps: Deps | None = None,
) -> list[Tool[Any]]:
    """Return the tools; `now` gives aware datetimes in the owner's zone. undo_s: seconds in which
    what was forgotten can be brought back. deps: what the device has for them.
    """
    deps = deps or Deps()
    forget = ForgetTool(now, undo_s)
    toolbox = Toolbox([])

    def call(name: str, raw: Mapping[str, object], context: ToolContext) -> Receipt:
        return toolbox.call(name, raw, context)

    tools: list[Tool[Any]] = [
        TimerTool(schedule),
        AlarmTool(schedule, now),
        ReminderTool(schedule, now),
        EverythingTool(schedule, call),
        ClockTool(now),
        RememberTool(),
        RecallTool(now),
        forget,
        UndoTool(forget, call),
        WhyTool(now),
        LockTool(),
        PermissionsTool(),
        ListTool(undo_s),
        NoteTool(now, undo_s),
        CalculatorTool(),
        CalendarTool(deps.events, now, schedule),
        VolumeTool(deps.levels),
        BrightnessTool(deps.levels),
        MicrophoneTool(deps.mute_switch),
        StatusTool(deps.board),
        SpeechTool(deps.spoken, deps.pace),
        RoutineTool(deps.routes, call, undo_s),
        HomeTool(deps.home),
        WeatherTool(deps.forecast, now),
        HelpTool(lambda: tools, servers=deps.servers),
        CannotTool(),
        StopTool(),
    ]
    toolbox = Toolbox(tools)
    return tools
