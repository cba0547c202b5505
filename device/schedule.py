"""Timers that survive: a kill, a reboot and a calendar that jumps.

Within one boot a timer follows the seconds since boot, which no step of the calendar touches.
After a reboot only the calendar is left. A timer is gone from the file only once its ring has
begun to sound, so a kill just before means that it rings at the next start, never that it is lost.
"""

import os
import sqlite3
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.durations import say_duration
from agents.tools.timer import Timer
from context.errors import StoreUnusable
from device.clock import Clock

_LATE_S = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS timers (
    id TEXT PRIMARY KEY, name TEXT, duration_s REAL NOT NULL,
    due_date_s REAL NOT NULL, boot_id TEXT NOT NULL, due_boot_s REAL NOT NULL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class DueTime:
    """When a timer is due, in both of the times that can tell."""

    date_s: float
    """Seconds since 1970, UTC."""
    boot_id: str
    since_boot_s: float


def remaining_s(due: DueTime, *, date_s: float, boot_id: str, since_boot_s: float) -> float:
    """Return the seconds left, negative when overdue. Pure."""
    if due.boot_id == boot_id:
        return due.since_boot_s - since_boot_s
    return due.date_s - date_s


def ring_sentence(timer: Timer) -> str:
    """Return what is said when a timer rings; a late one says how late. Pure."""
    what = timer.name or say_duration(timer.duration_s).removesuffix("s")
    if -timer.remaining_s < _LATE_S:
        return f"Your {what} timer is done."
    return (
        f"Your {what} timer was done {say_duration(-timer.remaining_s)} ago, while I was off or "
        "busy."
    )


class Schedule:
    """The timers in one SQLite file; safe from any thread and from several processes."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, making it with mode 0600.

        Raises:
            StoreUnusable: it is damaged or cannot be made.
        """
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(
                self._path, check_same_thread=False, isolation_level=None, timeout=10.0
            )
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.execute(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise StoreUnusable(
                f"The timers in {self._path} cannot be opened ({error}): free some space, or move "
                "the file away to begin with none."
            ) from error

    def close(self) -> None:
        """Close the file; the timers stay."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def add(self, duration_s: float, name: str | None) -> Timer:
        """Start a timer; it is durable when this returns.

        Raises:
            StoreUnusable: the file cannot be written.
        """
        timer_id = uuid.uuid4().hex
        self._execute(
            "INSERT INTO timers VALUES (?, ?, ?, ?, ?, ?)",
            (
                timer_id,
                name,
                duration_s,
                self._clock.now().timestamp() + duration_s,
                self._clock.boot_id(),
                self._clock.since_boot_s() + duration_s,
            ),
        )
        return Timer(id=timer_id, name=name, duration_s=duration_s, remaining_s=duration_s)

    def cancel(self, timer_id: str) -> bool:
        """Remove a timer; False when it is not there.

        Raises:
            StoreUnusable: the file cannot be written.
        """
        return bool(self._execute("DELETE FROM timers WHERE id=? RETURNING id", (timer_id,)))

    def running(self) -> list[Timer]:
        """Return every timer not yet rung, the next to ring first; overdue ones have less than 0.

        Raises:
            StoreUnusable: the file cannot be read.
        """
        rows = self._execute(
            "SELECT id, name, duration_s, due_date_s, boot_id, due_boot_s FROM timers", ()
        )
        date_s = self._clock.now().timestamp()
        boot_id = self._clock.boot_id()
        since_boot_s = self._clock.since_boot_s()
        timers = [
            Timer(
                id=timer_id,
                name=name,
                duration_s=duration_s,
                remaining_s=remaining_s(
                    DueTime(due_date_s, due_boot_id, due_boot_s),
                    date_s=date_s,
                    boot_id=boot_id,
                    since_boot_s=since_boot_s,
                ),
            )
            for timer_id, name, duration_s, due_date_s, due_boot_id, due_boot_s in rows
        ]
        return sorted(timers, key=lambda timer: timer.remaining_s)

    def _execute(self, sql: str, values: tuple[str | float | None, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._database is None:
                raise StoreUnusable("The timers are closed.")
            try:
                return self._database.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise StoreUnusable(
                    f"The timers cannot be kept ({error}): free some space on the disk."
                ) from error
