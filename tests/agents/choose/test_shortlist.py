"""Which uses are near to what was said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.choose.examples import NONE, Example, examples
from agents.choose.likeness import learn, shares, words_vectors
from agents.choose.shortlist import MOST, Shortlist
from agents.tools import Use
from context.embed import MiniLM

USES = {
    "timer": (
        Use("set", "start a countdown", ("ping me in a quarter of an hour",), ("seconds",)),
        Use("left", "say how long a timer has", ("how much longer for the oven",), (), acts=False),
    ),
    "weather": (Use("now", "tell the weather", ("do I need an umbrella",), ("place",), False),),
    "note": (Use("add", "write down a note", ("jot down that the meter reads 12",), ("text",)),),
}
TALK = [Example(NONE, text, {}) for text in ("why is the sky blue", "tell me a joke", "hello")]


@pytest.fixture(
    scope="module", params=["words", pytest.param("meaning", marks=pytest.mark.engines)]
)
def shortlist(request: pytest.FixtureRequest) -> Shortlist:
    embedder = None
    if request.param == "meaning":
        find: Callable[[str], Path] = request.getfixturevalue("model_folder")
        embedder = MiniLM(find("minilm-l6-v2-int8"))
        embedder.load()
    shortlist = Shortlist(USES, TALK, embedder)
    with pytest.raises(RuntimeError):
        shortlist.find("too early")
    shortlist.load()
    return shortlist


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("ping me in three quarters of an hour", "timer.set"),
        ("how much longer does the oven take", "timer.left"),
        ("will I need an umbrella tomorrow", "weather.now"),
        ("jot down that the meter reads 4711", "note.add"),
    ],
)
def test_the_use_that_is_meant_comes_first(shortlist: Shortlist, said: str, intent: str) -> None:
    found = shortlist.find(said)
    assert found.candidates[0].intent == intent
    assert found.candidates[0].score > found.talk
    assert [each.score for each in found.candidates] == sorted(
        (each.score for each in found.candidates), reverse=True
    )


def test_talk_is_told_from_requests(shortlist: Shortlist) -> None:
    found = shortlist.find("why is the sea blue")
    assert found.talk > 0.5 > sum(each.score for each in found.candidates)


def test_the_nearest_examples_come_first_and_are_of_the_use(shortlist: Shortlist) -> None:
    for each in shortlist.find("ping me soon").candidates:
        assert all(example.intent == each.intent for example in each.examples)
        assert each.use.does not in [example.text for example in each.examples]


@given(st.text(max_size=80))
def test_any_text_has_few_candidates_and_shares_of_one(text: str) -> None:
    shortlist = Shortlist(USES, TALK, None)
    shortlist.load()
    found = shortlist.find(text)
    assert len(found.candidates) <= MOST
    total = sum(each.score for each in found.candidates) + found.talk
    assert 0 <= found.talk <= total <= 1 + 1e-4


def test_examples_of_tools_that_are_not_there_are_left_out() -> None:
    shortlist = Shortlist(USES, [*TALK, Example("home.on", "it is dark in the hall", {})], None)
    shortlist.load()
    said = {each.intent for each in shortlist.find("it is dark in the hall").candidates}
    assert "home.on" not in said


def test_learning_is_the_same_each_time_and_tells_kinds_apart() -> None:
    texts = ["a red apple", "a green apple", "one fast car", "one slow car"]
    vectors = words_vectors(texts)
    once, again = learn(vectors, [0, 0, 1, 1], 2), learn(vectors, [0, 0, 1, 1], 2)
    assert np.array_equal(once, again)
    assert shares(words_vectors(["an apple"])[0], once)[0] > 0.5
    assert shares(words_vectors(["the car"])[0], once)[1] > 0.5


def test_the_examples_that_ship_are_whole() -> None:
    told = examples()
    assert len({(each.intent, each.text) for each in told}) == len(told) > 500
    for each in told:
        assert each.intent
        assert "{" not in each.text
        assert all(value and value in each.text for value in each.slots.values())


class Counting:
    """Vectors of words, and how many were asked for."""

    dimensions = 2048
    name = "words"

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts: list[str]) -> np.ndarray:
        self.asked += len(texts)
        return words_vectors(texts)


def test_vectors_of_examples_are_kept_over_restarts(tmp_path: Path) -> None:
    embedder = Counting()
    Shortlist(USES, TALK, embedder, tmp_path).load()
    first = embedder.asked
    again = Shortlist(USES, TALK, embedder, tmp_path)
    again.load()
    assert embedder.asked == first > 0
    assert again.find("ping me in three quarters of an hour").candidates[0].intent == "timer.set"
    (kept,) = tmp_path.glob("*.npy")
    kept.write_bytes(b"spoilt")
    Shortlist(USES, TALK, embedder, tmp_path).load()
    assert embedder.asked > 2 * first
    Shortlist(USES, TALK[1:], embedder, tmp_path).load()
    assert len(list(tmp_path.glob("*.npy"))) == 1
