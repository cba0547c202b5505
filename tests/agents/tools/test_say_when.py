"""Times, days and repetitions in words."""

from datetime import datetime

import pytest

from agents.tools.say_when import and_repeat, say_day, say_repeat, say_time, say_when

NOW = datetime(2026, 3, 14, 10)  # a Saturday


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("00:00", "midnight"),
        ("00:05", "12:05 a.m."),
        ("07:00", "7 a.m."),
        ("07:30", "7:30 a.m."),
        ("12:00", "noon"),
        ("12:30", "12:30 p.m."),
        ("19:05", "7:05 p.m."),
    ],
)
def test_times(time: str, said: str) -> None:
    assert say_time(datetime.fromisoformat(f"2026-03-14T{time}")) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-03-13", "yesterday"),
        ("2026-03-14", "today"),
        ("2026-03-15", "tomorrow"),
        ("2026-03-16", "on Monday"),
        ("2026-03-20", "on Friday"),
        ("2026-03-21", "on Saturday, March 21"),
        ("2026-03-12", "on Thursday, March 12"),
        ("2027-01-01", "on Friday, January 1, 2027"),
    ],
)
def test_days(day: str, said: str) -> None:
    assert say_day(datetime.fromisoformat(day).date(), NOW.date()) == said


def test_a_time_today_names_no_day() -> None:
    assert say_when(datetime(2026, 3, 14, 19), NOW) == "at 7 p.m."
    assert say_when(datetime(2026, 3, 15, 7), NOW) == "at 7 a.m. tomorrow"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=DAILY;INTERVAL=2", "every other day"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "on weekdays"),
        ("FREQ=WEEKLY;BYDAY=SA,SU", "on weekends"),
        ("FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH,FR,SA", "every day"),
        ("FREQ=WEEKLY;BYDAY=TU", "every Tuesday"),
        ("FREQ=WEEKLY;BYDAY=TH,TU,SA", "every Tuesday, Thursday and Saturday"),
        ("FREQ=WEEKLY", "every Saturday"),
        ("FREQ=WEEKLY;INTERVAL=2", "every other week on Saturday"),
        ("FREQ=WEEKLY;INTERVAL=3;BYDAY=MO", "every three weeks on Monday"),
        ("FREQ=MONTHLY;BYMONTHDAY=1", "every month on the 1st"),
        ("FREQ=MONTHLY;BYMONTHDAY=22", "every month on the 22nd"),
        ("FREQ=MONTHLY;BYMONTHDAY=11", "every month on the 11th"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        ("FREQ=MONTHLY;BYDAY=1MO", "every month on the first Monday"),
        ("FREQ=MONTHLY", "every month on the 14th"),
        ("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3", "every year on May 3"),
        ("FREQ=HOURLY", "every hour"),
        ("FREQ=HOURLY;INTERVAL=12", "every 12 hours"),
        ("FREQ=MINUTELY", "again and again"),
    ],
)
def test_repetitions(rule: str, said: str) -> None:
    assert say_repeat(rule, NOW) == said
    assert and_repeat(rule, NOW) == f", {said}"
    assert and_repeat(None, NOW) == ""
