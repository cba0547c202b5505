from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.times import When, asked_days, clock_time, date_of, find_when, resolve

NOW = datetime(2026, 3, 14, 10, 0)  # a Saturday


def at(text: str, *, early: bool = False) -> tuple[str, str | None] | None:
    found = find_when(text)
    resolved = resolve(found.when, NOW, early=early) if found else None
    return None if resolved is None else (f"{resolved.at:%Y-%m-%dT%H:%M}", resolved.repeat)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("call mum at 5", "2026-03-14T17:00"),
        ("at eleven", "2026-03-14T11:00"),
        ("at ten", "2026-03-14T22:00"),
        ("at 5 p.m. on Tuesday", "2026-03-17T17:00"),
        ("tomorrow at three", "2026-03-15T15:00"),
        ("tomorrow at eight", "2026-03-15T08:00"),
        ("tomorrow at 03:00", "2026-03-15T03:00"),
        ("half past seven tomorrow morning", "2026-03-15T07:30"),
        ("at quarter to nine", "2026-03-14T20:45"),
        ("at quarter to one", "2026-03-14T12:45"),
        ("at twenty five past six in the evening", "2026-03-14T18:25"),
        ("at oh six hundred", "2026-03-15T06:00"),
        ("at 19.30", "2026-03-14T19:30"),
        ("at 1930", "2026-03-14T19:30"),
        ("at 650 in the morning", "2026-03-15T06:50"),
        ("at 730 p.m.", "2026-03-14T19:30"),
        ("at 1030 tomorrow", "2026-03-15T10:30"),
        ("at half six", "2026-03-14T18:30"),
        ("at midnight", "2026-03-15T00:00"),
        ("at noon", "2026-03-14T12:00"),
        ("12 a.m. tomorrow", "2026-03-15T00:00"),
        ("12:15 p.m.", "2026-03-14T12:15"),
        ("tonight", "2026-03-14T20:00"),
        ("at 8 tonight", "2026-03-14T20:00"),
        ("at 1 tonight", "2026-03-15T01:00"),
        ("this evening", "2026-03-14T19:00"),
        ("on Saturday", "2026-03-21T09:00"),
        ("next Friday at ten", "2026-03-20T10:00"),
        ("in two weeks", "2026-03-28T09:00"),
        ("the day after tomorrow", "2026-03-16T09:00"),
        ("on the 3rd of March", "2027-03-03T09:00"),
        ("March 20th at 10", "2026-03-20T10:00"),
        ("on February 29", "2028-02-29T09:00"),
        ("on the 31st of October 2027 at noon", "2027-10-31T12:00"),
        ("at Christmas", "2026-12-25T09:00"),
        ("Easter", "2026-04-05T09:00"),
    ],
)
def test_a_time_is_the_next_one_that_is_meant(text: str, first: str) -> None:
    assert at(text) == (first, None)


@pytest.mark.parametrize(
    ("text", "first", "repeat"),
    [
        ("every day at 9 pm", "2026-03-14T21:00", "FREQ=DAILY"),
        ("every Monday", "2026-03-16T09:00", "FREQ=WEEKLY;BYDAY=MO"),
        ("at 7:30 on weekdays", "2026-03-16T07:30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("on mondays and wednesdays at 18:15", "2026-03-16T18:15", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("every other Tuesday at 7 p.m.", "2026-03-17T19:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("on the 3rd of every month at noon", "2026-04-03T12:00", "FREQ=MONTHLY;BYMONTHDAY=3"),
        ("every year on May 3rd", "2026-05-03T09:00", "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3"),
        ("every two hours", "2026-03-14T12:00", "FREQ=HOURLY;INTERVAL=2"),
        ("weekends at 7 am", "2026-03-15T07:00", "FREQ=WEEKLY;BYDAY=SA,SU"),
    ],
)  # fmt: skip
def test_a_repetition_is_a_rule_and_its_first_time(text: str, first: str, repeat: str) -> None:
    assert at(text) == (first, repeat)


def test_who_wants_to_be_woken_on_another_day_is_woken_in_the_morning() -> None:
    assert at("tomorrow at six", early=True) == ("2026-03-15T06:00", None)
    assert at("tomorrow at six") == ("2026-03-15T18:00", None)
    assert at("at seven", early=True) == ("2026-03-14T19:00", None)


@pytest.mark.parametrize(
    "text",
    ["", "add two apples", "may I ask", "morning", "at 4 and at 5", "at 25 o'clock", "in a second",
     "for 7 people", "the 45th of May", "first things first", "I met them at the station"],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert at(text) is None


def test_the_words_of_a_time_are_found_wherever_they_stand() -> None:
    found = find_when("remind me tomorrow to buy two apples at twenty past five")
    assert found is not None
    words = "remind me tomorrow to buy two apples at twenty past five"
    assert [words[start:end] for start, end in found.spans] == ["tomorrow", "at twenty past five"]


def test_a_zone_is_left_aside() -> None:
    found = find_when("at noon")
    assert found is not None
    resolved = resolve(found.when, NOW.replace(tzinfo=UTC))
    assert resolved is not None
    assert resolved.at == datetime(2026, 3, 14, 12)
    assert resolved.at.tzinfo is None


def test_the_time_of_day_as_it_was_said() -> None:
    assert clock_time(When(hour=7)) == "07:00"
    assert clock_time(When(hour=7, pm=True)) == "19:00"
    assert clock_time(When(hour=12, am=True)) == "12:00"
    assert clock_time(When(days=1)) is None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.sampled_from([
    "at seven", "at 7:30 pm", "tomorrow at noon", "on Friday", "every Monday at 8", "tonight",
    "on the 31st", "every month on the 31st", "on weekdays at 6", "the 29th of February",
    "every day at midnight", "at half past two in the afternoon", "in three months", "next week",
]))  # fmt: skip
def test_what_is_found_is_never_in_the_past(now: datetime, text: str) -> None:
    found = find_when(text)
    assert found is not None
    resolved = resolve(found.when, now)
    assert resolved is not None
    assert resolved.at > now or (resolved.at.date() == now.date() and found.when.has_date)
    day = date_of(found.when, now)
    assert day is None or day >= now.date()


@given(st.text(max_size=60))
def test_any_text_is_safe(text: str) -> None:
    found = find_when(text)
    if found is not None:
        resolved = resolve(found.when, NOW)
        assert resolved is None or isinstance(resolved.at.date(), date)
        assert all(0 <= start < end <= len(text) for start, end in found.spans)


FRIDAY = datetime(2026, 11, 27, 10)


@pytest.mark.parametrize(
    ("text", "now", "date", "until"),
    [
        ("this weekend", FRIDAY, "2026-11-28", "2026-11-29"),
        ("at the weekend", FRIDAY, "2026-11-28", "2026-11-29"),
        ("this weekend", datetime(2026, 11, 28, 10), "2026-11-28", "2026-11-29"),
        ("this weekend", datetime(2026, 11, 29, 10), "2026-11-29", None),
        ("next weekend", FRIDAY, "2026-12-05", "2026-12-06"),
        ("next weekend", datetime(2026, 11, 28, 10), "2026-12-05", "2026-12-06"),
        ("next week", FRIDAY, "2026-11-30", "2026-12-06"),
        ("anything planned this week", FRIDAY, "2026-11-27", "2026-11-29"),
        ("on Sunday", FRIDAY, "2026-11-29", None),
    ],
)
def test_a_stretch_is_all_of_its_days(text, now, date, until) -> None:
    found = find_when(text)
    assert found is not None
    asked = {"date": date} if until is None else {"date": date, "until": until}
    assert asked_days(found.when, now) == asked


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("on Sunday morning", "morning"),
        ("tomorrow afternoon", "afternoon"),
        ("tomorrow night", "evening"),
        ("tonight", "evening"),
        ("this afternoon", "afternoon"),
        ("tomorrow", None),
        ("tomorrow at lunchtime", None),
    ],
)
def test_a_part_of_a_day_is_asked_about(text, part) -> None:
    found = find_when(text)
    assert found is not None
    assert (asked_days(found.when, FRIDAY) or {}).get("part") == part


def test_the_number_of_this_week_is_no_time() -> None:
    assert find_when("which week is this week") is None
