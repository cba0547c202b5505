"""What only real processes show: a pull that is killed, and two pulls at once."""

import random
import signal
import subprocess
import sys
import time

import pytest

from device.models import Models, load_catalog
from device.models.catalog import to_toml

DATA = random.Random(2).randbytes(4_000_000)
HALF = len(DATA) // 2
PULL = """
import sys
from pathlib import Path
from device.models import Models, load_catalog

home = Path(sys.argv[1])
models = Models(home / "models", load_catalog(home / "models.toml"))
models.pull("m", lambda label, done, total: print(label, done, flush=True))
print("whole", flush=True)
"""


@pytest.fixture
def start(tmp_path, server, make_file, make_entry):
    source = server.serve("/x", DATA)
    entry = make_entry(make_file("model.bin", DATA, source))
    (tmp_path / "models.toml").write_text(to_toml(entry), encoding="utf-8")
    server.hold_after["/x"] = HALF
    begun = []

    def run():
        command = [sys.executable, "-c", PULL, str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
        begun.append(process)
        return process

    yield run
    server.go.set()
    for process in begun:
        process.kill()
        process.wait()
        process.stdout.close()


def wait_for(condition):
    while not condition():
        time.sleep(0.01)


def test_a_killed_pull_is_taken_up(start, server, tmp_path):
    part = tmp_path / "models" / "m" / ".fetch" / "model.bin.part"
    process = start()
    wait_for(lambda: part.exists() and part.stat().st_size > HALF // 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = part.stat().st_size
    server.hold_after.clear()
    server.go.set()

    models = Models(tmp_path / "models", load_catalog(tmp_path / "models.toml"))
    assert not models.present("m")
    models.pull("m")
    assert server.ranges_asked("/x") == [None, f"bytes={kept}-"]
    assert (models.path("m") / "model.bin").read_bytes() == DATA


def test_of_two_pulls_one_waits_and_finds_the_work_done(start, server):
    first = start()
    wait_for(lambda: server.asked)
    second = start()
    assert "another process is at work on m; waiting" in second.stdout.readline()
    server.go.set()
    assert first.stdout.read().endswith("whole\n")
    assert second.stdout.read() == "whole\n"
    assert first.wait() == second.wait() == 0
    assert len(server.asked) == 1
