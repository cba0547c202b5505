"""Alarms and reminders by their tools, on the schedule that the device keeps."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.tools import Receipt, Slot, Toolbox, ToolContext
from agents.tools.alarm import AlarmTool
from agents.tools.reminder import ReminderTool
from agents.tools.timer import TimerTool
from device.schedule import Schedule
from tests.device.schedule.clocks import HandClock, KeySeal

WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
Call = Callable[..., Receipt]


OWNER = ToolContext(store=None, mint=None)  # type: ignore[arg-type] - neither is used


@pytest.fixture
def clock() -> HandClock:
    return HandClock()  # Saturday, March 14, 10:00 in Berlin


@pytest.fixture
def schedule(tmp_path: Path, clock: HandClock) -> Iterator[Schedule]:
    made = Schedule(tmp_path / "timers.sqlite3", clock, KeySeal())
    made.open()
    yield made
    made.close()


@pytest.fixture
def toolbox(schedule: Schedule, clock: HandClock) -> Toolbox:
    return Toolbox(
        [
            *(TimerTool(schedule), AlarmTool(schedule, clock.now)),
            ReminderTool(schedule, clock.now),
        ]
    )


def calls(toolbox: Toolbox, tool: str) -> Call:
    """Calls a tool, and holds it to what it foretold."""

    def call(action: str, **args: Any) -> Receipt:
        raw = {"action": action, **args}
        foretold = toolbox.preview(tool, raw, OWNER)
        receipt = toolbox.call(tool, raw, OWNER)
        assert foretold in (None, receipt.spoken)
        return receipt

    return call


@pytest.fixture
def alarm(toolbox: Toolbox) -> Call:
    return calls(toolbox, "alarm")


@pytest.fixture
def reminder(toolbox: Toolbox) -> Call:
    return calls(toolbox, "reminder")


@pytest.fixture
def timer(toolbox: Toolbox) -> Call:
    return calls(toolbox, "timer")


def undo(toolbox: Toolbox, receipt: Receipt) -> Receipt:
    assert receipt.undo is not None
    return toolbox.call(receipt.undo.tool, receipt.undo.args, OWNER)


class TestAlarm:
    @pytest.mark.parametrize(
        ("args", "spoken"),
        [
            ({"at": "2026-03-14T19:00"}, "Alarm set for 7 p.m."),
            ({"at": "2026-03-15T07:00"}, "Alarm set for 7 a.m. tomorrow."),
            ({"at": "2026-03-17T06:30"}, "Alarm set for 6:30 a.m. on Tuesday."),
            (
                {"at": "2026-03-16T07:00", "repeat": WEEKDAYS},
                "Alarm set for 7 a.m. on Monday, on weekdays.",
            ),
            ({"seconds": 1200}, "Alarm set for 10:20 a.m."),
            ({"at": "2026-03-15T12:00", "name": "lunch"}, "Alarm set for noon tomorrow: lunch."),
        ],
    )
    def test_set(self, alarm: Call, schedule: Schedule, args: dict[str, Any], spoken: str) -> None:
        receipt = alarm("set", **args)
        assert (receipt.ok, receipt.spoken) == (True, spoken)
        (kept,) = schedule.alarms()
        assert (kept.repeat, kept.name) == (args.get("repeat"), args.get("name"))
        if "at" in args:
            assert kept.at.isoformat(timespec="minutes") == args["at"]

    @pytest.mark.parametrize(
        ("args", "spoken"),
        [
            ({"at": "2026-03-14T09:59"}, "That time is already past."),
            ({"at": "2027-12-01T09:59"}, "I can set alarms for up to a year ahead."),
            ({"seconds": 0}, "I can set alarms for up to a year ahead."),
            ({"seconds": float("nan")}, "I can set alarms for up to a year ahead."),
            (
                {"at": "2026-03-15T07:00", "repeat": "FREQ=SECONDLY"},
                "I can't repeat it like that: say every hour, day, week, month or year.",
            ),
            ({"at": "2026-03-15T07:00+01:00"}, "I didn't understand that."),
            ({"at": "seven"}, "I didn't understand that."),
        ],
    )
    def test_refused(
        self, toolbox: Toolbox, schedule: Schedule, args: dict[str, Any], spoken: str
    ) -> None:
        receipt = toolbox.call("alarm", {"action": "set", **args}, OWNER)
        assert (receipt.ok, receipt.spoken, schedule.alarms()) == (False, spoken, [])

    def test_a_missing_time_is_asked_for(self, alarm: Call, toolbox: Toolbox) -> None:
        receipt = alarm("set", repeat=WEEKDAYS)
        assert (receipt.ok, receipt.spoken) == (False, "For when?")
        assert receipt.asks is not None
        assert receipt.asks.slot is Slot.TIME
        answered = {**receipt.asks.args, "at": "2026-03-16T07:00"}
        assert toolbox.call("alarm", answered, OWNER).ok

    def test_cancel(self, alarm: Call, schedule: Schedule, toolbox: Toolbox) -> None:
        assert alarm("cancel").spoken == "There's no alarm set."
        alarm("set", at="2026-03-15T07:00")
        assert alarm("cancel").spoken == "I've cancelled the alarm at 7 a.m. tomorrow."
        alarm("set", at="2026-03-15T07:00")
        alarm("set", at="2026-03-16T08:00", repeat=WEEKDAYS, name="work")
        asked = alarm("cancel")
        assert asked.asks is not None
        assert asked.asks.slot is Slot.WHICH
        assert asked.spoken == (
            "Which one? You have 2 alarms: at 7 a.m. tomorrow; at 8 a.m. on Monday, on weekdays,"
            " work."
        )
        assert alarm("cancel", time="09:00").spoken.startswith("I have no such alarm.")
        assert not alarm("cancel", time="nine").ok
        assert not alarm("cancel", day="2026-03-20").ok
        gone = alarm("cancel", time="08:00")
        assert gone.spoken == "I've cancelled the work alarm."
        assert undo(toolbox, gone).ok
        assert [(each.at.hour, each.repeat) for each in schedule.alarms()] == [
            *((7, None), (8, WEEKDAYS))
        ]
        assert alarm("cancel", all=True).spoken == "I've cancelled all 2 alarms."
        assert schedule.alarms() == []

    def test_set_can_be_taken_back(self, alarm: Call, toolbox: Toolbox, schedule: Schedule) -> None:
        alarm("set", at="2026-03-15T08:00")
        assert undo(toolbox, alarm("set", at="2026-03-15T07:00")).ok
        assert [each.at.hour for each in schedule.alarms()] == [8]

    def test_list(self, alarm: Call) -> None:
        assert alarm("list").spoken == "There's no alarm set."
        alarm("set", at="2026-03-15T07:00")
        assert alarm("list").spoken == "You have an alarm at 7 a.m. tomorrow."

    def test_snooze_and_cancel_what_rings(
        self, alarm: Call, clock: HandClock, schedule: Schedule
    ) -> None:
        assert alarm("snooze").spoken == "No alarm is ringing."
        alarm("set", at="2026-03-14T10:01")
        alarm("set", at="2026-03-15T10:01")
        clock.pass_(60.0)
        assert schedule.begin(schedule.look().rings[0])
        assert alarm("list").spoken.startswith("You have 2 alarms: that is ringing;")
        assert alarm("snooze").spoken == "Snoozed for 9 minutes."
        clock.pass_(540.0)
        assert schedule.begin(schedule.look().rings[0])
        assert alarm("snooze", seconds=300).spoken == "Snoozed for 5 minutes."
        clock.pass_(300.0)
        assert schedule.begin(schedule.look().rings[0])
        assert alarm("cancel").ok  # the one that rings, and no other
        assert [each.at.day for each in schedule.alarms()] == [15]


class TestReminder:
    @pytest.mark.parametrize(
        ("args", "spoken"),
        [
            (
                {"text": "call my mum", "at": "2026-03-14T17:00"},
                "I'll remind you at 5 p.m.: call your mum.",
            ),
            (
                {"text": "take out the bins", "at": "2026-03-16T09:00", "repeat": "FREQ=WEEKLY"},
                "I'll remind you at 9 a.m. on Monday, every Monday: take out the bins.",
            ),
            (
                {"text": "check the oven", "seconds": 600},
                "I'll remind you in 10 minutes: check the oven.",
            ),
            (
                {"text": "take the pills", "when": "wake-up"},
                "I'll remind you when you next talk to me: take the pills.",
            ),
        ],
    )
    def test_set(
        self, reminder: Call, schedule: Schedule, args: dict[str, Any], spoken: str
    ) -> None:
        receipt = reminder("set", **args)
        assert (receipt.ok, receipt.spoken) == (True, spoken)
        (kept,) = schedule.reminders()
        assert (kept.text, kept.repeat) == (args.get("text", ""), args.get("repeat"))
        assert not any(args.get("text", "none") in str(each) for each in receipt.facts.values())

    def test_a_missing_time_is_asked_for(self, reminder: Call, toolbox: Toolbox) -> None:
        receipt = reminder("set", text="call my mum")
        assert (receipt.ok, receipt.spoken) == (False, "When?")
        assert receipt.asks is not None
        assert receipt.asks.slot is Slot.TIME
        answered = {**receipt.asks.args, "at": "2026-03-16T07:00"}
        assert toolbox.call("reminder", answered, OWNER).ok

    @pytest.mark.parametrize(
        "args",
        [
            {"text": "x", "at": "2026-03-14T09:00"},
            {"text": "x", "seconds": -5},
            {"text": "x" * 501, "seconds": 5},
            {"text": "x", "seconds": 5, "when": "later"},
        ],
    )
    def test_refused(self, toolbox: Toolbox, schedule: Schedule, args: dict[str, Any]) -> None:
        receipt = toolbox.call("reminder", {"action": "set", **args}, OWNER)
        assert (receipt.ok, schedule.reminders()) == (False, [])

    def test_seconds_with_a_repetition_are_a_time_of_day(
        self, reminder: Call, schedule: Schedule
    ) -> None:
        receipt = reminder("set", text="drink", seconds=3600, repeat="FREQ=HOURLY")
        assert receipt.spoken == "I'll remind you in 1 hour, every hour: drink."
        assert schedule.reminders()[0].repeat == "FREQ=HOURLY"

    def test_cancel(self, reminder: Call, schedule: Schedule, toolbox: Toolbox) -> None:
        assert reminder("cancel").spoken == "There are no reminders."
        reminder("set", text="call my mum", at="2026-03-14T17:00")
        reminder("set", text="buy milk for the cake", when="wake-up")
        assert reminder("cancel").asks is not None
        assert not reminder("cancel", text="the dentist").ok
        gone = reminder("cancel", text="the milk")
        assert gone.spoken == "I've cancelled the reminder: buy milk for the cake."
        assert undo(toolbox, gone).ok
        assert len(schedule.reminders()) == 2
        assert reminder("cancel", name="call my mum").ok
        assert reminder("cancel", all=True).ok
        assert schedule.reminders() == []

    def test_list(self, reminder: Call) -> None:
        assert reminder("list").spoken == "You have no reminders."
        reminder("set", text="call my mum", at="2026-03-14T17:00")
        reminder("set", text="bins", at="2026-03-16T09:00", repeat="FREQ=WEEKLY")
        assert reminder("list").spoken == (
            "You have 2 reminders: call your mum, at 5 p.m.; bins, at 9 a.m. on Monday, every"
            " Monday."
        )
        assert reminder("list", date="2026-03-15").spoken == "You have no reminders tomorrow."
        assert reminder("list", date="2026-03-14").spoken == (
            "You have one reminder today: call your mum, at 5 p.m."
        )

    def test_many_are_not_all_read_out(self, reminder: Call) -> None:
        for number in range(12):
            reminder("set", text=f"thing {number}", at=f"2026-03-15T{number:02}:00")
        assert reminder("list").spoken.endswith("; and 4 more.")


class TestTimer:
    def test_pause_resume_and_add(self, timer: Call, clock: HandClock, toolbox: Toolbox) -> None:
        assert timer("pause").spoken == "There's no timer running."
        timer("set", seconds=600, name="pasta")
        clock.pass_(60.0)
        paused = timer("pause")
        assert paused.spoken == "I've paused the pasta timer."
        assert timer("pause").spoken == "That timer is already paused."
        clock.pass_(60.0)
        assert timer("left").spoken == "The pasta timer, 9 minutes left, paused."
        assert timer("resume").spoken == "The pasta timer goes on."
        assert timer("resume").spoken == "That timer is already running."
        assert timer("add", seconds=300).spoken == "I've added 5 minutes: 14 minutes left."
        asked = timer("add", name="pasta")
        assert asked.asks is not None
        assert (asked.spoken, asked.asks.slot) == ("How much longer?", Slot.DURATION)
        assert not timer("add", seconds=86_400).ok
        assert not timer("add", seconds=float("nan")).ok
        assert undo(toolbox, paused).spoken == "That timer is already running."

    def test_which_one(self, timer: Call) -> None:
        timer("set", seconds=600, name="pasta")
        timer("set", seconds=300, name="eggs")
        asked = timer("add", seconds=60)
        assert asked.asks is not None
        assert dict(asked.asks.args) == {"action": "add", "seconds": 60.0}
        assert timer("add", seconds=60, name="eggs").ok
        assert timer("pause").asks is not None
        assert timer("pause", name="eggs").ok
        assert timer("pause").spoken == "I've paused the pasta timer."
        assert timer("resume", all=True).ok

    def test_what_was_cancelled_comes_back_with_what_was_left(
        self, timer: Call, clock: HandClock, toolbox: Toolbox
    ) -> None:
        assert undo(toolbox, timer("set", seconds=600)).spoken == (
            "I've cancelled the 10 minute timer."
        )
        timer("set", seconds=600, name="tea")
        clock.pass_(60.0)
        assert undo(toolbox, timer("cancel")).spoken == "Tea timer set for 9 minutes."


class TestOneDay:
    """What repeats can't be left out on one day, and is not cancelled because of it."""

    def test_an_alarm_that_repeats_is_asked_about(self, alarm: Call) -> None:
        alarm("set", at="2026-03-15T07:00", repeat="FREQ=DAILY")
        asked = alarm("cancel", day="2026-03-15")
        assert (asked.ok, asked.spoken) == (
            False,
            "The 7 a.m. alarm every day repeats, and I can't leave out one day. Should I cancel it"
            " for good?",
        )
        assert asked.asks is not None
        assert asked.asks.slot is Slot.YES
        assert alarm("list").facts["alarms"]
        assert alarm(**dict(asked.asks.args)).ok
        assert not alarm("list").facts["alarms"]

    def test_of_several_those_that_repeat_stay(self, alarm: Call) -> None:
        alarm("set", at="2026-03-15T07:00", repeat="FREQ=DAILY")
        alarm("set", at="2026-03-15T06:00")
        assert alarm("cancel", day="2026-03-15", all=True).spoken == (
            "I've cancelled the alarm at 6 a.m. tomorrow. The 7 a.m. alarm every day stays: I can't"
            " leave out one day."
        )
        assert len(list(alarm("list").facts["alarms"])) == 1  # type: ignore[call-overload]
        alarm("set", at="2026-03-15T08:00", repeat="FREQ=DAILY")
        assert not alarm("cancel", day="2026-03-15", all=True).ok
