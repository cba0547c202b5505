"""Notes: plain text and Markdown, a paragraph or list item a record, under its headings.

What a record is: a paragraph; a short list, its items together, with the paragraph that
introduces it; each item of a list of longer ones; a row of a table, with the names of its
columns. A text longer than 2,000 characters is several records. Each begins with the headings it
stands under, or the name of the note if there are none.

What a record's uid is made of: the note's path within what is imported, its headings, and how
the paragraph begins (the words before a colon, else the first four), counted if several begin
alike. So reading a note again adds nothing; what is put in, moved within a section or taken out
elsewhere changes no other uid; and a paragraph that is changed after its beginning keeps its
uid. A new beginning, another heading or another file name make a new entry; the old one is one
whose uid no longer comes.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path

from context.importers.files import decoded, failed, opened
from context.importers.note_blocks import Block, markdown_blocks, text_blocks
from context.importers.plain import cut, flat, folded, pieces, uid_of
from context.importers.record import BROKEN, ImportFailed, Progress, Record, Skipped

MOST_BYTES = 2_000_000
"""The largest note that is read."""

LONGEST = 2_000
"""The most characters of a record."""

MARKDOWN = (".md", ".markdown")
SUFFIXES = (".txt", *MARKDOWN)

_CONTEXT = 200
_LONGEST_NAME = 200


def read(path: Path, zone: tzinfo, progress: Progress) -> Iterator[Record | Skipped]:
    """The notes of a file, or of all files in a folder; as `context.importers.read` says."""
    if not path.is_dir():
        size = _size(path)
        yield from _note(path, path.name, zone, lambda share: progress(int(share * size), size))
        progress(size, size)
        return
    notes = sorted(_notes_in(path))
    if not notes:
        raise failed(path, f"there is no note in it ({', '.join(SUFFIXES)})")
    sizes = [_size(note) for note in notes]
    done, total, root = 0, sum(sizes), path.resolve()
    for note, size in zip(notes, sizes, strict=True):
        name, before = note.relative_to(path).as_posix(), done

        def told(share: float, before: int = before, size: int = size) -> None:
            progress(before + int(share * size), total)

        if note.is_symlink() and not note.resolve().is_relative_to(root):
            yield Skipped(_shown(name), "It is a link out of the folder.")
        else:
            try:
                for record in _note(note, name, zone, told):
                    yield replace(record, file=_shown(name))
            except ImportFailed as failure:
                yield Skipped(_shown(name), f"It can't be imported: {failure.why}.")
        done += size
        progress(done, total)
    progress(total, total)


def _notes_in(folder: Path) -> Iterator[Path]:
    """The notes in a folder and below, without what is hidden; links to folders lead nowhere."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and name.lower().endswith(SUFFIXES):
                yield Path(parent, name)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # opening it says why
        return 0


def _shown(name: str) -> str:
    return flat(name, _LONGEST_NAME)


def _note(path: Path, name: str, zone: tzinfo, told: Callable[[float], None]) -> Iterator[Record]:
    """The records of one file. told: called with the share of them that is done, 0 to 1."""
    with opened(path, MOST_BYTES) as (file, _):
        data = file.read(MOST_BYTES + 1)[:MOST_BYTES]
        written = _moment(os.fstat(file.fileno()).st_mtime, zone)
    text = decoded(data)
    if text is None:
        raise failed(path, "it is not text")
    try:
        blocks = markdown_blocks(text) if path.suffix.lower() in MARKDOWN else text_blocks(text)
    except BROKEN:
        raise failed(path, "it can't be understood as a note") from None
    yield from records(_telling(blocks, told), name, written)


def _telling(blocks: list[Block], told: Callable[[float], None]) -> Iterator[Block]:
    for number, block in enumerate(blocks, 1):
        yield block
        told(number / len(blocks))


def records(blocks: Iterable[Block], name: str, written: datetime | None) -> Iterator[Record]:
    """The records of a note's blocks. name: its path within what is imported, with "/"."""
    alike: Counter[tuple[str, ...]] = Counter()
    stem = flat(Path(name).stem, _CONTEXT)
    for block in blocks:
        text = flat(block.text)
        if not text:
            continue
        place = (name, *map(folded, block.headings), block.name)
        alike[place] += 1
        context = cut(", ".join(block.headings) or stem, _CONTEXT)
        lead = f"{context}: " if context else ""
        for number, piece in enumerate(pieces(text, LONGEST - len(lead))):
            uid = uid_of("notes", *place, str(alike[place]), str(number))
            yield Record(uid, lead + piece, captured_at=written)


def _moment(time_s: float, zone: tzinfo) -> datetime | None:
    try:
        return datetime.fromtimestamp(time_s, zone)
    except (ValueError, OverflowError, OSError):
        return None
