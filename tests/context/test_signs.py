"""Which vectors are near, by their signs alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.signs import Signs, signs_of


def vectors(count: int, seed: int, dimensions: int = 96) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimensions), dtype=np.float32)


@given(st.integers(0, 300), st.integers(1, 40), st.integers(0, 99), st.booleans())
def test_the_nearest_are_those_that_differ_least(
    count: int, wanted: int, seed: int, grown: bool
) -> None:
    rows = [(7 * n, signs_of(vector)) for n, vector in enumerate(vectors(count, seed))]
    split = count // 2 if grown else count
    signs = Signs(rows[:split], 2)
    for item, bits in rows[split:]:
        signs.add(item, bits)
    assert len(signs) == count
    query = signs_of(vectors(1, seed + 1000)[0])

    def differ(bits: bytes) -> int:
        return (int.from_bytes(bits) ^ int.from_bytes(query)).bit_count()

    expected = sorted(rows, key=lambda row: (differ(row[1]), -row[0]))[:wanted]
    assert signs.nearest(query, wanted) == [item for item, _ in expected]


@pytest.mark.parametrize("dimensions", [1, 63, 64, 65, 384])
def test_signs_are_whole_words(dimensions: int) -> None:
    bits = signs_of(vectors(1, 1, dimensions)[0])
    assert len(bits) == 8 * -(-dimensions // 64)
    assert Signs([(1, bits)], len(bits) // 8).nearest(bits, 5) == [1]
    assert signs_of(np.zeros(dimensions, dtype=np.float32)).strip(b"\0") == b""


def test_more_items_than_are_compared_at_a_time() -> None:
    rows = [(n, signs_of(vector)) for n, vector in enumerate(vectors(70_000, 5, 64))]
    signs = Signs(rows, 1)
    for item in (0, 32_767, 32_768, 69_999):
        assert signs.nearest(rows[item][1], 1) == [item]
    assert Signs([], 1).nearest(rows[0][1], 3) == []
