"""A home in memory: for tests, evaluation and demos."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from agents.tools.home_said import Order
from agents.tools.home_words import Action, HomeDevice, Kind
from context.errors import LapelError
from context.labels import Label

_BECOMES = {
    Action.ON: "on",
    Action.OFF: "off",
    Action.OPEN: "open",
    Action.CLOSE: "closed",
    Action.LOCK: "locked",
    Action.UNLOCK: "unlocked",
}


class FakeHome:
    """Does what it is told at once. deaf: ids of devices that are told and do nothing. error: is
    raised instead of an answer. `told` keeps the orders, `labels` what led to each request.
    """

    def __init__(self, devices: Iterable[HomeDevice], deaf: Iterable[str] = ()) -> None:
        self.now = {device.id: device for device in devices}
        self.deaf = set(deaf)
        self.error: LapelError | None = None
        self.told: list[tuple[str, Order]] = []
        self.labels: list[Label] = []

    @classmethod
    def of(cls, states: Mapping[str, str]) -> "FakeHome":
        """Devices by name and state; the kind is guessed from the name, else it is a light."""
        home = cls(())
        home.become(states)
        return home

    def become(self, states: Mapping[str, str]) -> None:
        """Have these devices, by name and state, beside what there is."""
        for name, state in states.items():
            self.now[name] = HomeDevice(name, name, _kind_of(name), state, lets_in="garage" in name)

    def states(self) -> dict[str, str]:
        """The states by name."""
        return {device.name: device.state for device in self.now.values()}

    def devices(self, label: Label) -> Sequence[HomeDevice]:
        """All of them."""
        self._ask(label)
        return list(self.now.values())

    def state(self, device: HomeDevice, label: Label) -> HomeDevice | None:
        """One of them."""
        self._ask(label)
        return self.now.get(device.id)

    def call(self, device: HomeDevice, order: Order, label: Label) -> None:
        """Do it, unless it is deaf."""
        self._ask(label)
        self.told.append((device.id, order))
        if device.id in self.deaf:
            return
        state = _BECOMES.get(order.action, "on" if device.kind is not Kind.COVER else "open")
        if order.percent == 0:
            state = "closed" if device.kind is Kind.COVER else "off"
        if device.kind is Kind.CLIMATE and state == "on":
            state = "heat"
        now = self.now[device.id]
        self.now[device.id] = replace(
            now,
            state=state,
            percent=now.percent if order.percent is None else order.percent,
            degrees=now.degrees if order.degrees is None else order.degrees,
        )

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, label: Label) -> None:
        self.labels.append(label)
        if self.error is not None:
            raise self.error


def _kind_of(name: str) -> Kind:
    words = set(name.casefold().split())
    for kind, names in (
        (Kind.LOCK, {"lock", "door"}),
        (Kind.COVER, {"blinds", "blind", "garage", "curtains", "shutters", "gate"}),
        (Kind.CLIMATE, {"thermostat", "heating", "radiator"}),
        (Kind.FAN, {"fan"}),
        (Kind.SWITCH, {"plug", "heater", "tv", "radio", "kettle", "socket"}),
    ):
        if words & names and "light" not in words:
            return kind
    return Kind.LIGHT
