import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from context import LapelError, Purpose, StoreUnusable, audit_chain
from context.audit import Audit, AuditBroken, AuditEvent, Damage, Head, Verified, read, verify
from context.audit_chain import check_facts

KEY = bytes(range(32))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ITEM = "0123456789abcdef" * 2
MEMORY = Path("/dev/shm")
WORDS = "The audit log takes counts, codes, ids and digests, and {} is none of them."

codes = st.from_regex(r"[a-z]{1,12}(_[a-z]{1,12}){0,2}", fullmatch=True)
hexes = st.sampled_from([32, 64, 128]).flatmap(
    lambda size: st.text("0123456789abcdef", min_size=size, max_size=size)
)
plain = st.integers(-(2**63), 2**63 - 1) | st.booleans() | codes | hexes
facts = st.dictionaries(codes, plain | st.lists(codes | hexes, max_size=3), max_size=3)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2190, 1, 1), timezones=st.just(UTC))
entries = st.tuples(st.sampled_from(AuditEvent), moments, facts, st.booleans())
logs = st.lists(entries, min_size=1, max_size=6)


@contextmanager
def folder() -> Iterator[Path]:
    """In memory where there is some: Hypothesis makes many files."""
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as name:
        yield Path(name)


@contextmanager
def written(log: list[tuple[AuditEvent, datetime, dict, bool]]) -> Iterator[tuple[Path, Head]]:
    """A closed log of these records."""
    with folder() as where:
        with Audit(where / "log", KEY) as audit:
            for event, at, what, durable in log:
                audit.append(event, at, facts=what, durable=durable)
            head = audit.head()
        yield where / "log", head


def some(audit: Audit, number: int = 3, **how: bool) -> list[Head]:
    return [
        audit.append(AuditEvent.RECALL, NOON, facts={"count": count}, **how)
        for count in range(number)
    ]


def damage(path: Path, anchor: Head | None = None, key: bytes = KEY) -> tuple[Damage, int]:
    """What `verify` finds, having checked that it says so in a sentence."""
    with pytest.raises(AuditBroken) as broken:
        verify(path, key, anchor=anchor)
    assert isinstance(broken.value, LapelError)
    assert re.fullmatch(r"[A-Z].* audit log\b.*\.", str(broken.value))
    return broken.value.damage, broken.value.line


def head_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.head")


# What is written is read


@given(logs)
def test_what_was_appended_is_verified_and_read_newest_first(log: list) -> None:
    with written(log) as (path, head):
        assert verify(path, KEY) == Verified(len(log), head, log[0][1], log[-1][1])
        assert verify(path, KEY, anchor=head).head == head
        records = read(path, KEY, limit=100)
        assert [(r.event, r.at, r.facts) for r in reversed(records)] == [e[:3] for e in log]
        assert [r.seq for r in records] == list(range(len(log), 0, -1))
        assert Head(records[0].seq, records[0].mac) == head
        assert read(path, KEY, limit=2) == records[:2]
        since = log[0][1]
        assert read(path, KEY, since=since, limit=9) == [r for r in records if r.at >= since]


def test_a_record_is_a_line_of_json(tmp_path: Path) -> None:
    with Audit(tmp_path / "log", KEY) as audit:
        facts = {"ids": [ITEM], "purpose": Purpose.ANSWER, "pinned": True, "count": 7}
        first = audit.append(AuditEvent.PROMPT, NOON, facts=facts)
        audit.append(AuditEvent.REAP, NOON, facts={})
    one, two = (json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    assert one == {
        "seq": 1,
        "at_us": 1_795_435_200_000_000,
        "event": "prompt",
        "facts": {"ids": [ITEM], "purpose": "answer", "pinned": True, "count": 7},
        "prev": "0" * 64,
        "mac": first.mac,
    }
    assert (two["seq"], two["prev"]) == (2, first.mac)


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch(0o666)
    with Audit(path, KEY) as audit:
        some(audit)
    for each in (path, head_file(path)):
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    assert sorted(tmp_path.glob("log*")) == [path, head_file(path)]


def test_no_log_is_an_empty_log(tmp_path: Path) -> None:
    assert verify(tmp_path / "log", KEY) == Verified(0, Head(0, "0" * 64), None, None)
    assert read(tmp_path / "log", KEY, limit=1) == []
    Audit(tmp_path / "log", KEY).close()
    assert verify(tmp_path / "log", KEY).records == 0


def test_it_goes_on_when_opened_again(tmp_path: Path) -> None:
    for number in range(1, 4):
        with Audit(tmp_path / "log", KEY) as audit:
            assert some(audit, 2)[-1].seq == number * 2
    assert verify(tmp_path / "log", KEY).records == 6


def test_a_time_in_any_zone_is_kept_as_an_instant(tmp_path: Path) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    with Audit(tmp_path / "log", KEY) as audit:
        audit.append(AuditEvent.LOCK, elsewhere, facts={})
        with pytest.raises(ValueError, match="time zone"):
            audit.append(AuditEvent.LOCK, NOON.replace(tzinfo=None), facts={})
    assert verify(tmp_path / "log", KEY)[2:] == (NOON, NOON)
    with pytest.raises(ValueError, match="time zone"):
        read(tmp_path / "log", KEY, since=NOON.replace(tzinfo=None), limit=1)
    with pytest.raises(ValueError, match="at least 1"):
        read(tmp_path / "log", KEY, limit=0)


def test_a_closed_log_is_not_written(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "log", KEY)
    audit.close()
    audit.close()
    with pytest.raises(StoreUnusable, match="closed"):
        some(audit)


@pytest.mark.parametrize("key", [b"", b"x" * 31])
def test_a_short_key_is_refused(tmp_path: Path, key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Audit(tmp_path / "log", key)
    with pytest.raises(ValueError, match="32 bytes"):
        verify(tmp_path / "log", key)
    with pytest.raises(ValueError, match="32 bytes"):
        read(tmp_path / "log", key, limit=1)


@given(st.integers(0, 10**18), hexes.filter(lambda mac: len(mac) == 64))
def test_a_head_can_be_written_down_and_read_back(seq: int, mac: str) -> None:
    head = Head(seq, mac)
    assert str(head) == f"{seq}:{mac}"
    assert Head.parse(str(head)) == head


@pytest.mark.parametrize(
    "text", ["", "1", "1:", f"01:{'a' * 64}", f"1:{'A' * 64}", "1:" + "a" * 65]
)
def test_other_texts_are_no_head(text: str) -> None:
    with pytest.raises(ValueError, match="not the head"):
        Head.parse(text)


# Nobody's words

LOWER = set("abcdefghijklmnopqrstuvwxyz")
HEX_DIGITS = set("0123456789abcdef")


def is_free_of_words(text: str) -> bool:
    if len(text) in (32, 64, 128) and set(text) <= HEX_DIGITS:
        return True
    return len(text) <= 40 and all(part and set(part) <= LOWER for part in text.split("_"))


@settings(max_examples=300)
@given(st.text() | codes | hexes | st.text("aZ_ 0é\n", max_size=45))
@example("my PIN is 4271")
@example("ключ")
@example("diabetes ")
@example("diabetes\n")
@example("4271")
@example("owner/health")
@example("a" * 40)
@example("a" * 41)
@example("ａ")
@example("١" * 32)
def test_only_codes_ids_and_digests_get_in(text: str) -> None:
    for what in ({"code": text}, {"several": [ITEM, text]}):
        if is_free_of_words(text):
            check_facts(what)
        else:
            with pytest.raises(ValueError, match=r"\.$") as refused:
                check_facts(what)
            assert str(refused.value) in (WORDS.format("code"), WORDS.format("several"))


@given(st.text())
def test_names_of_facts_are_codes(name: str) -> None:
    if is_free_of_words(name) and set(name) <= LOWER | {"_"}:
        check_facts({name: 1})
    else:
        with pytest.raises(ValueError, match="named by lower-case words"):
            check_facts({name: 1})


@pytest.mark.parametrize("value", [None, 1.5, b"x", 2**63, ("a",), {"a": 1}, [1], [["a"]], [True]])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="counts, codes, ids and digests"):
        check_facts({"code": value})


@given(logs)
def test_what_is_in_a_log_has_no_space_capital_or_other_script(log: list) -> None:
    with written(log) as (path, _):
        assert re.fullmatch(rb'[a-z0-9_{}\[\]":,\n-]+', path.read_bytes())


def test_what_is_refused_leaves_nothing(tmp_path: Path) -> None:
    with Audit(tmp_path / "log", KEY) as audit:
        with pytest.raises(ValueError, match="query is none"):
            audit.append(AuditEvent.RECALL, NOON, facts={"query": "where is the key"})
        with pytest.raises(ValueError, match="AuditEvent"):
            audit.append("an event", NOON, facts={})  # type: ignore[arg-type]
        assert audit.head().seq == 0
    assert (tmp_path / "log").read_bytes() == b""


# Whatever is done to a closed log is found


@settings(max_examples=300)
@given(logs, st.data())
def test_an_edited_byte_is_found(log: list, data: st.DataObject) -> None:
    with written(log) as (path, _):
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        line = path.read_bytes()[:place].count(b"\n") + 1
        path.write_bytes(content)
        was_last_end = place == len(content) - 1
        assert damage(path) == (Damage.TRUNCATED if was_last_end else Damage.EDITED, line)


@given(logs, st.data())
def test_deleted_lines_are_found(log: list, data: st.DataObject) -> None:
    with written(log) as (path, head):
        lines = path.read_bytes().splitlines(keepends=True)
        gone = data.draw(st.sets(st.sampled_from(range(len(lines))), min_size=1))
        kept = [line for place, line in enumerate(lines) if place not in gone]
        path.write_bytes(b"".join(kept))
        at_end = gone == set(range(min(gone), len(lines)))
        expected = (Damage.TRUNCATED if at_end else Damage.DELETED, min(gone) + 1)
        assert damage(path) == damage(path, head) == expected


@given(logs, st.data())
def test_copies_of_lines_are_found(log: list, data: st.DataObject) -> None:
    with written(log) as (path, _):
        lines = path.read_bytes().splitlines(keepends=True)
        copied = data.draw(st.integers(0, len(lines) - 1))
        place = data.draw(st.integers(0, len(lines)))
        path.write_bytes(b"".join([*lines[:place], lines[copied], *lines[place:]]))
        if place == copied:  # before itself is after itself
            assert damage(path) == (Damage.INSERTED, place + 2)
        else:
            is_ahead = copied > place
            assert damage(path) == (
                Damage.REORDERED if is_ahead else Damage.INSERTED,
                place + 1,
            )


@given(logs.filter(lambda log: len(log) > 1), st.data())
def test_lines_in_another_order_are_found(log: list, data: st.DataObject) -> None:
    with written(log) as (path, _):
        lines = path.read_bytes().splitlines(keepends=True)
        shuffled = data.draw(st.permutations(lines).filter(lambda order: order != lines))
        path.write_bytes(b"".join(shuffled))
        first = next(n for n, line in enumerate(lines) if shuffled[n] != line)
        assert damage(path) == (Damage.REORDERED, first + 1)


@given(logs, st.data())
def test_a_cut_end_is_found(log: list, data: st.DataObject) -> None:
    with written(log) as (path, head):
        content = path.read_bytes()
        left = data.draw(st.integers(0, len(content) - 1))
        path.write_bytes(content[:left])
        expected = (Damage.TRUNCATED, content[:left].count(b"\n") + 1)
        assert damage(path) == expected
        head_file(path).unlink()
        assert damage(path, head) == expected
        path.unlink()
        assert damage(path, head) == (Damage.TRUNCATED, 1)


@settings(max_examples=200)
@given(logs, st.data())
def test_nothing_but_the_log_passes_for_it(log: list, data: st.DataObject) -> None:
    with written(log) as (path, _):
        content = path.read_bytes()
        lines = st.sampled_from(content.splitlines(keepends=True)) | st.binary(max_size=9)
        forged = b"".join(data.draw(st.lists(lines, max_size=8)))
        path.write_bytes(forged)
        if forged == content:
            verify(path, KEY)
        else:
            damage(path)


@given(logs, st.data())
def test_an_edited_or_missing_head_is_found(log: list, data: st.DataObject) -> None:
    with written(log) as (path, _):
        content = bytearray(head_file(path).read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        for forged in (content, content[:place], path.read_bytes()):
            head_file(path).write_bytes(forged)
            assert damage(path) == (Damage.HEAD, len(log))
        head_file(path).unlink()
        assert damage(path) == (Damage.HEAD, len(log))
        with pytest.raises(AuditBroken) as broken:
            Audit(path, KEY)
        assert broken.value.damage is Damage.HEAD


def test_old_copies_of_both_files_are_found_by_an_anchor(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with Audit(path, KEY) as audit:
        some(audit)
    old = path.read_bytes(), head_file(path).read_bytes()
    with Audit(path, KEY) as audit:
        anchor = some(audit)[0]
    path.write_bytes(old[0])
    head_file(path).write_bytes(old[1])
    assert verify(path, KEY).records == 3
    assert damage(path, anchor) == (Damage.TRUNCATED, 4)


def test_another_log_under_the_same_key_is_found(tmp_path: Path) -> None:
    path, other = tmp_path / "log", tmp_path / "other"
    with Audit(path, KEY) as audit:
        heads = some(audit)
    with Audit(other, KEY) as audit:
        audit.append(AuditEvent.PANIC, NOON, facts={})
        some(audit)
    lines, others = (p.read_bytes().splitlines(keepends=True) for p in (path, other))
    assert damage(other, heads[0]) == (Damage.REPLACED, 1)
    path.write_bytes(b"".join([lines[0], others[1], lines[2]]))
    assert damage(path) == (Damage.REPLACED, 2)
    path.write_bytes(b"".join([*lines[:2], others[2]]))
    assert damage(path) == (Damage.REPLACED, 3)
    path.write_bytes(b"".join(others))
    assert damage(path) == (Damage.REPLACED, 3)
    assert damage(path, Head(0, "a" * 64)) == (Damage.REPLACED, 3)
    path.write_bytes(b"".join(lines))
    assert damage(path, Head(0, "a" * 64)) == (Damage.REPLACED, 1)
    assert verify(path, KEY, anchor=heads[0]).head == heads[2]
    assert verify(path, KEY, anchor=Head(0, "0" * 64)).records == 3


def test_another_key_is_found(tmp_path: Path) -> None:
    with Audit(tmp_path / "log", KEY) as audit:
        some(audit)
    other = KEY[::-1]
    assert damage(tmp_path / "log", key=other) == (Damage.EDITED, 1)
    with pytest.raises(AuditBroken, match="key is another"):
        read(tmp_path / "log", other, limit=1)
    with pytest.raises(AuditBroken, match="key is another"):
        Audit(tmp_path / "log", other)


# Kills, power losses and full disks


def left_by_a_kill(tmp_path: Path, *, durable: int, others: int) -> Path:
    """The files of a log of which `durable` records were said to be on disk, then some more."""
    path = tmp_path / "killed"
    with Audit(tmp_path / "log", KEY) as audit:
        some(audit, durable, durable=True)
        some(audit, others)
        path.write_bytes((tmp_path / "log").read_bytes())
        head_file(path).write_bytes(head_file(tmp_path / "log").read_bytes())
    return path


def test_what_was_written_before_a_kill_is_kept(tmp_path: Path) -> None:
    path = left_by_a_kill(tmp_path, durable=2, others=3)
    assert verify(path, KEY).records == 5
    with Audit(path, KEY) as audit:
        assert audit.head().seq == 5
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    assert damage(path) == (Damage.TRUNCATED, 5)  # by then all five were known


@pytest.mark.parametrize("cut_bytes", [1, 2, 80, 150])
@pytest.mark.parametrize(("durable", "others"), [(0, 1), (0, 3), (2, 1)])
def test_a_torn_last_line_is_said_and_cut_off(
    tmp_path: Path, durable: int, others: int, cut_bytes: int
) -> None:
    path = left_by_a_kill(tmp_path, durable=durable, others=others)
    os.truncate(path, path.stat().st_size - cut_bytes)
    records = durable + others
    assert damage(path) == (Damage.TORN, records)
    assert len(read(path, KEY, limit=9)) == records - 1
    with Audit(path, KEY) as audit:
        assert audit.head().seq == records - 1
        some(audit, 2)
    assert verify(path, KEY).records == records + 1


def test_a_line_that_was_durable_is_not_taken_for_torn(tmp_path: Path) -> None:
    path = left_by_a_kill(tmp_path, durable=3, others=0)
    os.truncate(path, path.stat().st_size - 5)
    left = path.read_bytes()
    assert damage(path) == (Damage.TRUNCATED, 3)
    with pytest.raises(AuditBroken) as broken:
        Audit(path, KEY)
    assert broken.value.damage is Damage.TRUNCATED
    assert path.read_bytes() == left


def test_a_broken_log_can_be_kept_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for number in (1, 2):
        with Audit(path, KEY) as audit:
            assert audit.broken is None
            some(audit)
        os.truncate(path, 10)
        left = path.read_bytes(), head_file(path).read_bytes()
        with Audit(path, KEY, begin_anew=True) as audit:
            aside = audit.broken
            assert audit.head().seq == 0
        assert aside == tmp_path / f"log.broken-{number}"
        assert (aside.read_bytes(), head_file(aside).read_bytes()) == left
        assert damage(aside) == (Damage.TRUNCATED, 1)
        assert verify(path, KEY).records == 0


@pytest.mark.parametrize("fraction", [0, 0.5])
def test_a_full_disk_is_said_and_leaves_a_whole_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fraction: float
) -> None:
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if not fraction:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: int(len(data) * fraction)])

    with Audit(tmp_path / "log", KEY) as audit:
        some(audit)
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(StoreUnusable, match="No space left"):
            some(audit)
        monkeypatch.setattr(os, "write", write)
        assert some(audit, 1)[0].seq == 4
    assert verify(tmp_path / "log", KEY).records == 4


def test_durable_is_on_disk_before_it_is_known_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    with Audit(tmp_path / "log", KEY) as audit:
        for name in ("write", "fdatasync", "fsync", "rename", "replace"):
            real = getattr(os, name)

            def noted(*args: object, real=real, name=name) -> object:
                calls.append(name)
                return real(*args)

            monkeypatch.setattr(os, name, noted)
        some(audit, 1)
        assert calls == ["write"]
        calls.clear()
        some(audit, 1, durable=True)
        assert calls == ["write", "fdatasync", "write", "fsync", "replace"]
        monkeypatch.undo()


def test_a_place_that_can_t_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "elsewhere").touch()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "folder", tmp_path / "link", tmp_path / "missing" / "log"):
        with pytest.raises(StoreUnusable, match=r"can't be read or written: .*\. Check"):
            Audit(path, KEY)
    for path in (tmp_path / "folder", tmp_path / "link"):
        with pytest.raises(StoreUnusable, match="can't be read"):
            verify(path, KEY)


def test_an_event_of_a_newer_version_is_said(tmp_path: Path) -> None:
    body = {"seq": 1, "prev": "0" * 64, "at_us": 0, "event": "teleport", "facts": {}}
    (tmp_path / "log").write_bytes(audit_chain._seal(KEY, body)[0])
    with pytest.raises(StoreUnusable, match=r"Line 1 .* newer version"):
        read(tmp_path / "log", KEY, limit=1)


# Several at once


def test_two_that_are_open_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with Audit(path, KEY) as one, Audit(path, KEY) as two:
        for number in range(1, 20, 2):
            assert some(one, 1)[0].seq == number
            assert some(two, 1, durable=number % 3 == 0)[0].seq == number + 1
        assert one.head() == two.head()
        one.close()
        some(two)
    assert verify(path, KEY).records == 23


def test_another_s_torn_line_is_cut_off_while_open(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with Audit(path, KEY) as audit:
        some(audit)
        with path.open("ab") as file:
            file.write(b'{"at_us":1')
        assert some(audit, 1)[0].seq == 4
    assert verify(path, KEY).records == 4


def test_a_log_that_is_changed_while_open_is_not_gone_on_with(tmp_path: Path) -> None:
    def shorten(path: Path) -> None:
        os.truncate(path, path.stat().st_size - 1)

    def lengthen(path: Path) -> None:
        with path.open("ab") as file:
            file.write(b"{}\n")

    def put_other(path: Path) -> None:
        path.with_name("copy").write_bytes(path.read_bytes())
        path.with_name("copy").rename(path)

    for number, change in enumerate((shorten, lengthen, put_other, Path.unlink)):
        path = tmp_path / str(number)
        with Audit(path, KEY) as audit:
            some(audit, durable=True)
            change(path)
            with pytest.raises(AuditBroken):
                some(audit)
            with pytest.raises(AuditBroken):
                audit.head()
        if change is not put_other:
            with pytest.raises(AuditBroken):
                Audit(path, KEY)


def test_threads_share_one(tmp_path: Path) -> None:
    heads: list[Head] = []
    with Audit(tmp_path / "log", KEY) as audit:
        threads = [
            threading.Thread(target=lambda: heads.extend(some(audit, 100))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        seen = [verify(tmp_path / "log", KEY).records for _ in range(10)]
        for thread in threads:
            thread.join()
    assert seen == sorted(seen)
    assert sorted(head.seq for head in heads) == list(range(1, 401))
    assert verify(tmp_path / "log", KEY).records == 400


APPEND = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from context.audit import Audit, AuditEvent
with Audit(Path(sys.argv[1]), bytes(range(32))) as audit:
    for number in range(int(sys.argv[2])):
        at = datetime.now(UTC)
        head = audit.append(AuditEvent.LIST, at, facts={"count": number}, durable=number % 50 == 0)
        print(head.seq, flush=True)
"""


def test_processes_share_one_and_one_may_be_killed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    counts = [200, 200, 10**6]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, str(path), str(count)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for count in counts
    ]
    *whole, killed = processes
    assert killed.stdout is not None
    said = [int(killed.stdout.readline()) for _ in range(100)]
    killed.kill()
    rest = killed.communicate(timeout=100)[0]
    said += [int(line) for line in rest.split("\n")[:-1]]  # a line without its end was not said
    for process in whole:
        said += map(int, process.communicate(timeout=100)[0].split())
        assert process.returncode == 0
    assert len(said) == len(set(said))
    with Audit(path, KEY) as audit:
        assert audit.head().seq >= max(said)
    records = verify(path, KEY).records
    assert len(said) <= records <= len(said) + 1  # at most the one in hand
