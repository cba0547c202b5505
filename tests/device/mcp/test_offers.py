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
from device.mcp.servers import McpServers
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
    assert say(made, "send an email to Tom")[0] == (
        "I can't use Tom. Shall I use mail for send email?"  # which takes nobody's name
    )
    assert say(made, "no")[1] == ["stop"]
    assert len(servers.called) == 1
    servers.offers = ()
    made.take_up_tools()
    assert say(made, "send an email to Tom")[1] == ["cannot"]
    assert say(made, "set a timer for five minutes")[0] == "Timer set for 5 minutes."


SOIL = Offered(
    "garden",
    "soil_moisture",
    "How wet the soil of a bed is",
    {"properties": {"bed": {"type": "string"}}, "required": ["bed"]},
    reads=True,
)
WATER = Offered(
    "garden",
    "water_bed",
    "Water a bed of the garden",
    {
        "properties": {
            "bed": {"type": "string"},
            "minutes": {"type": "integer", "minimum": 1, "maximum": 60},
            "strength": {"enum": ["light", "heavy"]},
        },
        "required": ["bed", "minutes"],
    },
)


@pytest.mark.engines
def test_what_is_asked_for_is_no_trap(mind) -> None:
    servers = FakeServers((SOIL, WATER), {"garden": Answer(("Done.",))})
    made = mind(servers)
    made.take_up_tools()
    assert say(made, "how wet is the soil of the bed")[0] == "What is the bed?"
    assert say(made, "yes")[0] == "I can't use that. What is the bed?"
    said, _ = say(made, "water the cucumber bed for ten minutes")
    assert said == "Shall I use garden for water bed: bed cucumber, minutes 10?"
    assert say(made, "no")[1] == ["stop"]
    assert say(made, "water the bed for ten minutes")[0] == "What is the bed?"
    assert say(made, "don't water the tomatoes")[1] == ["stop"]
    assert servers.called == []
    assert say(made, "how wet is the soil of the bed")[0] == "What is the bed?"
    assert say(made, "the tomato bed")[0] == "garden says: Done."
    assert servers.called == [("garden", "soil_moisture", {"bed": "tomato"})]


@pytest.mark.engines
def test_what_can_not_be_used_is_told_once(mind) -> None:
    made = mind(FakeServers((WATER,), {"garden": Answer(("Done.",))}))
    made.take_up_tools()
    said, _ = say(made, "water the cucumber bed for ten minutes in bursts")
    assert said.startswith("I can't use bursts. Shall I use garden for water bed: bed cucumber")
    assert say(made, "yes")[0] == "garden says: Done."
    said, _ = say(made, "water the cucumber bed for 500 minutes")
    assert said == "I can't use 500 for the minutes. Which number for the minutes?"
    said, _ = say(made, "five")
    assert said == "Shall I use garden for water bed: bed cucumber, minutes 5?"


@pytest.mark.engines
def test_a_server_that_hangs_holds_up_a_typed_turn_for_two_seconds_at_most(
    tmp_path: Path, monkeypatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(McpServers, "wait", lambda _self, timeout_s: waits.append(timeout_s))
    config = written(tmp_path, server_toml(args=["-c", "import sys; sys.stdin.read()"]))
    typed = ["ask", "--config", str(config), "--set", "think.engine=none", "frob the office"]
    done = CliRunner().invoke(cli, typed)
    assert done.exception is None, done.output
    assert waits
    assert max(waits) <= 2.0


@pytest.mark.engines
def test_servers_start_while_the_model_is_read(settings: Settings, tmp_path: Path) -> None:
    begun: list[str] = []

    class Starting(FakeServers):
        def start(self) -> None:
            begun.append("servers")

    mind = assemble_mind(settings, tmp_path, servers=Starting())
    load = mind.agent.load

    def loading() -> None:
        begun.append("model")
        load()

    mind.agent.load = loading
    with closing(mind):
        mind.load()
    assert begun == ["servers", "model"]


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
            (seen,) = observe(world, turn.said(), lambda said, _: said.text or "")
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
    assert done.exit_code == 1
    assert "office: Its program can't be started: look at its command.\n" in done.output
    assert "timer" in done.output


def test_lapel_tools_and_doctor_show_what_a_broken_server_printed(tmp_path: Path) -> None:
    program = "import sys; print('no key: set [bold]TOKEN\\x1b[31m', file=sys.stderr); sys.exit(1)"
    config = written(tmp_path, server_toml(args=["-c", program]))
    done = CliRunner().invoke(cli, ["tools", "--config", str(config)])
    assert done.exit_code == 1
    assert "it printed: no key: set [bold]TOKEN [31m\n" in done.output
    (found,) = (each for each in examine(load_settings(file=config)) if "server" in each.about)
    assert found.state is State.BAD
    assert "ended the connection. It printed: no key: set [bold]TOKEN" in found.found


def test_a_sentence_about_a_server_has_one_full_stop(tmp_path: Path) -> None:
    config = written(tmp_path, "[tools.mcp.web]\nengine = 'http'\nurl = 'http://127.0.0.1:9/mcp'\n")
    done = CliRunner().invoke(cli, ["tools", "--config", str(config)])
    assert done.exit_code == 1
    assert "encrypted address" in done.output
    assert ".." not in done.output


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[tools.mcp.Office]\nengine='http'\nurl='https://a'", "tools.mcp.Office"),
        ("[tools.mcp.a]\nengine='http'\nurl='ftp://a'", "tools.mcp.a.url"),
        ("[tools.mcp.a]\nengine='stdio'", "tools.mcp.a.command"),
        ("[tools.mcp.a]\nengine='stdio'\ncommand='x'\nread=['y']", "tools.mcp.a.read"),
        ("[tools.mcp.a]\nengine='sse'", "tools.mcp.a"),
        ("[tools.mcp.a]\nengine='http'\nurl='https://u:p@a'", "tools.mcp.a.url"),
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
    found = [each for each in examine(settings) if each.about == "server office"]
    assert [each.state for each in found] == [State.GOOD]
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "mcp" else real(name, *a)
    )
    found = [each for each in examine(settings) if each.about == "servers of tools"]
    assert [each.state for each in found] == [State.BAD]
    assert "lapel[mcp]" in found[0].found
