"""Commands by the words in them, in any order: for those that no template foresees.

A frame fits when each of the groups it needs is there and every other word is one that such a
command may have besides. As every word has to be accounted for, talk about other things fits none.
Frames are data: `intents/LANGUAGE/language/frames.yaml`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from agents.language import folder_of, language
from agents.mapped import Mapped
from agents.numbers import in_digits
from agents.said import Heard

_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|%")
_MOST_TOKENS = 24
_LONGEST_NAME = 2


@dataclass(frozen=True)
class Framed:
    """A frame that fits: the intent's fixed slots, and what was said of others."""

    tool: str
    slots: Mapping[str, object]
    name: str | None
    number: float | None
    is_percent: bool
    incomplete: bool
    question: bool


@dataclass(frozen=True)
class _Frame:
    tool: str
    slots: Mapping[str, object]
    needs: tuple[frozenset[str], ...]
    words: frozenset[str]
    named: frozenset[str]
    number: bool
    incomplete: bool
    question: bool


def framed(heard: Heard, name: str) -> Framed | None:
    """The first frame that fits what was said, or None. Pure."""
    text = in_digits(Mapped.of(heard.short.text), name).text.lower()
    tokens = _TOKEN.findall(text)
    if not 0 < len(tokens) <= _MOST_TOKENS:
        return None
    asks = heard.question or language(name).regex("question").match(text) is not None
    filler, percent, frames = _read(name)
    number, is_percent, rest = _number(tokens, percent)
    for frame in frames:
        if asks and not frame.question:
            continue
        fits, said = _fits(frame, rest, filler)
        if not fits or frame.number != (number is not None):
            continue
        return Framed(
            frame.tool, frame.slots, said, number, is_percent, frame.incomplete, frame.question
        )
    return None


def _number(tokens: Sequence[str], percent: Sequence[str]) -> tuple[float | None, bool, list[str]]:
    """The one number that was said, whether percent follows it, and the other words."""
    numbers = [at for at, token in enumerate(tokens) if token.isdecimal()]
    if len(numbers) != 1:
        return None, False, list(tokens)
    at = numbers[0]
    after = " ".join(tokens[at + 1 : at + 3]) + " "
    many = next((len(said.split()) for said in percent if after.startswith(f"{said} ")), 0)
    rest = [*tokens[:at], *tokens[at + 1 + many :]]
    return float(tokens[at]), many > 0, rest


def _fits(frame: _Frame, tokens: Sequence[str], filler: frozenset[str]) -> tuple[bool, str | None]:
    """Whether all words are accounted for, and the name among them."""
    missing = [group for group in frame.needs if group.isdisjoint(tokens)]
    if missing:
        return False, None
    known = frame.words.union(*frame.needs) | filler
    unknown = [at for at, token in enumerate(tokens) if token not in known]
    if not unknown:
        return True, None
    first, last = unknown[0], unknown[-1]
    together = last - first + 1 == len(unknown) <= _LONGEST_NAME
    follows = tokens[last + 1] if last + 1 < len(tokens) else ""
    if together and follows in frame.named:
        return True, " ".join(tokens[first : last + 1])
    return False, None


@cache
def _read(name: str) -> tuple[frozenset[str], tuple[str, ...], tuple[_Frame, ...]]:
    path = folder_of(name) / "language" / "frames.yaml"
    if not path.exists():
        return frozenset(), (), ()
    data: Any = yaml.safe_load(path.read_text("utf-8"))
    groups = {key: str(words).split() for key, words in data["groups"].items()}

    def words(text: str) -> frozenset[str]:
        found: set[str] = set()
        for word in text.split():
            found.update(groups.get(word.removeprefix("$"), [word]) if word[0] == "$" else [word])
        return frozenset(found)

    frames = tuple(
        _Frame(
            tool=str(each["intent"]).partition(".")[0],
            slots={
                **({"action": action} if (action := each["intent"].partition(".")[2]) else {}),
                **each.get("slots", {}),
            },
            needs=tuple(words(str(group)) for group in each["needs"]),
            words=words(str(each.get("words", ""))),
            named=words(str(each.get("named", ""))),
            number=bool(each.get("number")),
            incomplete=bool(each.get("incomplete")),
            question=bool(each.get("question")),
        )
        for each in data["frames"]
    )
    return words(str(data["filler"])), tuple(data["percent"]), frames
