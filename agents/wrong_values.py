"""What is wrong with what a person wrote for a pydantic model: each a plain clause with its key.

Pure. What was written is never repeated, only its keys: it may be a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

_MOST_NAMED: Final = 16
_KINDS: Final = {
    "string_type": 'has to be text, in quotes: "…"',
    "string_too_short": "has to have something in it",
    "int_type": "has to be a whole number",
    "int_parsing": "has to be a whole number",
    "int_from_float": "has to be a whole number",
    "float_type": "has to be a number",
    "float_parsing": "has to be a number",
    "finite_number": "has to be a number",
    "bool_type": "has to be true or false",
    "bool_parsing": "has to be true or false",
    "tuple_type": 'has to be a list: ["…", "…"]',
    "list_type": 'has to be a list: ["…", "…"]',
    "dict_type": "has to be a table of keys with values",
    "model_type": "has to be a table of keys with values",
    "model_attributes_type": "has to be a table of keys with values",
    "too_short": "has too few in it",
    "too_long": "has too many in it",
    "missing": "is needed",
    "timezone_aware": "needs its zone: 2026-03-14T10:00:00+01:00",
    "datetime_parsing": "has to be a time: 2026-03-14T10:00:00+01:00",
    "datetime_from_date_parsing": "has to be a time: 2026-03-14T10:00:00+01:00",
}
_BOUNDS: Final = {
    "greater_than": ("gt", "has to be more than"),
    "greater_than_equal": ("ge", "has to be at least"),
    "less_than": ("lt", "has to be less than"),
    "less_than_equal": ("le", "has to be at most"),
    "string_too_long": ("max_length", "is too long: characters, at most"),
}


def wrong_values(error: ValidationError, model: type[BaseModel], whole: str) -> list[str]:
    """What is wrong, as "think.url has to be …". model: what was checked against; whole: what it is
    called where no key of it is meant.
    """
    found = error.errors(include_url=False, include_input=False)
    return [_told(each["type"], each, model, whole) for each in found]


def _told(kind: str, error: Any, model: type[BaseModel], whole: str) -> str:
    at = _walked(error["loc"], model)
    context: Mapping[str, Any] = error.get("ctx", {})
    named = at.key or whole
    if at.is_name:
        named = f"{named}: its name"
    match kind:
        case "extra_forbidden":
            return f"there is no {named}{_instead(str(error['loc'][-1]), at.models)}"
        case "union_tag_invalid":
            return f"{named}.engine has to be {_one_of(context['expected_tags'])}"
        case "union_tag_not_found":
            tags = ", ".join(repr(tag) for each in at.models if (tag := _tag(each)))
            return f"{named} needs its engine, {_one_of(tags)}"
        case "literal_error" | "enum":
            return f"{named} has to be {_one_of(context['expected'])}"
        case "value_error":
            why = str(error["msg"]).removeprefix("Value error, ")
            return f"{named}: {why}"
        case "string_pattern_mismatch":
            return f"{named} has to be {at.form or 'written otherwise'}"
        case _ if kind in _BOUNDS:
            bound, says = _BOUNDS[kind]
            return f"{named} {says} {context[bound]}"
        case _ if kind in _KINDS:
            return f"{named} {_KINDS[kind]}"
        case _:
            return f"{named}: {error['msg']}"


@dataclass(frozen=True)
class _Place:
    """Where something is wrong. key: as a person writes it. models: in which its last part was
    looked for, or that it may be. form: what its text has to be, where that is said. is_name: it is
    the key itself that is wrong.
    """

    key: str
    models: list[type[BaseModel]]
    form: str | None
    is_name: bool


def _walked(loc: tuple[int | str, ...], model: type[BaseModel]) -> _Place:
    """Where a location leads. Which of several kinds pydantic tried, which it tells too, is left
    out; what it calls "[key]" is the part before.
    """
    shown: list[str] = []
    annotation: object = model
    form: str | None = None
    key_kind: object = None
    for part in loc:
        if part == "[key]" and key_kind is not None:
            return _Place(".".join(shown), [], _described(key_kind), True)
        key_kind = None
        kinds = _kinds(annotation)
        chosen = [each for each in kinds if part in _called(each)]
        if len(kinds) > 1 and chosen:
            annotation = chosen[0]
            continue
        shown.append(str(part))
        kind, form = kinds[0], None
        if get_origin(kind) is dict:
            key_kind, annotation = get_args(kind)
        elif get_origin(kind) in (list, tuple):
            arguments = [each for each in get_args(kind) if each is not Ellipsis]
            at = part if isinstance(part, int) and part < len(arguments) else 0
            annotation = arguments[at]
        elif _is_model(kind) and (field := kind.model_fields.get(str(part))) is not None:
            annotation, form = field.annotation, field.description
        else:  # there is no such key
            break
    models = [each for each in _kinds(annotation) if _is_model(each)]
    return _Place(".".join(shown), models, form, False)


def _kinds(annotation: object) -> list[object]:
    """What a value may be: the members of a union, but for None; else the annotation itself."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [
            kind for each in get_args(annotation) if each is not NoneType for kind in _kinds(each)
        ]
    return [annotation]


def _called(kind: object) -> tuple[str | None, ...]:
    """What pydantic calls one of several kinds."""
    name = kind.__name__ if isinstance(kind, type) else None
    return (_tag(kind), name) if _is_model(kind) else (name,)


def _described(kind: object) -> str | None:
    """What is said of the form of an annotated text."""
    described = (each.description for each in get_args(kind)[1:] if isinstance(each, FieldInfo))
    return next(described, None)


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _tag(model: type[BaseModel]) -> str | None:
    """The engine by which a model is chosen."""
    engine = model.model_fields.get("engine")
    return None if engine is None else str(engine.default)


def _instead(key: str, holders: list[type[BaseModel]]) -> str:
    known = list(dict.fromkeys(name for each in holders for name in each.model_fields))
    if near := get_close_matches(key, known, 1, 0.7):
        return f", but {near[0]}"
    if not known or len(known) > _MOST_NAMED:
        return ""
    return f"; there are {', '.join(known)}"


def _one_of(quoted: str) -> str:
    """Values in quotes and with commas between, as one says them: 'a', 'b' or 'c'."""
    values = quoted.replace(" or ", ", ").split(", ")
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
