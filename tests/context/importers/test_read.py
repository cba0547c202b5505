"""What holds for every kind of file: progress, errors, and hostile content."""

import logging
import os
import socket
import warnings
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from context import LapelError
from context.importers import ImportFailed, Kind, Record, Skipped, kind_of, read
from tests.context.importers.conftest import LONDON, Load, read_all, uids
from tests.context.importers.samples import FILES

LONGEST_TEXT = 5_000
SECRET = "SECRET"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", Kind.NOTES),
        ("a.MD", Kind.NOTES),
        ("a.markdown", Kind.NOTES),
        ("a.vcf", Kind.VCARD),
        ("a.vcard", Kind.VCARD),
        ("a.ics", Kind.ICALENDAR),
        ("a.mbox", Kind.MBOX),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_name(name: str, kind: Kind) -> None:
    assert kind_of(Path(name)) is kind


def test_a_folder_is_one_of_notes(tmp_path: Path) -> None:
    assert kind_of(tmp_path) is Kind.NOTES


@pytest.mark.parametrize("name", ["a.docx", "a", "md", ".ics"])
def test_other_files_are_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(ImportFailed, match=r"notes .*\.md.*contacts .*calendars .*mail") as refused:
        kind_of(Path(name))
    assert isinstance(refused.value, LapelError)


@pytest.mark.parametrize("name", FILES)
def test_progress_grows_and_ends_at_the_size(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILES[name])
    seen: list[tuple[int, int]] = []
    for _ in read(
        path, kind_of(path), zone=LONDON, progress=lambda done, total: seen.append((done, total))
    ):
        pass
    size = path.stat().st_size
    assert seen[-1] == (size, size)
    assert all(total == size for _, total in seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_progress_of_a_folder(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("12345")
    seen: list[tuple[int, int]] = []
    list(read(tmp_path, Kind.NOTES, zone=LONDON, progress=lambda *at: seen.append(at)))
    assert list(dict.fromkeys(seen)) == [(5, 10), (10, 10)]


@pytest.mark.parametrize("name", FILES)
def test_importing_twice_gives_the_same(load: Load, name: str) -> None:
    first, second = load(name, FILES[name]), load(name, FILES[name])
    elsewhere = load(name, FILES[name], ZoneInfo("Asia/Tokyo"))
    assert len(uids(first)) > 1
    assert uids(first) == uids(second)
    assert list(uids(first)) == list(uids(elsewhere))


@pytest.mark.parametrize("kind", Kind)
def test_files_that_cannot_be_read_are_refused(tmp_path: Path, kind: Kind) -> None:
    def refusal(path: Path) -> str:
        with pytest.raises(ImportFailed) as refused:
            list(read(path, kind, zone=LONDON))
        return str(refused.value)

    assert refusal(tmp_path / "no") == "no can't be imported: there is no such file."
    assert refusal(Path("a\0b")) == "ab can't be imported: that is not the name of a file."
    os.mkfifo(tmp_path / "pipe")
    assert "not a file with content" in refusal(tmp_path / "pipe")
    if kind is not Kind.NOTES:
        assert "it is a folder" in refusal(tmp_path)


@pytest.mark.parametrize("kind", [Kind.VCARD, Kind.ICALENDAR, Kind.MBOX])
def test_files_too_large_are_refused(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(64_000_000_001)  # takes no room on the disk
    with pytest.raises(ImportFailed, match=r"bigger than \d+ MB; split it first\.$"):
        list(read(path, kind, zone=LONDON))


def test_a_name_of_half_characters_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"b\xffad.vcf")
    path.write_text("x")
    with pytest.raises(ImportFailed) as refused:
        read_all(path)
    assert str(refused.value).startswith("bad.vcf can't be imported")


@pytest.mark.parametrize("name", FILES)
def test_an_import_that_is_given_up_leaves_nothing_open(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILES[name])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reading = read(path, kind_of(path), zone=LONDON)
        next(reading)
        reading.close()  # type: ignore[attr-defined]


def check(found: list[Record | Skipped]) -> None:
    """Whatever a file holds: plain speakable text, aware times, unique names, no quoting."""
    uids(found)
    for item in found:
        if isinstance(item, Skipped):
            assert SECRET not in item.where + item.reason
            continue
        assert item.text == " ".join(item.text.split())
        assert 0 < len(item.text) <= LONGEST_TEXT
        assert all(c.isprintable() or c in "\u200c\u200d" for c in item.text)
        item.text.encode()
        assert item.uid.isascii()
        assert len(item.uid) < 60
        for moment in (item.captured_at, item.valid_from, item.valid_until):
            assert moment is None or moment.utcoffset() is not None


def import_bytes(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.write_bytes(content)
    try:
        check(read_all(path))
    except ImportFailed as failure:
        assert SECRET not in str(failure)


FUZZ = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)


@pytest.mark.parametrize("name", FILES)
@FUZZ
@given(content=st.binary(max_size=400))
@example(content=b"")
@example(content=b"\xff\xfe\x00\xd8")
@example(content=b"\xef\xbb\xbf")
@example(content=b"\n" * 5_000)
def test_random_bytes(tmp_path: Path, name: str, content: bytes) -> None:
    import_bytes(tmp_path, name, content)
    import_bytes(tmp_path, name, FILES[name][:200].encode() + content)


JUNK = [
    "\0", "\r", "\n", "\n\n", "\u202e", "\u2028", "\x85", "\ufeff", "\U000e0041", ":", ";", "=",
    '"', ",", "\\", "<", "&", "<!--", "-1", "99999999999999999999", "0000", "=\n", " ", "\t",
    "BEGIN:VEVENT\n", "END:VCARD\n", "END:VEVENT\n", "BEGIN:VTIMEZONE\n", "From - 00:00\n",
    "\nFrom: (((((((", "QUOTED-PRINTABLE:", "ENCODING=b:", "Content-Type: message/rfc822\n",
    "Content-Transfer-Encoding: base64\n", "boundary=", "=?utf-8?b?/w==?=", "VALUE=DATE:", "PT1H",
    "TZID=", "RRULE:FREQ=", "COUNT=", "UNTIL=00010101", "DTSTART:00010101T000000Z\n",
    "DTSTART:99991231T235959\n", "DURATION:P99999999D\n", "# ", "- ", "|", "```\n", "[", "](",
    "x" * 3_000, SECRET,
]  # fmt: skip
EDIT = st.tuples(
    st.floats(0, 1), st.integers(0, 30), st.sampled_from(JUNK) | st.text(max_size=5)
)  # where, how much is taken out, what is put in


@pytest.mark.parametrize("name", FILES)
@FUZZ
@given(edits=st.lists(EDIT, min_size=1, max_size=8))
def test_good_files_gone_bad(
    tmp_path: Path, name: str, edits: list[tuple[float, int, str]]
) -> None:
    content = FILES[name]
    for where, less, more in edits:
        at = int(where * len(content))
        content = content[:at] + more + content[at + less :]
    import_bytes(tmp_path, name, content.encode(errors="surrogatepass"))


@pytest.mark.parametrize("name", FILES)
@FUZZ
@given(order=st.randoms(use_true_random=False))
def test_good_files_out_of_order(tmp_path: Path, name: str, order: object) -> None:
    lines = FILES[name].splitlines(keepends=True)
    order.shuffle(lines)  # type: ignore[attr-defined]
    import_bytes(tmp_path, name, "".join(lines).encode())


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("day", ["00010101", "99991231"])
def test_the_first_and_last_days_there_are(load: Load, zone: str, day: str) -> None:
    for start in (f"DTSTART:{day}T120000Z", f"DTSTART:{day}T120000", f"DTSTART;VALUE=DATE:{day}"):
        event = f"BEGIN:VEVENT\n{start}\nRRULE:FREQ=DAILY;UNTIL={day}T120000Z\nEND:VEVENT\n"
        check(load("a.ics", f"BEGIN:VCALENDAR\n{event}END:VCALENDAR\n", ZoneInfo(zone)))
    stamp = f"{day[:4]}-{day[4:6]}-{day[6:]}T12:00:00Z"
    check(load("a.vcf", f"BEGIN:VCARD\nFN:a\nTEL:1\nREV:{stamp}\nEND:VCARD\n", ZoneInfo(zone)))


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_logged_printed_or_fetched(
    load: Load,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def refused(*_: object, **__: object) -> NoReturn:
        raise AssertionError("an importer used the network")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    caplog.set_level(logging.DEBUG)
    bad = [
        FILES[name],
        FILES[name].replace(":", ""),
        FILES[name].replace("TZID=Europe/London", "TZID=/secret/Europe/London"),
        "".join(line + "\n" for line in FILES[name].splitlines()[::2]),
        FILES[name].replace("=C3", "=ZZ").replace("BDAY:", "BDAY;ENCODING=b:"),
    ]
    for content in bad:
        try:
            load(name, content)
        except ImportFailed:
            continue
    words = {word for word in FILES[name].split() if len(word) > 8}
    assert [word for word in words if word in caplog.text] == []
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "again",
    ["[", "![", "*a ", "<a", "- ", "> ", "|a", "`a``b", "1. a\n", "- a\n", "[a]: b\n", "\\"],
)
def test_notes_made_to_take_long_are_read_all_the_same(load: Load, again: str) -> None:
    line = again * (4_000 // len(again))
    check(load("a.md", f"{line}\n\n{line}\n"))
