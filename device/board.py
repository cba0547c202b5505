"""The device's sensors: battery and heat by Linux's files, memory, disk and network by psutil."""

from contextlib import suppress
from pathlib import Path

from agents.tools.status import Vitals


class LinuxBoard:
    """Reads /sys and psutil. Every value that can't be read is None.

    disk: a folder whose file system is asked for its room. sys: where /sys is.
    """

    def __init__(self, disk: Path, sys: Path = Path("/sys")) -> None:
        self._disk = disk
        self._sys = sys

    def vitals(self) -> Vitals:
        """Measure now; takes a few milliseconds."""
        import psutil

        percent, charging = self._battery()
        disk = None
        with suppress(OSError):
            disk = int(psutil.disk_usage(str(self._disk)).free)
        network = None
        with suppress(OSError):
            stats = psutil.net_if_stats()
            network = any(each.isup for name, each in stats.items() if name != "lo")
        return Vitals(
            percent,
            charging,
            self._temperature_c(),
            int(psutil.virtual_memory().available),
            disk,
            network,
        )

    def _battery(self) -> tuple[int | None, bool | None]:
        """The first battery of the device itself; those of mice and the like don't count."""
        for supply in sorted(self._sys.glob("class/power_supply/*")):
            if _read(supply / "type") != "Battery" or _read(supply / "scope") == "Device":
                continue
            percent = _number(supply / "capacity")
            if percent is None:
                full = _number(supply / "energy_full") or _number(supply / "charge_full")
                now = _number(supply / "energy_now") or _number(supply / "charge_now")
                percent = round(100 * now / full) if now is not None and full else None
            if percent is None or not 0 <= percent <= 110:
                continue
            state = _read(supply / "status")
            known = {"Charging": True, "Full": True, "Not charging": True, "Discharging": False}
            return min(100, percent), known.get(state)
        return None, None

    def _temperature_c(self) -> float | None:
        """The processor's zone where one is named so, else the hottest."""
        found: dict[str, float] = {}
        for zone in sorted(self._sys.glob("class/thermal/thermal_zone*")):
            milli = _number(zone / "temp")
            if milli is not None and 0 < milli < 150_000:
                found[_read(zone / "type")] = milli / 1000
        of_cpu = [value for name, value in found.items() if "cpu" in name or "x86_pkg" in name]
        return max(of_cpu or found.values(), default=None)


def _read(file: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="utf-8").strip()
    return ""


def _number(file: Path) -> int | None:
    with suppress(ValueError):
        return int(_read(file))
    return None
