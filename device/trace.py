"""The trace: events as JSON Lines, without personal content unless asked for.

One file, 0600; over its limit it becomes `.old.jsonl` and a new one begins. Times are seconds on
the event loop's clock; the first line of a run ties them to the calendar.
"""

import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from device.events import Event, to_record


class Trace:
    """Appends events to a file; a file that cannot be written is given up, never the turn."""

    def __init__(self, path: Path, *, personal: bool = False, most_bytes: int = 5_000_000) -> None:
        self._path = path
        self._personal = personal
        self._most_bytes = most_bytes
        self._file: IO[str] | None = None

    def open(self, at: float) -> None:
        """Open the file and note the calendar's time of `at`."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > self._most_bytes:
                self._path.replace(self._path.with_suffix(".old.jsonl"))
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = os.fdopen(handle, "a", encoding="utf-8", buffering=1)
        except OSError:
            self._file = None
            return
        self._line({"event": "Began", "at": at, "date": datetime.now(UTC).isoformat()})

    def record(self, event: Event) -> None:
        """Append one event."""
        self._line(to_record(event, personal=self._personal))

    def _line(self, record: dict[str, object]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(record, ensure_ascii=False) + "\n")
        except OSError:  # a full disk must not stop a conversation
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                file.close()
