"""Home Assistant's MQTT discovery: what devices tell of themselves, and what they are sent.

zigbee2mqtt, ESPHome, Tasmota and most others publish it (home-assistant.io/integrations/mqtt, "MQTT
discovery"). What they announce is read in `device/home/announced.py`. Pure.
"""

import colorsys
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from agents.tools.home_said import Order
from agents.tools.home_words import Action, HomeDevice, shortened
from context.errors import LapelError
from device.home.announced import Entity, as_object, availability_of, lets_in
from device.home.templates import filled, rendered

# A door sensor says "on" where a person says "open".
_OPENINGS: Final = ("door", "garage_door", "opening", "window")
_COLOURS: Final = {
    "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 220, 0),
    "orange": (255, 140, 0), "purple": (150, 0, 255), "violet": (180, 60, 255),
    "pink": (255, 105, 180), "magenta": (255, 0, 255), "cyan": (0, 255, 255),
    "turquoise": (64, 224, 208), "gold": (255, 200, 50), "lime": (170, 255, 0),
    "teal": (0, 160, 150), "indigo": (75, 0, 200), "lavender": (190, 160, 255),
}  # fmt: skip
_WHITES_K: Final = {"warm white": 2700, "white": 4000, "cold white": 6500, "cool white": 6500}


class CannotDo(LapelError):
    """A device has no way to be told this; says so."""


Messages = Sequence[tuple[str, str]]
"""Topics and what to send there, in this order."""


# what is told


class _Seen:
    """Reads what an entity's last messages say. seen: the last message of each topic."""

    def __init__(self, entity: Entity, seen: Mapping[str, str]) -> None:
        self._config = entity.config
        self._seen = seen

    def text(self, topic: str, template: str) -> str | None:
        """What a topic's message says; None where there is none, or it can't be read."""
        where = self._config.get(topic)
        payload = self._seen.get(where) if isinstance(where, str) else None
        if payload is None or payload == "":
            return None
        own = self._config.get(template)
        return rendered(own if isinstance(own, str) else None, payload)

    def number(self, topic: str, template: str) -> float | None:
        """The same as a number."""
        return _number(self.text(topic, template))


def device_of(entity: Entity, seen: Mapping[str, str]) -> HomeDevice:
    """The entity as it shows itself now. seen: the last message of each topic."""
    told = _Seen(entity, seen)
    state, percent, degrees, measured = _STATES[entity.component](entity, told)
    if _is_away(entity, seen):
        state = "unavailable"
    unit = entity.config.get("unit_of_measurement")
    return shortened(
        HomeDevice(
            id=entity.id,
            name=entity.name,
            kind=entity.kind,
            state="unknown" if state is None else state,
            percent=percent,
            degrees=degrees,
            measured=measured,
            unit=unit[:20] if isinstance(unit, str) else "",
            lets_in=lets_in(entity),
        )
    )


_Shown = tuple[str | None, float | None, float | None, float | None]
"""Its state, percent, degrees and measured."""


def _light(entity: Entity, told: _Seen) -> _Shown:
    if entity.config.get("schema") == "json":
        body = _parsed(told.text("state_topic", ""))
        said = body.get("state")
        state = {"ON": "on", "OFF": "off"}.get(said) if isinstance(said, str) else None
        brightness = _number(body.get("brightness"))
    else:
        state = _on_or_off(entity, told.text("state_topic", "state_value_template"))
        brightness = told.number("brightness_state_topic", "brightness_value_template")
    if brightness is None or state != "on":
        return state, None, None, None
    percent = float(round(brightness * 100 / _scale(entity)))
    return state, max(0.0, min(100.0, percent)), None, None


def _switch(entity: Entity, told: _Seen) -> _Shown:
    said = told.text("state_topic", "value_template")
    on, off = (
        entity.config.get(f"state_{name}") or entity.config.get(f"payload_{name}")
        for name in ("on", "off")
    )
    return _among(said, {"on": on or "ON", "off": off or "OFF"}), None, None, None


def _fan(entity: Entity, told: _Seen) -> _Shown:
    state = _on_or_off(entity, told.text("state_topic", "state_value_template"))
    speed = told.number("percentage_state_topic", "percentage_value_template")
    if speed is None:
        return state, None, None, None
    low, high = _range(entity, "speed_range_min", "speed_range_max", (1, 100))
    return state, max(0.0, min(100.0, (speed - low + 1) * 100 // (high - low + 1))), None, None


def _cover(entity: Entity, told: _Seen) -> _Shown:
    closed, opened = _range(entity, "position_closed", "position_open", (0, 100))
    at = told.number("position_topic", "position_template")
    percent = None if at is None else max(0.0, min(100.0, (at - closed) * 100 / (opened - closed)))
    by_position = None if percent is None else "open" if percent > 0 else "closed"
    said = told.text("state_topic", "value_template")
    words = {name: _said(entity, f"state_{name}", name) for name in _COVER_STATES}
    state = _among(said, words)
    if state == "stopped":
        state = by_position or "open"
    return state or by_position, percent, None, None


def _lock(entity: Entity, told: _Seen) -> _Shown:
    said = told.text("state_topic", "value_template")
    words = {name: _said(entity, f"state_{name}", name.upper()) for name in _LOCK_STATES}
    return _among(said, words), None, None, None


def _climate(entity: Entity, told: _Seen) -> _Shown:
    mode = told.text("mode_state_topic", "mode_state_template")
    degrees = told.number("temperature_state_topic", "temperature_state_template")
    measured = told.number("current_temperature_topic", "current_temperature_template")
    return mode, None, degrees, measured


def _sensor(entity: Entity, told: _Seen) -> _Shown:
    said = told.text("state_topic", "value_template")
    return said, None, None, _number(said)


def _binary_sensor(entity: Entity, told: _Seen) -> _Shown:
    state = _on_or_off(entity, told.text("state_topic", "value_template"))
    if state is not None and entity.config.get("device_class") in _OPENINGS:
        state = {"on": "open", "off": "closed"}[state]
    return state, None, None, None


_COVER_STATES: Final = ("open", "closed", "opening", "closing", "stopped")
_LOCK_STATES: Final = ("locked", "unlocked", "locking", "unlocking")
_STATES: Final[Mapping[str, Callable[[Entity, _Seen], _Shown]]] = {
    "light": _light,
    "switch": _switch,
    "fan": _fan,
    "cover": _cover,
    "lock": _lock,
    "climate": _climate,
    "sensor": _sensor,
    "binary_sensor": _binary_sensor,
}


def _on_or_off(entity: Entity, said: str | None) -> str | None:
    on, off = _said(entity, "payload_on", "ON"), _said(entity, "payload_off", "OFF")
    return _among(said, {"on": on, "off": off})


def _among(said: str | None, words: Mapping[str, object]) -> str | None:
    """The state whose word was said; None where it is none of them."""
    return next((state for state, word in words.items() if said == str(word)), None)


def _is_away(entity: Entity, seen: Mapping[str, str]) -> bool:
    """Whether it, or what it hangs on, has said that it can't be reached."""
    ways = availability_of(entity)
    away = [_says_away(each, seen) for each in ways]
    some = entity.config.get("availability_mode") in ("any", "latest")
    return bool(away) and (all(away) if some else any(away))


def _says_away(way: Mapping[str, object], seen: Mapping[str, str]) -> bool:
    template = way.get("value_template")
    payload = seen.get(str(way["topic"]))
    if payload is None:
        return False
    said = rendered(template if isinstance(template, str) else None, payload)
    return said == way.get("payload_not_available", "offline")


# what is sent


def messages_for(entity: Entity, order: Order) -> Messages:
    """What is sent to have the entity do it.

    Raises:
        CannotDo: it announced no way to be told that.
    """
    found = _sent(entity, order)
    if not found or any(topic is None or payload is None for topic, payload in found):
        device = HomeDevice(entity.id, entity.name, entity.kind, "")
        raise CannotDo(f"I don't know how to have {device.said} do that.")
    return [(str(topic), str(payload)) for topic, payload in found]


_Maybe = list[tuple[object, str | None]]


def _sent(entity: Entity, order: Order) -> _Maybe:
    config, component = entity.config, entity.component
    if component == "climate":
        return _to_climate(entity, order)
    if order.degrees is not None or (order.colour is not None and component != "light"):
        return []
    if component == "light":
        return _to_light(entity, order)
    if order.percent is not None:
        if component == "fan":
            return _to_fan(entity, order.percent)
        return _to_cover(entity, order.percent) if component == "cover" else []
    default = _ORDERS.get((component, order.action))
    if default is None:
        return []
    key, usual = default
    if config.get(key, usual) is None:  # said to have none
        return []
    payload = _said(entity, key, usual)
    if component in ("lock", "switch", "fan"):
        payload = filled(_template(entity, "command_template"), payload)
    return [(config.get("command_topic"), payload)]


_ORDERS: Final = {
    ("switch", Action.ON): ("payload_on", "ON"),
    ("switch", Action.OFF): ("payload_off", "OFF"),
    ("fan", Action.ON): ("payload_on", "ON"),
    ("fan", Action.OFF): ("payload_off", "OFF"),
    ("cover", Action.OPEN): ("payload_open", "OPEN"),
    ("cover", Action.CLOSE): ("payload_close", "CLOSE"),
    ("lock", Action.LOCK): ("payload_lock", "LOCK"),
    ("lock", Action.UNLOCK): ("payload_unlock", "UNLOCK"),
}


def _to_light(entity: Entity, order: Order) -> _Maybe:
    config = entity.config
    on = order.action is not Action.OFF and order.percent != 0
    level = None if not order.percent else max(1, round(order.percent * _scale(entity) / 100))
    if config.get("schema") == "json":
        body: dict[str, object] = {"state": "ON" if on else "OFF"}
        if level is not None:
            if not config.get("brightness") and not _modes(entity) - {"onoff"}:
                return []
            body["brightness"] = level
        if order.colour is not None:
            colour = _json_colour(entity, order.colour)
            if colour is None:
                return []
            body |= colour
        return [(config.get("command_topic"), json.dumps(body))]
    switched = (config.get("command_topic"), _said(entity, *_ON_OFF[on]))
    more: _Maybe = []
    if level is not None:
        template = _template(entity, "brightness_command_template")
        more = [(config.get("brightness_command_topic"), filled(template, str(level)))]
    elif order.colour is not None:
        more = _plain_colour(entity, order.colour)
        if not more:
            return []
    how = config.get("on_command_type", "last")
    if more and how == "brightness":
        return more
    return [switched, *more] if how == "first" else [*more, switched]


_ON_OFF: Final = {True: ("payload_on", "ON"), False: ("payload_off", "OFF")}


def _json_colour(entity: Entity, colour: str) -> dict[str, object] | None:
    modes = _modes(entity)
    if colour in _WHITES_K and "color_temp" in modes:
        return {"color_temp": _warmth(entity, _WHITES_K[colour])}
    rgb = _COLOURS.get(colour)
    if rgb is None:
        return None
    if modes & {"rgb", "rgbw", "rgbww"}:
        return {"color": dict(zip("rgb", rgb, strict=True))}
    if "hs" in modes:
        hue, saturation = _hue(rgb)
        return {"color": {"h": hue, "s": saturation}}
    if "xy" in modes:
        x, y = _xy(rgb)
        return {"color": {"x": x, "y": y}}
    return None


def _plain_colour(entity: Entity, colour: str) -> _Maybe:
    config = entity.config
    if colour in _WHITES_K and "color_temp_command_topic" in config:
        warmth = filled(
            _template(entity, "color_temp_command_template"),
            str(_warmth(entity, _WHITES_K[colour])),
        )
        return [(config["color_temp_command_topic"], warmth)]
    rgb = _COLOURS.get(colour)
    if rgb is None:
        return []
    if "rgb_command_topic" in config and "rgb_command_template" not in config:
        return [(config["rgb_command_topic"], ",".join(map(str, rgb)))]
    if "hs_command_topic" in config and "hs_command_template" not in config:
        return [(config["hs_command_topic"], ",".join(f"{each:g}" for each in _hue(rgb)))]
    return []


def _modes(entity: Entity) -> set[str]:
    return set(_listed(entity, "supported_color_modes"))


def _warmth(entity: Entity, kelvin: int) -> int:
    """Kelvin where the light takes that, else mireds."""
    return kelvin if entity.config.get("color_temp_kelvin") is True else round(1e6 / kelvin)


def _hue(rgb: tuple[int, int, int]) -> tuple[float, float]:
    """Degrees and percent."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*(each / 255 for each in rgb))
    return round(hue * 360, 1), round(saturation * 100, 1)


def _xy(rgb: tuple[int, int, int]) -> tuple[float, float]:
    """The chromaticity of sRGB (IEC 61966-2-1) in CIE 1931."""
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in (part / 255 for part in rgb)
    )
    x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = 0.0193 * red + 0.1192 * green + 0.9505 * blue
    return round(x / (x + y + z), 4), round(y / (x + y + z), 4)


def _to_fan(entity: Entity, percent: float) -> _Maybe:
    config = entity.config
    if percent == 0:
        return [(config.get("command_topic"), _said(entity, "payload_off", "OFF"))]
    low, high = _range(entity, "speed_range_min", "speed_range_max", (1, 100))
    speed = math.ceil((high - low + 1) * percent / 100 + low - 1)
    template = _template(entity, "percentage_command_template")
    return [(config.get("percentage_command_topic"), filled(template, str(speed)))]


def _to_cover(entity: Entity, percent: float) -> _Maybe:
    closed, opened = _range(entity, "position_closed", "position_open", (0, 100))
    at = round(closed + (opened - closed) * percent / 100)
    template = _template(entity, "set_position_template")
    return [(entity.config.get("set_position_topic"), filled(template, str(at)))]


def _to_climate(entity: Entity, order: Order) -> _Maybe:
    config = entity.config
    if order.degrees is not None:
        template = _template(entity, "temperature_command_template")
        return [(config.get("temperature_command_topic"), filled(template, f"{order.degrees:g}"))]
    if order.action not in (Action.ON, Action.OFF):
        return []
    on = order.action is Action.ON
    if "power_command_topic" in config:
        return [(config["power_command_topic"], _said(entity, *_ON_OFF[on]))]
    modes = _listed(entity, "modes")
    wanted = ("heat", "auto", "heat_cool", *modes) if on else ("off",)
    mode = next((each for each in wanted if each in modes and (each != "off" or not on)), None)
    if mode is None:
        return []
    sent = filled(_template(entity, "mode_command_template"), mode)
    return [(config.get("mode_command_topic"), sent)]


def _said(entity: Entity, key: str, usual: str) -> str:
    """A word of the entity's own, or the usual one."""
    value = entity.config.get(key)
    return usual if value is None else str(value)


def _template(entity: Entity, key: str) -> str | None:
    value = entity.config.get(key)
    return value if isinstance(value, str) else None


def _listed(entity: Entity, key: str) -> tuple[str, ...]:
    """The texts of a list; none of what is no list."""
    value = entity.config.get(key)
    return cast("tuple[str, ...]", value) if isinstance(value, tuple) else ()


def _scale(entity: Entity) -> float:
    """What a light calls full brightness, at least 1."""
    scale = _number(entity.config.get("brightness_scale"))
    return 255.0 if scale is None or scale < 1 else scale


def _range(entity: Entity, low: str, high: str, usual: tuple[float, float]) -> tuple[float, float]:
    """The ends of a scale, which are never the same."""
    ends = [_number(entity.config.get(key)) for key in (low, high)]
    first, last = (usual[at] if end is None else end for at, end in enumerate(ends))
    return usual if first == last or (low.startswith("speed") and last < first) else (first, last)


def _parsed(payload: str | None) -> dict[str, object]:
    try:
        return as_object(json.loads(payload or ""))
    except (ValueError, RecursionError):
        return {}


def _number(value: object) -> float | None:
    """A number that may be a text; None for anything else, and for what no voice could say."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e9 else None
