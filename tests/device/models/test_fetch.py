import hashlib
import random
from pathlib import Path

import pytest

from device.errors import DiskFull, PullFailed
from device.models import quiet
from device.models.fetch import TRIES, Fetcher

DATA = random.Random(1).randbytes(3_000_000)
SIZE = len(DATA)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "fetched"
    made.mkdir()
    return made


@pytest.fixture
def fetch(folder):
    fetcher = Fetcher(quiet, lambda _: 10**12, pause=lambda seconds: None)

    def run(url, sha256=SHA256, size=SIZE):
        return fetcher.fetch(url, folder / "got", label="it", sha256=sha256, size=size)

    return run


def test_it_comes_whole_and_private(server, fetch, folder):
    got = fetch(server.serve("/x", DATA))
    assert got.read_bytes() == DATA
    assert got.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["got"]


@pytest.mark.parametrize("known", [True, False], ids=["size known", "size unknown"])
def test_a_cut_connection_is_taken_up_where_it_broke(server, fetch, known):
    url = server.serve("/x", DATA)
    server.cuts["/x"] = [1_000_000, 500_000]
    got = fetch(url) if known else fetch(url, sha256=None, size=None)
    assert got.read_bytes() == DATA
    first, second, third = server.ranges_asked("/x")
    assert first is None
    assert 0 < int(second[6:-1]) <= 1_000_000 < int(third[6:-1]) <= 1_500_000


def test_an_earlier_process_part_is_taken_up(server, fetch, folder):
    (folder / "got.part").write_bytes(DATA[:1234])
    assert fetch(server.serve("/x", DATA)).read_bytes() == DATA
    assert server.ranges_asked("/x") == ["bytes=1234-"]


def test_a_part_that_was_whole_already_is_not_fetched_again(server, fetch, folder):
    (folder / "got.part").write_bytes(DATA)
    assert fetch(server.serve("/x", DATA), size=None).read_bytes() == DATA
    assert server.ranges_asked("/x") == [f"bytes={len(DATA)}-"]


def test_a_part_longer_than_the_file_starts_again(server, fetch, folder):
    (folder / "got.part").write_bytes(DATA + b"more")
    assert fetch(server.serve("/x", DATA), size=None).read_bytes() == DATA


def test_a_part_of_another_file_starts_again(server, fetch, folder):
    (folder / "got.part").write_bytes(b"an older file")
    assert fetch(server.serve("/x", DATA)).read_bytes() == DATA
    assert server.ranges_asked("/x") == ["bytes=13-", None]


def test_a_file_that_changed_on_the_server_starts_again(server, fetch, folder):
    server.serve("/x", b"o" * 3_000_000)
    server.cuts["/x"] = [1_000_000] + [0] * TRIES
    with pytest.raises(PullFailed, match="connection broke"):
        fetch(server.url + "/x")
    server.cuts.clear()
    server.serve("/x", DATA)  # has another ETag: If-Range makes the server send all of it
    before = len(server.asked)
    assert fetch(server.url + "/x").read_bytes() == DATA
    assert len(server.asked) == before + 1


def test_a_server_without_ranges_sends_it_all_again(server, fetch):
    url = server.serve("/x", DATA)
    server.ranges = False
    server.cuts["/x"] = [1_000_000]
    assert fetch(url).read_bytes() == DATA


def test_a_connection_that_never_gives_a_byte_is_given_up(server, fetch):
    url = server.serve("/x", DATA)
    server.cuts["/x"] = [0] * 50
    with pytest.raises(PullFailed, match="connection broke"):
        fetch(url)
    assert len(server.asked) == TRIES


def test_wrong_bytes_are_refused_and_removed(server, fetch, folder):
    wrong = bytes(len(DATA))
    url = server.serve("/x", wrong)
    with pytest.raises(PullFailed) as caught:
        fetch(url)
    assert SHA256 in str(caught.value)
    assert hashlib.sha256(wrong).hexdigest() in str(caught.value)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("lengths", [True, False])
def test_more_bytes_than_expected_are_refused(server, fetch, lengths):
    url = server.serve("/x", DATA + b"more")
    server.lengths = lengths
    with pytest.raises(PullFailed, match="expected"):
        fetch(url)


def test_no_such_file(server, fetch):
    with pytest.raises(PullFailed, match="404"):
        fetch(server.url + "/none")


def test_a_host_that_cannot_be_reached_is_asked_once(fetch):
    with pytest.raises(PullFailed, match="cannot be reached") as first:
        fetch("http://127.0.0.1:9/x")
    with pytest.raises(PullFailed, match="cannot be reached") as second:
        fetch("http://127.0.0.1:9/y")
    assert str(first.value) == str(second.value)
    assert second.value.__cause__ is None


def test_room_is_asked_for_when_the_size_is_known(server, folder):
    fetcher = Fetcher(quiet, lambda _: 1000)
    url = server.serve("/x", DATA)
    with pytest.raises(DiskFull, match="make room"):
        fetcher.fetch(url, folder / "got", label="it", sha256=None, size=None)
    assert list(folder.iterdir()) == []


def test_a_disk_that_fills_up_is_said_so(server, folder, monkeypatch):
    fetcher = Fetcher(quiet, lambda _: 10**12)
    url = server.serve("/x", DATA)
    full = Path("/dev/full")
    monkeypatch.setattr(
        "device.models.fetch.open", lambda *args, **kwargs: full.open("ab"), raising=False
    )
    with pytest.raises(DiskFull, match="became full"):
        fetcher.fetch(url, folder / "got", label="it", sha256=None, size=None)


def test_progress_counts_up_to_the_whole(server, folder):
    told = []
    url = server.serve("/x", DATA)
    fetcher = Fetcher(lambda *line: told.append(line), lambda _: 10**12)
    fetcher.fetch(url, folder / "got", label="it", sha256=SHA256, size=None)
    assert [label for label, _, _ in told] == ["it"] * len(told)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[0][1:] == (0, len(DATA)) and told[-1][1:] == (len(DATA), len(DATA))
