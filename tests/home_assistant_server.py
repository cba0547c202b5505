"""What answers as Home Assistant's REST API does, on a `LocalServer`."""

from typing import Any

from tests.local_server import Answer, Asked

STATES: dict[str, tuple[str, dict[str, Any]]] = {
    "light.kitchen": ("off", {"friendly_name": "Kitchen Light"}),
    "light.desk": ("on", {"friendly_name": "Desk Lamp", "brightness": 128}),
    "cover.garage": ("closed", {"friendly_name": "Garage", "device_class": "garage"}),
    "cover.blinds": (
        "open",
        {"friendly_name": "Bedroom Blinds", "device_class": "blind", "current_position": 100},
    ),
    "lock.front": ("locked", {"friendly_name": "Front Door"}),
    "climate.hall": (
        "heat",
        {"friendly_name": "Thermostat", "temperature": 19.0, "current_temperature": 18.5},
    ),
    "sensor.outside": ("7.2", {"friendly_name": "Outside", "unit_of_measurement": "°C"}),
    "binary_sensor.window": ("on", {"friendly_name": "Kitchen window", "device_class": "window"}),
    "fan.bath": ("off", {"friendly_name": "Bathroom Fan", "percentage": 0}),
    "input_boolean.guests": ("off", {}),
    "person.somebody": ("home", {"friendly_name": "Somebody"}),
}


class Fake:
    """Its states, and what it was asked to do."""

    def __init__(self) -> None:
        self.states = {
            name: {"entity_id": name, "state": state, "attributes": dict(attributes)}
            for name, (state, attributes) in STATES.items()
        }
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.deaf: set[str] = set()

    def deafen(self, name: str) -> None:
        """Have the entity of that name do nothing from now on."""
        self.deaf |= {
            each["entity_id"]
            for each in self.states.values()
            if each["attributes"].get("friendly_name") == name
        }

    def __call__(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Bearer secret-token":
            return Answer({"message": "Unauthorized"}, status=401)
        if asked.path == "/api/states":
            return Answer(list(self.states.values()))
        if asked.path.startswith("/api/states/"):
            found = self.states.get(asked.path.removeprefix("/api/states/"))
            return Answer(found or {"message": "none"}, status=200 if found else 404)
        _, _, _, domain, service = asked.path.split("/")
        return Answer(self._serve(domain, service, asked.json()))

    def _serve(self, domain: str, service: str, data: dict[str, Any]) -> list[Any]:
        self.calls.append((f"{domain}.{service}", data))
        entity = self.states[data["entity_id"]]
        if data["entity_id"] in self.deaf:
            return []
        becomes = {"turn_on": "on", "turn_off": "off", "open_cover": "open", "lock": "locked",
                   "close_cover": "closed", "unlock": "unlocked"}  # fmt: skip
        entity["state"] = becomes.get(service, entity["state"])
        attributes = entity["attributes"]
        if "brightness_pct" in data:
            attributes["brightness"] = round(data["brightness_pct"] * 255 / 100)
        for name, sent in (("current_position", "position"), ("percentage", "percentage"),
                           ("temperature", "temperature")):  # fmt: skip
            if sent in data:
                attributes[name] = data[sent]
        return [entity]
