"""Sums that are told as a small story: "six of us share 90, how much is that each". Pure."""

import re
from typing import Final

from agents.mapped import Mapped
from agents.numbers import in_digits

_N: Final = r"(?<![\d.])(\d+(?:\.\d+)?)(?![\d.]*\d)"
_THING: Final = r"(?: (?!and\b|or\b)[a-z'-]+)"
_EACH: Final = (
    r"(?:each|apiece|a piece|a head|a go|per [a-z]+|an? (?:item|bag|box|bottle|pack|pop))"
)
_SHARED: Final = (
    r"(?:shar(?:e|ed|ing)|split(?:ting)?|divid(?:e|ed|ing)|each|apiece|a head|per head"
    r"|chip in|cough up|owe|pay)"
)
_PEOPLE: Final = r"(?: of (?:us|them)| people| friends| ways| kids| children| mates)"
_USED: Final = (
    r"(?:used|spent|sold|ate|eaten|gave|given|lost|drank|drunk|taken|took|gone|paid|broke)"
)
_STORIES: Final = (
    # What is taken off a price.
    (rf"{_N}(?! ?%).*?{_N} ?(?:%|per ?cent) (?:off|discount|reduction|cheaper)", r"\2% off \1"),
    (rf"{_N} ?(?:%|per ?cent) (?:off|discount) (?:on|of)?.*?{_N}", r"\1% off \2"),
    (rf"{_N}\b.*\b(?:a |1 )?(?:half (?:off|price))", r"\1 / 2"),
    *(
        (rf"{_N}\b.*\b(?:a |1 )?{part} off", rf"\1 - \1 / {below}")
        for part, below in (("3rd", 3), ("quarter", 4), ("5th", 5), ("10th", 10))
    ),
    # What is shared among some.
    (rf"{_SHARED}\b.*\b{_N}{_PEOPLE}.*?\b{_N}\b", r"\2 / \1"),
    (rf"\b{_N}{_PEOPLE}\b.*?\b{_N}\b.*\b{_SHARED}\b", r"\2 / \1"),
    (rf"\b{_N}{_PEOPLE}\b.*?\b{_SHARED}\b.*?\b{_N}\b", r"\2 / \1"),
    (rf"\b{_N}\b.*?\b{_SHARED}\b.*?\b{_N}(?:{_PEOPLE}|$)", r"\1 / \2"),
    (rf"\b{_N}\b.*\b{_N}{_PEOPLE}\b.*\b{_SHARED}\b", r"\1 / \2"),
    # So much for each of so many.
    (rf"{_N}{_THING}{{0,4}} (?:an?|per) (?P<per>\w+?)s?\b.*?\b{_N} (?P=per)s?\b", r"\1 * \3"),
    (rf"{_N} (?P<per>\w+?)s?\b{_THING}{{0,4}} (?:at|for|of) {_N}{_THING}{{0,2}}"
     r" (?:an?|per) (?P=per)\b", r"\1 * \3"),
    (rf"{_N}{_THING}{{1,4}} (?:at|of|for|getting|costs?|costing|with|have|has|takes?|need|weighs?)"
     rf"(?: about)? {_N}{_THING}{{0,3}} {_EACH}", r"\1 * \2"),
    (rf"{_N}{_THING}{{1,4}} (?:to|in) (?:an?|each|every|the) (?P<per>\w+?)s?\b"
     rf".*?\b{_N} (?P=per)s?\b", r"\1 * \3"),
    # An area.
    (rf"{_N}{_THING}{{0,2}} (?:by|times) {_N}\b.*\b(?:square|area|cover)", r"\1 * \2"),
    (rf"\b(?:square|area|cover)\b.*?{_N}{_THING}{{0,2}} (?:by|times) {_N}", r"\1 * \2"),
    # What is left.
    (rf"\b{_N}\b.*?\b{_USED}\b.*?\b{_N}\b.*\b(?:left|remain|remaining|still have|over)\b",
     r"\1 - \2"),
    (rf"\b{_USED}\b.*?\b{_N} (?:\w+ )?(?:out )?of (?:the |my |our )?{_N}\b.*\b(?:left|remain)",
     r"\2 - \1"),
)  # fmt: skip
_STORY: Final = tuple((re.compile(told), by) for told, by in _STORIES)
_PART_OF_POUND: Final = re.compile(r"(\d+) (?:pounds?|euros?|dollars?|quid) (\d\d)\b")
_AND_A_HALF: Final = re.compile(r"(\d+) and a half\b")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}\b)")
_AND_HUNDREDTHS: Final = re.compile(r"\b(\d+) (\d\d)\b(?!\.)")
_WHOLE: Final = re.compile(r"\b\d+(?:\.\d+)?\b")
_MOST_NUMBERS: Final = 2


def sum_in(text: str) -> str | None:
    """The sum that a story of two numbers asks for, as the calculator reads it; None for others."""
    said = _THOUSANDS.sub("", in_digits(Mapped.of(text.lower()), "en").text)
    said = said.replace("each 1", "each")
    said = _AND_A_HALF.sub(r"\1.5", _PART_OF_POUND.sub(r"\1.\2", said)).rstrip(" .?!")
    if len(re.findall(_WHOLE, said)) > _MOST_NUMBERS:
        said = _AND_HUNDREDTHS.sub(r"\1.\2", said)  # "nineteen fifty an hour"
    if not 0 < len(re.findall(_WHOLE, said)) <= _MOST_NUMBERS:
        return None
    for story, by in _STORY:
        if (told := story.search(said)) is not None:
            return told.expand(by)
    return None
