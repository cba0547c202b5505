"""The file of a backup: a zip archive whose members say nothing to whoever lacks the passphrase.

`backup.json`, in plain: the format, and what stretching the passphrase takes. `manifest`, sealed
under the stretched passphrase: which place each other member is, its key and its digest. `0`,
`1`, …: the places' files, encrypted as they are in the vault. So the number and sizes of places
can be seen, and nothing can be changed unnoticed.
"""

import errno
import hashlib
import os
import secrets
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from context import keys
from context.errors import ContextError
from context.keys import DEFAULT_COST, KEY_BYTES, Argon2, WrongKey
from context.keys.key_header import FileKey

VERSION: Final = 1
FEWEST_IN_PASSPHRASE: Final = 8
MOST_IN_PASSPHRASE: Final = 1024
_ABOUT: Final = "lapel backup"
_PLAIN, _SEALED = "backup.json", "manifest"
_PADDED_TO: Final = 1024
_MOST_MANIFEST_BYTES: Final = 64 << 20
_CHUNK_BYTES: Final = 1 << 20
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
# What zipfile has been seen to raise on an archive that was edited.
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class BackupUnusable(ContextError):
    """A backup that can't be read: damaged, not one, or not with this passphrase."""


class PassphraseRefused(ContextError, ValueError):
    """A text that can't be a passphrase; the message never quotes it."""


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )


class _Plain(_Part):
    format: Literal["lapel backup"] = _ABOUT
    version: Literal[1] = VERSION
    salt: bytes
    argon2: Argon2

    def sealing(self, passphrase: str) -> bytes:
        """The key of the manifest."""
        return keys.stretch(passphrase, self.salt, self.argon2)

    def about(self) -> bytes:
        """What the manifest is bound to."""
        return self.model_dump_json().encode()


class Entry(_Part):
    """A place in a backup, the key of its file, and what is in it."""

    member: str
    place: str
    key: bytes = Field(min_length=KEY_BYTES, max_length=KEY_BYTES, repr=False)
    sha256: bytes
    size_bytes: int = Field(ge=0)
    items: int = Field(ge=0)


class Manifest(_Part):
    """What is in a backup."""

    made_at: datetime
    places: tuple[Entry, ...]


class Writer:
    """Writes a backup into an open, empty file; used in a `with` statement."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._entries: list[Entry] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, place: str, key: FileKey, copy: Path, items: int) -> None:
        """Put in the copy of a place's file."""
        digest, size_bytes, member = hashlib.sha256(), 0, str(len(self._entries))
        with (
            copy.open("rb") as source,
            self._zip.open(_member(member), "w", force_zip64=True) as target,
        ):
            while chunk := source.read(_CHUNK_BYTES):
                digest.update(chunk)
                size_bytes += len(chunk)
                target.write(chunk)
        self._entries.append(
            Entry(
                member=member,
                place=place,
                key=key.key,
                sha256=digest.digest(),
                size_bytes=size_bytes,
                items=items,
            )
        )

    def finish(self, made_at: datetime, passphrase: str, argon2: Argon2 = DEFAULT_COST) -> None:
        """Seal what was put in. passphrase: as `checked` gives it."""
        plain = _Plain(salt=secrets.token_bytes(16), argon2=argon2)
        manifest = Manifest(made_at=made_at, places=tuple(self._entries))
        data = manifest.model_dump_json().encode()
        padded = data + b" " * (-len(data) % _PADDED_TO)
        sealed = keys.wrap(padded, plain.sealing(passphrase), plain.about())
        self._zip.writestr(_member(_SEALED), sealed)
        self._zip.writestr(_member(_PLAIN), plain.model_dump_json())


@dataclass(frozen=True)
class Reader:
    """An open backup, nothing of which is believed but what the manifest vouches for."""

    _path: Path
    _zip: zipfile.ZipFile

    def unseal(self, passphrase: str) -> Manifest:
        """What is in it. passphrase: as `checked` gives it. Raises BackupUnusable."""
        with _in_words(self._path):
            plain = self._plain()
            sealed = self._bytes(_SEALED, _MOST_MANIFEST_BYTES)
        try:
            manifest = keys.unwrap(sealed, plain.sealing(passphrase), plain.about())
        except WrongKey:
            raise BackupUnusable(
                f"That is not the passphrase of {self._path.name}, or somebody has edited the"
                " file: nothing was changed."
            ) from None
        try:
            return Manifest.model_validate_json(manifest)
        except ValidationError:
            raise damaged(self._path) from None

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """A place's file, the same to the byte that was put in.

        Raises BackupUnusable, perhaps only at the end: until then nothing is certain.
        """
        digest, left = hashlib.sha256(), entry.size_bytes
        with _in_words(self._path):
            source = self._zip.open(_stored(self._zip, entry.member))
        with source:
            while chunk := self._read(source):
                digest.update(chunk)
                left -= len(chunk)
                if left < 0:
                    raise damaged(self._path)
                yield chunk
        if left or digest.digest() != entry.sha256:
            raise damaged(self._path)

    def _read(self, source: IO[bytes]) -> bytes:
        with _in_words(self._path):
            return source.read(_CHUNK_BYTES)

    def _plain(self) -> _Plain:
        data = self._bytes(_PLAIN, 10_000)
        try:
            version = _Version.model_validate_json(data).version
            if version > VERSION:
                raise BackupUnusable(
                    f"{self._path.name} was made by a newer version of this program: update the"
                    " program."
                )
            return _Plain.model_validate_json(data)
        except ValidationError:
            raise damaged(self._path) from None

    def _bytes(self, member: str, most: int) -> bytes:
        with self._zip.open(_stored(self._zip, member)) as file:
            return file.read(most)


class _Version(BaseModel):
    version: int


@contextmanager
def reading(path: Path) -> Generator[Reader]:
    """The backup at `path`, while it is open. Raises BackupUnusable."""
    with ExitStack() as stack:
        with _in_words(path):
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
            file = stack.enter_context(os.fdopen(os.open(path, flags), "rb"))
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise damaged(path)
            archive = stack.enter_context(zipfile.ZipFile(file))
        yield Reader(path, archive)


def checked(passphrase: str) -> str:
    """A passphrase as it is stretched, however it was typed. Raises PassphraseRefused."""
    normal = unicodedata.normalize("NFKC", passphrase)
    halves = any(unicodedata.category(character) == "Cs" for character in normal)
    if halves or not FEWEST_IN_PASSPHRASE <= len(normal) <= MOST_IN_PASSPHRASE:
        raise PassphraseRefused(
            f"A passphrase has at least {FEWEST_IN_PASSPHRASE} characters: choose another, such as"
            " five random words."
        )
    return normal


def damaged(path: Path) -> BackupUnusable:
    """What to raise when a backup is not as it was written."""
    return BackupUnusable(
        f"{path.name} is not a backup of this program, or it was cut off or damaged: use another"
        " copy. Nothing was changed."
    )


def _member(name: str) -> zipfile.ZipInfo:
    """Without the time and the rights that zip would note."""
    info = zipfile.ZipInfo(name, _EARLIEST)
    info.external_attr = 0o600 << 16
    return info


def _stored(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """A member that is not compressed, so that it is not bigger than the archive. ValueError."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError
    return info


@contextmanager
def _in_words(path: Path) -> Generator[None]:
    try:
        yield
    except _BROKEN:
        raise damaged(path) from None
    except OSError as error:
        if error.errno in (None, errno.EINVAL):  # as when it points to before its own beginning
            raise damaged(path) from None
        raise BackupUnusable(
            f"{path.name} can't be read ({error.strerror}): check its name and the disk."
        ) from None
