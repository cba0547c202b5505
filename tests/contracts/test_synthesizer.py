from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from device.errors import EngineUnusable
from device.speak import Synthesizer
from device.speak.fake import FakeSynthesizer
from device.speak.piper import Piper


@pytest.fixture(params=["fake", "piper"], scope="module")
def synthesizer(request: pytest.FixtureRequest, model_folder: Callable[[str], Path]) -> Synthesizer:
    made: Synthesizer
    if request.param == "fake":
        made = FakeSynthesizer()
    else:
        made = Piper(model_folder("piper-en_us-joe-medium"))
    made.load()
    return made


def test_speaks_at_its_rate_and_longer_for_longer_text(synthesizer: Synthesizer) -> None:
    short = synthesizer.synthesize("Yes.")
    long = synthesizer.synthesize("The timer is set for twenty five minutes from now.")
    assert short.dtype == long.dtype == np.int16
    assert short.ndim == long.ndim == 1
    assert synthesizer.rate_hz > 0
    assert len(long) > 2 * len(short) > 0
    assert 1.0 < len(long) / synthesizer.rate_hz < 6.0
    assert np.abs(long.astype(int)).max() > 1000


@pytest.mark.parametrize("text", ["", " ", "…", "?!", "***", "\n", "🙂"])
def test_nothing_to_say_is_silence(synthesizer: Synthesizer, text: str) -> None:
    assert len(synthesizer.synthesize(text)) == 0


@pytest.mark.parametrize("text", ["a\x00b", "[[h@l0U]] x", "<b>bold</b>", "مرحبا a", "x" * 500])
def test_odd_text_is_no_error(synthesizer: Synthesizer, text: str) -> None:
    assert synthesizer.synthesize(text).dtype == np.int16


def test_without_variation_a_text_always_sounds_the_same(
    model_folder: Callable[[str], Path],
) -> None:
    voice = Piper(model_folder("piper-en_us-joe-medium"), variation=0.0)
    voice.load()
    assert np.array_equal(voice.synthesize("Hello there."), voice.synthesize("Hello there."))


def test_a_folder_without_a_voice_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineUnusable, match="lapel models verify"):
        Piper(tmp_path).load()


def test_a_damaged_voice_says_what_to_do(
    tmp_path: Path, model_folder: Callable[[str], Path]
) -> None:
    voice = next(iter(model_folder("piper-en_us-joe-medium").glob("*.onnx")))
    (tmp_path / voice.name).write_bytes(voice.read_bytes()[:10_000])
    (tmp_path / f"{voice.name}.json").write_bytes(Path(f"{voice}.json").read_bytes())
    with pytest.raises(EngineUnusable, match="lapel models verify"):
        Piper(tmp_path).load()
