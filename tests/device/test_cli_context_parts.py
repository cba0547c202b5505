"""The pure parts of `lapel context`: moments, what is shown, and who may hear it."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.labels import Compartment
from context.policy import (
    Audience,
    Authentication,
    Grant,
    Lasts,
    Principal,
    Purpose,
    Request,
    Sink,
    decide,
)
from device.cli.context.hearing import heard_by, is_for_voices, opens_more, widens
from device.cli.context.output import counted, shortened, size, visible, visible_lines
from device.cli.context.when import NotATime, since, until

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


# moments


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", "2026-11-23T09:28:30"),
        ("10m", "2026-11-23T09:20:00"),
        ("2 h", "2026-11-23T07:30:00"),
        ("3D", "2026-11-20T09:30:00"),
        ("1w", "2026-11-16T09:30:00"),
        ("now", "2026-11-23T09:30:00"),
        ("today", "2026-11-22T23:00:00"),
        ("Yesterday", "2026-11-21T23:00:00"),
        ("2026-07-01", "2026-06-30T22:00:00"),
        ("2026-07-01T12:00", "2026-07-01T10:00:00"),
        ("2026-07-01 12:00:30", "2026-07-01T10:00:30"),
        ("2026-07-01t12:00Z", "2026-07-01T12:00:00"),
        ("2026-07-01T12:00-05:00", "2026-07-01T17:00:00"),
    ],
)
def test_a_moment_back(text: str, moment: str) -> None:
    assert since(text, NOW, BERLIN) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10m", "2026-11-23T09:40:00"),
        ("today", "2026-11-23T23:00:00"),
        ("tomorrow", "2026-11-24T23:00:00"),
        ("2026-10-24", "2026-10-24T22:00:00"),
        ("2026-10-25", "2026-10-25T23:00:00"),  # the night in which the clocks go back
        ("2026-12-24T18:00", "2026-12-24T17:00:00"),
    ],
)
def test_a_moment_ahead_has_all_of_its_day(text: str, moment: str) -> None:
    assert until(text, NOW, BERLIN) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "10",
        "10 parsecs",
        "2026-13-01",
        "-5m",
        "9999-12-31",
        "0001-01-01",
        "٣d",
        "999999999w",
    ],
)
def test_what_is_no_moment_is_said_to_be_none(text: str) -> None:
    zone = ZoneInfo("Etc/GMT-14")  # so far east that the first day begins before time
    with pytest.raises(NotATime):
        until(text, NOW, zone) if text.startswith("9") else since(text, NOW, zone)


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_not(text: str) -> None:
    for parse in (since, until):
        with suppress(NotATime):
            assert parse(text, NOW, BERLIN).utcoffset() == timedelta(0)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1)))
def test_a_moment_comes_back_from_how_it_is_written(moment: datetime) -> None:
    written = moment.replace(tzinfo=BERLIN)
    assert since(written.isoformat(), NOW, UTC) == written.astimezone(UTC)


@given(st.integers(0, 10**9 - 1), st.sampled_from("smhdw"))
def test_a_span_is_any_number_of_its_unit(number: int, unit: str) -> None:
    one = NOW - since(f"1{unit}", NOW, UTC)
    with suppress(NotATime, OverflowError):
        assert NOW - since(f"{number}{unit}", NOW, UTC) == number * one


# what is shown


@given(st.text())
def test_what_is_shown_steers_no_terminal_and_can_be_undone(text: str) -> None:
    line = visible(text)
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in line)
    assert not set(line) & set("\u2028\u2029\u202a\u202e\u2066\u2069\ufeff")
    assert json.loads('"' + line.replace('"', '\\"') + '"') == text


@given(st.text())
def test_lines_stay_lines(text: str) -> None:
    shown = visible_lines(text)
    assert shown.count("\n") == text.count("\n")
    assert not any(ord(each) < 32 and each != "\n" for each in shown)


def test_a_long_text_is_shown_by_its_beginning() -> None:
    assert shortened("a\n b\tc") == "a b c"
    assert shortened("word " * 1000).endswith("…")
    assert len(shortened("word " * 1000)) <= 300
    assert shortened("family: 👨‍👩‍👧 Ω\x1b[31m") == "family: 👨‍👩‍👧 Ω\\u001b[31m"


def test_numbers_are_read_by_people() -> None:
    assert [counted(1, "memory"), counted(1200, "memory")] == ["1 memory", "1,200 memories"]
    assert [size(999), size(1_500), size(2_500_000)] == ["999 bytes", "1.5 kB", "2.5 MB"]


# who may hear it


def place(*names: str) -> frozenset[Compartment]:
    return frozenset(map(Compartment.parse, names))


def grant(opens: str, who: Principal = Principal.MEMBER, *, company: bool = False) -> Grant:
    return Grant("", opens, who, Purpose.ANSWER, Sink.SPEAKER, company, Lasts.ALWAYS)


def test_who_may_hear_it_is_what_the_policy_says() -> None:
    alone, company, member = "you, alone", "you, in company", "a member of the household"
    assert heard_by(place("owner/general"), ()) == [alone]
    assert heard_by(place("household/general"), ()) == [alone, company, member]
    assert heard_by(place("household/general", "owner/general"), ()) == [alone]
    assert heard_by(place("owner/general/restricted"), ()) == [
        "you, alone, by button, PIN or phone"
    ]
    assert heard_by(place("ambient/2026-11-23"), ()) == []
    assert heard_by(place("owner/general"), [grant("owner/general")]) == [alone, member]


@pytest.mark.parametrize("name", ["owner/general", "owner/health/restricted", "ambient/*"])
@pytest.mark.parametrize("who", [Principal.OWNER, Principal.MEMBER])
@pytest.mark.parametrize("purpose", [Purpose.ANSWER, Purpose.REMEMBER, Purpose.FORGET])
@pytest.mark.parametrize("sink", [Sink.SPEAKER, Sink.SCREEN, Sink.NETWORK])
@pytest.mark.parametrize("company", [False, True])
def test_a_grant_widens_what_the_policy_opens_or_says_that_it_does_not(
    name: str, who: Principal, purpose: Purpose, sink: Sink, company: bool
) -> None:
    given = Grant("", name, who, purpose, sink, company, Lasts.ALWAYS)
    covered = frozenset({Compartment.parse(name.replace("*", "2026-11-23"))})
    by_voice, wider = False, False
    for audience, shown in product(Audience, Authentication):
        request = Request(who, 1.0, purpose, audience, sink, shown)
        opens = bool(decide(request, covered, [given]).compartments)
        wider = wider or (opens and not decide(request, covered).compartments)
        by_voice = by_voice or (opens and shown is Authentication.VOICE)
    assert widens(given) == wider
    assert is_for_voices(given) == by_voice


def test_moving_opens_more_where_somebody_more_may_hear_it() -> None:
    owner, house = place("owner/general"), place("household/general")
    private, both = place("owner/health/restricted"), place("household/general", "owner/general")
    for before, after in ((owner, house), (private, owner), (both, house), (private, house)):
        assert opens_more(before, after, ())
        assert not opens_more(after, before, ())
    assert not opens_more(owner, place("owner/notes"), ())
    assert opens_more(owner, place("owner/notes"), [grant("owner/notes")])
    assert not opens_more(owner, owner, ())
