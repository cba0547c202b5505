from datetime import UTC, datetime

import pytest

from context.importers import ImportFailed, Record, Skipped
from context.importers.entries import LARGEST_ENTRY
from tests.context.importers.conftest import Load, Texts, uids
from tests.context.importers.samples import CARDS


def card(*lines: str, version: str = "3.0") -> str:
    return "\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


def test_contacts_of_every_version_in_sentences(texts: Texts) -> None:
    assert texts("people.vcf", CARDS) == [
        "Anna Smith: phone +44 20 7946 0000 (mobile), email anna@example.org (home), birthday"
        " 4 May 1990.",
        "Dr. Chidi Okafor: known as Chi, Dentist at Riverside Surgery, Dental, phone"
        " 020 7946 0333 (reception), address 5 High Street, Fernbridge, FB1 2CD, United Kingdom"
        " (work), spouse Ada Okafor, note: Parks in the yard, behind the surgery. Closed on"
        " Fridays.",
        "Jürgen Müller: phone +49 30 5550100 (mobile), phone +49 30 5550101 (work fax), address"
        " Hauptstraße 1, Berlin, 10115, Deutschland (home), birthday 31 December 1970.",
        "Ola Nord: phone +47-22-55-00-00 (work), birthday 3 February, child Liv Nord.",
    ]


def test_when_a_contact_was_revised(load: Load) -> None:
    first, second, *_ = load("people.vcf", CARDS)
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert first.captured_at == datetime(2025, 11, 2, 10, 0, tzinfo=UTC)
    assert second.captured_at is None


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["FN:", "ORG:Acme", "TEL:1"], "Acme: phone 1."),
        (["FN:Bo", "TITLE:Baker"], "Bo: Baker."),
        (["FN:Bo", "ORG:Acme"], "Bo: works at Acme."),
        (["FN:Bo", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-04"], "Bo: birthday 4 May."),
        (["FN:Bo", "BDAY:1990-05-04T23:30:00-11:00"], "Bo: birthday 4 May 1990."),
        (["FN:Bo", "BDAY:--0004"], "Bo: birthday --0004."),
        (["FN:Bo", "BDAY:about 1950"], "Bo: birthday about 1950."),
        (["FN:Bo", "EMAIL:mailto:bo@example.org"], "Bo: email bo@example.org."),
        (["FN:Bo", "NOTE:ends oddly\\"], "Bo: note: ends oddly."),
        (["FN:Bo", "NOTE:fol", " ded", "\t line"], "Bo: note: folded line."),
        (["FN:Bo\\nTEL:666", "TEL:1"], "Bo TEL:666: phone 1."),
        (["FN:B\u202eo\0\x07\ud83d", "TEL:1\u2028\u200b2"], "Bo: phone 1 2."),
    ],
)
def test_fields(texts: Texts, lines: list[str], text: str) -> None:
    assert texts("a.vcf", card(*lines).encode(errors="surrogatepass")) == [text]


def test_cards_that_are_not_utf8_are_western_european(texts: Texts) -> None:
    data = card("FN:Zoë", "TEL:1").encode() + card("FN:Zoë", "TEL:2").encode("latin-1")
    assert texts("a.vcf", data) == ["Zoë: phone 1.", "Zoë: phone 2."]
    assert texts("b.vcf", card("FN:Zoë", "TEL:1").encode("utf-16")) == ["Zoë: phone 1."]


def test_a_broken_card_spoils_no_other(load: Load) -> None:
    good = card("FN:Bo", "TEL:1")
    unended = good.removesuffix("END:VCARD\n")
    odd = card("FN;ENCODING=QUOTED-PRINTABLE;CHARSET=no-such:Z=EB")
    file = unended + card("VERSION:3.0") + odd + card("FN:Nobody") + good + unended
    assert load("a.vcf", file)[:4] == [
        Skipped("entry 1, line 1", "It never ends."),
        Skipped("entry 2, line 5", "It says nothing beyond a name."),
        Skipped("entry 3, line 9", "It is not a well-formed contact."),
        Skipped("entry 4, line 13", "It says nothing beyond a name."),
    ]
    assert [type(item) for item in load("a.vcf", file)[4:]] == [Record, Skipped]


def test_a_photo_of_any_size_is_passed_over(texts: Texts) -> None:
    photo = "PHOTO;ENCODING=b:" + "A" * 3 * LARGEST_ENTRY
    assert texts("a.vcf", card("FN:Bo", photo, "TEL:1")) == ["Bo: phone 1."]


def test_a_card_too_long_is_skipped(load: Load) -> None:
    found = load("a.vcf", card("FN:Bo", f"NOTE:{'x' * LARGEST_ENTRY}") + card("FN:Cy", "TEL:1"))
    assert found[0] == Skipped("entry 1, line 1", "It is longer than 128000 characters.")
    assert isinstance(found[1], Record)


@pytest.mark.parametrize("again", [",a", "=a"])
def test_parameters_that_would_be_matched_for_ever_are_passed_over(
    texts: Texts, again: str
) -> None:
    assert texts("a.vcf", card("FN:Bo", f'TEL;A={again * 60}"', "TEL:1")) == ["Bo: phone 1."]


def test_a_calendar_inside_a_card_is_not_read(texts: Texts) -> None:
    inside = "BEGIN:VEVENT\nDTSTART:20260101T000000Z\nFN:Eve\nEND:VEVENT"
    assert texts("a.vcf", card("FN:Bo", inside, "TEL:1")) == ["Bo: phone 1."]


def test_importing_again_and_after_a_change(load: Load) -> None:
    before = uids(load("people.vcf", CARDS))
    after = uids(load("people.vcf", CARDS.replace("7946 0000", "7946 0009")))
    assert list(before) == list(after)
    assert [uid for uid in before if before[uid] != after[uid]] == [next(iter(before))]


def test_two_people_of_one_name_are_both_kept(load: Load) -> None:
    bo, other = card("FN:Bo", "TEL:1"), card("FN:Bo", "TEL:2")
    found = load("a.vcf", bo + other + bo)
    assert list(uids(found).values()) == ["Bo: phone 1.", "Bo: phone 2."]
    assert found[2] == Skipped("entry 3", "It is the same as an earlier entry.")
    assert uids(load("a.vcf", bo + other)) == uids(found)


@pytest.mark.parametrize("content", ["hello", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", b"\xff\xd8\0"])
def test_what_holds_no_contact_is_refused(load: Load, content: str | bytes) -> None:
    with pytest.raises(ImportFailed, match=r"^a\.vcf can't be imported: there is no contact"):
        load("a.vcf", content)


def test_an_empty_file_holds_none(load: Load) -> None:
    assert load("a.vcf", "") == []
