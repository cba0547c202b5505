"""The entries of a vCard or iCalendar file, one at a time, each for a library to parse.

Both formats are lines between BEGIN:NAME and END:NAME. Cut apart here, a damaged entry spoils
nothing but itself and a large file is never in memory. What nothing is remembered of (photos,
attachments, alarms, cards inside cards) is left out on the way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from context.importers.files import repaired

LARGEST_ENTRY = 128_000
"""The most characters of an entry, without what is left out."""

_LONGEST_READ = 8_192
_DEEPEST = 20
_PROPERTY = re.compile(r"(?:[\w-]+\.)?([\w-]+)[;:]")
_LEFT_OUT = frozenset(
    ("PHOTO", "LOGO", "SOUND", "KEY", "PROFILE", "AGENT", "ATTACH", "IMAGE", "X-ALT-DESC")
)
_KEPT_INSIDE = frozenset(("STANDARD", "DAYLIGHT"))  # the parts of a VTIMEZONE


@dataclass(frozen=True)
class Entry:
    """What is between a BEGIN and its END.

    name: such as VCARD. line: where it begins, from 1. text: with BEGIN and END, its lines
    ended by "\\n"; empty if there is a problem, which is a sentence.
    """

    name: str
    line: int
    text: str
    problem: str | None = None


def entries(file: TextIO, names: frozenset[str]) -> Iterator[Entry]:
    """The entries of `file` that have one of these names."""
    cutter = _Cutter(names)
    number, new_line = 0, True
    while piece := file.readline(_LONGEST_READ):
        number += new_line
        if found := cutter.take(piece, number, new_line=new_line):
            yield found
        new_line = piece.endswith("\n")
    if found := cutter.end():
        yield found


class _Cutter:
    """Takes lines, or pieces of long ones, and gives an entry whenever one is over."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._name = ""
        self._line = 0
        self._pieces: list[str] = []
        self._size = 0
        self._inside: list[str] = []  # the names of the entries begun within this one
        self._leaving_out = False
        self._card_follows = False

    def take(self, piece: str, number: int, *, new_line: bool) -> Entry | None:
        word, _, value = piece.partition(":") if new_line and len(piece) < 200 else ("", "", "")
        word, value = word.rstrip().upper(), value.strip().upper()
        if word == "BEGIN":
            return self._begin(value, number)
        if word == "END" and self._name:
            return self._close(value)
        if self._name and not self._left_out(piece, new_line=new_line):
            self._keep(piece)
        return None

    def end(self) -> Entry | None:
        """What the file ended within."""
        return self._given("It never ends.") if self._name else None

    def _begin(self, name: str, number: int) -> Entry | None:
        agent, self._card_follows = self._card_follows, False
        broken = None
        if self._name and (name != self._name or agent or self._inside[-1:] == ["AGENT"]):
            if len(self._inside) < _DEEPEST:
                self._inside.append("AGENT" if name == self._name else name)
            if name in _KEPT_INSIDE:
                self._keep(f"BEGIN:{name}\n")
            return None
        if self._name:
            broken = self._given("It never ends.")
        if name in self._names:
            self._name, self._line = name, number
            self._keep(f"BEGIN:{name}\n")
        return broken

    def _close(self, name: str) -> Entry | None:
        self._leaving_out = False
        if name == self._name and "AGENT" not in self._inside:
            self._keep(f"END:{name}\n")
            return self._given(None)
        if self._inside and self._inside.pop() in _KEPT_INSIDE:
            self._keep(f"END:{name}\n")
        return None

    def _left_out(self, piece: str, *, new_line: bool) -> bool:
        """Whether a piece belongs to a property, or an entry within, that is left out."""
        if not new_line or piece.startswith((" ", "\t")):
            return self._leaving_out
        if found := _PROPERTY.match(piece[:200]):
            name = found[1].upper()
            self._card_follows = name == "AGENT"
            self._leaving_out = name in _LEFT_OUT
        if self._inside and self._inside[-1] not in _KEPT_INSIDE:
            self._leaving_out = True
        # a line that begins no property goes on with the one before, as old photos do
        return self._leaving_out

    def _keep(self, piece: str) -> None:
        self._size += len(piece)
        if self._size <= LARGEST_ENTRY:
            self._pieces.append(piece)

    def _given(self, problem: str | None) -> Entry:
        if problem is None and self._size > LARGEST_ENTRY:
            problem = f"It is longer than {LARGEST_ENTRY} characters."
        text = "" if problem else repaired("".join(self._pieces))
        entry = Entry(self._name, self._line, text, problem)
        self._name, self._pieces, self._size = "", [], 0
        self._inside, self._leaving_out, self._card_follows = [], False, False
        return entry
