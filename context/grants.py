"""What the owner allows beyond the policy's table: given, listed, revoked, and used up.

Grants for always and for once are kept in one encrypted file, since they name compartments;
those for this session only in memory.
"""

import json
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from context import durable
from context.errors import ScopeDenied, StoreUnusable
from context.keys import WrongKey, unwrap, wrap
from context.keys.keyring import Keyring, Tier
from context.policy import Grant, Lasts, Purpose, Scope

_ABOUT = b"lapel grants 1"
_BUSY_S = 5.0
_GRANTS = TypeAdapter(tuple[Grant, ...])


class Grants:
    """The grants of a vault. Safe to use from several threads."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._path = folder / "grants.bin"
        self._keyring = keyring
        self._lock = threading.RLock()
        self._session: tuple[Grant, ...] = ()
        self._kept: tuple[Grant, ...] = ()
        self._read_at: durable.Mark | None = None
        self._beside = folder / "grants.lock"

    def all(self) -> tuple[Grant, ...]:
        """Those in force; none while the vault is locked, or if they can't be read."""
        with self._lock:
            if self._keyring.locked(Tier.GENERAL):
                return ()
            try:
                return (*self._read(), *self._session)
            except StoreUnusable:  # less is open then; `check` says so
                return self._session

    def check(self) -> None:
        """Raise StoreUnusable, which says what to do, if what was allowed can't be read."""
        with self._lock:
            if not self._keyring.locked(Tier.GENERAL):
                _ = self._read()

    def give(self, scope: Scope, grant: Grant) -> Grant:
        """Put a grant in force; returns it with an id of its own.

        scope: the owner's, to review, known by more than a voice. Raises ScopeDenied otherwise.
        """
        if scope.purpose is not Purpose.REVIEW or not scope.present:
            raise ScopeDenied("Allowing more takes more than a voice: the button, PIN or phone.")
        given = replace(grant, id=uuid4().hex)
        if given.lasts is Lasts.SESSION:
            with self._lock:
                self._session += (given,)
        else:
            with self._changing() as kept:
                self._write((*kept, given))
        return given

    def revoke(self, grant_ids: Iterable[str]) -> int:
        """Take grants back; returns how many there were. Anybody may narrow what is open."""
        ids = frozenset(grant_ids)
        with self._changing() as kept:
            session = self._session
            self._session = tuple(each for each in session if each.id not in ids)
            left = tuple(each for each in kept if each.id not in ids)
            if left != kept:
                self._write(left)
            return len(kept) - len(left) + len(session) - len(self._session)

    def used(self, grant_id: str) -> bool:
        """Note that a grant was needed: one for once is over. False if it has ended meanwhile."""
        with self._lock:
            grant = next((each for each in self.all() if each.id == grant_id), None)
            if grant is not None and grant.lasts is Lasts.ONCE:
                return self.revoke([grant_id]) == 1
            return grant is not None

    def end_session(self) -> None:
        """Drop what was granted for this session."""
        with self._lock:
            self._session = ()

    @contextmanager
    def _changing(self) -> Generator[tuple[Grant, ...]]:
        """What is kept, while no other thread or process changes it."""
        try:
            with self._lock, FileLock(self._beside, timeout=_BUSY_S, mode=0o600):
                yield self._read()
        except Timeout:
            raise StoreUnusable(
                "Another program is using what you have allowed: try again."
            ) from None

    def _read(self) -> tuple[Grant, ...]:
        while True:
            try:
                mark = durable.mark(self._path)
            except FileNotFoundError:
                return ()
            if mark == self._read_at:
                return self._kept
            try:
                plain = unwrap(self._path.read_bytes(), self._key(), _ABOUT)
                self._kept = _GRANTS.validate_json(plain)
            except (OSError, WrongKey, ValidationError):
                if self._is_as(mark):
                    raise StoreUnusable(
                        f"What you have allowed can't be read: delete {self._path} and allow it"
                        " again."
                    ) from None
                continue  # it was replaced, and so overwritten, while it was read
            self._read_at = mark
            return self._kept

    def _is_as(self, mark: durable.Mark) -> bool:
        try:
            return durable.mark(self._path) == mark
        except FileNotFoundError:
            return False

    def _write(self, grants: tuple[Grant, ...]) -> None:
        plain = json.dumps([asdict(each) for each in grants]).encode()
        sealed = wrap(plain, self._key(), _ABOUT)
        try:
            durable.replace(self._path, sealed, missing_ok=True)
        except OSError:
            raise StoreUnusable(
                f"What you allow can't be written to {self._path}: check the disk, and try again."
            ) from None
        self._kept, self._read_at = grants, None

    def _key(self) -> bytes:
        return self._keyring.subkey("grants")
