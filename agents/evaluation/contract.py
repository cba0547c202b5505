"""Which intents only read.

Not asked of the tools: a tool that wrongly says of itself that it doesn't act would hide what it
did. A test compares this with what they say.
"""

from typing import Final

from agents.evaluation.suite import NONE

READING: Final = frozenset(
    """
    none help stop cannot recall why permissions.list
    timer.left timer.list alarm.list reminder.list
    clock.time clock.date clock.day clock.year clock.week clock.until
    calculator.calculate calculator.convert
    list.read list.lists note.read calendar.next calendar.day calendar.find
    volume.read brightness.read status.battery status.self
    speech.repeat speech.spell routine.list routine.show home.state
    clock calculator status weather weather.now mcp.web.look_up mcp.mcp.look_up
    """.split()  # noqa: SIM905 - words to read
)
"""The intents that change nothing which outlives the reply, and the tools that have no others. The
last two are those of the servers in a world with `tool_results`.
"""

KEPT_IN: Final = {
    "timer": "timers",
    "alarm": "alarms",
    "reminder": "reminders",
    "list": "lists",
    "note": "notes",
    "remember": "remembered",
    "forget": "remembered",
    "permissions": "permissions",
    "lock": "locked",
    "routine": "routines",
    "calendar": "events",
    "volume": "volume",
    "brightness": "brightness",
    "microphone": "microphone",
    "speech": "pace",
    "home": "home",
}
"""The key of a world that tells what a tool changes. What is told of nowhere is believed changed by
whoever says that it did."""


def acts(intent: str | None) -> bool:
    """Whether an intent changes something; one that isn't known does."""
    return intent is not None and intent not in READING


def agrees(expected: str, got: str | None) -> bool:
    """Whether `got` is the intent that was expected; a tool alone stands for all of its actions."""
    if expected == NONE:
        return not acts(got)
    return got == expected or (got or "").split(".")[0] == expected
