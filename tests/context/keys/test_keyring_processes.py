"""A vault's keys when processes share them, or die in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from context.errors import WrongPin
from context.keys.keyring import Keyring
from tests.context.vaults import GENERAL, PIN, RESTRICTED, Vault

COMMON = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from context.keys.keyring import Keyring, Tier
from context.keys import Argon2, FileKeySource
from context.errors import LapelError
where = Path(sys.argv[1])
keyring = Keyring(
    where / "vault", FileKeySource(where / "secret"),
    lambda: datetime(2026, 11, 23, tzinfo=UTC),  # time stands still
    argon2=Argon2(8, 1, 1),
)
def say(*words):
    print(*words, flush=True)
say("ready")
sys.stdin.readline()
keyring.open()
"""

MAKE = """
for number in range(int(sys.argv[2]), 1_000_000):
    file = keyring.make(str(number), list(Tier)[number % 2])
    say(number, file.file_id, file.key.hex())
"""

SAME = """
for number in range(40):
    file = keyring.make(str(number), list(Tier)[number % 2])
    say(number, file.file_id, file.key.hex())
"""

CHANGE_PIN = """
now = sys.argv[2]
keyring.unlock(now)
for number in range(int(sys.argv[3]), 1_000_000):
    keyring.set_pin(f"pin {number}", now)
    now = f"pin {number}"
    say(now)
"""

DESTROY = """
for name in keyring.names():
    say(name, keyring.destroy(name, Tier.GENERAL))
"""

GUESS = """
while True:
    try:
        keyring.unlock("0000")
    except LapelError as error:
        say(error.retry_after_s)
"""

PANIC = """
keyring.panic()
say("done")
"""


@contextmanager
def running(where: Path, script: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A process that waits for a line before it opens the vault and goes on with `script`."""
    command = [sys.executable, "-c", COMMON + script, str(where), *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
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


def kill_after(process: "subprocess.Popen[str]", lines: int, later_s: float = 0.0) -> list[str]:
    """What it said until it was killed, without warning, some time after so many lines."""
    assert process.stdout is not None
    said = [process.stdout.readline().strip() for _ in range(lines)]
    time.sleep(later_s)
    os.kill(process.pid, signal.SIGKILL)
    return said + process.stdout.read().split("\n")[:-1]  # a line without its end was not said


def made(keyring: Keyring) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in keyring.names():
        file = keyring.get(name, RESTRICTED if int(name) % 2 else GENERAL)
        assert file is not None
        found[name] = f"{name} {file.file_id} {file.key.hex()}"
    return found


def no_leftovers(vault: Vault) -> None:
    assert {path.name for path in vault.folder.iterdir()} <= {
        "keyring.json",
        "keyring.lock",
        "pin_attempts.json",
    }


def test_processes_make_the_same_keys_at_once(vault: Vault, tmp_path: Path) -> None:
    with running(tmp_path, SAME) as one, running(tmp_path, SAME) as two:
        go(one)  # which opens a vault that neither has made before
        go(two)
        said = [process.communicate(timeout=100)[0].splitlines() for process in (one, two)]
    assert len(said[0]) == 40
    assert said[0] == said[1]
    assert sorted(made(vault.new()).values()) == sorted(said[0])


def test_kill_9_loses_no_key_that_was_acknowledged(vault: Vault, tmp_path: Path) -> None:
    told: set[str] = set()
    for number in range(14):
        with running(tmp_path, MAKE, number * 1000) as process:
            go(process)
            told |= set(kill_after(process, 1 + number, later_s=number * 0.0003))
        kept = set(made(vault.new()).values())
        assert kept >= told
        no_leftovers(vault)
    assert len(kept - told) <= 14  # at most the one in hand, each time
    assert len(told) >= 14 * 7


def test_kill_9_at_the_first_opening_leaves_a_vault_or_none(vault: Vault, tmp_path: Path) -> None:
    for number in range(6):
        with running(tmp_path, MAKE, 0) as process:
            go(process)
            kill_after(process, 0, later_s=number * 0.004)
        keyring = vault.new()
        keyring.make("1", RESTRICTED)
        assert set(made(vault.new())) >= {"1"}
        keyring.panic()


def test_kill_9_while_the_pin_changes_leaves_one_of_the_two(vault: Vault, tmp_path: Path) -> None:
    keyring = vault.new()
    file = keyring.make("1", RESTRICTED)
    now = PIN
    keyring.set_pin(now)
    last = -1
    for number in range(10):
        with running(tmp_path, CHANGE_PIN, now, last + 1) as process:
            go(process)
            said = kill_after(process, 1 + number % 3, later_s=number * 0.0004)
        now, last = said[-1], int(said[-1].removeprefix("pin "))
        keyring = vault.new()
        assert keyring.locked(RESTRICTED)
        try:
            keyring.unlock(now)
        except WrongPin:  # then it was changed, and not yet said
            last += 1
            now = f"pin {last}"
            keyring.unlock(now)
        assert keyring.get("1", RESTRICTED) == file
        no_leftovers(vault)
    assert last >= 10


def test_kill_9_while_destroying_leaves_no_copy(vault: Vault, tmp_path: Path) -> None:
    keyring = vault.new()
    ids = {str(n): keyring.make(str(n), GENERAL).file_id for n in range(60)}
    destroyed: set[str] = set()
    for number in range(5):
        with running(tmp_path, DESTROY) as process:
            go(process)
            said = kill_after(process, 1 + number, later_s=number * 0.0003)
        destroyed |= {line.split()[0] for line in said}
        left = set(vault.new().names())
        assert not left & destroyed
        stored = b"".join(path.read_bytes() for path in vault.folder.iterdir())
        assert {name for name, file_id in ids.items() if file_id.encode() in stored} == left
        no_leftovers(vault)
    assert len(destroyed) >= 15


def test_killing_the_one_who_guesses_gives_no_more_guesses(vault: Vault, tmp_path: Path) -> None:
    vault.new().set_pin(PIN)
    said: list[str] = []
    for _ in range(3):
        with running(tmp_path, GUESS) as process:
            go(process)
            said += kill_after(process, 3)
    waits = [float(line) for line in said]
    assert waits[:3] == [0, 0, 2]
    assert set(waits[3:]) == {2}


def test_panic_beside_one_that_writes_ends_both(vault: Vault, tmp_path: Path) -> None:
    with running(tmp_path, MAKE, 0) as writer, running(tmp_path, PANIC) as other:
        go(writer)
        assert writer.stdout is not None
        writer.stdout.readline()
        go(other)
        assert other.communicate(timeout=60)[0] == "done\n"
        writer.stdout.read()
        assert writer.wait(60) == 1  # by its error
    assert [path.name for path in vault.folder.iterdir()] == ["keyring.lock"]
    assert not vault.secret.exists()
    assert vault.new().names() == []
