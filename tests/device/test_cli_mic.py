"""`lapel mic` against a running assistant, and where none is running."""

import json
import time
from pathlib import Path

import pytest

from device.cli.running import only_one
from device.clock import SystemClock
from device.mic.mute import Mute, mute_file
from device.settings import state_dir
from tests.device.assistant_process import Running
from tests.device.test_cli_unlock import Lapel, lapel

__all__ = ["lapel"]  # a fixture

OFF = "The microphone is off.\n'lapel mic on' turns it on; so does the button.\n"


@pytest.mark.usefixtures("home")
def test_in_a_running_assistant_and_over_its_end(lapel: Lapel) -> None:
    first = Running().ready()
    try:
        assert lapel("mic", "status") == (0, "The microphone is on.\n")
        assert lapel("mic", "off") == (0, OFF)
        assert lapel("mic", "status") == (0, OFF)
        assert first.end(kill=True) == ""
        second = Running().ready()
        assert lapel("mic", "status") == (0, OFF)
        assert lapel("mic", "on") == (0, "The microphone is on.\n")
        assert lapel("mic", "on") == (0, "The microphone is on.\n")
        status, said = lapel("mic", "off", "--for", "2h")
        assert (status, said.splitlines()[0]) == (0, "The microphone is off for 2 hours.")
        second.end()
        assert mute_file(state_dir()).exists()
    finally:
        first.end(kill=True)
        second.end(kill=True)


def test_where_none_is_running(lapel: Lapel) -> None:
    assert lapel("mic", "status") == (0, "No assistant is running: it starts on.\n")
    status, said = lapel("mic", "off")
    assert (status, said.splitlines()[0]) == (0, "No assistant is running: it starts off.")
    assert mute_file(state_dir()).stat().st_mode & 0o077 == 0
    assert lapel("mic", "on") == (0, "No assistant is running: it starts on.\n")
    assert not mute_file(state_dir()).exists()


def test_once_the_time_is_over_it_is_on(lapel: Lapel) -> None:
    file = mute_file(state_dir())
    mute = Mute(file, SystemClock())
    mute.mute(0.02)
    time.sleep(0.05)
    assert lapel("mic", "status") == (0, "No assistant is running: it starts on.\n")
    kept = json.loads(file.read_text())  # to tell it changes nothing
    kept["end"] |= {"boot": "another", "at": "2026-03-14T10:00:00Z"}
    file.write_text(json.dumps(kept))
    assert lapel("mic", "status") == (0, "No assistant is running: it starts on.\n")
    mute.mute(0.4)
    assert "starts off for 1 second.\n" in lapel("mic", "status")[1]
    mute.mute(3600)
    assert "starts off for 1 hour.\n" in lapel("mic", "status")[1]


def test_one_that_is_starting_is_not_gone_behind(lapel: Lapel) -> None:
    with only_one(state_dir()):
        status, said = lapel("mic", "off")
        assert (status, "still starting" in said) == (1, True)
    assert not mute_file(state_dir()).exists()


@pytest.mark.parametrize("span", ["0m", "8d", "soon", "-5m", ""])
def test_a_time_that_is_none(lapel: Lapel, span: str) -> None:
    status, said = lapel("mic", "off", "--for", span)
    assert status == 1
    assert "10m" in said
    assert not mute_file(state_dir()).exists()


def test_a_file_that_can_not_be_read_is_off(lapel: Lapel, home: Path) -> None:
    mute_file(state_dir()).write_bytes(b"?")
    assert "starts off" in lapel("mic", "status")[1]
