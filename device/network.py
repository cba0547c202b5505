"""The tools that reach the network, if the settings name a server for them; else there are none."""

from dataclasses import dataclass

from agents.egress import Gate, Outlet, Verdict
from agents.egress_client import Server
from agents.tools.home import Home
from agents.tools.weather import Forecast
from context import Store
from context.audit import AuditEvent
from device.home.home_assistant import HomeAssistant
from device.network_settings import HomeAssistantSettings, OpenMeteoSettings
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

    def note(tool: str, verdict: Verdict) -> None:
        let_out = "yes" if verdict.allowed else "no"
        store.audit(AuditEvent.EGRESS, tool=tool, let_out=let_out, why=str(verdict.code))

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
    if isinstance(weather, OpenMeteoSettings):
        forecasts, places = (
            Server(url, weather.allow_http, weather.ca_file, weather.timeout_s)
            for url in (weather.forecast_url, weather.places_url)
        )
        ways = forecasts.outlet.servers | places.outlet.servers
        gate = Gate({"weather": Outlet(ways, weather.allow_http)}, note)
        forecast = OpenMeteo(forecasts, places, gate, home=weather.place)
    return Network(found_home, forecast)
