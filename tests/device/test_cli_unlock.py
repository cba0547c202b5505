"""`lapel unlock` and `lapel lock` against a running assistant, and what else reaches it."""

import json
import logging
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.agent import DONT_KNOW_OWN, PRIVATE_LOCKED
from context.errors import LapelError
from device.cli import cli
from device.cli.context import ask, vault
from device.cli.running import only_one
from device.control import Status
from device.control import ask as ask_assistant
from device.control_socket import LONGEST_PATH_BYTES, connected, control_folder, listening
from device.errors import ControlFailed, NotRunning
from device.settings import state_dir
from tests.device.assistant_process import Running

HEALTH = "I have diabetes"
ASKED = "Which illness do I have, diabetes?"
CAR = "My car is red"
ASKED_CAR = "What colour is my car?"
Lapel = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words alone, no language model, and nobody at a terminal."""
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(
        '[memory]\nembedder = "none"\n[think]\nengine = "none"\n', encoding="utf-8"
    )
    for module in (ask, vault):
        monkeypatch.setattr(module, "can_ask", lambda: False)


@pytest.fixture
def lapel() -> Lapel:
    """Run a command; returns its status, and what it wrote with the error it ended with."""

    def call(*arguments: str | Path, typed: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(cli, [*map(str, arguments)], input=typed)
        if isinstance(result.exception, LapelError):
            return 1, f"{result.output}{result.exception}"
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return call


@pytest.fixture
def start() -> Iterator[Callable[[], Running]]:
    made: list[Running] = []

    def run() -> Running:
        made.append(Running())
        return made[-1].ready()

    yield run
    for each in made:
        each.end(kill=True)


def written(path: Path, text: str) -> Path:
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


@pytest.fixture
def pin(tmp_path: Path, lapel: Lapel) -> Path:
    """The PIN, which is set, with something in the part that it locks and something outside."""
    path = written(tmp_path / "pin", "2580")
    for text in (HEALTH, CAR):
        assert lapel("context", "add", text)[0] == 0
    assert lapel("context", "lock", "set-pin", "--new-pin-file", path)[0] == 0
    return path


def state_row(lapel: Lapel) -> str:
    _, out = lapel("context", "lock", "status")
    return dict(line.split("\t") for line in out.splitlines() if "\t" in line)["running assistant"]


def refused(done: tuple[int, str], words: str) -> None:
    code, out = done
    assert code == 1, out
    assert words in out.splitlines()[-1]


# unlock and lock


def test_the_pin_opens_it_and_lock_locks_it_with_nothing_left(
    lapel: Lapel, pin: Path, start: Callable[[], Running]
) -> None:
    assert state_row(lapel) == "none"
    running = start()
    assert state_row(lapel) == "restricted locked"
    assert running.ask(ASKED) == PRIVATE_LOCKED
    code, out = lapel("unlock", "--pin-file", pin)
    assert (code, out) == (
        0,
        "The running assistant's memory is open. 'lapel lock' locks it again.\n",
    )
    assert state_row(lapel) == "all open"
    assert "diabetes" in running.ask(ASKED)
    assert "history" in running.held("diabetes")
    refused(lapel("unlock", "--pin-file", pin), "Nothing is locked in the running assistant.")
    code, out = lapel("lock")
    assert (code, out) == (0, "The running assistant's private memory is locked.\n")
    assert running.held("diabetes") == []
    assert running.ask(ASKED) == PRIVATE_LOCKED
    assert lapel("lock")[0] == 0
    assert "2580" not in running.end()
    assert list(control_folder(state_dir()).iterdir()) == []


def test_the_paired_phones_key_opens_it(
    lapel: Lapel, pin: Path, tmp_path: Path, start: Callable[[], Running]
) -> None:
    _, out = lapel("context", "lock", "pair-phone", "--pin-file", pin, "--yes")
    found = re.search("[0-9a-f]{64}", out)
    assert found is not None
    key = written(tmp_path / "key", found[0])
    running = start()
    other = written(tmp_path / "other", "00" * 32)
    refused(lapel("unlock", "--phone-key-file", other), "2 more tries before you have to wait.")
    refused(lapel("unlock", "--phone-key-file", pin, "--pin-file", pin), "the PIN or the phone's")
    refused(lapel("unlock", "--phone-key-file", written(other, "xyz")), "64 hexadecimal digits")
    assert lapel("unlock", "--phone-key-file", key)[0] == 0
    assert "diabetes" in running.ask(ASKED)


def test_wrong_pins_cost_a_wait_that_no_restart_shortens(
    lapel: Lapel, pin: Path, tmp_path: Path, start: Callable[[], Running]
) -> None:
    wrong = written(tmp_path / "wrong", "1111")
    running = start()
    for left in ("2 more tries", "1 more try"):
        refused(lapel("unlock", "--pin-file", wrong), f"try again. {left} before you have to wait.")
    running.end(kill=True)
    start()
    refused(lapel("unlock", "--pin-file", wrong), "That is not right: ")
    attempts = state_dir() / "memory" / "pin_attempts.json"
    record = json.loads(attempts.read_text())
    assert record["failures"] == 3
    # The wait after three may be over on a slow machine; the one after twelve is not.
    attempts.write_text(json.dumps(record | {"failures": 12}))
    refused(lapel("unlock", "--pin-file", pin), "too many wrong tries: wait")
    refused(lapel("context", "list", "--pin-file", pin), "too many wrong tries: wait")
    assert json.loads(attempts.read_text())["failures"] == 12


def test_it_is_typed_unseen_and_again_if_it_is_wrong(
    lapel: Lapel, pin: Path, start: Callable[[], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    refused(lapel("unlock"), "nobody to ask: give --pin-file")
    monkeypatch.setattr(ask, "can_ask", lambda: True)
    code, out = lapel("unlock", typed="1111\n2580\n")
    assert code == 0, out
    assert "That is not right: try again. 2 more tries before you have to wait." in out
    assert "2580" not in out
    lapel("lock")
    refused(lapel("unlock", typed="12\n"), "4 to 64 characters")
    refused(lapel("unlock", typed=f"{'1' * 300}\n"), "too long, or not text")


def test_where_there_is_nothing_to_open_or_lock_it_says_so(
    lapel: Lapel, start: Callable[[], Running]
) -> None:
    for command in ("unlock", "lock"):
        refused(lapel(command), "No assistant is running: start 'lapel run' first.")
    with only_one(state_dir()):
        refused(lapel("unlock"), "still starting, or ending: try again")
    start()
    refused(lapel("unlock"), "'lapel context lock set-pin' sets the PIN that locks it")
    refused(lapel("lock"), "Nothing was locked, as no PIN is set")


def test_a_killed_assistant_is_followed_by_another_and_only_by_one(
    lapel: Lapel, pin: Path, start: Callable[[], Running]
) -> None:
    running = start()
    assert lapel("unlock", "--pin-file", pin)[0] == 0
    running.end(kill=True)
    assert (control_folder(state_dir()) / "assistant.sock").is_socket()
    refused(lapel("unlock", "--pin-file", pin), "No assistant is running")
    again = start()
    assert again.ask(ASKED) == PRIVATE_LOCKED
    second = Running()
    _, err = second.process.communicate(timeout=60)
    assert "Another 'lapel run' has the microphone and the timers" in err
    assert lapel("unlock", "--pin-file", pin)[0] == 0
    assert "diabetes" in again.ask(ASKED)


def test_the_command_is_a_program_that_fails_with_one_sentence(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from device.cli import main; main()", "unlock"],
        env=os.environ | {"LAPEL_HOME": str(home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "lapel: No assistant is running: start 'lapel run' first.\n"


# what other commands tell it


@pytest.mark.parametrize(
    "command",
    [
        ("forget", "--about", "car", "--yes", "--without-locked"),
        ("forget", "--in", "owner/general", "--yes", "--now"),
        ("panic", "--yes"),
    ],
    ids=" ".join,
)
def test_what_a_command_forgets_leaves_the_running_assistant(
    lapel: Lapel, pin: Path, start: Callable[[], Running], command: tuple[str, ...]
) -> None:
    running = start()
    assert "red" in running.ask(ASKED_CAR)
    assert "history" in running.held("is red")
    code, out = lapel("context", *command)
    assert code == 0, out
    assert running.held("is red") == []
    assert running.ask(ASKED_CAR) == DONT_KNOW_OWN
    assert "remember" in running.ask("Remember that my car is blue.")
    assert "blue" in running.ask(ASKED_CAR)


def test_supersede_and_move_do_too_and_what_changes_nothing_does_not(
    lapel: Lapel, pin: Path, start: Callable[[], Running]
) -> None:
    running = start()
    assert "red" in running.ask(ASKED_CAR)
    _, out = lapel("context", "list")
    made = next(line.split("\t")[0] for line in out.splitlines() if CAR in line)
    lapel("context", "reap")
    lapel("context", "forget", "--about", "nothing like that", "--yes", "--without-locked")
    assert "history" in running.held("is red")
    assert lapel("context", "move", made, "household/general", "--yes")[0] == 0
    assert running.held("is red") == []
    assert "red" in running.ask(ASKED_CAR)
    assert lapel("context", "supersede", made)[0] == 0
    assert running.held("is red") == []


def test_an_assistant_that_does_not_answer_fails_no_command(
    lapel: Lapel, pin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.cli.running._TOLD_S", 0.2)
    with listening(control_folder(state_dir())):
        code, out = lapel("context", "forget", "--about", "car", "--yes", "--without-locked")
    assert code == 0
    assert "(The running assistant may still speak of that." in out
    assert "1 memory forgotten." in out


# a typed turn


def test_a_typed_turn_is_by_the_pin_if_it_is_given(
    lapel: Lapel, pin: Path, tmp_path: Path, start: Callable[[], Running]
) -> None:
    code, out = lapel("ask", ASKED)
    assert (code, out.splitlines()[-1]) == (0, PRIVATE_LOCKED)
    code, out = lapel("ask", ASKED, "--pin-file", pin)
    assert code == 0, out
    assert "diabetes" in out
    refused(lapel("ask", ASKED, "--unlock"), "nobody to ask: give --pin-file")
    refused(lapel("ask", ASKED, "--pin-file", written(tmp_path / "no", "1111")), "not right")
    running = start()
    assert lapel("unlock", "--pin-file", pin)[0] == 0
    assert "diabetes" in running.ask(ASKED)
    code, out = lapel("ask", "lock your memory")
    assert "The private part of my memory is locked." in out
    assert running.held("diabetes") == []
    assert running.ask(ASKED) == PRIVATE_LOCKED


# the socket


def test_nobody_else_can_reach_the_socket(tmp_path: Path) -> None:
    folder = tmp_path / "control"
    folder.mkdir(mode=0o777)
    before = os.umask(0)
    try:
        with listening(folder):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert stat.S_IMODE((folder / "assistant.sock").stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert list(folder.iterdir()) == []
    with pytest.raises(NotRunning):
        connected(folder, 1.0)
    with pytest.raises(NotRunning):
        connected(tmp_path / "nowhere", 1.0)


@pytest.mark.parametrize("over", [-1, 0, 1, 100])
def test_a_path_of_any_length_will_do(tmp_path: Path, over: int) -> None:
    name = "assistant.sock"
    missing = LONGEST_PATH_BYTES + over - len(os.fsencode(tmp_path)) - len(name) - 2
    folder = tmp_path / ("x" * missing)
    with listening(folder) as listener:
        assert len(os.fsencode(folder / name)) == LONGEST_PATH_BYTES + over
        assert (folder / name).is_socket()
        with connected(folder, 1.0) as connection:
            connection.sendall(b"hello")
            listener.setblocking(True)
            theirs, _ = listener.accept()
            with theirs:
                assert theirs.recv(5) == b"hello"


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "assistant.sock"))
    left.close()
    with pytest.raises(NotRunning):
        connected(tmp_path, 1.0)
    with listening(tmp_path), connected(tmp_path, 1.0):
        pass


def test_another_users_socket_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(tmp_path) as listener:
        monkeypatch.setattr("device.control_socket.os.geteuid", lambda: 4_000_000)
        with pytest.raises(ControlFailed, match="another user"):
            connected(tmp_path, 1.0)
        listener.setblocking(True)
        theirs, _ = listener.accept()
        with theirs:
            assert theirs.recv(1) == b""


def test_an_answer_that_is_none_is_an_error_with_a_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import threading

    with caplog.at_level(logging.DEBUG), listening(tmp_path) as listener:
        listener.setblocking(True)

        def serve() -> None:
            for answer in (b"", b"nonsense\n", b"x" * 9000):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        for _ in range(3):
            with pytest.raises(ControlFailed, match="gave no answer"):
                ask_assistant(tmp_path, Status())
        thread.join()
        with pytest.raises(ControlFailed, match="does not answer"):
            ask_assistant(tmp_path, Status(), answer_s=0.1)
