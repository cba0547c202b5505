"""What people say when they mean a tool without giving it a command; the data is a text file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NONE = "none"
"""The intent of what no tool is for."""

_FOLDER = Path(__file__).parent
_SLOT = re.compile(r"\{(\w+): ([^{}]*)\}")


@dataclass(frozen=True)
class Example:
    """A request, its intent ("timer.set"), and the words of it that fill slots."""

    intent: str
    text: str
    slots: Mapping[str, str]


def examples(language: str = "en") -> list[Example]:
    """The examples of a language. Raises FileNotFoundError if there are none."""
    found: list[Example] = []
    intent = ""
    lines = (_FOLDER / f"examples_{language}.txt").read_text("utf-8").splitlines()
    for line in map(str.strip, lines):
        if line.startswith("["):
            intent = line.strip("[]")
        elif line and not line.startswith("#"):
            found.append(Example(intent, _SLOT.sub(r"\2", line), dict(_SLOT.findall(line))))
    return found
