"""What is wrong with what a person wrote for a pydantic model: each a plain clause with its key.

Pure. What was written is never repeated, only its keys: it may be a secret.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

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
    key, holder, field = _walked(error["loc"], model)
    context: Mapping[str, Any] = error.get("ctx", {})
    named = key or whole
    match kind:
        case "extra_forbidden":
            return f"there is no {named}{_instead(str(error['loc'][-1]), holder)}"
        case "union_tag_invalid":
            return f"{named}.engine has to be {_one_of(context['expected_tags'])}"
        case "union_tag_not_found":
            tags = ", ".join(repr(tag) for each in holder if (tag := _tag(each)))
            return f"{named} needs its engine, {_one_of(tags)}"
        case "literal_error" | "enum":
            return f"{named} has to be {_one_of(context['expected'])}"
        case "value_error":
            why = str(error["msg"]).removeprefix("Value error, ")
            return f"{named}: {why}"
        case "string_pattern_mismatch":
            form = getattr(field, "description", None) or f"of the form {context['pattern']}"
            return f"{named} has to be {form}"
        case _ if kind in _BOUNDS:
            bound, says = _BOUNDS[kind]
            return f"{named} {says} {context[bound]}"
        case _ if kind in _KINDS:
            return f"{named} {_KINDS[kind]}"
        case _:
            return f"{named}: {error['msg']}"


def _walked(
    loc: tuple[int | str, ...], model: type[BaseModel]
) -> tuple[str, list[type[BaseModel]], object]:
    """The key as a person writes it, without the choices between models that pydantic tells; the
    models in which its last part was looked for, or that it may be; and its field, if it has one.
    """
    shown: list[str] = []
    models, field = [model], None
    for number, part in enumerate(loc):
        chosen = [each for each in models if part in (_tag(each), each.__name__)]
        if len(models) > 1 and chosen:
            models = chosen
            continue
        shown.append(str(part))
        having = [each for each in models if part in each.model_fields]
        if having:
            field = having[0].model_fields[str(part)]
            models = list(dict.fromkeys(_models(field.annotation)))
        elif number == len(loc) - 1 and not isinstance(part, int):
            break
    return ".".join(shown), models, field


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models(each)


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
