"""The trace, the waterfall, and events: what happened, and nothing personal unless asked for."""

import json
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from device import events
from device.trace import Trace
from device.turn import Cue, ImpossibleCue, Phase, advance
from device.waterfall import waterfall

SPOKEN = "the spare key is under the pot"


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_text_that_a_person_could_have_said_is_marked_personal() -> None:
    # Names and codes of the program, and of models.
    plain = {"wake_word", "reason", "tool", "stage", "error", "model"}
    for kind in get_args(events.Event):
        for each in fields(kind):
            if each.type == "str" or each.type is str:
                marked = bool(each.metadata.get("personal"))
                assert marked == (each.name not in plain), f"{kind.__name__}.{each.name}"


@pytest.mark.parametrize("personal", [False, True])
def test_personal_content_is_written_only_when_asked_for(tmp_path: Path, personal: bool) -> None:
    path = tmp_path / "trace.jsonl"
    trace = Trace(path, personal=personal)
    trace.open(1.0)
    trace.record(events.Transcribed(1, 2.0, SPOKEN))
    trace.record(events.ClauseReady(1, 2.5, 1.0, SPOKEN))
    trace.record(events.TurnEnded(1, 3.0, SPOKEN))
    trace.record(events.Rang(2, 4.0, 0.1, SPOKEN))
    trace.close()
    assert (SPOKEN in path.read_text(encoding="utf-8")) == personal
    assert [line["event"] for line in read(path)] == [
        "Began", "Transcribed", "ClauseReady", "TurnEnded", "Rang",
    ]  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_trace_that_cannot_be_written_is_given_up_quietly(tmp_path: Path) -> None:
    for path in (tmp_path / "trace.jsonl" / "under a file", Path("/dev/full")):
        if path.name != "full":
            (tmp_path / "trace.jsonl").touch()
        trace = Trace(path)
        trace.open(1.0)
        trace.record(events.FirstToken(1, 2.0))
        trace.close()


def test_a_long_trace_begins_anew_and_keeps_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text("x" * 20_000, encoding="utf-8")
    trace = Trace(path, most_bytes=10_000)
    trace.open(1.0)
    trace.close()
    assert len(read(path)) == 1
    assert (tmp_path / "trace.old.jsonl").stat().st_size == 20_000


def test_the_waterfall_counts_from_the_users_last_word() -> None:
    turn = [
        events.Woke(1, 10.0, "hey_jarvis", 0.9),
        events.SpeechStarted(1, 10.3),
        events.SpeechEnded(1, 12.0, 12.7, "SILENCE"),
        events.Transcribed(1, 13.0, "x"),
        events.FirstToken(1, 13.5),
        events.ClauseReady(1, 13.8, 1.0, "x"),
        events.FirstSample(1, 13.9),
        events.ClauseReady(1, 14.8, 1.0, "y"),
    ]
    drawn = waterfall(turn)
    assert drawn is not None
    assert drawn.at_s == pytest.approx(
        {
            "wake": -2.0,
            "speech end": 0.0,
            "commit": 0.7,
            "transcript": 1.0,
            "first token": 1.5,
            "first clause": 1.8,
            "first sample": 1.9,
        }
    )
    assert drawn.voice_to_voice_s == pytest.approx(1.9)
    assert len(drawn.lines()) == 7
    assert waterfall(turn[:2]) is None


def test_the_turns_phases() -> None:
    phase = Phase.IDLE
    for cue, wanted in [
        (Cue.WAKE, Phase.LISTENING),
        (Cue.COMMIT, Phase.THINKING),
        (Cue.FIRST_CLAUSE, Phase.SPEAKING),
        (Cue.WAKE, Phase.LISTENING),
        (Cue.NOTHING, Phase.IDLE),
        (Cue.RING, Phase.SPEAKING),
        (Cue.DONE, Phase.IDLE),
    ]:
        phase = advance(phase, cue)
        assert phase is wanted
    with pytest.raises(ImpossibleCue, match="DONE while IDLE"):
        advance(Phase.IDLE, Cue.DONE)


@pytest.mark.parametrize("phase", Phase)
def test_the_wake_word_takes_the_word_from_anywhere(phase: Phase) -> None:
    assert advance(phase, Cue.WAKE) is Phase.LISTENING
