"""The pure parts of scripts/bench_turn: what is read off a recording, and what is made of it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.bench import figures, utterances
from scripts.bench.chart import Bar, bars_svg

ROOT = Path(__file__).parents[2]


def sounding(length: int, *spans: tuple[int, int], level: int = 5_000) -> figures.Sound:
    sound = np.zeros(length, dtype=np.int16)
    for start, end in spans:
        sound[start:end] = level
    return sound


def test_the_reply_is_found_in_the_sound() -> None:
    user = sounding(20_000, (1_000, 4_000))
    assistant = sounding(20_000, (100, 200), (12_000, 13_000))
    found = figures.measure(user, assistant, 500, 20_000)
    assert found.voice_to_voice_ms == pytest.approx((12_000 - 3_999) / 16)
    assert found.end_of_speech == 3_999
    assert not found.talked_over


def test_a_chunk_handed_over_late_counts() -> None:
    user, assistant = sounding(9_000, (0, 1_000)), sounding(9_000, (2_000, 3_000))
    plain = figures.measure(user, assistant, 0, 9_000).voice_to_voice_ms
    late = figures.measure(user, assistant, 0, 9_000, capture_s=0.032).voice_to_voice_ms
    assert plain is not None
    assert late == pytest.approx(plain + 32.0)


def test_what_is_too_quiet_to_hear_is_no_reply() -> None:
    user = sounding(9_000, (0, 1_000))
    faint = sounding(9_000, (2_000, 3_000), level=figures.AUDIBLE - 1)
    assert figures.measure(user, faint, 0, 9_000).voice_to_voice_ms is None
    audible = sounding(9_000, (2_000, 3_000), level=-figures.AUDIBLE)
    assert figures.measure(user, audible, 0, 9_000).voice_to_voice_ms is not None


def test_a_reply_before_the_user_is_done_is_no_quick_reply() -> None:
    user = sounding(9_000, (0, 1_000), (4_000, 5_000))
    found = figures.measure(user, sounding(9_000, (2_000, 6_000)), 0, 9_000)
    assert found.talked_over
    assert found.voice_to_voice_ms is None


def test_silence_and_the_next_turn_are_no_reply() -> None:
    user, nothing = sounding(9_000, (0, 1_000)), sounding(9_000)
    assert figures.measure(user, nothing, 0, 9_000).voice_to_voice_ms is None
    assert figures.measure(nothing, user, 0, 9_000).end_of_speech is None
    assert figures.measure(user, sounding(9_000, (8_000, 9_000)), 0, 7_000) == figures.Measured(
        None, 999, False
    )


def test_who_is_judged_done_too_early_is_cut_off() -> None:
    assert figures.cut_off(False, [-0.5, 0.4])
    assert figures.cut_off(True, [])
    assert not figures.cut_off(False, [0.3])
    assert not figures.cut_off(False, [-0.05])  # a faint last sound may be missed


def test_percentiles_and_ratios() -> None:
    assert figures.summary([]) == {"p50_ms": None, "p95_ms": None, "n": 0}
    assert figures.summary([100.0, 200.0, 300.0]) == {"p50_ms": 200.0, "p95_ms": 290.0, "n": 3}
    assert figures.ratio(3_000.0, 500.0) == 6.0
    assert figures.ratio(None, 500.0) is None
    assert figures.ratio(3_000.0, None) is None


def test_ratios_compare_what_both_answered_and_hide_no_slow_run() -> None:
    ours = {"a": [400.0, 800.0], "b": [600.0], "only ours": [9_000.0], "silent": []}
    found = figures.paired_ratios(ours, {"a": 3_000.0, "b": 3_000.0, "silent": 10.0, "c": None})
    assert found["p50"] == 5.0
    assert found["p95"] == pytest.approx(3_000 / 790, abs=0.01)


@given(st.lists(st.floats(1, 1e5), min_size=1))
def test_percentiles_lie_within(values: list[float]) -> None:
    found = figures.summary(values)
    assert min(values) - 0.1 <= found["p50_ms"] <= found["p95_ms"] <= max(values) + 0.1


def test_medians_are_of_the_rows_that_have_the_key() -> None:
    rows = [{"a": 1.0, "b": 5.0}, {"a": 3.0}]
    assert figures.medians(rows) == {"a": 2.0, "b": 5.0}


def test_the_chart_is_well_formed_and_names_all() -> None:
    bars = [Bar("command", "lapel", 400, 700), Bar("command", "a < b & c", 3_000, 4_000)]
    root = ET.fromstring(bars_svg("Voice to voice", "2 cores", bars))
    texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"lapel", "a < b & c", "command", "400 / 700 ms", "2 cores"} <= set(texts)
    widths = [
        float(each.get("width", 0)) for each in root.iter("{http://www.w3.org/2000/svg}rect")
    ][1:]
    assert widths[1] / widths[0] == pytest.approx(7.5, rel=0.01)
    assert "</svg>" in bars_svg("nothing", "", [])


def test_every_sentence_goes_where_its_class_says() -> None:
    from agents.relevance import asks_about_own
    from agents.router import Router

    router = Router()
    router.load()
    for each in utterances.COMMANDS:
        routed = router.route(each.text)
        assert routed.is_final, each.text
        assert routed.tool == each.tool, each.text
    for each in utterances.QUESTIONS:
        assert router.route(each.text).tool is None, each.text
        assert not asks_about_own(each.text), each.text
    for each in utterances.RECALLS:
        # An appointment is looked for on the calendar first, and then in memory.
        assert router.route(each.text).intent in (None, "calendar.find"), each.text
    for text in utterances.REMEMBERED:
        assert router.route(text).tool == "remember", text
    sentences = (*utterances.COMMANDS, *utterances.QUESTIONS, *utterances.RECALLS)
    for each in sentences:
        assert re.search(each.heard, each.text, re.IGNORECASE), each.text
    assert len({each.text for each in utterances.COMMANDS}) >= 12
    assert len({each.text for each in utterances.QUESTIONS}) >= 10
    assert len(utterances.RECALLS) >= 5


def speak(text: str, share: float) -> figures.Sound:
    return sounding(int(8_000 / share), (500, 6_000))


def test_made_utterances_end_with_speech_and_alternate_voices() -> None:
    first, second = list(utterances.made(speak, 0, None)), list(utterances.made(speak, 1, None))
    for utterance, sound in first:
        assert abs(int(sound[-1])) >= figures.AUDIBLE, utterance.id
    assert {each.voice for each, _ in first} == set(utterances.VOICES)
    assert any(each.pause_s for each, _ in first)
    assert any(each.pause_s is None for each, _ in first)
    for (one, _), (other, _) in zip(first, second, strict=True):
        assert one.voice != other.voice
        assert one.text == other.text


def test_recordings_are_of_those_for_reports_and_cut_to_their_speech(tmp_path: Path) -> None:
    (tmp_path / "commands").mkdir()
    rows = [
        {"file": "a.flac", "text": "what time is it", "use": "report", "seconds": 2},
        {"file": "b.flac", "text": "what time is it", "use": "tune", "seconds": 2},
        {"file": "c.flac", "text": "is the spare key here", "use": "report", "seconds": 2},
        {"file": "d.flac", "text": "stand by", "use": "report", "seconds": 2},
    ]
    manifest = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "commands" / "manifest.jsonl").write_text(manifest)
    random = np.random.default_rng(1)
    hiss = random.normal(0, 20, 32_000).astype(np.int16)

    def read(path: Path) -> figures.Sound:
        assert path.parent == tmp_path / "commands"
        return hiss + sounding(32_000, (8_000, 20_000))

    def kind_of(text: str) -> tuple[str, str]:
        return ("command", "clock") if "time" in text else ("llm_plain", "")

    found = list(utterances.recorded(speak, tmp_path, read, kind_of, 5))
    assert [each.text for each, _ in found] == ["what time is it", "is the spare key here"]
    spoken = found[0][1][len(utterances.ended(speak("", 1.0))) :]
    assert 12_000 <= len(spoken) - int(0.25 * 16_000) <= 16_000


@pytest.mark.parametrize("script", ["bench_turn", "bench_idle"])
def test_help_has_examples(script: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert f"  scripts/{script} --" in done.stdout
