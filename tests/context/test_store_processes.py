"""The store when processes die in the middle of it, or share it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from context import Provenance, Purpose, Scope, Store, StoreUnusable, sqlite_file

Make = Callable[..., Scope]
New = Callable[..., Store]

COMMON = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from context import *
now = lambda: datetime.now(UTC)
store = Store(Path(sys.argv[1]), HashingEmbedder(32), now)
store.open()
def scope(purpose):
    request = Request(Principal.OWNER, 1, purpose, Audience.ALONE, Sink.SPEAKER)
    return mint(request, now().timestamp())
def remember(text):
    return store.remember(scope(Purpose.REMEMBER), text, said_by=Provenance.OWNER_SPOKE)
print("ready", flush=True)
sys.stdin.readline()
"""

WRITE = """
for number in range(int(sys.argv[2]), 1_000_000):
    remember(f"fact {number} of many")
    print(number, flush=True)
"""

FORGET = """
for item in store.items(scope(Purpose.FORGET), limit=1000):
    store.forget(scope(Purpose.FORGET), item.id)
    print(item.id, flush=True)
"""

READ = """
for _ in range(60):
    found = store.recall(scope(Purpose.ANSWER), "many facts", limit=1000)
    items = store.items(scope(Purpose.ANSWER), limit=1000)
    assert len(found) <= len(items), (len(found), len(items))
    print(len(items), flush=True)
"""

CREATE = """
for number in range(5):
    remember(f"fact {number} of {sys.argv[2]}")
store.close()
"""


@contextmanager
def running(folder: Path, script: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A process with the store open, waiting for a line before it goes on with `script`."""
    command = [sys.executable, "-c", COMMON + script, str(folder), *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def kill_after(process: "subprocess.Popen[str]", lines: int) -> list[str]:
    """What it said until it was killed, without warning, some time after so many lines."""
    assert process.stdout is not None
    said = [process.stdout.readline().strip() for _ in range(lines)]
    os.kill(process.pid, signal.SIGKILL)
    rest = process.stdout.read()
    return said + rest.split("\n")[:-1]  # a line without its end was not said


def test_kill_9_loses_nothing_that_was_acknowledged(
    new_store: New, scope: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "memories"
    told: set[str] = set()
    for round_number in range(12):
        with running(folder, WRITE, round_number * 1000) as process:
            go(process)
            told |= set(kill_after(process, 1 + 2 * round_number))
    items = new_store().items(scope(Purpose.ANSWER), limit=100_000)
    kept = {item.text.split()[1] for item in items}
    assert kept >= told
    assert len(kept - told) <= 12  # at most the one in hand, each time
    assert len(told) >= 12 * 12


def test_kill_9_while_forgetting_leaves_whole_items_or_no_bytes(
    new_store: New, scope: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "memories"
    store = new_store()
    texts = {}
    for number in range(60):
        text = f"secret{number:04d}word at number {number}"
        item = store.remember(scope(Purpose.REMEMBER), text, said_by=Provenance.OWNER_SPOKE)
        texts[item.id] = f"secret{number:04d}word".encode()
    store.close()
    forgotten: set[str] = set()
    for lines in (1, 2, 3, 5, 8):
        with running(folder, FORGET) as process:
            go(process)
            forgotten |= set(kill_after(process, lines))
        store = new_store()
        left = {item.id for item in store.items(scope(Purpose.ANSWER), limit=1000)}
        assert not left & forgotten
        stored = b"".join(path.read_bytes() for path in folder.iterdir())
        assert {item_id for item_id, word in texts.items() if word in stored} == left
        store.close()
    assert len(forgotten) >= 19


def test_one_process_reads_while_another_writes(tmp_path: Path) -> None:
    folder = tmp_path / "memories"
    with running(folder, WRITE, 0) as writer, running(folder, READ) as reader:
        go(writer)
        assert writer.stdout is not None
        writer.stdout.readline()
        go(reader)
        output, _ = reader.communicate(timeout=100)
        counts = [int(line) for line in output.split()]
        assert reader.returncode == 0
        assert len(counts) == 60
        assert counts == sorted(counts)
        assert writer.poll() is None
        kill_after(writer, 1)


def test_processes_may_make_the_same_file_at_once(
    new_store: New, scope: Make, tmp_path: Path
) -> None:
    for attempt in range(4):
        folder = tmp_path / str(attempt)
        with running(folder, CREATE, "one") as one, running(folder, CREATE, "two") as two:
            go(one)
            go(two)
            assert (one.wait(60), two.wait(60)) == (0, 0)
        assert len(new_store(None, folder).items(scope(Purpose.ANSWER), limit=99)) == 10


def test_bytes_that_another_reader_holds_are_said_and_erased_later(
    new_store: New, scope: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_S", 0.05)
    store = new_store()
    for text in ("secret of one", "secret of two"):
        store.remember(scope(Purpose.REMEMBER), text, said_by=Provenance.OWNER_SPOKE)
    item, *_ = store.items(scope(Purpose.FORGET), limit=1)
    (path,) = (tmp_path / "memories").glob("*.sqlite")
    reader = sqlite_file.open_file(path, "owner/general", create=False)
    assert reader is not None
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM item").fetchone()
    with pytest.raises(StoreUnusable, match="It is forgotten, but its bytes stay"):
        store.forget(scope(Purpose.FORGET), item.id)
    assert item not in store.items(scope(Purpose.ANSWER), limit=9)  # even so
    reader.close()
    store.close()
    stored = b"".join(path.read_bytes() for path in path.parent.iterdir())
    assert item.text.encode() not in stored
    assert b"secret of" in stored
