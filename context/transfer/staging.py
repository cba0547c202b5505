"""Files that are made ready before anything names them, so that a kill leaves none half.

In the vault's folder they begin with `.new-`, and no key opens them but what made them: whoever
comes next clears what was left.
"""

import os
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from context import durable, sqlite_file
from context.errors import KeysUnusable, StoreUnusable
from context.keys.keyring import Keyring

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


@contextmanager
def named(folder: Path, keyring: Keyring, ready: Mapping[Path, Path]) -> Generator[None]:
    """Give finished files their names, by those they have now; the body has the header name them.

    After a failure, those that the header does not name are removed, with what is beside them: it
    may have been written before it failed. Raises StoreUnusable.
    """
    try:
        for part, name in ready.items():
            part.rename(name)
        durable.sync_folder(folder)
        yield
    except BaseException as error:
        with suppress(KeysUnusable, OSError):
            ids = keyring.file_ids()
            for name in ready.values():
                if name.stem not in ids:
                    sqlite_file.remove(name)
        if isinstance(error, OSError):
            raise StoreUnusable(
                f"The files can't be written into {folder} ({error.strerror}): check the disk."
                " Nothing was changed."
            ) from None
        raise


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
