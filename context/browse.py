"""What the owner's own commands look for beyond an answer: ids, words, and what came of what.

Like the store's calls, these demand a scope, and reach nothing outside it.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from context import records
from context.audit import AuditEvent
from context.errors import ScopeDenied, TextRefused
from context.items import Item
from context.labels import Place
from context.policy import Purpose, Scope
from context.retrieve import query_words
from context.store import Store

_LOOKING = (Purpose.FORGET, Purpose.REVIEW)
_ALL = -1
"""SQLite's limit for: all."""


def within(store: Store, scope: Scope, *purposes: Purpose) -> list[Place]:
    """The places that a scope opens now, for one of `purposes`. Raises ScopeDenied."""
    scope.check(store.now().timestamp())
    if scope.purpose not in purposes:
        raise ScopeDenied(f"A permission to {scope.purpose} does not allow this.")
    return store.files.within(scope.compartments)


def beginning(store: Store, scope: Scope, prefix: str, *, limit: int = 2) -> list[Item]:
    """At most `limit` items whose ids begin with `prefix`, in no order.

    Needs a scope to review or to forget, as what follows does; else raises ScopeDenied.
    """
    found = _each(store, scope, lambda file, now: records.beginning(file, prefix, limit, now))
    return found[:limit]


def holding(store: Store, scope: Scope, text: str) -> list[Item]:
    """Every item that is about `text` by its words, newest first, however many there are.

    It holds all of the words in some form of theirs, or whoever said it is called so, or it lies
    in a compartment about the person of that name. Nothing is found by meaning alone, which is
    never sure. Raises TextRefused if `text` has no word that tells anything.
    """
    words = query_words(text)
    if not words:
        raise TextRefused("That has no word in it to look for: say a name, or what it is about.")
    persons = {f"person:{by.join(words)}" for by in "-_"}

    def look(file: records.File, now: datetime) -> list[Item]:
        if any(each.subject in persons for each in file.place):
            return records.page(file, _ALL, None, now)
        return records.holding(file, words, now)

    found = _each(store, scope, look)
    return sorted(found, key=lambda item: (item.captured_at, item.id), reverse=True)


def made_from(store: Store, scope: Scope, ids: Iterable[str]) -> list[Item]:
    """What was derived from items, at whatever remove, without the items themselves."""
    given = frozenset(ids)
    found: dict[str, Item] = {}
    edge = set(given)
    while edge:
        layer = _each(store, scope, _children_of(frozenset(edge)))
        edge = {item.id for item in layer} - found.keys() - given
        found |= {item.id: item for item in layer if item.id in edge}
    return list(found.values())


def _children_of(ids: frozenset[str]) -> Callable[[records.File, datetime], list[Item]]:
    def look(file: records.File, now: datetime) -> list[Item]:
        below = sorted(records.children(file, ids))
        return [item for each in below if (item := records.get(file, each, now)) is not None]

    return look


def _each(
    store: Store, scope: Scope, look: Callable[[records.File, datetime], list[Item]]
) -> list[Item]:
    """What `look` finds in every place of the scope, once each."""
    now = store.now()
    found: dict[str, Item] = {}
    for place in within(store, scope, *_LOOKING):
        with store.files.file(place) as file:
            if file is not None:
                found |= {item.id: item for item in look(file, now)}
    store.audit(
        AuditEvent.LIST, count=len(found), purpose=scope.purpose.value, sink=scope.sink.value
    )
    return list(found.values())
