"""What is answered in fixed words, since a small model's own could hurt, invent or only parrot.

Pure. The words by which such things are known are `intents/en/language/replies.yaml`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import yaml

from agents.language import folder_of
from agents.said import plain

DANGER: Final = (
    "If someone's life may be in danger, call your local emergency number now: 112 in Europe, 911"
    " in the US, 999 in the UK. I can't call anyone for you."
)
SELF_HARM: Final = (
    "I'm sorry you feel this way. You're not alone, and people want to help: please call a crisis"
    " line, 988 in the US or 116 123 in the UK and much of Europe, or your local emergency number,"
    " or talk to someone you trust now."
)
CARE: Final = (
    "I'm not safe to ask about health. Ask a doctor or a pharmacist, and in an emergency call your"
    " local emergency number now."
)
LAW: Final = "I'm not safe to ask about the law. Ask a lawyer or a legal advice service."
NO_WORDS: Final = "I didn't catch that."

_MOST_CHARACTERS: Final = 600
"""Nobody says more at once; the patterns' time grows with the square of it."""
_PART: Final = re.compile(r"<(\w+)>")


def urgent(said: str) -> str | None:
    """What to say where a life may be in danger, or somebody thinks of ending theirs; else None.

    Not for what is to be kept: a note, or a reminder of a medicine.
    """
    known, said = _known(), plain(said[:_MOST_CHARACTERS])
    if known.kept.search(said):
        return None
    if known.self_harm.search(said) and not known.not_self_harm.search(said):
        return SELF_HARM
    if known.danger.search(said) and not known.not_danger.search(said):
        return DANGER
    return None


def advice(said: str) -> str | None:
    """What to say where a wrong answer could hurt someone: about health, or about the law."""
    known, said = _known(), plain(said[:_MOST_CHARACTERS])
    if known.care.search(said):
        return CARE
    return LAW if known.law.search(said) else None


def usual(said: str) -> str | None:
    """The answer to a greeting or to thanks, or to what is asked about this assistant itself: who
    made it, whether it listens, where what is said goes. None for all else.
    """
    said = plain(said)
    if said and not any(each.isalnum() for each in said):
        return NO_WORDS
    bare = " ".join(said.strip(" .!?,;:").split())
    return next((reply for reply, asked in _known().usual if asked.fullmatch(bare)), None)


def fixed(said: str) -> str | None:
    """The answer in fixed words for which no tool is looked for, and nothing is remembered."""
    return urgent(said) or usual(said)


def all_fixed() -> Iterator[str]:
    """Yield each fixed answer."""
    yield from (DANGER, SELF_HARM, CARE, LAW, NO_WORDS)
    yield from (reply for reply, _ in _known().usual)


@dataclass(frozen=True)
class _Known:
    danger: re.Pattern[str]
    not_danger: re.Pattern[str]
    self_harm: re.Pattern[str]
    not_self_harm: re.Pattern[str]
    care: re.Pattern[str]
    law: re.Pattern[str]
    kept: re.Pattern[str]
    usual: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def _known() -> _Known:
    path = folder_of("en") / "language" / "replies.yaml"
    data: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    parts: dict[str, str] = data["parts"]

    def regex(patterns: str | Sequence[str]) -> re.Pattern[str]:
        either = [patterns] if isinstance(patterns, str) else patterns
        whole = "|".join(f"(?:{_whole(each, parts)})" for each in either)
        return re.compile(whole, re.IGNORECASE)

    usual = tuple(
        (str(each["reply"]).strip(), regex(f"{data['before']}(?:{said}){data['after']}"))
        for each in data["usual"]
        for said in ["|".join(each["said"])]
    )
    named = ("danger", "not_danger", "self_harm", "not_self_harm", "care", "law", "kept")
    return _Known(**{name: regex(data[name]) for name in named}, usual=usual)


def _whole(pattern: str, parts: Mapping[str, str]) -> str:
    while (part := _PART.search(pattern)) is not None:
        pattern = f"{pattern[: part.start()]}{parts[part[1]]}{pattern[part.end() :]}"
    return pattern
