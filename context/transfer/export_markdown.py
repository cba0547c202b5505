"""Memories as Markdown, for people to read. Pure.

Texts are escaped, so that they look as they are: an imported note that holds an image's address
does not make whoever opens the file fetch it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from context.items import Provenance

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ANYWHERE: Final = re.compile(r"[\\`*_\[\]<>&~|$]")
_AT_START: Final = re.compile(r"([#+=:-]|(?<=\d)[.)])")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_SAID: Final = {
    Provenance.OWNER_SPOKE: "said by you",
    Provenance.OWNER_TYPED: "typed by you",
    Provenance.IMPORTED: "imported",
    Provenance.OTHER_SPEAKER: "said by somebody else",
    Provenance.OVERHEARD: "overheard",
    Provenance.TOOL_RESULT: "from a tool",
}

TITLE: Final = "# Memories\n\nBy compartment and day; times are UTC.\n"
"""What the file begins with."""


def place_heading(place: str) -> str:
    """What the memories of a place begin with."""
    return f"\n## {escaped(place)}\n"


def day_heading(day: str) -> str:
    """What the memories of a day begin with."""
    return f"\n### {day}\n\n"


def entry(fields: Mapping[str, Any]) -> str:
    """One memory as an item of a list, from the fields of its line in an export."""
    lines = [escaped(line) for line in _LINE_END.split(fields["text"])]
    lines.append(f"*{'; '.join(_known(fields))}*")
    time = fields["captured_at"][11:16]
    return f"- **{time}** " + "\\\n  ".join(lines) + "\n"


def escaped(line: str) -> str:
    """One line of text such that Markdown shows it as it is, but for space around it."""
    line = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", line).strip()
    line = _ANYWHERE.sub(r"\\\g<0>", line)
    start = re.match(r"\d*", line)
    at = start.end() if start else 0
    if _AT_START.match(line, at):
        line = f"{line[:at]}\\{line[at:]}"
    return line


def _known(fields: Mapping[str, Any]) -> list[str]:
    """What is known of a memory besides its text."""
    said = _SAID[Provenance(fields["provenance"])]
    who, source = fields["speaker"], fields["source"]
    known = [f"{said} ({escaped(who)})" if who else said]
    if source:
        known.append(f"from {escaped(source)}")
    if fields["valid_from"]:
        known.append(f"true from {_minute(fields['valid_from'])}")
    if fields["valid_until"]:
        known.append(f"true until {_minute(fields['valid_until'])}")
    if fields["expires_at"]:
        known.append(f"kept until {_minute(fields['expires_at'])}")
    if fields["pinned"]:
        known.append("pinned")
    if fields["parents"]:
        known.append(f"derived from {len(fields['parents'])} others")
    return [_LINE_END.sub(" ", each) for each in known]


def _minute(iso: str) -> str:
    return iso[:16].replace("T", " ")
