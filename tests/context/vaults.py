"""What the tests of a vault's keys share."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from context.keys import Argon2, FileKeySource, KeySource
from context.keys.keyring import FileKey, Keyring, Tier

TINY = Argon2(memory_kib=8, iterations=1, lanes=1)
GENERAL, RESTRICTED = Tier.GENERAL, Tier.RESTRICTED
PIN, OTHER_PIN = "2580", "correct horse"
NAMES = ("owner/general", "owner/health/restricted", "person:anna/general")


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Vault:
    """A folder for a vault, and beside it a device secret."""

    def __init__(self, where: Path) -> None:
        self.clock = Hands()
        self.folder = where / "vault"
        self.folder.mkdir(mode=0o700)
        self.header = self.folder / "keyring.json"
        self.secret = where / "secret"

    def new(self, source: KeySource | None = None, *, general_needs_pin: bool = False) -> Keyring:
        """Another keyring on the folder, open."""
        source = source or FileKeySource(self.secret)
        keyring = Keyring(
            self.folder, source, self.clock, argon2=TINY, general_needs_pin=general_needs_pin
        )
        keyring.open()
        return keyring


def fill(keyring: Keyring) -> dict[str, FileKey]:
    return {name: keyring.make(name, tier(name)) for name in NAMES}


def files(keyring: Keyring) -> dict[str, FileKey | None]:
    return {name: keyring.get(name, tier(name)) for name in NAMES}


def tier(name: str) -> Tier:
    return RESTRICTED if name.endswith("restricted") else GENERAL


def every_call(keyring: Keyring) -> list[Callable[[], object]]:
    """Each method that needs an open vault."""
    return [
        lambda: keyring.get("x", GENERAL),
        lambda: keyring.make("x", GENERAL),
        lambda: keyring.destroy("x", RESTRICTED),
        keyring.names,
        keyring.file_ids,
        lambda: keyring.vault_id,
        lambda: keyring.subkey("x"),
        lambda: keyring.locked(GENERAL),
        keyring.has_pin,
        lambda: keyring.unlock(PIN),
        lambda: keyring.unlock_with_phone(b"x" * 32),
        lambda: keyring.set_pin(PIN),
        keyring.pair_phone,
        keyring.unpair_phone,
        lambda: keyring.owe(["x"]),
        keyring.owed,
        lambda: keyring.pay(["x"]),
    ]
