"""Opens a vault's header with whatever is at hand, and keeps what is open in memory."""

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from context.durable import Mark
from context.errors import KeysUnusable, VaultLocked
from context.keys import KeySource, WrongKey, key_header
from context.keys.header_file import PANIC_WAIT_S, HeaderFile
from context.keys.key_header import FileKey, Header, Tier, TierKeys, changed


@dataclass(frozen=True)
class Opened:
    """A header and what is open of it: tier keys, and by them the keys of files by name."""

    header: Header
    mark: Mark
    tiers: TierKeys = field(repr=False)
    files: Mapping[Tier, Mapping[str, FileKey]] = field(repr=False)
    by_phone: bool = False

    def tier_key(self, tier: Tier) -> bytes:
        """Raises VaultLocked."""
        key = self.tiers.get(tier)
        if key is None and self.header.pin is None:
            raise VaultLocked(tier, "The memory is locked until a PIN is set: set one.")
        if key is None:
            raise VaultLocked(tier)
        return key

    def only(self, tiers: frozenset[Tier]) -> "Opened":
        """What is left of it when other tiers are locked."""
        return replace(
            self,
            tiers={tier: key for tier, key in self.tiers.items() if tier in tiers},
            files={tier: files for tier, files in self.files.items() if tier in tiers},
            by_phone=False,
        )


class Opener:
    """One process's view of the header in `folder`, kept up with what other processes change.

    Safe to use from several threads. Everything may raise KeysUnusable.
    """

    def __init__(self, folder: Path, source: KeySource, *, general_needs_pin: bool) -> None:
        self._file = HeaderFile(folder)
        self._source = source
        self._general_needs_pin = general_needs_pin
        self._lock = threading.RLock()
        self._opened: Opened | None = None

    def open(self) -> None:
        """Read the header, or make a new vault where there is none; open what the device opens."""
        with self.alone():
            self._opened = None
            self._file.tidy()
            found = self._file.read()
            secret = self._source.secret()
            if found is None:
                header = key_header.new(secret)
                device = self.device_slot(header, key_header.new_tiers(), secret)
                self._file.write(changed(header, device=device), first=True)
                found = self._file.read() or _gone()
            key_header.check_secret(found[0], secret, self._source.name)
            self._adopt(*found, {}, by_phone=False)

    def forget(self) -> None:
        """Drop everything that is open."""
        with self._lock:
            self._opened = None

    def lock(self) -> None:
        """Drop what needs the PIN, if there is one."""
        with self._lock:
            try:
                opened = None if self._opened is None else self.fresh()
            except KeysUnusable:
                self._opened = None
                raise
            if opened is not None and opened.header.pin is not None:
                general = not self.needs_pin(opened.header)
                self._opened = opened.only(frozenset({Tier.GENERAL} if general else ()))

    def fresh(self, *, reread: bool = False) -> Opened:
        """What is open, with what other processes changed; reread: even if it looks the same."""
        with self._lock:
            opened = self._opened
            if opened is None:
                raise KeysUnusable("The vault is not open: open it first.")
            if not reread and not self._file.changed_since(opened.mark):
                return opened
            found = self._file.read()
            if found is None or found[0].vault_id != opened.header.vault_id:
                self._opened = None
                _gone()
            return self._adopt(*found, opened.tiers, by_phone=opened.by_phone)

    @contextmanager
    def alone(self) -> Generator[None]:
        """While no other thread or process changes anything; OSErrors are put into words."""
        with self._lock, self._file.alone():
            yield

    @contextmanager
    def changing(self) -> Generator[Opened]:
        """`alone`, and what is open by the header as it is on disk now."""
        with self._lock:
            self.fresh()  # what is not open is not locked either
            with self._file.alone():
                yield self.fresh(reread=True)

    def write(
        self, header: Header, tiers: TierKeys | None = None, *, by_phone: bool | None = None
    ) -> Opened:
        """Replace the header, within `changing`. Raises OSError.

        tiers, by_phone: what is open from now on, if it changes.
        """
        opened = self._opened or _gone()
        if header != opened.header:
            self._file.write(header)
        return self._adopt(
            *(self._file.read() or _gone()),
            opened.tiers if tiers is None else tiers,
            by_phone=opened.by_phone if by_phone is None else by_phone,
        )

    @contextmanager
    def stopping(self) -> Generator[HeaderFile]:
        """For a panic: alone if that takes no time, else regardless; everything is dropped."""
        held = self._lock.acquire(timeout=PANIC_WAIT_S)
        try:
            self._opened = None
            with self._file.alone_or_not():
                yield self._file
        finally:
            self._opened = None
            if held:
                self._lock.release()

    def needs_pin(self, header: Header) -> bool:
        """Whether nothing opens without the PIN: by choice, or for want of a device secret."""
        return self._general_needs_pin or not header.device_check

    def secret(self, header: Header) -> bytes:
        """The device secret, which is the one the vault was made with, or b""."""
        secret = self._source.secret()
        key_header.check_secret(header, secret, self._source.name)
        return secret

    def device_slot(self, header: Header, tiers: TierKeys, secret: bytes) -> bytes | None:
        """What the device opens alone: everything without a PIN, else the general tier at most."""
        if not secret or (header.pin is not None and self._general_needs_pin):
            return None
        opened = tiers if header.pin is None else {Tier.GENERAL: tiers[Tier.GENERAL]}
        wrapping = key_header.device_key(header, secret)
        return key_header.seal_tiers(header, "device", opened, wrapping)

    def all_tiers(self, opened: Opened) -> TierKeys:
        """All tiers' keys, to seal them anew. Raises VaultLocked."""
        header = opened.header
        if header.pin is not None:
            return {tier: opened.tier_key(tier) for tier in Tier}
        if header.device is not None:
            return self._opened_by_device(header)
        return key_header.new_tiers()  # without a device secret the first PIN makes them

    def _adopt(self, header: Header, mark: Mark, tiers: TierKeys, *, by_phone: bool) -> Opened:
        """Take over a header, and what `tiers` and the device open of it; all or nothing."""
        unlike = self._opened is None or self._opened.header.device != header.device
        if unlike and not self.needs_pin(header):
            tiers = {**self._opened_by_device(header), **tiers}
        files = {tier: key_header.open_files(header, tier, key) for tier, key in tiers.items()}
        self._opened = Opened(header, mark, tiers, files, by_phone)
        return self._opened

    def _opened_by_device(self, header: Header) -> TierKeys:
        if header.device is None:
            return {}
        wrapping = key_header.device_key(header, self.secret(header))
        try:
            tiers = key_header.open_tiers(header, "device", header.device, wrapping)
        except WrongKey:
            raise key_header.damaged() from None
        return tiers if header.pin is None else {Tier.GENERAL: tiers[Tier.GENERAL]}


def _gone() -> NoReturn:
    raise KeysUnusable("The vault has been erased: open it again to begin a new one.")
