import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from context.retrieve import COSINE_FLOOR, MOST_WORDS, cosines, fts_query, fuse, quantise
from context.retrieve import query_words as words

lexical = st.dictionaries(st.integers(0, 20), st.floats(0, 50))
dense = st.dictionaries(st.integers(0, 20), st.floats(-1, 1))
vectors = npst.arrays(np.float32, 24, elements=st.floats(-1, 1, width=32))


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE word USING fts5(text, tokenize='porter unicode61')")
    connection.execute("INSERT INTO word VALUES ('the spare key is under the blue pot')")
    yield connection
    connection.close()


@given(query=st.text() | st.text('"*^-+(){}:^ \0NEAR AND OR NOT', max_size=20))
@example(query='text:"key" NEAR(a b) AND NOT OR ^key* {text}: -key "')
@example(query="e\u0301 \u0301 क्या ﬁ \ud800 \0 ２ ½")
def test_no_query_is_a_mistake_to_fts5(index: sqlite3.Connection, query: str) -> None:
    found = words(query)
    assert len(found) == len(set(found)) <= MOST_WORDS
    if found:
        index.execute("SELECT rowid FROM word WHERE word MATCH ?", [fts_query(found)]).fetchall()


def test_query_words_are_the_ones_with_meaning() -> None:
    assert words("Where is the spare KEY, and the key-ring?") == ["spare", "key", "ring"]
    assert words("who are you") == []
    assert len(words(" ".join(map(str, range(1000))))) == MOST_WORDS


@pytest.mark.parametrize("query", ["Keys", "SPARES", "blue; key", "key*"])
def test_words_are_found_by_their_stem(index: sqlite3.Connection, query: str) -> None:
    rows = index.execute("SELECT rowid FROM word WHERE word MATCH ?", [fts_query(words(query))])
    assert rows.fetchall() == [(1,)]


@given(st.lists(vectors, min_size=1, max_size=5), vectors)
def test_a_quantised_cosine_is_near_the_true_one(
    rows: list[np.ndarray[tuple[int], np.dtype[np.float32]]],
    query: np.ndarray[tuple[int], np.dtype[np.float32]],
) -> None:
    rows = [row if np.abs(row).max() > 1e-3 else np.zeros_like(row) for row in rows]
    length = np.linalg.norm(query)
    if length < 1e-3:
        return
    query = query / length
    got = cosines([quantise(row) for row in rows], query)
    for row, cosine in zip(rows, got, strict=True):
        true = row @ query / max(np.linalg.norm(row), 1e-9)
        assert cosine == pytest.approx(true, abs=0.03)


@given(lexical, dense)
def test_scores_are_bounded_and_the_floor_holds(
    lex: dict[int, float], den: dict[int, float]
) -> None:
    scores = fuse(lex, den)
    assert all(0 <= score <= 1 + 1e-9 for score in scores.values())
    assert scores.keys() == lex.keys() | {i for i, c in den.items() if c >= COSINE_FLOOR}


@given(lexical, dense, st.integers(0, 20), st.integers(0, 20))
def test_better_in_both_is_better(
    lex: dict[int, float], den: dict[int, float], a: int, b: int
) -> None:
    scores = fuse(lex, den)
    if a not in scores or b not in scores:
        return
    if lex.get(a, 0) >= lex.get(b, 0) and den.get(a, 0) >= den.get(b, 0):
        assert scores[a] >= scores[b]


@given(lexical, dense, st.floats(0.1, 10))
def test_only_the_proportions_of_bm25_matter(
    lex: dict[int, float], den: dict[int, float], scale: float
) -> None:
    lex = {item: value for item, value in lex.items() if value == 0 or value > 1e-6}
    scaled = fuse({item: value * scale for item, value in lex.items()}, den)
    assert scaled == pytest.approx(fuse(lex, den))


@given(dense)
def test_items_far_from_the_query_change_nothing(den: dict[int, float]) -> None:
    near = {item: cosine for item, cosine in den.items() if cosine >= 0}
    assert fuse({}, den) == fuse({}, near)


def test_one_word_in_one_item_is_a_full_match() -> None:
    assert fuse({1: 1e-6}, {1: 0.8, 2: 0.1}) == {1: pytest.approx(1.0)}
    assert fuse({}, {1: 0.1}) == {}
