"""Suites are read strictly: what is wrong is named with its file and line."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.evaluation.errors import SuiteWrong
from agents.evaluation.suite import built_in, find_suites, load_suite

GOOD: dict[str, Any] = {"id": "a", "text": "set a timer", "intent": "timer.set"}


def written(folder: Path, *lines: dict[str, Any] | str) -> Path:
    path = folder / "mine.jsonl"
    path.write_text(
        "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines),
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"id": "b", ', "not JSON"),
        ('["b"]', "the line has to be a table"),
        ({"text": "hello"}, "id is needed"),
        ({"id": "b"}, "give one of text, wav and turns"),
        ({"id": "b", "text": "hi", "wav": "hi.wav"}, "give one of text, wav and turns"),
        ({"id": "b", "turns": [{"intent": "none"}]}, "give each of turns a text or a wav"),
        ({"id": "b", "turns": [{"text": "hi"}], "intent": "none"}, "in each of turns"),
        ({"id": "b", "text": "hi", "intent": "Timer Set"}, "intent"),
        ({"id": "b", "text": "hi", "slot": {}}, "there is no slot, but slots"),
        ({"id": "b", "text": "hi", "reply": "("}, "regular expression"),
        ({"id": "b", "text": "hi", "before": {"timer": []}}, "no before.timer, but timers"),
        ({"id": "b", "text": "hi", "before": {"now": "2026-03-14T10:00"}}, "before.now"),
        ({"id": "b", "text": "hi", "before": {"alarms": [{"at": "seven"}]}}, "before.alarms.0.at"),
        ({"id": "b", "text": "hi", "after": {"timers": [{"name": "tea"}]}}, "timers.0.seconds"),
        ({"id": "a", "text": "hi"}, "the id 'a' is that of line 1 too"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named(tmp_path: Path, line: dict[str, Any] | str, says: str) -> None:
    path = written(tmp_path, GOOD, "", line)
    with pytest.raises(SuiteWrong) as wrong:
        load_suite(path)
    assert f"{path}, line 3: " in str(wrong.value)
    assert says in str(wrong.value)


def test_routines_are_written_by_name_or_as_a_list(tmp_path: Path) -> None:
    steps = ["turn the volume down"]
    listed = [{"name": "good night", "steps": steps}]
    for routines in ({"good night": steps}, listed):
        path = written(tmp_path, GOOD | {"before": {"routines": routines}})
        assert load_suite(path).turns[0].before.given() == {"routines": listed}
    with pytest.raises(SuiteWrong, match=r"before\.routines\.0\.steps"):
        load_suite(written(tmp_path, GOOD | {"before": {"routines": {"good night": "sleep"}}}))


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteWrong, match="has no turns"):
        load_suite(written(tmp_path, "", " "))
    with pytest.raises(SuiteWrong, match="Cannot read"):
        load_suite(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"id": "caf\xe9"}')
    with pytest.raises(SuiteWrong, match="not UTF-8"):
        load_suite(tmp_path / "latin.jsonl")
    with pytest.raises(SuiteWrong, match=r"no suite 'commandz'.*commands_a"):
        find_suites(["commandz"])


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    line = json.dumps(GOOD | {"text": "one\u2028two"}, ensure_ascii=False)
    assert load_suite(written(tmp_path, line)).turns[0].text == "one\u2028two"


def test_names_stand_for_what_comes_with_the_program(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert find_suites([]) == list(built_in().values())
    halves = [path for name, path in built_in().items() if name.startswith("commands_")]
    assert len(halves) > 1
    assert find_suites(["commands", "commands_b", str(path)]) == [*halves, path]


def test_every_built_in_suite_can_be_read_and_its_held_out_half_is_known() -> None:
    suites = [load_suite(path) for path in built_in().values()]
    assert {"commands_b", "open_tools_b"} <= {each.name for each in suites if each.held_out}
    assert "commands_a" not in {each.name for each in suites if each.held_out}
    assert all(each.turns for each in suites)


def test_a_file_of_ones_own_is_never_held_out(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD).rename(tmp_path / "commands_b.jsonl")
    assert not load_suite(path).held_out


def test_what_a_conversation_ends_with_is_checked_with_its_last_turn(tmp_path: Path) -> None:
    turns = [{"text": "set a timer", "tags": ["first"]}, {"text": "five minutes"}]
    line = {"id": "a", "turns": turns, "after": {"timers": []}, "reply": "set", "tags": ["all"]}
    first, last = load_suite(written(tmp_path, line)).turns[0].said()
    assert (first.after, first.reply, first.tags) == (None, None, ("all", "first"))
    assert last.after is not None
    assert (last.after.given(), last.reply, last.tags) == ({"timers": []}, "set", ("all",))


def test_a_sample_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    suite = load_suite(written(tmp_path, *({"id": str(n), "text": "hi"} for n in range(50))))
    ids = [turn.id for turn in suite.sample(10, 1).turns]
    assert ids == [turn.id for turn in suite.sample(10, 1).turns]
    assert ids != [turn.id for turn in suite.sample(10, 2).turns]
    assert ids == sorted(ids, key=int)
    assert suite.sample(50, 1) is suite
