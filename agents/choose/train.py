"""Learning what `agents/choose/learned.py` knows, from examples: for `scripts/train_choose`."""

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np

from agents.choose.examples import NONE, examples
from agents.choose.features import token_range
from agents.choose.layers import Layer
from agents.choose.learn import Seen, learn
from agents.choose.learned import Learned, Weights
from agents.choose.spans import things
from agents.evaluation.suite import SUITES
from context.embed import TokenEmbedder

OWN: Final = (
    "name",
    "text",
    "fact",
    "items",
    "list",
    "title",
    "topic",
    "target",
    "place",
    "word",
    "person",
)
"""Slots that hold the speaker's own words."""
SEVERAL: Final = "items"
"""The slot that holds several things, each with a begin and an end of its own."""
EXAMPLES: Final = "examples"
"""The source of those of `examples_en.txt`."""
_OPEN: Final = "open_tools"
_OPEN_COUNTS: Final = 3
"""What people say in no words of a command counts as so many examples: there is little of it."""
_LEARNT_FROM: Final = re.compile(r"(?:commands|open_tools)(?:_\w+)?_a")


@dataclass(frozen=True)
class Lesson:
    """What was said, the use it means, and what fills its slots. source: where it stands."""

    text: str
    intent: str
    slots: Mapping[str, object]
    source: str


def lessons() -> list[Lesson]:
    """All examples to learn from, those of the suites that are not held out too."""
    found = [Lesson(each.text, each.intent, each.slots, EXAMPLES) for each in examples()]
    for path in sorted(SUITES.glob("*.jsonl")):
        if not _LEARNT_FROM.fullmatch(path.stem):
            continue
        for line in path.read_text("utf-8").splitlines():
            turn = json.loads(line)
            if "text" in turn and turn.get("language", "en") == "en" and "intent" in turn:
                slots = turn.get("slots", {}) | _said_ones(turn)
                found.append(Lesson(turn["text"], _use(turn["intent"], slots), slots, path.stem))
    found += [bare for each in found if (bare := _without_commas(each)) is not None]
    several = {each.intent.partition(".")[0] for each in found if "." in each.intent}
    return [each for each in found if each.intent not in several]  # any action of a tool is none


def _without_commas(lesson: Lesson) -> Lesson | None:
    """Several things in a row as some transcribers write them; None where there is no such row."""
    where = [span for slot, span in _marked(lesson) if slot == SEVERAL]
    text = lesson.text
    for (_, end), (start, _) in reversed(list(pairwise(where))):
        if text[end:start] == ", ":
            text = f"{text[:end]} {text[start:]}"
    if text == lesson.text:
        return None
    items = [lesson.text[slice(*each)] for each in where]
    return replace(lesson, text=text, slots={**lesson.slots, SEVERAL: items})


def _said_ones(turn: Mapping[str, Any]) -> dict[str, object]:
    """Of slots of which several values are right, the first that was said in these words, so that
    it isn't learned that nothing fills them.
    """
    found = {
        slot: next((each for each in values if _is_said(turn["text"], each)), None)
        for slot, values in turn.get("slots_any", {}).items()
        if slot in OWN
    }
    return {slot: value for slot, value in found.items() if value is not None}


def _is_said(text: str, value: object) -> bool:
    return all(_where(text, str(each)) is not None for each in _several(value))


def _several(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _use(intent: str, slots: Mapping[str, object]) -> str:
    """The use: what is asked for where nothing can do it, too ("cannot.media")."""
    return f"{intent}.{slots['capability']}" if "capability" in slots else intent


def hash_of(taught: Sequence[Lesson]) -> str:
    """Stands for the examples, in any order."""
    said = sorted(json.dumps([each.text, each.intent, each.slots]) for each in taught)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def train(
    taught: Sequence[Lesson],
    embedder: TokenEmbedder,
    start: Sequence[Layer],
    told: Callable[[str], object] = len,
) -> Weights:
    """Learn from the examples; the same ones give nearly the same weights. embedder: loaded. start:
    its top layers, which learn further. told: is given a line after each round.
    """
    intents = sorted({each.intent for each in taught})
    numbers = {intent: n for n, intent in enumerate(intents)}
    again = [each for each in taught if each.source.startswith(_OPEN)] * (_OPEN_COUNTS - 1)
    seen = [_seen(each, numbers[each.intent], embedder) for each in (*taught, *again)]
    learned = learn(seen, start, len(intents), told)
    return Weights(
        tuple(intents),
        OWN,
        learned.layers,
        learned.uses,
        learned.first,
        learned.last,
        _filled(taught),
        embedder.name,
        hash_of(taught),
    )


def _seen(lesson: Lesson, use: int, embedder: TokenEmbedder) -> Seen:
    tokens = embedder.tokens(lesson.text)
    if lesson.intent == NONE:
        return Seen(tokens.below, use, None)
    begin = np.zeros((len(tokens.below), len(OWN)), np.float32)
    end = np.zeros_like(begin)
    for slot, where in _marked(lesson):
        if edges := token_range(tokens, *where):
            begin[edges[0], OWN.index(slot)] = end[edges[1], OWN.index(slot)] = 1
    return Seen(tokens.below, use, (begin, end))


def score(held: Sequence[Lesson], learned: Learned) -> Iterator[str]:
    """How well the uses of examples that were not learned from are found, as lines to print."""
    right = sure = sure_right = 0
    for each in held:
        shares = learned.shares(each.text)
        best = learned.intents[int(shares.argmax())]
        hit = best == each.intent or best.partition(".")[0] == each.intent
        right += hit
        if shares.max() > 0.75:
            sure += 1
            sure_right += hit
        if not hit:
            yield f"{each.text}: {best} ({shares.max():.2f}), expected {each.intent}"
    yield f"{right} of {len(held)} uses right; of the {sure} surest {sure_right}"


def _marked(lesson: Lesson) -> Iterator[tuple[str, tuple[int, int]]]:
    """Where the own words of an example stand; of several things each."""
    for slot, value in lesson.slots.items():
        if slot not in OWN or value is None:
            continue
        if slot == SEVERAL and isinstance(value, str):
            values: list[object] = [*things(value)]
        else:
            values = _several(value)
        found = [_where(lesson.text, str(each)) for each in values]
        known = sorted(each for each in found if each is not None)
        if known and len(known) == len(found):
            yield from ((slot, each) for each in known)


def _where(text: str, said: str) -> tuple[int, int] | None:
    words = said.lower().strip(" .!?")
    at = text.lower().rfind(words)  # the last: what was corrected comes first
    return None if at < 0 or not words else (at, at + len(words))


def _filled(taught: Sequence[Lesson]) -> dict[str, dict[str, float]]:
    """How often each slot is filled; the examples tell of own words only, the suites of all."""
    many = Counter(each.intent for each in taught)
    whole = Counter(each.intent for each in taught if each.source != EXAMPLES)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in taught:
        found[each.intent].update(
            slot
            for slot, value in each.slots.items()
            if value is not None and (slot in OWN or each.source != EXAMPLES)
        )
    return {
        intent: {
            slot: round(n / (many if slot in OWN else whole)[intent], 3)
            for slot, n in sorted(slots.items())
            if slot in OWN or whole[intent]
        }
        for intent, slots in sorted(found.items())
    }
