"""How often a PIN may be tried: counted on disk before each try, so that no restart helps.

The first `FREE` tries cost nothing; then the wait doubles from `FIRST_WAIT_S` up to
`LONGEST_WAIT_S`. It is measured by the calendar, as it must outlast a reboot: whoever can set the
clock forward can shorten it. A clock set back makes it begin again, once.

This binds whoever must go through the program. Whoever has both the header and the device secret
can try as fast as Argon2 lets them, elsewhere.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from context import durable
from context.errors import WrongPin

FREE: Final = 3
FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 3600.0
_MANY: Final = 1000  # for a record that can't be read: as good as the longest wait


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    failures: int = Field(ge=0)
    last_us: int


def span_s(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    if failures < FREE:
        return 0.0
    return min(FIRST_WAIT_S * 2.0 ** min(failures - FREE, 60), LONGEST_WAIT_S)


def wait_s(failures: int, since_s: float) -> float:
    """Seconds still to wait; since_s: since the last failure, below 0 if the clock was set back.

    Never below 0 nor beyond the span of that many failures.
    """
    span = span_s(failures)
    return min(max(span - since_s, 0.0), span)


class PinAttempts:
    """The count in a file. Callers hold a lock of their own, across processes, during each call."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now

    def begin(self) -> None:
        """Count a try, as failed until `succeeded`. Raises WrongPin if it is too early; OSError."""
        now_us = round(self._now().timestamp() * 1e6)
        record = self._read(now_us)
        since_s = (now_us - record.last_us) / 1e6
        wait = wait_s(record.failures, since_s)
        if wait > 0:
            if since_s < 0:  # from here on it passes with the clock as it is now
                self._write(_Record(failures=record.failures, last_us=now_us))
            raise WrongPin(wait, "There were too many wrong tries")
        self._write(_Record(failures=record.failures + 1, last_us=now_us))

    def wait_s(self) -> float:
        """Seconds until the next try is tested. Raises OSError."""
        now_us = round(self._now().timestamp() * 1e6)
        record = self._read(now_us)
        return wait_s(record.failures, (now_us - record.last_us) / 1e6)

    def free(self) -> int:
        """How many more wrong tries cost no wait. Raises OSError."""
        now_us = round(self._now().timestamp() * 1e6)
        return max(FREE - self._read(now_us).failures, 0)

    def succeeded(self) -> None:
        """Forget the failures. Raises OSError."""
        with suppress(FileNotFoundError):
            self._path.unlink()
            durable.sync_folder(self._path.parent)

    def _read(self, now_us: int) -> _Record:
        try:
            data, _ = durable.read(self._path)
        except FileNotFoundError:
            return _Record(failures=0, last_us=now_us)
        try:
            return _Record.model_validate_json(data)
        except ValidationError:
            damaged = _Record(failures=_MANY, last_us=now_us)
            self._write(damaged)
            return damaged

    def _write(self, record: _Record) -> None:
        durable.replace(self._path, record.model_dump_json().encode(), missing_ok=True)
