"""Evidence recall on long conversations: a conversation is a compartment, a turn an item."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from context import (
    About,
    Compartment,
    Embedder,
    Item,
    Label,
    Provenance,
    Purpose,
    Store,
    Trust,
    records,
)
from scripts.bench.vault import scope_for, vault

AT = (5, 10, 20)
_WHEN = ("%I:%M %p on %d %B, %Y", "%I:%M %p on %d %b, %Y")


@dataclass(frozen=True)
class Turn:
    """One thing that was said."""

    name: str
    speaker: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Question:
    """What is asked, and the names of the turns that hold the answer."""

    text: str
    evidence: frozenset[str]


def read(path: Path) -> dict[str, tuple[list[Turn], list[Question]]]:
    """The conversations of a file, by name, with their questions that have evidence."""
    found: dict[str, tuple[list[Turn], list[Question]]] = {}
    for number, each in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        turns = list(_turns(each["conversation"]))
        names = {turn.name for turn in turns}
        asked = [
            Question(qa["question"], frozenset(_names(qa.get("evidence") or ())) & names)
            for qa in each["qa"]
        ]
        name = str(each.get("sample_id", number))
        found[name] = turns, [each for each in asked if each.evidence]
    return found


def recall_of(
    turns: list[Turn], questions: list[Question], embedder: Embedder
) -> dict[int, list[float]]:
    """For each question, the share of its evidence among the first k."""
    place = Compartment("owner", "episodic")
    shares: dict[int, list[float]] = {k: [] for k in AT}
    with vault(embedder) as store:
        names = _fill(store, place, turns)
        for question in questions:
            scope = scope_for(store, Purpose.ANSWER)
            found = [
                names[each.item.id] for each in store.recall(scope, question.text, limit=max(AT))
            ]
            for k in AT:
                shares[k].append(len(question.evidence & set(found[:k])) / len(question.evidence))
    return shares


def _fill(store: Store, place: Compartment, turns: list[Turn]) -> dict[str, str]:
    """Write the turns as they are; returns the name of each item's turn, by the item's id."""
    label = Label(frozenset({place}), Trust.OWNER)
    items = [
        Item(
            f"{number:032x}",
            turn.text,
            label,
            turn.at,
            Provenance.OWNER_SPOKE,
            About(speaker=turn.speaker),
        )
        for number, turn in enumerate(turns)
    ]
    with store.files.file(frozenset({place}), create=True) as file:
        assert file is not None
        records.put_exactly(file, items)
    while store.reembed(64):
        pass
    return {item.id: turn.name for item, turn in zip(items, turns, strict=True)}


def measure(path: Path, embedder: Embedder, say: Callable[[str], None]) -> dict[str, Any]:
    """Recall at 5, 10 and 20: of all, and of each half of the conversations."""
    conversations = read(path)
    by_name: dict[str, dict[int, list[float]]] = {}
    for name, (turns, questions) in conversations.items():
        by_name[name] = recall_of(turns, questions, embedder)
        say(f"  {name}: {len(turns)} turns, {len(questions)} questions")
    names = sorted(by_name)
    parts = {"all": names, "chosen_on": names[0::2], "scored_on": names[1::2]}
    return {
        part: {f"r{k}": _mean([x for name in which for x in by_name[name][k]]) for k in AT}
        for part, which in parts.items()
    } | {"questions": sum(len(each[AT[0]]) for each in by_name.values())}


def _mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0


def _turns(conversation: dict[str, Any]) -> Iterator[Turn]:
    sessions = (key for key in conversation if re.fullmatch(r"session_\d+", key))
    begun = datetime(2023, 1, 1, tzinfo=UTC)
    for key in sorted(sessions, key=lambda each: int(each.split("_")[1])):
        begun = _moment(conversation.get(f"{key}_date_time", "")) or begun + timedelta(days=1)
        for number, turn in enumerate(conversation[key]):
            text = turn["text"]
            if caption := turn.get("blip_caption"):
                text = f"{text} (a picture: {caption})"
            at = begun + timedelta(seconds=15 * number)
            yield Turn(turn["dia_id"], turn["speaker"], text, at)


def _moment(text: str) -> datetime | None:
    for pattern in _WHEN:
        try:
            return datetime.strptime(text.strip(), pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _names(evidence: Any) -> Iterator[str]:
    for each in [evidence] if isinstance(evidence, str) else evidence:
        yield from re.findall(r"D\d+:\d+", str(each))
