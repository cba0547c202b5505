"""A vault's header on disk: read while others replace it, replaced by one process at a time."""

import errno
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from context import durable
from context.durable import Mark
from context.errors import KeysUnusable
from context.keys import key_header
from context.keys.key_header import Header

BUSY_S: Final = 5.0
"""Seconds to wait for another process before giving up."""
PANIC_WAIT_S: Final = 0.2
"""Seconds to wait for another process before erasing regardless."""


class HeaderFile:
    """`keyring.json` in a folder that exists; `keyring.lock` beside it stays, and is empty."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "keyring.json"
        self._lock = FileLock(folder / "keyring.lock", mode=0o600, poll_interval=0.005)

    @contextmanager
    def alone(self) -> Generator[None]:
        """While no other process changes the header or the attempts. Raises KeysUnusable.

        Failures of the disk inside it are put into words.
        """
        with in_words():
            self._path.parent.stat()  # the lock would make the folder
            self._lock.acquire(timeout=BUSY_S)
            try:
                yield
            finally:
                self._lock.release()

    def changed_since(self, mark: Mark) -> bool:
        """Whether another program replaced or erased the header. Cheap. Raises KeysUnusable."""
        with in_words():
            try:
                return durable.mark(self._path) != mark
            except FileNotFoundError:
                return True

    def read(self) -> tuple[Header, Mark] | None:
        """The header and its mark; None if there is no file. Raises KeysUnusable."""
        with in_words():
            while True:
                try:
                    data, mark = durable.read(self._path)
                except FileNotFoundError:
                    return None
                try:
                    return key_header.from_bytes(data), mark
                except KeysUnusable:
                    # A header that was replaced while it was read has been overwritten.
                    if not self.changed_since(mark):
                        raise

    def write(self, header: Header, *, first: bool = False) -> None:
        """Replace the header, within `alone`; the old one is overwritten. Raises OSError.

        Unless `first`, an erased header is not made again.
        """
        durable.replace(self._path, key_header.to_bytes(header), missing_ok=first)

    def tidy(self) -> None:
        """Overwrite what a killed process left, within `alone`. Raises OSError."""
        durable.tidy(self._path)

    @contextmanager
    def alone_or_not(self) -> Generator[None]:
        """As `alone`, but goes on regardless after PANIC_WAIT_S or a failure."""
        with ExitStack() as held:
            with suppress(OSError):  # a Timeout too
                self._path.parent.stat()
                held.enter_context(self._lock.acquire(timeout=PANIC_WAIT_S))
            yield

    def erase(self) -> None:
        """Overwrite and remove the header, whatever else goes on. Raises OSError."""
        durable.erase(self._path)


@contextmanager
def in_words() -> Generator[None]:
    """Turn failures of the disk into KeysUnusable."""
    try:
        yield
    except Timeout:
        raise KeysUnusable("Another program is using the vault's keys: try again.") from None
    except FileNotFoundError:
        raise KeysUnusable("The vault's folder or header is gone: open the vault again.") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise KeysUnusable(
                "The disk is full, so the vault's keys were left as they were: make room."
            ) from None
        raise KeysUnusable(
            f"The vault's keys can't be read or written ({error.strerror}): check the disk and"
            " who owns the folder."
        ) from None
