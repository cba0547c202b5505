"""Items put back as they were: ids, times, lineage and places, within what is allowed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import groupby, islice
from typing import Final

from context import records
from context.files import Files
from context.items import Consent, Item, sameness
from context.labels import Compartment, Place

_AT_ONCE: Final = 100
"""Items put back in one transaction."""


class Outcome(StrEnum):
    """What became of an item; those that were refused are sentences."""

    NEW = "new"
    SAME = "same"
    NOT_ALLOWED = "This permission does not open the compartments it belongs to."
    NO_CONSENT = "Those whose words it is did not agree to its being kept."
    EXPIRED = "Its time is over: it would be erased at once."
    ID_TAKEN = "Another memory has its id."
    ELSEWHERE = "It is kept, and belongs to other compartments by now."


def restore(
    files: Files, allowed: frozenset[Compartment], items: Iterable[Item], now: datetime
) -> Iterator[Outcome]:
    """Put items back into the places they name; tells what became of each, in order.

    An item is never put anywhere but where it was, and not where one of its id is in another
    place that is allowed: it may have been raised since. What is told of is on disk.
    """
    for place, group in groupby(items, key=lambda item: item.label.compartments):
        while batch := list(islice(group, _AT_ONCE)):
            if place <= allowed:
                yield from _put(files, place, allowed, batch, now)
            else:
                yield from [Outcome.NOT_ALLOWED] * len(batch)


def _put(
    files: Files,
    place: Place,
    allowed: frozenset[Compartment],
    batch: Sequence[Item],
    now: datetime,
) -> list[Outcome]:
    elsewhere = _elsewhere(files, place, allowed, batch, now)
    judged = [_judged(item, elsewhere, now) for item in batch]
    if Outcome.NEW not in judged:  # then no file is made, either
        return judged
    new: dict[bytes, Item] = {}
    ids: set[str] = set()
    with files.file(place, create=True) as file:
        assert file is not None
        for number, item in enumerate(batch):
            if judged[number] is not Outcome.NEW:
                continue
            key = sameness(item.text)
            there = records.like(file, item, now) or new.get(key)
            if item.id in ids and (there is None or there.id != item.id):
                judged[number] = Outcome.ID_TAKEN
            elif there is None:
                new[key] = item
                ids.add(item.id)
            else:
                same = sameness(there.text) == key
                judged[number] = Outcome.SAME if same else Outcome.ID_TAKEN
        records.put_exactly(file, new.values(), now)
    return judged


def _elsewhere(
    files: Files,
    place: Place,
    allowed: frozenset[Compartment],
    batch: Sequence[Item],
    now: datetime,
) -> set[str]:
    found: set[str] = set()
    for other in files.within(allowed):
        if other == place:
            continue
        with files.file(other) as file:
            if file is not None:
                found |= {each.id for each in batch if records.get(file, each.id, now) is not None}
    return found


def _judged(item: Item, elsewhere: set[str], now: datetime) -> Outcome:
    """What is known of an item before its place is opened; NEW if nothing is against it."""
    if item.about.consent is Consent.REFUSED:
        return Outcome.NO_CONSENT
    if item.about.expires_at is not None and item.about.expires_at <= now:
        return Outcome.EXPIRED
    return Outcome.ELSEWHERE if item.id in elsewhere else Outcome.NEW
