"""What is heard: clips of turns, in order, exactly, and nothing of a turn that was dropped."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio import RATE_HZ, Samples
from device.play import Playout
from tests.virtual_time import run_virtual


def ramp(count: int, value: int) -> Samples:
    return np.full(count, value, dtype=np.int16)


def with_playout(work: Callable[[Playout], Awaitable[None]], longest_s: float = 60.0) -> None:
    async def run() -> None:
        await work(Playout(RATE_HZ, asyncio.get_running_loop(), longest_s))

    run_virtual(run())


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3000)), max_size=8),
    st.lists(st.integers(1, 2000), min_size=1, max_size=60),
)
def test_every_sample_is_heard_once_and_in_order(
    clips: list[tuple[int, int]], pulls: list[int]
) -> None:
    async def work(playout: Playout) -> None:
        wanted = [ramp(count, number + 1) for number, (_, count) in enumerate(clips)]
        for number, (turn_id, _) in enumerate(clips):
            await playout.add(turn_id, "", wanted[number], RATE_HZ)
        whole = np.concatenate([np.zeros(0, np.int16), *wanted])
        heard = np.concatenate([playout.pull(count) for count in pulls])
        both = min(len(whole), len(heard))
        assert np.array_equal(heard[:both], whole[:both])
        assert not heard[both:].any()

    with_playout(work)


@given(st.integers(0, 4000))
def test_what_was_heard_is_the_words_that_were_played(played: int) -> None:
    async def work(playout: Playout) -> None:
        await playout.add(1, "one two three four", ramp(2000, 9), RATE_HZ)
        await playout.add(1, "five six", ramp(2000, 9), RATE_HZ)
        playout.pull(played)
        playout.drop(1)
        words = playout.finish(1).split()
        assert words == ["one", "two", "three", "four", "five", "six"][: len(words)]
        assert len(words) == min(4, played * 4 // 2000) + max(0, (played - 2000) * 2 // 2000)

    with_playout(work)


def test_a_dropped_turn_fades_within_ten_ms_and_is_never_heard_again() -> None:
    async def work(playout: Playout) -> None:
        await playout.add(1, "old", ramp(RATE_HZ, 9000), RATE_HZ)
        playout.pull(1000)
        playout.drop(1)
        await playout.add(2, "new", ramp(1000, 5), RATE_HZ)
        after = playout.pull(3000)
        assert (after[: RATE_HZ // 100] > 5).any(), "no fade: a click"
        assert set(after[RATE_HZ // 100 :].tolist()) == {0, 5}

    with_playout(work)


def test_waiting_for_first_sample_and_end() -> None:
    async def work(playout: Playout) -> None:
        first = asyncio.ensure_future(playout.first_sample(1))
        await playout.drained(1)  # nothing was queued
        await playout.add(1, "x", ramp(100, 5), RATE_HZ)
        last = asyncio.ensure_future(playout.drained(1))
        await asyncio.sleep(1)
        assert not first.done() and not last.done()
        playout.pull(50)
        await first
        assert not last.done()
        playout.pull(50)
        await last

    with_playout(work)


def test_an_end_that_comes_while_the_next_clip_is_on_its_way_is_not_the_end() -> None:
    async def work(playout: Playout) -> None:
        await playout.add(1, "one", ramp(100, 5), RATE_HZ)
        playout.pull(100)  # its end is told to the loop, which has not run since
        await playout.add(1, "two", ramp(100, 5), RATE_HZ)
        end = asyncio.ensure_future(playout.drained(1))
        await asyncio.sleep(1)
        assert not end.done()
        playout.pull(100)
        await asyncio.wait_for(end, 1)
        assert playout.finish(1) == "one two"

    with_playout(work)


def test_a_full_queue_makes_the_writer_wait() -> None:
    async def work(playout: Playout) -> None:
        await playout.add(1, "", ramp(2 * RATE_HZ, 5), RATE_HZ)
        more = asyncio.ensure_future(playout.add(1, "", ramp(10, 5), RATE_HZ))
        await asyncio.sleep(5)
        assert not more.done()
        playout.pull(RATE_HZ + RATE_HZ // 2)
        await asyncio.wait_for(more, 5)

    with_playout(work, longest_s=1.0)


def test_clips_are_resampled_to_the_speakers_rate() -> None:
    async def work(playout: Playout) -> None:
        await playout.add(1, "", ramp(22_050, 500), 22_050)
        assert playout.queued_s() == pytest.approx(1.0, abs=0.01)

    with_playout(work)


def test_a_pause_is_silent_within_ten_ms_and_keeps_the_rest() -> None:
    async def work(playout: Playout) -> None:
        await playout.add(1, "one two three four", ramp(RATE_HZ, 9000), RATE_HZ)
        playout.pull(8000)
        playout.pause()
        playout.pause()
        after = playout.pull(4000)
        assert (after[: RATE_HZ // 100] > 5).any(), "no fade: a click"
        assert not after[RATE_HZ // 100 :].any()
        assert playout.queued_s() == pytest.approx(0.5)
        playout.resume()
        playout.resume()
        assert playout.pull(1)[0] == 0, "no fade: a click"
        assert (playout.pull(8000)[200:] == 9000).all()

    with_playout(work)


def test_it_resumes_at_the_dip_before_the_pause() -> None:
    async def work(playout: Playout) -> None:
        sound = ramp(RATE_HZ, 9000)
        sound[6000:6640] = 0  # between two words, a quarter of a second before the pause
        await playout.add(1, "one two three four", sound, RATE_HZ)
        playout.pull(10_000)
        playout.pause()
        playout.pull(1000)
        playout.resume()
        rest = playout.pull(20_000)
        spoken = np.flatnonzero(rest)
        assert spoken[0] < 640
        assert abs(len(spoken) - (RATE_HZ - 6640)) <= 1
        assert playout.finish(1) == "one two three four"

    with_playout(work)


@given(st.lists(st.sampled_from(["pull", "pause", "resume"]), max_size=30), st.integers(1, 3000))
def test_what_was_heard_never_grows_less(steps: list[str], size: int) -> None:
    async def work(playout: Playout) -> None:
        await playout.add(1, "one two three four", ramp(20_000, 9), RATE_HZ)
        pulled, paused = 0, False
        for step in steps:
            match step:
                case "pull":
                    playout.pull(size)
                    pulled += 0 if paused else size
                case "pause":
                    playout.pause()
                    paused = True
                case _:
                    playout.resume()
                    paused = False
        playout.drop(1)
        words = len(playout.finish(1).split())
        assert words <= min(4, pulled * 4 // 20_000)
        if "pause" not in steps:
            assert words == min(4, pulled * 4 // 20_000)

    with_playout(work)


def test_a_drop_ends_the_pause_for_the_next_turn() -> None:
    async def work(playout: Playout) -> None:
        await playout.add(1, "old", ramp(RATE_HZ, 9000), RATE_HZ)
        playout.pull(1000)
        playout.pause()
        playout.pull(1000)
        playout.drop(1)
        await playout.add(2, "new", ramp(1000, 5), RATE_HZ)
        assert set(playout.pull(1000).tolist()) == {5}

    with_playout(work)


def test_it_knows_what_was_played_and_whether_it_sounds() -> None:
    async def work(playout: Playout) -> None:
        assert not playout.is_sounding
        playout.take_played(0)
        await playout.add(1, "x", ramp(700, 5), RATE_HZ)
        pulled = playout.pull(1000)
        assert playout.is_sounding
        assert np.array_equal(playout.take_played(1000), pulled)
        await asyncio.sleep(0.6)
        playout.pull(1000)
        assert not playout.is_sounding

    with_playout(work)
