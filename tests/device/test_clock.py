"""The machine's clock, in the zone that it is set to at the moment."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import pytest

from device import clock
from device.clock import SystemClock, local_zone

WINTER, SUMMER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


def offsets() -> list[timedelta | None]:
    zone = local_zone()
    return [each.astimezone(zone).utcoffset() for each in (WINTER, SUMMER)]


def hours(*numbers: int) -> list[timedelta]:
    return [timedelta(hours=each) for each in numbers]


@pytest.mark.parametrize("name", ["Europe/Berlin", ":Europe/Berlin"])
def test_the_variable_tz_names_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TZ", name)
    if not any(Path(folder, "Europe/Berlin").is_file() for folder in TZPATH):
        pytest.skip("this machine has no time zones")
    assert offsets() == hours(1, 2)
    assert SystemClock().now().tzinfo == local_zone()


def test_the_machines_zone_is_noticed_when_it_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TZ", raising=False)
    machine = tmp_path / "localtime"
    monkeypatch.setattr(clock, "_LOCALTIME", machine)
    for name, wanted in (("Europe/Berlin", (1, 2)), ("Asia/Tokyo", (9, 9))):
        source = next((Path(f, name) for f in TZPATH if Path(f, name).is_file()), None)
        if source is None:
            pytest.skip("this machine has no time zones")
        machine.unlink(missing_ok=True)
        machine.symlink_to(source)
        assert offsets() == hours(*wanted)


@pytest.mark.parametrize("name", ["CET-1CEST", "../../etc/passwd", "No/Where"])
def test_what_is_no_file_of_a_zone_is_left_to_the_machine(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TZ", name)
    assert local_zone().utcoffset(datetime(2026, 1, 1)) is not None


def test_now_is_now() -> None:
    now = SystemClock().now()
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=5)
    assert now.astimezone(ZoneInfo("UTC")) == now
