"""The tools behind the network, put together from settings, against a server on this machine."""

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from agents.egress import SPOKEN
from agents.egress_client import NetworkFailed
from agents.router import Router
from agents.tools import ToolContext
from agents.tools.home import HomeTool
from agents.tools.weather import NOT_SET_UP, WeatherTool
from context import Store
from device.assemble import Engines, assemble_mind
from device.errors import SettingsWrong
from device.home.mqtt import MqttHome
from device.network import Network, assemble_network
from device.settings import load_settings
from tests.mqtt_home import House, broker_in, furnish

NOW = datetime(2026, 3, 14, 10, tzinfo=UTC)
DAILY = {
    "time": ["2026-03-14"],
    "weather_code": [61],
    "temperature_2m_max": [12.4],
    "temperature_2m_min": [3.6],
    "precipitation_probability_max": [80],
}


class Service(ThreadingHTTPServer):
    """A forecast service. asked: paths and queries, in order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append((parts.path, parse_qs(parts.query)))
        place = {"name": "Bern", "latitude": 46.95, "longitude": 7.45, "country": "Switzerland"}
        current = {"weather_code": 61, "temperature_2m": 7.0, "wind_speed_10m": 9.0}
        answer = (
            {"results": [place]}
            if parts.path == "/v1/search"
            else {"current": current, "daily": DAILY}
        )
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def service() -> Iterator[Service]:
    server = Service()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    made = Store(tmp_path / "memory", None, lambda: NOW)
    made.open()
    yield made
    made.close()


def reached(store: Store, service: Service, *more: str) -> Network:
    url = f"http://127.0.0.1:{service.server_port}"
    settings = load_settings(
        overrides=(
            "weather.engine=open-meteo",
            f"weather.forecast_url={url}",
            f"weather.places_url={url}",
            *more,
        )
    )
    return assemble_network(settings, store)


def tool_says(network: Network, store: Store, **args: object) -> str:
    context = ToolContext(store=store, mint=None)  # type: ignore[arg-type]
    return (
        WeatherTool(network.forecast, lambda: NOW).call({"action": "now", **args}, context).spoken
    )


def events(store: Store, tmp_path) -> list[dict[str, object]]:
    lines = (tmp_path / "memory" / "audit.jsonl").read_text("utf-8").splitlines()
    return [each for each in map(json.loads, lines) if "egress" in str(each)]


def test_by_default_nothing_is_reached(store: Store) -> None:
    network = assemble_network(load_settings(overrides=()), store)
    assert network == Network()
    assert tool_says(network, store, place="Bern") == NOT_SET_UP


def test_the_weather_is_told_and_only_the_place_leaves(store, service, tmp_path) -> None:
    network = reached(store, service, "weather.allow_http=true")
    said = tool_says(network, store, place="Bern")
    assert "Bern" in said
    assert "rain" in said
    paths = [path for path, _ in service.asked]
    assert paths == ["/v1/search", "/v1/forecast"]
    assert service.asked[0][1]["name"] == ["Bern"]
    assert "Bern" not in str(service.asked[1][1])
    records = events(store, tmp_path)
    assert len(records) == 2
    assert "Bern" not in str(records)


def test_without_encryption_nothing_leaves_unless_it_is_allowed(store, service, tmp_path) -> None:
    said = tool_says(reached(store, service), store, place="Bern")
    assert "encrypted" in said
    assert service.asked == []
    assert any("not_encrypted" in str(each) for each in events(store, tmp_path))


def test_a_server_that_is_gone_is_said(store, service) -> None:
    network = reached(store, service, "weather.allow_http=true")
    service.shutdown()
    service.server_close()
    said = tool_says(network, store, place="Bern", date=date(2026, 3, 14).isoformat())
    assert "can't reach" in said


class TestMqtt:
    def test_it_is_told_by_a_turn_and_recorded(self, store, tmp_path) -> None:
        with broker_in(tmp_path) as broker:
            house = House(broker)
            furnish(house)
            settings = load_settings(
                overrides=("home.engine=mqtt", f"home.url={broker.url}", "home.allow_plain=true")
            )
            home = assemble_network(settings, store).home
            assert isinstance(home, MqttHome)
            context = ToolContext(store=store, mint=None)  # type: ignore[arg-type]
            receipt = HomeTool(home).call({"action": "on", "target": "kitchen light"}, context)
            assert receipt.spoken == "The Kitchen Light is on now."
            assert house.heard() == [("esp/kitchen/set", "ON")]
            records = events(store, tmp_path)
            assert len(records) == 2
            assert "kitchen" not in str(records).casefold()
            home.close()
            house.close()

    def test_it_is_left_when_the_mind_is_closed(self, tmp_path) -> None:
        before = set(threading.enumerate())
        with broker_in(tmp_path) as broker:
            settings = load_settings(
                overrides=(
                    "think.engine=none", "home.engine=mqtt", f"home.url={broker.url}",
                    "home.allow_plain=true",
                )
            )  # fmt: skip
            engines = Engines(Router(now=lambda: NOW), None, None)
            mind = assemble_mind(settings, tmp_path / "state", engines=engines)
            with contextlib.closing(mind):
                mind.load()
                home = mind.home
                assert isinstance(home, MqttHome)
                assert home.devices(SPOKEN) == []
                assert "mqtt" in {each.name for each in threading.enumerate()}
            assert set(threading.enumerate()) <= before
            with pytest.raises(NetworkFailed):
                home.devices(SPOKEN)

    @pytest.mark.parametrize(
        ("key", "wrong"),
        [
            ("home.url", "http://home.example"),
            ("home.url", "mqtts://user:password@home.example"),
            ("home.url", "mqtts://home.example/topic"),
            ("home.prefix", "home/#"),
            ("home.allow_http", "true"),
            ("home.timeout_s", "0"),
        ],
    )
    def test_a_wrong_setting_is_named(self, key: str, wrong: str) -> None:
        with pytest.raises(SettingsWrong, match=key.replace("home.", r"home\..*")) as refused:
            load_settings(
                overrides=(
                    "home.engine=mqtt", "home.url=mqtts://home.example", f"{key}={wrong}",
                )
            )  # fmt: skip
        assert "user:password" not in str(refused.value)
