"""The microphone turned off: from then on nothing is heard, until a hand or the time turns it on.

It is kept in a file, so that neither a restart nor a power cut turns it on. Whatever can't be read
there means off.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from context import durable
from device.clock import Clock
from device.errors import MuteNotKept

_AT_ONCE_S: Final = 0.001


class _End(BaseModel):
    """When it is over. since_boot_s: counts in that boot; in any other `at`, and at most for
    `for_s` from its start, as the calendar may be wrong.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    boot: str
    since_boot_s: float
    at: AwareDatetime
    for_s: float = Field(gt=0)


class _Off(BaseModel):
    """What the file holds while it is off. end: None where only a hand turns it on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    end: _End | None = None


class Mute:
    """Whether the microphone is off. May be used from any thread.

    path: of the file; None keeps it nowhere. way_back: what turns it on again, as a sentence begins
    ("Press the button").
    """

    def __init__(self, path: Path | None, clock: Clock, way_back: str = "Press the button") -> None:
        self._path = path
        self._clock = clock
        self.way_back = way_back
        self._lock = threading.Lock()
        self._off: _Off | None = None
        self._changed: Callable[[], None] = lambda: None

    @property
    def exists(self) -> bool:
        """Whether there is a microphone to turn off."""
        return True

    def load(self) -> None:
        """Read how it was left. What is unreadable means off."""
        if self._path is None:
            return
        try:
            off = _Off.model_validate_json(self._path.read_bytes())
            if off.end is not None and off.end.boot != self._clock.boot_id():
                left_s = (off.end.at - self._clock.now()).total_seconds()
                off = _Off(end=self._ends_in(min(off.end.for_s, max(left_s, _AT_ONCE_S))))
            self._off = off
        except FileNotFoundError:
            self._off = None
        except (OSError, ValidationError):
            self._off = _Off()

    def watch(self, changed: Callable[[], None]) -> None:
        """Have `changed` called at once after each change, on the thread that makes it."""
        self._changed = changed

    def muted(self) -> bool:
        """Whether it is off."""
        return self._off is not None

    def left_s(self) -> float | None:
        """Seconds until it is turned on by itself, 0 or less where that is due; None: never."""
        off = self._off
        if off is None or off.end is None:
            return None
        return off.end.since_boot_s - self._clock.since_boot_s()

    def mute(self, for_s: float | None = None) -> None:
        """Turn it off, for some seconds or until it is turned on.

        Raises:
            MuteNotKept: it is off, but would not be after a restart.
        """
        end = None if for_s is None else self._ends_in(for_s)
        with self._lock:
            self._off = _Off(end=end)
            self._changed()  # first: what can't be written must not keep it listening
            if self._path is None:
                return
            try:
                durable.replace(self._path, self._off.model_dump_json().encode(), missing_ok=True)
            except OSError as error:
                raise MuteNotKept(
                    "My microphone is off, but I couldn't write that down, so a restart would turn"
                    " it on: make room on the disk and say it again."
                ) from error

    def unmute(self) -> None:
        """Turn it on.

        Raises:
            MuteNotKept: it is on, but would be off after a restart.
        """
        with self._lock:
            self._turn_on()

    def unmute_if_over(self) -> bool:
        """Turn it on if the time is over that was given, and say whether it is on; raises as
        `unmute`. Who turned it off anew in this moment keeps it off.
        """
        with self._lock:
            left_s = self.left_s()
            if left_s is not None and left_s <= 0:
                self._turn_on()
            return self._off is None

    def _turn_on(self) -> None:
        self._off = None
        self._changed()
        if self._path is not None:
            try:
                durable.erase(self._path)
            except OSError as error:
                raise MuteNotKept(
                    "The microphone is on, but that couldn't be written down, so a restart turns it"
                    f" off again: see who may write {self._path}."
                ) from error

    def _ends_in(self, for_s: float) -> _End:
        clock = self._clock
        at = datetime.fromtimestamp(clock.now().timestamp() + for_s, UTC)
        return _End(
            boot=clock.boot_id(), since_boot_s=clock.since_boot_s() + for_s, at=at, for_s=for_s
        )


def mute_file(state: Path) -> Path:
    """Return where it is kept, in the private folder of the state."""
    return state / "microphone.json"
