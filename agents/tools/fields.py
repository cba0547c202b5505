"""Arguments of a tool that others wrote: what each may be, and what of one's words it is. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from agents.choose.said_times import said_time
from agents.mapped import Mapped
from agents.numbers import in_digits

NUMBER: Final = re.compile(r"(?<![\w.])(?<!\d,)-?\d+(?:\.\d+)?(?!,\d)(?![\w.]*\w)")
"""A number in a text that `digits_of` has made; none is a part of something longer ("1,5")."""
_THOUSANDS: Final = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,]*\w)")
_BELOW_ZERO: Final = re.compile(
    r"(?<![\w.-])(?<!\d )(?:(?:minus|negative)\s+|\u2212)(?=\d)", re.IGNORECASE
)
_LARGEST: Final = 1e15
_HALF: Final = re.compile(r"(?<![\w.])(\d+) and a half\b", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO: Final = re.compile(r"(?:no|nope|not|without|off|false|disabled?)\b", re.IGNORECASE)
_YES: Final = re.compile(r"(?:yes|yeah|yep|with|on|true|enabled?|please)\b", re.IGNORECASE)
_LEAD: Final = re.compile(
    r"(?:(?:it's|it is|that's|that is|make it|i mean|i'd say|let's say|um|uh|well)\b[\s,]*)+",
    re.IGNORECASE,
)
_DETERMINER: Final = re.compile(
    r"(?:the|a|an|my|our|your|his|her|their|this|that|these|those|some)\s+(?=\S)", re.IGNORECASE
)
_NO_VALUE: Final = re.compile(
    r"""(?:(?:yes|yeah|yep|yup|no|nope|nah|sure|ok|okay|right|correct|please|thanks|thank\ you
    |do\ it|do\ that|go\ ahead|stop|cancel|never\ ?mind|forget\ (?:it|that|about\ it)|nothing|none
    |not|don't|do\ not|never|i\ don't\ (?:know|mind|care)|whatever|anything|something|it|that|this
    |what|the\ lot|then)\b[\s,.!]*)+""",
    re.IGNORECASE | re.VERBOSE,
)
"""Answers that name nothing."""
_BEFORE_THAT: Final = r"(?:(?:no|nope|nah|please|actually|wait|oh|um|well)\b[\s,]*)*"
_GIVES_UP: Final = re.compile(
    rf"""{_BEFORE_THAT}
    (?:don't|do\ not|never|cancel|stop|forget\ (?:it|that|them|about)
    |(?:scrap|drop|skip)\ (?:it|that|this|them)
    |i\ (?:don't|do\ not|didn't|did\ not|won't)(?!\ (?:know|mind|care)\b)
    |i(?:'ve|\ have)?\ changed\ my\ mind|call\ it\ off|on\ second\ thoughts?,?\ (?:no|don't)
    |(?:let's|(?:i'd\ |i\ would\ )?rather)\ not)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_TAKES_BACK: Final = re.compile(
    rf"{_GIVES_UP.pattern}|{_BEFORE_THAT}(?:not|i\ (?:don't|do\ not))\b|(?:nope|nah|no)[,.]?\s",
    re.IGNORECASE | re.VERBOSE,
)
_DENIED: Final = re.compile(
    r"\b(?:not|never|isn't|aren't|anything\ but|rather\ than|instead\ of)\b.*?"
    r"(?=,|;|\bbut\b|$)",
    re.IGNORECASE | re.VERBOSE,
)
"""What is said not to be so."""
_SENTENCES: Final = frozenset(
    """
    message text body content note notes description comment details instructions reply query
    question summary prompt
    """.split()  # noqa: SIM905 - words to read
)
_TITLES: Final = frozenset("title subject topic heading headline name".split())  # noqa: SIM905
_WORDS_OF: Final = {"sentence": 40, "title": 10, "name": 6}
"""Words that a value has at most."""


class Kind(StrEnum):
    """What a value is."""

    WORDS = "words"
    NUMBER = "number"
    WHOLE = "whole"
    YES_NO = "yes_no"
    ONE_OF = "one_of"
    DATE = "date"
    MOMENT = "moment"


@dataclass(frozen=True)
class Field:
    """An argument. name: as the tool calls it. options: of ONE_OF. least, most: of numbers, and how
    many characters of WORDS at most. shown: of each of the owner's examples that marks the value,
    what stands before it, the value, and what stands behind it.
    """

    name: str
    kind: Kind
    required: bool = False
    options: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    shown: tuple[tuple[str, str, str], ...] = ()

    @property
    def sentence(self) -> bool:
        """Whether it holds whole sentences, by its name."""
        return self.kind is Kind.WORDS and in_words(self.name).split()[-1] in _SENTENCES

    @property
    def told(self) -> bool:
        """Whether the sentence is told to somebody, and not looked for."""
        return in_words(self.name).split()[-1] not in ("query", "question", "prompt")

    @property
    def titled(self) -> bool:
        """Whether it holds a title, which may be long."""
        return self.kind is Kind.WORDS and in_words(self.name).split()[-1] in _TITLES

    @property
    def long(self) -> bool:
        """Whether it holds more than the name of a thing."""
        return self.sentence or self.titled

    @property
    def most_words(self) -> int:
        """How many words a value has at most."""
        return _WORDS_OF["sentence" if self.sentence else "title" if self.titled else "name"]

    @property
    def said(self) -> str:
        """The name as words: "due date" of "due_date" and "dueDate"."""
        return in_words(self.name)

    @property
    def question(self) -> str:
        """What asks for it."""
        match self.kind:
            case Kind.ONE_OF:
                return f"Which {self.said}: {', '.join(self.options[:-1])} or {self.options[-1]}?"
            case Kind.NUMBER | Kind.WHOLE:
                return f"Which number for the {self.said}?"
            case Kind.YES_NO:
                return f"With or without {self.said}?"
            case Kind.DATE | Kind.MOMENT:
                return f"When? I need the {self.said}."
            case Kind.WORDS:
                return f"What is the {self.said}?"

    def fits(self, number: float) -> bool:
        """Whether a number may be the value."""
        if abs(number) > _LARGEST or (self.kind is Kind.WHOLE and not number.is_integer()):
            return False
        low, high = self.least, self.most
        return (low is None or number >= low) and (high is None or number <= high)


def digits_of(text: str) -> Mapped:
    """A text with its numbers in digits: "two and a half" as 2.5, "1,000" as 1000, "minus 18" as
    -18.
    """
    digits = in_digits(Mapped.of(text), "en")
    for half in reversed(list(_HALF.finditer(digits.text))):
        digits = digits.replaced(half.end(1), half.end(), ".5")
    digits = digits.sub(_THOUSANDS, lambda number: number.group().replace(",", ""))
    return digits.sub(_BELOW_ZERO, "-")


def in_words(name: str) -> str:
    """A name of a program's as words, in lower case: letters, digits and single spaces."""
    apart = _CAMEL.sub(" ", name)
    return " ".join("".join(c if c.isalnum() else " " for c in apart).lower().split())


def answer_to(field: Field, text: str, now: datetime) -> object | None:
    """The value that an answer to `field.question` gives; None if it gives none, or says only what
    is not it ("not heavy"). now: wall time.
    """
    text = text.strip(" .!?,")
    if field.kind not in (Kind.WORDS, Kind.YES_NO):
        text = _DENIED.sub(" ", text)
    return _value(field, text, now)


def denies(field: Field, text: str, now: datetime) -> bool:
    """Whether an answer names a value only to say that this is not it. now: wall time."""
    if field.kind in (Kind.WORDS, Kind.YES_NO) or answer_to(field, text, now) is not None:
        return False
    return _value(field, text.strip(" .!?,"), now) is not None


def _value(field: Field, text: str, now: datetime) -> object | None:
    match field.kind:
        case Kind.WORDS:
            return _answered(field, text)
        case Kind.NUMBER | Kind.WHOLE:
            found = NUMBER.search(digits_of(text).text)
            return None if found is None else as_number(field, found.group())
        case Kind.ONE_OF:
            return option_said(field, text)
        case Kind.YES_NO:
            return False if _NO.match(text) else True if _YES.match(text) else None
        case Kind.DATE | Kind.MOMENT:
            when = said_time(text, now, early=False) or said_time(f"at {text}", now, early=False)
            if when is None:
                return None
            return when.date if field.kind is Kind.DATE else when.at


def _answered(field: Field, text: str) -> str | None:
    """Words as the value: of "it's the tomato bed", for a bed, "tomato"."""
    if not field.sentence:
        text = _LEAD.sub("", text, count=1) if _LEAD.match(text) else text
        own = rf"(?:(?:the|my)\s+)?{re.escape(field.said)}\s+(?:is|called|named)\s+"
        text = re.sub(own, "", text, count=1, flags=re.IGNORECASE)
        kept = any(without_determiner(value) != value for _, value, _ in field.shown)
        text = text if kept else without_determiner(text)
        text = re.sub(rf"(?<=\S)(?<!ing)\s+{re.escape(field.said)}$", "", text, flags=re.IGNORECASE)
    fits = len(text.split()) <= field.most_words and (field.most is None or len(text) <= field.most)
    return text if text and fits and _NO_VALUE.fullmatch(text) is None else None


def without_determiner(text: str) -> str:
    """A thing's name without "the" before it, unless that is part of it: "The Hobbit"."""
    match = _DETERMINER.match(text)
    if match is None or (text[0].isupper() and text[match.end()].isupper()):
        return text
    return text[match.end() :]


def gives_up(text: str) -> bool:
    """Whether an answer to a question says that nothing is to be done after all, whatever else it
    says: "cancel that, I have three".
    """
    return _GIVES_UP.match(text.strip(" .!?,")) is not None


def takes_back(text: str) -> bool:
    """The same of an answer that gives no value."""
    return _TAKES_BACK.match(text.strip(" .!?,")) is not None


def as_number(field: Field, digits: str) -> float | int | None:
    """The number that digits are, if it fits."""
    number = float(digits)
    if not field.fits(number):
        return None
    return int(number) if number.is_integer() else number


def option_said(field: Field, text: str) -> str | None:
    """The one option whose words are in a text; None if there is none, or several are."""
    words = f" {in_words(text)} "
    found = [each for each in field.options if (said := in_words(each)) and f" {said} " in words]
    if len(found) > 1:  # "extra large" is said, and so "large" is
        longest = max(found, key=len)
        inside = all(in_words(each) in in_words(longest) for each in found)
        found = [longest] if inside else []
    return found[0] if found else None
