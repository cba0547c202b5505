"""Against a server on this machine that keeps states as Home Assistant's REST API does."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.egress import SPOKEN
from agents.egress_client import NetworkFailed, Server
from agents.tools import Receipt, ToolContext
from agents.tools.home import HomeTool
from agents.tools.home_words import Kind
from device.errors import SettingsWrong
from device.home.home_assistant import HomeAssistant
from device.secret_file import read_secret
from tests.device.home.conftest import OpenGate
from tests.home_assistant_server import STATES, Fake
from tests.local_server import Answer, LocalServer, serving


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def server(fake: Fake) -> Iterator[LocalServer]:
    with serving(fake) as server:
        yield server


@pytest.fixture
def assistant(server: LocalServer, secret: Path) -> HomeAssistant:
    return HomeAssistant(
        Server(server.url, allow_http=True, timeout_s=5),
        OpenGate(("127.0.0.1", server.port)),
        lambda: read_secret(str(secret), "home.token_file"),
    )


@pytest.fixture
def do(assistant: HomeAssistant, context: ToolContext) -> Callable[..., Receipt]:
    tool = HomeTool(assistant, lambda _: None)
    return lambda action, target, **more: tool.call(
        {"action": action, "target": target, **more}, context
    )


def test_its_entities(assistant: HomeAssistant) -> None:
    found = {each.id: each for each in assistant.devices(SPOKEN)}
    assert set(found) == set(STATES) - {"person.somebody"}
    assert found["light.desk"].percent == 50
    assert found["cover.garage"].lets_in
    assert not found["cover.blinds"].lets_in
    assert found["binary_sensor.window"].state == "open"
    assert (found["climate.hall"].degrees, found["climate.hall"].measured) == (19, 18.5)
    assert (found["sensor.outside"].kind, found["sensor.outside"].measured) == (Kind.SENSOR, 7.2)
    assert found["input_boolean.guests"].name == "guests"


@pytest.mark.parametrize(
    ("order", "call", "said"),
    [
        (("on", "kitchen light", {}), ("light.turn_on", {}), "The Kitchen Light is on now."),
        (("off", "desk lamp", {}), ("light.turn_off", {}), "The Desk Lamp is off now."),
        (("set", "desk lamp", {"value": 30, "unit": "percent"}),
         ("light.turn_on", {"brightness_pct": 30}), "The Desk Lamp is at 30 percent now."),
        (("set", "desk lamp", {"value": "blue"}),
         ("light.turn_on", {"color_name": "blue"}), "I've told the Desk Lamp to be blue."),
        (("set", "desk lamp", {"value": "warm white"}),
         ("light.turn_on", {"color_temp_kelvin": 2700}),
         "I've told the Desk Lamp to be warm white."),
        (("close", "blinds", {}), ("cover.close_cover", {}), "The Bedroom Blinds are closed now."),
        (("set", "blinds", {"value": 40, "unit": "percent"}),
         ("cover.set_cover_position", {"position": 40}),
         "The Bedroom Blinds are at 40 percent now."),
        (("set", "fan", {"value": 60, "unit": "percent"}),
         ("fan.set_percentage", {"percentage": 60}), "The Bathroom Fan is at 60 percent now."),
        (("set", "thermostat", {"value": 21.5, "unit": "degrees"}),
         ("climate.set_temperature", {"temperature": 21.5}),
         "The Thermostat is set to 21.5 degrees now."),
        (("on", "guests", {}), ("input_boolean.turn_on", {}), "The guests are on now."),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)  # fmt: skip
def test_each_order_is_the_service_it_should_be(do, fake: Fake, order, call, said: str) -> None:
    action, target, more = order
    receipt = do(action, target, **more)
    assert (receipt.ok, receipt.spoken) == (True, said)
    service, data = call
    ((called, sent),) = fake.calls
    entity = sent.pop("entity_id")
    assert (called, sent) == (service, data)
    assert entity.split(".")[0] == service.split(".")[0]


def test_a_question_calls_nothing(do, fake: Fake, server: LocalServer) -> None:
    assert do("state", "front door").spoken == "The Front Door is locked."
    assert do("state", "kitchen window").spoken == "The Kitchen window is open."
    assert fake.calls == []
    assert {asked.method for asked in server.asked} == {"GET"}


def test_unlocking_calls_nothing_until_it_is_agreed_to(
    do, assistant: HomeAssistant, context: ToolContext, fake: Fake
) -> None:
    asks = do("unlock", "front door").asks
    assert fake.calls == []
    assert HomeTool(assistant, lambda _: None).call(asks.args, context).ok
    assert fake.calls == [("lock.unlock", {"entity_id": "lock.front"})]


def test_what_does_not_happen_is_not_said(do, fake: Fake, monkeypatch) -> None:
    monkeypatch.setattr(fake, "_serve", lambda *_: [])
    receipt = do("on", "kitchen light")
    assert not receipt.ok
    assert "still says off" in receipt.spoken


def test_nothing_the_owner_said_is_sent(do, server: LocalServer) -> None:
    """What is meant is found here: only the ids of the home's own devices go back to it."""
    do("on", "that kitchen light which Grandmother gave us")
    do("on", "kitchen light")
    sent = "".join(f"{each.path}{each.query}{each.body!r}" for each in server.asked)
    assert "Grandmother" not in sent
    assert "kitchen light" not in sent.casefold()


def test_the_token_is_in_no_log_and_no_sentence(do, secret: Path, caplog, fake: Fake) -> None:
    secret.write_text("other-token")
    with caplog.at_level(logging.DEBUG):
        receipt = do("on", "kitchen light")
    assert (receipt.ok, fake.calls) == (False, [])
    assert receipt.spoken == "Home Assistant doesn't take the token that I was given."
    assert "other-token" not in caplog.text + receipt.spoken


@pytest.mark.parametrize(
    "rubbish",
    [
        {}, "text", [1, None, "x"], [{}], [{"entity_id": 1, "state": "on"}],
        [{"entity_id": "light.x", "state": None}],
        [{"entity_id": "light.../../config", "state": "on"}],
        [{"entity_id": "light.x", "state": "on", "attributes": [1]}],
        [{"entity_id": "light.x", "state": "on",
          "attributes": {"friendly_name": 5, "brightness": "NaN", "device_class": ["door"]}}],
        [{"entity_id": "climate.x", "state": "heat",
          "attributes": {"temperature": 1e300, "current_temperature": {}}}],
    ],
    ids=repr,
)  # fmt: skip
def test_rubbish_is_only_not_found(server, do, rubbish: Any) -> None:
    server.handler = lambda _: Answer(rubbish)
    receipt = do("state", "x")
    assert receipt.spoken.isprintable()
    assert len(receipt.spoken) < 200


def test_one_that_is_gone(assistant: HomeAssistant, server: LocalServer) -> None:
    server.close()
    with pytest.raises(NetworkFailed):
        assistant.devices(SPOKEN)


class TestTokenFile:
    def test_it_is_read_each_time(self, secret: Path) -> None:
        assert read_secret(str(secret), "home.token_file") == "secret-token"
        secret.write_text("new")
        assert read_secret(str(secret), "home.token_file") == "new"
        assert read_secret("", "home.token_file") == ""

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
    def test_others_must_not_read_it(self, secret: Path, mode: int) -> None:
        secret.chmod(mode)
        with pytest.raises(SettingsWrong, match="chmod 600") as refused:
            read_secret(str(secret), "home.token_file")
        assert "secret" not in str(refused.value)

    @pytest.mark.parametrize("text", ["", "two\nlines", "ü", "\0"])
    def test_it_holds_a_token_alone(self, secret: Path, text: str) -> None:
        secret.write_text(text)
        with pytest.raises(SettingsWrong, match="on one line"):
            read_secret(str(secret), "home.token_file")

    def test_it_is_there(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsWrong, match="can't be read"):
            read_secret(str(tmp_path / "none"), "home.token_file")
