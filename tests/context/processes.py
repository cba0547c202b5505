"""Processes that use a vault and may be killed at any moment.

One process, the nursery, has the code loaded and forks the others, so that dozens can live and
die in a second. What a process says is a line each; a line without its end was not said.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

from context import (
    Audience,
    Authentication,
    Compartment,
    Grant,
    HashingEmbedder,
    Item,
    ItemNotFound,
    LapelError,
    Lasts,
    Principal,
    Provenance,
    Purpose,
    Request,
    Scope,
    Sink,
    Store,
    StoreUnusable,
)
from tests.context.vaults import TINY

ROOT = Path(__file__).parents[2]
MOMENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
PLACES = tuple(
    map(Compartment.parse, ["owner/general", "household/general", "owner/health/restricted"])
)
SAID = Provenance.OWNER_SPOKE
A_GRANT = Grant("", "ambient/*", Principal.OWNER, Purpose.ANSWER, Sink.SPEAKER, False, Lasts.ALWAYS)


class Life(NamedTuple):
    """What a process said, and whether it came to its end by itself, without a failure."""

    said: list[str]
    ended: bool


def new_store(folder: Path, *, later_s: float = 0.0, dimensions: int = 32) -> Store:
    """A store whose clock stands still, with a PIN that costs nothing to try; not open yet."""
    moment = MOMENT + timedelta(seconds=later_s)
    store = Store(folder, HashingEmbedder(dimensions), lambda: moment)
    store.keyring._argon2 = TINY
    return store


def mint(store: Store, purpose: Purpose) -> Scope:
    """For the account that owns the files: everything there is."""
    request = Request(
        Principal.OWNER, 1.0, purpose, Audience.ALONE, Sink.SCREEN, Authentication.ACCOUNT
    )
    return store.mint(request, PLACES)


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


Say = Callable[[object], None]


def write(folder: Path, say: Say, *, start: int = 0, most: int = 1_000_000) -> None:
    """Says the id and the word of each item once it is stored; each third one is derived."""
    store = new_store(folder)
    store.open()
    last: Item | None = None
    for number in range(start, start + most):
        place, word = PLACES[number % len(PLACES)], f"word{number:06d}of{os.getpid():07d}"
        sources = [last] if last is not None and number % 3 == 2 else []
        last = store.remember(
            mint(store, Purpose.REMEMBER),
            f"fact {word}",
            compartment=place,
            said_by=SAID,
            derived_from=sources,
        )
        say(f"{last.id} {word}")
    store.close()


def forget(folder: Path, say: Say, *, undo_s: float = 0.0) -> None:
    """Forgets everything, one by one, and says each id once it is gone."""
    store = new_store(folder)
    store.open()
    while items := store.items(mint(store, Purpose.FORGET), limit=1):
        store.forget(mint(store, Purpose.FORGET), items[0].id, undo_s=undo_s)
        say(items[0].id)
    store.close()


def reap(folder: Path, say: Say, *, later_s: float, times: int = 1) -> None:
    store = new_store(folder, later_s=later_s)
    store.open()
    for _ in range(times):
        say(store.reap())
    store.close()


def undo(folder: Path, say: Say) -> None:
    store = new_store(folder)
    store.open()
    while store.undo(mint(store, Purpose.FORGET)):
        say("undone")
    store.close()


def reembed(folder: Path, say: Say, *, dimensions: int) -> None:
    store = new_store(folder, dimensions=dimensions)
    store.open()
    while done := store.reembed(at_once=3):
        say(done)
    store.close()


def change_pins(folder: Path, say: Say, *, pins: list[str]) -> None:
    """Sets one PIN after the other; says each once it holds."""
    store = new_store(folder)
    store.open()
    for old, new in pairwise(pins):
        store.keyring.set_pin(new, old)
        say(new)
    store.close()


def bring_over(folder: Path, say: Say) -> None:
    store = new_store(folder)
    store.open()
    say("open")
    store.close()


def read(folder: Path, say: Say, *, times: int) -> None:
    """Says how many there are, and that what is found is among them."""
    store = new_store(folder)
    store.open()
    for _ in range(times):
        found = store.recall(mint(store, Purpose.ANSWER), "fact", limit=1000)
        items = store.items(mint(store, Purpose.ANSWER), limit=10_000)
        assert {each.item.id for each in found} <= {item.id for item in items}
        say(len(items))
    store.close()


def write_within(folder: Path, say: Say, *, bytes_long: int, most: int) -> None:
    """Writes where no file may grow beyond so many bytes; says the error at which it ends."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_long, bytes_long))
    try:
        write(folder, say, most=most)
    except LapelError as error:
        say(f"error {type(error).__name__}: {error}")


def mix(folder: Path, say: Say, *, seed: int, times: int) -> None:
    """Does whatever a vault can do, as it comes; says what it stored and what it forgot."""
    chance, store = random.Random(seed), new_store(folder)
    store.open()
    for _ in range(times):
        match chance.choice(("write", "write", "write", "read", "forget", "reap")):
            case "write":
                word = f"word{chance.getrandbits(64):016x}"
                place = chance.choice(PLACES)
                item = store.remember(
                    mint(store, Purpose.REMEMBER), f"fact {word}", compartment=place, said_by=SAID
                )
                say(f"stored {item.id} {word}")
            case "read":
                store.recall(mint(store, Purpose.ANSWER), "fact", limit=50)
            case "forget" if items := store.items(mint(store, Purpose.FORGET), limit=3):
                gone = chance.choice(items).id
                with suppress(ItemNotFound):  # another process was first
                    forget_for_good(store, gone)
                    say(f"forgot {gone}")
            case _:
                store.reap()
    store.close()


def forget_for_good(store: Store, item_id: str) -> None:
    """Though its bytes may have to wait until nobody reads them."""
    try:
        store.forget(mint(store, Purpose.FORGET), item_id)
    except StoreUnusable as error:
        if "It is forgotten" not in str(error):
            raise


def give_and_revoke(folder: Path, say: Say, *, times: int) -> None:
    """Gives two grants and takes one back, again and again; says which one is kept."""
    store = new_store(folder)
    store.open()
    for _ in range(times):
        review = mint(store, Purpose.REVIEW)
        gone, kept = (store.grants.give(review, A_GRANT) for _ in range(2))
        assert store.grants.revoke([gone.id]) == 1
        say(f"kept {kept.id}")
    store.close()


def list_grants(folder: Path, say: Say) -> None:
    store = new_store(folder)
    store.open()
    say(" ".join(each.id for each in store.grants.all()))
    store.close()


WORKS: dict[str, Callable[..., None]] = {
    each.__name__: each
    for each in (
        write,
        forget,
        reap,
        undo,
        reembed,
        change_pins,
        bring_over,
        read,
        write_within,
        mix,
        give_and_revoke,
        list_grants,
    )
}


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
