"""Small files that are replaced whole and leave no copy behind.

A file is replaced by renaming a new one over it; before that, the old one gets a second name, so
that whoever comes next finds it and can overwrite it with zeros, even after a kill or a power cut
in between. One process at a time may replace a file: callers hold a lock of their own.

Zeros are written over the same blocks only where the file system writes in place, as ext4 does and
copy-on-write ones don't. On flash the controller may keep the old blocks out of reach for a while.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Mark(NamedTuple):
    """What changes when a file is replaced or written."""

    inode: int
    modified_ns: int
    bytes_long: int


def mark(path: Path) -> Mark:
    """The file's present mark. Raises OSError."""
    return _mark(path.lstat())


def read(path: Path) -> tuple[bytes, Mark]:
    """All of a regular file, never through a link, and the mark it had. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(), _mark(os.fstat(descriptor))


def write_new(path: Path, data: bytes) -> None:
    """A file that did not exist, of mode 0600, on disk when this returns; or none. OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        with suppress(OSError):
            scrub(path)
        raise


def replace(path: Path, data: bytes, *, missing_ok: bool = False) -> None:
    """Make `data` the whole of `path`, on disk, and overwrite what was there before.

    After an OSError the file is either as it was or wholly new. If it has vanished, as after a
    panic, it is not made again: FileNotFoundError, unless `missing_ok`.
    """
    tidy(path)
    fresh, spent = _beside(path)
    try:
        write_new(fresh, data)
        try:
            os.link(path, spent, follow_symlinks=False)
        except FileNotFoundError:
            if not missing_ok:
                raise
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            scrub(fresh)
        raise
    sync_folder(path.parent)
    scrub(spent)


def tidy(path: Path) -> None:
    """Overwrite and remove what a `replace` that was cut off left beside `path`. OSError."""
    fresh, spent = _beside(path)
    scrub(fresh)
    try:
        before = spent.lstat()
    except FileNotFoundError:
        return
    with suppress(FileNotFoundError):
        if os.path.samestat(before, path.lstat()):  # cut off before the rename: it is the file
            spent.unlink()
            return
    sync_folder(path.parent)  # zeros must not come before the rename is on disk
    scrub(spent)


def erase(path: Path) -> None:
    """Overwrite and remove the file and all that is beside it; no matter what is missing.

    Holds against another process that is replacing it at this moment. Raises OSError.
    """
    fresh, spent = _beside(path)
    for each in (path, fresh, spent, path, fresh, path):
        scrub(each)
    with suppress(FileNotFoundError):
        sync_folder(path.parent)


def scrub(path: Path) -> None:
    """Write zeros over a file's bytes, on disk, and remove it; nothing if it is missing.

    Anything else than a regular file is only removed. Raises OSError.
    """
    try:
        if stat.S_ISREG(path.lstat().st_mode):
            descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                _write_all(descriptor, bytes(os.fstat(descriptor).st_size))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        path.unlink()
    except FileNotFoundError:
        return


def sync_folder(folder: Path) -> None:
    """Have the folder's names on disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}.new"), path.with_name(f"{path.name}.old")


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _mark(status: os.stat_result) -> Mark:
    return Mark(status.st_ino, status.st_mtime_ns, status.st_size)
