"""Home Assistant, over its REST API (developers.home-assistant.io/docs/api/rest)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from agents.egress import Gate
from agents.egress_client import EgressClient, NetworkFailed, Server
from agents.tools.home_said import Order
from agents.tools.home_words import Action, HomeDevice, Kind, shortened
from context.labels import Label

_KINDS: Final = {
    "light": Kind.LIGHT,
    "switch": Kind.SWITCH,
    "input_boolean": Kind.SWITCH,
    "fan": Kind.FAN,
    "cover": Kind.COVER,
    "lock": Kind.LOCK,
    "climate": Kind.CLIMATE,
    "sensor": Kind.SENSOR,
    "binary_sensor": Kind.SENSOR,
}
_SERVICES: Final = {
    Action.ON: "turn_on",
    Action.OFF: "turn_off",
    Action.OPEN: "open_cover",
    Action.CLOSE: "close_cover",
    Action.LOCK: "lock",
    Action.UNLOCK: "unlock",
}
_SET: Final = {
    Kind.LIGHT: ("turn_on", "brightness_pct"),
    Kind.FAN: ("set_percentage", "percentage"),
    Kind.COVER: ("set_cover_position", "position"),
}
_WHITES_K: Final = {"warm white": 2700, "white": 4000, "cold white": 6500, "cool white": 6500}
_LET_IN: Final = ("door", "garage", "gate")
# A door sensor says "on" where a person says "open".
_OPENINGS: Final = ("door", "garage_door", "opening", "window")
_FULL_BRIGHTNESS: Final = 255


class HomeAssistant:
    """One Home Assistant. token: gives its long-lived access token; the file is read each time."""

    def __init__(self, server: Server, gate: Gate, token: Callable[[], str]) -> None:
        self._client = EgressClient("home", server, gate, what="Home Assistant", token=token)

    def devices(self, label: Label) -> Sequence[HomeDevice]:
        """Return its entities of the kinds that are known here."""
        raw = self._client.get("/api/states", label)
        if not isinstance(raw, list):
            raise NetworkFailed("Home Assistant answered something that I can't read.")
        found = [_device(each) for each in cast("list[object]", raw)]
        return [each for each in found if each is not None]

    def state(self, device: HomeDevice, label: Label) -> HomeDevice | None:
        """Return one entity as it is now."""
        return _device(self._client.get(f"/api/states/{device.id}", label))

    def call(self, device: HomeDevice, order: Order, label: Label) -> None:
        """Call the service that does it, for this entity alone."""
        domain = device.id.partition(".")[0]
        service, data = _service(device, order)
        self._client.post(
            f"/api/services/{domain}/{service}", label, {"entity_id": device.id, **data}
        )

    def close(self) -> None:
        """Nothing is held between requests."""


def _service(device: HomeDevice, order: Order) -> tuple[str, dict[str, object]]:
    """The service's name and what it is given besides the entity."""
    if order.degrees is not None:
        return "set_temperature", {"temperature": order.degrees}
    if order.colour is not None:
        kelvin = _WHITES_K.get(order.colour)
        if kelvin is not None:
            return "turn_on", {"color_temp_kelvin": kelvin}
        return "turn_on", {"color_name": order.colour.replace(" ", "")}
    if order.percent is not None:
        service, name = _SET[device.kind]
        return service, {name: round(order.percent)}
    return _SERVICES[order.action], {}


def _device(raw: object) -> HomeDevice | None:
    """An entity; None for what is of no known kind, or no entity at all."""
    if not isinstance(raw, dict):
        return None
    entity = cast("dict[str, object]", raw)
    entity_id, state = entity.get("entity_id"), entity.get("state")
    raw_attributes = entity.get("attributes")
    if not isinstance(entity_id, str) or not isinstance(state, str):
        return None
    domain, _, object_id = entity_id.partition(".")
    kind = _KINDS.get(domain)
    if kind is None or not object_id.replace("_", "a").isalnum() or not entity_id.isascii():
        return None
    attributes: Mapping[str, Any] = (
        cast("dict[str, Any]", raw_attributes) if isinstance(raw_attributes, dict) else {}
    )
    name, sort = attributes.get("friendly_name"), attributes.get("device_class")
    measured = _number(attributes.get("current_temperature"))
    if domain == "sensor":
        measured = _number(state)
    elif domain == "binary_sensor" and sort in _OPENINGS:
        state = {"on": "open", "off": "closed"}.get(state, state)
    unit = attributes.get("unit_of_measurement")
    return shortened(
        HomeDevice(
            id=entity_id,
            name=name if isinstance(name, str) and name else object_id.replace("_", " "),
            kind=kind,
            state=state,
            percent=_percent(kind, state, attributes),
            degrees=_number(attributes.get("temperature")) if kind is Kind.CLIMATE else None,
            measured=measured,
            unit=unit[:20] if isinstance(unit, str) else "",
            lets_in=sort in _LET_IN,
        )
    )


def _percent(kind: Kind, state: str, attributes: Mapping[str, Any]) -> float | None:
    match kind:
        case Kind.LIGHT:
            brightness = _number(attributes.get("brightness"))
            if brightness is None or state != "on":
                return None
            return round(brightness * 100 / _FULL_BRIGHTNESS)
        case Kind.FAN:
            return _number(attributes.get("percentage"))
        case Kind.COVER:
            return _number(attributes.get("current_position"))
        case _:
            return None


def _number(value: object) -> float | None:
    """A number that may be a text; None for anything else, and for what no voice could say."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e9 else None
