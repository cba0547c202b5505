"""What the owner allows beyond the policy's table: given, listed, revoked, and used up.

Grants for always and for once are kept in one encrypted file, since they name compartments;
those for this session only in memory.
"""

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from context import durable
from context.errors import ScopeDenied, StoreUnusable
from context.keyring import Keyring, Tier
from context.keys import WrongKey, unwrap, wrap
from context.policy import Grant, Lasts, Purpose, Scope

_ABOUT = b"lapel grants 1"
_GRANTS = TypeAdapter(tuple[Grant, ...])


class Grants:
    """The grants of a vault. Safe to use from several threads."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._path = folder / "grants.bin"
        self._keyring = keyring
        self._lock = threading.RLock()
        self._session: tuple[Grant, ...] = ()
        self._kept: tuple[Grant, ...] = ()
        self._read_at: tuple[int, int] | None = None

    def all(self) -> tuple[Grant, ...]:
        """Those in force; none while the vault is locked. Raises StoreUnusable."""
        with self._lock:
            return () if self._keyring.locked(Tier.GENERAL) else (*self._read(), *self._session)

    def give(self, scope: Scope, grant: Grant) -> Grant:
        """Put a grant in force; returns it with an id of its own.

        scope: the owner's, to review, known by more than a voice. Raises ScopeDenied otherwise.
        """
        if scope.purpose is not Purpose.REVIEW or not scope.present:
            raise ScopeDenied("Allowing more takes more than a voice: the button, PIN or phone.")
        given = replace(grant, id=uuid4().hex)
        with self._lock:
            if given.lasts is Lasts.SESSION:
                self._session += (given,)
            else:
                self._write((*self._read(), given))
        return given

    def revoke(self, grant_ids: Iterable[str]) -> int:
        """Take grants back; returns how many there were. Anybody may narrow what is open."""
        ids = frozenset(grant_ids)
        with self._lock:
            kept, session = self._read(), self._session
            self._session = tuple(each for each in session if each.id not in ids)
            left = tuple(each for each in kept if each.id not in ids)
            if left != kept:
                self._write(left)
            return len(kept) - len(left) + len(session) - len(self._session)

    def used(self, grant_id: str) -> None:
        """Note that a grant was needed: one for once is over."""
        with self._lock:
            once = [each.id for each in self.all() if each.lasts is Lasts.ONCE]
            if grant_id in once:
                self.revoke([grant_id])

    def end_session(self) -> None:
        """Drop what was granted for this session."""
        with self._lock:
            self._session = ()

    def _read(self) -> tuple[Grant, ...]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return ()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._read_at:
            try:
                plain = unwrap(self._path.read_bytes(), self._key(), _ABOUT)
                self._kept = _GRANTS.validate_json(plain)
            except (OSError, WrongKey, ValidationError):
                raise StoreUnusable(
                    f"What you have allowed can't be read: delete {self._path} and allow it again."
                ) from None
            self._read_at = stamp
        return self._kept

    def _write(self, grants: tuple[Grant, ...]) -> None:
        plain = json.dumps([asdict(each) for each in grants]).encode()
        sealed = wrap(plain, self._key(), _ABOUT)
        try:
            with FileLock(self._path.with_name("files.lock"), timeout=10, mode=0o600):
                durable.replace(self._path, sealed, missing_ok=True)
        except (OSError, Timeout):
            raise StoreUnusable(
                f"What you allow can't be written to {self._path}: check the disk, and try again."
            ) from None
        self._kept, self._read_at = grants, None

    def _key(self) -> bytes:
        return self._keyring.subkey("grants")
