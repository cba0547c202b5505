from datetime import UTC, date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.places import NoSuchPlace, zone_of
from agents.tools import Receipt, Slot, ToolContext
from agents.tools.clock import ClockTool

NOW = datetime(2026, 3, 14, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def tell(action: str, now: datetime = NOW, **raw: object) -> Receipt:
    return ClockTool(lambda: now).call({"action": action, **raw}, cast("ToolContext", None))


@pytest.mark.parametrize(
    ("raw", "spoken"),
    [
        ({"action": "time"}, "It's 10:00 AM."),
        ({"action": "time", "place": "Tokyo"}, "It's 6:00 PM in Tokyo."),
        ({"action": "time", "place": "New York"}, "It's 5:00 AM in New York."),
        ({"action": "time", "place": "san francisco, california"},
         "It's 2:00 AM in san francisco, california."),
        ({"action": "time", "place": "Japan"}, "It's 6:00 PM in Japan."),
        ({"action": "time", "place": "Honolulu"}, "It's 11:00 PM yesterday in Honolulu."),
        ({"action": "date"}, "It's Saturday, March 14."),
        ({"action": "day"}, "It's Saturday."),
        ({"action": "day", "date": "2026-12-25"}, "December 25 is a Friday."),
        ({"action": "day", "date": "2027-03-03"}, "March 3, 2027 is a Wednesday."),
        ({"action": "day", "date": "2026-03-13"}, "March 13 was a Friday."),
        ({"action": "year"}, "It's 2026."),
        ({"action": "week"}, "It's week 11."),
        ({"action": "until", "date": "2026-05-01"}, "48 days until Friday, May 1."),
        ({"action": "until", "date": "2026-03-28"},
         "14 days until Saturday, March 28, which is 2 weeks."),
        ({"action": "until", "date": "2026-03-15"}, "Sunday, March 15 is tomorrow."),
        ({"action": "until", "date": "2026-03-14"}, "Saturday, March 14 is today."),
        ({"action": "until", "date": "2026-03-04"}, "Wednesday, March 4 was 10 days ago."),
    ],
)  # fmt: skip
def test_it_tells(raw, spoken) -> None:
    receipt = tell(**raw)
    assert (receipt.ok, receipt.spoken) == (True, spoken)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("Gotham", "don't know that place"), ("Georgia", "could be"), ("Portland", "could be"),
        ("Australia", "more than one"), ("America", "more than one"), ("the USA", "more than one"),
        ("../etc/passwd", "don't know"), ("Russia", "more than one"), ("", "10:00"),
    ],
)  # fmt: skip
def test_a_place_that_is_not_one(place, why) -> None:
    assert why in tell("time", place=place).spoken


def test_until_which_day_is_asked() -> None:
    asked = tell("until")
    assert asked.asks is not None
    assert (asked.ok, asked.asks.slot) == (False, Slot.TIME)


@pytest.mark.parametrize("raw", [{"ask": "time"}, {"action": "time", "zone": "Mars"},
                                 {"action": "until", "date": "soon"}])  # fmt: skip
def test_arguments_are_checked(raw) -> None:
    receipt = ClockTool(lambda: NOW).call(raw, cast("ToolContext", None))
    assert (receipt.ok, receipt.spoken) == (False, "I didn't understand that.")


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ("M\u00fcnchen", "Europe/Berlin"), ("S\u00e3o Paulo", "America/Sao_Paulo"),
        ("The Hague", "Europe/Amsterdam"), ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("St. Petersburg", "Europe/Moscow"), ("Saint Petersburg", "Europe/Moscow"),
        ("India", "Asia/Kolkata"), ("London, England", "Europe/London"), ("UTC", "UTC"),
        ("kansas-city", "America/Chicago"), ("Hawaii", "Pacific/Honolulu"),
    ],
)  # fmt: skip
def test_places(place, zone) -> None:
    assert zone_of(place).key == zone


@given(st.text(max_size=30))
def test_any_name_is_a_zone_or_refused(place: str) -> None:
    try:
        assert zone_of(place).utcoffset(datetime(2026, 1, 1)) is not None
    except NoSuchPlace as error:
        assert str(error).endswith(".")


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_the_days_until_are_right(day: date) -> None:
    spoken = tell("until", now=datetime(2026, 3, 14, tzinfo=UTC), date=day.isoformat()).spoken
    days = abs((day - date(2026, 3, 14)) // timedelta(days=1))
    assert days <= 1 or f"{days:,} days" in spoken
