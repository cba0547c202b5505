"""Settings of what may reach the network, all of it off unless it is named; see PRIVACY.md.

The addresses are the only servers that a tool is let out to (`agents/egress.py`).
"""

from typing import Annotated, Literal

from pydantic import Field

from device.section import Section

Url = Annotated[str, Field(pattern=r"^https?://[^/@\s?#]+(/[^@\s?#]*)?$", max_length=500)]
"""A server's address, without a password, a query or a fragment."""


class NoHomeSettings(Section):
    """No home: "turn on the light" says how to set one up."""

    engine: Literal["none"] = "none"


class HomeAssistantSettings(Section):
    """Home Assistant. token_file: of a long-lived access token, readable by you alone.

    allow_http: without encryption, and only in the home network. ca_file: certificates to trust
    instead of the system's.
    """

    engine: Literal["home-assistant"] = "home-assistant"
    url: Url
    token_file: str
    allow_http: bool = False
    ca_file: str = ""
    timeout_s: float = Field(default=5.0, ge=0.5, le=60)


class NoWeatherSettings(Section):
    """No weather."""

    engine: Literal["none"] = "none"


class OpenMeteoSettings(Section):
    """Open-Meteo, or a server of one's own that speaks as it does; no key is needed.

    place: where you are, as a name; "" asks. Only the place, then its coordinates, are sent.
    """

    engine: Literal["open-meteo"] = "open-meteo"
    place: str = Field(default="", max_length=100)
    forecast_url: Url = "https://api.open-meteo.com"
    places_url: Url = "https://geocoding-api.open-meteo.com"
    allow_http: bool = False
    ca_file: str = ""
    timeout_s: float = Field(default=6.0, ge=0.5, le=60)
