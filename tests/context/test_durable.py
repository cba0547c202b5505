"""Files that are replaced whole, whatever happens in between, and leave no copy behind."""

import errno
import os
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from context import durable

OLD, NEW = b"what was there before" * 9, b"what is there now" * 20


class PowerCut(BaseException):
    """Nothing catches it, so that nothing is cleaned up."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    durable.write_new(path, OLD)
    return path


def dying_at(call: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Cut the power at the so manieth system call; says whether it came to that."""
    calls = 0

    def wrapped(name: str) -> Callable[..., object]:
        real: Callable[..., object] = getattr(os, name)

        def counting(*arguments: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls == call:
                raise PowerCut
            return real(*arguments, **named)

        return counting

    for name in ("open", "write", "fsync", "link", "replace", "unlink"):
        monkeypatch.setattr(os, name, wrapped(name))
    return lambda: calls >= call


def test_a_file_is_whole_after_a_power_cut_at_any_step(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in range(1, 100):
        durable.replace(path, OLD)
        with monkeypatch.context() as patched:
            died = dying_at(call, patched)
            with suppress(PowerCut):
                durable.replace(path, NEW)
        if not died():
            break
        content = path.read_bytes()
        assert content in (OLD, NEW)
        copies = {each: each.open("rb") for each in path.parent.iterdir() if each != path}
        durable.tidy(path)
        assert path.read_bytes() == content
        assert list(path.parent.iterdir()) == [path]
        for copy in copies.values():  # of what had other names no byte is left on the disk
            with copy:
                assert os.path.samestat(os.fstat(copy.fileno()), path.stat()) or not any(
                    copy.read()
                )
    else:
        pytest.fail("it never ended")
    assert call > 10


def test_the_bytes_before_are_overwritten(path: Path) -> None:
    with path.open("rb") as before:
        durable.replace(path, NEW)
        assert before.read() == bytes(len(OLD))
    assert path.read_bytes() == NEW
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_the_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0
    real = os.write

    def full(descriptor: int, data: memoryview) -> int:
        nonlocal written
        if written >= 50:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(descriptor, data[:10])  # and writes may be short
        written += count
        return count

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        durable.replace(path, NEW)
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    durable.tidy(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_file_may_not_grow_beyond_the_limit(path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            durable.replace(path, bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == OLD
    assert list(path.parent.iterdir()) == [path]


def test_what_was_erased_is_not_made_again(path: Path) -> None:
    durable.erase(path)
    durable.erase(path)
    with pytest.raises(FileNotFoundError):
        durable.replace(path, NEW)
    assert not list(path.parent.iterdir())
    durable.replace(path, NEW, missing_ok=True)
    assert path.read_bytes() == NEW


def test_erasing_wins_over_a_replacement_in_progress(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace
    erased: list[Path] = []

    def late(fresh: Path, target: Path) -> Path:
        if not erased:
            erased.append(fresh)
            durable.erase(path)
        return real(fresh, target)

    monkeypatch.setattr(Path, "replace", late)
    with pytest.raises(FileNotFoundError):
        durable.replace(path, NEW)
    assert erased
    assert not list(path.parent.iterdir())


def test_links_are_not_followed(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(OSError, match="symbolic"):
        durable.read(link)
    durable.scrub(link)
    assert not link.is_symlink()
    assert path.read_bytes() == OLD
    with pytest.raises(FileExistsError):
        durable.write_new(path, NEW)
