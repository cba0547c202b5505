"""Damaged files that are put aside: kept as encrypted as they were, for a later try.

Beside the file that takes its place, `F.db`, lie the damaged one as `F.db-damaged`, its WAL as
`F.db-damaged-wal` and its key, sealed under the new file's, as `F.db-damaged-key`. Where one is
begun anew whose damaged file had such before it, these are kept too: `F.db-damaged-2` and so on.

All of them go when anything of their place is erased, which may be in them as well, when the place
is replaced by a backup's, and with the next repair.
"""

import re
from itertools import count
from pathlib import Path
from typing import Final

from context import durable
from context.keys import WrongKey, unwrap, wrap
from context.keys.keyring import FileKey
from context.sqlite_file import ASIDE

_WAL: Final = "-wal"
_KEY: Final = "-key"


def put_aside(path: Path, key: FileKey, target: Path, new: FileKey) -> Path:
    """Give a damaged file a second name beside the new one's, and seal its key. Raises OSError."""
    return _keep(path, key.key, _free(target), target, new)


def keep_earlier(path: Path, key: FileKey, target: Path, new: FileKey) -> None:
    """Do the same with what was put aside for the damaged file. Raises OSError.

    What its key does not open is left out: nothing ever will.
    """
    for each in asides(path):
        try:
            sealed_key = aside_key(each, key.key)
        except (FileNotFoundError, WrongKey):
            continue
        _keep(each, sealed_key, _free(target), target, new)


def asides(path: Path) -> list[Path]:
    """What was put aside for the file at `path`, the latest first; without WALs and keys."""
    name = re.compile(re.escape(path.name + ASIDE) + r"(?:-\d+)?")
    found = path.parent.glob(f"{path.name}{ASIDE}*")
    return sorted(
        (each for each in found if name.fullmatch(each.name)),
        key=lambda each: (len(each.name), each.name),
    )


def aside_key(aside: Path, key: bytes) -> bytes:
    """The key of a damaged file that was put aside. key: that of the file it was replaced by.

    Raises OSError, and WrongKey.
    """
    new = aside.with_name(aside.name.rpartition(ASIDE)[0])
    return unwrap(_beside(aside, _KEY).read_bytes(), key, _about(new))


def _keep(path: Path, key: bytes, aside: Path, target: Path, new: FileKey) -> Path:
    durable.write_new(_beside(aside, _KEY), wrap(key, new.key, _about(target)))
    aside.hardlink_to(path)
    if _beside(path, _WAL).exists():
        _beside(aside, _WAL).hardlink_to(_beside(path, _WAL))
    return aside


def _free(target: Path) -> Path:
    """The next name for what is put aside."""
    first = target.with_name(target.name + ASIDE)
    if not first.exists():
        return first
    names = (_beside(first, f"-{number}") for number in count(2))
    return next(each for each in names if not each.exists())


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _about(new: Path) -> bytes:
    return f"lapel damaged {new.stem}".encode()
