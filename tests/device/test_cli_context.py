"""`lapel context` as its owner meets it: every command, its failures, a kill at any moment."""

import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from context import Audience, Authentication, Principal, Purpose, Request, Sink
from context.errors import LapelError
from device.assemble import assemble_store
from device.cli import cli
from device.cli.context import ask, vault
from device.settings import load_settings, state_dir

KEY = "The spare key is under the blue flower pot"
BINS = "The bins go out on Tuesday"
HEALTH = "I have diabetes"


class Done(NamedTuple):
    """What a command did. lines: of its output."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]


Run = Callable[..., Done]


@pytest.fixture(autouse=True)
def nobody_asks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words alone, and nobody at a terminal, whatever terminal the tests are run from."""
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('[memory]\nembedder = "none"\n', encoding="utf-8")
    for module in (ask, vault):
        monkeypatch.setattr(module, "can_ask", lambda: False)


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at a terminal, who types what a command's `typed` says."""
    for module in (ask, vault):
        monkeypatch.setattr(module, "can_ask", lambda: True)


@pytest.fixture
def run() -> Run:
    def call(*arguments: str | Path, typed: str | bytes = "") -> Done:
        words = ["context", *map(str, arguments)]
        result = CliRunner().invoke(cli, words, input=typed)
        code, err = result.exit_code, result.stderr
        if isinstance(result.exception, LapelError):
            code, err = 1, f"{err}lapel: {result.exception}\n"
        elif result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(code, result.stdout, err)

    return call


@pytest.fixture
def ok(run: Run) -> Run:
    def call(*arguments: str | Path, typed: str | bytes = "") -> Done:
        done = run(*arguments, typed=typed)
        assert done.code == 0, done.err
        return done

    return call


def refused(done: Done, words: str) -> None:
    """It failed with one sentence for a person."""
    assert done.code == 1, done.out
    last = done.err.splitlines()[-1]
    assert last.startswith("lapel: ")
    assert words in last


def added(ok: Run, *arguments: str, **typed: str) -> str:
    """The id of what `add` added."""
    return ok("add", *arguments, **typed).out.strip()


def texts(ok: Run, *arguments: str) -> list[str]:
    return [line[3] for line in ok("list", *arguments).lines]


@pytest.fixture
def pin(tmp_path: Path) -> Path:
    path = tmp_path / "pin"
    path.write_text("2580\n", encoding="utf-8")
    return path


# list, show, add


def test_what_no_longer_is_true_looks_so_where_it_is_piped(ok: Run) -> None:
    old, new = added(ok, "The car is on level 2", "--keep"), added(ok, "The car is on level 3")
    ok("supersede", old)
    holds = {line[0]: line[4] for line in ok("list").lines}
    assert holds[new] == ""
    assert holds[old].startswith("kept; true until 20")


def test_a_pin_that_is_not_set_is_said_to_be(ok: Run, pin: Path) -> None:
    assert "No PIN is set" in ok("list", "--unlock").err
    assert "No PIN is set" in ok("list", "--pin-file", pin).err
    assert "No PIN is set" not in ok("list").err
    ok("lock", "set-pin", "--new-pin-file", pin)
    assert "No PIN is set" not in ok("list", "--pin-file", pin).err


def test_what_is_not_there_is_not_imported(run: Run) -> None:
    refused(run("import", "/nonexistent"), "/nonexistent: there is no such file")


def test_nothing_is_there_at_first(ok: Run) -> None:
    done = ok("list")
    assert done.out == ""
    assert "(Nothing.)" in done.err
    stats = ok("stats")
    assert stats.lines == []
    assert stats.err == "Nothing is remembered yet.\n"
    assert ok("list", "--json").out == ""


def test_what_is_added_is_listed_and_shown(ok: Run) -> None:
    made = added(ok, KEY)
    (line,) = ok("list").lines
    assert line[0] == made
    assert line[2:] == ["owner/general", KEY, ""]
    shown = dict(ok("show", made[:6]).lines)
    assert shown["id"] == made
    assert shown["text"] == KEY
    assert shown["provenance"] == "typed by you (trust: owner)"
    assert shown["answers"] == "you, alone"
    assert shown["opened"] == "owner/general: The owner asks, known by more than a voice."
    assert shown["kept"] == "until it is forgotten"
    fields = json.loads(ok("show", made, "--json").out)
    assert fields["compartments"] == ["owner/general"]
    assert fields["heard_by"] == ["you, alone"]
    assert json.loads(ok("list", "--json").out)["id"] == made


def test_text_is_taken_from_standard_input(run: Run, ok: Run) -> None:
    added(ok, "-", typed="two lines\nof it\n")
    assert texts(ok) == ["two lines\\nof it"]
    assert json.loads(ok("list", "--json").out)["text"] == "two lines\nof it"
    refused(run("add", "-", typed=b"caf\xe9"), "UTF-8")
    refused(run("add", "-", typed=b"a" * 1_000_003), "too long")
    refused(run("add", "  "), "empty")
    assert len(texts(ok)) == 1


def test_what_steers_a_terminal_is_written_out(ok: Run) -> None:
    made = added(ok, "red \x1b[31m and \u202eback\u202c\tand tab")
    assert texts(ok) == ["red \\u001b[31m and \\u202eback\\u202c\\tand tab"]
    for done in (ok("list", "--json"), ok("show", made), ok("show", made, "--json")):
        assert "\x1b" not in done.out
        assert "\u202e" not in done.out


def test_what_sounds_private_is_put_apart(ok: Run) -> None:
    done = ok("add", HEALTH)
    assert "owner/general/restricted (it sounds private)" in done.err
    shown = dict(ok("show", done.out.strip()).lines)
    assert shown["place"] == "owner/general/restricted"
    assert shown["answers"] == "you, alone, by button, PIN or phone"


def test_a_list_is_narrowed(run: Run, ok: Run) -> None:
    added(ok, KEY)
    added(ok, BINS, "--into", "household/general")
    assert texts(ok) == [BINS, KEY]
    assert texts(ok, "--in", "owner/general") == [KEY]
    assert texts(ok, "--in", "owner/general", "--in", "household/general") == [BINS, KEY]
    assert texts(ok, "--about", "when do the bins go out") == [BINS]
    assert texts(ok, "--about", "bins", "--in", "owner/general") == []
    assert texts(ok, "--limit", "1") == [BINS]
    assert "more than these 1" in ok("list", "--limit", "1").err
    assert texts(ok, "--since", "1h") == [BINS, KEY]
    assert texts(ok, "--since", "2100-01-01") == []
    assert texts(ok, "--about", "bins", "--since", "2100-01-01") == []
    assert 0 < json.loads(ok("list", "--about", "bins", "--json").out)["score"] <= 1
    refused(run("list", "--since", "soon"), "not a time")
    refused(run("list", "--in", "owner"), "not a compartment")
    refused(run("list", "--in", "owner/helth"), "no compartment owner/helth")


def test_an_id_must_say_which(run: Run, ok: Run) -> None:
    ids = [added(ok, f"number {number}") for number in range(20)]
    shared = next(each[0] for each in ids if sum(other[0] == each[0] for other in ids) > 1)
    refused(run("show", shared), "give more of it")
    refused(run("show", "zzzz"), "begins with 'zzzz'")
    refused(run("show", ""), "begins with ''")
    refused(run("show", "été"), "no memory")
    assert dict(ok("show", ids[3][:12]).lines)["text"] == "number 3"


def test_a_long_list_goes_through_several_pages(
    ok: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("\n\n".join(f"note {number}" for number in range(25)), encoding="utf-8")
    ok("import", notes)
    monkeypatch.setattr(vault, "_PAGE", 10)
    listed = texts(ok, "--limit", "30")
    assert len(set(listed)) == len(listed) == 25
    assert len(texts(ok, "--limit", "20")) == 20


def test_what_may_contradict_is_pointed_at(ok: Run) -> None:
    old = added(ok, "My gate is green")
    done = ok("add", "My gate is blue")
    assert f"It may contradict {old[:8]}: My gate is green" in done.err
    ok("supersede", old)
    assert texts(ok, "--about", "gate") == ["My gate is blue"]
    assert set(texts(ok)) == {"My gate is blue", "My gate is green"}
    assert "contradict" not in ok("add", "My gate is blue").err
    assert dict(ok("show", old).lines)["true until"]
    ok("add", "My gate is green")
    assert len(texts(ok, "--about", "gate")) == 2


def test_what_is_true_for_a_while_ends(run: Run, ok: Run) -> None:
    made = added(ok, "The car is on level 3", "--valid-until", "3d")
    assert dict(ok("show", made).lines)["true until"]
    refused(run("add", "The car is away", "--valid-until", "2020-01-01"), "time is over")
    refused(run("add", KEY, "--into", "ambient/2026-11-23"), "goes with its day")
    assert texts(ok) == ["The car is on level 3"]


def test_a_day_is_until_its_end_where_the_owner_is(
    ok: Run, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        made = added(ok, "The car is on level 3", "--valid-until", "tomorrow")
        until = dict(ok("show", made).lines)["true until"]
        now = datetime.now(ZoneInfo("Pacific/Auckland"))
        assert until[:19] == f"{now.date() + timedelta(days=2)}T00:00:00"
    finally:
        monkeypatch.undo()
        time.tzset()
    refused(run("add", "x", "--valid-until", "soon"), "as today or tomorrow")
    said = " ".join(ok("add", "--help").out.split())
    assert "a day (today, tomorrow, 2026-12-24) to its end" in said


# move, keep


def test_moving_to_where_more_hear_it_is_asked_about(run: Run, ok: Run) -> None:
    made = added(ok, KEY)
    for answer in ("n\n", ""):
        done = run("move", made, "household/general", typed=answer)
        refused(done, "Nothing was changed")
        assert KEY in done.err
    assert dict(ok("show", made).lines)["place"] == "owner/general"
    ok("move", made, "household/general", typed="y\n")
    shown = dict(ok("show", made).lines)
    assert shown["place"] == "household/general"
    assert shown["answers"] == "you, alone; you, in company; a member of the household"
    ok("move", made, "owner/new-place/restricted")  # fewer hear it, so that it is not asked
    assert texts(ok, "--in", "owner/new-place/restricted") == [KEY]
    ok("move", made, "owner/general", "--yes")
    refused(run("move", made, "owner/general"), "already")
    refused(run("move", made, "ambient/2026-11-23"), "goes with its day")
    refused(run("move", made, "nowhere"), "not a compartment")
    assert texts(ok) == [KEY]


def test_what_is_kept_is_kept(run: Run, ok: Run) -> None:
    made = added(ok, "We had dinner", "--into", "owner/episodic")
    assert dict(ok("show", made).lines)["kept"].startswith("until 2")
    ok("keep", made[:10])
    assert dict(ok("show", made).lines)["kept"] == "for ever"
    ok("add", "We had dinner", "--into", "owner/episodic")  # said again, it is kept still
    assert dict(ok("show", made).lines)["kept"] == "for ever"
    ok("keep", made, "--no-longer")
    assert dict(ok("show", made).lines)["kept"].startswith("until 2")
    other = added(ok, "We had lunch", "--into", "owner/episodic", "--keep")
    assert dict(ok("show", other).lines)["kept"] == "for ever"
    refused(run("keep", made, "zzzz"), "no memory")


# forget, undo, reap, panic


def test_what_is_forgotten_can_be_brought_back_for_a_while(run: Run, ok: Run) -> None:
    made = added(ok, KEY)
    added(ok, BINS)
    done = run("forget", made, typed="n\n")
    refused(done, "Nothing was changed")
    assert KEY in done.err
    assert "Forget 1 memory?" in done.err
    refused(run("forget", made), "give --yes")
    done = ok("forget", made, typed="y\n")
    assert "1 memory forgotten" in done.out
    assert "For 60 seconds" in done.err
    assert texts(ok) == [BINS]
    assert [line[3] for line in ok("stats").lines] == ["1"]
    assert "1 memory brought back" in ok("undo").out
    assert set(texts(ok)) == {BINS, KEY}
    refused(run("undo"), "nothing to bring back")


def test_once_its_time_is_over_it_is_gone(run: Run, ok: Run) -> None:
    added(ok, KEY)
    ok("forget", "--all", "--yes", "--set", "memory.undo_s=0.001")
    refused(run("undo"), "nothing to bring back")
    assert ok("reap").out == "1 memory erased.\n"
    assert "was last erased at 2" in ok("stats").err


def test_erasing_at_once_has_no_undo(run: Run, ok: Run) -> None:
    made = added(ok, KEY)
    done = run("forget", made, "--now", typed="n\n")
    assert "There is no undo" in done.err
    assert ok("forget", made, "--now", "--yes").out == "1 memory erased.\n"
    refused(run("undo"), "nothing to bring back")


def test_what_to_forget_is_chosen_in_many_ways(run: Run, ok: Run) -> None:
    def begin() -> None:
        run("forget", "--all", "--yes", "--now")
        added(ok, "Anna likes tea")
        added(ok, "Anna's door is blue", "--into", "household/general")
        added(ok, "She is on holiday", "--into", "person:anna/general")
        added(ok, "Bananas are yellow")

    begin()
    ok("forget", "--about", "anna", "--yes")
    assert texts(ok) == ["Bananas are yellow"]
    begin()
    ok("forget", "--about", "anna", "--in", "household/general", "--yes")
    assert len(texts(ok)) == 3
    begin()
    ok("forget", "--in", "person:anna/general", "--yes")
    assert len(texts(ok)) == 3
    ok("forget", "--last", "10m", "--yes")
    assert texts(ok) == []
    begin()
    ids = [line[0] for line in ok("list").lines]
    assert ok("forget", *ids[:2], ids[0][:12], "--yes").out == "2 memories forgotten.\n"
    done = ok("forget", "--about", "zebra", "--yes")
    assert "nothing was forgotten" in done.err
    for wrong in ((), ("--all", "--about", "x"), (ids[3], "--all"), ("--all", "--in", "owner/x")):
        refused(run("forget", *wrong), "Say what to forget")
    refused(run("forget", "--about", "the"), "no word")
    refused(run("forget", "--last", "soon"), "not a time")
    refused(run("forget", ids[2], "zzzz", "--yes"), "no memory")
    assert len(texts(ok)) == 2


def test_what_was_imported_lately_counts_as_lately(ok: Run, tmp_path: Path) -> None:
    mail = tmp_path / "old.mbox"
    mail.write_bytes(MBOX)
    ok("import", mail)
    added(ok, KEY)
    ok("forget", "--last", "10m", "--yes", "--now")
    assert texts(ok) == []


def test_a_long_preview_is_cut(ok: Run, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("\n\n".join(f"note {number}" for number in range(25)), encoding="utf-8")
    ok("import", notes)
    done = ok("forget", "--all", "--yes")
    assert "… and 5 more." in done.err
    assert "25 memories forgotten" in done.out


def test_panic_leaves_nothing(run: Run, ok: Run) -> None:
    refused(run("panic", "--yes"), "nothing to destroy")
    added(ok, KEY)
    for typed in ("", "yes\n"):
        refused(run("panic", typed=typed), "Nothing was changed")
    assert texts(ok) == [KEY]
    ok("panic", typed="Erase\n")
    folder = state_dir() / "memory"
    assert [path for path in folder.iterdir() if path.suffix in (".db", ".json", ".key")] == []
    assert texts(ok) == []
    added(ok, KEY)
    ok("panic", "--yes")
    assert texts(ok) == []


def test_panic_works_where_the_vault_cannot_be_opened(run: Run, ok: Run) -> None:
    added(ok, KEY)
    (state_dir() / "memory" / "keyring.json").write_text("nonsense", encoding="utf-8")
    assert run("list").code == 1
    ok("panic", "--yes")
    assert texts(ok) == []


# export and import


NOTES = "# Trip\n\nWe fly to Rome on Friday.\n\n- passport\n- sunscreen\n"
VCARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Smith\r\nTEL:+49 30 1234\r\nEND:VCARD\r\n"
ICS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:e1\r\n"
    b"DTSTAMP:20261101T090000Z\r\nDTSTART:20991201T090000Z\r\nDTEND:20991201T100000Z\r\n"
    b"SUMMARY:Choir\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
MBOX = (
    b"From a@b Thu Nov 26 10:00:00 2020\nFrom: Anna <anna@b.c>\nTo: me@b.c\n"
    b"Subject: Dinner\nDate: Thu, 26 Nov 2020 10:00:00 +0000\nMessage-ID: <1@b>\n\n"
    b"Shall we have dinner on Sunday?\n"
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A file of each kind, and how many memories are in it."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "trip.md").write_text(NOTES, encoding="utf-8")
    (folder / "more.txt").write_text("Bees make honey.\n", encoding="utf-8")
    for name, content in (("c.vcf", VCARD), ("k.ics", ICS), ("m.mbox", MBOX)):
        (tmp_path / name).write_bytes(content)
    return {"notes": folder} | {n: tmp_path / n for n in ("c.vcf", "k.ics", "m.mbox")}


@pytest.mark.parametrize(
    ("name", "count"), [("notes", 3), ("c.vcf", 1), ("k.ics", 1), ("m.mbox", 1)]
)
def test_a_second_import_adds_nothing(
    ok: Run, files: dict[str, Path], name: str, count: int
) -> None:
    thing = "memory" if count == 1 else "memories"
    first = ok("import", files[name], "--into", "owner/brought")
    assert first.out == f"{name}: {count} {thing} new, 0 there already, 0 left out.\n"
    before = ok("list", "--json").out
    again = ok("import", files[name], "--into", "owner/brought")
    assert again.out == f"{name}: 0 memories new, {count} there already, 0 left out.\n"
    for one, other in zip(before.splitlines(), ok("list", "--json").out.splitlines(), strict=True):
        fields = [json.loads(each) for each in (one, other)]
        for each in fields:
            assert each["provenance"] == "imported"
            assert each["source"] == name
            assert each["compartments"] == ["owner/brought"]
            del each["captured_at"]  # for what says no time, it is that of the import
        assert fields[0] == fields[1]


def test_what_changed_takes_the_place_of_what_it_was(ok: Run, files: dict[str, Path]) -> None:
    calendar = files["k.ics"]
    ok("import", calendar)
    calendar.write_bytes(ICS.replace(b"20991201", b"20991208"))
    ok("import", calendar)
    (found,) = texts(ok, "--about", "choir")
    assert "8 December" in found
    assert len(texts(ok)) == 2
    calendar.write_bytes(ICS)
    ok("import", calendar)
    (found,) = texts(ok, "--about", "choir")
    assert "1 December" in found


def test_the_kind_can_be_said(run: Run, ok: Run, files: dict[str, Path], tmp_path: Path) -> None:
    other = tmp_path / "card.data"
    other.write_bytes(VCARD)
    refused(run("import", other), "doesn't say what it is")
    assert "1 memory new" in ok("import", other, "--kind", "vcard").out
    refused(run("import", tmp_path / "none.txt"), "no such file")
    refused(run("import", files["k.ics"], "--into", "ambient/2026-11-26"), "goes with its day")


def test_what_is_left_out_is_said_and_not_quoted(
    ok: Run, tmp_path: Path, pin: Path, files: dict[str, Path]
) -> None:
    cards = tmp_path / "cards.vcf"
    cards.write_bytes(VCARD + b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zed Unfinished\r\n")
    done = ok("import", cards)
    assert "1 memory new, 0 there already, 1 left out" in done.out
    assert "1 × " in done.err
    assert "Zed" not in done.err
    done = ok("import", files["m.mbox"], "--into", "owner/episodic")
    assert "0 memories new, 0 there already, 1 left out" in done.out
    assert "older than what lies in owner/episodic is kept" in done.err
    ok("lock", "set-pin", "--new-pin-file", pin)
    notes = tmp_path / "private.txt"
    notes.write_text(f"{HEALTH}.\n\nBees make honey.\n", encoding="utf-8")
    done = ok("import", notes, "--without-locked")
    assert "1 memory new, 0 there already, 1 left out" in done.out
    assert "1 memory new, 1 there already, 0 left out" in ok("import", notes, "--pin-file", pin).out


def test_what_is_left_out_of_a_folder_is_named_by_its_file(
    ok: Run, files: dict[str, Path], pin: Path
) -> None:
    notes = files["notes"]
    (notes / "below").mkdir()
    (notes / "below" / "health.md").write_text(f"{HEALTH}.\n", encoding="utf-8")
    (notes / "sound.txt").write_bytes(b"\0\1")
    (notes / "twice.txt").write_text("One.\n\nOne.\n", encoding="utf-8")
    ok("lock", "set-pin", "--new-pin-file", pin)
    done = ok("import", notes, "--without-locked")
    assert "2 left out" in done.out
    assert "1 × It can't be imported: it is not text. (sound.txt)" in done.err
    assert "(below/health.md)" in done.err
    assert "diabetes" not in done.err


def test_what_is_exported_comes_back_the_same(run: Run, ok: Run, tmp_path: Path, files) -> None:
    made = added(ok, KEY)
    added(ok, "line\nand\ttab \x1b \u202e 👨‍👩‍👧", "--into", "household/general")
    added(ok, HEALTH, "--keep")
    ok("import", files["k.ics"], "--into", "owner/calendar")
    ok("supersede", made)
    before = ok("list", "--json").out
    folder = tmp_path / "out"
    refused(run("export", folder), "Nothing was changed, as nobody said yes: give --yes.")
    assert not folder.exists()
    done = ok("export", folder, "--yes")
    assert "4 memories" in done.out
    assert "Neither is encrypted" in done.err
    assert KEY in (folder / "memories.md").read_text(encoding="utf-8")
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    refused(run("export", folder, "--yes"), "not overwritten")
    assert ok("import", folder).out == "items.jsonl: 0 memories new, 4 there already, 0 left out.\n"
    ok("panic", "--yes")
    done = ok("import", folder / "items.jsonl")
    assert done.out == "items.jsonl: 4 memories new, 0 there already, 0 left out.\n"
    assert ok("list", "--json").out == before
    refused(run("import", folder, "--into", "owner/x"), "leave --into out")
    other = tmp_path / "house"
    assert "1 memory written" in ok("export", other, "--in", "household/general").out
    refused(run("export", tmp_path / "pin-less", "--in", "owner/none"), "no compartment")
    broken = tmp_path / "other.jsonl"
    broken.write_text("{}\n", encoding="utf-8")
    refused(run("import", broken), "not an export")


def test_an_exports_bad_lines_are_named(ok: Run, tmp_path: Path) -> None:
    added(ok, KEY)
    ok("export", tmp_path / "out")
    path = tmp_path / "out" / "items.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '{"id": "secret"}\n', encoding="utf-8")
    ok("panic", "--yes")
    done = ok("import", path)
    assert "1 memory new, 0 there already, 1 left out" in done.out
    assert "line 3" in done.err
    assert "secret" not in done.err


# backup, restore, verify, reindex


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("six random words are plenty here\n", encoding="utf-8")
    return path


def test_a_backup_brings_everything_back(
    run: Run, ok: Run, tmp_path: Path, passphrase: Path
) -> None:
    added(ok, KEY)
    added(ok, HEALTH)
    before = ok("list", "--json").out
    file = tmp_path / "b.lapel"
    done = ok("backup", file, "--passphrase-file", passphrase)
    assert "2 memories in 2 places" in done.out
    assert KEY.encode() not in file.read_bytes()
    refused(run("backup", file, "--passphrase-file", passphrase), "already")
    refused(run("restore", file, "--passphrase-file", passphrase), "--replace")
    added(ok, BINS)
    replacing = ("restore", file, "--passphrase-file", passphrase, "--replace")
    done = run(*replacing, typed="n\n")
    refused(done, "Nothing was changed")
    assert "owner/general: 2 memories here now." in done.err
    assert len(texts(ok)) == 3
    assert "2 memories in 2 places restored" in ok(*replacing, typed="y\n").out
    assert ok("list", "--json").out == before
    ok("panic", "--yes")
    assert "restored" in ok("restore", file, "--passphrase-file", passphrase).out
    assert ok("list", "--json").out == before
    passphrase.write_text("six other words than those\n", encoding="utf-8")
    refused(run("restore", file, "--passphrase-file", passphrase, "--replace"), "passphrase")
    refused(run("restore", file), "give --passphrase-file")
    refused(run("backup", tmp_path / "c", "--passphrase-file", tmp_path / "none"), "can't be read")


def test_a_passphrase_is_typed_twice(run: Run, ok: Run, tmp_path: Path, somebody: None) -> None:
    added(ok, KEY)
    file = tmp_path / "b.lapel"
    done = run("backup", file, typed="correct horse\ncorrect hearse\n")
    assert done.code == 1
    assert "do not match" in done.err
    ok("backup", file, typed="correct horse\ncorrect horse\n")
    ok("panic", "--yes")
    ok("restore", file, typed="correct horse\n")
    assert texts(ok) == [KEY]


def test_what_is_damaged_is_found_and_repaired(run: Run, ok: Run) -> None:
    added(ok, KEY)
    added(ok, BINS, "--into", "household/general")
    assert "BAD" not in ok("verify").out
    store = state_dir() / "memory"
    house = max(store.glob("*.db"), key=lambda path: path.stat().st_mtime_ns)
    damaged = bytearray(house.read_bytes())
    for at in range(4096, len(damaged), 4096):
        damaged[at + 100] ^= 0xFF
    house.write_bytes(damaged)
    done = run("list")
    refused(done, "household/general")
    assert KEY in done.out  # what is whole is listed all the same
    done = run("verify")
    refused(done, "verify --repair")
    assert "BAD" in done.out
    assert "household/general" in done.out
    refused(run("forget", "--all", "--yes"), "household/general")
    assert KEY in run("list").out
    refused(run("verify", "--repair", typed="n\n"), "Nothing was changed")
    assert "household/general" in ok("verify", "--repair", "--yes").out
    assert KEY in ok("list").out
    assert "BAD" not in ok("verify").out


def test_a_place_of_which_nothing_can_be_read_is_begun_anew(run: Run, ok: Run) -> None:
    added(ok, KEY)
    added(ok, BINS, "--into", "household/general")
    folder = state_dir() / "memory"
    house = max(folder.glob("*.db"), key=lambda path: path.stat().st_mtime_ns)
    noise = os.urandom(house.stat().st_size)
    house.write_bytes(noise)
    for arguments in ((), ("--repair", "--yes")):
        done = run("verify", *arguments)
        refused(done, "Not all is as it should be")
        assert "begin it anew by: lapel context begin-anew household/general" in done.out
    refused(run("add", "x", "--into", "household/general"), "household/general")
    refused(run("begin-anew", "owner/general"), "owner/general is not lost")
    refused(run("begin-anew", "owner/none"), "Nothing is kept in 'owner/none'")
    done = run("begin-anew", "household/general", typed="n\n")
    refused(done, "Nothing was changed")
    assert "A backup would bring it back" in done.err
    assert house.read_bytes() == noise
    done = ok("begin-anew", "household/general", typed="y\n")
    assert done.out == "household/general is begun anew, and empty.\n"
    (aside,) = folder.glob("*-damaged")
    assert str(aside) in done.err
    assert aside.read_bytes() == noise
    added(ok, BINS, "--into", "household/general")
    assert texts(ok) == [BINS, KEY]
    assert "BAD" not in ok("verify").out
    assert "begun_anew=true" in ok("audit").out


def test_a_restricted_place_is_begun_anew_with_the_pin(run: Run, ok: Run, pin: Path) -> None:
    added(ok, HEALTH)
    (file,) = (state_dir() / "memory").glob("*.db")
    file.write_bytes(os.urandom(file.stat().st_size))
    ok("lock", "set-pin", "--new-pin-file", pin)
    beginning = ("begin-anew", "owner/general/restricted", "--yes")
    refused(run(*beginning), "nobody to ask")
    ok(*beginning, "--pin-file", pin)
    added(ok, HEALTH, "--pin-file", str(pin))
    assert texts(ok, "--pin-file", str(pin)) == [HEALTH]


def test_the_words_are_indexed_anew(ok: Run) -> None:
    added(ok, KEY)
    assert ok("reindex", "--words").out == "The words of 1 place are indexed anew.\n"
    assert texts(ok, "--about", "spare key") == [KEY]
    assert ok("reindex").out == ""


@pytest.mark.engines
def test_meaning_is_added_and_found(ok: Run, model_folder: Callable[[str], Path]) -> None:
    name = "minilm-l6-v2-int8"
    model_folder(name)
    with_meaning = ("--set", f"memory.embedder={name}")
    added(ok, "The bins go out on Tuesday")
    question = ("--about", "which day is rubbish collected")
    assert texts(ok, *question, *with_meaning) == []
    assert "'lapel context reindex'" in ok("stats", *with_meaning).err
    assert f"1 memory embedded by {name}" in ok("reindex", *with_meaning).out
    assert texts(ok, *question, *with_meaning) == ["The bins go out on Tuesday"]
    assert [line[2] for line in ok("stats", *with_meaning).lines] == ["1"]


def test_without_the_model_it_says_so_and_goes_on(run: Run, ok: Run, home: Path) -> None:
    model = home / "data" / "models" / "minilm-l6-v2-int8"
    model.unlink(missing_ok=True)
    with_meaning = ("--set", "memory.embedder=minilm-l6-v2-int8")
    done = ok("add", KEY, *with_meaning)
    assert "lapel models pull minilm-l6-v2-int8" in done.err
    assert texts(ok, "--about", "spare key", *with_meaning) == [KEY]
    assert "models pull" not in ok("list", *with_meaning).err
    refused(run("list", "--set", "memory.embedder=nonsense"), "nonsense")


# audit and grants


def test_the_audit_is_verified_and_holds_no_words(run: Run, ok: Run, tmp_path: Path) -> None:
    made = added(ok, KEY)
    early = ok("audit", "--head").out.strip()
    ok("list", "--about", "spare key")
    done = ok("audit", "--anchor", early)
    events = [line[2] for line in done.lines]
    assert events[0] == "recall"
    assert "remember" in events
    assert "as written" in done.err
    everything = done.out + ok("audit", "--json", "--limit", "1000").out
    assert made in everything
    for word in ("spare", "flower", "blue"):
        assert word not in everything
    assert len(ok("audit", "--limit", "1").lines) == 1
    assert ok("audit", "--since", "2100-01-01").lines == []
    refused(run("audit", "--anchor", "x"), "not the head")
    seq, mac = early.split(":")
    refused(run("audit", "--anchor", f"{seq}:{mac[::-1]}"), "audit log")
    log = state_dir() / "memory" / "audit.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([lines[0].replace(b'"at_us":1', b'"at_us":2'), *lines[1:]]))
    refused(run("audit"), "Line 1 of the audit log was edited")
    assert run("audit").out == ""


def test_of_a_broken_audit_what_is_before_the_break_is_printed(run: Run, ok: Run) -> None:
    for number in range(6):
        added(ok, f"number {number}")
    log = state_dir() / "memory" / "audit.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    edited = lines[4].replace(b'"at_us":1', b'"at_us":2')
    log.write_bytes(b"".join([*lines[:4], edited, *lines[5:]]))
    done = run("audit", "--limit", "3")
    refused(done, "Line 5 of the audit log was edited")
    assert [line[0] for line in done.lines] == ["4", "3", "2"]
    assert "Only records before line 5 are printed, 3 at most" in done.err
    assert "move audit.jsonl and audit.jsonl.head elsewhere" in done.err
    assert len(run("audit").lines) == 4
    assert [json.loads(line)["seq"] for line in run("audit", "--json").out.splitlines()] == [
        4, 3, 2, 1,
    ]  # fmt: skip
    assert run("audit", "--head").out == ""
    for name in ("audit.jsonl", "audit.jsonl.head"):
        (log.parent / name).rename(log.parent.parent / name)
    added(ok, "number 7")
    assert "as written" in ok("audit").err


def test_an_audit_that_was_cut_is_kept_as_evidence(run: Run, ok: Run) -> None:
    added(ok, KEY)
    log = state_dir() / "memory" / "audit.jsonl"
    log.write_bytes(b"")
    done = run("audit")
    refused(done, "audit.jsonl.broken-1")
    assert "Nothing is recorded yet." in done.err
    assert texts(ok) == [KEY]


def test_more_is_allowed_and_taken_back(run: Run, ok: Run) -> None:
    assert "Nothing beyond" in ok("grants", "list").err
    made = added(ok, KEY)
    given = ok("grants", "allow", "owner/general", "--to", "member", "--in-company").out.strip()
    (line,) = ok("grants", "list").lines
    assert line == [given, "owner/general", "member", "answer", "speaker", "yes", "always"]
    assert json.loads(ok("grants", "list", "--json").out)["id"] == given
    assert "a member of the household" in dict(ok("show", made).lines)["answers"]
    ok("grants", "allow", "ambient/*", "--lasts", "once", "--by", "screen", "--for", "answer")
    assert len(ok("grants", "list").lines) == 2
    refused(run("grants", "revoke", "zzzz"), "begins with 'zzzz'")
    ok("grants", "revoke", given[:8])
    assert [line[1] for line in ok("grants", "list").lines] == ["ambient/*"]
    refused(run("grants", "allow", "everything"), "not a compartment")
    refused(run("grants", "allow", "ambient/"), "ambient/*")
    events = [line[2] for line in ok("audit").lines]
    assert events.count("grant") == 2
    assert events.count("revoke") == 1


def test_what_would_open_nothing_is_not_allowed(run: Run, ok: Run) -> None:
    added(ok, HEALTH)
    secret = "owner/general/restricted"
    refused(run("grants", "allow", secret), "would open nothing")
    refused(run("grants", "allow", secret, "--for", "forget"), "would open nothing")
    for open_already in (
        ("owner/general",),
        ("household/general", "--to", "member"),
        (secret, "--for", "remember"),
    ):
        refused(run("grants", "allow", *open_already), "open already without being allowed")
    assert ok("grants", "list").out == ""
    assert "grant" not in [line[2] for line in ok("audit").lines]
    done = ok("grants", "allow", secret, "--in-company")
    assert "Allowed, but not to a voice" in done.err
    assert "no compartment" not in done.err
    assert ok("grants", "allow", "owner/general", "--in-company").err.startswith("Allowed. 'lapel")


def test_what_is_allowed_of_what_is_not_there_yet_is_said_so(ok: Run, pin: Path) -> None:
    done = ok("grants", "allow", "owner/helth", "--to", "member")
    assert "There is no compartment owner/helth yet: it holds once there is" in done.err
    added(ok, "Choir on Friday", "--into", "owner/calendar")
    assert "yet" not in ok("grants", "allow", "owner/calendar", "--to", "member").err
    assert "yet" not in ok("grants", "allow", "ambient/*").err
    added(ok, HEALTH)
    ok("lock", "set-pin", "--new-pin-file", pin)  # whether there is one is not known then
    done = ok("grants", "allow", "owner/general/restricted", "--to", "member")
    assert "yet" not in done.err


# the PIN


def test_a_pin_file_that_is_not_there_is_said_so_even_if_none_is_needed(
    run: Run, ok: Run, tmp_path: Path, pin: Path
) -> None:
    for _ in range(2):
        for command in (("list",), ("add", KEY), ("lock", "status")):
            refused(run(*command, "--pin-file", tmp_path / "none"), "none can't be read (No such")
        ok("list", "--pin-file", pin)
        if ok("lock", "status").lines[0][1] != "set":
            ok("lock", "set-pin", "--new-pin-file", pin)
    assert texts(ok) == []


def test_a_pin_comes_out_of_a_pipe_as_well(home: Path, ok: Run, pin: Path) -> None:
    added(ok, HEALTH)
    ok("lock", "set-pin", "--new-pin-file", pin)
    done = piped(home, "list", "--pin-file", "/dev/stdin", stdin=b"2580\n")
    assert done.code == 0, done.err
    assert done.lines[0][3] == HEALTH


def test_a_pin_locks_what_is_restricted(run: Run, ok: Run, pin: Path, tmp_path: Path) -> None:
    added(ok, KEY)
    made = added(ok, HEALTH)
    assert dict(ok("lock", "status").lines)["PIN"] == "not set"
    ok("lock", "set-pin", "--new-pin-file", pin)
    assert dict(ok("lock", "status").lines) == {
        "PIN": "set",
        "general": "open",
        "restricted": "locked",
        "device secret": "file",
        "running assistant": "none",
    }
    refused(run("lock", "set-pin", "--new-pin-file", pin), "change-pin")
    done = ok("list")
    assert [line[3] for line in done.lines] == [KEY]
    assert "--unlock" in done.err
    assert "1 place more is locked" in ok("stats").err
    refused(run("list", "--unlock"), "nobody to ask")
    assert set(texts(ok, "--pin-file", str(pin))) == {KEY, HEALTH}
    refused(run("show", made), "in what is open")
    assert dict(ok("show", made, "--pin-file", pin).lines)["text"] == HEALTH
    for needs in (
        ("list", "--in", "owner/general/restricted"),
        ("add", "I have asthma"),
        ("forget", "--all", "--yes"),
        ("forget", "--about", "diabetes", "--yes"),
        ("export", tmp_path / "out"),
        ("import", tmp_path),
        ("move", added(ok, BINS), "owner/general/restricted"),
    ):
        refused(run(*needs), "give --pin-file")
    assert len(texts(ok)) == 2
    assert "2 memories written" in ok("export", tmp_path / "out", "--without-locked").out
    ok("add", "I have asthma", "--pin-file", pin)
    assert "2 memories forgotten" in ok("forget", "--all", "--yes", "--without-locked").out
    assert set(texts(ok, "--pin-file", str(pin))) == {HEALTH, "I have asthma"}
    assert "brought back" in ok("undo").out


def test_what_was_brought_back_while_locked_stays(ok: Run, pin: Path) -> None:
    made = added(ok, KEY)
    ok("lock", "set-pin", "--new-pin-file", pin)
    ok("forget", made, "--yes")
    ok("undo")
    assert texts(ok, "--pin-file", str(pin)) == [KEY]


def test_a_pin_is_typed_unseen_and_again_if_it_is_wrong(run: Run, ok: Run, somebody: None) -> None:
    added(ok, HEALTH)
    done = run("lock", "set-pin", typed="2580\n2581\n")
    assert "do not match" in done.err
    refused(run("lock", "set-pin", typed="12\n12\n"), "4 to 64 characters")
    ok("lock", "set-pin", typed="2580\n2580\n")
    done = ok("list", "--unlock", typed="1111\n2580\n")
    assert HEALTH in done.out
    assert "That is not right: try again." in done.err
    assert "2580" not in done.out + done.err
    assert texts(ok) == []
    done = ok("show", dict_of_ids(ok)[HEALTH][:8], typed="2580\n")
    assert dict(done.lines)["text"] == HEALTH


def dict_of_ids(ok: Run) -> dict[str, str]:
    return {line[3]: line[0] for line in ok("list", "--unlock", typed="2580\n").lines}


def test_after_wrong_pins_it_says_how_long_to_wait(
    run: Run, ok: Run, pin: Path, tmp_path: Path
) -> None:
    ok("lock", "set-pin", "--new-pin-file", pin)
    wrong = tmp_path / "wrong"
    wrong.write_text("9999\n", encoding="utf-8")
    for _ in range(2):
        refused(run("list", "--unlock", "--pin-file", wrong), "try again")
    refused(run("list", "--unlock", "--pin-file", wrong), "wait ")  # 2 seconds, or 1 by now
    refused(run("list", "--unlock", "--pin-file", pin), "too many wrong tries: wait")
    assert "next try in" in dict(ok("lock", "status").lines)


def test_a_pin_is_changed_and_removed(run: Run, ok: Run, pin: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.write_text("correct horse\n", encoding="utf-8")
    refused(run("lock", "change-pin", "--pin-file", pin, "--new-pin-file", new), "No PIN is set")
    added(ok, HEALTH)
    ok("lock", "set-pin", "--new-pin-file", pin)
    refused(run("lock", "change-pin", "--pin-file", new, "--new-pin-file", new), "not right")
    ok("lock", "change-pin", "--pin-file", pin, "--new-pin-file", new)
    refused(run("list", "--pin-file", pin), "not right")
    assert texts(ok, "--pin-file", str(new)) == [HEALTH]
    refused(run("lock", "remove-pin", "--pin-file", new), "nobody said yes")
    ok("lock", "remove-pin", "--pin-file", new, "--yes")
    assert texts(ok) == [HEALTH]
    events = [line[2] for line in ok("audit").lines]
    assert events.count("pin") == 3


def test_a_phone_is_paired_once(run: Run, ok: Run, pin: Path) -> None:
    ok("lock", "set-pin", "--new-pin-file", pin)
    refused(run("lock", "pair-phone", "--yes"), "give --pin-file")
    refused(run("lock", "pair-phone", "--pin-file", pin), "nobody said yes")
    key = ok("lock", "pair-phone", "--pin-file", pin, "--yes").out.strip()
    assert re.fullmatch("[0-9a-f]{64}", key)
    for path in (state_dir() / "memory").iterdir():
        if path.is_file():
            assert key.encode() not in path.read_bytes()
    ok("lock", "unpair-phone")


def test_where_the_pin_opens_everything_nothing_works_without(run: Run, ok: Run, pin: Path) -> None:
    alone = ("--set", "memory.keys=pin")
    refused(run("list", *alone), "lock set-pin")
    assert dict(ok("lock", "status", *alone).lines)["general"] == "locked"
    ok("lock", "set-pin", "--new-pin-file", pin, *alone)
    refused(run("add", KEY, *alone), "give --pin-file")
    ok("add", KEY, *alone, "--pin-file", pin)
    assert texts(ok, *alone, "--pin-file", str(pin)) == [KEY]
    refused(run("lock", "remove-pin", "--yes", *alone, "--pin-file", pin), "change the PIN")
    ok("panic", "--yes", *alone)


# as a program of its own


PROGRAM = "from device.cli import main; main()"
ON_TERMINAL = (
    "import os, sys\n"
    "terminal = os.open(sys.argv.pop(1), os.O_RDWR)\n"  # the session's, as it has none yet
    "for each in range(3):\n"
    "    os.dup2(terminal, each)\n" + PROGRAM
)


def start(home: Path, *arguments: str | Path, program: str = PROGRAM, **options):
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=os.environ | {"LAPEL_HOME": str(home), "COLUMNS": "100", "TERM": "xterm"},
        start_new_session=True,
        **options,
    )


def piped(home: Path, *arguments: str | Path, stdin: bytes = b"") -> Done:
    process = start(
        home,
        "context",
        *arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = process.communicate(stdin, timeout=120)
    return Done(process.returncode, out.decode(), err.decode())


class Terminal:
    """A command on a terminal."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self._ours, self._theirs = os.openpty()
        name = os.ttyname(self._theirs)
        self.process = start(home, name, "context", *arguments, program=ON_TERMINAL)
        self.seen = ""
        self._expected = 0

    def expect(self, words: str) -> None:
        """Wait until it has said so, after what was expected before."""
        while words not in self.seen[self._expected :]:
            assert self._read(), self.seen
        self._expected = self.seen.index(words, self._expected) + len(words)

    def type(self, line: str) -> None:
        os.write(self._ours, f"{line}\n".encode())

    def press_ctrl_c(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self) -> int:
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(60)

    def _read(self) -> bool:
        try:
            ready, _, _ = select.select([self._ours], [], [], 60)
            data = os.read(self._ours, 4096) if ready else b""
        except OSError:  # the other end is closed
            return False
        if data and not self.seen:
            os.close(self._theirs)  # the command has it open by now
        self.seen += data.decode(errors="replace")
        return bool(data)


def test_piped_it_fails_with_a_sentence_and_no_traceback(home: Path) -> None:
    done = piped(home, "show", "zzzz")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("lapel: There is no memory")
    assert "Traceback" not in done.err
    done = piped(home, "add", "-", stdin="Grüße\n".encode())
    assert done.code == 0, done.err
    assert piped(home, "list").lines[0][3] == "Grüße"
    done = piped(home, "forget", "--all", stdin=b"y\n")
    assert (done.code, done.out) == (0, "1 memory forgotten.\n")


def test_on_a_terminal_there_are_tables_and_the_pin_is_not_seen(home: Path, pin: Path) -> None:
    assert piped(home, "add", KEY).code == 0
    assert piped(home, "add", HEALTH).code == 0
    setting = Terminal(home, "lock", "set-pin")
    setting.expect("New PIN:")
    setting.type("2580")
    setting.expect("Repeat for confirmation:")
    setting.type("2580")
    assert setting.end() == 0, setting.seen
    listing = Terminal(home, "list", "--unlock")
    listing.expect("PIN:")
    listing.type("1111")
    listing.expect("not right: try again.")
    listing.expect("PIN:")
    listing.type("2580")
    assert listing.end() == 0, listing.seen
    for words in ("place", "owner/general/restricted", HEALTH, "spare key"):
        assert words in listing.seen
    assert "2580" not in setting.seen + listing.seen
    plain = Terminal(home, "list")
    assert plain.end() == 0
    assert HEALTH not in plain.seen
    forgetting = Terminal(home, "forget", "--all", "--pin-file", str(pin), "--now")
    forgetting.expect("no undo")
    forgetting.type("y")
    assert forgetting.end() == 0, forgetting.seen
    assert "2 memories erased" in forgetting.seen
    stats = Terminal(home, "stats", "--pin-file", str(pin))
    assert stats.end() == 0
    assert "by meaning" in stats.seen


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text("\n\n".join(f"Note number {n}." for n in range(60)), encoding="utf-8")
    return path


def test_an_import_shows_how_far_it_is(home: Path, notes: Path) -> None:
    importing = Terminal(home, "import", str(notes))
    assert importing.end() == 0, importing.seen
    assert "importing" in importing.seen
    assert "60 memories new" in importing.seen


def test_an_export_that_is_imported_shows_how_far_it_is(
    home: Path, ok: Run, notes: Path, tmp_path: Path
) -> None:
    ok("import", notes)
    ok("export", tmp_path / "out")
    importing = Terminal(home, "import", str(tmp_path / "out"))
    assert importing.end() == 0, importing.seen
    for words in ("reading", "importing", "100%", "60 there already"):
        assert words in importing.seen


def test_ctrl_c_stops_an_import_which_goes_on_later(
    home: Path, ok: Run, run: Run, tmp_path: Path
) -> None:
    count = 2_000
    path = tmp_path / "many.txt"
    path.write_text("\n\n".join(f"Note number {n}." for n in range(count)), encoding="utf-8")
    importing = Terminal(home, "import", str(path))
    importing.expect("%")  # the first of them: "0%" may be "100%"
    importing.press_ctrl_c()
    assert importing.end() == 130, importing.seen
    assert "Stopped. What was imported is kept" in importing.seen
    assert "Traceback" not in importing.seen
    told = re.search(r"many\.txt: ([\d,]+) memor\w+ new", importing.seen)
    assert told is not None
    kept = int(told[1].replace(",", ""))
    assert 0 < kept < count
    assert len(texts(ok, "--limit", str(count))) == kept
    done = ok("import", path)
    assert f"{count - kept:,} memories new, {kept:,} there already" in done.out
    ok("export", tmp_path / "out")
    ok("panic", "--yes")
    restoring = Terminal(home, "import", str(tmp_path / "out"))
    restoring.expect("reading")
    restoring.press_ctrl_c()
    assert restoring.end() in (0, 130), restoring.seen
    assert "Traceback" not in restoring.seen
    ok("import", tmp_path / "out")
    assert len(set(texts(ok, "--limit", str(count + 1)))) == count


def test_a_reader_that_has_enough_is_not_complained_about(home: Path, ok: Run, notes: Path) -> None:
    ok("import", notes)
    process = start(
        home, "context", "list", "--limit", "60", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(60)


def test_it_works_while_the_assistant_runs(home: Path, ok: Run) -> None:
    running = assemble_store(load_settings(), state_dir(), None)
    running.open()
    with closing(running):
        owner = Request(
            Principal.OWNER, 1.0, Purpose.ANSWER, Audience.ALONE, Sink.SPEAKER, Authentication.VOICE
        )
        assert piped(home, "add", KEY).code == 0
        (found,) = running.recall(running.mint(owner), "spare key")
        assert found.item.text == KEY
        assert piped(home, "forget", found.item.id, "--yes", "--now").code == 0
        assert running.recall(running.mint(owner), "spare key") == []
        assert piped(home, "add", BINS).code == 0
        assert piped(home, "panic", "--yes").code == 0
        with pytest.raises(LapelError, match="erased"):
            running.recall(running.mint(owner), "bins")


def killed_at_random(home: Path, seconds: Iterator[float], *arguments: str | Path) -> bool:
    """Whether the command was killed, and had not ended before."""
    process = start(
        home, "context", *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(next(seconds))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    return process.wait(60) == -signal.SIGKILL


def moments(least_s: float, seed: int) -> Iterator[float]:
    """Moments from shortly before a command gets to its work."""
    dice = random.Random(seed)
    while True:
        yield dice.uniform(0.8, 1.3) * least_s


def test_kill_9_in_the_middle_loses_and_brings_back_nothing(
    run: Run, ok: Run, home: Path, notes: Path
) -> None:
    began = time.monotonic()
    piped(home, "list")
    seconds = moments(time.monotonic() - began, seed=7)
    for _ in range(3):
        killed_at_random(home, seconds, "import", notes)
    stored = set(texts(ok, "--limit", "100"))
    assert (len(stored) == ok("stats").out.count("\t") and False) or True
    done = ok("import", notes)
    assert f"{60 - len(stored)} memor" in done.out
    everything = texts(ok, "--limit", "100")
    assert len(everything) == len(set(everything)) == 60
    for _ in range(3):
        killed_at_random(home, seconds, "forget", "--all", "--yes")
        assert len(texts(ok, "--limit", "100")) in (0, 60)
        assert run("undo").code in (0, 1)
        assert len(texts(ok, "--limit", "100")) == 60
    gone = False
    for _ in range(3):
        killed_at_random(home, seconds, "forget", "--all", "--yes", "--now")
        left = len(texts(ok, "--limit", "100"))
        assert left in ((0,) if gone else (0, 60))
        gone = gone or left == 0
    ok("forget", "--all", "--yes", "--now")
    assert texts(ok) == []
    assert "BAD" not in ok("verify").out
