"""The waits between PINs: pure, and counted in a file."""

import errno
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from context.errors import WrongPin
from context.keys.pin_attempts import FREE, LONGEST_WAIT_S, PinAttempts, span_s, wait_s

FAILURES = st.integers(0, 10**6)
SINCE = st.floats(-1e12, 1e12)


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def test_it_says_how_many_more_are_free(tmp_path: Path) -> None:
    hands = Hands()
    attempts = PinAttempts(tmp_path / "attempts", hands)
    assert attempts.free() == FREE
    for left in (2, 1, 0, 0):
        attempts.begin()
        assert PinAttempts(tmp_path / "attempts", hands).free() == attempts.free() == left
        hands.move(LONGEST_WAIT_S)
    attempts.succeeded()
    assert attempts.free() == FREE


def test_three_are_free_then_it_doubles_up_to_an_hour() -> None:
    spans = [span_s(failures) for failures in range(18)]
    assert spans[:7] == [0, 0, 0, 2, 4, 8, 16]
    assert spans[13:] == [2048, 3600, 3600, 3600, 3600]
    assert span_s(10**9) == LONGEST_WAIT_S


@given(FAILURES, SINCE)
def test_the_wait_is_within_its_span(failures: int, since: float) -> None:
    wait = wait_s(failures, since)
    assert 0 <= wait <= span_s(failures)
    if since <= 0:
        assert wait == span_s(failures)
    if since >= span_s(failures):
        assert wait == 0


@given(FAILURES, SINCE, st.floats(0, 1e6))
def test_more_time_is_never_a_longer_wait(failures: int, since: float, more: float) -> None:
    assert wait_s(failures, since + more) <= wait_s(failures, since)
    assert wait_s(failures, since) <= wait_s(failures + 1, since)


STEPS = st.lists(
    st.one_of(
        st.just("try"),
        st.floats(0, 5000),  # time passes
        st.floats(-1e6, -1),  # the clock is set back
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_no_order_of_tries_and_clocks_gives_more_guesses(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str | float]
) -> None:
    """Against a model that counts only time that really passed."""
    clock = Hands()
    path = tmp_path_factory.mktemp("attempts") / "file"
    tested, passed_s = 0, 0.0  # since the last one that was tested
    for step in steps:
        if step == "try":
            try:
                PinAttempts(path, clock).begin()  # anew each time, as after a restart
            except WrongPin as error:
                assert 0 < error.retry_after_s <= span_s(tested)
            else:
                assert passed_s >= span_s(tested) - 1e-3
                tested, passed_s = tested + 1, 0.0
        else:
            assert isinstance(step, float)
            clock.move(step)
            passed_s += max(step, 0)


@given(st.integers(3, 20), st.floats(-1e6, 1e4))
@settings(max_examples=40, deadline=None)
def test_a_clock_set_back_costs_one_span_at_most(
    tmp_path_factory: pytest.TempPathFactory, failures: int, moved: float
) -> None:
    clock = Hands()
    attempts = PinAttempts(tmp_path_factory.mktemp("attempts") / "file", clock)
    for _ in range(failures):
        attempts.begin()
        clock.move(LONGEST_WAIT_S)
    clock.move(moved - LONGEST_WAIT_S)
    try:
        attempts.begin()
    except WrongPin as error:
        clock.move(error.retry_after_s + 1e-5)
        attempts.begin()


def test_success_and_only_success_resets(tmp_path: Path) -> None:
    clock = Hands()
    attempts = PinAttempts(tmp_path / "file", clock)
    for _ in range(3):
        attempts.begin()
    with pytest.raises(WrongPin, match="too many wrong tries: wait 2 seconds") as caught:
        attempts.begin()
    assert caught.value.retry_after_s == attempts.wait_s() == 2
    clock.move(1.5)
    with pytest.raises(WrongPin):
        attempts.begin()
    clock.move(0.5)
    attempts.begin()
    assert attempts.wait_s() == 4
    attempts.succeeded()
    attempts.succeeded()
    assert attempts.wait_s() == 0
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"failures": -1, "last_us": 0}', b"\0" * 9]
)
def test_a_record_that_cant_be_read_is_the_longest_wait(tmp_path: Path, content: bytes) -> None:
    clock = Hands()
    (tmp_path / "file").write_bytes(content)
    attempts = PinAttempts(tmp_path / "file", clock)
    with pytest.raises(WrongPin, match="wait 60 minutes"):
        attempts.begin()
    clock.move(LONGEST_WAIT_S)
    attempts.begin()


def test_a_try_that_cant_be_counted_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    attempts = PinAttempts(tmp_path / "file", Hands())
    attempts.begin()
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        attempts.begin()
    monkeypatch.undo()
    assert b'"failures":1' in (tmp_path / "file").read_bytes()


def test_it_is_on_disk_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    real: Callable[[int], None] = os.fsync

    def watched(descriptor: int) -> None:
        file = Path(f"/proc/self/fd/{descriptor}")
        synced.append(file.read_bytes() if file.is_file() else b"")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    PinAttempts(tmp_path / "file", Hands()).begin()
    assert any(b'"failures":1' in data for data in synced)
