"""Gradient descent on the top layers of an embedder, and on what stands on them."""

# jax's types leave much open:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from agents.choose.layers import Layer, through
from agents.choose.likeness import Vectors

_ROUNDS: Final = 6
_LEAST_STEPS: Final = 150
_BATCH: Final = 32
_RATE: Final = 2e-4
_HEAD_RATE: Final = 2e-3
"""Of what stands on the layers, which begins with nothing."""
_WARM_UP: Final = 0.06
_DECAY: Final = 0.01
_DROPPED: Final = 0.1
_SMOOTHED: Final = 0.05
"""Of the certainty that each example is right: what learns that none is may be sure of what is not
so (Szegedy et al. 2016, arXiv 1512.00567, section 7)."""
_EDGES: Final = 0.5
"""Weight of the slots beside the use."""
_RARE: Final = -4.0
_FAR: Final = -1e9
_STEPS_OF: Final = 8
_TOGETHER: Final = 20
_SEED: Final = 0

Tree = dict[str, Any]
"""Arrays in a tree, as jax takes them."""


@dataclass(frozen=True)
class Seen:
    """A text as the layers get it. below (n, d): of its tokens. use: the number of what it means.
    edges: where slots begin and end in it, (n, s) each; None where it has none to learn.
    """

    below: Vectors
    use: int
    edges: tuple[Vectors, Vectors] | None


@dataclass(frozen=True)
class Grown:
    """What was learned: see `agents.choose.learned.Weights`."""

    layers: tuple[Layer, ...]
    uses: Vectors
    first: Vectors
    last: Vectors


def learn(
    seen: Sequence[Seen],
    start: Sequence[Layer],
    many: int,
    told: Callable[[str], object],
) -> Grown:
    """Learn to tell `many` uses apart, and where slots begin and end. start: the layers to begin
    with. told: is given a line after each round.

    AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) with a rate that grows and then falls in a
    line, dropout, and gradients no longer than 1; rare uses count more.
    """
    import jax

    slots = next((each.edges[0].shape[1] for each in seen if each.edges is not None), 1)
    random = np.random.default_rng(_SEED)
    rare = 1 / np.sqrt(np.maximum(np.bincount([each.use for each in seen], minlength=many), 1))
    weight = (rare / np.mean([rare[each.use] for each in seen])).astype(np.float32)
    heads = _heads(seen[0].below.shape[1], many, slots, random)
    rates: Tree = {
        "layers": [dict.fromkeys(each, _RATE) for each in start],
        **dict.fromkeys(heads, _HEAD_RATE),
    }
    batch = min(_BATCH, len(seen))
    rounds = max(_ROUNDS, math.ceil(_LEAST_STEPS / (len(seen) // batch)))
    step = _stepper(rates, rounds * (len(seen) // batch))
    tree: Tree = {"layers": [dict(each) for each in start], **heads}
    nothing = jax.tree.map(np.zeros_like, tree)
    state: Tree = {"tree": tree, "means": nothing, "squares": nothing}
    key, n = jax.random.key(_SEED), 0
    for number in range(rounds):
        wrong: list[float] = []
        for some in _batches(seen, batch, weight, slots, random):
            n += 1
            key, now = jax.random.split(key)
            state, value = step(state, float(n), some, now)
            wrong.append(float(value))
        told(f"round {number + 1} of {rounds}: loss {np.mean(wrong):.3f}")
    grown: Tree = jax.tree.map(np.asarray, state["tree"])
    return Grown(tuple(grown["layers"]), grown["uses"], grown["first"], grown["last"])


def _heads(width: int, many: int, slots: int, random: np.random.Generator) -> dict[str, Vectors]:
    """What stands on the layers, before it has learned anything: a slot's edge is rare."""
    bias = np.full((1, slots), _RARE)
    first, last = (
        np.vstack([random.normal(0, 0.02, (width, slots)), bias]).astype(np.float32)
        for _ in range(2)
    )
    return {"uses": np.zeros((width + 1, many), np.float32), "first": first, "last": last}


def _loss(tree: Tree, some: Tree, key: Any) -> Any:
    import jax
    import jax.numpy as jnp

    keys = iter(jax.random.split(key, 3 * len(tree["layers"]) + 2))

    def drop(x: Any) -> Any:
        return x * jax.random.bernoulli(next(keys), 1 - _DROPPED, x.shape) / (1 - _DROPPED)

    apart = (1 - some["there"])[:, None, None, :] * _FAR
    states = through(tree["layers"], some["below"], apart=apart, drop=drop, xp=jnp)
    there = some["there"][..., None]
    mean = (states * there).sum(1) / there.sum(1)
    raised = drop(mean) @ tree["uses"][:-1] + tree["uses"][-1]
    shares = jax.nn.log_softmax(raised)
    likely = jnp.take_along_axis(shares, some["use"][:, None], 1)[:, 0]
    likely = (1 - _SMOOTHED) * likely + _SMOOTHED * shares.mean(axis=1)
    kept = drop(states)
    wrong = 0.0
    for name in ("first", "last"):
        edge = kept @ tree[name][:-1] + tree[name][-1]
        wrong += ((jnp.logaddexp(0.0, edge) - some[name] * edge) * there).sum((1, 2))
    of_edges = (wrong * some["marked"]).sum() / jnp.maximum(some["marked"].sum(), 1)
    return _EDGES * of_edges - (likely * some["weight"]).mean()


def _stepper(rates: Tree, steps: int) -> Callable[[Tree, float, Tree, Any], tuple[Tree, Any]]:
    """What takes a step of `steps`, and gives the loss before it. rates: of the tree's arrays."""
    import jax
    import jax.numpy as jnp

    def step(state: Tree, n: Any, some: Tree, key: Any) -> tuple[Tree, Any]:
        value, slope = jax.value_and_grad(_loss)(state["tree"], some, key)
        length = jnp.sqrt(sum((x * x).sum() for x in jax.tree.leaves(slope)))
        short = jnp.minimum(1, 1 / (length + 1e-6))
        part = jnp.minimum(n / (_WARM_UP * steps), (steps - n) / ((1 - _WARM_UP) * steps))

        def mean(old: Any, x: Any) -> Any:
            return 0.9 * old + 0.1 * x * short

        def square(old: Any, x: Any) -> Any:
            return 0.999 * old + 0.001 * (x * short) ** 2

        def moved(x: Any, mean: Any, square: Any, rate: float) -> Any:
            by = (mean / (1 - 0.9**n)) / (jnp.sqrt(square / (1 - 0.999**n)) + 1e-8)
            return x - rate * part * (by + (_DECAY * x if x.ndim > 1 else 0.0))

        means = jax.tree.map(mean, state["means"], slope)
        squares = jax.tree.map(square, state["squares"], slope)
        tree = jax.tree.map(moved, state["tree"], means, squares, rates)
        return {"tree": tree, "means": means, "squares": squares}, value

    return jax.jit(step)


def _batches(
    seen: Sequence[Seen], batch: int, weight: Vectors, slots: int, random: np.random.Generator
) -> Iterator[Tree]:
    """All of it but for a rest, in batches of texts of about the same length."""
    order = random.permutation(len(seen))
    batches: list[list[int]] = []
    for first in range(0, len(order), batch * _TOGETHER):
        some = sorted(order[first : first + batch * _TOGETHER], key=lambda n: len(seen[n].below))
        batches += [some[n : n + batch] for n in range(0, len(some) - batch + 1, batch)]
    for at in random.permutation(len(batches)):
        yield _batch([seen[n] for n in batches[at]], weight, slots)


def _batch(some: Sequence[Seen], weight: Vectors, slots: int) -> Tree:
    """Texts side by side, filled up to one of few lengths, for each of which a step is compiled."""
    longest = math.ceil(max(len(each.below) for each in some) / _STEPS_OF) * _STEPS_OF
    made: Tree = {
        "below": np.zeros((len(some), longest, some[0].below.shape[1]), np.float32),
        "there": np.zeros((len(some), longest), np.float32),
        "use": np.array([each.use for each in some]),
        "weight": np.array([weight[each.use] for each in some]),
        "marked": np.array([each.edges is not None for each in some], np.float32),
        "first": np.zeros((len(some), longest, slots), np.float32),
        "last": np.zeros((len(some), longest, slots), np.float32),
    }
    for row, each in enumerate(some):
        many = len(each.below)
        made["below"][row, :many] = each.below
        made["there"][row, :many] = 1
        if each.edges is not None:
            made["first"][row, :many], made["last"][row, :many] = each.edges
    return made
