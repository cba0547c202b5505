"""What of a JSON schema can be said: its properties that are words, numbers, a yes or one of a few.

The schema is a stranger's. So nothing of it is used but what is listed here: no reference leads out
of it, no pattern is run (one may take for ever), and what is too long or too deep is left out. The
server checks what it is sent against the whole. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from agents.tools.fields import Field, Kind, in_words

_MOST_FIELDS: Final = 12
_MOST_REQUIRED: Final = 4
_MOST_OPTIONS: Final = 20
_LONGEST_NAME: Final = 40
_LONGEST_WORDS: Final = 500
_DEEPEST: Final = 4
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_KINDS: Final = {
    "string": Kind.WORDS, "number": Kind.NUMBER, "integer": Kind.WHOLE, "boolean": Kind.YES_NO,
}  # fmt: skip
_TYPES: Final = {
    Kind.WORDS: "string", Kind.ONE_OF: "string", Kind.DATE: "string", Kind.MOMENT: "string",
    Kind.NUMBER: "number", Kind.WHOLE: "integer", Kind.YES_NO: "boolean",
}  # fmt: skip
_FORMATS: Final = {"date": Kind.DATE, "date-time": Kind.MOMENT}

Schema = Mapping[str, Any]


class CannotBeSaid(ValueError):
    """A tool needs an argument that can't be said; the message says which kind."""


@dataclass(frozen=True)
class Sayable:
    """fields: required ones first, else in the schema's order. schema: the part of the tool's own
    that they are.
    """

    fields: tuple[Field, ...]
    schema: Schema


def sayable(schema: Schema) -> Sayable:
    """The part of a tool's schema that can be said. Raises CannotBeSaid if that isn't enough."""
    properties = _mapping(schema.get("properties", {}))
    listed = schema.get("required", [])
    required = (
        {e for e in cast("list[Any]", listed) if isinstance(e, str)}
        if _is_list(listed)
        else set[str]()
    )
    if len(required) > _MOST_REQUIRED:
        raise CannotBeSaid(f"it needs more than {_MOST_REQUIRED} arguments")
    if required - set(properties):
        raise CannotBeSaid("it needs an argument that it does not describe")
    fields: list[Field] = []
    # A stranger may list a million: those that are needed are looked at, and some others.
    for name in (
        *[each for each in properties if each in required],
        *[each for each in list(properties)[:100] if each not in required],
    ):
        field = _field(name, properties[name], schema, name in required)
        if field is not None and len(fields) < _MOST_FIELDS:
            fields.append(field)
        elif name in required:
            raise CannotBeSaid("it needs an argument that is no word, number or choice")
    return Sayable(tuple(fields), _schema_of(fields))


def _field(name: str, given: Any, root: Schema, required: bool) -> Field | None:
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or not in_words(name):
        return None
    found = _plain(given, root, _DEEPEST)
    if found is None:
        return None
    if (options := _options(found)) is not None:
        return Field(name, Kind.ONE_OF, required, options) if options else None
    kind = _KINDS.get(str(found.get("type")))
    if kind is None:
        return None
    if kind is Kind.WORDS:
        form = found.get("format")
        kind = _FORMATS.get(form, kind) if isinstance(form, str) else kind
        most = _number(found.get("maxLength"))
        return Field(name, kind, required, most=min(most or _LONGEST_WORDS, _LONGEST_WORDS))
    if kind is Kind.YES_NO:
        return Field(name, kind, required)
    low, high = _number(found.get("minimum")), _number(found.get("maximum"))
    return Field(name, kind, required, least=low, most=high)


def _plain(given: Any, root: Schema, depth: int) -> Schema | None:
    """A property's schema behind references within the same one, and beside null."""
    if depth == 0 or not isinstance(given, Mapping):
        return None
    found = cast("Schema", given)
    reference = found.get("$ref")
    if isinstance(reference, str):
        at, _, name = reference.rpartition("/")
        if at not in ("#/$defs", "#/definitions"):
            return None
        return _plain(_mapping(root.get(at[2:], {})).get(name), root, depth - 1)
    either = found.get("anyOf", found.get("oneOf"))
    if _is_list(either):
        others = [each for each in cast("list[Any]", either)[:3] if each != {"type": "null"}]
        return _plain(others[0], root, depth - 1) if len(others) == 1 else None
    kind = found.get("type")
    if _is_list(kind):
        kinds = [each for each in cast("list[Any]", kind)[:3] if each != "null"]
        return {**found, "type": kinds[0]} if len(kinds) == 1 else None
    return found


def _options(found: Schema) -> tuple[str, ...] | None:
    """The values it is one of; none of them if they can't be said; None if it isn't such a one."""
    given = [found["const"]] if "const" in found else found.get("enum")
    if given is None:
        return None
    if not _is_list(given) or not 0 < len(given) <= _MOST_OPTIONS:
        return ()
    options = [e for e in cast("list[Any]", given) if isinstance(e, str) and in_words(e)]
    short = all(len(each) <= _LONGEST_NAME and each.isprintable() for each in options)
    return tuple(options) if short and len(set(map(in_words, options))) == len(given) else ()


def _schema_of(fields: list[Field]) -> Schema:
    properties: dict[str, Any] = {}
    for field in fields:
        each: dict[str, Any] = {"type": _TYPES[field.kind]}
        if field.kind is Kind.ONE_OF:
            each["enum"] = list(field.options)
        elif each["type"] == "string":
            each["maxLength"] = int(field.most or _LONGEST_WORDS)
        else:
            bounds = {"minimum": field.least, "maximum": field.most}
            each |= {name: bound for name, bound in bounds.items() if bound is not None}
        properties[field.name] = each
    required = [field.name for field in fields if field.required]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _mapping(given: Any) -> Schema:
    return cast("Schema", given) if isinstance(given, Mapping) else {}


def _is_list(given: Any) -> bool:
    return isinstance(given, list)


def _number(given: Any) -> float | None:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    return float(given) if abs(given) < 1e15 else None
