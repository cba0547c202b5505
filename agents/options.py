"""Which of some texts a model would say: a walk through the tokens they share, likeliest first."""

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

END = -1
"""Stands for every token with which the model ends its reply."""

Logits = NDArray[np.float32]


@dataclass
class _Node:
    """A token of the trie. leaves: numbers of the options that go through it."""

    path: tuple[int, ...]
    leaves: list[int] = field(default_factory=list[int])
    next: "dict[int, _Node]" = field(default_factory=dict[int, "_Node"])


def shares(
    options: Sequence[Sequence[int]],
    read: Callable[[Sequence[int]], Logits | None],
    ends: Sequence[int],
    *,
    most_reads: int,
    close: float = 0.02,
) -> list[float]:
    """How likely each of `options` is, among them alone: shares of 1, in their order.

    options: their tokens, none twice. read: gives the logits after some tokens of an option; None
    ends the walk, and there are no shares. ends: the tokens that end a reply. The likeliest branch
    is read first, until it hardly matters how the rest (the part `close`) is shared out, or
    `most_reads` have been read; each branch that is left is shared out evenly.
    """
    if not options:
        return []
    root = _trie(options)
    found = [0.0] * len(options)
    waiting: list[tuple[float, int, _Node]] = [(0.0, 0, root)]
    made, reads = 1, 0
    whole = 0.0
    while waiting:
        left = sum(math.exp(-each) for each, *_ in waiting)
        if reads >= most_reads or left <= close * whole:
            break
        negative, _, node = heapq.heappop(waiting)
        if not node.next:
            found[node.leaves[0]] = math.exp(-negative)
            whole += found[node.leaves[0]]
            continue
        logits = read(node.path)
        if logits is None:
            return []
        reads += 1
        for each, part in zip(node.next.values(), _parts(logits, node.next, ends), strict=True):
            heapq.heappush(waiting, (negative - part, made, each))
            made += 1
    for negative, _, node in waiting:
        for leaf in node.leaves:
            found[leaf] += math.exp(-negative) / len(node.leaves)
    total = sum(found)
    return [each / total if total else 1 / len(found) for each in found]


def _trie(options: Sequence[Sequence[int]]) -> _Node:
    root = _Node(())
    for number, option in enumerate(options):
        node = root
        node.leaves.append(number)
        for token in (*option, END):
            node = node.next.setdefault(token, _Node((*node.path, token)))
            node.leaves.append(number)
    return root


def _parts(logits: Logits, tokens: Iterable[int], ends: Sequence[int]) -> list[float]:
    """The logarithms of the probabilities of `tokens`, among all that the model might say."""
    raised = logits.astype(np.float64) - logits.max()
    total = np.log(np.exp(raised).sum())
    end = np.log(np.exp(raised[list(ends)]).sum() + 1e-300)
    return [float((end if token == END else raised[token]) - total) for token in tokens]
