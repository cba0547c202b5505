"""What a piece of knowledge is about and how far it may be trusted.

A `Compartment` is subject × domain × sensitivity, written `owner/general`,
`owner/health/restricted`, `person:anna/general` or `ambient/2026-11-23`. A `Label` is the set of
compartments something came from and the lowest trust among its sources; labels only grow when
things are joined. Pure: no files, no clock.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from functools import reduce

_PERSON = "person:"
_SUBJECTS = ("owner", "household", "ambient")
_LONGEST_PART = 64


class Sensitivity(StrEnum):
    """How much harm a compartment does in the wrong ears."""

    NORMAL = "normal"
    RESTRICTED = "restricted"


class Trust(IntEnum):
    """How far a source may be believed and obeyed; a higher number is more trusted."""

    TOOL_RESULT = 0
    OVERHEARD = 1
    OTHER_SPEAKER = 2
    IMPORTED = 3  # a file that the owner brought; others may have written in it
    OWNER = 4


@dataclass(frozen=True, order=True)
class Compartment:
    """Subject × domain × sensitivity; the unit that is opened, erased and encrypted alone.

    subject: `owner`, `household`, `ambient`, or `person:NAME`.
    domain: one word such as `general` or `health`; for `ambient` the ISO date of the day.
    Words are letters, digits, "-" and "_" of any script, in lower case, at most 64 characters.
    Raises ValueError with a sentence when a part is not so.
    """

    subject: str
    domain: str
    sensitivity: Sensitivity = Sensitivity.NORMAL

    def __post_init__(self) -> None:
        if self.subject not in _SUBJECTS:
            if not self.subject.startswith(_PERSON):
                raise ValueError(
                    f"A compartment is about owner, household, ambient or person:NAME,"
                    f" not about {self.subject!r}."
                )
            _check_word(self.subject.removeprefix(_PERSON))
        if self.subject == "ambient":
            _check_day(self.domain)
        else:
            _check_word(self.domain)

    @classmethod
    def parse(cls, text: str) -> "Compartment":
        """The compartment written `text`; each has one spelling. Raises ValueError."""
        match text.split("/"):
            case [subject, domain]:
                return cls(subject, domain)
            case [subject, domain, Sensitivity.RESTRICTED.value]:
                return cls(subject, domain, Sensitivity.RESTRICTED)
            case _:
                raise ValueError(
                    f"{text!r} is not a compartment: write subject/domain or"
                    " subject/domain/restricted."
                )

    def __str__(self) -> str:
        base = f"{self.subject}/{self.domain}"
        return base if self.sensitivity is Sensitivity.NORMAL else f"{base}/{self.sensitivity}"


Place = frozenset[Compartment]
"""The compartments that something belongs to, nearly always one. Each place has its own file and
key, and is opened only by a scope that opens all of its compartments."""

_JOINED = " + "


def place_name(place: Place) -> str:
    """The one spelling of a place: `owner/general`, or `household/general + owner/general`."""
    return _JOINED.join(sorted(map(str, place)))


def parse_place(name: str) -> Place:
    """The place written `name`. Raises ValueError."""
    place = frozenset(Compartment.parse(part) for part in name.split(_JOINED))
    if place_name(place) != name:
        raise ValueError(f"{name!r} is not a place: write its compartments once each, sorted.")
    return place


@dataclass(frozen=True)
class Label:
    """Where something came from (every compartment) and its least trusted source."""

    compartments: frozenset[Compartment]
    trust: Trust


BOTTOM = Label(frozenset(), Trust.OWNER)
"""The label of nothing: joining with it changes nothing."""


def join(*labels: Label) -> Label:
    """The label of something made from all of `labels`: all compartments, the lowest trust."""
    return reduce(
        lambda a, b: Label(a.compartments | b.compartments, min(a.trust, b.trust)), labels, BOTTOM
    )


def _check_word(word: str) -> None:
    good = all(unicodedata.category(c)[0] in "LMN" or c in "-_" for c in word)
    canonical = unicodedata.normalize("NFKC", word.casefold())
    if not word or not good or word != canonical or len(word) > _LONGEST_PART:
        raise ValueError(
            f"{word!r} can't name a compartment: use lower-case letters, digits, '-' and '_',"
            f" at most {_LONGEST_PART}."
        )


def _check_day(domain: str) -> None:
    try:
        canonical = date.fromisoformat(domain).isoformat()
    except ValueError:
        canonical = None
    if domain != canonical:
        raise ValueError(f"{domain!r} is not a day of ambient memory: write it as 2026-11-23.")
