"""Is the vault as it should be, and if not: what can be rescued.

A damaged file is read page by page: each is authenticated by itself, so that what is whole is
known to be, and a row is lost only if its own page is. What was rescued goes into a new file
under a new key, and the header names that one instead, all at once.

Where something was lost, the damaged file is put aside, as encrypted as it was, beside the new
one; its key is sealed under the new file's (`aside_key`). It goes when anything of its place is
erased, which may be in it too.
"""

import secrets
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from context import durable, records, sqlite_file
from context.audit import AuditEvent
from context.errors import StoreDamaged, StoreUnusable
from context.files import file_of, tier_of
from context.keys import KEY_BYTES, unwrap, wrap
from context.keys.keyring import FileKey
from context.labels import Place, parse_place, place_name
from context.store import Store
from context.transfer import staging
from context.upkeep import checks, rescue
from context.upkeep.checks import Finding
from context.upkeep.pages import Pages
from context.upkeep.rescue import Rescued

__all__ = ["Finding", "Repaired", "aside_key", "repair", "verify"]

_DAMAGED, _DAMAGED_WAL, _DAMAGED_KEY = sqlite_file.ASIDE


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
    tier = tier_of(place)
    with staging.alone(store.folder), store.files.closed(place):
        key = store.keyring.get(name, tier)
        if key is None:
            raise _unknown(name)
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


def aside_key(aside: Path, key: bytes) -> bytes:
    """The key of a damaged file that was put aside. key: that of the file it was replaced by.

    Raises OSError, and WrongKey.
    """
    new = aside.with_name(aside.name.removesuffix(_DAMAGED))
    return unwrap(new.with_name(new.name + _DAMAGED_KEY).read_bytes(), key, _about(new))


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
    name, before = place_name(place), _marks(path)
    with staging.fresh(store.folder) as new_path:
        new = FileKey(new_path.stem.removeprefix(staging.PREFIX), secrets.token_bytes(KEY_BYTES))
        done = _rescued(path, key, place, new_path, new)
        target, aside = store.files.path(new.file_id), None
        with staging.named(store.folder, store.keyring, {new_path: target}):
            if done.lost != 0 or not done.lineage:
                aside = _put_aside(path, key, target, new)
            if _marks(path) != before:
                raise StoreUnusable(f"Another program has just written to {name}: try again.", name)
            store.keyring.adopt({name: (tier_of(place), new)}, replace=True)
    sqlite_file.remove(path)
    return Repaired(done.kept, done.lost, aside, done.lineage)


def _rescued(path: Path, key: FileKey, place: Place, new_path: Path, new: FileKey) -> Rescued:
    """Fill a new file with what can be read of the damaged one; see `rescue`."""
    name = place_name(place)
    try:
        with Pages(path, key.key) as pages:
            if len(pages.bad()) == pages.count:
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
        raise StoreUnusable(
            f"The file of {name}, {path}, can't be read ({error.strerror}): check the disk.", name
        ) from None


def _nothing_left(name: str) -> StoreUnusable:
    return StoreUnusable(
        f"Nothing of {name} can be rescued: its file is gone, wholly damaged, or was not encrypted"
        " with this vault's key. Put back a backup.",
        name,
    )


def _put_aside(path: Path, key: FileKey, target: Path, new: FileKey) -> Path:
    """Give the damaged file a second name beside the new one's, and seal its key. OSError."""
    aside = target.with_name(target.name + _DAMAGED)
    sealed = wrap(key.key, new.key, _about(target))
    durable.write_new(target.with_name(target.name + _DAMAGED_KEY), sealed)
    aside.hardlink_to(path)
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists():
        target.with_name(target.name + _DAMAGED_WAL).hardlink_to(wal)
    return aside


def _about(new: Path) -> bytes:
    return f"lapel damaged {new.stem}".encode()


def _marks(path: Path) -> list[durable.Mark | None]:
    """What changes when another program writes to a file."""
    found: list[durable.Mark | None] = []
    for each in (path, path.with_name(f"{path.name}-wal")):
        try:
            found.append(durable.mark(each))
        except FileNotFoundError:
            found.append(None)
    return found
