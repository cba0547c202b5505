"""Servers of tools where the protocol's library is missing: they are broken, and no more is."""

import importlib.util
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.agent import Text
from agents.egress import SPOKEN
from agents.egress_client import NetworkFailed
from device.assemble import assemble_mind
from device.cli import cli
from device.errors import SettingsWrong
from device.mcp.not_installed import NotInstalled
from device.settings import load_settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f"[tools.mcp.office]\nengine = 'stdio'\ncommand = '{sys.executable}'\n")
    return path


@pytest.fixture
def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "mcp" else real(name, *a)
    )


@pytest.mark.usefixtures("without_library")
def test_without_the_library_its_servers_are_broken_and_all_else_works(
    config: Path, tmp_path: Path
) -> None:
    engines = ("think.engine=none", "memory.embedder=none")
    (tmp_path / "state").mkdir()
    with closing(
        assemble_mind(load_settings(file=config, overrides=engines), tmp_path / "state")
    ) as mind:
        assert mind.load() is None
        mind.take_up_tools()
        parts = mind.agent.reply("set a timer for five minutes")
        said = "".join(part.text for part in parts if isinstance(part, Text))
        assert said == "Timer set for 5 minutes."
    done = CliRunner().invoke(cli, ["tools", "--config", str(config)])
    assert done.exit_code == 1
    assert "timer\t" in done.output
    assert "office: servers of tools need a library: install the extra lapel[mcp]" in done.output
    checked = CliRunner().invoke(cli, ["config", "check", "--config", str(config)])
    assert isinstance(checked.exception, SettingsWrong)
    assert "tools.mcp: office can't be used without a library" in str(checked.exception)
    assert "lapel[mcp]" in str(checked.exception)


def test_a_call_without_the_library_says_what_to_install() -> None:
    servers = NotInstalled(["office"])
    with pytest.raises(NetworkFailed, match=r"can't reach office: .*lapel\[mcp\]"):
        servers.call("office", "print_page", {}, SPOKEN)
