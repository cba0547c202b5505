"""When something is due: local times in gaps and folds, and rules, against brute force."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from device.schedule.due import (
    MOST_COUNTED,
    RuleRefused,
    check_rule,
    last_until,
    moment,
    next_after,
    times_between,
)
from tests.tiers import cases

ZONES = (
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "Antarctica/Troll", "UTC"),
)
LOCALS = st.datetimes(datetime(2005, 1, 1), datetime(2036, 12, 31))
MANY = settings(max_examples=cases(300, 5000), deadline=None)


def t(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Berlin", "2026-03-14T07:00", "2026-03-14T06:00"),
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),  # skipped: 02:00 to 03:00
        ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # a gap of half an hour
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),  # a day that never was
    ],
)
def test_moments(zone: str, local: str, utc: str) -> None:
    assert moment(t(local), ZoneInfo(zone)) == t(utc).replace(tzinfo=UTC)


@MANY
@given(LOCALS, st.sampled_from(ZONES))
@example(t("2026-03-29T02:30"), "Europe/Berlin")
@example(t("2026-10-25T02:30"), "Europe/Berlin")
def test_a_moment_is_the_first_at_which_the_clock_shows_no_less(local: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    found = moment(local, zone)
    shown = found.astimezone(zone).replace(tzinfo=None)
    assert shown >= local
    before = (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert before < local
    if shown != local:  # the clock never shows it
        for fold in (0, 1):
            back = local.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone)
            assert back.replace(tzinfo=None) != local


@MANY
@given(LOCALS, st.integers(0, 86_400 * 3), st.sampled_from(ZONES))
def test_later_local_times_are_no_earlier_moments(local: datetime, s: int, name: str) -> None:
    zone = ZoneInfo(name)
    assert moment(local, zone) <= moment(local + timedelta(seconds=s), zone)


CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def dates(rule: str, at: datetime, days: int) -> list[datetime]:
    """The rule's dates by looking at every day, or hour: independent of dateutil."""
    parts = dict(part.split("=") for part in rule.split(";"))
    interval, on = int(parts.get("INTERVAL", "1")), parts.get("BYDAY", "").split(",")
    step = timedelta(hours=1) if parts["FREQ"] == "HOURLY" else timedelta(days=1)
    found: list[datetime] = []
    for number in range(timedelta(days=days) // step):
        each = at + number * step
        week = (each.date() - timedelta(days=each.weekday()) - _monday(at)).days // 7
        fits = {
            "HOURLY": number % interval == 0,
            "DAILY": number % interval == 0,
            "WEEKLY": week % interval == 0 and ("BYDAY" in parts or each.weekday() == at.weekday()),
            "MONTHLY": (each.month - at.month + 12 * (each.year - at.year)) % interval == 0
            and str(each.day) == parts.get("BYMONTHDAY", str(at.day)),
        }[parts["FREQ"]]
        if fits and ("BYDAY" not in parts or CODES[each.weekday()] in on):
            found.append(each)
    return found


def _monday(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())


RULES = st.builds(
    lambda freq, interval, days: ";".join(
        [
            f"FREQ={freq}",
            f"INTERVAL={interval}",
            *([f"BYDAY={','.join(sorted(days))}"] * bool(days)),
        ]
    ),
    st.sampled_from(["HOURLY", "DAILY", "WEEKLY"]),
    st.integers(1, 9),
    st.sets(st.sampled_from(CODES), max_size=4),
) | st.sampled_from(["FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=2"])


@MANY
@given(RULES, LOCALS, st.floats(-5, 100), st.floats(0, 60))
def test_rules_by_brute_force(rule: str, at: datetime, since_days: float, more: float) -> None:
    at = at.replace(microsecond=0, second=0)
    since = at + timedelta(days=since_days)
    until = since + timedelta(days=more)
    every = dates(rule, at, 520)
    assert next_after(at, rule, since) == next((each for each in every if each > since), None)
    past = [each for each in every if each <= until]
    assert last_until(at, rule, until) == (past[-1] if past else None)
    between = sum(each > since for each in past)
    assert times_between(at, rule, since, until) == min(between, MOST_COUNTED)


def test_a_rule_of_many_years_is_found_without_walking_through_them() -> None:
    at, far = t("2026-01-01T00:30"), t("2990-01-01T00:00")
    found = next_after(at, "FREQ=HOURLY;INTERVAL=5", far)
    assert found is not None
    assert far < found <= far + timedelta(hours=5)
    assert (found - at) % timedelta(hours=5) == timedelta(0)
    assert last_until(at, "FREQ=HOURLY", far) == t("2989-12-31T23:30")
    assert times_between(at, "FREQ=HOURLY", at, far) == MOST_COUNTED
    assert next_after(at, "FREQ=DAILY", t("9999-12-31T23:00")) is None


@pytest.mark.parametrize(
    "rule",
    [
        *("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=MONTHLY;BYMONTHDAY=1"),
        *("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3", "FREQ=HOURLY", "FREQ=WEEKLY;INTERVAL=2"),
        *("FREQ=MONTHLY;BYDAY=1MO", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
    ],
)
def test_rules_that_are_kept(rule: str) -> None:
    check_rule(rule, t("2026-03-14T07:00"))


@pytest.mark.parametrize(
    "rule",
    [
        *("", "daily", "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=DAILY;COUNT=3", "INTERVAL=2"),
        *("FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=1000", "FREQ=DAILY;BYMONTH=2"),
        *("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=DAILY;FREQ=DAILY", "FREQ=WEEKLY;BYDAY=XX"),
        *("FREQ=WEEKLY;BYDAY=", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=DAILY\nDTSTART:20260101T000000"),
        *("FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=DAILY;BYDAY=MO;INTERVAL=７"),
    ],
)
def test_rules_that_are_refused(rule: str) -> None:
    with pytest.raises(RuleRefused):
        check_rule(rule, t("2026-03-14T07:00"))
