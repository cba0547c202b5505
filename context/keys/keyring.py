"""A vault's keys: which are open, until when, and what opens them.

A new vault's restricted tier opens with the device, like the general one, until a PIN is set:
until then a button or a phone is a gate in the policy only. A vault that needs its PIN for
everything (`general_needs_pin`, or no device secret) is locked as a whole until a PIN is set, which
takes no old one; and its PIN can be changed, not taken away.

What this protects, and what it doesn't:
- A copied folder without the device secret tells how many files there are, and no names or texts.
- Who has the folder and the device secret (with a key file: the card) reads the general tier, and
  the restricted one once they have guessed the PIN: on a computer 4 digits take minutes, six
  random letters and digits years.
- Who controls the running device reads what is open, and keys from memory; Python can't overwrite
  its copies of them.
- What was erased is gone unless an earlier header is dug out of a flash chip, by someone who also
  has the device secret (and the PIN). Changing the tier's key at an erasure would not help: the
  earlier header opens its own.
- Whoever can write the folder can put an earlier header back, with its PIN.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from context import durable, keys
from context.errors import KeysUnusable, PinRefused, WrongPin
from context.keys import DEFAULT_COST, KEY_BYTES, Argon2, KeySource, WrongKey, key_header
from context.keys.header_file import in_words
from context.keys.key_header import FileKey, Header, PinSlot, Tier, changed
from context.keys.opener import Opener
from context.keys.pin_attempts import PinAttempts

__all__ = ["FileKey", "Keyring", "Tier"]

FEWEST_IN_PIN: Final = 4
MOST_IN_PIN: Final = 64
_RANDOM_ID: Final = re.compile(r"[0-9A-Za-z_:.-]{1,64}", re.ASCII)

_Slot = Literal["pin", "phone"]


class Keyring:
    """The keys of the vault in `folder`, which exists and is its owner's only (mode 0700).

    now: the calendar, for the waits between PINs. argon2: the cost of PINs that are set from now
    on. general_needs_pin: the general tier is locked like the restricted one; a change of it takes
    full effect at the next unlocking. Safe to use from several threads and processes.

    Everything may raise KeysUnusable; before `open` and after `close` or `panic`, all but these
    and `lock` do.
    """

    def __init__(
        self,
        folder: Path,
        source: KeySource,
        now: Callable[[], datetime],
        *,
        argon2: Argon2 = DEFAULT_COST,
        general_needs_pin: bool = False,
    ) -> None:
        self._opener = Opener(folder, source, general_needs_pin=general_needs_pin)
        self._source = source
        self._argon2 = argon2
        self._attempts_path = folder / "pin_attempts.json"
        self._attempts = PinAttempts(self._attempts_path, now)

    def open(self) -> None:
        """Read the header, or make a new vault where there is none; open what the device opens.

        A header that is missing can't be told from a first use: the caller notices files that a
        new vault has no keys for (`file_ids`).
        """
        self._opener.open()

    def close(self) -> None:
        """Forget all keys."""
        self._opener.forget()

    def get(self, name: str, tier: Tier) -> FileKey | None:
        """The key of a file; None if none was ever made. Raises VaultLocked."""
        opened = self._opener.fresh()
        opened.tier_key(tier)
        return opened.files[tier].get(name)

    def make(self, name: str, tier: Tier) -> FileKey:
        """The key of a file, on disk if it is a new one. Raises VaultLocked.

        Processes that make the same name at once get the same key.
        """
        if (known := self.get(name, tier)) is not None:
            return known
        with self._opener.changing() as opened:
            tier_key, header = opened.tier_key(tier), opened.header
            if (known := opened.files[tier].get(name)) is not None:
                return known
            file = FileKey(secrets.token_hex(16), secrets.token_bytes(KEY_BYTES))
            sealed = key_header.seal_file(header, tier, tier_key, name, file)
            in_tier = header.entries[tier] | {file.file_id: sealed}
            self._opener.write(changed(header, entries=header.entries | {tier: in_tier}))
            return file

    def destroy(self, name: str, tier: Tier) -> str | None:
        """Erase a file's key for ever and return the file's id; None if there is none.

        The header that had it is overwritten before this returns (see the module about what can
        remain on flash). Raises VaultLocked.
        """
        with self._opener.changing() as opened:
            opened.tier_key(tier)
            file, header = opened.files[tier].get(name), opened.header
            if file is None:
                return None
            in_tier = {i: sealed for i, sealed in header.entries[tier].items() if i != file.file_id}
            self._opener.write(changed(header, entries=header.entries | {tier: in_tier}))
            return file.file_id

    def adopt(
        self, files: Mapping[str, tuple[Tier, FileKey]], *, replace: bool = False
    ) -> list[str]:
        """Take in keys that were made elsewhere, under new ids: all or none, on disk together.

        Returns the ids of the files whose keys they replace, which are erased as by `destroy`.
        Raises VaultLocked, and KeysUnusable if a name has a key already, unless `replace`.
        """
        replaced: list[str] = []
        with self._opener.changing() as opened:
            header = opened.header
            entries = {tier: dict(in_tier) for tier, in_tier in header.entries.items()}
            for name, (tier, file) in files.items():
                tier_key, before = opened.tier_key(tier), opened.files[tier].get(name)
                if before is not None and not replace:
                    raise KeysUnusable(f"There is a key for {name} already: nothing was changed.")
                if before is not None:
                    del entries[tier][before.file_id]
                    replaced.append(before.file_id)
                sealed = key_header.seal_file(header, tier, tier_key, name, file)
                entries[tier][file.file_id] = sealed
            self._opener.write(changed(header, entries=entries))
        return replaced

    def names(self) -> list[str]:
        """The names of files in the tiers that are open, sorted."""
        return sorted({name for files in self._opener.fresh().files.values() for name in files})

    def file_ids(self) -> list[str]:
        """The ids of all files, in locked tiers too, sorted."""
        entries = self._opener.fresh().header.entries
        return sorted(file_id for in_tier in entries.values() for file_id in in_tier)

    @property
    def vault_id(self) -> str:
        """The vault's random name: 32 hexadecimal digits."""
        return self._opener.fresh().header.vault_id

    def subkey(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same as long as the vault lives. Raises VaultLocked.

        From the general tier, which must be open.
        """
        opened = self._opener.fresh()
        return key_header.subkey(opened.header, opened.tier_key(Tier.GENERAL), purpose)

    def locked(self, tier: Tier) -> bool:
        """Whether the keys of `tier` can't be had now."""
        return tier not in self._opener.fresh().tiers

    def lock(self) -> None:
        """Lock the restricted tier, and the general one if it needs the PIN.

        Nothing is locked while no PIN is set, as nothing could open it again.
        """
        self._opener.lock()

    def has_pin(self) -> bool:
        """Whether a PIN is set."""
        return self._opener.fresh().header.pin is not None

    def unlock(self, pin: str) -> None:
        """Open all tiers. Raises WrongPin; PinRefused, uncounted, if it can't be a PIN.

        Each try is counted on disk before it is tested; see `pin_attempts` for the waits.
        """
        said = _normal(pin)

        def wrapping(header: Header, secret: bytes) -> bytes:
            assert header.pin is not None
            stretched = keys.stretch(said, header.pin.salt, header.pin.argon2)
            return key_header.pin_key(header, secret, stretched)

        self._try("pin", wrapping)

    def unlock_with_phone(self, key: bytes) -> None:
        """Open all tiers with what `pair_phone` returned. Raises WrongPin: counted as PINs are."""
        self._try("phone", lambda header, secret: key_header.phone_key(header, secret, key))

    def set_pin(self, new: str | None, old: str | None = None) -> None:
        """Set, change or (None) take away the PIN; then everything is open. No file key changes.

        old: needed if there is a PIN, unless the phone opened the vault; tried as by `unlock`.
        Raises WrongPin, PinRefused.
        """
        said = None if new is None else _normal(new)
        before = self._opener.fresh()
        if said is None and self._opener.needs_pin(before.header):
            raise KeysUnusable(
                "Only its PIN protects this vault: change the PIN instead of taking it away."
            )
        if before.header.pin is not None:
            if old is not None:
                self.unlock(old)
            elif not before.by_phone:
                raise WrongPin(0.0, "The old PIN is needed to change it")
        salt = secrets.token_bytes(16)
        stretched = b"" if said is None else keys.stretch(said, salt, self._argon2)
        with self._opener.changing() as opened:
            header, pin = opened.header, None
            if header.pin != before.header.pin:
                raise WrongPin(0.0, "Another program has just changed the PIN")
            tiers, secret = self._opener.all_tiers(opened), self._opener.secret(header)
            if said is not None:
                wrapping = key_header.pin_key(header, secret, stretched)
                sealed = key_header.seal_tiers(header, "pin", tiers, wrapping)
                pin = PinSlot(salt=salt, argon2=self._argon2, sealed=sealed)
            after = changed(header, pin=pin)
            device = self._opener.device_slot(after, tiers, secret)
            self._opener.write(changed(after, device=device), tiers)

    def pair_phone(self) -> bytes:
        """A new random key of 32 bytes for the one phone; an earlier one ends. Raises VaultLocked.

        All tiers must be open. The key is not kept here.
        """
        phone = secrets.token_bytes(KEY_BYTES)
        with self._opener.changing() as opened:
            header = opened.header
            tiers = {tier: opened.tier_key(tier) for tier in Tier}
            wrapping = key_header.phone_key(header, self._opener.secret(header), phone)
            sealed = key_header.seal_tiers(header, "phone", tiers, wrapping)
            self._opener.write(changed(header, phone=sealed))
        return phone

    def unpair_phone(self) -> None:
        """Let the phone open nothing any more. Works while locked, for a phone that was lost."""
        with self._opener.changing() as opened:
            self._opener.write(changed(opened.header, phone=None), by_phone=False)

    def owe(self, ids: Iterable[str]) -> None:
        """Note random ids of items to erase once the tier they lie in is open; kept in plain.

        Raises ValueError for what can't be a random id, lest private text gets there.
        """
        owing = frozenset(ids)
        if not all(_RANDOM_ID.fullmatch(each) for each in owing):
            raise ValueError("Only random ids can be owed: letters, digits and -_:. up to 64.")
        with self._opener.changing() as opened:
            owed = tuple(sorted(owing.union(opened.header.owed)))
            self._opener.write(changed(opened.header, owed=owed))

    def owed(self) -> frozenset[str]:
        """What was noted by `owe` and not taken back by `pay`; in locked vaults too."""
        return frozenset(self._opener.fresh().header.owed)

    def pay(self, ids: Iterable[str]) -> None:
        """Take back ids that were erased."""
        with self._opener.changing() as opened:
            owed = tuple(sorted(frozenset(opened.header.owed).difference(ids)))
            self._opener.write(changed(opened.header, owed=owed))

    def panic(self) -> None:
        """Destroy every key for ever: header, attempts and device secret. Needs nothing open.

        Takes well under a second even while another thread or process is in the middle of
        something. Does all it can before it raises KeysUnusable for what it could not do.
        """
        failures: list[str] = []
        with self._opener.stopping() as file:
            for erase in (
                file.erase,
                lambda: durable.erase(self._attempts_path),
                self._source.destroy,
            ):
                try:
                    with in_words():
                        erase()
                except KeysUnusable as error:
                    failures.append(str(error))
        if failures:
            raise KeysUnusable(f"Not all keys could be destroyed. {' '.join(failures)}")

    def _try(self, slot: _Slot, wrapping: Callable[[Header, bytes], bytes]) -> None:
        """Count, test outside of all locks (a panic can't wait for Argon2), and open or raise."""
        with self._opener.changing() as opened:
            header = opened.header
            sealed, secret = _sealed(header, slot), self._opener.secret(header)
            self._attempts.begin()
        try:
            tiers = key_header.open_tiers(header, slot, sealed, wrapping(header, secret))
        except WrongKey:
            with self._opener.changing():
                raise WrongPin(self._attempts.wait_s()) from None
        with self._opener.changing() as opened:
            now = opened.header
            if now.vault_id != header.vault_id or _sealed(now, slot) != sealed:
                raise WrongPin(0.0, "Another program has just changed that")
            self._attempts.succeeded()
            self._opener.write(now, tiers, by_phone=slot == "phone")
            device = self._opener.device_slot(now, tiers, secret)
            if (device is None) != (now.device is None):  # `general_needs_pin` was changed
                with suppress(OSError):  # as on a full disk: then at the next unlocking
                    self._opener.write(changed(now, device=device))


def _normal(pin: str) -> str:
    normal = unicodedata.normalize("NFKC", pin)
    fits = FEWEST_IN_PIN <= len(normal) <= MOST_IN_PIN
    if not fits or any(unicodedata.category(character) == "Cs" for character in normal):
        raise PinRefused(f"A PIN has {FEWEST_IN_PIN} to {MOST_IN_PIN} characters: choose another.")
    return normal


def _sealed(header: Header, slot: _Slot) -> bytes:
    sealed = header.phone if slot == "phone" else header.pin and header.pin.sealed
    if sealed is None:
        raise KeysUnusable(
            "No phone is paired: use the PIN."
            if slot == "phone"
            else "No PIN is set, so none opens anything: set one first."
        )
    return sealed
