"""What a vault's header says, as a value: slots that open tier keys, and the keys these wrap.

```
device secret ──────────> device slot ┐
PIN, device secret ─────> PIN slot    ├─> tier keys: general, restricted ─> a key per file
phone's key, dev. secret > phone slot ┘
```

Each slot holds the tier keys it opens, wrapped by a key derived from what opens it. A file's name
and key are sealed together, padded, under its tier's key. In plain are only random ids, costs,
how many files there are, and whether there is a PIN or a phone. Pure, but for chance.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import KeysUnusable
from context.keys import KEY_BYTES, Argon2, WrongKey, derive, unwrap, wrap

FORMAT: Final = 1
_PADDED_TO: Final = 128
_CHECK_BYTES: Final = 16


class Tier(StrEnum):
    """How a file's key is locked: general ones open with the device, restricted ones by a PIN."""

    GENERAL = "general"
    RESTRICTED = "restricted"


TierKeys = Mapping[Tier, bytes]


@dataclass(frozen=True)
class FileKey:
    """One file's random id (32 hexadecimal digits) and its 256-bit key."""

    file_id: str
    key: bytes = field(repr=False)


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )


class PinSlot(_Part):
    """The tier keys under the PIN, and what stretching it takes."""

    salt: bytes
    argon2: Argon2
    sealed: bytes


class Header(_Part):
    """Everything that is in a header's file. `entries`: sealed names and keys by file id."""

    format: Literal[1] = FORMAT
    vault_id: str
    device_check: bytes
    """Tells a wrong device secret from damage; empty if the vault has no device secret."""
    device: bytes | None = None
    pin: PinSlot | None = None
    phone: bytes | None = None
    entries: dict[Tier, dict[str, bytes]]
    owed: tuple[str, ...] = ()
    check: str = ""
    """Tells damage from everything else."""

    def about(self, what: str) -> bytes:
        """What a wrapped key is bound to: its place in this vault."""
        return f"lapel/{self.vault_id}/{what}".encode()


def new(secret: bytes) -> Header:
    """An empty vault's header, with no slot yet. secret: the device's, or b"" for none."""
    vault_id = secrets.token_hex(16)
    entries: dict[Tier, dict[str, bytes]] = {tier: {} for tier in Tier}
    return Header(vault_id=vault_id, device_check=_device_check(secret, vault_id), entries=entries)


def new_tiers() -> TierKeys:
    """New keys for all tiers."""
    return {tier: secrets.token_bytes(KEY_BYTES) for tier in Tier}


def to_bytes(header: Header) -> bytes:
    """The header's file."""
    return changed(header, check=_check(header)).model_dump_json().encode()


def from_bytes(data: bytes) -> Header:
    """The header in a file. Raises KeysUnusable if it is damaged or of a newer program."""
    try:
        outer: object = json.loads(data)
    except (ValueError, RecursionError):
        raise damaged() from None
    version = cast("dict[str, object]", outer).get("format") if isinstance(outer, dict) else None
    if isinstance(version, int) and version > FORMAT:
        raise KeysUnusable(
            f"The vault was made by a newer version of this program (format {version}, and this"
            f" one knows {FORMAT}): update the program."
        )
    try:
        header = Header.model_validate_json(data)
    except ValidationError:
        raise damaged() from None
    if header.check != _check(header) or set(header.entries) != set(Tier):
        raise damaged()
    return header


def changed(header: Header, **parts: Any) -> Header:
    """The header with some parts replaced."""
    return header.model_copy(update=parts)


def check_secret(header: Header, secret: bytes, source: str) -> None:
    """Raise KeysUnusable unless `secret` is the one the vault was made with. source: its name."""
    if header.device_check == _device_check(secret, header.vault_id):
        return
    if not secret:
        raise KeysUnusable(
            "This vault was made with a device secret, and none is set up: set up the one it was"
            " made with."
        )
    if not header.device_check:
        raise KeysUnusable(
            f"This vault was made without a device secret, and {source} gives one: set it up"
            " without."
        )
    raise KeysUnusable(
        f"What {source} holds is not the device secret this vault was made with: put the right"
        " one back, as nothing can be read without it."
    )


def device_key(header: Header, secret: bytes) -> bytes:
    """What wraps the device slot."""
    return derive(secret, header.vault_id.encode(), "device slot")


def pin_key(header: Header, secret: bytes, stretched: bytes) -> bytes:
    """What wraps the PIN slot: it takes the device secret too, if the vault has one."""
    return derive(stretched + secret, header.vault_id.encode(), "PIN slot")


def phone_key(header: Header, secret: bytes, phone: bytes) -> bytes:
    """What wraps the phone slot: it takes the device secret too, if the vault has one."""
    return derive(hashlib.sha256(phone).digest() + secret, header.vault_id.encode(), "phone slot")


def seal_tiers(header: Header, slot: str, keys: TierKeys, wrapping: bytes) -> bytes:
    """A slot's contents: the key of the general tier, and of the restricted one if given."""
    both = b"".join(keys[tier] for tier in Tier if tier in keys)
    return wrap(both, wrapping, header.about(f"slot/{slot}"))


def open_tiers(header: Header, slot: str, sealed: bytes, wrapping: bytes) -> TierKeys:
    """The tier keys in a slot. Raises WrongKey."""
    both = unwrap(sealed, wrapping, header.about(f"slot/{slot}"))
    parts = [both[at : at + KEY_BYTES] for at in range(0, len(both), KEY_BYTES)]
    return MappingProxyType(dict(zip(Tier, parts, strict=False)))


def seal_file(header: Header, tier: Tier, tier_key: bytes, name: str, file: FileKey) -> bytes:
    """A file's name and key as one blob, whose length tells little of the name's."""
    plain = json.dumps({"name": name, "key": file.key.hex()}).encode()
    padded = plain + b" " * (-len(plain) % _PADDED_TO)
    return wrap(padded, _files_key(header, tier_key), _about_file(header, tier, file.file_id))


def open_files(header: Header, tier: Tier, tier_key: bytes) -> dict[str, FileKey]:
    """All of a tier's files by name. Raises KeysUnusable if an entry was edited."""
    wrapping = _files_key(header, tier_key)
    found: dict[str, FileKey] = {}
    for file_id, sealed in header.entries[tier].items():
        try:
            plain = unwrap(sealed, wrapping, _about_file(header, tier, file_id))
        except WrongKey:
            raise damaged() from None
        entry: dict[str, str] = json.loads(plain)
        found[entry["name"]] = FileKey(file_id, bytes.fromhex(entry["key"]))
    return found


def _files_key(header: Header, tier_key: bytes) -> bytes:
    return derive(tier_key, header.vault_id.encode(), "files")


def subkey(header: Header, tier_key: bytes, purpose: str) -> bytes:
    """A key of its own for one purpose, which stays the same as long as the vault lives."""
    return derive(tier_key, header.vault_id.encode(), f"subkey/{purpose}")


def _about_file(header: Header, tier: Tier, file_id: str) -> bytes:
    return header.about(f"{tier}/{file_id}")


def _device_check(secret: bytes, vault_id: str) -> bytes:
    return derive(secret, vault_id.encode(), "device check")[:_CHECK_BYTES] if secret else b""


def _check(header: Header) -> str:
    return hashlib.sha256(changed(header, check="").model_dump_json().encode()).hexdigest()


def damaged() -> KeysUnusable:
    """What to raise when something in the header can't be so."""
    return KeysUnusable(
        "The vault's header is damaged: restore it from a backup, as nothing can be read without"
        " it."
    )
