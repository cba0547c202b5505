"""A text that was changed and still knows which of the original words each part came from."""

from collections.abc import Callable
from dataclasses import dataclass
from re import Match, Pattern


@dataclass(frozen=True)
class Mapped:
    """`text`, made from `original`; characters starts[i] to ends[i] of it became character i."""

    original: str
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "Mapped":
        """`text` as it is."""
        return cls(text, text, tuple(range(len(text))), tuple(range(1, len(text) + 1)))

    def replaced(self, start: int, end: int, by: str) -> "Mapped":
        """With `by` for text[start:end]; where nothing was there, `by` came from no word."""
        if start < end:
            came_from = (self.starts[start], self.ends[end - 1])
        else:
            at = self.ends[start - 1] if start else 0
            came_from = (at, at)
        return Mapped(
            self.original,
            self.text[:start] + by + self.text[end:],
            self.starts[:start] + (came_from[0],) * len(by) + self.starts[end:],
            self.ends[:start] + (came_from[1],) * len(by) + self.ends[end:],
        )

    def sub(
        self, pattern: Pattern[str], by: str | Callable[[Match[str]], str], count: int = 0
    ) -> "Mapped":
        """With every match of `pattern` (or the first `count`) replaced, as by `re.sub`."""
        mapped, matches = self, list(pattern.finditer(self.text))
        for match in reversed(matches[:count] if count else matches):
            mapped = mapped.replaced(
                match.start(), match.end(), by if isinstance(by, str) else by(match)
            )
        return mapped

    def cut(self, start: int, end: int) -> "Mapped":
        """Only text[start:end]."""
        return Mapped(
            self.original, self.text[start:end], self.starts[start:end], self.ends[start:end]
        )

    def strip(self, characters: str) -> "Mapped":
        """Without `characters` at both ends."""
        start = len(self.text) - len(self.text.lstrip(characters))
        return self.cut(start, max(start, len(self.text.rstrip(characters))))

    def joined(self, other: "Mapped", by: str = " ") -> "Mapped":
        """`other` after this one; both of the same original."""
        at = self.ends[-1] if self.ends else 0
        return Mapped(
            self.original,
            self.text + by + other.text,
            self.starts + (at,) * len(by) + other.starts,
            self.ends + (at,) * len(by) + other.ends,
        )

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where in the original the words of text[start:end] are."""
        if start >= end:
            return (0, 0)
        return self.starts[start], self.ends[end - 1]

    def own_words(self, start: int, end: int) -> str:
        """The original words of text[start:end], one piece for each stretch that hangs together.

        What was cut out between two pieces stays out.
        """
        pieces: list[str] = []
        begun, reached = -1, -1
        for first, last in zip(self.starts[start:end], self.ends[start:end], strict=True):
            if last <= reached and first >= begun:
                continue
            if first == last:  # made from no word
                continue
            if begun < 0:
                begun = first
            elif first > reached:
                pieces.append(self.original[begun:reached])
                begun = first
            reached = max(last, reached) if first <= reached else last
        if begun >= 0:
            pieces.append(self.original[begun:reached])
        return " ".join(" ".join(pieces).split())
