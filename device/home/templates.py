"""The few templates in which devices on MQTT say where a value stands in a message. Pure.

Home Assistant runs them as Jinja2. Here they come from whoever may write to the broker, so nothing
is run: the shapes that zigbee2mqtt, ESPHome and Tasmota announce are read, and any other is as if
the device told nothing.
"""

import ast
import json
import re
from collections.abc import Mapping
from typing import Final, cast

_PATH: Final = r"value(?:_json(?:\.\w+|\[(?:'[^']*'|\"[^\"]*\"|\d+)\])*)?"
_FILTERS: Final = r"(?:\|\s*\w+(?:\([^()]*\))?\s*)*"
_VALUE: Final = re.compile(rf"\{{\{{-?\s*({_PATH})\s*({_FILTERS})-?\}}\}}")
_TABLE: Final = re.compile(rf"\{{\{{-?\s*(\{{[^{{}}]*\}})\[({_PATH})\]\s*{_FILTERS}-?\}}\}}")
_EITHER: Final = re.compile(
    rf"\{{%-?\s*if\s+({_PATH})\s*-?%\}}([^{{}}]*)\{{%-?\s*else\s*-?%\}}([^{{}}]*)"
    r"\{%-?\s*endif\s*-?%\}"
)
_STEP: Final = re.compile(r"\.(\w+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")
_FILTER: Final = re.compile(r"\|\s*(\w+)")
_SLOT: Final = re.compile(
    rf"\{{\{{-?\s*(?:value|position|percentage|temperature)\s*{_FILTERS}\}}\}}"
)
_LONGEST: Final = 500
_HALF: Final = re.compile("[\ud800-\udfff]")


def rendered(template: str | None, payload: str) -> str | None:
    """What a message says, by its template: Home Assistant's `value_template` and its like.

    Returns:
        The value as text, booleans as "True" and "False"; None where there is no such value, or the
        template is of no shape that is known here.
    """
    if template is None:
        return payload
    if len(template) > _LONGEST:
        return None
    text = template.strip()
    if found := _EITHER.fullmatch(text):
        return found[2 if _looked_up(found[1], payload) else 3].strip()
    if found := _TABLE.fullmatch(text):
        return _text(_table(found[1]).get(_text(_looked_up(found[2], payload)) or ""))
    if found := _VALUE.fullmatch(text):
        return _filtered(_text(_looked_up(found[1], payload)), _FILTER.findall(found[2]))
    return None


def filled(template: str | None, value: str) -> str | None:
    """What is sent to have `value` set: Home Assistant's `command_template` and its like.

    Returns:
        The message; None where the template is of no shape that is known here.
    """
    if template is None:
        return value
    if len(template) > _LONGEST:
        return None
    if found := _TABLE.fullmatch(template.strip()):
        return _text(_table(found[1]).get(value)) if found[2] == "value" else None
    message = _SLOT.sub(lambda _: value, template)
    return None if "{{" in message or "{%" in message else message


def is_whole(text: str) -> bool:
    """Whether it can be sent and read out: JSON may name half of a character: "\\ud83d"."""
    return not _HALF.search(text)


def _looked_up(path: str, payload: str) -> object:
    """What stands at a path such as `value_json.color['x']`; None for nothing."""
    if path == "value":
        return payload
    try:
        found: object = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    for dotted, single, double, at in _STEP.findall(path.removeprefix("value_json")):
        if at:
            found = cast("list[object]", found) if isinstance(found, list) else []
            found = found[int(at)] if len(at) < 6 and int(at) < len(found) else None
        else:
            table = cast("dict[str, object]", found) if isinstance(found, dict) else {}
            found = table.get(dotted or single or double)
    return found


def _table(literal: str) -> Mapping[str, object]:
    """A table in a template, its keys as text; empty for what is none."""
    try:
        read: object = ast.literal_eval(literal)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return {}
    if not isinstance(read, dict):
        return {}
    return {str(key): value for key, value in cast("dict[object, object]", read).items()}


def _filtered(text: str | None, names: list[str]) -> str | None:
    """`text` after the filters that change how it is written; the others change no state."""
    for name in names:
        if text is not None and name in ("lower", "upper"):
            text = text.lower() if name == "lower" else text.upper()
    return text


def _text(value: object) -> str | None:
    if isinstance(value, str) and not is_whole(value):
        return None
    return str(value) if isinstance(value, str | int | float) else None
