import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.importers import ImportFailed, Record, Skipped
from context.importers.mbox import own_words
from tests.context.importers.conftest import Load, Texts, read_all, uids
from tests.context.importers.samples import MAIL

START = "From - Tue Mar  3 09:00:00 2026\n"


def mail(body: str, *headers: str) -> str:
    given = "\n".join(("From: Bo <bo@example.org>", "Subject: Tea", *headers))
    return f"{START}{given}\n\n{body}\n"


def test_messages_in_sentences(load: Load) -> None:
    found = load("letters.mbox", MAIL)
    assert [item.text for item in found if isinstance(item, Record)] == [
        "From Anna Smith to Tom, 3 March 2026, subject Café on Friday: See you at the café at"
        " noon. From there we can walk.",
        "From tom@example.org to Anna Smith, Ada, Bo and 2 others, 3 March 2026, subject Re: Lunch:"
        " Table for two, at one & not later",
    ]
    assert found[2] == Skipped("entry 3", "It was deleted in the mail program.")
    first, second = (item for item in found if isinstance(item, Record))
    assert first.captured_at == datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    assert second.captured_at == datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
    assert (first.speaker, second.speaker) == ("Anna Smith", "tom@example.org")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (mail("Hello."), "From Bo, subject Tea: Hello."),
        (mail(""), "From Bo, subject Tea."),
        (mail("Hi", "To: Al <a@b.c>, Cy <c@b.c>"), "From Bo to Al and Cy, subject Tea: Hi"),
        (mail("Hi", "Date: nonsense"), "From Bo, subject Tea: Hi"),
        (mail("Hi", "Content-Type: text/plain; charset=no-such"), "From Bo, subject Tea: Hi"),
        (mail("aGk=", "Content-Transfer-Encoding: base64"), "From Bo, subject Tea: hi"),
        (mail("=C3=A9", "Content-Transfer-Encoding: quoted-printable",
              "Content-Type: text/plain; charset=utf-8"), "From Bo, subject Tea: é"),
        (mail("%PDF", "Content-Type: application/pdf"), "From Bo, subject Tea."),
        (mail("Hi\nFrom x\n\nFrom then on"), "From Bo, subject Tea: Hi From x From then on"),
        (f"{START}Subject: only\n\nx\n", "From someone, subject only: x"),
        (f"\n\n{mail('Hi')}".replace("\n", "\r\n"), "From Bo, subject Tea: Hi"),
    ],
)  # fmt: skip
def test_one_message(texts: Texts, file: str, text: str) -> None:
    assert texts("a.mbox", file) == [text]


def test_attachments_are_left_alone(texts: Texts) -> None:
    body = (
        "--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment\n\nsecret\n"
        '--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename="a.txt"\n\nno\n'
        "--b\nContent-Type: text/html\n\n<p>yes</p>\n--b--\n"
    )
    file = mail(body, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b")
    assert texts("a.mbox", file) == ["From Bo, subject Tea: yes"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("yes\n\n> no\n", "yes"),
        ("> no\n\nyes\n> no\nand yes", "\nyes\nand yes"),
        ("yes\n-- \nBo\n07700 900000", "yes"),
        ("yes\n-- not a signature", "yes\n-- not a signature"),
        ("yes\n\nOn 3 March 2026, Anna wrote:\n> no", "yes"),
        ("yes\nOn Tue, 3 Mar 2026 at 09:00 Anna\n<anna@example.org> wrote:\n\n> no\n", "yes"),
        ("yes\n-----Original Message-----\nFrom: x\nno", "yes"),
        ("yes\n" + "_" * 32 + "\nFrom: Anna\nSent: today\nno", "yes"),
        ("part\n" + "_" * 32 + "\npart", "part\n" + "_" * 32 + "\npart"),
        ("yes\n\nSent from my iPhone\n\nOn 3 March Anna wrote:", "yes"),
        ("On Monday she wrote: come\nand I came", "On Monday she wrote: come\nand I came"),
    ],
)
def test_own_words(text: str, kept: str) -> None:
    assert own_words(text) == kept


@given(st.text(), st.text())
def test_what_is_quoted_is_never_kept(before: str, after: str) -> None:
    assert "QUOTED" not in own_words(f"{before}\n> QUOTED\n{after}")


def test_a_long_body_is_cut_between_words(texts: Texts) -> None:
    (text,) = texts("a.mbox", mail("word " * 5_000))
    body = text.removeprefix("From Bo, subject Tea: ")
    assert 3_990 < len(body) <= 4_000
    assert body.endswith("word…")


def test_importing_again_and_after_more_mail_came(load: Load) -> None:
    before = uids(load("letters.mbox", MAIL))
    after = uids(load("letters.mbox", MAIL + "\n" + mail("New.")))
    assert list(after)[:2] == list(before)
    assert len(after) == 3


def test_a_message_without_an_id_is_known_by_its_content(load: Load) -> None:
    hi, ho = (mail(body, "Date: Tue, 3 Mar 2026 09:00:00 +0000") for body in ("Hi", "Ho"))
    found = load("a.mbox", hi + ho + hi)
    assert len(uids(found)) == 2
    assert list(uids(load("b.mbox", hi + ho, ZoneInfo("Asia/Tokyo")))) == list(uids(found))
    assert found[2] == Skipped("entry 3", "It is the same as an earlier entry.")


@pytest.mark.parametrize("deep", [99, 2_000])
def test_messages_nested_deep(load: Load, deep: int) -> None:
    headers = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(deep)
    )
    found = load("a.mbox", f"{START}From: a@b.c\n{headers}\nHello\n\n{mail('after')}")
    assert len(found) == 2
    assert isinstance(found[1], Record)
    if deep > 100:
        assert found[0] == Skipped("entry 1", "It is nested too deep.")


def test_a_message_of_nothing_is_skipped(load: Load) -> None:
    assert load("a.mbox", f"{START}nonsense\n") == [
        Skipped("entry 1", "It has neither a sender nor a subject.")
    ]


@pytest.mark.parametrize("content", ["hello\n", b"\0\1", "From: Bo <bo@example.org>\n\nhi\n"])
def test_what_is_no_mbox_is_refused(load: Load, content: str | bytes) -> None:
    with pytest.raises(ImportFailed, match=r"^a\.mbox can't be imported: it is not an mbox"):
        load("a.mbox", content)


def test_a_large_mailbox_is_never_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    with path.open("w") as file:
        file.write(mail("A photograph."))
        file.write("A" * 20_000_000)  # one line
        for _ in range(10):
            file.write("\n\n" + mail("Another.\n" + "A" * 76 + "\n" * 2))
            file.write(("B" * 75 + "\n") * 10_000)
    tracemalloc.start()
    try:
        found = read_all(path)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 11
    assert peak_bytes < 15_000_000
