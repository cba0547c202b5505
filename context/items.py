"""One thing remembered, who said it, and what makes two texts the same."""

import hashlib
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from context.errors import TextRefused
from context.labels import Label, Trust

LONGEST_TEXT_BYTES = 1_000_000
"""The longest text of an item, in bytes of UTF-8."""


class Provenance(StrEnum):
    """How a text reached the assistant."""

    OWNER_SPOKE = "owner_spoke"
    OWNER_TYPED = "owner_typed"
    IMPORTED = "imported"
    OTHER_SPEAKER = "other_speaker"
    OVERHEARD = "overheard"
    TOOL_RESULT = "tool_result"

    @property
    def trust(self) -> Trust:
        """How far a text that came this way is believed."""
        return _TRUST[self]


_TRUST = {
    Provenance.OWNER_SPOKE: Trust.OWNER,
    Provenance.OWNER_TYPED: Trust.OWNER,
    Provenance.IMPORTED: Trust.IMPORTED,
    Provenance.OTHER_SPEAKER: Trust.OTHER_SPEAKER,
    Provenance.OVERHEARD: Trust.OVERHEARD,
    Provenance.TOOL_RESULT: Trust.TOOL_RESULT,
}


class Consent(StrEnum):
    """Whether somebody else, whose words or life it is, agreed to its being kept."""

    NOT_NEEDED = "not_needed"
    GIVEN = "given"
    UNKNOWN = "unknown"
    REFUSED = "refused"  # such a text is never stored


@dataclass(frozen=True)
class About:
    """What is known of an item besides its text. Times are aware, UTC.

    recorded_at: when it was stored. valid_from, valid_until: when it is, or was, true; after
    valid_until it is listed but answers nothing. expires_at: from then on it is unreadable, and it
    is erased soon after. speaker: whose voice said it, sure: 0 to 1, how sure that is. source:
    the file it was imported from, uid: its name there, so that a second import adds nothing.
    pinned: kept whatever the retention says. parents: ids of what it was derived from; it is
    erased with any of them.
    """

    recorded_at: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    expires_at: datetime | None = None
    speaker: str | None = None
    sure: float = 1.0
    source: str | None = None
    uid: str | None = None
    pinned: bool = False
    consent: Consent = Consent.NOT_NEEDED
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """One thing remembered.

    id: 32 hexadecimal digits, random. captured_at: when it was last said, aware, UTC.
    label: the compartments it came from and the trust of its provenance.
    """

    id: str
    text: str
    label: Label
    captured_at: datetime
    provenance: Provenance
    about: About = field(default_factory=About)


@dataclass(frozen=True)
class Recalled:
    """An item found for a query. score: 0 to 1, comparable only within one `recall`."""

    item: Item
    score: float


def check_text(text: str) -> None:
    """Raise TextRefused, without quoting it, unless `text` can be an item's text."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise TextRefused("That can't be remembered: it holds half of a character.") from None
    if not text.strip():
        raise TextRefused("There is nothing to remember: the text is empty.")
    if size > LONGEST_TEXT_BYTES:
        raise TextRefused(
            f"That is too long to remember: {size} bytes, and the most is {LONGEST_TEXT_BYTES}."
        )


def sameness(text: str) -> bytes:
    """16 bytes, equal for texts that differ only in case, spacing and a final full stop."""
    words = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.blake2b((words.rstrip(".! ") or words).encode(), digest_size=16).digest()
