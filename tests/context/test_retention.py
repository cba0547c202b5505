from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context import Compartment, Sensitivity
from context.retention import DEFAULT, Retention, day_is_over, expires_at

DAY = Compartment("ambient", "2026-11-23")
EPISODIC = Compartment("owner", "episodic")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

offsets = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
zones = st.timezones() | offsets
moments = st.datetimes(timezones=zones)
ordinary = st.datetimes(datetime(1990, 1, 1), datetime(2190, 1, 1), timezones=zones)
domains = st.sampled_from(["general", "episodic", "health", "work"])
compartments = st.builds(
    Compartment,
    st.sampled_from(["owner", "household", "person:anna"]),
    domains,
    st.sampled_from(Sensitivity),
) | st.dates().map(lambda day: Compartment("ambient", day.isoformat()))
retentions = st.builds(
    Retention,
    st.integers(1, 1000),
    st.dictionaries(domains, st.integers(1, 36_500)),
)
steps = st.timedeltas(timedelta(days=-400), timedelta(days=400))


def ambient_day(moment: datetime) -> Compartment:
    return Compartment("ambient", moment.astimezone(UTC).date().isoformat())


def test_the_defaults() -> None:
    assert expires_at(DAY, NOON) == datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert expires_at(EPISODIC, NOON) == datetime(2027, 2, 21, 12, tzinfo=UTC)
    assert expires_at(EPISODIC, NOON, pinned=True) is None
    for text in ("owner/general", "household/general", "person:anna/health/restricted"):
        assert expires_at(Compartment.parse(text), NOON) is None
    assert expires_at(Compartment.parse("person:anna/episodic/restricted"), NOON) is not None


def test_pinning_does_not_outlive_the_key_of_an_ambient_day() -> None:
    assert expires_at(DAY, NOON, pinned=True) == expires_at(DAY, NOON)


def test_a_day_is_over_two_days_after_its_end() -> None:
    end = datetime(2026, 11, 26, tzinfo=UTC)
    assert day_is_over(DAY, end)
    assert not day_is_over(DAY, end - timedelta(microseconds=1))
    assert day_is_over(DAY, end - timedelta(hours=47), Retention(ambient_h=1))


@given(compartments, moments, st.booleans(), retentions)
def test_nothing_expires_before_it_was_captured_or_without_a_rule(
    compartment: Compartment, moment: datetime, pinned: bool, retention: Retention
) -> None:
    expiry = expires_at(compartment, moment, pinned=pinned, retention=retention)
    if compartment.subject == "ambient":
        assert expiry is not None
    elif pinned or compartment.domain not in retention.domain_days:
        assert expiry is None
    if expiry is not None:
        assert expiry.tzinfo is UTC
        assert expiry > moment or expiry == datetime.max.replace(tzinfo=UTC)


@given(compartments, ordinary, zones, retentions)
def test_only_the_instant_matters_not_the_time_zone_it_is_told_in(
    compartment: Compartment, moment: datetime, zone: timezone, retention: Retention
) -> None:
    elsewhere = moment.astimezone(zone)
    assert expires_at(compartment, moment, retention=retention) == expires_at(
        compartment, elsewhere, retention=retention
    )
    assert day_is_over(compartment, moment, retention) == day_is_over(
        compartment, elsewhere, retention
    )


def test_a_change_to_summer_time_neither_adds_nor_takes_an_hour() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Vienna"))
    expiry = expires_at(ambient_day(before), before)
    assert expiry == before.astimezone(UTC) + timedelta(hours=48)
    assert expiry.astimezone(before.tzinfo).hour == 13


@given(ordinary, steps, retentions)
def test_a_key_is_destroyed_only_when_all_of_its_day_has_expired(
    captured: datetime, later: timedelta, retention: Retention
) -> None:
    day, now = ambient_day(captured), captured + later
    expiry = expires_at(day, captured, retention=retention)
    assert expiry is not None
    if day_is_over(day, now, retention):
        assert expiry <= now
    assert day_is_over(day, expiry + timedelta(days=1), retention)  # and a day later at the latest


@given(st.dates(date(1990, 1, 1), date(2190, 1, 1)), retentions)
def test_the_last_moment_of_a_day_decides_when_it_is_over(day: date, retention: Retention) -> None:
    compartment = Compartment("ambient", day.isoformat())
    last = datetime.combine(day, time.max, UTC)
    expiry = expires_at(compartment, last, retention=retention)
    assert expiry is not None
    assert not day_is_over(compartment, expiry, retention)
    assert day_is_over(compartment, expiry + timedelta(microseconds=1), retention)


@given(compartments, ordinary, steps, retentions)
def test_a_clock_that_steps_gives_the_answers_of_where_it_stands(
    compartment: Compartment, now: datetime, step: timedelta, retention: Retention
) -> None:
    stepped = now.astimezone(UTC) + step
    earlier, later = sorted([now, stepped])
    if day_is_over(compartment, earlier, retention):
        assert day_is_over(compartment, later, retention)
    before = expires_at(compartment, now, retention=retention)
    after = expires_at(compartment, stepped, retention=retention)
    if before is None or after is None:
        assert before is after is None
    else:
        assert after - before == step


@given(compartments, moments)
def test_only_ambient_days_are_ever_over(compartment: Compartment, now: datetime) -> None:
    if compartment.subject != "ambient":
        assert not day_is_over(compartment, now)


@given(moments, retentions)
def test_the_ends_of_the_calendar_are_no_error(moment: datetime, retention: Retention) -> None:
    for edge in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), moment):
        for day in (date.min, date.max):
            compartment = Compartment("ambient", day.isoformat())
            assert expires_at(compartment, edge, retention=retention) is not None
            assert not day_is_over(Compartment("ambient", date.max.isoformat()), edge, retention)


@given(compartments, st.datetimes())
def test_a_time_without_a_zone_is_refused(compartment: Compartment, naive: datetime) -> None:
    with pytest.raises(ValueError, match="time zone"):
        expires_at(compartment, naive)
    with pytest.raises(ValueError, match="time zone"):
        day_is_over(compartment, naive)


@pytest.mark.parametrize(
    ("ambient_h", "domain_days"),
    [
        (0, {}),
        (-48, {}),
        (48.0, {}),
        (True, {}),
        (876_001, {}),
        (48, {"episodic": 0}),
        (48, {"episodic": 36_501}),
        (48, {"episodic": "90"}),
        (48, {"Episodic": 90}),
        (48, {"two words": 90}),
        (48, {"": 90}),
    ],
)
def test_rules_that_make_no_sense_are_refused(ambient_h: int, domain_days: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Retention(ambient_h, domain_days)


def test_rules_do_not_change_once_they_are_made() -> None:
    days = {"episodic": 90}
    retention = Retention(48, days)
    days["episodic"] = 1
    assert retention == DEFAULT
    assert hash(retention) == hash(DEFAULT)
    with pytest.raises(TypeError):
        retention.domain_days["episodic"] = 1
