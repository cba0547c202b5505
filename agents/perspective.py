"""Turns the owner's words around, so that "my car" is spoken back as "your car"."""

import re

_PAIRS = {
    "i am": "you are", "i was": "you were", "am i": "are you", "was i": "were you",
    "i'm": "you're", "i've": "you've", "i'd": "you'd", "i'll": "you'll", "i": "you",
    "we're": "you're", "we've": "you've", "we'd": "you'd", "we'll": "you'll", "we": "you",
    "me": "you", "us": "you", "my": "your", "our": "your", "mine": "yours", "ours": "yours",
    "myself": "yourself", "ourselves": "yourselves",
}  # fmt: skip
# The words in ASCII alone: elsewhere "İ" is an "i" to IGNORECASE, and is none in lower case.
_WORDS = re.compile(
    r"(?<![\w'-])(?ai:" + "|".join(sorted(_PAIRS, key=len, reverse=True)) + r")(?![\w-]|'\w)"
)


def second_person(text: str) -> str:
    """`text` as said to the owner: "I parked my car" becomes "you parked your car".

    Fit to go on a sentence, as in "I'll remember that …". All else is kept; "US" (the country)
    and the "I." of a name are not pronouns.
    """
    return _WORDS.sub(_turned, text.replace("\u2019", "'"))


def _turned(match: re.Match[str]) -> str:
    said = match.group()
    if said in ("US", "ME") or (said == "I" and match.string[match.end() :].startswith(". ")):
        return said
    turned = _PAIRS[said.lower()]
    return turned[0].upper() + turned[1:] if _begins_sentence(match) else turned


def _begins_sentence(match: re.Match[str]) -> bool:
    """Whether a sentence ends just before; the text itself goes on a sentence of ours."""
    return match.string[: match.start()].rstrip().endswith((".", "!", "?"))
