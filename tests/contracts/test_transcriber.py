from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from device.audio import RATE_HZ, Samples
from device.errors import EngineUnusable
from device.transcribe import Segment, Transcriber
from device.transcribe import faster_whisper as engine
from device.transcribe.fake import FakeTranscriber
from device.transcribe.faster_whisper import FasterWhisper
from device.transcribe.gate import Doubt

WORDS = "what is the capital of france"


@pytest.fixture(params=["fake", "whisper-tiny.en", "whisper-base"], scope="module")
def transcriber(request: pytest.FixtureRequest, model_folder: Callable[[str], Path]) -> Transcriber:
    if request.param == "fake":
        return FakeTranscriber(["What is the capital of France?"] * 99)
    made = FasterWhisper(model_folder(request.param), threads=1)
    made.load()
    return made


@pytest.fixture(scope="module")
def question(request: pytest.FixtureRequest) -> Samples:
    return request.getfixturevalue("speak")(f"{WORDS.capitalize()}?")


@pytest.mark.engines
def test_writes_down_what_was_said_and_how_sure_it_is(
    transcriber: Transcriber, question: Samples
) -> None:
    segments = transcriber.transcribe(question)
    text = " ".join(each.text for each in segments).lower()
    assert WORDS in text
    for each in segments:
        assert each.average_log_probability <= 0.0
        assert 0.0 <= each.no_speech_probability <= 1.0
        assert each.compression_ratio > 0.0


@pytest.mark.engines
def test_a_partial_says_the_same_of_clear_speech(
    transcriber: Transcriber, question: Samples
) -> None:
    segments = transcriber.transcribe(question, partial=True)
    assert WORDS in " ".join(each.text for each in segments).lower()


@pytest.mark.engines
def test_what_fits_in_no_reading_is_still_written_down(
    transcriber: Transcriber, question: Samples
) -> None:
    asked: list[str] = []

    def fits(text: str) -> bool:
        asked.append(text)
        return False

    segments = transcriber.transcribe(question, fits=fits)
    assert WORDS in " ".join(each.text for each in segments).lower()
    assert WORDS in asked[0].lower()


def reading(text: str, average: float) -> engine.Draft:
    return engine.Draft(Segment(text, average, 0.01, 1.0), None)


@pytest.mark.parametrize(
    ("second", "taken"),
    [
        pytest.param(-0.27, "please undo that", id="nearly as likely"),
        pytest.param(-0.60, "please and do that", id="far less likely"),
    ],
)
def test_the_likeliest_reading_that_fits_is_taken(second: float, taken: str) -> None:
    readings = [reading("please and do that", -0.18), reading("please undo that", second)]
    found = engine.likeliest(readings[0], readings, lambda text: text == "please undo that")
    assert found.segment.text == taken


def test_a_question_is_not_read_as_an_order() -> None:
    first = reading("remember the man downstairs?", -0.1)
    order = reading("remember the man downstairs.", -0.05)
    assert engine.likeliest(first, [order], lambda _: True) is first


@pytest.mark.engines
def test_a_clip_that_ends_with_the_speech_loses_and_gains_no_word(
    transcriber: Transcriber, question: Samples
) -> None:
    loud = np.flatnonzero(np.abs(question) > 500)
    segments = transcriber.transcribe(question[: int(loud[-1]) + RATE_HZ // 10])
    said = " ".join(each.text for each in segments).lower()
    assert said.strip(" ?.") == WORDS


@pytest.mark.engines
def test_words_to_expect_do_no_harm_and_can_be_taken_away(
    transcriber: Transcriber, question: Samples
) -> None:
    for expected in (["Siobhan", "thermostat"], [""], []):
        transcriber.bias(expected)
        segments = transcriber.transcribe(question)
        assert WORDS in " ".join(each.text for each in segments).lower()


@pytest.mark.engines
@pytest.mark.parametrize("length", [0, 1, 100])
def test_hardly_any_sound_is_no_error(transcriber: Transcriber, length: int) -> None:
    transcriber.transcribe(np.zeros(length, dtype=np.int16))


@pytest.mark.engines
def test_the_whole_range_of_int16_is_no_error(transcriber: Transcriber) -> None:
    extremes = np.tile(np.array([-32768, 32767], dtype=np.int16), RATE_HZ // 4)
    transcriber.transcribe(extremes)


@pytest.mark.engines
def test_a_clip_too_long_for_a_window_is_transcribed_to_its_end(
    model_folder: Callable[[str], Path], question: Samples
) -> None:
    whisper = FasterWhisper(model_folder("whisper-tiny.en"), threads=1)
    whisper.load()
    quiet = np.zeros(31 * RATE_HZ - len(question), dtype=np.int16)
    segments = whisper.transcribe(np.concatenate([question, quiet, question]))
    said = " ".join(each.text for each in segments).lower()
    assert said.count(WORDS) == 2


@pytest.mark.engines
def test_a_full_window_can_be_had(model_folder: Callable[[str], Path], question: Samples) -> None:
    whisper = FasterWhisper(model_folder("whisper-tiny.en"), threads=1, window="full")
    whisper.load()
    assert WORDS in " ".join(each.text for each in whisper.transcribe(question)).lower()


@pytest.mark.engines
def test_a_doubtful_transcript_is_made_again_from_a_whole_window(
    model_folder: Callable[[str], Path], question: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    whisper = FasterWhisper(model_folder("whisper-tiny.en"), threads=1)
    whisper.load()
    monkeypatch.setattr(engine, "doubt", lambda *_, **__: Doubt.NO_END)
    assert WORDS in " ".join(each.text for each in whisper.transcribe(question)).lower()
    assert whisper.fallbacks == 1
    whisper.transcribe(question, partial=True)
    assert whisper.fallbacks == 1


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineUnusable, match="lapel models verify"):
        FasterWhisper(tmp_path).load()


def test_a_damaged_model_says_what_to_do(
    tmp_path: Path, model_folder: Callable[[str], Path]
) -> None:
    for file in model_folder("whisper-tiny.en").iterdir():
        if file.name != "model.bin" and file.is_file():
            (tmp_path / file.name).symlink_to(file)
    (tmp_path / "model.bin").write_bytes(b"not a model" * 1000)
    with pytest.raises(EngineUnusable, match="lapel models verify"):
        FasterWhisper(tmp_path).load()
