"""What is said of lists and their entries, as it is kept and compared. Pure."""

import re
from collections.abc import Sequence
from typing import Final

_ALSO_CALLED: Final = {
    "grocery": "shopping",
    "groceries": "shopping",
    "food": "shopping",
    "todo": "to-do",
    "to do": "to-do",
    "task": "to-do",
    "tasks": "to-do",
    "todos": "to-do",
}
_LONGEST_NAME: Final = 40
_ARTICLE: Final = re.compile(r"^(?:an?|the|my|our|some|any|more)\s+(?=\S)")
_NOT_IN_A_NAME: Final = re.compile(r"[^\w '&-]+")
_BETWEEN: Final = re.compile(r"\s*(?:,\s*(?:and\s+)?|\s+and\s+|\s+as well as\s+)", re.IGNORECASE)


def list_name(said: str) -> str:
    """The name of a list as it is kept: "the Groceries list" is "shopping"."""
    name = " ".join(_NOT_IN_A_NAME.sub(" ", said).casefold().split())
    while (shorter := _ARTICLE.sub("", name.removesuffix(" list"))) != name:
        name = shorter
    name = name[:_LONGEST_NAME].strip()
    if name in ("", "list"):
        return "shopping"
    return _ALSO_CALLED.get(name, name)


def bare(entry: str) -> str:
    """An entry without case, article and spacing, by which two are the same."""
    words = " ".join(entry.casefold().split()).rstrip(".!?;, ")
    return _ARTICLE.sub("", words)


def meant_by(said: str, entries: Sequence[str]) -> list[int]:
    """Which of `entries` are meant: the same words, else one or many of it, else all that have
    the words in them.
    """
    want = bare(said)
    texts = [bare(each) for each in entries]
    for same in (_as_it_is, _one):
        found = [at for at, text in enumerate(texts) if same(text) == same(want)]
        if found:
            return found
    within = re.compile(rf"(?<!\w){re.escape(_one(want))}(?:e?s)?(?!\w)")
    return [at for at, text in enumerate(texts) if want and within.search(text)]


def has_words(said: str, text: str | None) -> bool:
    """Whether all that was said is in `text`, as whole words in this order."""
    if not bare(said) or not text:
        return False
    return re.search(rf"(?<!\w){re.escape(bare(said))}(?!\w)", text.casefold()) is not None


def split_entries(said: str) -> list[str]:
    """Entries that were said in one go: "milk, eggs and bread"."""
    return [part for each in _BETWEEN.split(said) if (part := each.strip())]


def with_capital(words: str) -> str:
    """`words` as they begin a sentence."""
    return words[:1].upper() + words[1:]


def _as_it_is(text: str) -> str:
    return text


def _one(text: str) -> str:
    """`text` without the ending of many things."""
    for ending, instead in (("ies", "y"), ("oes", "o"), ("s", "")):
        if text.endswith(ending) and len(text) > len(ending) + 2 and not text.endswith("ss"):
            return text.removesuffix(ending) + instead
    return text
