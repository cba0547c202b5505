"""The words of a language that surround commands; the data is `intents/LANGUAGE/language`."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "intents"


def folder_of(name: str) -> Path:
    """Where the words and templates of a language are: "en", or any folder whose name is a code."""
    return FOLDER / name


class Language:
    """Words and regular expressions by the names that `words.yaml` gives them."""

    def __init__(self, name: str) -> None:
        self.name = name
        path = folder_of(name) / "language" / "words.yaml"
        data: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
        tables: dict[str, dict[str, str]] = {
            key: value for key, value in data.items() if isinstance(value, dict)
        }
        self._text = {key: str(value) for key, value in data.items() if key not in tables}
        self._replaced = {
            key: tuple((re.compile(said, re.IGNORECASE), by) for said, by in table.items())
            for key, table in tables.items()
        }
        self._regexes: dict[str, re.Pattern[str]] = {}
        self._sets: dict[str, frozenset[str]] = {}

    def text(self, key: str) -> str:
        """The words as they stand. Raises KeyError."""
        return self._text[key]

    def regex(self, key: str) -> re.Pattern[str]:
        """The words as a regular expression. Raises KeyError."""
        if key not in self._regexes:
            self._regexes[key] = re.compile(self._text[key], re.IGNORECASE)
        return self._regexes[key]

    def words(self, key: str) -> frozenset[str]:
        """The words one by one. Raises KeyError."""
        if key not in self._sets:
            self._sets[key] = frozenset(self._text[key].split())
        return self._sets[key]

    def replaced(self, key: str) -> tuple[tuple[re.Pattern[str], str], ...]:
        """What is to be replaced by what, in this order; nothing where a language has no such."""
        return self._replaced.get(key, ())


@cache
def language(name: str) -> Language:
    """The words of the language `name`, such as "en". Raises FileNotFoundError if there is none."""
    return Language(name)
