"""Whether the files of a model are what the catalog says, without hashing them at every start.

`.verified.json` in the model's folder says which bytes were hashed: size, time of change and
sha256 of each file. A file that still has that size and time is taken as verified. The mark saves
time and is no defence: whoever can write it can write the model.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from device.models.catalog import ModelFile
from device.models.disk import private_fd, sha256_of

MARK = ".verified.json"


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with one file of a model, as a sentence."""

    file: str
    problem: str
    missing: bool = False


class _Mark(BaseModel):
    bytes: int
    mtime_ns: int
    sha256: str


class _Marks(BaseModel):
    files: dict[str, _Mark] = {}


def size_damage(folder: Path, file: ModelFile) -> Damage | None:
    """Look at a file's presence and size only: microseconds."""
    try:
        have = (folder / file.path).stat().st_size
    except FileNotFoundError:
        return Damage(file.path, f"{file.path} is missing", missing=True)
    if have != file.bytes:
        return Damage(file.path, f"{file.path} has {have} bytes where {file.bytes} are expected")
    return None


def quick_damage(folder: Path, file: ModelFile) -> Damage | None:
    """Look at a file's size, and hash it only when its mark does not vouch for it."""
    damage = size_damage(folder, file)
    if damage is not None or _read(folder).files.get(file.path) == _mark(folder, file):
        return damage
    return full_damage(folder, file)


def full_damage(
    folder: Path, file: ModelFile, progress: Callable[[int], None] | None = None
) -> Damage | None:
    """Hash a file, and set or clear its mark; tell `progress` the bytes read so far."""
    damage = size_damage(folder, file)
    if damage is None:
        mark = _mark(folder, file)
        got = sha256_of(folder / file.path, progress)
        if got == file.sha256:
            _set(folder, file.path, mark)
            return None
        damage = Damage(
            file.path, f"{file.path} has the sha256 {got} where {file.sha256} is expected"
        )
    _set(folder, file.path, None)
    return damage


def mark_verified(folder: Path, file: ModelFile) -> None:
    """Note that a file which has just landed was hashed on its way."""
    _set(folder, file.path, _mark(folder, file))


def _mark(folder: Path, file: ModelFile) -> _Mark:
    found = (folder / file.path).stat()
    return _Mark(bytes=found.st_size, mtime_ns=found.st_mtime_ns, sha256=file.sha256)


def _read(folder: Path) -> _Marks:
    try:
        return _Marks.model_validate_json((folder / MARK).read_bytes())
    except (OSError, ValidationError):
        return _Marks()  # none, or a broken one: the files are hashed again


def _set(folder: Path, name: str, mark: _Mark | None) -> None:
    files = {key: value for key, value in _read(folder).files.items() if key != name}
    if mark is not None:
        files[name] = mark
    temporary = folder / f"{MARK}.{os.getpid()}"
    try:
        with open(temporary, "wb", opener=private_fd) as file:
            file.write(_Marks(files=files).model_dump_json(indent=1).encode())
        temporary.replace(folder / MARK)
    except OSError:
        return  # a read-only or full disk: the next start hashes again, nothing else is lost
