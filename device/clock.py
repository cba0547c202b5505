"""The two readings of time that the program needs, as one replaceable object.

Everything inside a turn uses the event loop's clock (`loop.time()`, monotonic seconds). What must
outlive the process needs two more: the calendar, and the seconds since boot that no step of the
calendar touches and that go on while the machine sleeps.
"""

import os
import time
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

_LOCALTIME: Final = Path("/etc/localtime")


class Clock(Protocol):
    """Where durable time comes from."""

    def now(self) -> datetime:
        """Return the calendar's date and time, aware; its tzinfo is the owner's zone as it is now,
        with all of its changes.
        """
        ...

    def since_boot_s(self) -> float:
        """Return seconds since boot, counting sleep."""
        ...

    def boot_id(self) -> str:
        """Return a name of this boot: seconds since boot compare only within one."""
        ...


class SystemClock:
    """The machine's own clocks (`CLOCK_BOOTTIME`, see clock_gettime(2))."""

    def now(self) -> datetime:
        """Return the calendar's date and time, aware, in the zone of `local_zone`."""
        return datetime.now(UTC).astimezone(local_zone())

    def since_boot_s(self) -> float:
        """Return seconds since boot, counting sleep."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot_id(self) -> str:
        """Return the kernel's name of this boot."""
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def local_zone() -> tzinfo:
    """Return the owner's zone: that of the variable TZ, else the machine's, as it is set now.

    A program that runs for weeks must notice that its owner has travelled. Where the zone is not
    in a file that can be read (TZ may also hold rules), it is what the C library makes of it now.
    """
    name = os.environ.get("TZ", "").removeprefix(":")
    try:
        path = _zone_file(name)
        mark = path.stat()
        return _read_zone(path, mark.st_ino, mark.st_mtime_ns)
    except (OSError, ValueError):
        return datetime.now().astimezone().tzinfo or UTC


def _zone_file(name: str) -> Path:
    if not name:
        return _LOCALTIME.resolve(strict=True)
    path = Path(name)
    if path.is_absolute():
        return path
    from zoneinfo import TZPATH

    found = next((each for folder in TZPATH if (each := Path(folder, name)).is_file()), None)
    if found is None:
        raise FileNotFoundError(name)
    return found


@lru_cache(maxsize=8)
def _read_zone(path: Path, _inode: int, _modified_ns: int) -> ZoneInfo:
    with path.open("rb") as file:
        return ZoneInfo.from_file(file, key=str(path))
