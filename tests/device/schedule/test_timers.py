"""Timers: what runs, is paused and is lengthened, by which clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.errors import StoreUnusable
from device.schedule import DueTime, Schedule, remaining_s
from tests.device.schedule.clocks import HandClock, KeySeal


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def schedule(tmp_path: Path, clock: HandClock) -> Iterator[Schedule]:
    made = Schedule(tmp_path / "timers.sqlite3", clock, KeySeal())
    made.open()
    yield made
    made.close()


def test_timers_run_down_and_the_next_to_ring_is_first(
    schedule: Schedule, clock: HandClock
) -> None:
    schedule.add(60.0, None)
    schedule.add(10.0, "tea")
    clock.pass_(15.0)
    assert [(timer.name, timer.remaining_s) for timer in schedule.running()] == [
        ("tea", pytest.approx(-5.0)),
        (None, pytest.approx(45.0)),
    ]


def test_cancelling(schedule: Schedule) -> None:
    timer = schedule.add(60.0, None)
    assert schedule.cancel(timer.id)
    assert not schedule.cancel(timer.id)
    assert schedule.running() == []


def test_a_jump_of_the_calendar_moves_nothing_within_a_boot(
    schedule: Schedule, clock: HandClock
) -> None:
    schedule.add(60.0, None)
    clock.step(days=400)
    assert schedule.running()[0].remaining_s == pytest.approx(60.0)
    clock.step(days=-800)
    assert schedule.running()[0].remaining_s == pytest.approx(60.0)


def test_after_a_reboot_the_calendar_counts(schedule: Schedule, clock: HandClock) -> None:
    schedule.add(60.0, None)
    clock.reboot(off_s=20.0)
    assert schedule.running()[0].remaining_s == pytest.approx(40.0)


def test_the_file_is_private(schedule: Schedule, tmp_path: Path) -> None:
    schedule.add(60.0, "secret name")
    for file in tmp_path.iterdir():
        if file.name.startswith("timers"):
            assert file.stat().st_mode & 0o077 == 0


def test_a_damaged_file_says_so(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "timers.sqlite3"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreUnusable, match="cannot be opened"):
        Schedule(path, clock, KeySeal()).open()


def test_a_closed_schedule_says_so(tmp_path: Path, clock: HandClock) -> None:
    with pytest.raises(StoreUnusable):
        Schedule(tmp_path / "timers.sqlite3", clock, KeySeal()).running()


@given(
    st.floats(0, 1e5),
    st.floats(0, 1e5),
    st.floats(-1e8, 1e8),
    st.booleans(),
)
def test_time_left(duration_s: float, passed_s: float, jump_s: float, rebooted: bool) -> None:
    due = DueTime(date_s=1e9 + duration_s, boot_id="a", since_boot_s=100.0 + duration_s)
    left = remaining_s(
        due,
        date_s=1e9 + passed_s + (0.0 if rebooted else jump_s),
        boot_id="b" if rebooted else "a",
        since_boot_s=min(7.0, passed_s) if rebooted else 100.0 + passed_s,
        most_s=duration_s,
    )
    assert left == pytest.approx(duration_s - passed_s, abs=1e-3)


def test_no_more_is_left_after_a_reboot_than_was_set(schedule: Schedule, clock: HandClock) -> None:
    schedule.add(60.0, None)
    clock.reboot()
    clock.step(days=-3000)
    clock.pass_(59.0)
    assert schedule.running()[0].remaining_s == pytest.approx(1.0)
    clock.pass_(2.0)
    assert len(schedule.look().rings) == 1


def test_a_paused_timer_stands_still_over_reboots(schedule: Schedule, clock: HandClock) -> None:
    timer = schedule.add(60.0, "tea")
    clock.pass_(20.0)
    assert schedule.pause(timer.id)
    assert not schedule.pause(timer.id)
    clock.pass_(1000.0)
    clock.reboot(1000.0)
    clock.step(days=1)
    assert schedule.look().rings == []
    assert [(each.remaining_s, each.paused) for each in schedule.running()] == [
        (pytest.approx(40.0), True)
    ]
    assert schedule.resume(timer.id)
    assert not schedule.resume(timer.id)
    clock.pass_(39.0)
    assert schedule.look().rings == []
    clock.pass_(1.0)
    assert [ring.text for ring in schedule.look().rings] == ["tea"]


def test_a_timer_is_given_more_time(schedule: Schedule, clock: HandClock) -> None:
    timer = schedule.add(60.0, None)
    clock.pass_(20.0)
    longer = schedule.extend(timer.id, 300.0)
    assert longer is not None
    assert (longer.duration_s, longer.remaining_s) == (360.0, pytest.approx(340.0))
    assert schedule.pause(timer.id)
    assert schedule.extend(timer.id, 10.0).remaining_s == pytest.approx(350.0)  # type: ignore[union-attr]
    assert schedule.extend("none", 10.0) is None


def test_an_alarm_is_no_timer(schedule: Schedule) -> None:
    alarm = schedule.add_alarm(seconds=60.0)
    assert schedule.running() == []
    assert not schedule.pause(alarm.id)
    assert schedule.extend(alarm.id, 5.0) is None
