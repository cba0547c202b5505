"""Contacts: vCard 2.1, 3.0 and 4.0, one record a card. Photos and sounds are not kept."""

# vobject has no types:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import logging
import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any

from context.importers.entries import Entry, entries
from context.importers.files import as_text, failed, opened
from context.importers.plain import cut, ended, flat, folded, uid_of
from context.importers.record import BROKEN, Progress, Record, Skipped
from context.importers.when import day_words, localised, moment_of, month_day_words

MOST_BYTES = 256_000_000
"""The largest file that is read."""

_MOST_VALUES = 8  # telephone numbers and the like of one person that anyone would want to hear
_FIELD = 200
_NOTE = 1_000

_HEAD = re.compile(r'[^":]*(?:"[^"]*"[^":]*)*:')
# vobject's pattern takes 2^n steps for n of these before a line's colon
_MOST_SEPARATORS = 12
_SCHEME = re.compile(r"^(?:tel|mailto):\s*", re.IGNORECASE)
_APPLE_LABEL = re.compile(r"_\$!<\s*|\s*>!\$_")  # around the labels that the program comes with
_NO_YEAR = re.compile(r"--(\d\d)-?(\d\d)")
_APPLE_NO_YEAR = 1604
_KINDS = {
    **{"cell": "mobile", "iphone": "mobile", "mobile": "mobile", "home": "home", "work": "work"},
    **{"fax": "fax", "pager": "pager", "car": "car", "main": "main", "other": "other"},
}

Card = dict[str, list[Any]]


def read(path: Path, zone: tzinfo, progress: Progress) -> Iterator[Record | Skipped]:
    """The contacts of a file; as `context.importers.read` says."""
    with opened(path, MOST_BYTES) as (file, total), as_text(file) as lines:
        number = 0
        for number, entry in enumerate(entries(lines, frozenset(("VCARD",))), 1):
            yield _record(entry, f"entry {number}, line {entry.line}", zone)
            progress(min(file.tell(), total), total)
        if number == 0 and total > 0:
            raise failed(path, "there is no contact in it")
        progress(total, total)


def _record(entry: Entry, where: str, zone: tzinfo) -> Record | Skipped:
    if entry.problem:
        return Skipped(where, entry.problem)
    card = _parsed(entry.text)
    if card is None:
        return Skipped(where, "It is not a well-formed contact.")
    name = _name(card)
    said = _details(card, name)
    if not name or not said:
        return Skipped(where, "It has no name." if said else "It says nothing beyond a name.")
    named = _first(card, "uid") or folded(name)
    revised = _moment(_first(card, "rev"), zone)
    return Record(uid_of("vcard", named), ended(f"{name}: {', '.join(said)}"), revised)


def _parsed(text: str) -> Card | None:
    """The properties of a card by their name in lower case; None if it isn't one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import vobject

        logging.getLogger("vobject.base").disabled = True  # it would quote what it can't read
        try:
            card = vobject.readOne("\n".join(_sound_lines(text)), allowQP=True)
            return dict(card.contents)
        except (*BROKEN, vobject.base.VObjectError, StopIteration):
            return None


def _sound_lines(text: str) -> Iterator[str]:
    """Lines without the folds, those left out that vobject would take for ever to refuse."""
    line = ""
    for part in text.split("\n"):
        if line.endswith("=") and "quoted-printable" in line[:500].lower():
            line += f"\n{part}"
        elif part[:1] in (" ", "\t"):
            line += part[1:]
        else:
            yield from _sound(line)
            line = part
    yield from _sound(line)


def _sound(line: str) -> Iterator[str]:
    head = _HEAD.match(line)
    if head and sum(map(head[0].count, ",=")) <= _MOST_SEPARATORS:
        yield line


def _name(card: Card) -> str:
    """The formatted name, else the parts of the name, else the organisation."""
    if name := _first(card, "fn"):
        return name
    for line in card.get("n", []):
        parts = ("prefix", "given", "additional", "family", "suffix")
        if name := flat(" ".join(_joined(getattr(line.value, p, ""), " ") for p in parts), _FIELD):
            return name
    return _organisation(card)


def _organisation(card: Card) -> str:
    return next((_joined(line.value, ", ") for line in card.get("org", [])), "")


def _details(card: Card, name: str) -> list[str]:
    said: list[str] = []
    if nickname := _first(card, "nickname"):
        said.append(f"known as {nickname}")
    title, organisation = _first(card, "title"), _organisation(card)
    if title or organisation not in ("", name):
        work = f"{title or 'works'} at {organisation}" if organisation not in ("", name) else title
        said.append(work)
    labels = _apple_labels(card)
    for key, word in (("tel", "phone"), ("email", "email"), ("adr", "address")):
        for line in card.get(key, [])[:_MOST_VALUES]:
            if value := _address(line.value) if key == "adr" else _text(line):
                kind = _kind(line, labels)
                said.append(f"{word} {value} ({kind})" if kind else f"{word} {value}")
    if birthday := _birthday(_first(card, "bday")):
        said.append(f"birthday {birthday}")
    for line in [*card.get("related", []), *card.get("x-abrelatednames", [])][:_MOST_VALUES]:
        value = _text(line)
        if value and not value.lower().startswith(("urn:", "http:", "https:")):
            said.append(f"{_relation(line, labels)} {value}")
    if note := "; ".join(filter(None, (_text(line, _NOTE) for line in card.get("note", [])[:3]))):
        said.append(f"note: {note}")
    return said


def _first(card: Card, key: str) -> str:
    return next(filter(None, (_text(line) for line in card.get(key, [])[:3])), "")


def _text(line: Any, most: int = _FIELD) -> str:
    value = line.value
    if not isinstance(value, str):
        return ""
    value = value.removesuffix("\\eof")  # vobject's mark for a backslash at the end
    return _SCHEME.sub("", flat(value, most))


def _joined(value: Any, between: str) -> str:
    """A part of a name, an address or an organisation, which vobject gives as text or list."""
    if isinstance(value, str):
        return flat(value.removesuffix("\\eof"), _FIELD)
    if isinstance(value, list | tuple):
        return flat(between.join(filter(None, (_joined(v, " ") for v in value[:10]))), _FIELD)
    return ""


def _address(value: Any) -> str:
    parts = ("box", "extended", "street", "city", "region", "code", "country")
    return ", ".join(filter(None, (_joined(getattr(value, part, ""), ", ") for part in parts)))


def _kind(line: Any, labels: dict[str, str]) -> str:
    """Such as "mobile" or "work fax"; what the owner named it where that is given."""
    if label := labels.get(str(line.group)):
        return label
    given = [*line.params.get("TYPE", []), *line.singletonparams]
    words = (_KINDS.get(word.lower()) for part in given for word in part.split(","))
    return " ".join(dict.fromkeys(filter(None, words)))


def _relation(line: Any, labels: dict[str, str]) -> str:
    if label := labels.get(str(line.group)):
        return label
    return flat(next(iter(line.params.get("TYPE", [])), ""), 30).lower() or "related to"


def _apple_labels(card: Card) -> dict[str, str]:
    """Labels by the group that they are for: item1.X-ABLABEL:_$!<Spouse>!$_ ."""
    return {
        str(line.group): label
        for line in card.get("x-ablabel", [])
        if line.group and (label := _APPLE_LABEL.sub("", _text(line)).lower())
    }


def _birthday(text: str) -> str:
    try:
        if found := _NO_YEAR.match(text):
            return month_day_words(date(2000, int(found[1]), int(found[2])))
        day = datetime.fromisoformat(text)
    except ValueError:
        return cut(text, 40)
    return month_day_words(day) if day.year == _APPLE_NO_YEAR else day_words(day)


def _moment(text: str, zone: tzinfo) -> datetime | None:
    try:
        return moment_of(localised(datetime.fromisoformat(text), zone), zone)
    except (ValueError, OverflowError):
        return None
