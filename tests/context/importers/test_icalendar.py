from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from context.importers import ImportFailed, Record, Skipped
from tests.context.importers.conftest import LONDON, Load, Texts, uids
from tests.context.importers.samples import CALENDAR

TUESDAY = "DTSTART;TZID=Europe/London:20260303T143000"


def calendar(*lines: str, name: str = "VEVENT") -> str:
    inner = "\n".join(("UID:1", "SUMMARY:Dentist", *lines))
    return f"BEGIN:VCALENDAR\nBEGIN:{name}\n{inner}\nEND:{name}\nEND:VCALENDAR\n"


def test_events_and_tasks_in_sentences(load: Load) -> None:
    found = load("days.ics", CALENDAR)
    assert list(uids(found).values()) == [
        "Dentist, Tuesday 3 March 2026 at 14:30, at 5 High Street, every six months.",
        "Choir, Tuesday 3 March 2026 from 18:00 to 19:30, every Tuesday and Thursday until 1 July"
        " 2026, except 10 March 2026. Bring the green folder & a pencil.",
        "Choir, Wednesday 18 March 2026 at 18:00, instead of Tuesday 17 March 2026.",
        "Skye, from Saturday 1 August 2026 to Saturday 8 August 2026.",
        "Buy paint, a task, due Friday 6 March 2026.",
    ]
    assert found[4] == Skipped("entry 5, line 54", "It was cancelled.")


def test_when_they_hold(load: Load) -> None:
    found = [item for item in load("days.ics", CALENDAR) if isinstance(item, Record)]
    dentist, choir, moved, skye, paint = found
    assert dentist.captured_at == datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
    assert dentist.valid_from == datetime(2026, 3, 3, 14, 30, tzinfo=LONDON)
    assert dentist.valid_until is None
    assert choir.valid_from == datetime(2026, 3, 3, 18, 0, tzinfo=LONDON)
    assert choir.valid_until == datetime(2026, 7, 1, 2, 29, 59, tzinfo=LONDON)
    assert moved.valid_until == datetime(2026, 3, 19, tzinfo=LONDON)
    assert skye.valid_from == datetime(2026, 8, 1, tzinfo=LONDON)
    assert skye.valid_until == datetime(2026, 8, 9, tzinfo=LONDON)
    assert paint.valid_from is paint.valid_until is None


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        ([TUESDAY], "Tuesday 3 March 2026 at 14:30"),
        ([TUESDAY, "DURATION:PT45M"], "Tuesday 3 March 2026 from 14:30 to 15:15"),
        (
            [TUESDAY, "DTEND:20260304T100000Z"],
            "from Tuesday 3 March 2026 at 14:30 to Wednesday 4 March 2026 at 10:00",
        ),
        ([TUESDAY, "DTEND:20260302T100000Z"], "Tuesday 3 March 2026 at 14:30"),
        ([TUESDAY, "DTEND:nonsense"], "Tuesday 3 March 2026 at 14:30"),
        ([TUESDAY, TUESDAY], "Tuesday 3 March 2026 at 14:30"),
        (["DTSTART:20260703T143000Z"], "Friday 3 July 2026 at 15:30"),
        (["DTSTART:20260703T143000"], "Friday 3 July 2026 at 14:30"),
        (["DTSTART;TZID=Nowhere/Known:20260703T143000"], "Friday 3 July 2026 at 14:30"),
        (["DTSTART;TZID=W. Europe Standard Time:20260703T143000"], "Friday 3 July 2026 at 13:30"),
        (["DTSTART;TZID=/x.org/Europe/Berlin:20260703T143000"], "Friday 3 July 2026 at 13:30"),
        (["DTSTART;VALUE=DATE:20260703"], "Friday 3 July 2026, all day"),
        (
            ["DTSTART;VALUE=DATE:20260703", "DTEND;VALUE=DATE:20260703"],
            "Friday 3 July 2026, all day",
        ),
    ],
)
def test_when_in_words(texts: Texts, lines: list[str], when: str) -> None:
    assert texts("a.ics", calendar(*lines)) == [f"Dentist, {when}."]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=DAILY;INTERVAL=3", "every three days"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
        ("FREQ=WEEKLY", "every Tuesday"),
        ("FREQ=WEEKLY;BYDAY=TH,TU;WKST=MO", "every Tuesday and Thursday"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "every day"),
        ("FREQ=WEEKLY;INTERVAL=2", "every two weeks"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU", "every two weeks on Monday and Tuesday"),
        ("FREQ=MONTHLY", "every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=3", "every month"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,22,-1", "every month on the 1st, 22nd and last day"),
        ("FREQ=MONTHLY;BYDAY=1TU,-1FR", "every month on the first Tuesday and last Friday"),
        ("FREQ=YEARLY", "every year"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3;INTERVAL=20", "every 20 years"),
        ("FREQ=YEARLY;BYMONTH=4", "repeats"),
        ("FREQ=HOURLY", "repeats"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", "repeats"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "repeats"),
        ("FREQ=WEEKLY;INTERVAL=1000000", "repeats"),
        ("FREQ=WEEKLY;UNTIL=20260630", "every Tuesday until 30 June 2026"),
        ("FREQ=HOURLY;UNTIL=20260630T230000Z", "repeats until 1 July 2026"),
        ("FREQ=WEEKLY;COUNT=10", "every Tuesday, ten times"),
        ("FREQ=HOURLY;COUNT=9", "repeats, nine times"),
    ],
)
def test_how_often_in_words(texts: Texts, rule: str, words: str) -> None:
    assert texts("a.ics", calendar(TUESDAY, f"RRULE:{rule}")) == [
        f"Dentist, Tuesday 3 March 2026 at 14:30, {words}."
    ]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["RRULE:FREQ=DAILY;COUNT=1"], ""),
        (["RRULE:"], ""),
        (["RDATE:20260401T120000Z"], ", and on other days"),
        (["RRULE:FREQ=DAILY", "RDATE:20260401T120000Z"], ", every day and on other days"),
        (
            ["RRULE:FREQ=DAILY", "EXDATE:20260404T120000Z,20260402T120000Z"],
            ", every day, except 2 April 2026 and 4 April 2026",
        ),
        (
            ["RRULE:FREQ=DAILY", f"EXDATE:{','.join(f'2026040{n}T120000Z' for n in range(1, 6))}"],
            ", every day, with exceptions",
        ),
    ],
)
def test_what_else_there_is_of_a_series(texts: Texts, lines: list[str], words: str) -> None:
    assert texts("a.ics", calendar(TUESDAY, *lines)) == [
        f"Dentist, Tuesday 3 March 2026 at 14:30{words}."
    ]


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        ("FREQ=WEEKLY;COUNT=10", date(2026, 5, 5)),
        ("FREQ=MONTHLY;BYDAY=1TU;COUNT=2", date(2026, 4, 7)),
        ("FREQ=YEARLY;COUNT=3", date(2028, 3, 3)),
        ("FREQ=YEARLY;COUNT=1000000", None),
        ("FREQ=SECONDLY;COUNT=1000000000", None),
        ("FREQ=WEEKLY", None),
    ],
)
def test_when_a_series_ends(load: Load, rule: str, last: date | None) -> None:
    (record,) = load("a.ics", calendar(TUESDAY, "DURATION:PT1H", f"RRULE:{rule}"))
    assert isinstance(record, Record)
    expected = last and datetime(last.year, last.month, last.day, 15, 30, tzinfo=LONDON)
    assert record.valid_until == expected


def test_a_weekday_elsewhere_that_is_another_here(texts: Texts) -> None:
    start = "DTSTART;TZID=America/New_York:20260106T210000"
    assert texts("a.ics", calendar(start, "RRULE:FREQ=WEEKLY;BYDAY=TU")) == [
        "Dentist, Wednesday 7 January 2026 at 02:00, every week."
    ]
    assert texts("a.ics", calendar(start, "RRULE:FREQ=WEEKLY;BYDAY=TU,WE")) == [
        "Dentist, Wednesday 7 January 2026 at 02:00, repeats."
    ]


def test_times_are_told_in_the_owners_zone(load: Load) -> None:
    (record,) = load("a.ics", calendar(TUESDAY), ZoneInfo("Asia/Tokyo"))
    assert isinstance(record, Record)
    assert record.text == "Dentist, Tuesday 3 March 2026 at 23:30."
    assert record.valid_from is not None
    assert record.valid_from.utcoffset() == timedelta(hours=9)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([], "Dentist, a task."),
        (["DUE:20260306T170000"], "Dentist, a task, due Friday 6 March 2026 at 17:00."),
        (["DUE;VALUE=DATE:20260306", "RRULE:FREQ=WEEKLY"],
         "Dentist, a task, due Friday 6 March 2026, every Friday."),
        (["STATUS:COMPLETED", "COMPLETED:20260304T120000Z"],
         "Dentist, a task, done 4 March 2026."),
        (["STATUS:COMPLETED"], "Dentist, a task, done."),
    ],
)  # fmt: skip
def test_tasks(texts: Texts, lines: list[str], text: str) -> None:
    assert texts("a.ics", calendar(*lines, name="VTODO")) == [text]


def test_a_time_zone_of_one_file_is_not_that_of_the_next(texts: Texts) -> None:
    event = "BEGIN:VEVENT\nDTSTART;TZID=Mine:20260703T120000\nSUMMARY:x\nEND:VEVENT\n"

    def file(offset: str) -> str:
        zone = f"DTSTART:19700101T000000\nTZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\n"
        standard = f"BEGIN:STANDARD\n{zone}END:STANDARD\n"
        timezone = f"BEGIN:VTIMEZONE\nTZID:Mine\n{standard}END:VTIMEZONE\n"
        return f"BEGIN:VCALENDAR\n{event}{timezone}END:VCALENDAR\n"

    assert texts("a.ics", file("+0100")) == ["x, Friday 3 July 2026 at 12:00."]
    assert texts("a.ics", file("+0300")) == ["x, Friday 3 July 2026 at 10:00."]


@pytest.mark.parametrize(
    "rule", ["RRULE:FREQ=SECONDLY", "RRULE:FREQ=YEARLY\n ;BYMONTH=99", "EXRULE:FREQ=SECONDLY"]
)
def test_a_time_zone_that_would_take_for_ever_is_not_used(texts: Texts, rule: str) -> None:
    standard = f"DTSTART:00010101T000000\nTZOFFSETFROM:+0500\nTZOFFSETTO:+0500\n{rule}"
    timezone = (
        f"BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\n{standard}\nEND:STANDARD\nEND:VTIMEZONE"
    )
    event = calendar("DTSTART;TZID=Mine:20260703T120000")
    file = event.replace("BEGIN:VCALENDAR\n", f"BEGIN:VCALENDAR\n{timezone}\n")
    assert texts("a.ics", file) == ["Dentist, Friday 3 July 2026 at 12:00."]


def test_importing_again_and_after_a_change(load: Load) -> None:
    before = uids(load("days.ics", CALENDAR))
    after = uids(load("days.ics", CALENDAR.replace("20260303T143000", "20260304T090000")))
    assert list(before) == list(after)
    changed = [after[uid] for uid in before if before[uid] != after[uid]]
    assert changed == [
        "Dentist, Wednesday 4 March 2026 at 09:00, at 5 High Street, every six months."
    ]


def test_broken_events_spoil_no_others(load: Load) -> None:
    events = [
        "SUMMARY:no start",
        "DTSTART:99999999T000000Z\nSUMMARY:no such day",
        "DTSTART:20260303T143000\nnonsense\nSUMMARY:a bad line",
        "DTSTART:20260303T143000\nBEGIN:VALARM\nTRIGGER:-PT5M\nSUMMARY:unended alarm",
        "DTSTART:20260303T143000\nSUMMARY:good\nBEGIN:VEVENT\nDTSTART:20260303T150000",
    ]
    entries = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    found = load("a.ics", f"BEGIN:VCALENDAR\n{entries}BEGIN:VTODO\nDUE:x\n")
    when = "Tuesday 3 March 2026 at 14:30."
    assert [item.text if isinstance(item, Record) else item.reason for item in found] == [
        "Its dates are missing or make no sense.",
        "Its dates are missing or make no sense.",
        f"a bad line, {when}",
        f"Event without a title, {when}",
        "It never ends.",
        "Event without a title, Tuesday 3 March 2026 at 15:00.",
        "It never ends.",
    ]


def test_hostile_words_are_flattened(texts: Texts) -> None:
    file = calendar(TUESDAY, "LOCATION:a\\nb\u202e\0c\\, d", "DESCRIPTION:1 < 2")
    assert texts("a.ics", file) == ["Dentist, Tuesday 3 March 2026 at 14:30, at a bc, d. 1 < 2."]


def test_what_is_no_calendar_is_refused(load: Load) -> None:
    with pytest.raises(ImportFailed, match=r"^a\.ics can't be imported: it is not a calendar\.$"):
        load("a.ics", "BEGIN:VCARD\nFN:Bo\nEND:VCARD\n")


def test_an_empty_calendar_holds_nothing(load: Load) -> None:
    assert load("a.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n") == []
    assert load("b.ics", "") == []
