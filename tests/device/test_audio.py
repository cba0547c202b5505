"""Sound files of every kind, and every way in which one can be broken."""

import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from device.audio import RATE_HZ, missing_bytes, read_audio, resample, write_wav
from device.errors import AudioFileUnusable


def tone(rate_hz: int, seconds: float = 0.5) -> np.ndarray:
    at = np.arange(int(rate_hz * seconds)) / rate_hz
    return 0.5 * np.sin(2 * np.pi * 440 * at)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_any_rate_channels_and_depth(
    tmp_path: Path, rate_hz: int, channels: int, subtype: str
) -> None:
    path = tmp_path / "any.wav"
    soundfile.write(path, np.stack([tone(rate_hz)] * channels, axis=1), rate_hz, subtype=subtype)
    samples = read_audio(path)
    assert samples.dtype == np.int16
    assert samples.ndim == 1
    assert len(samples) == pytest.approx(RATE_HZ / 2, abs=4)
    middle = samples[1000:-1000].astype(float)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2) * 32767, rel=0.03)
    assert missing_bytes(path) == 0


def test_float_files_with_no_numbers_in_them_are_silence(tmp_path: Path) -> None:
    path = tmp_path / "nan.wav"
    soundfile.write(path, np.array([np.nan, np.inf, -np.inf, 0.0] * 100), RATE_HZ, subtype="FLOAT")
    assert read_audio(path).dtype == np.int16


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"R",
        b"RIFF",
        b"not sound at all\n" * 100,
        b"\x00" * 1000,
        b"RIFF\xff\xff\xff\xffWAVEjunk",
    ],
)
def test_what_is_not_sound_is_one_clear_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(AudioFileUnusable, match=r"broken\.wav"):
        read_audio(path)


def test_a_missing_file_a_folder_and_one_without_samples(tmp_path: Path) -> None:
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(AudioFileUnusable):
            read_audio(path)
    empty = tmp_path / "header only.wav"
    with wave.open(str(empty), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
    with pytest.raises(AudioFileUnusable, match="no samples"):
        read_audio(empty)


@given(st.integers(60, 15_000))
def test_a_file_cut_anywhere_is_read_as_far_as_it_goes(tmp_path_factory: object, cut: int) -> None:
    folder: Path = tmp_path_factory.mktemp("cut")  # type: ignore[attr-defined]
    path = folder / "cut.wav"
    write_wav(path, (tone(RATE_HZ) * 32767).astype(np.int16), RATE_HZ)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - cut])
    assert missing_bytes(path) == cut
    assert len(read_audio(path)) == pytest.approx((len(whole) - cut - 44) / 2, abs=2)


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(AudioFileUnusable, match="Cannot write"):
        write_wav(tmp_path, np.zeros(10, np.int16), RATE_HZ)
    with pytest.raises(AudioFileUnusable, match=r"full\.wav|No space|full"):
        write_wav(Path("/dev/full"), np.zeros(100_000, np.int16), RATE_HZ)


@given(st.integers(1, 5_000), st.sampled_from([8_000, 22_050, 48_000]))
def test_resampling_keeps_the_length_in_seconds(count: int, rate_hz: int) -> None:
    samples = np.zeros(count, dtype=np.int16)
    assert len(resample(samples, RATE_HZ, rate_hz)) == pytest.approx(
        count * rate_hz / RATE_HZ, abs=2
    )
