"""Memories out of the vault into files that people and programs can read, and back in.

`export_lines` says what is in the file for programs. The export is not encrypted: a backup is
(see `context/transfer/backup.py`).
"""

import fcntl
import json
import os
import shutil
from array import array
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from context.errors import ContextError
from context.importers import nothing
from context.importers.files import failed, opened
from context.importers.record import Progress as BytesDone
from context.items import Item
from context.labels import Compartment, Place, place_name
from context.policy import Scope
from context.store import Store
from context.transfer import export_lines, export_markdown, staging
from context.transfer.exactly import Outcome
from context.transfer.export_lines import LONGEST_LINE_BYTES, LineRefused

JSONL: Final = "items.jsonl"
MARKDOWN: Final = "memories.md"
_UNFINISHED: Final = ".lapel-export"
_MOST_BYTES: Final = 1 << 40
_TOO_LONG: Final = "It is too long."

Progress = Callable[[int], None]
"""Called with how many items are done."""


class ExportFailed(ContextError):
    """Nothing was exported; the message says why and what to do."""


@dataclass(frozen=True)
class Exported:
    """What was written. locked: places that were left out because they are locked."""

    items: int
    jsonl: Path
    markdown: Path
    locked: int = 0


@dataclass(frozen=True)
class Imported:
    """How many items are new, and how many were there; what was refused, by line, and why."""

    new: int
    same: int
    refused: list[tuple[int, str]]


def nobody(done: int) -> None:
    """Tells nobody of the progress."""


def export_items(
    store: Store, scope: Scope, folder: Path, *, progress: Progress = nobody
) -> Exported:
    """Write what the scope opens into two new files in `folder`, which is made if missing.

    `items.jsonl` is for programs and can be imported, `memories.md` for people; only their owner
    may read them. Needs a scope to export to a file. Raises ExportFailed, also if one of the
    files is there already, and what the store raises; then neither is there.
    """
    items = store.each(scope)
    with _in_words(folder), _new_files(folder) as (jsonl, markdown):
        count = _write(items, jsonl, markdown, progress)
    locked = len(store.keyring.file_ids()) - len(store.keyring.names())
    return Exported(count, folder / JSONL, folder / MARKDOWN, locked)


def import_items(
    store: Store,
    scope: Scope,
    path: Path,
    *,
    progress: Progress = nobody,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Imported:
    """Put the items of an `items.jsonl` back exactly, each where it was.

    A line that is refused does not stop the others, and what is there already is left as it is,
    so that this may be called again. is_stopped: asked before each line; once it says so, the rest
    is left. Needs what `Store.restore_items` does; raises ImportFailed
    if the file is no export, and what the store raises.
    """
    refused: list[tuple[int, str]] = []
    given: deque[int] = deque()
    new = same = 0

    def items(file: BinaryIO) -> Iterator[Item]:
        for number, item in _items(path, file):
            if is_stopped():
                return
            if isinstance(item, Item):
                given.append(number)
                yield item
            else:
                refused.append((number, item))

    with opened(path, _MOST_BYTES) as (file, _):
        for outcome in store.restore_items(scope, items(file)):
            number = given.popleft()
            match outcome:
                case Outcome.NEW:
                    new += 1
                case Outcome.SAME:
                    same += 1
                case _:
                    refused.append((number, str(outcome)))
            progress(new + same + len(refused))
    return Imported(new, same, sorted(refused))


def compartments_in(path: Path) -> frozenset[Compartment]:
    """The compartments that an `items.jsonl` names, to ask for a scope that opens them.

    Raises ImportFailed if the file is no export.
    """
    return surveyed(path)[0]


def surveyed(
    path: Path,
    *,
    progress: BytesDone = nothing,
    is_stopped: Callable[[], bool] = lambda: False,
) -> tuple[frozenset[Compartment], int]:
    """The same, and how many lines `import_items` has to look at."""
    found: set[Compartment] = set()
    count = 0
    with opened(path, _MOST_BYTES) as (file, total):
        for _, item in _items(path, file):
            if is_stopped():
                break
            count += 1
            if isinstance(item, Item):
                found |= item.label.compartments
            progress(min(file.tell(), total), total)
    return frozenset(found), count


def _write(items: Iterable[Item], jsonl: BinaryIO, markdown: BinaryIO, progress: Progress) -> int:
    """Each place's lines, then its part of the other file, which is in the order of time."""
    count = 0
    jsonl.write(export_lines.first_line())
    markdown.write(export_markdown.TITLE.encode())
    for place, group in groupby(items, key=_place):
        starts, times = array("q"), array("d")
        for item in group:
            starts.append(jsonl.tell())
            times.append(item.captured_at.timestamp())
            jsonl.write(export_lines.line_of(item))
            count += 1
            progress(count)
        markdown.write(export_markdown.place_heading(place_name(place)).encode())
        last_day = ""
        order: list[int] = np.argsort(np.frombuffer(times), kind="stable").tolist()
        for index in order:
            jsonl.seek(starts[index])
            fields = json.loads(jsonl.readline())
            day = fields["captured_at"][:10]
            if day != last_day:
                markdown.write(export_markdown.day_heading(day).encode())
                last_day = day
            markdown.write(export_markdown.entry(fields).encode())
        jsonl.seek(0, os.SEEK_END)
    return count


def _place(item: Item) -> Place:
    return item.label.compartments


def _items(path: Path, file: BinaryIO) -> Iterator[tuple[int, Item | str]]:
    """By the number of its line each item, or why it is none. Raises ImportFailed."""
    version = export_lines.version_of(file.readline(1000))
    if version is None:
        raise failed(path, "it is not an export of memories (items.jsonl)")
    if version > export_lines.VERSION:
        raise failed(path, "a newer version of this program made it; update the program")
    for number, raw in _lines(file):
        if raw is None:
            yield number, _TOO_LONG
        elif raw.strip():
            try:
                yield number, export_lines.item_of(raw)
            except LineRefused as refused:
                yield number, str(refused)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Each line from the second on with its number; None in place of one that is too long."""
    number = 1
    while raw := file.readline(LONGEST_LINE_BYTES):
        number += 1
        whole = raw.endswith(b"\n") or len(raw) < LONGEST_LINE_BYTES
        yield number, raw if whole else None
        while not whole:
            rest = file.readline(LONGEST_LINE_BYTES)
            whole = rest.endswith(b"\n") or not rest


@contextmanager
def _new_files(folder: Path) -> Generator[tuple[BinaryIO, BinaryIO]]:
    """The two files, which get their names once all is on disk; on any failure there is neither.

    Until then they lie in a folder of their own, which a killed export leaves behind and the next
    one clears.
    """
    made = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = [folder / JSONL, folder / MARKDOWN]
    _refuse_existing(names)
    unfinished = folder / _UNFINISHED
    unfinished.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(unfinished, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ExportFailed(f"Another export into {folder} is going on: wait for it.") from None
        try:
            for left in unfinished.iterdir():
                left.unlink()
            parts = [unfinished / name.name for name in names]
            with _new_file(parts[0]) as jsonl, _new_file(parts[1]) as markdown:
                yield jsonl, markdown
            _refuse_existing(names)
            _name(parts, names)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
            if made:
                with suppress(OSError):  # it is not empty: the export is in it
                    folder.rmdir()
    finally:
        os.close(lock)


@contextmanager
def _new_file(path: Path) -> Generator[BinaryIO]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w+b") as file:
        yield file
        file.flush()
        os.fsync(descriptor)


def _name(parts: list[Path], names: list[Path]) -> None:
    """Give the finished files their names, both or neither."""
    done: list[Path] = []
    try:
        for part, name in zip(parts, names, strict=True):
            staging.claim(part, name)
            done.append(name)
    except OSError:
        for name in done:
            name.unlink()
        raise


def _refuse_existing(names: Iterable[Path]) -> None:
    for name in names:
        if name.exists() or name.is_symlink():
            raise ExportFailed(
                f"{name} is there already and is not overwritten: move it away, or choose another"
                " folder."
            )


@contextmanager
def _in_words(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise ExportFailed(
            f"Nothing was exported, as {folder} can't be written to ({error.strerror}): check the"
            " disk and who owns it."
        ) from None
