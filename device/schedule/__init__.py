"""Timers, alarms and reminders that survive: a kill, a reboot, and a calendar that jumps.

`due` says when a thing is due, `thing` how it changes, `ring` what rings and what is said of it;
all three are pure. `file` keeps things in SQLite, and `keep` puts it together.
"""

from device.schedule.due import DueTime, RuleRefused, remaining_s
from device.schedule.file import Seal
from device.schedule.keep import Look, Schedule
from device.schedule.ring import Ring, given_up_sentence, ring_sentence
from device.schedule.thing import Kind

__all__ = [
    "DueTime",
    "Kind",
    "Look",
    "Ring",
    "RuleRefused",
    "Schedule",
    "Seal",
    "given_up_sentence",
    "remaining_s",
    "ring_sentence",
]
