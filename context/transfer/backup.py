"""A backup of the vault in one encrypted file, and its way back into a vault.

The file is worth no more than its passphrase to whoever finds it. What is not in it: the audit
log, the grants, the PIN and the device secret, which stay with their vault. What was erased from
the vault since is still in it: keep few, and no longer than they are needed.
"""

import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from context import records, sqlite_file
from context.audit import AuditEvent
from context.errors import ContextError, StoreUnusable, VaultLocked
from context.files import file_of, tier_of
from context.keys import DEFAULT_COST, Argon2
from context.keys.keyring import FileKey, Tier
from context.labels import Place, parse_place, place_name
from context.store import Store
from context.transfer import backup_file, staging
from context.transfer.backup_file import BackupUnusable, Entry, Manifest, PassphraseRefused

__all__ = [
    "BackedUp",
    "BackupFailed",
    "BackupUnusable",
    "PassphraseRefused",
    "PlacesInTheWay",
    "Restored",
    "back_up",
    "restore",
]

Progress = Callable[[int], None]
"""Called with how many places are done."""


class BackupFailed(ContextError):
    """No backup was made; the message says why and what to do."""


class PlacesInTheWay(ContextError):
    """Places of a backup are in the vault already. places: their names."""

    def __init__(self, places: list[str], of: int) -> None:
        super().__init__(
            f"{len(places)} of the {of} places in the backup are here already, such as"
            f" {places[0]}: restore with --replace to have the backup's in their stead. Nothing"
            " was changed."
        )
        self.places = places


@dataclass(frozen=True)
class BackedUp:
    """What is in a backup. items: readable ones. left_out: places that are locked."""

    places: int
    items: int | None
    size_bytes: int
    left_out: int = 0


@dataclass(frozen=True)
class Restored:
    """What came out of a backup. items: those that can be read now. replaced: of the places."""

    places: int
    items: int
    replaced: int = 0


def nobody(done: int) -> None:
    """Tells nobody of the progress."""


def back_up(
    store: Store,
    target: Path,
    passphrase: str,
    *,
    without_locked: bool = False,
    argon2: Argon2 = DEFAULT_COST,
    progress: Progress = nobody,
) -> BackedUp:
    """Write all places into a new file, which only `passphrase` opens.

    Each place is as it is at one moment; others may read and write meanwhile. What was forgotten,
    even if it could still be brought back, is not in it. Locked places can't be in it, as their
    keys can't be had: with any, VaultLocked, unless they are to be left out.

    Raises PassphraseRefused, BackupFailed (also if the file is there already), and StoreUnusable
    if a place is damaged. Then there is no file.
    """
    said = backup_file.checked(passphrase)
    left_out = locked_places(store)
    if store.keyring.locked(Tier.GENERAL):
        raise VaultLocked(Tier.GENERAL)
    if left_out and not without_locked:
        raise VaultLocked(
            Tier.RESTRICTED,
            f"{left_out} of the places are locked and can't be put into a backup: unlock the"
            " memory, or have them left out.",
        )
    items = places = 0
    with (
        staging.alone(store.folder),
        _new_file(target) as file,
        backup_file.Writer(file) as writer,
    ):
        for place in store.files.places():
            with staging.fresh(store.folder) as copy:
                key = store.keyring.get(place_name(place), tier_of(place))
                count = None if key is None else _copy(store, place, key, copy)
                if key is not None and count is not None:
                    writer.add(place_name(place), key, copy, count)
                    items, places = items + count, places + 1
            progress(places)
        writer.finish(store.now(), said, argon2)
    store.audit(AuditEvent.BACKUP, count=places, left_out=left_out, durable=True)
    return BackedUp(places, items, target.stat().st_size, left_out)


def restore(
    backup: Path,
    passphrase: str,
    store: Store,
    *,
    replace: bool = False,
    progress: Progress = nobody,
) -> Restored:
    """Put the places of a backup into an open vault, where its own PIN and device lock them.

    All or none: they are made ready under names that nothing knows; then the vault's header, which
    is replaced as a whole, names them instead of those they replace, and these are erased. A kill
    leaves the vault as it was or as it was to be.

    Raises BackupUnusable, PassphraseRefused, PlacesInTheWay unless `replace`, VaultLocked if a
    place belongs to a tier that is locked here, and StoreUnusable. Then nothing has changed.
    """
    said = backup_file.checked(passphrase)
    with ExitStack() as stack:
        reader = stack.enter_context(backup_file.reading(backup))
        manifest = reader.unseal(said)
        places = _places(manifest, backup)
        _refuse(store, places, replace=replace)
        stack.enter_context(staging.alone(store.folder))
        new: dict[str, tuple[Tier, FileKey]] = {}
        ready: dict[Path, Path] = {}
        items = 0
        for place, entry in zip(places, manifest.places, strict=True):
            path = stack.enter_context(staging.fresh(store.folder))
            _write(path, reader, entry)
            items += _count(path, entry, place, store.now())
            key = FileKey(path.stem.removeprefix(staging.PREFIX), entry.key)
            new[entry.place] = tier_of(place), key
            ready[path] = store.files.path(key.file_id)
            progress(len(ready))
        with staging.named(store.folder, store.keyring, ready):
            replaced = store.keyring.adopt(new, replace=replace)
        for file_id in replaced:
            sqlite_file.remove(store.files.path(file_id))
    store.audit(AuditEvent.RESTORE, count=len(new), replaced=len(replaced), durable=True)
    return Restored(len(new), items, len(replaced))


def locked_places(store: Store) -> int:
    """How many places have keys that are locked now."""
    return len(store.keyring.file_ids()) - len(store.keyring.names())


def _copy(store: Store, place: Place, key: FileKey, path: Path) -> int | None:
    """A copy of a place's file; how many items are in it, or None if there is no file."""
    name, now = place_name(place), store.now()
    source = sqlite_file.open_file(store.files.path(key.file_id), key.key, name, create=False)
    if source is None:
        return None
    try:
        sqlite_file.copy(source, path, key.key, name)
    finally:
        source.close()
    connection = sqlite_file.open_file(path, key.key, name, create=False)
    assert connection is not None
    try:
        with sqlite_file.in_words(name):
            file = file_of(connection, place, key.file_id)
            records.purge_forgotten(file, now)
            if not sqlite_file.erase(connection):
                raise StoreUnusable(f"There is no room to make a copy of {name}: make room.", name)
            return records.count(file, now)
    finally:
        connection.close()


def _places(manifest: Manifest, backup: Path) -> list[Place]:
    try:
        places = [parse_place(entry.place) for entry in manifest.places]
    except ValueError:
        raise backup_file.damaged(backup) from None
    if len(set(places)) < len(places):
        raise backup_file.damaged(backup)
    return places


def _refuse(store: Store, places: list[Place], *, replace: bool) -> None:
    """Raise what stands against a restore."""
    for tier in sorted({tier_of(place) for place in places}):
        if store.keyring.locked(tier):
            raise VaultLocked(
                tier, f"The {tier} part of the memory is locked: unlock it, then restore."
            )
    there = {place_name(place) for place in store.files.places()}
    in_the_way = sorted(there.intersection(map(place_name, places)))
    if in_the_way and not replace:
        raise PlacesInTheWay(in_the_way, len(places))


def _write(path: Path, reader: backup_file.Reader, entry: Entry) -> None:
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            for chunk in reader.chunks(entry):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreUnusable(
            f"The backup can't be written into {path.parent} ({error.strerror}): check the disk."
            " Nothing was changed."
        ) from None


def _count(path: Path, entry: Entry, place: Place, now: datetime) -> int:
    """How many items can be read in a file, which is brought up to date. Raises StoreUnusable."""
    connection = sqlite_file.open_file(path, entry.key, entry.place, create=False)
    assert connection is not None
    try:
        with sqlite_file.in_words(entry.place):
            return records.count(file_of(connection, place, ""), now)
    finally:
        connection.close()


@contextmanager
def _new_file(target: Path) -> Generator[BinaryIO]:
    """The file at `target`, which gets its name once it is on disk; on any failure there is none.

    Until then its name begins with "." and ends with ".part": a killed backup leaves it, and the
    next one of that name takes its place.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        try:
            if target.exists() or target.is_symlink():
                raise FileExistsError
            part.unlink(missing_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(part, flags, 0o600), "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            staging.claim(part, target)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except FileExistsError:
        raise BackupFailed(
            f"{target} is there already and is not overwritten: choose another name."
        ) from None
    except OSError as error:
        raise BackupFailed(
            f"No backup was made, as {target} can't be written ({error.strerror}): check the disk"
            " and who owns the folder."
        ) from None
