"""A clock that is set by hand, and a seal that can be locked and destroyed."""

import secrets
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from context.errors import VaultLocked
from context.keys.seal import Seal

BERLIN = ZoneInfo("Europe/Berlin")


class HandClock:
    """Set by hand. date_s: what the calendar says; it may be wrong."""

    def __init__(self, date: datetime = datetime(2026, 3, 14, 9, tzinfo=UTC)) -> None:
        self.date_s = date.timestamp()
        self.boot_s = 5000.0
        self.boot = "a"
        self.zone: tzinfo = BERLIN

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.date_s, UTC).astimezone(self.zone)

    def since_boot_s(self) -> float:
        return self.boot_s

    def boot_id(self) -> str:
        return self.boot

    def pass_(self, seconds: float) -> None:
        self.date_s += seconds
        self.boot_s += seconds

    def pass_until(self, local: str) -> None:
        """To a local time, which must come."""
        then = datetime.fromisoformat(local).replace(tzinfo=self.zone)
        assert then.timestamp() >= self.date_s
        self.pass_(then.timestamp() - self.date_s)

    def step(self, **by: float) -> None:
        """The calendar is set."""
        self.date_s += timedelta(**by).total_seconds()

    def reboot(self, off_s: float = 30.0) -> None:
        self.date_s += off_s
        self.boot += "a"
        self.boot_s = 0.0


class KeySeal:
    """A real seal over a key that can be taken away for a while, or for ever."""

    def __init__(self, key: bytes = bytes(range(32))) -> None:
        self._key = key
        self.locked = False
        self._seal = Seal("schedule", self._subkey)

    def _subkey(self, _label: str) -> bytes:
        if self.locked:
            raise VaultLocked("general")
        return self._key

    def seal(self, data: bytes) -> bytes:
        return self._seal.seal(data)

    def unseal(self, sealed: bytes) -> bytes:
        return self._seal.unseal(sealed)

    def destroy(self) -> None:
        self._key = secrets.token_bytes(32)
