"""Files that are made ready before anything names them, so that a kill leaves none half.

In the vault's folder they begin with `.new-`, and no key opens them but what made them: whoever
comes next clears what was left.
"""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from context import durable, sqlite_file
from context.errors import StoreUnusable

LOCK: Final = "backup.lock"
PREFIX: Final = ".new-"
_WAIT_S: Final = 1.0


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """While no other backup, restore or repair of the vault in `folder` goes on.

    What a killed one left is cleared. Raises StoreUnusable.
    """
    lock = FileLock(folder / LOCK, timeout=_WAIT_S, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise StoreUnusable(
            "Another backup, restore or repair of this memory is going on: wait for it."
        ) from None
    except OSError as error:
        raise StoreUnusable(
            f"The folder of memories {folder} can't be used: {error.strerror}."
        ) from None
    try:
        for left in folder.glob(f"{PREFIX}*"):
            left.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


@contextmanager
def fresh(folder: Path) -> Generator[Path]:
    """A path for a place's new file within `alone`; what is there at the end is removed."""
    path = folder / f"{PREFIX}{secrets.token_hex(16)}.db"
    try:
        yield path
    finally:
        sqlite_file.remove(path)


def claim(part: Path, name: Path) -> None:
    """Give a finished file its name. Raises FileExistsError rather than take another's; OSError."""
    try:
        os.link(part, name)
    except FileExistsError:
        raise
    except OSError as error:  # a file system without links, as on most USB sticks
        if name.exists():
            raise FileExistsError(str(name)) from error
        part.rename(name)
    else:
        part.unlink()
    durable.sync_folder(name.parent)
