"""The tools that reach the network, if the settings name a server for them; else there are none."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from agents.egress import Cleared, Gate, Outlet, Verdict
from agents.egress_client import Server
from agents.model import ChatModel
from agents.remote import TOOL as THINK
from agents.remote import RemoteModel
from agents.remote_or_local import RemoteOrLocal
from agents.tools.home import Home
from agents.tools.weather import Forecast
from context import Store
from context.audit import AuditEvent
from context.labels import Compartment, Sensitivity
from context.policy import (
    Audience,
    Authentication,
    Principal,
    Purpose,
    Request,
    Sink,
    decide,
)
from device.home.home_assistant import HomeAssistant
from device.home.mqtt import Broker, MqttHome
from device.mcp.connection import outlet_of, tool_name
from device.mcp.not_installed import NotInstalled
from device.mcp.servers import McpServers
from device.network_settings import (
    HomeAssistantSettings,
    MqttSettings,
    OpenMeteoSettings,
    RemoteModelSettings,
)
from device.secret_file import read_secret
from device.settings import Settings
from device.weather.open_meteo import OpenMeteo


@dataclass(frozen=True)
class Network:
    """What lies behind the network. None: it isn't set up."""

    home: Home | None = None
    forecast: Forecast | None = None


def assemble_network(settings: Settings, store: Store) -> Network:
    """Construct what the settings name. store: keeps the record of what left.

    Raises:
        NetworkFailed: an address is none.
    """
    note = _record(store)
    home, weather = settings.home, settings.weather
    found_home: Home | None = None
    forecast: Forecast | None = None
    if isinstance(home, HomeAssistantSettings):
        server = Server(home.url, home.allow_http, home.ca_file, home.timeout_s)
        token_file = home.token_file
        found_home = HomeAssistant(
            server,
            Gate({"home": server.outlet}, note),
            lambda: read_secret(token_file, "home.token_file"),
        )
    if isinstance(home, MqttSettings):
        broker = Broker(
            home.url, home.user, home.allow_plain, home.ca_file, home.timeout_s, home.prefix
        )
        password_file = home.password_file
        found_home = MqttHome(
            broker,
            Gate({"home": broker.outlet}, note),
            lambda: read_secret(password_file, "home.password_file"),
        )
    if isinstance(weather, OpenMeteoSettings):
        forecasts, places = (
            Server(url, weather.allow_http, weather.ca_file, weather.timeout_s)
            for url in (weather.forecast_url, weather.places_url)
        )
        ways = forecasts.outlet.servers | places.outlet.servers
        gate = Gate({"weather": Outlet(ways, weather.allow_http)}, note)
        forecast = OpenMeteo(forecasts, places, gate, home=weather.place)
    return Network(found_home, forecast)


def assemble_remote_model(
    settings: RemoteModelSettings, store: Store, private: ChatModel | None
) -> ChatModel:
    """Construct a model on another computer. store: has what the owner grants to the network, and
    keeps the record of what left. private: answers what may not leave; None: nothing does.

    Raises:
        NetworkFailed: the address is none.
    """
    server = Server(settings.url, settings.allow_http, settings.ca_file, settings.timeout_s)
    remote = RemoteModel(
        settings.model,
        server,
        Gate({THINK: server.outlet}, _record(store), granted(store)),
        context_tokens=settings.context_tokens,
        token=lambda: read_secret(settings.token_file, "think.token_file"),
    )
    return remote if private is None else RemoteOrLocal(remote, private)


def granted(store: Store) -> Cleared:
    """What the owner's grants open to the network, of what it is asked about."""

    def cleared(wanted: frozenset[Compartment], use: bool) -> frozenset[Compartment]:
        # What is restricted is in a label only where more than a voice showed who asks.
        restricted = any(each.sensitivity is Sensitivity.RESTRICTED for each in wanted)
        request = Request(
            principal=Principal.OWNER,
            sure=1.0,
            purpose=Purpose.ANSWER,
            audience=Audience.ALONE,
            sink=Sink.NETWORK,
            authentication=Authentication.BUTTON if restricted else Authentication.VOICE,
        )
        while True:
            decision = decide(request, wanted, store.grants.all())
            if not use or decision.compartments != wanted:
                return decision.compartments
            if all([store.grants.used(grant_id) for grant_id in decision.grants]):
                return decision.compartments  # else one was used up meanwhile

    return cleared


def assemble_mcp(settings: Settings, store: Store) -> McpServers | NotInstalled | None:
    """Construct what reaches the servers of tools; None where the settings name none. store: keeps
    the record of what left. Nothing that is remembered is granted to them. Where the protocol's
    library is not installed, each of them is broken, and no more than that.

    Raises:
        NetworkFailed: an address is none.
    """
    if not settings.tools.mcp:
        return None
    if importlib.util.find_spec("mcp") is None:
        return NotInstalled(settings.tools.mcp)
    outlets = {tool_name(name): outlet_of(name, each) for name, each in settings.tools.mcp.items()}
    return McpServers(settings.tools.mcp, Gate(outlets, _record(store)))


def _record(store: Store) -> Callable[[str, Verdict], None]:
    """Leaves a record of what left, or did not, without its contents."""

    def note(tool: str, verdict: Verdict) -> None:
        let_out = "yes" if verdict.allowed else "no"
        store.audit(AuditEvent.EGRESS, tool=tool, let_out=let_out, why=str(verdict.code))

    return note
