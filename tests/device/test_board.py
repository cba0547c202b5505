from pathlib import Path

import pytest

from device.board import LinuxBoard


@pytest.fixture
def sys(tmp_path: Path) -> Path:
    return tmp_path / "sys"


def write(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n")


def test_this_machine() -> None:
    vitals = LinuxBoard(Path("/")).vitals()
    assert vitals.memory_free_bytes is not None
    assert vitals.memory_free_bytes > 0
    assert vitals.disk_free_bytes is not None
    assert vitals.network in (True, False)


def test_nothing_to_measure(sys: Path) -> None:
    vitals = LinuxBoard(sys / "none", sys).vitals()
    assert (vitals.battery_percent, vitals.charging, vitals.temperature_c) == (None, None, None)
    assert vitals.disk_free_bytes is None


@pytest.mark.parametrize(
    ("status", "charging"),
    [("Charging", True), ("Full", True), ("Discharging", False), ("Unknown", None)],
)
def test_a_battery(sys: Path, status: str, charging: bool | None) -> None:
    write(sys / "class/power_supply/AC", type="Mains", online=1)
    write(sys / "class/power_supply/BAT0", type="Battery", capacity=73, status=status)
    write(sys / "class/power_supply/hid-1", type="Battery", scope="Device", capacity=5)
    vitals = LinuxBoard(sys, sys).vitals()
    assert (vitals.battery_percent, vitals.charging) == (73, charging)


def test_a_battery_that_tells_its_charge_only(sys: Path) -> None:
    write(sys / "class/power_supply/b", type="Battery", charge_full=2000, charge_now=500, status="")
    assert LinuxBoard(sys, sys).vitals().battery_percent == 25


def test_heat(sys: Path) -> None:
    write(sys / "class/thermal/thermal_zone0", type="acpitz", temp=90_000)
    write(sys / "class/thermal/thermal_zone1", type="cpu-thermal", temp=48_312)
    write(sys / "class/thermal/thermal_zone2", type="broken", temp="?")
    assert LinuxBoard(sys, sys).vitals().temperature_c == 48.312
