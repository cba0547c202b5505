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


@pytest.mark.parametrize("text", ["", " ", "…", "***"])
def test_nothing_to_say_is_a_stream_of_nothing(synthesizer: Synthesizer, text: str) -> None:
    assert list(synthesizer.stream(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Okay.",
        "The timer is set for twenty five minutes from now.",
        "It is here. It was there, in the blue box! Who took it?",
    ],
)
def test_a_stream_is_the_clip_in_parts(synthesizer: Synthesizer, text: str) -> None:
    clip = synthesizer.synthesize(text)
    parts = list(synthesizer.stream(text))
    assert all(each.samples.dtype == np.int16 and each.samples.ndim == 1 for each in parts)
    assert " ".join(" ".join(each.text for each in parts).split()) == text
    shares = [each.until for each in parts]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    if len(clip) > synthesizer.rate_hz:
        assert len(parts) > 1
        assert len(parts[0].samples) <= len(clip) / 2
    # Where the last silence is cut may differ a little, and what a voice varies differs.
    assert len(np.concatenate([each.samples for each in parts])) == pytest.approx(
        len(clip), rel=0.35
    )


def test_the_parts_of_a_stream_join_without_a_trace(model_folder: Callable[[str], Path]) -> None:
    voice = Piper(model_folder("piper-en_us-joe-medium"), variation=0.0)
    voice.load()
    for text in ("The capital of France is Paris.", "It is, and it always was, I think."):
        clip = voice.synthesize(text)
        joined = np.concatenate([each.samples for each in voice.stream(text)])
        both = min(len(clip), len(joined))
        assert abs(len(clip) - len(joined)) <= 0.01 * voice.rate_hz
        assert np.abs(clip[:both].astype(int) - joined[:both]).max() <= 2


def test_a_voice_that_may_not_begin_early_gives_one_part(
    model_folder: Callable[[str], Path],
) -> None:
    voice = Piper(model_folder("piper-en_us-joe-medium"), first_part_s=0.0)
    voice.load()
    assert len(list(voice.stream("The timer is set for twenty five minutes."))) == 1


def test_a_voice_that_cannot_be_cut_speaks_all_the_same(
    model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.speak.piper.split_before", lambda model, node_name: None)
    voice = Piper(model_folder("piper-en_us-joe-medium"))
    voice.load()
    assert len(voice.synthesize("Good morning.")) > 0.4 * voice.rate_hz
    assert len(list(voice.stream("Good morning, everybody, how are you today?"))) == 1


def test_every_text_is_about_as_loud(model_folder: Callable[[str], Path]) -> None:
    voice = Piper(model_folder("piper-en_us-joe-medium"))
    voice.load()
    for text in ("Okay.", "For how long?", "The capital of France is Paris."):
        sound = voice.synthesize(text).astype(float) / 32768
        assert 0.06 < np.sqrt(np.mean(sound**2)) < 0.2


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
