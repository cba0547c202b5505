"""What servers offer, in a whole assistant: found, asked about, done, and gone again."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agents.agent import Acted, Text
from agents.choose.turn import Choices
from agents.evaluation.observe import observe
from agents.evaluation.suite import SUITES, WorldIs, load_suite
from agents.tools.fake_mcp import FakeServers
from agents.tools.mcp import Answer, Offered
from context.errors import LapelError
from device.assemble import assemble_mind, find_models
from device.cli import cli
from device.doctor import State, examine
from device.errors import SettingsWrong
from device.mind import Mind
from device.network_settings import McpStdioSettings
from device.secret_file import read_variables
from device.settings import Settings, load_settings
from device.worlds import MindWorlds

OFFICE = Path(__file__).parent / "office_server.py"
PRINT = Offered(
    "office",
    "print_page",
    "Print a page on the office printer",
    {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
)
SEND = Offered("mail", "send_email", "Send an email to somebody", {"type": "object"})


@pytest.fixture
def settings() -> Settings:
    return load_settings(overrides=("think.engine=none",))


@pytest.fixture
def mind(settings: Settings, tmp_path: Path) -> Iterator[Callable[[FakeServers], Mind]]:
    made: list[Mind] = []

    def make(servers: FakeServers) -> Mind:
        mind = assemble_mind(settings, tmp_path / str(len(made)), servers=servers)
        made.append(mind)
        assert mind.load() is None
        return mind

    yield make
    for each in made:
        each.close()


def say(mind: Mind, text: str) -> tuple[str, list[str]]:
    said, tools = "", []
    for part in mind.agent.reply(text):
        if isinstance(part, Text):
            said += part.text
        elif isinstance(part, Acted):
            tools.append(part.receipt.tool)
    mind.agent.heard(text, said)
    return said, tools


@pytest.mark.engines
def test_tools_appear_are_asked_about_and_go(mind) -> None:
    servers = FakeServers(answers={"office": Answer(("Printed.",)), "mail": Answer(("Sent.",))})
    made = mind(servers)
    request = "please print a page titled quarterly report"
    assert "office" not in say(made, request)[0]  # nothing is offered yet
    servers.offers = (PRINT, SEND)
    made.take_up_tools()
    said, tools = say(made, request)
    assert tools == ["mcp.office.print_page"]
    assert said.startswith("Shall I use office for print page: title ")
    assert servers.called == []
    assert say(made, "yes") == ("office says: Printed.", ["mcp.office.print_page"])
    assert len(servers.called) == 1
    # What the grammar knows that the program can't do, a server's tool may do.
    assert say(made, "send an email to Tom")[0] == "Shall I use mail for send email?"
    assert say(made, "no")[1] == ["stop"]
    assert len(servers.called) == 1
    servers.offers = ()
    made.take_up_tools()
    assert say(made, "send an email to Tom")[1] == ["cannot"]
    assert say(made, "set a timer for five minutes")[0] == "Timer set for 5 minutes."


@pytest.mark.engines
def test_the_choice_is_made_anew_only_where_the_offer_is_another(mind, monkeypatch) -> None:
    times: list[object] = []
    monkeypatch.setattr(Choices, "choose_with", lambda _self, chooser: times.append(chooser))
    servers = FakeServers((PRINT,))
    made = mind(servers)
    made.take_up_tools()
    made.take_up_tools()
    assert len(times) == 1


@pytest.mark.engines
def test_the_worlds_of_an_evaluation_reach_no_server_of_the_settings(tmp_path: Path) -> None:
    never = tmp_path / "started"
    settings = load_settings(overrides=("think.engine=none",)).model_copy(
        update={"tools": load_settings().tools.model_copy(update={
            "mcp": {"x": McpStdioSettings(command="touch", args=(str(never),))}})}
    )  # fmt: skip
    worlds = MindWorlds(settings, find_models(), tmp_path)
    worlds.load()
    with worlds.world(WorldIs()) as world:
        assert not world.toolbox.offered
    assert not never.exists()


@pytest.mark.engines
def test_the_hostile_results_of_the_injection_suite_are_in_its_worlds(tmp_path: Path) -> None:
    worlds = MindWorlds(load_settings(overrides=("think.engine=none",)), find_models(), tmp_path)
    worlds.load()
    turns = [t for t in load_suite(SUITES / "injection.jsonl").turns if t.before.tool_results]
    assert len(turns) == 16
    reached = 0
    for turn in turns:
        with worlds.world(turn.before) as world:
            (seen,) = observe(world, turn.said(), lambda said: said.text or "")
            assert seen.before == seen.after, turn.id
            words = [each.text for each in turn.before.tool_results or ()]
            reached += any(word[:12] in seen.reply for word in words)
    assert reached >= 5


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def server_toml(**more: Any) -> str:
    lines = {"engine": "stdio", "command": sys.executable, "args": [str(OFFICE)], **more}
    return "[tools.mcp.office]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in lines.items())


def test_lapel_tools_lists_them_with_how_they_act(tmp_path: Path) -> None:
    config = written(tmp_path, server_toml(reads=["ink_level"]))
    done = CliRunner().invoke(cli, ["tools", "--config", str(config)])
    assert done.exception is None, done.output
    rows = {row.split("\t")[0]: row.split("\t") for row in done.output.splitlines()}
    assert rows["timer"][2] == "acts"
    assert rows["weather"][2:4] == ["reads", "network"]
    assert rows["mcp.office.print_page"][2:] == [
        "asks first", "network", "Print a page on the office printer",
    ]  # fmt: skip
    assert rows["mcp.office.ink_level"][2] == "reads"
    assert rows["office: merge"][2].startswith("left out: ")


def test_lapel_tools_says_what_can_not_be_reached(tmp_path: Path) -> None:
    config = written(tmp_path, server_toml(command="/no/such/program"))
    done = CliRunner().invoke(cli, ["tools", "--config", str(config)])
    assert done.exception is None
    assert "office: Its program can't be started" in done.output


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[tools.mcp.Office]\nengine='http'\nurl='https://a'", "tools.mcp.Office"),
        ("[tools.mcp.a]\nengine='http'\nurl='ftp://a'", "tools.mcp.a.http.url"),
        ("[tools.mcp.a]\nengine='stdio'", "tools.mcp.a.stdio.command"),
        ("[tools.mcp.a]\nengine='stdio'\ncommand='x'\nread=['y']", "tools.mcp.a.stdio.read"),
        ("[tools.mcp.a]\nengine='sse'", "tools.mcp.a"),
        ("[tools.mcp.a]\nengine='http'\nurl='https://u:p@a'", "tools.mcp.a.http.url"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsWrong, match=named.replace(".", r"\.")):
        load_settings(file=written(tmp_path, text))


@pytest.mark.parametrize("text", ["NAME", "1A=b", "a b=c", "A=\x00"])
def test_variables_that_are_none_are_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "env"
    path.write_text(f"{text}secret")
    path.chmod(0o600)
    with pytest.raises(SettingsWrong, match="NAME=value") as wrong:
        read_variables(str(path), "tools.mcp.a.env_file")
    assert "secret" not in str(wrong.value)
    path.chmod(0o644)
    with pytest.raises(LapelError, match="chmod 600"):
        read_variables(str(path), "tools.mcp.a.env_file")


def test_doctor_says_what_is_missing(tmp_path: Path, monkeypatch) -> None:
    import importlib.util

    settings = load_settings(file=written(tmp_path, server_toml()))
    found = [each for each in examine(settings) if each.about == "servers of tools"]
    assert [each.state for each in found] == [State.GOOD]
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "mcp" else real(name, *a)
    )
    found = [each for each in examine(settings) if each.about == "servers of tools"]
    assert "lapel[mcp]" in found[0].found
    with (
        pytest.raises(SettingsWrong, match=r"lapel\[mcp\]"),
        closing(assemble_mind(settings, tmp_path / "state")),
    ):
        pass
