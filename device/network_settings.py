"""Settings of what may reach the network, all of it off unless it is named; see PRIVACY.md.

The addresses are the only servers that a tool is let out to (`agents/egress.py`).
"""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from device.section import Section, Threads


def _leads_somewhere(url: str) -> str:
    """Return an address whose host and port can be (RFC 3490, RFC 793)."""
    try:
        parts = urlsplit(url)
        named = bool((parts.hostname or "").encode("idna"))
    except ValueError:  # a UnicodeError is one
        named = False
    if not named:
        raise ValueError("that is no host's name or address")
    try:
        port = urlsplit(url).port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("the port has to be a number from 1 to 65535")
    return url


Url = Annotated[
    str,
    Field(
        pattern=r"^https?://[^/@\s?#]+(/[^@\s?#]*)?$",
        max_length=500,
        description="an address as https://host:port/path and nothing more",
    ),
    AfterValidator(_leads_somewhere),
]
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


class MqttSettings(Section):
    """The devices that announce themselves on an MQTT broker (Home Assistant's discovery).

    password_file: of the user's password, readable by you alone. allow_plain: without encryption,
    and only in the home network. ca_file: certificates to trust instead of the system's. prefix: of
    the topics of discovery.
    """

    engine: Literal["mqtt"] = "mqtt"
    url: Annotated[
        str,
        Field(
            pattern=r"^mqtts?://[^/@\s?#]+/?$",
            max_length=500,
            description="an address as mqtts://host:port and nothing more",
        ),
        AfterValidator(_leads_somewhere),
    ]
    user: str = Field(default="", max_length=200)
    password_file: str = ""
    allow_plain: bool = False
    ca_file: str = ""
    prefix: str = Field(
        default="homeassistant",
        pattern=r"^[A-Za-z0-9_/-]+$",
        max_length=100,
        description="letters, digits and _ - / alone",
    )
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


class RemoteModelSettings(Section):
    """A language model on another computer of yours, by OpenAI's API, as llama-server, vLLM, Ollama
    and LM Studio speak it. What you have just said is sent to it, and of what is remembered nothing
    but what you have granted to the network.

    url: with or without "/v1" at its end. model: what the server calls it. token_file: of the
    server's API key, readable by you alone; "" is none. allow_http: without encryption, and only in
    the home network. ca_file: certificates to trust instead of the system's. timeout_s: for a whole
    reply. context_tokens: what the server has room for.

    private: a model of the catalog that runs here, for what may not be sent; with "none", what is
    remembered is answered from in your own words and is left out of what the server is shown.
    threads: of that one.
    """

    engine: Literal["openai-compatible"] = "openai-compatible"
    url: Url
    model: str = Field(min_length=1, max_length=200)
    token_file: str = ""
    allow_http: bool = False
    ca_file: str = ""
    timeout_s: float = Field(default=30.0, ge=1, le=300)
    context_tokens: int = Field(default=4096, ge=256, le=131072)
    private: str = "none"
    threads: Threads = 0


class _McpServer(Section):
    """What all servers of tools have. tools: the names of those that may be used; None: all that
    it lists. reads: of those that change nothing, and so are not asked about first; the server's
    own word for it is not taken. examples: by a tool's name, what you say when you mean it, so that
    it is found; "{title: the agenda}" in one marks an argument's words. timeout_s: for a
    call. connect_s: until it has listed its tools.
    """

    tools: tuple[str, ...] | None = None
    reads: tuple[str, ...] = ()
    examples: dict[str, tuple[str, ...]] = Field(default_factory=dict[str, tuple[str, ...]])
    timeout_s: float = Field(default=15.0, ge=0.5, le=120)
    connect_s: float = Field(default=30.0, ge=0.5, le=300)


class McpStdioSettings(_McpServer):
    """A server of tools (Model Context Protocol) that is a program of this device. It runs as you,
    and what it sends to where is its own affair. command, args: no shell is between. env_file: its
    variables, a line of NAME=value each, readable by you alone; of ours it gets only those that
    every program needs.
    """

    engine: Literal["stdio"] = "stdio"
    command: str = Field(min_length=1, max_length=500)
    args: tuple[str, ...] = ()
    env_file: str = ""


class McpHttpSettings(_McpServer):
    """A server of tools that is reached by HTTP (Streamable HTTP). token_file: of a bearer token,
    readable by you alone; "" is none. allow_http: without encryption, and only in the home network.
    ca_file: certificates to trust instead of the system's.
    """

    engine: Literal["http"] = "http"
    url: Url
    token_file: str = ""
    allow_http: bool = False
    ca_file: str = ""


McpSettings = McpStdioSettings | McpHttpSettings
ServerName = Annotated[
    str,
    Field(
        pattern=r"^[a-z]+(-[a-z]+)*$",
        max_length=30,
        description="small letters, with hyphens between words, as in office-printer",
    ),
]
"""What the owner calls a server: letters and hyphens, as it is said aloud."""
McpTable = Annotated[
    dict[ServerName, Annotated[McpSettings, Field(discriminator="engine")]], Field(max_length=16)
]
"""Servers of tools, by name."""
