"""The open files of a vault: one per place, each with its own key."""

import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from context import schema, sqlite_file
from context.errors import StoreUnusable
from context.keys.keyring import FileKey, Keyring, Tier
from context.labels import Compartment, Place, Sensitivity, parse_place, place_name
from context.records import File
from context.sqlite_file import Connection


def tier_of(place: Place) -> Tier:
    """Which key opens a place: one restricted compartment makes it restricted."""
    restricted = any(each.sensitivity is Sensitivity.RESTRICTED for each in place)
    return Tier.RESTRICTED if restricted else Tier.GENERAL


def file_of(connection: Connection, place: Place, key_id: str) -> File:
    """The file of a place on a connection to it."""
    return File(connection, place, key_id, all(map(schema.holds_turns, place)))


class Files:
    """Opens places' files when they are needed, and keeps them open. One caller at a time.

    folder: where they are, named by random numbers. Nothing here asks whether a place may be
    opened: that is the store's.
    """

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._folder = folder
        self._keyring = keyring
        self._lock = threading.RLock()
        self._open: dict[Place, File] | None = None

    def open(self) -> None:
        """Be ready; nothing is opened yet."""
        with self._lock:
            if self._open is None:
                self._open = {}

    def close(self) -> None:
        """Close every file, erasing what is still to be erased."""
        with self._lock:
            files, self._open = self._open or {}, None
            with ExitStack() as closing:
                for file in files.values():
                    closing.callback(file.connection.close)
                    with suppress(StoreUnusable), sqlite_file.in_words(file.name):
                        sqlite_file.erase(file.connection)

    def places(self) -> list[Place]:
        """The places that have a file and are not locked, in the order of their names."""
        if self._open is None:
            raise StoreUnusable("The store of memories is not open.")
        return [parse_place(name) for name in self._keyring.names()]

    def within(self, compartments: frozenset[Compartment]) -> list[Place]:
        """Those of them that hold nothing from outside `compartments`."""
        return [place for place in self.places() if place <= compartments]

    @contextmanager
    def file(self, place: Place, *, create: bool = False) -> Generator[File | None]:
        """A place's file while the lock is held; None if nothing was ever put there.

        Raises StoreUnusable, and VaultLocked if the place's key is locked.
        """
        with self._lock:
            file = self._opened(place, create=create)
            if file is None:
                yield None
                return
            try:
                with sqlite_file.in_words(file.name):
                    yield file
            except StoreUnusable:  # once it is put right, it must be opened anew
                self._close(place)
                raise

    def drop(self, place: Place) -> None:
        """Destroy a place's key, then delete its file: nothing of it can be read any more."""
        with self._lock:
            self._close(place)
            file_id = self._keyring.destroy(place_name(place), tier_of(place))
            if file_id is not None:
                sqlite_file.remove(self.path(file_id))

    @contextmanager
    def closed(self, place: Place) -> Generator[None]:
        """While this process does not have a place's file open, for who reads it page by page.

        A descriptor of a file that SQLite has open would take SQLite's locks away when it closes.
        """
        with self._lock:
            self._close(place)
            yield

    def close_locked(self) -> None:
        """Close the files whose keys have been locked."""
        with self._lock:
            for place in list(self._open or {}):
                if self._keyring.locked(tier_of(place)):
                    self._close(place)

    def path(self, file_id: str) -> Path:
        """Where the file of that number is."""
        return self._folder / f"{file_id}.db"

    def _opened(self, place: Place, *, create: bool) -> File | None:
        if self._open is None:
            raise StoreUnusable("The store of memories is not open.")
        name, tier = place_name(place), tier_of(place)
        key = self._keyring.get(name, tier)
        if key is None and create:
            key = self._keyring.make(name, tier)
        file = self._open.get(place)
        if file is not None and (key is None or key.file_id != file.key_id):
            self._close(place)  # another process has dropped it, and perhaps made a new one
            file = None
        if key is None:
            return None
        if file is None:
            file = self._open[place] = self._open_file(place, key)
            sqlite_file.share_cache([each.connection for each in self._open.values()])
        return file

    def _open_file(self, place: Place, key: FileKey) -> File:
        name, path = place_name(place), self.path(key.file_id)
        try:
            # Two processes that make a file at once are in each other's way.
            with FileLock(self._folder / "files.lock", timeout=sqlite_file.BUSY_S, mode=0o600):
                connection = sqlite_file.open_file(path, key.key, name, create=True)
        except Timeout:
            raise StoreUnusable(
                f"Another program is using the file of {name}: try again.", name
            ) from None
        assert connection is not None
        return file_of(connection, place, key.file_id)

    def _close(self, place: Place) -> None:
        file = (self._open or {}).pop(place, None)
        if file is not None:
            file.connection.close()
