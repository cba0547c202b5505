"""How well items answer a query, inside one place. Pure: numbers in, numbers out.

Words count by BM25, meaning by the cosine of sentence vectors. Each is divided by its best value
for this query in this place (an item without any of the words, or at a right angle, is 0; a best
cosine below the floor counts as the floor), then fused. Nothing here sees two places at once, so
no statistic of one can show in another's scores.

The floor is absolute and applied before any division: an item is found only if it holds a word
of the query that is not a stop word, or its cosine is at least COSINE_FLOOR. A query of stop
words alone is matched by meaning only. The floor is set on 14 questions about 11 everyday facts
(cosine with the answer 0.34 or more for 12, else 0.27 and 0.13) and 14 about other things (the
nearest fact below 0.30); most of them are in tests/context/test_relevance.py.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

LEXICAL_WEIGHT: Final = 0.5
DENSE_WEIGHT: Final = 0.5
WORD_WEIGHT: Final = 2.0
"""Of a word, for FTS5's bm25(): doubling it is what halving BM25's k1 of 1.2 would be."""
COSINE_FLOOR: Final = 0.3
MOST_WORDS: Final = 64


class Candidates(NamedTuple):
    """The most items that words, and that meaning, put up for a closer look."""

    by_words: int
    by_meaning: int


CANDIDATES: Final = Candidates(64, 64)

_STOP_TEXT: Final = """
    a about am an and any are as at be been but by can could did do does for from get go got had
    has have he her hers him his how i if in into is it its just know may me mine my of on or our
    ours out please remember s shall she should so some t tell than that the their them then there
    these they this those to up us was we were what when where which who whom whose why will with
    would you your yours
"""
_STOP_WORDS: Final = frozenset(_STOP_TEXT.split())


def query_words(query: str) -> list[str]:
    """The distinct words of any `query` that are not stop words, in order, at most MOST_WORDS.

    A word is letters, marks and digits only, so it holds nothing that FTS5 gives a meaning to.
    """
    text = unicodedata.normalize("NFC", query).casefold()
    words = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text).split()
    return list(dict.fromkeys(word for word in words if word not in _STOP_WORDS))[:MOST_WORDS]


def fts_query(words: Sequence[str]) -> str:
    """An FTS5 expression for items that hold any of `words` (as given by `query_words`)."""
    return " OR ".join(f'"{word}"' for word in words)


def most_matches(items: int) -> int:
    """In how many of a place's items a query's words may be looked up: half a millisecond each
    thousand. On LoCoMo a tenth of the items would cost .02 of recall at five, and three tenths .01;
    with some hundred items a conversation, all of them are looked up.
    """
    return min(max(1_500, items // 10), 10_000)


def rarest(words: Mapping[str, int], most_items: int) -> list[str]:
    """The words to search for, rarest first, so that few enough items are looked at.

    words: how many items hold each. Those that none holds are left out; the rarest of the others
    is always taken, the next ones while all of them together are in at most `most_items` items.
    What is in a great part of all items says little about any (BM25 weighs it near nothing).
    """
    held = sorted((word for word, count in words.items() if count), key=lambda w: words[w])
    taken: list[str] = []
    items = 0
    for word in held:
        items += words[word]
        if taken and items > most_items:
            break
        taken.append(word)
    return taken


def quantise(vector: NDArray[np.float32]) -> bytes:
    """A vector (d,) as d signed bytes, scaled to its largest part; zeros stay zeros."""
    largest = float(np.abs(vector).max(initial=0.0))
    scale = 127.0 / largest if largest > 0 else 0.0
    return np.rint(vector * scale).astype(np.int8).tobytes()


def cosines(quantised: list[bytes], query: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cosine (n,) of each of n quantised vectors with `query` (d,), which has length 1."""
    rows = np.frombuffer(b"".join(quantised), dtype=np.int8).reshape(-1, query.size)
    vectors = rows.astype(np.float32)
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    return (vectors @ query) / np.maximum(lengths, np.float32(1e-9))


def fuse(
    lexical: Mapping[int, float],
    dense: Mapping[int, float],
    lent: Mapping[int, float] | None = None,
) -> dict[int, float]:
    """Scores, 0 to 1, of the items of one place that pass the floor, in no order.

    lexical: BM25 (0 or more, higher is better) of the items that hold a word of the query.
    dense: cosine, -1 to 1, of the items that have a vector. lent: what counts instead of `lexical`
    where other items lend theirs; it lets no item pass the floor. Keys are items.
    """
    counted = lexical if lent is None else lent
    best_word = max(counted.values(), default=0.0) or 1.0
    best_cosine = max(COSINE_FLOOR, max(dense.values(), default=0.0))
    found = lexical.keys() | {item for item, value in dense.items() if value >= COSINE_FLOOR}
    return {
        item: LEXICAL_WEIGHT * counted.get(item, 0.0) / best_word
        + DENSE_WEIGHT * max(dense.get(item, 0.0), 0.0) / best_cosine
        for item in found
    }
