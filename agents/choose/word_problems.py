"""Sums that are told as a small story: "six of us share 90, how much is that each". Pure."""

import re
from typing import Final

from agents.mapped import Mapped
from agents.numbers import in_digits

_N: Final = r"(?<![\d.])(\d+(?:\.\d+)?)(?![\d.]*\d)"
_THING: Final = r"(?: (?!and\b|or\b)[a-z'-]+)"
_EACH: Final = (
    r"(?:each|apiece|a piece|a head|a go|per [a-z]+"
    r"|(?:an?|the) (?:item|bag|box|bottle|pack|pop|crate|tin|kilo))"
)
_SHARED: Final = (
    r"(?:shar(?:e|ed|ing)|split(?:ting)?|divid(?:e|ed|ing)|each|apiece|a head|per head"
    r"|chip in|cough up|owe|pays?|my (?:bit|share|part|whack)|halves|3rds)"
)
_PEOPLE: Final = r"(?: of (?:us|them)| people| friends| ways| kids| children| mates)"
_SIZE: Final = (
    r"(?:(?:milli|centi|kilo)?(?:met(?:er|re)s?|lit(?:er|re)s?|grams?)|feet|foot|inch(?:es)?|yards?"
    r"|kilos?|[kcm]?m|kg|g|ml|l)"
)
_USED: Final = (
    r"(?:used|spent|sold|ate|eaten|gave|given|lost|drank|drunk|taken|took|gone|paid|broke)"
)
_STORIES: Final = (
    # What is taken off a price.
    (rf"{_N}(?! ?%).*?{_N} ?(?:%|per ?cent) (?:off|less|discount|reduction|cheaper)",
     r"\2% off \1"),
    (rf"{_N} ?(?:%|per ?cent) (?:off|discount) (?:on|of)?.*?{_N}", r"\1% off \2"),
    (rf"{_N}\b.*\b(?:a |1 )?(?:half (?:off|price))", r"\1 / 2"),
    *(
        (rf"{_N}\b.*\b(?:a |1 )?{part} off", rf"\1 - \1 / {below}")
        for part, below in (("3rd", 3), ("quarter", 4), ("5th", 5), ("10th", 10))
    ),
    # How many of a length or size go into another.
    (rf"{_N}\b.*?\b(?P<per>[a-z]{{3,}}?)s?(?:'s)?\b[^.\d]*?{_N} ?{_SIZE}\b"
     r".*\bhow many (?P=per)s?\b", r"\1 / \3"),
    (rf"{_N}\b.*?\btakes? {_N}(?: [a-z]+)? each\b.*\bhow many\b", r"\1 / \2"),
    (rf"{_N}{_THING}{{1,3}} in {_N} (?P<per>second|minute|hour)s?\b.*\bhow many (?P=per)s?\b.*"
     r"\b(?:each|per|every)\b", r"\2 / \1"),
    # How long a way takes.
    (rf"{_N} (?P<way>miles|kilomet(?:er|re)s|km)\b.*?\bat {_N}\b.*?\b(?:an|per) hour\b"
     r".*\bhow (?:many hours|long)\b", r"\1 / \3"),
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
    (rf"(?=.*\b(?:daily|every day|each day|a day)\b.*\d).*?\b{_N}\b.*?\b{_N}(?: [a-z]+)? days\b",
     r"\1 * \2"),
    (rf"{_N} [a-z]+ (?:lengths|packs|rolls|bags|boxes|bottles|sheets|tins)\b.*\b{_N} of them\b",
     r"\1 * \2"),
    # An area.
    (rf"{_N}{_THING}{{0,2}} (?:by|times) {_N}\b.*\b(?:square|area|cover)", r"\1 * \2"),
    (rf"\b(?:square|area|cover)\b.*?{_N}{_THING}{{0,2}} (?:by|times) {_N}", r"\1 * \2"),
    # What is left.
    (rf"\b{_N}\b.*?\b{_USED}\b.*?\b{_N}\b.*\b(?:left|remain|remaining|still have|over)\b",
     r"\1 - \2"),
    (rf"\b{_USED}\b.*?\b{_N} (?:\w+ )?(?:out )?of (?:the |my |our )?{_N}\b.*\b(?:left|remain)",
     r"\2 - \1"),
)  # fmt: skip
_FOR_OTHERS: Final = re.compile(
    rf"\bfor {_N}\b.*?\b{_N} ?(?:g|ml|grams?|cups?|spoons|millilit(?:er|re)s?)\b.*?\b{_N}\b"
)
"""A recipe for some, what it takes, and for how many it is to be."""
_STORY: Final = tuple((re.compile(told), by) for told, by in _STORIES)
_PART_OF_POUND: Final = re.compile(r"(\d+) (?:pounds?|euros?|dollars?|quid) (\d\d)\b")
_AND_A_HALF: Final = re.compile(r"(\d+) and a half\b")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}\b)")
_AND_HUNDREDTHS: Final = re.compile(r"\b(\d+) (\d\d)\b(?!\.)")
_WHOLE: Final = re.compile(r"\b\d+(?:\.\d+)?\b")
_MOST_NUMBERS: Final = 2


def sum_in(text: str) -> str | None:
    """The sum that a story of two numbers, or of a recipe, asks for, as the calculator reads
    it; None for others.
    """
    said = _THOUSANDS.sub("", in_digits(Mapped.of(text.lower()), "en").text)
    said = said.replace("each 1", "each")
    said = _AND_A_HALF.sub(r"\1.5", _PART_OF_POUND.sub(r"\1.\2", said)).rstrip(" .?!")
    if len(re.findall(_WHOLE, said)) > _MOST_NUMBERS:
        said = _AND_HUNDREDTHS.sub(r"\1.\2", said)  # "nineteen fifty an hour"
    many = len(re.findall(_WHOLE, said))
    if many == _MOST_NUMBERS + 1 and (told := _FOR_OTHERS.search(said)) is not None:
        return told.expand(r"\2 / \1 * \3")
    if not 0 < many <= _MOST_NUMBERS:
        return None
    for story, by in _STORY:
        if (told := story.search(said)) is not None:
            return told.expand(by)
    return None
