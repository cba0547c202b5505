"""Whatever happens to the clock, the zone and the program: no ring is lost, and none comes twice.

The oracle knows nothing of marks and of how rules are searched: it has every local time at which a
thing is due as a set, listed by walking through the hours, and strikes off what has rung.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from device.schedule import Kind, Schedule
from device.schedule.due import MOST_COUNTED, moment
from device.schedule.ring import RINGS_FOR_S, Ring
from tests.device.schedule.clocks import HandClock, KeySeal
from tests.tiers import cases

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
RULES: dict[str | None, Any] = {
    None: lambda each, at: each == at,
    "FREQ=DAILY": lambda each, at: each.time() == at.time(),
    "FREQ=HOURLY;INTERVAL=6": lambda each, at: (each - at) % timedelta(hours=6) == timedelta(0),
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": lambda each, at: (
        each.time() == at.time() and each.weekday() < 5
    ),
    "FREQ=DAILY;INTERVAL=3": lambda each, at: (each - at) % timedelta(days=3) == timedelta(0),
}
STARTS = (
    datetime(2026, 3, 28, 20, tzinfo=UTC),  # clocks go forward in Europe
    datetime(2026, 10, 24, 20, tzinfo=UTC),  # and back
    datetime(2026, 3, 8, 2, tzinfo=UTC),  # in America
    datetime(2026, 10, 3, 10, tzinfo=UTC),  # by half an hour in Lord Howe
    datetime(2026, 6, 15, 7, tzinfo=UTC),
)


@dataclass
class Alarm:
    """What the oracle knows of a thing that is due at times of day."""

    at: datetime
    rule: str | None
    handled_at_s: float
    """The calendar's seconds when something of it was last handled."""
    done: set[datetime] = field(default_factory=set[datetime])
    rung: set[datetime] = field(default_factory=set[datetime])

    def due(self, clock: HandClock) -> set[datetime]:
        local = clock.now().replace(tzinfo=None)
        return {
            each
            for each in every_hour(self.at, local + timedelta(hours=2))
            if RULES[self.rule](each, self.at)
            and moment(each, clock.zone) <= clock.now()
            and each not in self.done
        }

    def notice(self, clock: HandClock) -> None:
        """The calendar was set back: what was passed over, and not rung, is still to come."""
        if clock.date_s < self.handled_at_s:
            local = clock.now().replace(tzinfo=None)
            self.done = {each for each in self.done if each <= local or each in self.rung}
            self.handled_at_s = clock.date_s


@dataclass
class Elapsed:
    """What it knows of a thing that is due after a length of time."""

    length_s: float
    passed_s: float = 0.0


def every_hour(at: datetime, until: datetime) -> list[datetime]:
    return [at + timedelta(hours=n) for n in range(max(0, (until - at) // timedelta(hours=1) + 1))]


STEPS = st.one_of(
    st.tuples(st.just("pass"), st.sampled_from([1, 60, 1800, 3600, 7200, 30_000, 86_400, 400_000])),
    st.tuples(
        st.just("step"), st.sampled_from([-400_000, -90_000, -7200, -3600, -1, 1, 3600, 90_000])
    ),
    st.tuples(st.just("step"), st.sampled_from([-31_536_000, 5_000_000])),
    st.tuples(st.just("zone"), st.sampled_from(ZONES)),
    st.tuples(st.just("reboot"), st.sampled_from([10, 3600, 200_000])),
    st.tuples(st.just("reopen"), st.just(0)),
    st.tuples(
        st.just("alarm"), st.tuples(st.integers(0, 48), st.sampled_from(list(RULES)), st.booleans())
    ),
    st.tuples(st.just("timer"), st.sampled_from([1, 600, 3600, 86_400])),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("look"), st.sampled_from([True, True, True, False])),
    st.tuples(st.just("look"), st.just(True)),
)


class Run:
    """One history, on the schedule and on the oracle side by side."""

    def __init__(self, folder: Path, start: datetime, zone: str) -> None:
        self.path = folder / "timers.sqlite3"
        self.clock = HandClock(start)
        self.clock.zone = ZoneInfo(zone)
        self.alarms: dict[str, Alarm] = {}
        self.timers: dict[str, Elapsed] = {}
        self.seen: set[str] = set()
        self.open()

    def open(self) -> None:
        self.schedule = Schedule(self.path, self.clock, KeySeal())
        self.schedule.open()

    def do(self, what: str, value: Any) -> None:
        getattr(self, f"do_{what}")(value)

    def do_pass(self, seconds: int) -> None:
        self.clock.pass_(seconds)
        for each in self.timers.values():
            each.passed_s += seconds

    def do_step(self, seconds: int) -> None:
        self.clock.step(seconds=seconds)

    def do_zone(self, zone: str) -> None:
        self.clock.zone = ZoneInfo(zone)

    def do_reboot(self, seconds: int) -> None:
        self.schedule.close()
        self.clock.reboot(seconds)
        self.timers.clear()  # then it is the calendar's word; see test_timers.py
        for timer in list(self.schedule_timers()):
            self.schedule.cancel(timer)

    def schedule_timers(self) -> list[str]:
        self.open()
        return [each.id for each in self.schedule.running()]

    def do_reopen(self, _: int) -> None:
        """As after a kill: nothing is closed in order."""
        self.open()

    def do_alarm(self, value: tuple[int, str | None, bool]) -> None:
        hours, rule, reminder = value
        now = self.clock.now().replace(tzinfo=None, minute=0, second=0, microsecond=0)
        at = now + timedelta(hours=hours + 1, minutes=30)
        if reminder:
            made = self.schedule.add_reminder("words", at=at, repeat=rule).id
        else:
            made = self.schedule.add_alarm(at=at, repeat=rule).id
        local = self.clock.now().replace(tzinfo=None)
        done = {each for each in every_hour(at, local) if each <= local}
        self.alarms[made] = Alarm(at, rule, self.clock.date_s, done)

    def do_timer(self, seconds: int) -> None:
        self.timers[self.schedule.add(seconds, None).id] = Elapsed(seconds)

    def do_cancel(self, number: int) -> None:
        ids = [*self.alarms, *self.timers]
        if number < len(ids):
            assert self.schedule.cancel(ids[number])
            self.alarms.pop(ids[number], None)
            self.timers.pop(ids[number], None)

    def do_look(self, begins: bool) -> None:
        for each in self.alarms.values():
            each.notice(self.clock)
        rings = {ring.thing_id: ring for ring in self.schedule.look().rings}
        due = {key: each.due(self.clock) for key, each in self.alarms.items()}
        over = {key for key, each in self.timers.items() if each.passed_s >= each.length_s}
        assert rings.keys() == {key for key, times in due.items() if times} | over
        for thing_id, ring in rings.items():
            if not begins:  # a kill before the sound: it comes again
                continue
            assert ring.key not in self.seen
            self.seen.add(ring.key)
            assert self.schedule.begin(ring)
            assert not self.schedule.begin(ring)
            if thing_id in over:
                del self.timers[thing_id]
            else:
                self.ring(self.alarms[thing_id], due[thing_id], ring)
        if begins:
            assert self.schedule.look().rings == []

    def ring(self, alarm: Alarm, due: set[datetime], ring: Ring) -> None:
        assert ring.occurrence == max(due)
        assert ring.times == min(len(due), MOST_COUNTED)
        late_s = (self.clock.now() - moment(max(due), self.clock.zone)).total_seconds()
        assert abs(ring.late_s - late_s) < 1e-3
        alarm.done |= due
        alarm.rung.add(max(due))
        alarm.handled_at_s = self.clock.date_s
        if ring.kind is Kind.ALARM and late_s < RINGS_FOR_S:
            self.schedule.end(ring.thing_id)
        if alarm.rule is None:
            del self.alarms[ring.thing_id]


@settings(
    max_examples=cases(250, 4000), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.sampled_from(STARTS), st.sampled_from(ZONES), st.lists(STEPS, min_size=3, max_size=30))
@example(  # the calendar is years ahead, and is put right: tomorrow's alarm is not swallowed
    STARTS[4],
    "UTC",
    [
        *[("alarm", (0, "FREQ=DAILY", False)), ("step", 5_000_000), ("look", True)],
        *[("step", -5_000_000), ("look", True), ("pass", 7200), ("look", True)],
    ],
)
@example(  # the calendar is set back behind what rang
    STARTS[4],
    "UTC",
    [("alarm", (0, "FREQ=DAILY", False)), ("pass", 7200), ("step", -3600), ("pass", 7200)],
)
@example(  # and what was passed over then is missed once more, beside what rang
    STARTS[4],
    "UTC",
    [
        *[("alarm", (0, "FREQ=DAILY", False)), ("pass", 7200), ("step", 259_200)],
        *[("step", -259_200), ("look", True), ("pass", 345_600)],
    ],
)
@example(
    STARTS[4],
    "UTC",
    [
        *[("alarm", (0, "FREQ=DAILY", False)), ("pass", 7200), ("step", 259_200)],
        *[("step", -259_200), ("look", True), ("pass", 259_200)],
    ],
)
@example(  # an alarm in the hour that comes twice
    STARTS[1],
    "Europe/Berlin",
    [("alarm", (3, "FREQ=DAILY", False)), *[("pass", 1800), ("look", True)] * 16],
)
@example(  # and in the one that is skipped
    STARTS[0],
    "Europe/Berlin",
    [("alarm", (4, "FREQ=DAILY", True)), *[("pass", 1800), ("look", True)] * 16],
)
def test_no_ring_is_lost_and_none_comes_twice(
    start: datetime, zone: str, steps: list[tuple[str, Any]]
) -> None:
    with TemporaryDirectory() as folder:
        run = Run(Path(folder), start, zone)
        for number, (what, value) in enumerate(steps):
            run.do(what, value)
            if number % 3:  # else several things happen between two looks
                run.do_look(True)
        run.do_look(True)
        run.schedule.close()
