"""What a few words after a call may change in it: "make it ten", "and in Rome?", "cancel it"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Piece(StrEnum):
    """What a few words can be that stand for a whole call."""

    DURATION = "duration"  # "ten minutes"; a bare number, in the unit that was said before
    TIME = "time"  # "half past seven", "tomorrow": what isn't said stays as it was
    DAY = "day"
    DAYS = "days"  # a day, a part of one, or several: "next week"
    PLACE = "place"  # a place, a day, or both
    NAME = "name"  # "the pasta", "the one about the bank"
    ITEMS = "items"  # "eggs and bread"
    NUMBER = "number"
    SUM = "sum"  # goes on from the sum before: "times two"
    WORD = "word"


@dataclass(frozen=True)
class Follow:
    """How a few words refer to a call of one action of a tool.

    fills: the argument that words of a kind give anew, the likeliest kind first. more: of a deed,
    the kinds that do it once more ("and eggs"); a question may always be asked once more. drops:
    arguments that said exactly which one was meant. other: the argument that takes the ids of those
    that are not meant ("the other one"). again: "do that again" does it once more. goes_on: so does
    a bare "again" or "more", which else asks to hear the reply again. back: when the deed is taken
    back where it is corrected: after the new one was done, so that nothing is lost if that fails,
    unless several things were touched, which may be meant again; before it where one may be, too;
    never where the new one sets the same thing.
    instead: arguments that say when otherwise, of which a time takes the place.

    it: what "it" stands for, in words that the grammar knows, with the arguments in braces. anew:
    what "one" stands for ("and one for the sauce"). ends: what "cancel it" calls; without, a deed
    is undone. ids: the argument of such calls that takes the ids that the receipt tells.
    """

    fills: Mapping[Piece, str] = field(default_factory=lambda: MappingProxyType({}))
    more: frozenset[Piece] = frozenset()
    drops: tuple[str, ...] = ()
    other: str = ""
    again: bool = False
    goes_on: bool = False
    back: Literal["before", "after", "never"] = "after"
    instead: tuple[str, ...] = ()
    it: str = ""
    anew: str = ""
    ends: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    ids: str = ""
