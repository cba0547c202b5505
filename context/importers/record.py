"""What an importer gives, and how it fails."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from context.errors import LapelError

Progress = Callable[[int, int], None]
"""Called with what is done and the total, both in bytes; the last call has both equal."""

BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What libraries have been seen to raise on nonsense, beside their own errors.

Caught only around a library's work on one entry: then it is the entry that is skipped.
"""


class Kind(StrEnum):
    """What a file holds."""

    NOTES = "notes"
    VCARD = "vcard"
    ICALENDAR = "icalendar"
    MBOX = "mbox"


@dataclass(frozen=True)
class Record:
    """One thing to remember out of a file.

    uid: names the entry, the same at every import of the same source, so that a changed entry
    has the uid it had and another text; the kind and a digest, so that it says nothing itself.
    text: plain text on one line, without control characters, to be spoken or searched.
    captured_at: when it was written or last changed. valid_from, valid_until: when it begins to
    be so and when it ends. All aware, or None if the source doesn't say. speaker: whose words.
    file: the path, within a folder that is imported, of the file it is in; None for a single one.
    """

    uid: str
    text: str
    captured_at: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    speaker: str | None = None
    file: str | None = None


@dataclass(frozen=True)
class Skipped:
    """An entry that was left out. where: such as "entry 12", or a file's path within a folder.

    reason: a sentence. Neither quotes anything that a file holds.
    """

    where: str
    reason: str


class ImportFailed(LapelError):
    """A file can't be imported at all; `why` is the part of the sentence without its name."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} can't be imported: {why}.")
        self.why = why
