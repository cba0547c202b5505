"""The pure parts of scripts/bench_endpoint: where speech is, and what counts as cut off."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from device.audio import CHUNK_S, CHUNK_SAMPLES, RATE_HZ, Samples
from device.listen.endpoint import Completeness, Endpointing, Reason
from scripts.bench.endpoint_courses import Course, find_islands, levels_db, room_tone
from scripts.bench.endpoint_follow import Outcome, Pace, Way, figures, follow

ROOT = Path(__file__).parents[2]


def recording(*spans: tuple[float, float], seconds: float) -> Samples:
    """Loud noise where someone speaks, quiet noise elsewhere."""
    rng = np.random.default_rng(5)
    sound = rng.normal(0, 20, int(seconds * RATE_HZ))
    for start, end in spans:
        at = slice(int(start * RATE_HZ), int(end * RATE_HZ))
        sound[at] = rng.normal(0, 4000, at.stop - at.start)
    return sound.astype(np.int16)


def probabilities(sound: Samples) -> np.ndarray:
    chunks = sound[: len(sound) // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    return (np.abs(chunks).mean(axis=1) > 500).astype(np.float32)


def course(*spans: tuple[float, float], seconds: float) -> Course:
    sound = recording(*spans, seconds=seconds)
    speech = probabilities(sound)
    islands = find_islands(sound, speech)
    return Course("made", "real", "requests", "nobody", "", sound, islands, speech)


class Knows:
    """A hearer who says the same of every silence."""

    def __init__(self, words: Completeness, turn_end: float) -> None:
        self._words, self._turn_end = words, turn_end

    def completeness(self, course: Course, chunks: int) -> Completeness:
        del course, chunks
        return self._words

    def turn_end(self, course: Course, chunks: int) -> float:
        del course, chunks
        return self._turn_end


WAY = Way("", "", Endpointing())
PAUSED = ((0.5, 1.5), (2.2, 3.2))


def run(words: Completeness, turn_end: float, way: Way = WAY) -> Outcome:
    made = course(*PAUSED, seconds=7.0)
    return follow(made, way, Knows(words, turn_end), Pace())  # type: ignore[arg-type]


def test_speech_is_where_the_energy_is() -> None:
    found = course(*PAUSED, seconds=7.0)
    assert np.allclose(found.islands, PAUSED, atol=0.03)
    assert found.end_s == pytest.approx(3.2, abs=0.03)
    assert len(found.pauses(0.2)) == 1
    assert found.pauses(0.8) == []


def test_nobody_speaks_in_quiet() -> None:
    sound = recording(seconds=3.0)
    assert find_islands(sound, probabilities(sound)) == []


def test_room_tone_is_as_loud_as_the_room() -> None:
    found = course(*PAUSED, seconds=7.0)
    tone = room_tone(found.sound, found.islands, 1.0, np.random.default_rng(1))
    assert len(tone) == RATE_HZ
    assert np.median(levels_db(tone)) == pytest.approx(
        np.median(levels_db(recording(seconds=1.0))), abs=2
    )


def test_who_only_paused_is_cut_off_by_one_who_is_too_sure() -> None:
    hasty = replace(Endpointing(), sure_silence_s=0.4)
    outcome = run(Completeness.OPEN, 0.99, Way("", "", hasty))
    assert outcome.cut
    assert outcome.pauses == (1, 1)
    assert outcome.commits[0][1] is Reason.TURN_END
    assert figures([outcome])["cutoff_rate"] == 1.0


def test_who_waits_does_not_cut_off_and_is_late() -> None:
    outcome = run(Completeness.TELLING, 0.99)
    assert not outcome.cut
    assert outcome.pauses == (0, 1)
    longest_s = Endpointing().incomplete_silence_s
    assert longest_s - CHUNK_S <= outcome.delay_s <= longest_s + 3 * CHUNK_S
    counted = figures([outcome])
    assert counted["cutoff_rate"] == 0.0
    assert counted["delay_p50_ms"] == pytest.approx(1000 * outcome.delay_s)


def test_a_whole_command_ends_as_soon_as_its_words_are_known() -> None:
    whole = run(Completeness.COMPLETE, 0.0)
    assert whole.commits[0][1] is Reason.COMPLETE_COMMAND
    assert whole.asks < run(Completeness.OPEN, 0.0).asks


def test_without_the_model_and_the_words_only_pauses_count() -> None:
    short = replace(Endpointing(), silence_s=0.4, incomplete_silence_s=0.4)
    assert run(Completeness.TELLING, 0.0, Way("", "", short, turn_end=False, words=False)).cut
    assert (
        run(Completeness.COMPLETE, 1.0, Way("", "", short, turn_end=False, words=False)).asks == 0
    )


def test_the_script_says_what_it_does_and_what_is_missing(tmp_path: Path) -> None:
    script = str(ROOT / "scripts" / "bench_endpoint")
    told = subprocess.run(
        [sys.executable, script, "--help"], capture_output=True, text=True, check=True
    )
    assert "Examples" in told.stdout
    wrong = subprocess.run(
        [sys.executable, script, "--data", str(tmp_path / "none")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert wrong.returncode == 1
    assert "not a folder" in wrong.stderr
