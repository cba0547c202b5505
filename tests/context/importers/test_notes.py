import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.importers import ImportFailed, Kind, Record, Skipped, read
from context.importers.notes import LONGEST, MOST_BYTES
from tests.context.importers.conftest import Load, Texts, read_all, uids
from tests.context.importers.samples import NOTE, TEXT


def test_a_markdown_note_becomes_speakable_records_under_its_headings(texts: Texts) -> None:
    steps = "House, Moving in: "
    assert texts("house.md", NOTE) == [
        "House: The boiler is serviced by Brightwell Heating every October.",
        "House, Wi-Fi: Network: Kestrel; Password: three-otters-dancing",
        "House, Shopping: For the weekend we need: flour; yeast; done: salt",
        f"{steps}Read the gas and electricity meters before the keys are handed over, and take a"
        " photograph.",
        f"{steps}Ask Mr Okafor at number 12 for the spare key of the bicycle shed, which sticks a"
        " little.",
        f"{steps}Who: Plumber; Phone: 020 7946 0111",
        f"{steps}Who: Electrician; Phone: 020 7946 0222",
    ]


def test_a_plain_text_stands_under_its_name(texts: Texts) -> None:
    assert texts("Skye 2026.txt", TEXT) == [
        "Skye 2026: Packing for Skye",
        "Skye 2026: waterproof jacket; head torch; midge spray",
        "Skye 2026: The ferry from Mallaig takes half an hour and has to be booked well ahead in"
        " August, since it is small and everyone wants it.",
    ]


def test_a_plain_text_keeps_its_signs(texts: Texts) -> None:
    assert texts("sums.txt", "# 2*3*4 = [24] <b>\n\n- a_b_c\n") == [
        "sums: # 2*3*4 = [24] <b>",
        "sums: a_b_c",
    ]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a *b* **c** `d` ~~e~~", "a b c d ~~e~~"),
        ("[the map](https://example.org/x) ![a cat](cat.png)", "the map a cat"),
        ("see [here][1]\n\n[1]: https://example.org", "see here"),
        ("a<br>b <script>x</script>", "ab x"),
        ("&eacute;t&eacute; \\*", "été *"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("<div>in <b>HTML</b></div>", "in HTML"),
        ("> quoted", "quoted"),
        ("- [ ] call Bob\n- [x] pay", "to do: call Bob; done: pay"),
        ("- tent:\n  - pegs\n  - mallet", "tent: pegs; mallet"),
        ("- > deep\n- | a | b |\n  |---|---|\n  | 1 | 2 |", "deep; a: 1; b: 2"),
        ("- # not a heading", "not a heading"),
    ],
)
def test_marks_are_not_spoken(texts: Texts, markdown: str, text: str) -> None:
    assert texts("n.md", markdown) == [f"n: {text}"]


def test_headings_nest_and_end(texts: Texts) -> None:
    note = "# A\n\n### B\n\none\n\n## C\n\ntwo\n\nD\n=\n\nthree\n"
    assert texts("n.md", note) == ["A, B: one", "A, C: two", "D: three"]


def test_a_long_paragraph_is_split_between_sentences(load: Load) -> None:
    sentence = "The rain it raineth every day, and so to bed. "
    found = load("Diary.txt", sentence * 200)
    words = [item.text.removeprefix("Diary: ") for item in found if isinstance(item, Record)]
    assert len(words) == 5
    assert all(part.endswith("bed.") for part in words)
    assert " ".join(words) == (sentence * 200).strip()
    assert len(uids(found)) == 5


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("utf-16-be", "\ufeff"), ("cp1252", "")],
)
def test_encodings(load: Load, encoding: str, mark: str) -> None:
    (record,) = load("café.txt", (mark + "crème brûlée – 5 €").encode(encoding))
    assert isinstance(record, Record)
    assert record.text == "café: crème brûlée – 5 €"


def test_reading_a_note_again_changes_nothing(load: Load) -> None:
    assert uids(load("house.md", NOTE)) == uids(load("house.md", NOTE))


def test_a_changed_paragraph_keeps_its_uid_and_no_other_changes(load: Load) -> None:
    before = uids(load("house.md", NOTE))
    edited = (
        NOTE.replace("Brightwell Heating every October", "Amberley & Sons every September")
        .replace("- yeast\n", "- yeast\n- sugar\n")
        .replace("020 7946 0222", "020 7946 0999")
        .replace("## Wi-Fi", "The bins go out on Tuesday evening.\n\n## Wi-Fi")
    )
    after = uids(load("house.md", edited))
    assert set(before) < set(after)
    changed = {after[uid] for uid in before if after[uid] != before[uid]}
    assert changed == {
        "House: The boiler is serviced by Amberley & Sons every September.",
        "House, Shopping: For the weekend we need: flour; yeast; sugar; done: salt",
        "House, Moving in: Who: Electrician; Phone: 020 7946 0999",
    }
    (new,) = set(after) - set(before)
    assert after[new] == "House: The bins go out on Tuesday evening."


def test_ticking_off_a_task_keeps_its_uid(load: Load) -> None:
    note = f"- [ ] write to Ada {'about the hedge ' * 5}\n- [ ] ring Bo {'about the fence ' * 5}\n"
    before, after = (
        uids(load("n.md", note)),
        uids(load("n.md", note.replace("[ ] ring", "[x] ring"))),
    )
    assert list(before) == list(after)
    assert list(before.values()) != list(after.values())


def test_paragraphs_that_begin_alike_are_told_apart(load: Load) -> None:
    found = uids(load("n.txt", "To do: one\n\nTo do: two\n\nTo do: two\n"))
    assert list(found.values()) == ["n: To do: one", "n: To do: two", "n: To do: two"]


def test_the_time_of_a_note_is_when_its_file_was_written(tmp_path: Path) -> None:
    note = tmp_path / "n.txt"
    note.write_text("x")
    os.utime(note, (1_700_000_000, 1_700_000_000))
    (record,) = read_all(note)
    assert isinstance(record, Record)
    assert record.captured_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert record.valid_from is record.valid_until is record.speaker is None


def test_a_folder_gives_every_note_in_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("private")
    folder = tmp_path / "notes"
    for name in ("b.md", "a.TXT", "sub/c.markdown", ".hidden.md", ".git/d.md", "e.docx"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "f.txt").write_bytes(b"\0\1\2")
    (folder / "link.txt").symlink_to(outside)
    (folder / "round").symlink_to(folder)
    (folder / "inside.txt").symlink_to(folder / "b.md")
    (folder / "gone.txt").symlink_to(folder / "nothing")
    os.mkfifo(folder / "pipe.txt")
    found = read_all(folder)
    assert [item.text for item in found if isinstance(item, Record)] == [
        "a: a.TXT",
        "b: b.md",
        "inside: b.md",
        "c: sub/c.markdown",
    ]
    assert [item for item in found if isinstance(item, Skipped)] == [
        Skipped("f.txt", "It can't be imported: it is not text."),
        Skipped("gone.txt", "It can't be imported: there is no such file."),
        Skipped("link.txt", "It is a link out of the folder."),
        Skipped("pipe.txt", "It can't be imported: it is not a file with content."),
    ]
    files = [item.file for item in found if isinstance(item, Record)]
    assert files == ["a.TXT", "b.md", "inside.txt", "sub/c.markdown"]


def test_the_file_of_an_entry_is_named_so_that_no_terminal_is_steered(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "red\x1b[31m\u202e.txt").write_text("one")
    (folder / os.fsdecode(b"b\xff.txt")).write_bytes(b"\0")
    files = [item.file if isinstance(item, Record) else item.where for item in read_all(folder)]
    assert files == ["b.txt", "red[31m.txt"]
    (single,) = read_all(folder / "red\x1b[31m\u202e.txt")
    assert isinstance(single, Record)
    assert single.file is None


@pytest.mark.parametrize("notes", [1, 2])
def test_progress_is_told_within_a_note(tmp_path: Path, notes: int) -> None:
    for number in range(notes):
        (tmp_path / f"{number}.txt").write_text("\n\n".join(f"note {n}" for n in range(50)))
    told: list[tuple[int, int]] = []
    path = tmp_path if notes > 1 else tmp_path / "0.txt"
    reading = read(path, Kind.NOTES, zone=UTC, progress=lambda *at: told.append(at))
    assert len([next(reading) for _ in range(30)]) == 30
    assert 25 < len(told) < 35
    done, total = told[-1]
    assert 0 < done < total
    assert len(list(reading)) == 50 * notes - 30
    assert told == sorted(told)
    assert told[-1] == (total, total)


def test_where_a_folder_is_does_not_matter(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "n.md").write_text(NOTE)
    assert uids(read_all(tmp_path / "one")) == uids(read_all(tmp_path / "two"))


def test_a_folder_without_notes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="there is no note in it"):
        read_all(tmp_path)


def test_a_note_too_large_is_refused(load: Load) -> None:
    with pytest.raises(ImportFailed, match="bigger than 2 MB"):
        load("n.txt", b"x" * (MOST_BYTES + 1))


def test_what_is_not_text_is_refused(load: Load) -> None:
    with pytest.raises(ImportFailed, match="it is not text"):
        load("n.txt", b"secret\0\1")


@given(st.lists(st.text("ab.! \n", max_size=40), max_size=30))
def test_no_text_is_lost_or_longer_than_the_most(paragraphs: list[str]) -> None:
    from context.importers.note_blocks import text_blocks
    from context.importers.notes import records

    text = "\n\n".join(paragraphs)
    found = list(records(text_blocks(text), "n.txt", None))
    assert all(len(record.text) <= LONGEST for record in found)
    said = "".join(record.text.removeprefix("n: ") for record in found)
    kept = str.maketrans("", "", " \n;")
    assert said.translate(kept) == text.translate(kept)
