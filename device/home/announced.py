"""What devices announce by Home Assistant's MQTT discovery, checked.

Whoever may write to the broker may announce a device, so all of it is checked, cut to a length, and
left out where it makes no sense; one that makes none hides no other. Pure.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from agents.tools.home_words import Action, HomeDevice, Kind
from device.home.templates import is_whole

KINDS: Final = {
    "light": Kind.LIGHT,
    "switch": Kind.SWITCH,
    "fan": Kind.FAN,
    "cover": Kind.COVER,
    "lock": Kind.LOCK,
    "climate": Kind.CLIMATE,
    "sensor": Kind.SENSOR,
    "binary_sensor": Kind.SENSOR,
}
"""The components that are known here; others are left out."""

_SHORT: Final = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "avty_t": "availability_topic",
    "avty_tpl": "availability_template",
    "bri_cmd_t": "brightness_command_topic",
    "bri_cmd_tpl": "brightness_command_template",
    "bri_scl": "brightness_scale",
    "bri_stat_t": "brightness_state_topic",
    "bri_val_tpl": "brightness_value_template",
    "clr_temp_cmd_t": "color_temp_command_topic",
    "clr_temp_cmd_tpl": "color_temp_command_template",
    "clr_temp_k": "color_temp_kelvin",
    "cmd_t": "command_topic",
    "cmd_tpl": "command_template",
    "cmps": "components",
    "curr_temp_t": "current_temperature_topic",
    "curr_temp_tpl": "current_temperature_template",
    "dev": "device",
    "dev_cla": "device_class",
    "en": "enabled_by_default",
    "ent_cat": "entity_category",
    "hs_cmd_t": "hs_command_topic",
    "mode_cmd_t": "mode_command_topic",
    "mode_cmd_tpl": "mode_command_template",
    "mode_stat_t": "mode_state_topic",
    "mode_stat_tpl": "mode_state_template",
    "on_cmd_type": "on_command_type",
    "p": "platform",
    "pct_cmd_t": "percentage_command_topic",
    "pct_cmd_tpl": "percentage_command_template",
    "pct_stat_t": "percentage_state_topic",
    "pct_val_tpl": "percentage_value_template",
    "pl_avail": "payload_available",
    "pl_cls": "payload_close",
    "pl_lock": "payload_lock",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "pl_open": "payload_open",
    "pl_unlk": "payload_unlock",
    "pos_clsd": "position_closed",
    "pos_open": "position_open",
    "pos_t": "position_topic",
    "pos_tpl": "position_template",
    "pow_cmd_t": "power_command_topic",
    "rgb_cmd_t": "rgb_command_topic",
    "rgb_cmd_tpl": "rgb_command_template",
    "set_pos_t": "set_position_topic",
    "set_pos_tpl": "set_position_template",
    "spd_rng_max": "speed_range_max",
    "spd_rng_min": "speed_range_min",
    "stat_clsd": "state_closed",
    "stat_closing": "state_closing",
    "stat_locked": "state_locked",
    "stat_off": "state_off",
    "stat_on": "state_on",
    "stat_open": "state_open",
    "stat_opening": "state_opening",
    "stat_stopped": "state_stopped",
    "stat_t": "state_topic",
    "stat_unlocked": "state_unlocked",
    "stat_val_tpl": "state_value_template",
    "sup_clrm": "supported_color_modes",
    "t": "topic",
    "temp_cmd_t": "temperature_command_topic",
    "temp_cmd_tpl": "temperature_command_template",
    "temp_stat_t": "temperature_state_topic",
    "temp_stat_tpl": "temperature_state_template",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
"""The abbreviations that announcements may use, of what is read here."""
_TOLD: Final = {
    "light": (
        ("state_topic", "state_value_template"),
        ("brightness_state_topic", "brightness_value_template"),
    ),
    "switch": (("state_topic", "value_template"),),
    "fan": (
        ("state_topic", "state_value_template"),
        ("percentage_state_topic", "percentage_value_template"),
    ),
    "cover": (("state_topic", "value_template"), ("position_topic", "position_template")),
    "lock": (("state_topic", "value_template"),),
    "climate": (
        ("mode_state_topic", "mode_state_template"),
        ("temperature_state_topic", "temperature_state_template"),
        ("current_temperature_topic", "current_temperature_template"),
    ),
    "sensor": (("state_topic", "value_template"),),
    "binary_sensor": (("state_topic", "value_template"),),
}
"""Of each component: the topics of what it tells, and the templates that read them."""
_LET_IN: Final = ("door", "garage", "gate")
_SWITCHED: Final = ("light", "switch", "fan")
_LEVEL: Final = re.compile("/")
_PART: Final = re.compile(r"[A-Za-z0-9_-]{1,120}")
_LONGEST_TOPIC: Final = 300
_DEEPEST_TOPIC: Final = 50
"""Levels; a broker hangs up on who asks for many more (Mosquitto: 200)."""
_LONGEST_TEXT: Final = 500
_MOST_COMPONENTS: Final = 100


@dataclass(frozen=True)
class Entity:
    """One thing that was announced. id: component, device and thing, with slashes between.

    config: what it announced, in full names, its topics in full.
    """

    id: str
    component: str
    name: str
    config: Mapping[str, object]

    @property
    def kind(self) -> Kind:
        """What sort of thing it is."""
        return KINDS[self.component]


# what is announced


def entities_of(topic: str, payload: bytes, prefix: str) -> dict[str, Entity]:
    """The entities that one message of discovery announces, by id.

    Args:
        topic: "<prefix>/<component>/[<node>/]<object>/config"; the component may be "device".
        payload: JSON, of one entity or of a device with several; empty where it is taken away.
        prefix: usually "homeassistant".
    """
    parts = topic.removeprefix(f"{prefix}/").split("/")
    if not 3 <= len(parts) <= 4 or parts[-1] != "config":
        return {}
    if not all(_PART.fullmatch(part) for part in parts[:-1]):
        return {}
    component, *path = parts[:-1]
    try:
        raw: object = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    config = _in_full(raw)
    if component != "device":
        found = _entity(component, "/".join([component, *path]), config)
        return {} if found is None else {found.id: found}
    components = as_object(config.pop("components", None))
    found_all: dict[str, Entity] = {}
    for key, each in list(components.items())[:_MOST_COMPONENTS]:
        own = _in_full(each)
        platform = own.get("platform")
        if not isinstance(platform, str) or not _PART.fullmatch(key):
            continue
        found = _entity(platform, "/".join([platform, *path, key]), {**config, **own})
        if found is not None:
            found_all[found.id] = found
    return found_all


def _entity(component: str, entity_id: str, config: dict[str, object]) -> Entity | None:
    """None for what is not known here, is not for people, or can neither be told nor tells."""
    if component not in KINDS or config.get("entity_category") is not None:
        return None
    if config.get("enabled_by_default") is False or config.get("schema") == "template":
        return None
    checked = _checked(config)
    told = any(topic in checked for topic, _ in _TOLD[component])
    if not told and not _ordered_by(checked):
        return None
    device = as_object(config.get("device"))
    name = _named(config.get("name"), device.get("name"), entity_id)
    return Entity(entity_id, component, name, checked)


def _checked(config: Mapping[str, object]) -> dict[str, object]:
    """What is read here and makes sense, with "~" in topics replaced."""
    base = config.get("~")
    kept: dict[str, object] = {}
    for key, value in config.items():
        if key.endswith("topic"):
            topic = _topic(value, base)
            if topic is not None:
                kept[key] = topic
        elif key == "availability":
            kept[key] = _availability(value, base)
        elif isinstance(value, list):
            kept[key] = tuple(each for each in cast("list[object]", value) if _is_short(each))[:50]
        elif isinstance(value, bool | int | float) or value is None or _is_short(value):
            kept[key] = value
    return kept


def _availability(value: object, base: object) -> tuple[Mapping[str, object], ...]:
    raw = cast("list[object]", value)[:10] if isinstance(value, list) else [value]
    found: list[Mapping[str, object]] = []
    for each in raw:
        config = _in_full(each)
        topic = _topic(config.get("topic"), base)
        if topic is not None:
            short = {key: said for key, said in config.items() if _is_short(said)}
            found.append({**short, "topic": topic})
    return tuple(found)


def _topic(value: object, base: object) -> str | None:
    """A topic that may be sent to and listened to; None for what is none."""
    if not isinstance(value, str):
        return None
    if isinstance(base, str) and value.startswith("~"):
        value = base + value[1:]
    elif isinstance(base, str) and value.endswith("~"):
        value = value[:-1] + base
    if not 0 < len(value) <= _LONGEST_TOPIC or value.count("/") >= _DEEPEST_TOPIC:
        return None
    if not value.isprintable() or value.startswith("$"):
        return None
    return None if "+" in value or "#" in value else value


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT and is_whole(value)


def _in_full(raw: object) -> dict[str, object]:
    """An object with the full names of what it says."""
    return {_SHORT.get(key, key): value for key, value in as_object(raw).items()}


def as_object(raw: object) -> dict[str, object]:
    """What a JSON object holds; nothing of what is none."""
    return dict(cast("dict[str, object]", raw)) if isinstance(raw, dict) else {}


def _named(name: object, device: object, entity_id: str) -> str:
    """The device's name and the entity's, as Home Assistant joins them."""
    own, of_device = (
        each.strip() if isinstance(each, str) and is_whole(each) else "" for each in (name, device)
    )
    if own and of_device and not own.casefold().startswith(of_device.casefold()):
        return f"{of_device} {own}"
    return own or of_device or entity_id.rpartition("/")[2].replace("_", " ")


# what is listened to, and sent to


def topics_of(entity: Entity) -> frozenset[str]:
    """The topics on which the entity tells how it is."""
    found = [entity.config.get(topic) for topic, _ in _TOLD[entity.component]]
    found += [each["topic"] for each in availability_of(entity)]
    return frozenset(each for each in found if isinstance(each, str))


def trusted(entities: Mapping[str, Entity]) -> dict[str, Entity]:
    """The entities without those that would order a lock, or what lets people in, by another name.

    To turn a light on is done without a question; so a "light" that sends to a lock's topic, or to
    one below it, is no light. To one above it, as where a plug's child lock lies below the plug, it
    is one that is sent no more than ON and OFF.
    """
    guarded = frozenset[str]().union(
        *(_ordered_by(each.config) for each in entities.values() if _is_guarded(each))
    )
    leading = {each for way in guarded for each in _above(way)}
    return {
        name: each
        for name, each in entities.items()
        if _is_guarded(each)
        or not any(
            topic in guarded
            or not guarded.isdisjoint(_above(topic))
            or (topic in leading and not _is_switched(each))
            for topic in _ordered_by(each.config)
        )
    }


def _above(topic: str) -> Iterator[str]:
    """The topics above one: "a/b" and "a" of "a/b/c"."""
    return (topic[: level.start()] for level in _LEVEL.finditer(topic))


def _is_switched(entity: Entity) -> bool:
    """Whether it is sent ON and OFF, and no words of its own."""
    own = [
        value
        for key, value in entity.config.items()
        if key in ("payload_on", "payload_off") or key.endswith("command_template")
    ]
    return entity.component in _SWITCHED and all(each in (None, "ON", "OFF") for each in own)


def _is_guarded(entity: Entity) -> bool:
    device = HomeDevice("", entity.name, entity.kind, "", lets_in=lets_in(entity))
    return any(device.gives_way(action) for action in (Action.UNLOCK, Action.OPEN, Action.ON))


def lets_in(entity: Entity) -> bool:
    """Whether people get in where it opens."""
    return entity.config.get("device_class") in _LET_IN


def _ordered_by(config: Mapping[str, object]) -> frozenset[str]:
    """The topics by which it is told something."""
    return frozenset(
        value
        for key, value in config.items()
        if isinstance(value, str) and (key.endswith("command_topic") or key == "set_position_topic")
    )


def availability_of(entity: Entity) -> list[Mapping[str, object]]:
    """The ways by which it tells that it can't be reached: each a topic, and what it says there."""
    config = entity.config
    ways = list(cast("tuple[Mapping[str, object], ...]", config.get("availability", ())))
    if (topic := config.get("availability_topic")) is not None:
        one: dict[str, object] = {"topic": topic}
        template, away = config.get("availability_template"), config.get("payload_not_available")
        if isinstance(template, str):
            one["value_template"] = template
        if isinstance(away, str):
            one["payload_not_available"] = away
        ways.append(one)
    return ways
