"""Whether the microphone is off, as a value that outlives the process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from device.errors import MuteNotKept
from device.mic.mute import Mute


class Clock:
    """Goes on by hand."""

    def __init__(self) -> None:
        self.boot, self.boot_s, self.calendar = "one", 100.0, datetime(2026, 3, 14, tzinfo=UTC)

    def go_on(self, seconds: float) -> None:
        self.boot_s += seconds
        self.calendar += timedelta(seconds=seconds)

    def reboot(self, calendar_jump_s: float = 0.0) -> None:
        self.boot, self.boot_s = "two", 5.0
        self.calendar += timedelta(seconds=calendar_jump_s)

    def now(self) -> datetime:
        return self.calendar

    def since_boot_s(self) -> float:
        return self.boot_s

    def boot_id(self) -> str:
        return self.boot


@pytest.fixture
def clock() -> Clock:
    return Clock()


def again(path: Path, clock: Clock) -> Mute:
    mute = Mute(path, clock)
    mute.load()
    return mute


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "microphone.json"


def test_a_wrong_calendar_changes_nothing_within_a_boot(file: Path, clock: Clock) -> None:
    mute = Mute(file, clock)
    mute.mute(600)
    clock.calendar += timedelta(days=400)
    assert mute.left_s() == again(file, clock).left_s() == 600
    clock.go_on(550)
    assert mute.left_s() == pytest.approx(50)


@pytest.mark.parametrize(
    ("jump_s", "left_s"), [(0, 600), (200, 400), (599, 1), (601, 0), (10**7, 0), (-(10**7), 600)]
)
def test_after_a_reboot_it_goes_by_the_calendar_but_never_longer(
    file: Path, clock: Clock, jump_s: float, left_s: float
) -> None:
    Mute(file, clock).mute(600)
    clock.reboot(jump_s)
    mute = again(file, clock)
    assert mute.muted()
    assert mute.left_s() == pytest.approx(left_s, abs=0.01)
    clock.go_on(left_s + 0.01)
    assert mute.unmute_if_over()
    assert not again(file, clock).muted()


def test_who_turns_it_off_again_in_the_moment_it_is_over_keeps_it_off(
    file: Path, clock: Clock
) -> None:
    mute = Mute(file, clock)
    mute.mute(600)
    clock.go_on(601)
    assert mute.left_s() == -1
    mute.mute()
    assert not mute.unmute_if_over()
    assert mute.muted()
    mute.mute(60)
    assert not mute.unmute_if_over()


def test_it_is_off_before_it_is_written_down_and_on_what_ever_is_written(
    tmp_path: Path, clock: Clock
) -> None:
    mute = Mute(tmp_path / "none" / "microphone.json", clock)
    seen: list[bool] = []
    mute.watch(lambda: seen.append(mute.muted()))
    with pytest.raises(MuteNotKept, match="off, but"):
        mute.mute()
    assert seen == [True]
    (tmp_path / "folder").mkdir()
    mute = Mute(tmp_path / "folder", clock)
    mute.load()
    assert mute.muted()  # it can't be read
    mute.watch(lambda: seen.append(mute.muted()))
    with pytest.raises(MuteNotKept, match="on, but"):
        mute.unmute()
    assert seen == [True, False]


def test_one_that_is_kept_nowhere(clock: Clock) -> None:
    mute = Mute(None, clock)
    mute.load()
    assert (mute.muted(), mute.left_s(), mute.exists) == (False, None, True)
    mute.mute(5)
    assert mute.left_s() == 5
    mute.unmute()
    assert not mute.muted()
