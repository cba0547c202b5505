"""The lines of the audit log: sealed with a key, chained to one another, free of anyone's words.

Pure. A line is canonical JSON that ends in an HMAC-SHA256 of the rest of it; the rest names the
MAC of the line before, so that none can be edited, left out, put in or moved without the key.
"""

import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from context.errors import ContextError, StoreUnusable


class AuditEvent(StrEnum):
    """What happened."""

    RECALL = "recall"
    LIST = "list"
    REMEMBER = "remember"
    FORGET = "forget"
    UNDO = "undo"
    ERASE = "erase"
    REAP = "reap"
    SUPERSEDE = "supersede"
    GRANT = "grant"
    REVOKE = "revoke"
    DENY = "deny"
    UNLOCK = "unlock"
    LOCK = "lock"
    PIN = "pin"
    EXPORT = "export"
    IMPORT = "import"
    BACKUP = "backup"
    RESTORE = "restore"
    PROMPT = "prompt"
    MOVE = "move"
    REPAIR = "repair"
    PANIC = "panic"
    MICROPHONE = "microphone"
    EGRESS = "egress"  # a tool reached for the network, and was let out or not


class Damage(StrEnum):
    """What is wrong with a log."""

    EDITED = "edited"  # or put in by somebody who has not the key
    DELETED = "deleted"
    INSERTED = "inserted"  # a copy of an earlier line
    REORDERED = "reordered"
    REPLACED = "replaced"  # by a line of another log under the same key
    TRUNCATED = "truncated"
    TORN = "torn"  # the last line has no end, as after a power loss
    HEAD = "head"  # what says where the log ends


_KEEP: Final = (
    ": move audit.jsonl and audit.jsonl.head elsewhere, as evidence; then a new log begins."
)
_SENTENCES: Final = {
    Damage.EDITED: "Line {line} of the audit log was edited, or the key is another" + _KEEP,
    Damage.DELETED: "Line {line} of the audit log was deleted" + _KEEP,
    Damage.INSERTED: "Line {line} of the audit log is a copy of an earlier one" + _KEEP,
    Damage.REORDERED: "Line {line} of the audit log stands in another's place" + _KEEP,
    Damage.REPLACED: "Line {line} of the audit log is that of another log" + _KEEP,
    Damage.TRUNCATED: "The audit log was cut off before line {line}" + _KEEP,
    Damage.TORN: "Line {line}, the last of the audit log, is torn, as after a power loss: it is cut"
    " off when the log is next opened.",
    Damage.HEAD: "What says where the audit log ends is missing or was edited, or the key is"
    " another" + _KEEP,
}


class AuditBroken(ContextError):
    """The log is not as it was written. line: the first that is wrong or missing, from 1 on."""

    def __init__(self, damage: Damage, line: int) -> None:
        super().__init__(_SENTENCES[damage].format(line=line))
        self.damage = damage
        self.line = line


Fact = int | str | bool | list[str]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST: Final = 2**63
_CODE: Final = re.compile(r"(?=.{1,40}\Z)[a-z]+(?:_[a-z]+)*")
_HEX: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{128}")
_SEAL: Final = ',"mac":"{}"}}\n'
_SEAL_BYTES: Final = len(_SEAL.format("0" * 64))
_HEAD_KIND: Final = b"head "


@dataclass(frozen=True)
class Head:
    """The last record of a log, which stands for all of it; written `seq:mac`."""

    seq: int
    mac: str

    @classmethod
    def parse(cls, text: str) -> "Head":
        """The head written `text`. Raises ValueError."""
        match = re.fullmatch(r"(0|[1-9][0-9]{0,18}):([0-9a-f]{64})", text)
        if match is None:
            raise ValueError("That is not the head of an audit log: it is a number, ':' and a MAC.")
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.seq}:{self.mac}"


START: Final = Head(0, "0" * 64)
"""The head of a log without records."""


@dataclass(frozen=True)
class Line:
    """A line that follows from what is before it. body: what it says, as JSON."""

    raw: bytes
    head: Head
    body: dict[str, Any]


@dataclass(frozen=True)
class Record:
    """What one line says. at: UTC, by the clock of that moment, which may have been wrong."""

    seq: int
    at: datetime
    event: AuditEvent
    facts: Mapping[str, Fact]
    mac: str


def since_epoch_us(moment: datetime) -> int:
    """Microseconds since 1970. Raises ValueError for a naive time."""
    if moment.utcoffset() is None:
        raise ValueError("A time without its time zone says nothing in an audit log.")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def at(line: Line) -> datetime:
    """When a line was written, by the clock of that moment."""
    return _EPOCH + timedelta(microseconds=line.body["at_us"])


def record(line: Line) -> Record:
    """What a line says. Raises StoreUnusable if it names an event of a newer version."""
    body = line.body
    try:
        event = AuditEvent(body["event"])
    except ValueError:
        raise StoreUnusable(
            f"Line {line.head.seq} of the audit log is of a newer version of this program: update"
            " the program."
        ) from None
    return Record(line.head.seq, at(line), event, body["facts"], line.head.mac)


def check_facts(facts: Mapping[str, Fact]) -> None:
    """Raise ValueError, without quoting anything, if one of `facts` could be somebody's words."""
    for name, fact in facts.items():
        if not _is_code(name):
            raise ValueError("A fact in the audit log is named by lower-case words joined by '_'.")
        if not _is_plain(fact) and not (isinstance(fact, list) and all(map(_is_text, fact))):
            raise ValueError(
                f"The audit log takes counts, codes, ids and digests, and {name} is none of them."
            )


def next_line(
    key: bytes, head: Head, event: AuditEvent, at_us: int, facts: Mapping[str, Fact]
) -> tuple[bytes, Head]:
    """The line that comes after `head`, and the head it makes."""
    line, mac = _seal(
        key,
        {
            "seq": head.seq + 1,
            "at_us": at_us,
            "event": AuditEvent(event).value,
            "facts": dict(facts),
            "prev": head.mac,
        },
    )
    return line, Head(head.seq + 1, mac)


def chain(raw_lines: Iterable[bytes], key: bytes, head: Head) -> Iterator[Line]:
    """The lines, as long as each follows from the one before, the first from `head`.

    Raises AuditBroken at the first that does not. A line ends in a line feed, else it is torn.
    """
    lines = iter(raw_lines)
    for raw in lines:
        if not raw.endswith(b"\n"):
            raise AuditBroken(Damage.TORN, head.seq + 1)
        body = _unseal(key, raw)
        if body is None or body["prev"] != head.mac:
            raise AuditBroken(_damage(body, head.seq + 1, key, lines), head.seq + 1)
        head = Head(head.seq + 1, _mac_of(raw))
        yield Line(raw, head, body)


def seal_head(key: bytes, head: Head, end_bytes: int) -> bytes:
    """What is kept beside the log: that it leads to `head`, in so many bytes."""
    return _seal(key, {"end_bytes": end_bytes, "head": str(head)}, _HEAD_KIND)[0]


def unseal_head(key: bytes, sealed: bytes) -> tuple[Head, int] | None:
    """What `seal_head` sealed; None if the key did not seal it."""
    body = _unseal(key, sealed, _HEAD_KIND)
    return None if body is None else (Head.parse(body["head"]), body["end_bytes"])


def _damage(body: dict[str, Any] | None, wanted: int, key: bytes, later: Iterable[bytes]) -> Damage:
    """Why a line that says `body` (None: nothing that the key sealed) stands as the `wanted`th."""
    if body is None:
        return Damage.EDITED
    if body["seq"] < wanted:
        return Damage.INSERTED
    if body["seq"] == wanted:
        return Damage.REPLACED
    bodies = (_unseal(key, raw) for raw in later)
    moved = any(each is not None and each["seq"] == wanted for each in bodies)
    return Damage.REORDERED if moved else Damage.DELETED


def _seal(key: bytes, body: dict[str, Any], kind: bytes = b"") -> tuple[bytes, str]:
    rest = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    mac = _mac(key, kind, rest)
    return rest[:-1] + _SEAL.format(mac).encode(), mac


def _unseal(key: bytes, raw: bytes, kind: bytes = b"") -> dict[str, Any] | None:
    """What a line says, if it is to the byte what `_seal` made; else not even parsed, and None."""
    start = raw[:-_SEAL_BYTES]
    mac = _mac(key, kind, start + b"}")
    if not hmac.compare_digest(raw, start + _SEAL.format(mac).encode()):
        return None
    return json.loads(start + b"}")


def _mac(key: bytes, kind: bytes, rest: bytes) -> str:
    """`kind` begins otherwise than JSON does, so that one kind never passes for another."""
    return hmac.digest(key, kind + rest, "sha256").hex()


def _mac_of(raw: bytes) -> str:
    return raw[-len('"}\n') - 64 : -len('"}\n')].decode()


def _is_plain(fact: object) -> bool:
    if isinstance(fact, int):
        return -_LARGEST <= fact < _LARGEST
    return _is_text(fact)


def _is_text(fact: object) -> bool:
    return isinstance(fact, str) and (_is_code(fact) or _HEX.fullmatch(fact) is not None)


def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None
