"""The state of what is kept, in numbers, and its index of words made anew."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from context import records, sqlite_file
from context.audit import AuditEvent, read
from context.browse import within
from context.errors import StoreUnusable
from context.files import tier_of
from context.labels import Place, place_name
from context.policy import Purpose, Scope
from context.store import Store

_LATEST = 100_000


@dataclass(frozen=True)
class Figures:
    """Of one place. items: readable. embedded: how many of those are found by meaning.

    forgotten: not erased yet. problem: a sentence if the file can't be read; then the counts
    are 0.
    """

    place: Place
    items: int
    embedded: int
    forgotten: int
    size_bytes: int
    problem: str | None = None

    @property
    def name(self) -> str:
        """The place's name."""
        return place_name(self.place)


def figures(store: Store, scope: Scope, embedder: str | None) -> list[Figures]:
    """The figures of every place that the scope, to review, opens. embedder: whose vectors count.

    Raises ScopeDenied.
    """
    places = within(store, scope, Purpose.REVIEW)
    return [_figures(store, place, embedder) for place in places]


def locked_files(store: Store) -> int:
    """How many places the PIN locks at present; which they are can't be known."""
    return len(store.keyring.file_ids()) - len(store.files.places())


def last_reaped_at(store: Store) -> datetime | None:
    """When what had expired was last erased, by the audit; None if that is not in it.

    Raises AuditBroken if the audit is not as it was written.
    """
    latest = read(store.folder / "audit.jsonl", store.keyring.subkey("audit"), limit=_LATEST)
    return next((each.at for each in latest if each.event is AuditEvent.REAP), None)


def rebuild_words(store: Store, scope: Scope, progress: Callable[[int, int], None]) -> int:
    """Make the index of words of every place of the scope, to review, anew; returns how many.

    progress: called with how many places are done, and of how many.
    """
    places = within(store, scope, Purpose.REVIEW)
    for done, place in enumerate(places):
        progress(done, len(places))
        with store.files.file(place) as file:
            if file is not None:
                records.rebuild_words(file)
                sqlite_file.erase(file.connection)
    progress(len(places), len(places))
    return len(places)


def _figures(store: Store, place: Place, embedder: str | None) -> Figures:
    now = store.now()
    size_bytes = _size_bytes(store, place)
    try:
        with store.files.file(place) as file:
            if file is None:
                return Figures(place, 0, 0, 0, size_bytes)
            embedded = 0 if embedder is None else records.count_embedded(file, embedder, now)
            forgotten = records.count_forgotten(file)
            return Figures(place, records.count(file, now), embedded, forgotten, size_bytes)
    except StoreUnusable as error:
        return Figures(place, 0, 0, 0, size_bytes, str(error))


def _size_bytes(store: Store, place: Place) -> int:
    key = store.keyring.get(place_name(place), tier_of(place))
    if key is None:
        return 0
    path = store.files.path(key.file_id)
    size_bytes = 0
    for each in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):  # it is missing, or another process has just removed it
            size_bytes += each.stat().st_size
    return size_bytes
