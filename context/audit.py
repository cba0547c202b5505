"""What was done with memory and when: an append-only log that holds nobody's words.

`audit_chain` says what its lines are. Where the log ends is kept beside it, in `<path>.head`,
under the same key, so that a cut end shows too.

What this can't show: whoever has the key can write another log, and whoever has old copies of
both files can put them back, or remove both. Against that, write the `Head` down elsewhere from
time to time and give it to `verify` as `anchor`.
"""

import errno
import fcntl
import os
import threading
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from io import BytesIO
from itertools import count, islice
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

from context import audit_chain
from context.audit_chain import START, AuditBroken, AuditEvent, Damage, Fact, Head, Record
from context.errors import StoreUnusable

__all__ = [
    "Audit",
    "AuditBroken",
    "AuditEvent",
    "Damage",
    "Head",
    "Record",
    "Verified",
    "read",
    "verify",
]

_KEY_BYTES: Final = 32


class Verified(NamedTuple):
    """A log in which nothing is wrong. The times are those of its first and last record."""

    records: int
    head: Head
    first_at: datetime | None
    last_at: datetime | None


class Audit:
    """Appends to the log at `path`, in a folder that exists; only its owner can read the file.

    Opens it, and makes it if it is missing. A torn last line is cut off. key: 32 random bytes or
    more, for nothing else. begin_anew: where AuditBroken would be raised, keep the broken log
    under another name, which `broken` then says, and begin a new one. Safe to use from several
    threads and processes; after a fork, the child makes its own.

    Raises AuditBroken if records are missing at the end, or those since the last durable one are
    not as they were written (`verify` reads them all), and StoreUnusable.
    """

    def __init__(self, path: Path, key: bytes, *, begin_anew: bool = False) -> None:
        self.broken: Path | None = None
        self._path = path
        self._key = _checked(key)
        self._lock = threading.Lock()
        self._head, self._end_bytes = START, 0
        self._descriptor: int | None = None
        with _in_words():
            while self._descriptor is None:
                self._descriptor = self._open(begin_anew)

    def append(
        self,
        event: AuditEvent,
        at: datetime,
        *,
        facts: Mapping[str, Fact],
        durable: bool = False,
    ) -> Head:
        """Add a record and return the head that it makes. durable: on disk when this returns.

        facts: codes (lower-case words joined by "_", at most 40 characters) to counts, yes or no,
        codes, ids and digests (32, 64 or 128 hexadecimal digits), or lists of such strings. Raises
        ValueError for anything else, which could be somebody's words, and for a naive time; raises
        AuditBroken if the log's end was changed meanwhile, and StoreUnusable if it is closed or
        can't be written.
        """
        audit_chain.check_facts(facts)
        at_us = audit_chain.since_epoch_us(at)
        with self._up_to_date() as descriptor:
            line, head = audit_chain.next_line(self._key, self._head, event, at_us, facts)
            _write(descriptor, line, self._end_bytes)
            self._head, self._end_bytes = head, self._end_bytes + len(line)
            if durable:
                self._make_durable(descriptor)
            return head

    def head(self) -> Head:
        """The log's present head, with what other processes have added. Raises as `append`."""
        with self._up_to_date():
            return self._head

    def close(self) -> None:
        """Put the log and its head on disk, if they can be, and close it for good."""
        # What is wrong with it stays so, and is said when the log is next opened or verified.
        with suppress(AuditBroken, StoreUnusable), self._up_to_date() as descriptor:
            self._make_durable(descriptor)
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is not None:
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, begin_anew: bool) -> int | None:
        """The descriptor; None, to be tried again, if the file is, or just was, put aside."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        with ExitStack() as undo:
            undo.callback(os.close, descriptor)
            with _locked(descriptor, fcntl.LOCK_EX):
                if not _is_at(descriptor, self._path):
                    return None
                try:
                    self._resume(descriptor)
                except AuditBroken:
                    if not begin_anew:
                        raise
                    self.broken = _put_aside(self._path)
                    return None
            undo.pop_all()
        return descriptor

    def _resume(self, descriptor: int) -> None:
        """Go on from where the log is known to lead; all before that is left to `verify`."""
        os.fchmod(descriptor, 0o600)
        sealed = _read_if_there(_head_path(self._path))
        known = None if sealed is None else audit_chain.unseal_head(self._key, sealed)
        if known is None and (sealed is not None or os.fstat(descriptor).st_size):
            raise AuditBroken(Damage.HEAD, 1)
        self._head, self._end_bytes = known or (START, 0)
        self._catch_up(descriptor)
        if known != (self._head, self._end_bytes):
            self._make_durable(descriptor)

    @contextmanager
    def _up_to_date(self) -> Generator[int]:
        """The descriptor, while nobody else writes and what others have written is taken in."""
        with self._lock, _in_words():
            if (descriptor := self._descriptor) is None:
                raise StoreUnusable("The audit log is closed.")
            with _locked(descriptor, fcntl.LOCK_EX):
                if not _is_at(descriptor, self._path):
                    raise AuditBroken(Damage.TRUNCATED, 1)
                self._catch_up(descriptor)
                yield descriptor

    def _catch_up(self, descriptor: int) -> None:
        size_bytes = os.fstat(descriptor).st_size
        if size_bytes == self._end_bytes:
            return
        if size_bytes < self._end_bytes:
            raise AuditBroken(Damage.TRUNCATED, self._head.seq)
        lines = BytesIO(os.pread(descriptor, size_bytes - self._end_bytes, self._end_bytes))
        try:
            for line in audit_chain.chain(lines, self._key, self._head):
                self._head = line.head
                self._end_bytes += len(line.raw)
        except AuditBroken as broken:
            if broken.damage is not Damage.TORN:
                raise
            os.ftruncate(descriptor, self._end_bytes)

    def _make_durable(self, descriptor: int) -> None:
        """The log first: what is known to be there must never be more than is."""
        os.fdatasync(descriptor)
        path = _head_path(self._path)
        new = path.with_name(f"{path.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        beside = os.open(new, flags, 0o600)
        try:
            _write(beside, audit_chain.seal_head(self._key, self._head, self._end_bytes), 0)
            os.fsync(beside)
        finally:
            os.close(beside)
        new.replace(path)


def verify(path: Path, key: bytes, *, anchor: Head | None = None) -> Verified:
    """Read the whole log; raises AuditBroken, which names the first line that is not as written.

    anchor: a head that was written down elsewhere; the log must lead to it or through it. May be
    called while others append: what they add meanwhile is not read.
    """
    with _in_words(), _snapshot(path) as (lines, sealed):
        known = None if sealed is None else audit_chain.unseal_head(_checked(key), sealed)
        ends = [end for end in (anchor, known and known[0]) if end is not None]
        head, first_at, last_at, torn = START, None, None, None
        try:
            for line in audit_chain.chain(lines, _checked(key), head):
                head, last_at = line.head, audit_chain.at(line)
                first_at = first_at or last_at
                if any(end.seq == head.seq and end != head for end in ends):
                    raise AuditBroken(Damage.REPLACED, head.seq)
        except AuditBroken as broken:
            if broken.damage is not Damage.TORN:
                raise
            torn = broken
    if any(end.seq > head.seq for end in ends):  # a power loss tears only what was not durable
        raise AuditBroken(Damage.TRUNCATED, head.seq + 1)
    if any(end.seq == 0 and end != START for end in ends):
        raise AuditBroken(Damage.REPLACED, 1)
    if torn is not None:
        raise torn
    if known is None and (sealed is not None or head != START):
        raise AuditBroken(Damage.HEAD, max(head.seq, 1))
    return Verified(head.seq, head, first_at, last_at)


def read(
    path: Path,
    key: bytes,
    *,
    since: datetime | None = None,
    limit: int,
    before: int | None = None,
) -> list[Record]:
    """At most `limit` records, newest first, of those at or after `since`.

    before: the number of a line that is not looked at, nor are those after it; None for all.

    Raises AuditBroken if a line is not as written, since all before the last are checked, too;
    whether the end is missing is for `verify` to say, and a torn last line is left out. Raises
    ValueError if `limit` is less than 1 or `since` naive.
    """
    if limit < 1:
        raise ValueError(f"The limit must be at least 1, and is {limit}.")
    since_us = None if since is None else audit_chain.since_epoch_us(since)
    end = None if before is None else max(before - 1, 0)
    found: deque[Record] = deque(maxlen=limit)
    with _in_words(), _snapshot(path) as (lines, _):
        try:
            for line in islice(audit_chain.chain(lines, _checked(key), START), end):
                if since_us is None or line.body["at_us"] >= since_us:
                    found.append(audit_chain.record(line))
        except AuditBroken as broken:
            if broken.damage is not Damage.TORN:
                raise
    return list(reversed(found))


@contextmanager
def _snapshot(path: Path) -> Generator[tuple[Iterator[bytes], bytes | None]]:
    """The lines that there are now, read as they are asked for, and what is beside the log."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        yield iter(()), _read_if_there(_head_path(path))
        return
    with os.fdopen(descriptor, "rb") as file:
        with _locked(descriptor, fcntl.LOCK_SH):
            size_bytes = os.fstat(descriptor).st_size
            sealed = _read_if_there(_head_path(path))
        yield _lines(file, size_bytes), sealed


def _lines(file: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    while size_bytes > 0 and (line := file.readline(size_bytes)):
        size_bytes -= len(line)
        yield line


def _put_aside(path: Path) -> Path:
    """Give the log and its head names that no other has; returns the log's."""
    names = (path.with_name(f"{path.name}.broken-{number}") for number in count(1))
    aside = next(name for name in names if not (name.exists() or _head_path(name).exists()))
    path.rename(aside)
    with suppress(FileNotFoundError):
        _head_path(path).rename(_head_path(aside))
    return aside


def _write(descriptor: int, line: bytes, end_bytes: int) -> None:
    """All of `line` at the end of the file, which is at `end_bytes`, or nothing and OSError."""
    if os.write(descriptor, line) != len(line):
        os.ftruncate(descriptor, end_bytes)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _head_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.head")


def _read_if_there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


@contextmanager
def _locked(descriptor: int, how: int) -> Generator[None]:
    fcntl.flock(descriptor, how)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def _in_words() -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnusable(
            f"The audit log can't be read or written: {error.strerror}. Check the disk, and who"
            " owns the file."
        ) from None


def _checked(key: bytes) -> bytes:
    if len(key) < _KEY_BYTES:
        raise ValueError(f"The key of an audit log has at least {_KEY_BYTES} bytes.")
    return key
