"""What is kept besides facts: entries of lists, notes and routines, in compartments of their own.

They are items like all else: encrypted, labelled, exported, forgotten. An entry's text names its
list ("shopping list: milk"), so that it is one line that reads well in an export, and the same
thing may be on two lists. A note is its words. A routine is JSON. Facts are asked for without them.
"""

from typing import Final

from agents.guard import speakable
from agents.perspective import second_person
from context.items import Item
from context.labels import Compartment, Sensitivity
from context.policy import OWNER_LISTS, OWNER_NOTES, OWNER_ROUTINES, Scope

_LIST: Final = " list: "
_CUT: Final = " and so on"


def only(scope: Scope, kind: Compartment) -> Scope | None:
    """`scope` for one kind of entries, private ones too where it opens them; None if it opens
    none of them.
    """
    mine = {each for each in scope.compartments if _is(each, kind)}
    if not mine:
        return None
    return scope.without(scope.compartments - mine)


def facts_of(scope: Scope) -> Scope:
    """`scope` for facts alone. Raises ScopeDenied if it opens none."""
    return _without(scope, OWNER_LISTS, OWNER_NOTES, OWNER_ROUTINES)


def answering(scope: Scope) -> Scope:
    """`scope` for what may answer a question: facts and notes. Raises ScopeDenied as well.

    "Shopping list: milk" is no answer to "do I like milk", and would crowd out what is.
    """
    return _without(scope, OWNER_LISTS, OWNER_ROUTINES)


def entry_text(list_name: str, entry: str) -> str:
    """The text of the item that keeps an entry of a list."""
    return f"{list_name}{_LIST}{entry}"


def entry_of(item: Item) -> tuple[str, str] | None:
    """The list and the entry that an item keeps; None if it keeps none."""
    name, between, entry = item.text.partition(_LIST)
    return (name, entry) if between and is_kind(item, OWNER_LISTS) else None


def is_kind(item: Item, kind: Compartment) -> bool:
    """Whether the item is an entry of this kind."""
    return any(_is(each, kind) for each in item.label.compartments)


def is_private(item: Item) -> bool:
    """Whether it takes more than a voice to be told of the item."""
    return any(each.sensitivity is Sensitivity.RESTRICTED for each in item.label.compartments)


def as_fact(item: Item) -> str:
    """The item as it follows "that": "your car is red", "milk is on your shopping list"."""
    if (entry := entry_of(item)) is not None:
        return f"{spoken(entry[1], 200)} is on your {spoken(entry[0], 60)} list"
    if is_kind(item, OWNER_ROUTINES):
        return "you taught me a routine"
    fact = second_person(item.text).rstrip(".!? ")
    return f"you noted: {fact}" if is_kind(item, OWNER_NOTES) else fact


def spoken(text: str, most: int) -> str:
    """Kept words as they may be read out: without markup, and no longer than `most` characters."""
    said = speakable(text)
    if len(said) <= most:
        return said.rstrip(".!? ")
    return said[:most].rsplit(" ", 1)[0].rstrip(",.!? ") + _CUT


def _without(scope: Scope, *kinds: Compartment) -> Scope:
    return scope.without(
        each for each in scope.compartments if any(_is(each, kind) for kind in kinds)
    )


def _is(compartment: Compartment, kind: Compartment) -> bool:
    return (compartment.subject, compartment.domain) == (kind.subject, kind.domain)
