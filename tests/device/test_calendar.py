import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.calendar import OWN, CalendarFolder, CalendarUnusable

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 14, 10, 0, tzinfo=BERLIN)
DAY = datetime(2026, 3, 17)


def ics(*events: str) -> str:
    inside = "".join(
        f"BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\n{each.replace(chr(10), chr(13) + chr(10))}"
        "\r\nEND:VEVENT\r\n"
        for each in events
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{inside}END:VCALENDAR\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "calendar"


@pytest.fixture
def calendar(folder: Path) -> CalendarFolder:
    return CalendarFolder(folder, lambda: NOW)


def put(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode())


def titles(calendar: CalendarFolder, day: datetime = DAY) -> list[str]:
    return [each.title for each in calendar.between(day, day + timedelta(days=1))]


def test_no_folder_is_an_empty_calendar(calendar) -> None:
    assert titles(calendar) == []
    assert list(calendar.after(DAY)) == []
    assert calendar.remove("x") is False


def test_what_is_added_is_there_and_private(calendar, folder) -> None:
    event = calendar.add("dentist", datetime(2026, 3, 17, 15), 1800)
    (kept,) = CalendarFolder(folder, lambda: NOW).between(DAY, DAY + timedelta(days=1))
    assert kept == event
    assert (kept.start, kept.end) == (datetime(2026, 3, 17, 15), datetime(2026, 3, 17, 15, 30))
    assert stat.S_IMODE((folder / OWN).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert calendar.remove(event.uid)
    assert titles(calendar) == []
    assert not calendar.remove(event.uid)


def test_other_zones_whole_days_and_repetitions(calendar, folder) -> None:
    put(
        folder,
        "work.ics",
        ics(
            "UID:a\nSUMMARY:stand-up\nDTSTART:20260105T080000Z\nDTEND:20260105T081500Z"
            "\nRRULE:FREQ=WEEKLY;BYDAY=TU",
            "UID:b\nSUMMARY:fair\nDTSTART;VALUE=DATE:20260316\nDTEND;VALUE=DATE:20260319",
            "UID:c\nSUMMARY:tea\nDTSTART:20260317T150000\nDTEND:20260317T160000",
        ),
    )
    found = calendar.between(DAY, DAY + timedelta(days=1))
    assert [(each.title, each.start, each.whole_day) for each in found] == [
        ("fair", datetime(2026, 3, 16), True),
        ("stand-up", datetime(2026, 3, 17, 9), False),
        ("tea", datetime(2026, 3, 17, 15), False),
    ]
    coming = calendar.after(datetime(2026, 3, 18))
    assert [next(coming).title for _ in range(2)] == ["fair", "stand-up"]


def test_several_files_and_changed_ones(calendar, folder) -> None:
    one = "UID:{0}\nSUMMARY:{0}\nDTSTART:20260317T{1}0000Z\nDTEND:20260317T{1}3000Z"
    put(folder, "a.ics", ics(one.format("late", "12")))
    put(folder, "b.ics", ics(one.format("early", "06")))
    assert titles(calendar) == ["early", "late"]
    put(folder, "b.ics", ics(one.format("earlier", "05")))
    assert titles(calendar) == ["earlier", "late"]
    (folder / "a.ics").unlink()
    assert titles(calendar) == ["earlier"]


def test_a_damaged_file_is_counted_and_the_others_are_read(calendar, folder) -> None:
    put(folder, "bad.ics", "BEGIN:VCALENDAR\r\nnonsense")
    put(folder, "good.ics", ics("UID:a\nSUMMARY:tea\nDTSTART:20260317T090000Z"))
    assert titles(calendar) == ["tea"]
    assert calendar.unread == 1


def test_a_damaged_own_file_is_left_as_it_is(calendar, folder) -> None:
    put(folder, OWN, "BEGIN:VCALENDAR\r\nnonsense")
    with pytest.raises(CalendarUnusable, match="damaged"):
        calendar.add("dentist", DAY, 600)
    assert (folder / OWN).read_text() == "BEGIN:VCALENDAR\nnonsense"


def test_what_repeats_every_second_holds_up_nothing(calendar, folder) -> None:
    put(
        folder,
        "hostile.ics",
        ics("UID:a\nSUMMARY:x\nDTSTART:20260317T000000Z\nRRULE:FREQ=SECONDLY"),
    )
    assert len(calendar.between(DAY, DAY + timedelta(days=365))) == 1


def test_it_is_said_as_soon_as_the_clock_moves_to_another_zone(folder) -> None:
    CalendarFolder(folder, lambda: NOW).add("call", datetime(2026, 3, 17, 15), 600)
    tokyo = CalendarFolder(folder, lambda: NOW.astimezone(ZoneInfo("Asia/Tokyo")))
    (event,) = tokyo.between(DAY, DAY + timedelta(days=1))
    assert event.start == datetime(2026, 3, 17, 23)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | st.text().map(lambda text: ics(f"UID:a\n{text}").encode()))
def test_no_file_breaks_it(tmp_path: Path, data: bytes) -> None:
    folder = tmp_path / "any"
    folder.mkdir(exist_ok=True)
    (folder / "any.ics").write_bytes(data)
    calendar = CalendarFolder(folder, lambda: datetime(2026, 3, 14, tzinfo=UTC))
    assert isinstance(calendar.between(DAY, DAY + timedelta(days=1)), list)
    assert isinstance(list(calendar.after(DAY)), list)


def test_only_what_was_added_and_nobody_wrote_more_of_is_its_own(calendar, folder) -> None:
    _ = calendar.add("dentist", datetime(2026, 3, 17, 15), 1800)
    put(folder, "other.ics", ics("UID:o\nDTSTART:20260317T100000Z\nSUMMARY:theirs"))
    path = folder / OWN
    more = "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{more}\r\nEND:VEVENT\r\n"
    events = (
        more.format(uid="p", more="DTSTART:20260317T110000Z\r\nSUMMARY:place\r\nLOCATION:here")
        + more.format(uid="r", more="DTSTART:20260317T120000Z\r\nSUMMARY:often\r\nRRULE:FREQ=DAILY")
        + more.format(uid="d", more="DTSTART;VALUE=DATE:20260317\r\nSUMMARY:whole")
    )
    text = path.read_bytes().decode().replace("END:VCALENDAR", f"{events}END:VCALENDAR")
    _ = path.write_bytes(text.encode())
    found = calendar.between(DAY, DAY + timedelta(days=1))
    assert {each.title: each.own for each in found} == {
        "theirs": False, "place": False, "often": False, "whole": False, "dentist": True,
    }  # fmt: skip
