"""The lines of an export, which any program can read and write. Pure.

An export is UTF-8 text, one JSON object per line. The first line is
`{"format": "lapel items", "version": 1}`; each other line is one item, and has all of these keys:

| key          | value                                                                           |
|--------------|---------------------------------------------------------------------------------|
| id           | its random name: 1 to 64 letters, digits, `-`, `_`, `:` and `.`                 |
| text         | the words, exactly; up to 1,000,000 bytes of UTF-8                              |
| compartments | what it belongs to, sorted, such as `["owner/general"]`; nearly always one      |
| captured_at  | when it was last said                                                           |
| provenance   | `owner_spoke`, `owner_typed`, `imported`, `other_speaker`, `overheard` or       |
|              | `tool_result`; how far it is trusted follows from this                          |
| recorded_at  | when it was stored                                                              |
| valid_from   | from when on it is true, or null                                                |
| valid_until  | until when it was true, or null                                                 |
| expires_at   | when it is erased, or null                                                      |
| speaker      | whose voice said it, or null                                                    |
| sure         | how sure that is, 0 to 1                                                        |
| source       | the file it was imported from, or null                                          |
| uid          | its name there, or null                                                         |
| pinned       | whether it is kept whatever the retention says                                  |
| consent      | of other people: `not_needed`, `given` or `unknown`                             |
| parents      | the ids of what it was derived from, and is erased with, sorted                 |

Times are ISO 8601 with microseconds, in UTC. Vectors are not in it: they are made anew.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from context.errors import TextRefused
from context.items import About, Consent, Item, Provenance, check_text
from context.labels import Compartment, Label

VERSION: Final = 1
LONGEST_LINE_BYTES: Final = 32 << 20
"""A text of control characters takes six times its bytes, and an item may have many parents."""
_FORMAT: Final = "lapel items"

_Id = Annotated[str, StringConstraints(pattern=r"\A[0-9A-Za-z_:.-]{1,64}\z")]


class LineRefused(ValueError):
    """A line that is no item. Its message is a sentence for people and quotes nothing."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _First(BaseModel):
    format: Literal["lapel items"]
    version: int


class _Line(_Strict):
    id: _Id
    text: str
    compartments: list[str] = Field(min_length=1)
    captured_at: AwareDatetime
    provenance: Provenance
    recorded_at: AwareDatetime | None
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    expires_at: AwareDatetime | None
    speaker: str | None
    sure: float = Field(ge=0, le=1, allow_inf_nan=False)
    source: str | None
    uid: str | None
    pinned: bool
    consent: Consent
    parents: list[_Id]


def first_line() -> bytes:
    """What every export begins with."""
    return _json({"format": _FORMAT, "version": VERSION})


def version_of(raw: bytes) -> int | None:
    """The version that a first line says; None if it is none."""
    try:
        return _First.model_validate_json(raw.removeprefix(b"\xef\xbb\xbf")).version
    except ValidationError:
        return None


def line_of(item: Item) -> bytes:
    """An item's line, with its end."""
    about = item.about
    return _json(
        {
            "id": item.id,
            "text": item.text,
            "compartments": sorted(map(str, item.label.compartments)),
            "captured_at": _iso(item.captured_at),
            "provenance": item.provenance.value,
            "recorded_at": _maybe_iso(about.recorded_at),
            "valid_from": _maybe_iso(about.valid_from),
            "valid_until": _maybe_iso(about.valid_until),
            "expires_at": _maybe_iso(about.expires_at),
            "speaker": about.speaker,
            "sure": about.sure,
            "source": about.source,
            "uid": about.uid,
            "pinned": about.pinned,
            "consent": about.consent.value,
            "parents": sorted(about.parents),
        }
    )


def item_of(raw: bytes) -> Item:
    """The item of a line. Raises LineRefused."""
    try:
        line = _Line.model_validate_json(raw)
    except ValidationError as error:
        raise LineRefused(_why(error)) from None
    try:
        check_text(line.text)
    except TextRefused as refused:
        raise LineRefused(str(refused)) from None
    if line.consent is Consent.REFUSED:
        raise LineRefused("Those whose words it is did not agree to its being kept.")
    try:
        place = frozenset(map(Compartment.parse, line.compartments))
    except ValueError:
        raise LineRefused("Its compartments are not written as they should be.") from None
    try:
        about = About(
            recorded_at=_maybe_utc(line.recorded_at),
            valid_from=_maybe_utc(line.valid_from),
            valid_until=_maybe_utc(line.valid_until),
            expires_at=_maybe_utc(line.expires_at),
            speaker=line.speaker,
            sure=line.sure,
            source=line.source,
            uid=line.uid,
            pinned=line.pinned,
            consent=line.consent,
            parents=tuple(sorted(set(line.parents))),
        )
        captured_at = line.captured_at.astimezone(UTC)
    except OverflowError:
        raise LineRefused("One of its times is too far away.") from None
    label = Label(place, line.provenance.trust)
    return Item(line.id, line.text, label, captured_at, line.provenance, about)


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _maybe_iso(moment: datetime | None) -> str | None:
    return None if moment is None else _iso(moment)


def _maybe_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _why(error: ValidationError) -> str:
    """The first thing that is wrong, by the name of its key; a foreign key is not named."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = first["loc"][0] if first["loc"] else None
    if where not in _Line.model_fields:
        known = first["type"] == "extra_forbidden"
        return "It has a key that this version does not know." if known else "It is not an item."
    if first["type"] == "missing":
        return f"It has no {where}."
    return f"Its {where} is not written as it should be."
