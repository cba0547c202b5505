from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tools import Receipt, ToolContext
from agents.tools.speech import LastReply, NoPace, SpeechTool, spelled


class MemoryPace:
    def __init__(self) -> None:
        self.at = 1.0

    def factor(self) -> float | None:
        return self.at

    def set_factor(self, factor: float) -> None:
        self.at = factor


@pytest.fixture
def last() -> LastReply:
    return LastReply()


@pytest.fixture
def pace() -> MemoryPace:
    return MemoryPace()


@pytest.fixture
def tool(last: LastReply, pace: MemoryPace) -> SpeechTool:
    return SpeechTool(last, pace)


def do(tool: SpeechTool, action: str, **raw: object) -> Receipt:
    return tool.call({"action": action, **raw}, cast("ToolContext", None))


def test_repeating(tool, last) -> None:
    assert do(tool, "repeat").spoken == "I haven't said anything yet."
    last.note("Timer set for 5 minutes.")
    last.note("")
    assert do(tool, "repeat").spoken == "Timer set for 5 minutes."
    last.clear()
    assert not do(tool, "repeat").ok


def test_spelling(tool, last) -> None:
    assert do(tool, "spell", word="necessary").spoken == "necessary: N, E, C, E, S, S, A, R, Y."
    assert do(tool, "spell", word="Anne-Marie").spoken == (
        "Anne-Marie: A, N, N, E, hyphen, M, A, R, I, E."
    )
    assert do(tool, "spell").spoken == "Which word?"
    last.note("It's called the Aardvark.")
    assert do(tool, "spell").spoken == "Aardvark: A, A, R, D, V, A, R, K."
    assert not do(tool, "spell", word="x" * 99).ok


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=1, max_size=20))
def test_every_letter_is_spelled(word: str) -> None:
    assert len(spelled(word).split(", ")) == len(word)


def test_the_pace(tool, pace) -> None:
    done = do(tool, "slower")
    assert (done.spoken, pace.at) == ("I'll speak slower.", pytest.approx(1.2))
    assert tool.call(done.undo.args, cast("ToolContext", None)).ok
    assert pace.at == 1.0
    assert not do(tool, "normal").ok
    for _ in range(9):
        last = do(tool, "faster")
    assert (last.ok, last.spoken, pace.at) == (False, "I can't speak faster than this.", 0.6)
    assert do(tool, "normal").spoken == "I'll speak at my usual pace."
    for _ in range(9):
        last = do(tool, "slower")
    assert (last.ok, last.spoken) == (False, "I can't speak more slowly than this.")


def test_a_voice_whose_pace_is_fixed(last) -> None:
    receipt = do(SpeechTool(last, NoPace()), "slower")
    assert (receipt.ok, receipt.spoken) == (False, "I can't change how fast I speak here.")
