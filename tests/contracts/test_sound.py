"""Microphones and speakers that need no sound card; tests/live has those that do."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import numpy as np
import pytest

from device.audio import RATE_HZ, read_audio, write_wav
from device.emulator.room import Room
from device.errors import AudioFileUnusable
from device.mic import ChunkQueue
from device.mic.wav import WavMicrophone
from device.play.wav import WavSpeaker
from tests.contracts.sound_contract import check_microphone, check_speaker
from tests.virtual_time import run_virtual


def ramp(count: int) -> np.ndarray:
    return (np.arange(count) % 20_000).astype(np.int16)


async def in_room(room: Room, check: Awaitable[None]) -> None:
    air = asyncio.ensure_future(room.run())
    await check
    air.cancel()


def test_the_rooms_microphone() -> None:
    async def work() -> None:
        room = Room()
        await in_room(room, check_microphone(room.microphone))

    run_virtual(work())


def test_the_rooms_speaker() -> None:
    async def work() -> None:
        room = Room()
        await in_room(room, check_speaker(room.speaker))

    run_virtual(work())


def test_a_file_as_microphone(tmp_path: Path) -> None:
    path = tmp_path / "in.wav"
    write_wav(path, ramp(RATE_HZ), RATE_HZ)
    run_virtual(check_microphone(WavMicrophone(path)))


def test_a_file_as_speaker(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    run_virtual(check_speaker(WavSpeaker(path)))
    assert len(read_audio(path)) > 0


def test_a_file_is_heard_whole_and_then_silence(tmp_path: Path) -> None:
    path = tmp_path / "in.wav"
    sound = ramp(3 * RATE_HZ // 2)
    write_wav(path, sound, RATE_HZ)

    async def work() -> np.ndarray:
        chunks = ChunkQueue(asyncio.get_running_loop())
        microphone = WavMicrophone(path)
        microphone.open(chunks.push)
        heard = np.concatenate([await chunks.get() for _ in range(80)])
        microphone.close()
        return heard

    heard = run_virtual(work())
    assert np.abs(heard[: len(sound)].astype(int) - sound).max() <= 1
    assert not heard[len(sound) :].any()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    async def work() -> None:
        WavMicrophone(tmp_path / "none.wav").open(lambda _chunk: None)

    with pytest.raises(AudioFileUnusable):
        run_virtual(work())


def test_a_queue_that_falls_behind_drops_the_oldest_and_counts() -> None:
    async def work() -> None:
        chunks = ChunkQueue(asyncio.get_running_loop(), most=3)
        for value in range(10):
            chunks.push(np.full(2, value, dtype=np.int16))
        assert [int((await chunks.get())[0]) for _ in range(3)] == [7, 8, 9]
        assert chunks.take_dropped() == 7
        assert chunks.take_dropped() == 0

    run_virtual(work())
