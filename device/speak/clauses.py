"""Cutting the reply's text into clauses as it streams in. Pure.

A clause is what is synthesised at once. The first is cut early, so that speech begins while the
model still writes: at a comma, or where a piece of several words ends, which is a phrase that was
judged fit to be said. It never is a single word, which would sound cut off and be over before the
next clause is there. Later clauses end with their sentence, which sounds better.
"""

import re

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n+")
_CLAUSE_END = re.compile(r"(?<=[,;:—])\s+")
_ENDS_SENTENCE = re.compile(r"[.!?…][\"')\]]*\s*$")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|vs|etc|no|approx|e\.g|i\.e|a\.m|p\.m)|\b[a-z])\.$|^\s*\d+\.$",
    re.IGNORECASE,
)

_LEAST_FIRST_WORDS = 3


class ClauseSplitter:
    """Takes pieces of text, gives whole clauses."""

    def __init__(
        self, least_first_letters: int = 12, most_letters: int = 240, *, is_first: bool = True
    ) -> None:
        """Cut the first clause early once it has `least_first_letters` and three words.

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
        if len(piece.split()) > 1 and self._ends_well():
            clauses += self.flush()
            self._is_first = False
        return clauses

    def flush(self) -> list[str]:
        """Return what is left, as the reply is over."""
        rest, self._text = self._text.strip(), ""
        return [rest] if rest else []

    def _ends_well(self) -> bool:
        if self._is_first and self._can_be_first(self._text):
            return True
        ends = _ENDS_SENTENCE.search(self._text)
        return ends is not None and not _ABBREVIATION.search(self._text[: ends.start() + 1])

    def _can_be_first(self, text: str) -> bool:
        words = text.split()
        return len(words) >= _LEAST_FIRST_WORDS and len(" ".join(words)) >= (
            self._least_first_letters
        )

    def _find_cut(self) -> int | None:
        for match in _SENTENCE_END.finditer(self._text):
            if not _ABBREVIATION.search(self._text[: match.start()]):
                return match.end()
        if self._is_first:
            for match in _CLAUSE_END.finditer(self._text):
                if self._can_be_first(self._text[: match.start()]):
                    return match.end()
        if len(self._text) > self._most_letters:
            space = self._text.rfind(" ", 1, self._most_letters)
            return space + 1 if space > 0 else self._most_letters
        return None
