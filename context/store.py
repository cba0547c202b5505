"""What is remembered: a file per compartment in one folder, reached only through a Scope.

Whatever is outside a scope's compartments has no influence on any result, order, score or
error: each file is searched alone, and files outside the scope are not opened. Plain SQLite for
now; an encrypted vault will keep this interface.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from context import records, sqlite_file
from context.embed import Embedder
from context.errors import ItemNotFound, ScopeDenied, StoreUnusable
from context.items import Item, Provenance, Recalled, check_text
from context.labels import Compartment, Label, Trust
from context.policy import OWNER_GENERAL, Purpose, Scope
from context.retrieve import query_words


class Store:
    """Remembers, recalls and forgets within a Scope. Safe to use from several threads.

    folder: made if missing, readable by its owner only. embedder: finds by meaning too; without
    one, by words only. Vectors of another embedder are ignored, so that after a change older
    items are found by words until they are said again. now: the clock, aware datetimes; scopes
    must be minted with its `timestamp()`. new_id: makes the ids of items.

    Every call raises ScopeDenied if the scope has expired or is for another purpose, and
    StoreUnusable, which names the compartment, if a file in the scope can't be used; other
    compartments are not affected.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder | None,
        now: Callable[[], datetime],
        *,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._folder = folder
        self._embedder = embedder
        self._now = now
        self._new_id = new_id
        self._lock = threading.RLock()
        self._files: dict[Compartment, sqlite3.Connection] | None = None

    def open(self) -> None:
        """Make the folder ready; files are opened when a scope first needs them."""
        with self._lock:
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._folder.chmod(0o700)
            except OSError as error:
                raise StoreUnusable(
                    f"The folder of memories {self._folder} can't be used: {error.strerror}."
                ) from None
            if self._files is None:
                self._files = {}

    def close(self) -> None:
        """Close every file. The store can be opened again."""
        with self._lock:
            files, self._files = self._files or {}, None
            with ExitStack() as closing:
                for compartment, connection in files.items():
                    closing.callback(connection.close)
                    with suppress(StoreUnusable), sqlite_file.in_words(str(compartment)):
                        sqlite_file.erase(connection)

    def remember(
        self,
        scope: Scope,
        text: str,
        *,
        compartment: Compartment | None = None,
        said_by: Provenance,
    ) -> Item:
        """Store `text` and return its item; it is on disk when this returns.

        compartment: by default owner/general, or the scope's first when it does not open that.
        A text that is already there, but for case, spacing and a final full stop, is not stored
        twice: its item takes the new time, unless `said_by` is less trusted than who said it.
        Raises TextRefused, and ScopeDenied if the compartment is not in the scope, or is the
        owner's and the words are not.
        """
        now = self._check(scope, Purpose.REMEMBER)
        check_text(text)
        place = compartment or min(scope.compartments, key=lambda c: (c != OWNER_GENERAL, c))
        if place not in scope.compartments:
            raise ScopeDenied(f"This permission does not open {place}.")
        if place.subject == "owner" and said_by.trust < Trust.OWNER:
            raise ScopeDenied(f"Only the owner's own words go into {place}.")
        label = Label(frozenset({place}), said_by.trust)
        item = Item(self._new_id(), text, label, now, said_by)
        with self._file(place, create=True) as connection:
            assert connection is not None
            return records.put(connection, place, item, self._vector(text))

    def recall(self, scope: Scope, query: str, *, limit: int = 5) -> list[Recalled]:
        """At most `limit` items that answer `query`, best first; any text may be the query.

        Scores are relative to the best of an item's own compartment (see `retrieve`). Equal ones
        are in order of time, newest first. Needs a scope to answer or to forget.
        """
        self._check_reading(scope, limit)
        words, vector = query_words(query), self._vector(query)
        found: list[Recalled] = []
        for compartment in sorted(scope.compartments):
            with self._file(compartment) as connection:
                if connection is not None:
                    found += records.search(connection, compartment, words, vector, limit)
        found.sort(key=lambda r: (r.score, r.item.captured_at, r.item.id), reverse=True)
        return found[:limit]

    def items(self, scope: Scope, *, limit: int, before: Item | None = None) -> list[Item]:
        """At most `limit` items, newest first; `before` continues after the last one returned.

        Needs a scope to answer or to forget.
        """
        self._check_reading(scope, limit)
        found: list[Item] = []
        for compartment in sorted(scope.compartments):
            with self._file(compartment) as connection:
                if connection is not None:
                    found += records.page(connection, compartment, limit, before)
        found.sort(key=lambda item: (item.captured_at, item.id), reverse=True)
        return found[:limit]

    def forget(self, scope: Scope, item_id: str) -> None:
        """Erase an item: when this returns, no byte of it is left in any file of the folder.

        Raises ItemNotFound if the scope opens no such item. Raises StoreUnusable if the item is
        gone but its bytes are not, because another process is reading the file or the disk is
        full; erasing them is tried again at the next `forget`, `close` and opening.
        """
        self._check(scope, Purpose.FORGET)
        for compartment in sorted(scope.compartments):
            with self._file(compartment) as connection:
                if connection is None or not records.delete(connection, item_id):
                    continue
                if not sqlite_file.erase(connection):
                    raise StoreUnusable(
                        f"It is forgotten, but its bytes stay in the file of {compartment} until"
                        " no other program reads it and the disk has room.",
                        str(compartment),
                    )
                return
        raise ItemNotFound("There is no such memory.")

    def _check(self, scope: Scope, *purposes: Purpose) -> datetime:
        now = self._now().astimezone(UTC)
        scope.check(now.timestamp())
        if scope.purpose not in purposes:
            raise ScopeDenied(f"A permission to {scope.purpose} does not allow this.")
        return now

    def _check_reading(self, scope: Scope, limit: int) -> None:
        self._check(scope, Purpose.ANSWER, Purpose.FORGET)
        if limit < 1:
            raise ValueError(f"The limit must be at least 1, and is {limit}.")

    def _vector(self, text: str) -> records.Vector | None:
        if self._embedder is None:
            return None
        return records.Vector(self._embedder.name, self._embedder.embed([text])[0])

    @contextmanager
    def _file(
        self, compartment: Compartment, *, create: bool = False
    ) -> Generator[sqlite3.Connection | None]:
        """The compartment's file while the lock is held; None if nothing was ever put there."""
        with self._lock:
            if self._files is None:
                raise StoreUnusable("The store of memories is not open.")
            name = str(compartment)
            connection = self._files.get(compartment)
            if connection is None:
                digest = hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
                path = self._folder / f"{digest}.sqlite"
                connection = sqlite_file.open_file(path, name, create=create)
            if connection is None:
                yield None
                return
            self._files[compartment] = connection
            try:
                with sqlite_file.in_words(name):
                    yield connection
            except StoreUnusable:  # once it is put right, it must be opened anew
                del self._files[compartment]
                connection.close()
                raise
