"""What would never be sent, because it isn't encrypted, is told before the first request."""

import pytest
from click.testing import CliRunner

from device.cli import cli
from device.doctor import unencrypted
from device.errors import SettingsWrong
from device.settings import load_settings

HOME = ("home.engine=mqtt", "home.url=mqtt://192.168.1.2")
ASSISTANT = ("home.engine=home-assistant", "home.url=http://192.168.1.2", "home.token_file=x")
MODEL = ("think.engine=openai-compatible", "think.url=http://192.168.1.3", "think.model=x")
WEATHER = ("weather.engine=open-meteo", "weather.places_url=http://192.168.1.4")
TOOLS = ("tools.mcp.mail.engine=http", "tools.mcp.mail.url=http://192.168.1.5")
EACH = [
    (HOME, "home.url", "home.allow_plain"),
    (ASSISTANT, "home.url", "home.allow_http"),
    (MODEL, "think.url", "think.allow_http"),
    (WEATHER, "weather.places_url", "weather.allow_http"),
    (TOOLS, "tools.mcp.mail.url", "tools.mcp.mail.allow_http"),
]


@pytest.mark.parametrize(("given", "key", "allow"), EACH)
def test_an_address_that_is_not_encrypted_is_named_with_what_would_allow_it(
    given: tuple[str, ...], key: str, allow: str
) -> None:
    (told,) = unencrypted(load_settings(overrides=given))
    assert told.startswith(f"{key} is not encrypted")
    assert f"{allow} = true" in told
    assert unencrypted(load_settings(overrides=(*given, f"{allow}=true"))) == []


def test_the_settings_as_they_are_need_nothing() -> None:
    assert unencrypted(load_settings()) == []
    safe = ("home.engine=mqtt", "home.url=mqtts://192.168.1.2")
    assert unencrypted(load_settings(overrides=safe)) == []


def test_config_check_refuses_it() -> None:
    sets = [word for each in HOME for word in ("--set", each)]
    done = CliRunner().invoke(cli, ["config", "check", *sets])
    assert isinstance(done.exception, SettingsWrong)
    assert "home.allow_plain" in str(done.exception)
    allowed = CliRunner().invoke(cli, ["config", "check", *sets, "--set", "home.allow_plain=true"])
    assert allowed.exit_code == 0


@pytest.mark.parametrize(("given", "key", "_allow"), EACH)
@pytest.mark.parametrize(
    ("end", "says"),
    [
        (":0", "the port has to be a number from 1 to 65535"),
        (":65536", "the port has to be a number from 1 to 65535"),
        (":mail", "the port has to be a number from 1 to 65535"),
        ("..7", "that is no host's name or address"),
        (f".{64 * 'a'}", "that is no host's name or address"),
    ],
)
def test_config_check_refuses_an_address_that_leads_nowhere(
    given: tuple[str, ...], key: str, _allow: str, end: str, says: str
) -> None:
    sets = [f"{each}{end}" if each.startswith(f"{key}=") else each for each in given]
    done = CliRunner().invoke(cli, ["config", "check", *(w for s in sets for w in ("--set", s))])
    assert isinstance(done.exception, SettingsWrong)
    assert f"{key}: {says}" in str(done.exception)


@pytest.mark.parametrize("url", ["https://[::1]:8123", "https://bücher.example", "https://a.b."])
def test_addresses_that_lead_somewhere(url: str) -> None:
    given = ("home.engine=home-assistant", f"home.url={url}", "home.token_file=x")
    assert load_settings(overrides=given).home.engine == "home-assistant"


def test_doctor_tells_of_a_home_over_mqtt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    sets = [word for each in HOME for word in ("--set", each)]
    told = CliRunner().invoke(cli, ["doctor", *sets]).output
    assert "over MQTT at mqtt://192.168.1.2" in told
    assert "home.url is not encrypted" in told
