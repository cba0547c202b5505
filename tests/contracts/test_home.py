"""Every home, told to do the same things: the one in memory, Home Assistant's, and MQTT's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from agents.egress import SPOKEN, EgressDenied, Gate, Outlet
from agents.egress_client import Server
from agents.tools import Receipt, ToolContext
from agents.tools.fake_home import FakeHome
from agents.tools.home import Home, HomeTool
from agents.tools.home_said import Order
from agents.tools.home_words import Action, HomeDevice, Kind
from context.labels import Label, Trust
from device.home.home_assistant import HomeAssistant
from device.home.mqtt import Broker, MqttHome
from tests.home_assistant_server import Fake
from tests.local_server import serving
from tests.mqtt_home import House, LocalBroker, broker_in, furnish

DEVICES = (
    HomeDevice("kitchen", "Kitchen Light", Kind.LIGHT, "off"),
    HomeDevice("desk", "Desk Lamp", Kind.LIGHT, "on", percent=50),
    HomeDevice("garage", "Garage", Kind.COVER, "closed", lets_in=True),
    HomeDevice("blinds", "Bedroom Blinds", Kind.COVER, "open", percent=100),
    HomeDevice("front", "Front Door", Kind.LOCK, "locked"),
    HomeDevice("hall", "Thermostat", Kind.CLIMATE, "heat", degrees=19, measured=18.5),
    HomeDevice("outside", "Outside", Kind.SENSOR, "7.2", measured=7.2, unit="°C"),
    HomeDevice("window", "Kitchen window", Kind.SENSOR, "open"),
    HomeDevice("bath", "Bathroom Fan", Kind.FAN, "off", percent=0),
    HomeDevice("guests", "guests", Kind.SWITCH, "off"),
)


@dataclass
class Furnished:
    """A home with `DEVICES`. told: how many orders have come. deafen: makes a device do nothing."""

    home: Home
    told: Callable[[], int]
    deafen: Callable[[str], None]
    is_network: bool = True


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    with broker_in(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


def gate(port: int) -> Gate:
    outlet = Outlet(frozenset({("127.0.0.1", port)}), plain=True)
    return Gate({"home": outlet}, lambda *_: None)


@pytest.fixture(scope="module")
def house(broker: LocalBroker) -> Iterator[House]:
    house = House(broker)
    yield house
    house.close()


@pytest.fixture(scope="module")
def mqtt_home(broker: LocalBroker) -> Iterator[MqttHome]:
    home = MqttHome(Broker(broker.url, allow_plain=True), gate(broker.port), str)
    yield home
    home.close()


@pytest.fixture(params=["fake", "home-assistant", "mqtt"])
def furnished(request: pytest.FixtureRequest) -> Iterator[Furnished]:
    match request.param:
        case "fake":
            fake = FakeHome(DEVICES)

            def deafen(name: str) -> None:
                fake.deaf |= {each.id for each in DEVICES if each.name == name}

            yield Furnished(fake, lambda: len(fake.told), deafen, is_network=False)
        case "home-assistant":
            server_side = Fake()
            with serving(server_side) as server:
                home = HomeAssistant(
                    Server(server.url, allow_http=True, timeout_s=5),
                    gate(server.port),
                    lambda: "secret-token",
                )
                yield Furnished(home, lambda: len(server_side.calls), server_side.deafen)
        case _:
            house: House = request.getfixturevalue("house")
            mqtt_home: MqttHome = request.getfixturevalue("mqtt_home")
            furnish(house)
            house.told.clear()
            house.deaf.clear()

            def deafen(name: str) -> None:
                house.deaf |= {each.id for each in mqtt_home.devices(SPOKEN) if each.name == name}

            yield Furnished(mqtt_home, lambda: len(house.heard()), deafen)


@pytest.fixture
def do(furnished: Furnished) -> Callable[..., Receipt]:
    tool = HomeTool(furnished.home)
    context = ToolContext(store=None, mint=None)  # type: ignore[arg-type]
    return lambda action, target=None, **more: tool.call(
        {"action": action, **({"target": target} if target else {}), **more}, context
    )


def test_what_there_is(furnished: Furnished) -> None:
    found = {each.name: replace(each, id="") for each in furnished.home.devices(SPOKEN)}
    assert found == {each.name: replace(each, id="") for each in DEVICES}


@pytest.mark.parametrize(
    ("action", "target", "more", "said"),
    [
        ("on", "kitchen light", {}, "The Kitchen Light is on now."),
        ("off", "desk lamp", {}, "The Desk Lamp is off now."),
        ("set", "desk lamp", {"value": 30}, "The Desk Lamp is at 30 percent now."),
        ("set", "desk lamp", {"value": 0}, "The Desk Lamp is at 0 percent now."),
        ("set", "desk lamp", {"value": "blue"}, "I've told the Desk Lamp to be blue."),
        ("set", "desk lamp", {"value": "warm white"}, "I've told the Desk Lamp to be warm white."),
        ("close", "blinds", {}, "The Bedroom Blinds are closed now."),
        ("set", "blinds", {"value": 40}, "The Bedroom Blinds are at 40 percent now."),
        ("set", "fan", {"value": 60}, "The Bathroom Fan is at 60 percent now."),
        ("on", "fan", {}, "The Bathroom Fan is on now."),
        ("set", "thermostat", {"value": 21.5}, "The Thermostat is set to 21.5 degrees now."),
        ("off", "thermostat", {}, "The Thermostat is off now."),
        ("on", "guests", {}, "The guests are on now."),
        ("open", "garage", {"agreed": True}, "The Garage is open now."),
        ("unlock", "front door", {"agreed": True}, "The Front Door is unlocked now."),
    ],
)
def test_it_is_done_and_said_once_it_shows(
    furnished: Furnished, do, *, action: str, target: str, more, said: str
) -> None:
    receipt = do(action, target, **more)
    assert (receipt.ok, receipt.spoken) == (True, said)
    assert furnished.told() == 1


def test_it_can_be_taken_back(furnished: Furnished, do) -> None:
    undo = do("on", "kitchen light").undo
    assert do(**undo.args).spoken == "The Kitchen Light is off now."
    assert furnished.told() == 2


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("front door", "The Front Door is locked."),
        ("kitchen window", "The Kitchen window is open."),
        ("outside", "The Outside is at 7.2 degrees."),
        ("desk lamp", "The Desk Lamp is on, at 50 percent."),
    ],
)
def test_a_question_tells_nothing(furnished: Furnished, do, target: str, said: str) -> None:
    assert do("state", target).spoken == said
    assert furnished.told() == 0


@pytest.mark.parametrize(("action", "target"), [("unlock", "front door"), ("open", "garage")])
def test_what_lets_people_in_is_asked_about_first(
    furnished: Furnished, do, action: str, target: str
) -> None:
    receipt = do(action, target)
    assert receipt.asks is not None
    assert furnished.told() == 0


def test_what_was_told_and_does_nothing_is_not_said_to_be_done(furnished: Furnished) -> None:
    furnished.deafen("Kitchen Light")
    tool = HomeTool(furnished.home, lambda _: None)
    context = ToolContext(store=None, mint=None)  # type: ignore[arg-type]
    receipt = tool.call({"action": "on", "target": "kitchen light"}, context)
    assert not receipt.ok
    assert receipt.spoken == "I told the Kitchen Light to turn on, but it still says off."


def test_words_that_are_not_the_owners_tell_it_nothing(furnished: Furnished) -> None:
    if not furnished.is_network:
        pytest.skip("nothing leaves")
    (light,) = (each for each in furnished.home.devices(SPOKEN) if each.name == "Kitchen Light")
    theirs = Label(frozenset(), Trust.OTHER_SPEAKER)
    with pytest.raises(EgressDenied):
        furnished.home.devices(theirs)
    with pytest.raises(EgressDenied):
        furnished.home.call(light, Order(Action.ON), theirs)
    assert furnished.told() == 0
