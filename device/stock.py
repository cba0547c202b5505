"""The stock sentences: what the assistant says in fixed words, gathered from where it is said."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast, get_args

from agents import agent, answer, guard
from agents.replies import all_fixed
from agents.tools import Toolbox, ToolContext
from agents.tools.alarm import SNOOZE_S, Alarm, AlarmTool, snoozed
from agents.tools.help import CAN, CannotArgs, CannotTool, HelpTool, StopTool
from agents.tools.remember import RememberTool
from agents.tools.reminder import Reminder, ReminderTool
from agents.tools.standard import standard_tools
from agents.tools.timer import LONGEST_S, Timer, TimerTool
from context.policy import Purpose, Scope
from context.store import Store
from device import assistant, erasing, reply
from device.schedule import ring

_MINUTE_S = 60
_USUAL_MINUTES = (*range(1, 11), 12, 15, 20, 25, 30, 35, 40, 45, 50, 60, 90, 120)
_USUAL_S = (30, *(each * _MINUTE_S for each in _USUAL_MINUTES))
"""Durations that people often give timers."""


def stock_sentences() -> Iterator[str]:
    """Yield the sentences, those first that are said most; none holds a word of anyone's."""
    yield from (agent.DONT_KNOW, agent.DONT_KNOW_OWN, agent.NOT_UNDERSTOOD, guard.CANNOT, CAN)
    yield from (said for name, raw in _calls() if (said := _TOOLS.preview(name, raw, _NOTHING)))
    yield from (ring.LOCKED, ring.ERASED, snoozed(SNOOZE_S))
    yield from (reply.SORRY_THINKING, assistant.SORRY_HEARING)
    yield from (agent.PRIVATE, agent.PRIVATE_LOCKED, agent.LOCKED)
    yield from (erasing.ERASE_ANNOUNCED, erasing.ERASE_TAKEN_BACK, erasing.ERASED)
    yield assistant.BROKEN_OFF
    yield from all_fixed()
    yield from (answer.NOT_NOTED, guard.ONLY_WHEN_TOLD)
    yield from (agent.NO_MODEL, agent.BROKE_OFF, agent.SHORTENED)


class _NoTimers:
    """A schedule in which nothing runs, and nothing can be set."""

    def add(self, duration_s: float, name: str | None) -> Timer:
        raise OSError("nothing can be set")

    def cancel(self, timer_id: str, /) -> bool:
        return False

    def running(self) -> list[Timer]:
        return []

    def pause(self, timer_id: str) -> bool:
        return False

    def resume(self, timer_id: str) -> bool:
        return False

    def extend(self, timer_id: str, seconds: float) -> Timer | None:
        return None

    def add_alarm(self, **_: object) -> Alarm:
        raise OSError("nothing can be set")

    def alarms(self) -> list[Alarm]:
        return []

    def snooze(self, seconds: float) -> Alarm | None:
        return None

    def add_reminder(self, text: str, **_: object) -> Reminder:
        raise OSError("nothing can be set")

    def reminders(self) -> list[Reminder]:
        return []


_TOOLS = Toolbox(standard_tools(_NoTimers(), lambda: datetime.now(UTC)))


def _no_scope(purpose: Purpose) -> Scope:
    raise PermissionError("what is asked of these tools needs no memory")


_NOTHING = ToolContext(cast("Store", None), _no_scope)


def _calls() -> Iterator[tuple[str, dict[str, object]]]:
    """Yield calls whose answers are the same for everybody."""
    yield StopTool.name, {"acknowledge": True}
    for seconds in _USUAL_S:
        yield TimerTool.name, {"action": "set", "seconds": seconds}
    yield TimerTool.name, {"action": "set"}
    yield TimerTool.name, {"action": "set", "seconds": LONGEST_S + 1}
    yield TimerTool.name, {"action": "left"}
    yield AlarmTool.name, {"action": "set"}
    yield AlarmTool.name, {"action": "list"}
    yield ReminderTool.name, {"action": "set"}
    yield ReminderTool.name, {"action": "list"}
    yield RememberTool.name, {}
    yield HelpTool.name, {}
    for capability in get_args(CannotArgs.model_fields["capability"].annotation):
        yield CannotTool.name, {"capability": capability}
