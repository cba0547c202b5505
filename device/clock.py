"""The two readings of time that the program needs, as one replaceable object.

Everything inside a turn uses the event loop's clock (`loop.time()`, monotonic seconds). What must
outlive the process needs two more: the calendar, and the seconds since boot that no step of the
calendar touches and that go on while the machine sleeps.
"""

import time
from datetime import datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Where durable time comes from."""

    def now(self) -> datetime:
        """Return the calendar's date and time, aware, in the local zone."""
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
        """Return the calendar's date and time, aware, in the local zone."""
        return datetime.now().astimezone()

    def since_boot_s(self) -> float:
        """Return seconds since boot, counting sleep."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot_id(self) -> str:
        """Return the kernel's name of this boot."""
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
