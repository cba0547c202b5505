"""The file: nothing that was said is in it in clear, and a kill loses and doubles nothing."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from context.errors import KeysUnusable, StoreUnusable, VaultLocked
from context.store import Store
from device.clock import SystemClock
from device.schedule import Kind, Schedule
from device.schedule.ring import Unread
from tests.device.schedule.clocks import HandClock, KeySeal
from tests.tiers import cases

ROUNDS = cases(24, 240)
SECRET = "Zweiundvierzig-Zebras"


def opened(path: Path, clock: HandClock, seal: KeySeal | None = None) -> Schedule:
    made = Schedule(path, clock, seal or KeySeal())
    made.open()
    return made


def test_no_word_is_in_the_file(tmp_path: Path) -> None:
    clock = HandClock()
    schedule = opened(tmp_path / "timers.sqlite3", clock)
    cancelled = schedule.add(60.0, f"{SECRET} 1")
    schedule.add(60.0, f"{SECRET} 2")
    schedule.add_alarm(seconds=5.0, name=f"{SECRET} 3")
    schedule.add_reminder(
        f"{SECRET} 4", repeat="FREQ=DAILY", at=HandClock().now().replace(tzinfo=None)
    )
    schedule.add_reminder(f"{SECRET} 5")
    schedule.cancel(cancelled.id)
    assert {each.text for each in schedule.reminders()} == {f"{SECRET} 4", f"{SECRET} 5"}
    for _ in range(2):
        for path in tmp_path.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert SECRET.encode() not in content
            assert SECRET.encode("utf-16-le") not in content
        schedule.close()


def test_the_length_of_a_name_shows_little(tmp_path: Path) -> None:
    seal = KeySeal()
    assert len({len(seal.seal(b"x" * each)) for each in range(1, 60)}) == 1
    assert seal.seal(b"tea") != seal.seal(b"tea")
    assert seal.unseal(seal.seal(b"x" * 100)) == b"x" * 100


VERSION_1 = """
CREATE TABLE timers (
    id TEXT PRIMARY KEY, name TEXT, duration_s REAL NOT NULL,
    due_date_s REAL NOT NULL, boot_id TEXT NOT NULL, due_boot_s REAL NOT NULL
) STRICT
"""


def version_1(path: Path, clock: HandClock) -> None:
    """A file as the version before made it."""
    with sqlite3.connect(path) as database:
        database.execute(VERSION_1)
        for number in range(30):
            database.execute(
                "INSERT INTO timers VALUES (?, ?, ?, ?, ?, ?)",
                (
                    f"timer-{number}",
                    f"{SECRET} {number}" if number else None,
                    100.0 + number,
                    clock.date_s + 60.0 + number,
                    clock.boot,
                    clock.boot_s + 60.0 + number,
                ),
            )
    database.close()


@pytest.mark.parametrize("locked", [False, True])
def test_an_earlier_versions_timers_are_brought_over(tmp_path: Path, *, locked: bool) -> None:
    path, clock, seal = tmp_path / "timers.sqlite3", HandClock(), KeySeal()
    version_1(path, clock)
    assert SECRET.encode() in path.read_bytes()
    seal.locked = locked
    for _ in range(2):  # and once only
        schedule = opened(path, clock, seal)
        timers = schedule.running()
        assert len(timers) == 30
        assert [timer.remaining_s for timer in timers][:2] == [60.0, 61.0]
        assert timers[1].name == (None if locked else f"{SECRET} 1")
        schedule.close()
        assert SECRET.encode() not in path.read_bytes()


def test_a_newer_versions_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "timers.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="newer version"):
        opened(path, HandClock())
    assert path.read_bytes() == before


# locked and erased


def test_while_locked_it_rings_and_the_words_come_later(tmp_path: Path) -> None:
    clock, seal = HandClock(), KeySeal()
    schedule = opened(tmp_path / "timers.sqlite3", clock, seal)
    once = schedule.add_reminder("call the bank", seconds=60.0)
    schedule.add_reminder("water", at=clock.now().replace(tzinfo=None), repeat="FREQ=DAILY")
    schedule.add(60.0, "tea")
    seal.locked = True
    with pytest.raises(VaultLocked):
        schedule.add_reminder("another", seconds=60.0)
    assert schedule.add(90.0, None).remaining_s == 90.0
    clock.pass_(86_400.0)
    rings = schedule.look().rings
    assert [(ring.kind, ring.unread) for ring in rings if ring.kind is Kind.REMINDER] == [
        (Kind.REMINDER, Unread.LOCKED)
    ] * 2
    assert len(rings) == 4
    for ring in rings:
        assert schedule.begin(ring)
        assert not schedule.begin(ring)
    assert schedule.look().rings == []
    seal.locked = False
    told = schedule.look().rings
    assert sorted(ring.text for ring in told) == ["call the bank", "water"]
    assert all(schedule.begin(ring) for ring in told)
    assert schedule.look().rings == []
    assert once.id not in {each.id for each in schedule.reminders()}


def test_what_another_vault_has_sealed_still_rings(tmp_path: Path) -> None:
    clock, seal = HandClock(), KeySeal()
    schedule = opened(tmp_path / "timers.sqlite3", clock, seal)
    schedule.add_reminder("call the bank", seconds=60.0)
    schedule.add_alarm(seconds=60.0, name="up")
    seal.destroy()
    clock.pass_(61.0)
    rings = schedule.look().rings
    assert {(ring.kind, ring.text, ring.unread) for ring in rings} == {
        (Kind.REMINDER, "", Unread.GONE),
        (Kind.ALARM, "", Unread.GONE),
    }
    assert all(schedule.begin(ring) for ring in rings)


def test_a_panic_makes_the_words_unreadable_and_forgetting_does_not(tmp_path: Path) -> None:
    clock = HandClock()
    store = Store(tmp_path / "memory", None, clock.now)
    store.open()
    schedule = Schedule(tmp_path / "timers.sqlite3", clock, store.seal("schedule"))
    schedule.open()
    schedule.add_reminder("call the bank", seconds=60.0)
    assert [each.text for each in schedule.reminders()] == ["call the bank"]
    store.close()
    store.open()  # the key is the vault's, not the process's
    assert [each.text for each in schedule.reminders()] == ["call the bank"]
    assert store.seal("another").seal(b"x") is not None
    with pytest.raises(KeysUnusable):
        store.seal("another").unseal(store.seal("schedule").seal(b"x"))
    store.panic()
    assert [each.text for each in schedule.reminders()] == [None]
    store.open()
    assert [each.text for each in schedule.reminders()] == [None]
    clock.pass_(61.0)
    assert [ring.unread for ring in schedule.look().rings] == [Unread.GONE]
    schedule.clear()
    assert schedule.look().rings == []
    store.close()
    schedule.close()


def test_a_vault_that_is_locked_as_a_whole_lets_it_ring(tmp_path: Path) -> None:
    clock = HandClock()
    store = Store(tmp_path / "memory", None, clock.now, general_needs_pin=True)
    store.open()
    store.keyring.set_pin("471100")
    store.unlock("471100")
    schedule = Schedule(tmp_path / "timers.sqlite3", clock, store.seal("schedule"))
    schedule.open()
    schedule.add_reminder("call the bank", seconds=60.0)
    store.lock()
    clock.pass_(61.0)
    (ring,) = schedule.look().rings
    assert ring.unread is Unread.LOCKED
    assert schedule.begin(ring)
    store.unlock("471100")
    (ring,) = schedule.look().rings
    assert ring.text == "call the bank"
    store.close()
    schedule.close()


# kills

_WORK = """
import json, random, sys
from pathlib import Path
from device.schedule import Schedule
from tests.device.schedule.clocks import HandClock, KeySeal

rounds = random.Random(int(sys.argv[2]))
clock = HandClock()
clock.pass_(float(sys.argv[3]))
schedule = Schedule(Path(sys.argv[1]), clock, KeySeal())
schedule.open()


def say(*words):
    print(json.dumps(words), flush=True)


while True:
    if rounds.random() < 0.4:
        say("begins", "add")
        say("added", schedule.add(rounds.choice([1.0, 2.0, 1e9]), "name").id)
    for ring in schedule.look().rings:
        if ring.ringing_for_s is None:
            say("rings", ring.key)
            if schedule.begin(ring):
                say("rung", ring.key)
        else:
            say("goes on", ring.thing_id)
            schedule.end(ring.thing_id)
            say("ended", ring.thing_id)
    clock.pass_(1.0)
    say("at", clock.boot_s)
"""


@pytest.mark.timeout(1800)
def test_kill_9_loses_no_ring_and_doubles_none(tmp_path: Path) -> None:
    """A ring that was confirmed never comes again; one that was added comes, or is still set."""
    path, clock = tmp_path / "timers.sqlite3", HandClock()
    schedule = opened(path, clock)
    schedule.add_alarm(
        at=clock.now().replace(tzinfo=None), repeat="FREQ=HOURLY;INTERVAL=1", name="hourly"
    )
    schedule.close()
    rounds = random.Random(4)
    added, rung, sounded = set[str](), list[str](), list[str]()
    passed_s = 0.0
    for number in range(ROUNDS):
        with subprocess.Popen(
            [sys.executable, "-c", _WORK, str(path), str(number), str(passed_s)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        ) as process:
            assert process.stdout is not None
            lines: list[str] = []
            for _ in range(rounds.randint(1, 60)):
                lines.append(process.stdout.readline())
            os.kill(process.pid, signal.SIGKILL)
            lines += list(process.stdout)
        unconfirmed = ""
        for line in lines:
            if not line.endswith("]\n"):
                continue  # cut off
            what, *words = json.loads(line)
            unconfirmed = words[0] if what == "rings" else ""
            if what == "added":
                added.add(words[0])
            elif what == "rung":
                rung.append(words[0])
            elif what == "at":
                passed_s = words[0] - 5000.0
        sounded.append(unconfirmed)
        passed_s += rounds.choice([0.0, 0.0, 1800.0])
    assert len(rung) == len(set(rung))
    clock.pass_(passed_s)
    schedule = opened(path, clock)
    left = {each.id for each in schedule.running()}
    ids = {key.partition("@")[0] for key in [*rung, *sounded]}
    assert added <= left | ids  # nothing lost
    assert not left & {key.partition("@")[0] for key in rung}  # nothing to come twice
    assert len(added) > ROUNDS
    assert len(rung) > ROUNDS
    schedule.close()


_ADD_FOR_EVER = """
import sys
from pathlib import Path
from device.clock import SystemClock
from device.schedule import Schedule
from tests.device.schedule.clocks import KeySeal
schedule = Schedule(Path(sys.argv[1]), SystemClock(), KeySeal())
schedule.open()
while True:
    print(schedule.add_reminder("words", seconds=1000.0).id, flush=True)
"""


def test_what_was_confirmed_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "timers.sqlite3"
    confirmed: set[str] = set()
    rounds = random.Random(4)
    times = cases(8, 80)
    for _ in range(times):
        with subprocess.Popen(
            [sys.executable, "-c", _ADD_FOR_EVER, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        ) as process:
            assert process.stdout is not None
            for _ in range(rounds.randint(1, 60)):
                confirmed.add(process.stdout.readline().strip())
            os.kill(process.pid, signal.SIGKILL)
            confirmed |= {line.strip() for line in process.stdout if len(line.strip()) == 32}
    schedule = Schedule(path, SystemClock(), KeySeal())
    schedule.open()
    kept = {each.id for each in schedule.reminders()}
    schedule.close()
    assert confirmed <= kept
    assert len(kept) <= len(confirmed) + times  # one a round may be stored and not yet confirmed
