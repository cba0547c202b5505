"""Mail: one record a message of an mbox file, read as a stream however large it is.

The messages are cut apart here and parsed by `email`. `mailbox.mbox` opens files for writing,
reads a line of any length whole and goes through all of the file before its first message.
"""

import email
import email.policy
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from email.errors import MessageError
from email.headerregistry import BaseHeader
from email.message import EmailMessage
from pathlib import Path
from typing import Any, BinaryIO

from context.importers.files import failed, opened
from context.importers.html_text import html_text
from context.importers.plain import cut, ended, flat, uid_of
from context.importers.record import BROKEN, Progress, Record, Skipped
from context.importers.when import day_words

MOST_BYTES = 64_000_000_000
"""The largest file that is read."""

_BODY = 4_000
_SUBJECT = 300
_NAME = 80
_MOST_NAMES = 3

# Of a message, so much is looked at: its text comes before its attachments.
_KEPT_BYTES = 1_000_000
_KEPT_LINES = 20_000
_LONGEST_READ = 65_536
_LONGEST_HEADER = 2_000
_MOST_PARTS = 100  # nested deeper, each line is compared with the boundaries of all levels

_BEGINS = re.compile(rb"From (?:.*\d\d:\d\d|-|\s*$)")
_SURELY_BEGINS = re.compile(rb"From \S+ +[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d")
_QUOTED_FROM = re.compile(rb">+From ")
_NESTING = re.compile(rb"boundary[\s*\d]{0,20}=|content-type:\s{0,20}message/", re.IGNORECASE)
_DELETED = 0x8  # in X-Mozilla-Status, until the folder is compacted

_LINE_START = 300  # characters of a line that tell what it is
_QUOTE = re.compile(r"\s*>")
_CUT = re.compile(r"--\s*$|-{2,}\s*original message\s*-{2,}\s*$", re.IGNORECASE)
_RULE = re.compile(r"_{20,}\s*$")  # Outlook's, before the header of what is answered
_HEADER_LINE = re.compile(r"(?:From|Von|De|Da):\s")
_DEVICE = re.compile(r"(?:sent from my|get outlook for) [\w ]{2,40}\.?\s*$", re.IGNORECASE)
_ATTRIBUTION = re.compile(
    r"\s*(?:On|Am|Le|El)\b.{4,250}(?:wrote|schrieb|écrit|escribió)\b.{0,80}:\s*$"
)


def read(path: Path, zone: tzinfo, progress: Progress) -> Iterator[Record | Skipped]:
    """The messages of a file; as `context.importers.read` says."""
    with opened(path, MOST_BYTES) as (file, total):
        for number, data in enumerate(_messages(file), 1):
            if data is None:
                raise failed(path, "it is not an mbox of mail")
            yield _record(data, f"entry {number}", zone)
            progress(min(file.tell(), total), total)
        progress(total, total)


@dataclass
class _Message:
    """As much of a message as is looked at."""

    lines: list[bytes] = field(default_factory=list[bytes])
    size: int = 0

    def take(self, line: bytes) -> None:
        if self.size + len(line) <= _KEPT_BYTES and len(self.lines) < _KEPT_LINES:
            self.lines.append(line[1:] if _QUOTED_FROM.match(line) else line)
        self.size += len(line)


def _messages(file: BinaryIO) -> Iterator[bytes | None]:
    """The beginnings of all messages; None if what comes first is not the start of one."""
    message: _Message | None = None
    new_line = after_blank = True
    while line := file.readline(_LONGEST_READ):
        blank = new_line and not line.strip()
        if new_line and ((after_blank and _BEGINS.match(line)) or _SURELY_BEGINS.match(line)):
            if message is not None:
                yield b"".join(message.lines)
            message = _Message()
        elif message is not None:
            message.take(line)
        elif not blank:
            yield None
        new_line = line.endswith(b"\n")
        after_blank = blank
    if message is not None:
        yield b"".join(message.lines)


def _short_header(name: str, value: str) -> BaseHeader:
    return email.policy.default.header_factory(name, value[:_LONGEST_HEADER])


_POLICY = email.policy.default.clone(header_factory=_short_header)


def _record(data: bytes, where: str, zone: tzinfo) -> Record | Skipped:
    if len(_NESTING.findall(data)) > _MOST_PARTS:
        return Skipped(where, "It is nested too deep.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            message = email.message_from_bytes(data, policy=_POLICY)
            deleted = int(_header(message, "x-mozilla-status") or "0", 16) & _DELETED
        except (*BROKEN, MessageError):
            return Skipped(where, "It is not a well-formed message.")
        if deleted:
            return Skipped(where, "It was deleted in the mail program.")
        sender, moment = (_people(message, "from") or [""])[0], _moment(message, zone)
        subject, body = flat(_header(message, "subject"), _SUBJECT), _body(message)
        recipients = _people(message, "to")
        own = flat(_header(message, "message-id"))
    if not sender and not recipients and not subject:
        return Skipped(where, "It has neither a sender nor a subject.")
    said = [f"From {sender or 'someone'}{_to(recipients)}"]
    if moment:
        said.append(day_words(moment))
    if subject:
        said.append(f"subject {subject}")
    text = f"{', '.join(said)}: {body}" if body else ended(", ".join(said))
    uid = uid_of("mbox", own or f"{sender} {_header(message, 'date')} {subject} {body}")
    return Record(uid, text, captured_at=moment, speaker=sender or None)


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (*BROKEN, MessageError):
        return ""


def _people(message: EmailMessage, name: str) -> list[str]:
    """Who a header names: names, or addresses where there is none."""
    try:
        header: Any = message.get(name)
        people = header.addresses if header is not None else ()
        named = [flat(person.display_name or person.addr_spec, _NAME) for person in people]
    except (*BROKEN, MessageError):
        return []
    return [name for name in named if name not in ("", "<>")]


def _to(people: list[str]) -> str:
    if not people:
        return ""
    named, others = people[:_MOST_NAMES], len(people) - _MOST_NAMES
    if others > 0:
        return f" to {', '.join(named)} and {others} other{'s' if others > 1 else ''}"
    return f" to {' and '.join((', '.join(named[:-1]), named[-1])).removeprefix(' and ')}"


def _moment(message: EmailMessage, zone: tzinfo) -> datetime | None:
    try:
        header: Any = message.get("date")
        moment = header.datetime if header is not None else None
        if not isinstance(moment, datetime):
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone)
    except (*BROKEN, MessageError):
        return None


def _body(message: EmailMessage) -> str:
    """What its sender wrote, on one line: the plain text, else the HTML's."""
    for form in ("plain", "html"):
        try:
            part = message.get_body((form,))
            content = None if part is None else _content(part)
        except (*BROKEN, MessageError):
            content = None
        if content is None:
            continue
        text = html_text(content, quotes=False) if form == "html" else content
        if body := flat(own_words(text)):
            return cut(body, _BODY)
    return ""


def _content(part: Any) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # a character set that nobody knows
        data = part.get_payload(decode=True)
        return data.decode(errors="replace") if isinstance(data, bytes) else ""


def own_words(text: str) -> str:
    """A message without its signature, the message it answers, and what it quotes."""
    kept: list[str] = []
    lines = text[: 16 * _BODY].splitlines()
    for number, line in enumerate(lines):
        start = line[:_LINE_START]
        if _CUT.match(start) or (_RULE.match(start) and _header_follows(lines[number + 1 :][:3])):
            break
        if _QUOTE.match(start):
            _drop_attribution(kept)
        elif not _DEVICE.match(start):
            kept.append(line)
    _drop_attribution(kept)
    return "\n".join(kept)


def _header_follows(lines: list[str]) -> bool:
    return any(map(_HEADER_LINE.match, lines))


def _drop_attribution(lines: list[str]) -> None:
    """Take "On 3 March Anna wrote:" off the end, which mail programs fold in two."""
    _drop_blank(lines)
    for count in (1, 2):
        if _ATTRIBUTION.match(" ".join(line[:_LINE_START] for line in lines[-count:])):
            del lines[-count:]
            _drop_blank(lines)
            return


def _drop_blank(lines: list[str]) -> None:
    while lines and not lines[-1].strip():
        lines.pop()
