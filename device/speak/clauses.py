"""Cutting the reply's text into clauses as it streams in. Pure.

A clause is what is synthesised at once. The first is cut early, so that speech begins while the
model still writes; later ones end with their sentence, which sounds better.
"""

import re

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n+")
_CLAUSE_END = re.compile(r"(?<=[,;:—])\s+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|vs|etc|no|approx|e\.g|i\.e|a\.m|p\.m)|\b[a-z])\.$|^\s*\d+\.$",
    re.IGNORECASE,
)


class ClauseSplitter:
    """Takes pieces of text, gives whole clauses."""

    def __init__(
        self, least_first_letters: int = 12, most_letters: int = 240, *, is_first: bool = True
    ) -> None:
        """Cut the first clause at a comma once it has `least_first_letters`.

        Without `is_first`, the text goes on with a reply that has begun.
        """
        self._least_first_letters = least_first_letters
        self._most_letters = most_letters
        self._text = ""
        self._is_first = is_first

    def push(self, piece: str) -> list[str]:
        """Take a piece; return the clauses that are now whole, in order."""
        self._text += piece
        clauses: list[str] = []
        while (cut := self._find_cut()) is not None:
            clause, self._text = self._text[:cut].strip(), self._text[cut:]
            if clause:
                clauses.append(clause)
                self._is_first = False
        return clauses

    def flush(self) -> list[str]:
        """Return what is left, as the reply is over."""
        rest, self._text = self._text.strip(), ""
        return [rest] if rest else []

    def _find_cut(self) -> int | None:
        for match in _SENTENCE_END.finditer(self._text):
            if not _ABBREVIATION.search(self._text[: match.start()]):
                return match.end()
        if self._is_first:
            for match in _CLAUSE_END.finditer(self._text):
                if match.start() >= self._least_first_letters:
                    return match.end()
        if len(self._text) > self._most_letters:
            space = self._text.rfind(" ", 1, self._most_letters)
            return space + 1 if space > 0 else self._most_letters
        return None
