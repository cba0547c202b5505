"""Walking through options: against scoring each of them whole."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.options import END, Logits, shares

WORDS = 6
ENDS = [4, 5]
OPTIONS = st.lists(
    st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple), min_size=1, max_size=8,
    unique=True,
)  # fmt: skip


def logits(seed: int, path: Sequence[int]) -> Logits:
    return np.random.default_rng([seed, *path]).normal(0, 2, WORDS).astype(np.float32)


def whole(option: tuple[int, ...], seed: int) -> float:
    """The probability of one option by the product over its tokens."""
    likely = 1.0
    for n, token in enumerate((*option, END)):
        raised = np.exp(logits(seed, option[:n]).astype(float))
        likely *= float((raised[ENDS].sum() if token == END else raised[token]) / raised.sum())
    return likely


@given(OPTIONS, st.integers(0, 99))
def test_all_read_it_is_the_product_over_the_tokens(options, seed: int) -> None:
    found = shares(options, lambda path: logits(seed, path), ENDS, most_reads=99, close=0)
    assert sum(found) == pytest.approx(1)
    alone = [whole(option, seed) for option in options]
    assert found == pytest.approx([each / sum(alone) for each in alone], rel=1e-4)


@given(OPTIONS, st.integers(0, 99), st.integers(0, 3))
def test_few_reads_still_share_out_all(options, seed: int, most: int) -> None:
    reads = 0

    def read(path: Sequence[int]) -> Logits:
        nonlocal reads
        reads += 1
        return logits(seed, path)

    found = shares(options, read, ENDS, most_reads=most)
    assert reads <= most
    assert sum(found) == pytest.approx(1)


def test_a_walk_that_is_stopped_has_no_shares() -> None:
    assert shares([(1,), (2,)], lambda _: None, ENDS, most_reads=9) == []


def test_unlikely_branches_are_not_read() -> None:
    read: list[Sequence[int]] = []

    def after(path: Sequence[int]) -> Logits:
        read.append(tuple(path))
        found = np.zeros(WORDS, np.float32)
        found[1] = 20
        return found

    found = shares([(1, 2), (1, 1), (2, 1), (2, 2)], after, [1], most_reads=99)
    assert read == [(), (1,), (1, 1)]
    assert max(found) == found[1] > 0.9
