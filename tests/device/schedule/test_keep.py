"""Alarms and reminders: what is set, what rings when, and what becomes of it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device.schedule import Kind, RuleRefused, Schedule, ring_sentence
from tests.device.schedule.clocks import HandClock, KeySeal

WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()  # Saturday, March 14, 10:00 in Berlin


@pytest.fixture
def schedule(tmp_path: Path, clock: HandClock) -> Iterator[Schedule]:
    made = Schedule(tmp_path / "timers.sqlite3", clock, KeySeal())
    made.open()
    yield made
    made.close()


def t(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rung(schedule: Schedule) -> list[str]:
    """Let all ring that is due, and return what is said."""
    rings = schedule.look().rings
    assert all(schedule.begin(ring) for ring in rings)
    return [ring_sentence(ring) for ring in rings]


def test_seven_on_weekdays_is_seven_when_the_clocks_change(
    schedule: Schedule, clock: HandClock
) -> None:
    schedule.add_alarm(at=t("2026-03-16T07:00"), repeat=WEEKDAYS)
    for day in ("16", "17", "18", "19", "20", "23", "24", "25", "26", "27", "30", "31"):
        clock.pass_until(f"2026-03-{day}T06:59:59")
        assert schedule.look().rings == []
        assert schedule.look().next_s == pytest.approx(1.0)
        clock.pass_(1.0)
        assert rung(schedule) == ["It's 7 a.m."]
        schedule.end(schedule.alarms()[0].id)


def test_seven_is_seven_where_the_owner_is(schedule: Schedule, clock: HandClock) -> None:
    schedule.add_alarm(at=t("2026-03-16T07:00"), repeat=WEEKDAYS)
    clock.zone = ZoneInfo("America/New_York")
    assert schedule.alarms()[0].at == t("2026-03-16T07:00")
    clock.pass_until("2026-03-16T06:59:59")
    assert schedule.look().rings == []
    clock.pass_(1.0)
    assert rung(schedule) == ["It's 7 a.m."]


def test_an_alarm_rings_until_it_is_ended_through_a_kill_too(
    schedule: Schedule, clock: HandClock, tmp_path: Path
) -> None:
    alarm = schedule.add_alarm(at=t("2026-03-14T10:30"), name="tea")
    clock.pass_(1800.0)
    (ring,) = schedule.look().rings
    assert schedule.begin(ring)
    clock.pass_(60.0)
    again = Schedule(tmp_path / "timers.sqlite3", clock, KeySeal())
    again.open()
    (ring,) = again.look().rings
    assert (ring.ringing_for_s, ring.text, ring.is_over) == (pytest.approx(60.0), "tea", False)
    assert again.rings(ring)
    clock.reboot(3600.0)
    (ring,) = again.look().rings
    assert ring.is_over
    again.end(alarm.id)
    assert not schedule.rings(ring)
    assert schedule.look().rings == []
    assert schedule.alarms() == []
    again.close()


def test_one_that_nobody_stops_is_told_of_when_the_owner_is_there(
    schedule: Schedule, clock: HandClock
) -> None:
    schedule.add_alarm(at=t("2026-03-14T10:30"), repeat="FREQ=DAILY", name="tea")
    clock.pass_(1800.0)
    (ring,) = schedule.look().rings
    schedule.begin(ring)
    clock.pass_(600.0)
    (ring,) = schedule.look().rings
    assert ring.is_over
    schedule.give_up(ring)
    schedule.give_up(ring)
    assert schedule.look().rings == []
    assert [alarm.at for alarm in schedule.alarms()] == [t("2026-03-15T10:30")]
    clock.pass_(1.0)
    schedule.woken(clock.since_boot_s())
    assert rung(schedule) == ["You missed your tea alarm: it rang for 10 minutes."]
    assert schedule.look().rings == []
    schedule.woken(clock.since_boot_s())
    assert schedule.look().rings == []


def test_snoozing(schedule: Schedule, clock: HandClock) -> None:
    schedule.add_alarm(at=t("2026-03-14T10:30"))
    assert schedule.snooze(540.0) is None
    clock.pass_(1800.0)
    rung(schedule)
    snoozed = schedule.snooze(540.0)
    assert snoozed is not None
    assert (snoozed.at, snoozed.rings) == (t("2026-03-14T10:39"), False)
    assert schedule.look().rings == []
    clock.step(days=100)  # a snooze follows no calendar
    clock.pass_(539.0)
    assert schedule.look().rings == []
    clock.pass_(1.0)
    clock.step(days=-100)
    assert len(rung(schedule)) == 1
    assert schedule.alarms()[0].rings
    assert schedule.snooze(60.0) is not None
    assert schedule.cancel(schedule.alarms()[0].id)
    clock.pass_(60.0)
    assert schedule.look().rings == []


def test_a_snoozed_alarm_that_repeats_keeps_its_days(schedule: Schedule, clock: HandClock) -> None:
    schedule.add_alarm(at=t("2026-03-14T10:30"), repeat="FREQ=DAILY")
    clock.pass_(1800.0)
    rung(schedule)
    schedule.snooze(600.0)
    clock.pass_(600.0)
    assert rung(schedule) == ["It's 10:40 a.m."]
    schedule.end(schedule.alarms()[0].id)
    assert [each.at for each in schedule.alarms()] == [t("2026-03-15T10:30")]


def test_what_was_missed_often_is_told_once(schedule: Schedule, clock: HandClock) -> None:
    schedule.add_reminder("water", at=t("2026-03-14T11:00"), repeat="FREQ=DAILY")
    schedule.add_alarm(at=t("2026-03-16T07:00"), repeat=WEEKDAYS)
    clock.reboot(10 * 86_400.0)
    assert rung(schedule) == [
        "I couldn't remind you 10 times, as I was off or busy, the last 23 hours ago: water.",
        "Your 7 a.m. alarm was due 7 times while I was off or busy, the last 3 hours ago.",
    ]
    assert schedule.look().rings == []
    assert not any(alarm.rings for alarm in schedule.alarms())


def test_a_calendar_that_leaps_swallows_nothing(schedule: Schedule, clock: HandClock) -> None:
    schedule.add_alarm(at=t("2026-03-14T10:30"))
    daily = schedule.add_alarm(at=t("2026-03-15T07:00"), repeat="FREQ=DAILY")
    clock.step(days=1000)
    assert len(rung(schedule)) == 2
    clock.step(days=-1000)
    assert schedule.look().rings == []
    assert [(each.id, each.at) for each in schedule.alarms()] == [(daily.id, t("2026-03-15T07:00"))]
    clock.pass_until("2026-03-15T07:00")
    assert rung(schedule) == ["It's 7 a.m."]
    schedule.end(daily.id)
    clock.step(hours=-1)
    clock.pass_(3600.0)
    assert schedule.look().rings == []


def test_an_alarm_that_is_over_is_gone_though_the_calendar_goes_back(
    schedule: Schedule, clock: HandClock
) -> None:
    alarm = schedule.add_alarm(at=t("2026-03-14T10:30"))
    clock.pass_(1800.0)
    rung(schedule)
    clock.step(hours=-1)
    assert len(schedule.look().rings) == 1
    schedule.end(alarm.id)
    assert schedule.alarms() == []
    clock.pass_(7200.0)
    assert schedule.look().rings == []


def test_a_reminder_for_when_the_owner_wakes_up(schedule: Schedule, clock: HandClock) -> None:
    schedule.add_reminder("take the pills")
    before = clock.since_boot_s()
    schedule.woken(before)  # in the turn in which it is set, it is not said
    clock.pass_(1000.0)
    assert schedule.look().rings == []
    assert [(each.text, each.at) for each in schedule.reminders()] == [("take the pills", None)]
    schedule.woken(clock.since_boot_s())
    assert rung(schedule) == ["Reminder: take the pills."]
    assert schedule.look().rings == []
    assert schedule.reminders() == []


def test_after_a_reboot_any_talk_is_later(schedule: Schedule, clock: HandClock) -> None:
    schedule.add_reminder("take the pills")
    clock.reboot()
    schedule.woken(clock.since_boot_s())
    assert rung(schedule) == ["Reminder: take the pills."]


def test_the_longest_overdue_is_first_and_what_rings_already_is_last(
    schedule: Schedule, clock: HandClock
) -> None:
    schedule.add_alarm(at=t("2026-03-14T10:30"))
    clock.pass_(1800.0)
    rung(schedule)
    schedule.add(10.0, "tea")
    schedule.add_reminder("post", seconds=5.0)
    clock.pass_(20.0)
    assert [ring.kind for ring in schedule.look().rings] == [
        *(Kind.REMINDER, Kind.TIMER, Kind.ALARM)
    ]


def test_a_ring_that_is_cancelled_at_the_last_moment_does_not_begin(
    schedule: Schedule, clock: HandClock
) -> None:
    timer = schedule.add(10.0, None)
    clock.pass_(10.0)
    (ring,) = schedule.look().rings
    schedule.cancel(timer.id)
    assert not schedule.begin(ring)
    snoozed = schedule.add_alarm(seconds=1.0)
    clock.pass_(1.0)
    (ring,) = schedule.look().rings
    assert schedule.begin(ring)
    schedule.snooze(60.0)
    assert not schedule.rings(ring)
    assert not schedule.begin(ring)
    assert schedule.alarms()[0].id == snoozed.id


def test_a_rule_that_is_refused_sets_nothing(schedule: Schedule) -> None:
    with pytest.raises(RuleRefused):
        schedule.add_alarm(at=t("2026-03-16T07:00"), repeat="FREQ=SECONDLY")
    assert schedule.alarms() == []
