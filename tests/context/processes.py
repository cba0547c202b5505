"""Processes that use a vault and may be killed at any moment.

One process, the nursery, has the code loaded and forks the others, so that dozens can live and
die in a second. What a process says is a line each; a line without its end was not said.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tests.context.works import WORKS, write

ROOT = Path(__file__).parents[2]


class Life(NamedTuple):
    """What a process said, and whether it came to its end by itself, without a failure."""

    said: list[str]
    ended: bool


def told(*lives: Life) -> dict[str, str]:
    """The words of the items that were acknowledged, by their ids."""
    said = [line.split() for life in lives for line in life.said]
    assert not any(line[0] == "failed" for line in said), lives
    return {item_id: word for item_id, word in said}


class Nursery:
    """Starts processes with the works below, one at a time or several."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.context.processes"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(
        self, work: str, folder: Path, *, kill_after_s: float | None = None, **how: object
    ) -> Life:
        """One life, until its end or until it is killed, which may be before it has begun."""
        (life,) = self.live_together(folder, (work, how), kill_after_s=kill_after_s)
        return life

    def live_together(
        self,
        folder: Path,
        *works: tuple[str, dict[str, object]],
        kill_after_s: float | None = None,
    ) -> list[Life]:
        """Several at once, in one folder; all are killed at the same moment, or none."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        order = {"folder": str(folder), "works": works, "kill_after_s": kill_after_s}
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        said: list[list[str]] = [[] for _ in works]
        while (line := stdout.readline()).startswith("said "):
            _, number, words = line.rstrip("\n").split(" ", 2)
            said[int(number)].append(words)
        codes = json.loads(line)
        return [Life(lines, code == 0) for lines, code in zip(said, codes, strict=True)]

    def pace_s(self, folder: Path) -> float:
        """How long one short life takes here and now, to choose from when to kill others."""
        assert self.live("write", folder, most=1).ended  # the nursery itself may not be up yet
        begun_s = time.monotonic()
        assert self.live("write", folder, start=1, most=3).ended
        return time.monotonic() - begun_s

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    try:
        yield made
    finally:
        made.close()


def _child(number: int, work: str, folder: str, how: dict[str, object]) -> None:
    def say(words: object) -> None:
        os.write(1, f"said {number} {words}\n".encode())

    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        WORKS[work](Path(folder), say, **how)
        code = 0
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        say("failed " + traceback.format_exc().replace("\n", " | "))
    finally:
        os._exit(code)


def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:  # what is imported late is imported now
        write(Path(folder) / "vault", lambda _: None, most=3)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    for line in sys.stdin:
        order = json.loads(line)
        pids: list[int] = []
        for number, (work, how) in enumerate(order["works"]):
            pid = os.fork()
            if pid == 0:
                _child(number, work, order["folder"], how)
            pids.append(pid)
        codes = _wait(pids, order["kill_after_s"])
        os.write(1, f"{json.dumps(codes)}\n".encode())


def _wait(pids: list[int], kill_after_s: float | None) -> list[int]:
    """How each ended, all having been killed after that time."""
    codes: dict[int, int] = {}
    end_s = None if kill_after_s is None else time.monotonic() + kill_after_s
    for _ in count():
        for pid in pids:
            if pid not in codes:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    codes[pid] = os.waitstatus_to_exitcode(status)
        if len(codes) == len(pids):
            break
        if end_s is None:
            signal.sigwait({signal.SIGCHLD})
        elif (left_s := end_s - time.monotonic()) > 0:
            signal.sigtimedwait({signal.SIGCHLD}, left_s)
        else:
            for pid in set(pids) - set(codes):
                os.kill(pid, signal.SIGKILL)
            end_s = None
    return [codes[pid] for pid in pids]


if __name__ == "__main__":
    _main()
