"""Numbers said in words, written in digits, for every language of text2num."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import text_to_num

from agents.mapped import Mapped

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_SAID = re.compile(r"[^\W\d_]")
_KNOWN = frozenset({"de", "en", "es", "fr", "it", "nl", "pt"})
"""The languages of text2num."""


@dataclass(frozen=True)
class _Word:
    """A word as text2num reads it. apart: something other than a space or hyphen is before it."""

    word: str
    apart: bool

    def text(self) -> str:
        return self.word

    def text_lowercase(self) -> str:
        return self.word.lower()

    def nt_separated(self, previous: "_Word") -> bool:
        _ = previous
        return self.apart

    def not_a_number_part(self) -> bool:
        return False


class _Number(Protocol):
    """A number that text2num found in words[start:end]."""

    start: int
    end: int
    text: str


_find = cast(
    "Callable[[Sequence[_Word], str, float], list[_Number]]",
    text_to_num.find_numbers,  # pyright: ignore[reportUnknownMemberType] - compiled, without types
)


def in_digits(text: Mapped, language: str) -> Mapped:
    """`text` with its numbers and ordinals in digits ("twenty-five" is 25, "third" is 3rd).

    language: a code, or the path of a folder with that name. One that text2num does not know has
    its numbers only in digits.
    """
    code = language.rpartition("/")[2]
    if code not in _KNOWN:
        return text
    found = list(_WORD.finditer(text.text))
    words: list[_Word] = []
    end = 0
    for match in found:
        between = text.text[end : match.start()]
        words.append(_Word(match.group(), bool(words) and between not in (" ", "-")))
        end = match.end()
    for number in reversed(_find(words, code, 0.0)):
        start, stop = found[number.start].start(), found[number.end - 1].end()
        if _SAID.search(text.text[start:stop]) and not number.text.startswith("+"):
            text = text.replaced(start, stop, number.text)
    return text
