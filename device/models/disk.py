"""The disk's side of a pull: private folders, room, and files that land whole or not at all."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from device.errors import DiskFull, ModelError, PullFailed

BLOCK = 1 << 20
# Left free by every pull, so that the assistant can still write its notes and timers.
MARGIN_BYTES = 50_000_000

FreeBytes = Callable[[Path], int]


class Progress(Protocol):
    """Told how a pull goes. A label seen for the first time starts a new line.

    `done` and `total` are bytes; a `total` of 0 means that nobody knows. What it raises goes
    through the pull, which can be taken up again later.
    """

    def __call__(self, label: str, done: int, total: int, /) -> None:
        """Say that `done` of `total` bytes are through."""
        ...


def free_bytes(folder: Path) -> int:
    """Return the bytes that this user can still write in the folder's file system."""
    return shutil.disk_usage(folder).free


def require_room(folder: Path, needed: int, free: FreeBytes) -> None:
    """Raise DiskFull unless `needed` bytes and a margin are free."""
    have = free(folder)
    if have < needed + MARGIN_BYTES:
        raise DiskFull(
            f"the disk is too full: {megabytes(needed + MARGIN_BYTES)} are needed in {folder} "
            f"and {megabytes(have)} are free; make room and pull again"
        )


def megabytes(count: int) -> str:
    """Write a number of bytes for a person, in units of 10^6."""
    return f"{count / 1e6:,.0f} MB" if count >= 10_000_000 else f"{count / 1e6:,.1f} MB"


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turn what the operating system says about writing `path` into our own errors."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(
                f"the disk became full while writing {path}; make room and pull again, "
                "what is already here is kept"
            ) from error
        raise ModelError(f"{path} cannot be written: {error.strerror or error}") from error


def private_dir(path: Path) -> None:
    """Make a folder, and those above it that are missing, for this user alone (0700)."""
    with writing(path):
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)


def private_fd(path: str, flags: int) -> int:
    """Open a file for this user alone (0600), as an opener for `open`; follow no link."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def sync_dir(folder: Path) -> None:
    """Make the names in a folder durable: a rename is lost in a power cut without this."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_durably(temporary: Path, target: Path) -> None:
    """Give a finished, synced file its name, and make the name durable."""
    temporary.replace(target)
    sync_dir(target.parent)


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """Return the sha256 of a file in hex; tell `progress` the bytes read so far."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress(done)
    return digest.hexdigest()


def land(blocks: Iterable[bytes], target: Path, *, size: int, sha256: str) -> None:
    """Write blocks as `target`, which exists afterwards with exactly these bytes, or not at all.

    Raises PullFailed when the size or the hash is another, with the file removed, and DiskFull or
    ModelError when it cannot be written. What `blocks` raises goes through.
    """
    temporary = target.with_name(f".landing-{target.name}")
    digest, done = hashlib.sha256(), 0
    try:
        with writing(temporary):
            file = open(temporary, "wb", opener=private_fd)  # noqa: SIM115
        with file:
            for block in blocks:
                done += len(block)
                if done > size:
                    raise PullFailed(f"{target.name} is longer than the {size} bytes expected")
                digest.update(block)
                with writing(temporary):
                    file.write(block)
            check(target.name, done, digest.hexdigest(), size=size, sha256=sha256)
            with writing(temporary):
                file.flush()
                os.fsync(file.fileno())
        with writing(target):
            replace_durably(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def check(name: str, got_size: int, got_sha256: str, *, size: int, sha256: str) -> None:
    """Raise PullFailed, with both values, unless a file is what the catalog says."""
    if got_size != size:
        raise PullFailed(f"{name} has {got_size} bytes where {size} are expected; it was removed")
    if got_sha256 != sha256:
        raise PullFailed(
            f"{name} has the sha256 {got_sha256} where {sha256} is expected; it was removed"
        )
