"""Files that others wrote: opened for reading only, bounded, and decoded whatever they hold."""

import codecs
import io
import os
import re
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from context.importers.plain import flat
from context.importers.record import ImportFailed

_HALF = re.compile("[\udc80-\udcff]")
_MANY_BYTES = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@contextmanager
def opened(path: Path, most_bytes: int) -> Generator[tuple[BinaryIO, int]]:
    """A regular file and its size in bytes. Raises ImportFailed, also when reading fails later."""
    try:
        # without O_NONBLOCK, opening a pipe waits for whoever writes into it
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise failed(path, "it is a folder; give the file itself")
            if not stat.S_ISREG(status.st_mode):
                raise failed(path, "it is not a file with content")
            if status.st_size > most_bytes:
                raise failed(path, f"it is bigger than {size_words(most_bytes)}; split it first")
            yield file, status.st_size
    except FileNotFoundError:
        raise failed(path, "there is no such file") from None
    except IsADirectoryError:
        raise failed(path, "it is a folder; give the file itself") from None
    except OSError as error:
        raise failed(path, f"it can't be read ({error.strerror or 'the disk failed'})") from None
    except ValueError as error:
        if "null" not in str(error):
            raise
        raise failed(path, "that is not the name of a file") from None


def failed(path: Path, why: str) -> ImportFailed:
    """The error for the file `path`, named without its folder."""
    return ImportFailed(flat(path.name, 100) or "This", why)


def as_text(file: BinaryIO) -> TextIO:
    """The file's characters, to be read line by line; closing it closes the file too.

    Bytes that are not UTF-8 come as half characters, for `repaired` to put right.
    """
    start = file.read(4)
    file.seek(0)
    wide = start.startswith(_WIDE)
    encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
    return io.TextIOWrapper(file, encoding, errors)


def repaired(text: str) -> str:
    """Text out of `as_text`, without the half characters that bytes other than UTF-8 become.

    If no character is written in several bytes as UTF-8 has them, all of it is Western European.
    """
    if not _HALF.search(text):
        return text
    if _MANY_BYTES.search(text):
        return _HALF.sub("", text)
    data = text.encode(errors="surrogateescape")
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def decoded(data: bytes) -> str | None:
    """Text in UTF-8, in UTF-16 with its mark, or Western European; None if it is binary."""
    if data.startswith(_WIDE):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        return None
    return repaired(data.decode("utf-8-sig", errors="surrogateescape"))


def size_words(size_bytes: int) -> str:
    """2 MB."""
    million = 1_000_000
    return f"{size_bytes // million} MB" if size_bytes >= million else f"{size_bytes} bytes"
