"""Is the vault as it should be, and if not: what can be rescued.

A damaged file is read page by page: each is authenticated by itself, so that what is whole is
known to be, and a row is lost only if its own page is. What was rescued goes into a new file
under a new key, and the header names that one instead, all at once. Where something was lost, the
damaged file is put aside, as encrypted as it was (see `aside`).

A place of which nothing can be read is blocked: nothing is stored in it any more, lest that hides
the damage. If there is no backup, its owner begins it anew: an empty file takes its place.
"""

import secrets
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from context import durable, records, sqlite_file
from context.audit import AuditEvent
from context.errors import StoreDamaged, StoreUnusable
from context.files import file_of, tier_of
from context.keys import KEY_BYTES
from context.keys.keyring import FileKey
from context.labels import Place, parse_place, place_name
from context.store import Store
from context.transfer import staging
from context.upkeep import checks, rescue
from context.upkeep.aside import aside_key, asides, keep_earlier, put_aside
from context.upkeep.checks import Finding
from context.upkeep.pages import Pages
from context.upkeep.rescue import Rescued

__all__ = ["Finding", "Repaired", "aside_key", "begin_anew", "is_lost", "repair", "verify"]


@dataclass(frozen=True)
class Repaired:
    """What became of a place. kept: items; lost: items, None if that can't be known.

    aside: the damaged file, if something was lost. lineage: False if it is not certain what all
    items were derived from; then forgetting may pass over what was derived.
    """

    kept: int
    lost: int | None
    aside: Path | None
    lineage: bool = True


def verify(store: Store) -> list[Finding]:
    """Look through the whole vault, and say what is as it should be and what isn't.

    Raises nothing for what it finds; what is locked is said to be. Reads every page and every
    item, so that it takes a while.
    """
    return [
        *checks.folder(store),
        *checks.keys(store),
        *checks.places(store),
        *checks.log(store),
    ]


def repair(store: Store, name: str) -> Repaired:
    """Put a place right, as far as it can be; nothing is done to one that is.

    name: as `verify` says it. Nothing that can be read is lost, and a kill leaves the place as it
    was or repaired. Raises StoreUnusable if there is no such place, if nothing of it can be read
    with the vault's key (then all is left as it is), or if that is no damage; VaultLocked.
    """
    place = _place(name)
    with staging.alone(store.folder), store.files.closed(place):
        key = _key(store, place)
        path = store.files.path(key.file_id)
        kept = _mended(path, key, place)
        if kept is not None:
            return Repaired(kept, 0, None)
        done = _rebuilt(store, path, key, place)
    store.audit(
        AuditEvent.REPAIR,
        place=key.file_id,
        kept=done.kept,
        lost="unknown" if done.lost is None else done.lost,
        durable=True,
    )
    return done


def is_lost(store: Store, name: str) -> bool:
    """Whether nothing of a place can be read, so that it can only be begun anew.

    name: as `verify` says it. Raises StoreUnusable if there is no such place, or if it can't be
    known; VaultLocked.
    """
    place = _place(name)
    with store.files.closed(place):
        key = _key(store, place)
        return rescue.nothing_left(store.files.path(key.file_id), key.key, name)


def begin_anew(store: Store, name: str) -> list[Path]:
    """Put an empty file in the place of one of which nothing can be read; returns what is kept.

    The damaged file is put aside, and so is what was put aside for it before. A kill leaves the
    place as it was or as it is to be. Raises StoreUnusable if there is no such place, or if
    something of it can be read (see `repair`); VaultLocked.
    """
    place = _place(name)
    with staging.alone(store.folder), store.files.closed(place):
        key = _key(store, place)
        path = store.files.path(key.file_id)
        before = _marks(path)
        if not rescue.nothing_left(path, key.key, name):
            raise StoreUnusable(
                f"Something of {name} can be read: 'lapel context verify --repair' keeps that."
                " Nothing was changed.",
                name,
            )
        with staging.fresh(store.folder) as new_path:
            new = _new_key(new_path)
            connection = sqlite_file.open_file(new_path, new.key, name, create=True)
            assert connection is not None
            connection.close()
            target = store.files.path(new.file_id)
            with staging.named(store.folder, store.keyring, {new_path: target}):
                if path.exists():
                    put_aside(path, key, target, new)
                keep_earlier(path, key, target, new)
                _name_instead(store, place, new, path, before)
        sqlite_file.remove(path)
    store.audit(
        AuditEvent.REPAIR, place=key.file_id, kept=0, lost="unknown", begun_anew=True, durable=True
    )
    return asides(target)


def _key(store: Store, place: Place) -> FileKey:
    key = store.keyring.get(place_name(place), tier_of(place))
    if key is None:
        raise _unknown(place_name(place))
    return key


def _new_key(new_path: Path) -> FileKey:
    """A key for a file that is still at a path of `staging.fresh`."""
    return FileKey(new_path.stem.removeprefix(staging.PREFIX), secrets.token_bytes(KEY_BYTES))


def _name_instead(
    store: Store,
    place: Place,
    new: FileKey,
    path: Path,
    before: list[durable.Mark | None],
) -> None:
    """Have the header name a new file instead of the one at `path`, if that is as it was before."""
    name = place_name(place)
    durable.sync_folder(store.folder)  # with what was put aside
    if _marks(path) != before:
        raise StoreUnusable(f"Another program has just written to {name}: try again.", name)
    store.keyring.adopt({name: (tier_of(place), new)}, replace=True)


def _place(name: str) -> Place:
    try:
        return parse_place(name)
    except ValueError:
        raise _unknown(name) from None


def _unknown(name: str) -> StoreUnusable:
    return StoreUnusable(
        f"Nothing is kept in {name!r}: 'lapel context verify' says what there is.", None
    )


def _mended(path: Path, key: FileKey, place: Place) -> int | None:
    """How many items there are, if what follows from them could be made anew; else None.

    Raises StoreUnusable for what is no damage.
    """
    name = place_name(place)
    try:
        connection = sqlite_file.open_file(path, key.key, name, create=False)
        if connection is None:
            raise _nothing_left(name)
        with closing(connection), sqlite_file.in_words(name):
            file = file_of(connection, place, key.file_id)
            if rescue.unreadable(file):
                return None
            if sqlite_file.faults(connection) or rescue.unpaired(connection):
                with sqlite_file.transaction(connection):
                    rescue.mend(connection)
            if sqlite_file.faults(connection) or rescue.unpaired(connection):
                return None
            return records.count_all(file)
    except StoreDamaged:
        return None


def _rebuilt(store: Store, path: Path, key: FileKey, place: Place) -> Repaired:
    before = _marks(path)
    with staging.fresh(store.folder) as new_path:
        new = _new_key(new_path)
        done = _rescued(path, key, place, new_path, new)
        target, aside = store.files.path(new.file_id), None
        with staging.named(store.folder, store.keyring, {new_path: target}):
            if done.lost != 0 or not done.lineage:
                aside = put_aside(path, key, target, new)
            _name_instead(store, place, new, path, before)
    sqlite_file.remove(path)
    return Repaired(done.kept, done.lost, aside, done.lineage)


def _rescued(path: Path, key: FileKey, place: Place, new_path: Path, new: FileKey) -> Rescued:
    """Fill a new file with what can be read of the damaged one; see `rescue`."""
    name = place_name(place)
    try:
        with Pages(path, key.key) as pages:
            if not pages.has_whole():
                raise _nothing_left(name)
            connection = sqlite_file.open_file(new_path, new.key, name, create=True)
            assert connection is not None
            with closing(connection), sqlite_file.in_words(name):
                file = file_of(connection, place, new.file_id)
                done = rescue.rescue(pages, file)
                if sqlite_file.faults(connection):
                    raise StoreDamaged(name)
            return done
    except OSError as error:
        raise rescue.cannot_be_read(path, name, error) from None


def _nothing_left(name: str) -> StoreUnusable:
    return StoreUnusable(
        f"Nothing of {name} can be rescued, as its file is gone, wholly damaged, or was not"
        f" encrypted with this vault's key: {checks.how_to_begin_anew(name)}",
        name,
    )


def _marks(path: Path) -> list[durable.Mark | None]:
    """What changes when another program writes to a file."""
    found: list[durable.Mark | None] = []
    for each in (path, path.with_name(f"{path.name}-wal")):
        try:
            found.append(durable.mark(each))
        except FileNotFoundError:
            found.append(None)
    return found
