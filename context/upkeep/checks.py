"""The parts of a look through the vault; see `context/upkeep/repair.py`."""

import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from context import audit, audit_chain, records, sqlite_file
from context.audit import AuditBroken, AuditEvent
from context.audit_chain import START
from context.errors import ContextError, KeysUnusable, StoreDamaged, StoreUnusable
from context.files import file_of, tier_of
from context.keys.keyring import FileKey
from context.labels import Place, place_name
from context.store import Store
from context.transfer import staging
from context.upkeep import aside, rescue

_REAP_WITHIN: Final = timedelta(days=2)
_KNOWN: Final = frozenset(
    {
        "audit.jsonl",
        "audit.jsonl.head",
        "audit.jsonl.head.new",
        staging.LOCK,
        "device.key",
        "files.lock",
        "grants.bin",
        "grants.lock",
        "keyring.json",
        "keyring.lock",
        "pin_attempts.json",
    }
)
_BESIDE_A_FILE: Final = ("", "-wal", "-shm", "-journal")
_BROKEN_LOG: Final = "audit.jsonl.broken-"


@dataclass(frozen=True)
class Finding:
    """Something that was looked at. place: whose file it is about, if one's; ok: all is well.

    lost: nothing of the place can be read, so that no repair helps.
    """

    place: str | None
    ok: bool
    sentence: str
    lost: bool = False


def folder(store: Store) -> Iterator[Finding]:
    """Who can read the files, and which of them do not belong there."""
    try:
        paths = [store.folder, *sorted(store.folder.iterdir())]
        open_to_others = [path for path in paths if _is_open_to_others(path)]
    except OSError as error:
        yield Finding(
            None, False, f"The folder of memories {store.folder} can't be read: {error.strerror}."
        )
        return
    if open_to_others:
        yield Finding(
            None,
            False,
            f"Others than you can get at {_listed(open_to_others)}: take that away with chmod"
            " go-rwx and chown.",
        )
    else:
        yield Finding(None, True, "Only you can read the files.")
    yield from _strays(store, paths[1:])


def keys(store: Store) -> Iterator[Finding]:
    """Whether the keys can be read, and which are locked."""
    try:
        locked = len(store.keyring.file_ids()) - len(store.keyring.names())
    except KeysUnusable as error:
        yield Finding(None, False, str(error))
        return
    yield Finding(None, True, "The vault's keys can be read.")
    try:
        store.grants.check()
    except StoreUnusable as error:
        yield Finding(None, False, str(error))
    if locked:
        yield Finding(
            None,
            True,
            f"{_counted(locked, 'place is', 'places are')} locked and not looked at: unlock the"
            " memory to have them checked.",
        )


def places(store: Store) -> Iterator[Finding]:
    """Whether each place's file is whole, with all that is in it."""
    try:
        found = [
            (place, store.keyring.get(place_name(place), tier_of(place)))
            for place in store.files.places()
        ]
    except ContextError:  # `keys` has said why
        return
    for place, key in found:
        if key is not None:
            yield _place(store, place, key)
            yield from _aside(store, place, key)


def log(store: Store) -> Iterator[Finding]:
    """Whether the audit log is as it was written, and when the reaper ran last."""
    path = store.folder / "audit.jsonl"
    try:
        key = store.keyring.subkey("audit")
    except ContextError:
        yield Finding(None, True, "The audit log is locked and was not looked at.")
        return
    try:
        done = audit.verify(path, key)
    except (AuditBroken, StoreUnusable) as error:
        yield Finding(None, False, str(error))
    else:
        yield Finding(
            None, True, f"The audit log is whole: {_counted(done.records, 'record', 'records')}."
        )
        yield _reaper(path, key, store.now(), done.first_at)
    for broken in sorted(store.folder.glob(f"{_BROKEN_LOG}*[0-9]")):
        yield Finding(
            None,
            False,
            f"An audit log that was not as it was written was put aside as {broken.name}: look at"
            " it, then move it away.",
        )


def how_to_begin_anew(name: str) -> str:
    """What to do about a place of which nothing can be read; the end of a sentence."""
    return f"put back a backup, or begin it anew by: lapel context begin-anew {shlex.quote(name)}"


def _place(store: Store, place: Place, key: FileKey) -> Finding:
    name, path = place_name(place), store.files.path(key.file_id)
    try:
        connection = sqlite_file.open_file(path, key.key, name, create=False)
        if connection is None:
            return Finding(
                name,
                False,
                f"There is no file of {name}: if there was something in it,"
                f" {how_to_begin_anew(name)}",
                lost=True,
            )
        with closing(connection), sqlite_file.in_words(name):
            file = file_of(connection, place, key.file_id)
            faults = len(sqlite_file.faults(connection))
            rows, alone = len(rescue.unreadable(file)), rescue.unpaired(connection)
            count = records.count_all(file)
    except StoreDamaged as error:
        if not _is_lost(store, place, key):
            return Finding(name, False, str(error))
        return Finding(
            name,
            False,
            f"Nothing of {name} can be read with this vault's key: {how_to_begin_anew(name)}",
            lost=True,
        )
    except StoreUnusable as error:
        return Finding(name, False, str(error))
    wrong = [
        _counted(number, one, many)
        for number, one, many in (
            (faults, "fault in its pages or indexes", "faults in its pages or indexes"),
            (rows, "memory that can't be read", "memories that can't be read"),
            (alone, "vector out of step", "vectors out of step"),
        )
        if number
    ]
    if wrong:
        return Finding(
            name,
            False,
            f"The file of {name} has {' and '.join(wrong)}: run 'lapel context verify --repair'.",
        )
    return Finding(name, True, f"{name} is whole: {_counted(count, 'memory', 'memories')}.")


def _is_lost(store: Store, place: Place, key: FileKey) -> bool:
    with store.files.closed(place):
        try:
            return rescue.nothing_left(store.files.path(key.file_id), key.key, place_name(place))
        except StoreUnusable:  # then a repair says why
            return False


def _aside(store: Store, place: Place, key: FileKey) -> Iterator[Finding]:
    kept = aside.asides(store.files.path(key.file_id))
    if kept:
        name = place_name(place)
        yield Finding(
            name,
            True,
            f"What could not be rescued of {name} is kept, encrypted, in {_listed(kept)}: it goes"
            " when something of that place is erased.",
        )


def _strays(store: Store, paths: list[Path]) -> Iterator[Finding]:
    try:
        ids = store.keyring.file_ids()
    except KeysUnusable:  # then it is not known what belongs there
        return
    known = _KNOWN.union(f"{each}.db{end}" for each in ids for end in _BESIDE_A_FILE)
    put_aside = tuple(f"{each}.db{sqlite_file.ASIDE}" for each in ids)
    strays: list[Path] = []
    for path in paths:
        if path.suffix == ".sqlite" or ".sqlite-" in path.name:
            yield Finding(
                None,
                False,
                f"{path.name} holds memories of an earlier version, unencrypted, which could not"
                " all be brought over: unlock the memory, or move it away.",
            )
        elif path.name not in known and not path.name.startswith((_BROKEN_LOG, *put_aside)):
            strays.append(path)
    if strays:
        yield Finding(
            None,
            False,
            f"{_listed(strays)}: nothing here uses or opens that. It may be left of something that"
            " was broken off; if you know of no use for it, remove it.",
        )


def _reaper(path: Path, key: bytes, now: datetime, first_at: datetime | None) -> Finding:
    last: datetime | None = None
    try:
        with path.open("rb") as lines:
            for line in audit_chain.chain(lines, key, START):
                if line.body["event"] == AuditEvent.REAP:
                    last = audit_chain.at(line)
    except (AuditBroken, OSError) as error:  # as another program adds a line at this moment
        return Finding(None, True, f"When the reaper ran last was not read: {error}")
    since = last or first_at
    if since is not None and now - since > _REAP_WITHIN:
        return Finding(
            None,
            False,
            f"What has expired was last erased {_when(last)}: start the assistant, which does it.",
        )
    if last is None:
        return Finding(None, True, "Nothing has had to be erased yet.")
    return Finding(None, True, f"What has expired was last erased {_when(last)}.")


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else f"on {moment:%Y-%m-%d at %H:%M} UTC"


def _is_open_to_others(path: Path) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:  # it has gone meanwhile
        return False
    return bool(stat.S_IMODE(status.st_mode) & 0o077) or status.st_uid != os.getuid()


def _counted(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {many}"


def _listed(paths: list[Path]) -> str:
    first = ", ".join(path.name for path in paths[:3])
    return first if len(paths) <= 3 else f"{first} and {len(paths) - 3} more"
