"""Real servers of tools, by stdio and by HTTP: good ones, and all the ways to be a bad one."""

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.egress import SPOKEN, Code, EgressDenied, Gate, Verdict
from agents.egress_client import NetworkFailed
from agents.tools.mcp import Answer
from agents.tools.timed import given_up_in
from context.labels import Label, Trust
from context.policy import OWNER_GENERAL
from device.errors import SettingsWrong
from device.mcp.connection import MOST_TOOLS, Connection, NoAnswer, outlet_of, tool_name
from device.mcp.servers import McpServers
from device.network_settings import McpHttpSettings, McpSettings, McpStdioSettings
from tests.local_server import Answer as Http
from tests.local_server import Asked, serving
from tests.virtual_time import run_virtual

OFFICE = Path(__file__).parent / "office_server.py"
SOON_S = 20.0
GOOD = """
for each in lines():
    if each['method'] == 'tools/list': reply(each, tools=[ONE])
    else: reply(each, content=[{'type': 'text', 'text': 'ok'}])
"""


@pytest.fixture
def noted() -> list[tuple[str, Code]]:
    return []


@pytest.fixture
def connect(noted) -> Iterator[Callable[..., McpServers]]:
    made: list[McpServers] = []

    def connected(wait: bool = True, **settings: McpSettings) -> McpServers:
        def note(tool: str, verdict: Verdict) -> None:
            noted.append((tool, verdict.code))

        outlets = {tool_name(name): outlet_of(name, each) for name, each in settings.items()}
        servers = McpServers(settings, Gate(outlets, note))
        made.append(servers)
        servers.start()
        if wait:
            servers.wait(SOON_S)
        return servers

    yield connected
    for each in made:
        each.close()


def program(*args: str, **more: Any) -> McpStdioSettings:
    return McpStdioSettings(command=sys.executable, args=args, **more)


def office(**more: Any) -> McpStdioSettings:
    return program(str(OFFICE), **more)


def script(tmp_path: Path, text: str, **more: Any) -> McpStdioSettings:
    """A server that is written down to the byte. `reply(id, result)` and `lines` are given."""
    head = (
        "import json, sys, time\n"
        "def out(**m): print(json.dumps({'jsonrpc': '2.0', **m}), flush=True)\n"
        "def reply(each, **result): out(id=each['id'], result=result)\n"
        "def lines():\n"
        "    for line in sys.stdin:\n"
        "        each = json.loads(line)\n"
        "        if each['method'] == 'initialize':\n"
        "            reply(each, protocolVersion='2025-06-18', capabilities={'tools': {}},\n"
        "                  serverInfo={'name': 'x', 'version': '1'})\n"
        "        elif each['method'] == 'server/discover':\n"
        "            out(id=each['id'], error={'code': -32601, 'message': 'no'})\n"
        "        elif 'id' in each: yield each\n"
        "ONE = {'name': 'one', 'inputSchema': {'type': 'object'}}\n"
    )
    path = tmp_path / "server.py"
    path.write_text(head + text)
    return program(str(path), **more)


def names(servers: McpServers) -> list[str]:
    return [each.name for each in servers.offered]


def until(what: Callable[[], bool]) -> None:
    """Wait for what comes by itself."""
    deadline = time.monotonic() + SOON_S
    while not what():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


class TestStdio:
    def test_tools_are_listed_and_called(self, connect, noted, tmp_path: Path) -> None:
        env = tmp_path / "env"
        env.write_text(f"# a comment\nDONE={tmp_path / 'done'}\nTOKEN=a b=c\n")
        env.chmod(0o600)
        servers = connect(office=office(env_file=str(env), reads=("ink_level",)))
        assert {"print_page", "ink_level", "merge"} <= set(names(servers))
        assert [each.name for each in servers.offered if each.reads] == ["ink_level"]
        said = servers.call("office", "print_page", {"title": "plan", "copies": 2}, SPOKEN)
        assert said == Answer(("Printed 2 of plan on plain paper.",))
        assert (tmp_path / "done").read_text() == "2 plan plain\n"
        assert servers.call("office", "jam", {}, SPOKEN).failed
        assert servers.call("office", "picture", {}, SPOKEN) == Answer(more=True)
        assert servers.call("office", "no_such", {}, SPOKEN).failed
        assert noted == [("mcp_office", Code.SPOKEN)] * 5
        seen = json.loads(servers.call("office", "environment", {}, SPOKEN).texts[0])
        assert seen["TOKEN"] == "a b=c"

    def test_nothing_of_our_environment_is_passed_on_but_what_a_program_needs(
        self, connect, monkeypatch
    ) -> None:
        monkeypatch.setenv("SECRET_TOKEN", "canary")
        servers = connect(office=office(tools=("environment",)))
        assert names(servers) == ["environment"]
        seen = json.loads(servers.call("office", "environment", {}, SPOKEN).texts[0])
        seen = {each for each in seen if not each.startswith(("LC_", "__"))}
        assert seen <= {"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR"}

    @pytest.mark.parametrize(
        "label",
        [Label(frozenset({OWNER_GENERAL}), Trust.OWNER), Label(frozenset(), Trust.OVERHEARD)],
    )
    def test_what_may_not_leave_is_not_sent(self, connect, tmp_path: Path, label: Label) -> None:
        env = tmp_path / "env"
        env.write_text(f"DONE={tmp_path / 'done'}")
        env.chmod(0o600)
        servers = connect(office=office(env_file=str(env)))
        with pytest.raises(EgressDenied):
            servers.call("office", "print_page", {"title": "canary"}, label)
        servers.call("office", "print_page", {"title": "plan"}, SPOKEN)
        assert (tmp_path / "done").read_text() == "1 plan plain\n"

    def test_one_that_dies_is_started_again_and_the_call_is_not_repeated(self, connect) -> None:
        servers = connect(office=office())
        with pytest.raises(NoAnswer, match="can't say whether"):
            servers.call("office", "die", {}, SPOKEN)
        assert servers.call("office", "ink_level", {}, SPOKEN).texts

    def test_a_tool_that_hangs_is_given_up_and_the_rest_goes_on(self, connect) -> None:
        servers = connect(office=office(timeout_s=0.5))
        with pytest.raises(NoAnswer):
            servers.call("office", "slow", {}, SPOKEN)
        assert servers.call("office", "ink_level", {}, SPOKEN).texts

    def test_nothing_is_sent_once_nobody_waits(self, connect, tmp_path: Path) -> None:
        env = tmp_path / "env"
        env.write_text(f"DONE={tmp_path / 'done'}")
        env.chmod(0o600)
        servers = connect(office=office(env_file=str(env)))
        with given_up_in(0), pytest.raises(NetworkFailed):
            servers.call("office", "print_page", {"title": "late"}, SPOKEN)
        # As where it comes to the call only after others.
        connection, loop = servers._connections["office"], servers._loop
        late = connection.call("print_page", {"title": "late"}, SPOKEN, loop.time() - 1)
        with pytest.raises(NetworkFailed, match="took too long"):
            asyncio.run_coroutine_threadsafe(late, loop).result(SOON_S)
        servers.call("office", "print_page", {"title": "plan"}, SPOKEN)
        assert (tmp_path / "done").read_text() == "1 plan plain\n"

    def test_an_answer_is_waited_for_no_longer_than_who_asks(self, connect) -> None:
        servers = connect(office=office(timeout_s=60))
        began_s = time.monotonic()
        with given_up_in(0.3), pytest.raises(NoAnswer):
            servers.call("office", "slow", {}, SPOKEN)
        assert time.monotonic() - began_s < 10

    def test_ten_megabytes_are_not_taken(self, connect) -> None:
        servers = connect(office=office())
        with pytest.raises(NetworkFailed, match="more than I can take in"):
            servers.call("office", "huge", {}, SPOKEN)

    def test_a_tool_that_is_added_is_told(self, connect) -> None:
        servers = connect(office=office())
        changed = threading.Event()
        servers.when_changed(changed.set)
        assert changed.wait(SOON_S)
        changed.clear()
        servers.call("office", "grow", {}, SPOKEN)
        assert changed.wait(SOON_S)
        assert "grown" in names(servers)

    def test_so_does_one_of_the_older_protocol(self, connect, tmp_path: Path) -> None:
        text = (
            "tools = [ONE]\n"
            "for each in lines():\n"
            "    if each['method'] == 'tools/list': reply(each, tools=tools)\n"
            "    else:\n"
            "        tools.append({**ONE, 'name': 'grown'})\n"
            "        out(method='notifications/tools/list_changed')\n"
            "        reply(each, content=[])\n"
        )
        servers = connect(x=script(tmp_path, text))
        assert names(servers) == ["one"]
        servers.call("x", "one", {}, SPOKEN)
        until(lambda: names(servers) == ["one", "grown"])

    def test_closing_ends_the_program(self, connect, tmp_path: Path) -> None:
        pid = tmp_path / "pid"
        text = (
            f"import os, signal; open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "for each in lines(): reply(each, tools=[ONE])\n"
        )
        servers = connect(x=script(tmp_path, text))
        assert names(servers) == ["one"]
        servers.close()
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


class TestPrinted:
    def test_the_last_lines_before_the_first_call_are_kept_and_none_after(
        self, connect, tmp_path: Path
    ) -> None:
        text = (
            "for n in range(30): print(f'line {n}', file=sys.stderr, flush=True)\n"
            "for each in lines():\n"
            "    if each['method'] == 'tools/list': reply(each, tools=[ONE])\n"
            "    else: print('canary', file=sys.stderr, flush=True); sys.exit(1)\n"
        )
        servers = connect(x=script(tmp_path, text))
        until(lambda: len(servers.listings["x"].printed) == 20)
        assert servers.listings["x"].printed[-1] == "line 29"
        assert servers.broken == {}
        with pytest.raises(NoAnswer):
            servers.call("x", "one", {"title": "canary"}, SPOKEN)
        until(lambda: bool(servers.offered) and not servers.broken)
        assert "canary" not in str(servers.listings)

    def test_however_much_it_prints_it_is_not_held_up(self, connect, tmp_path: Path) -> None:
        text = f"sys.stderr.write('x' * 300_000); sys.stderr.flush()\n{GOOD}"
        servers = connect(x=script(tmp_path, text))
        assert names(servers) == ["one"]
        assert all(len(line) <= 200 for line in servers.listings["x"].printed)


class TestBadOnes:
    @pytest.mark.parametrize(
        ("settings", "why"),
        [
            (McpStdioSettings(command="/no/such/program"), "can't be started"),
            (program("-c", "pass"), "ended the connection"),
            (program("-c", "import time; time.sleep(60)", connect_s=0.5), "does not answer"),
            (program("-c", "while True: print('rubbish')"), "what I can't read"),
            (program("-c", "print('x' * 9_000_000)"), "more than I can take in"),
            (office(env_file="/no/such/file"), "env_file"),
            (
                McpHttpSettings(url="http://127.0.0.1:9/mcp", allow_http=True),
                "can't be reached",
            ),
            (McpHttpSettings(url="http://127.0.0.1:9/mcp"), "encrypted"),
            (McpHttpSettings(url="http://[::1]:9/mcp", allow_http=True), "can't be reached"),
        ],
    )
    def test_it_is_said_why_and_a_good_one_beside_it_works(
        self, connect, settings, why, tmp_path: Path
    ) -> None:
        servers = connect(bad=settings, good=script(tmp_path, GOOD))
        assert why in servers.listings["bad"].problem
        assert names(servers) == ["one"]
        assert servers.call("good", "one", {}, SPOKEN) == Answer(("ok",))
        with pytest.raises(NetworkFailed, match="can't reach bad"):
            connect(False, bad=settings.model_copy(update={"timeout_s": 0.5})).call(
                "bad", "x", {}, SPOKEN
            )

    def test_starting_waits_for_nobody(self, connect) -> None:
        hangs = program("-c", "import time; time.sleep(60)")
        servers = connect(False, a=hangs, b=hangs)
        assert servers.offered == ()
        servers.wait(0.0)
        assert not any(each.offered for each in servers.listings.values())

    def test_of_ten_thousand_tools_the_first_are_taken(self, connect, tmp_path: Path) -> None:
        text = (
            "for each in lines():\n"
            "    reply(each, tools=[{**ONE, 'name': f'tool{n}'} for n in range(10_000)])\n"
        )
        servers = connect(x=script(tmp_path, text))
        assert len(servers.offered) == MOST_TOOLS
        assert servers.listings["x"].more == 10_000 - MOST_TOOLS

    def test_pages_without_end_are_left(self, connect, tmp_path: Path) -> None:
        text = "for each in lines(): reply(each, tools=[ONE], nextCursor='again')\n"
        assert names(connect(x=script(tmp_path, text))) == ["one"]

    def test_it_may_ask_us_for_nothing(self, connect, tmp_path: Path) -> None:
        asks = tmp_path / "asked"
        text = (
            "for each in lines():\n"
            "    if each['method'] == 'tools/list': reply(each, tools=[ONE])\n"
            "    else:\n"
            "        got = []\n"
            "        asked = 'sampling/createMessage', 'roots/list', 'elicitation/create'\n"
            "        for method in asked:\n"
            "            out(id=method, method=method, params={'messages': [], 'maxTokens': 9,\n"
            "                'message': 'PIN?', 'requestedSchema': {'type': 'object',\n"
            "                'properties': {}}})\n"
            "            got.append(json.loads(sys.stdin.readline()))\n"
            f"        json.dump(got, open({str(asks)!r}, 'w'))\n"
            "        reply(each, content=[])\n"
        )
        servers = connect(x=script(tmp_path, text))
        assert servers.call("x", "one", {}, SPOKEN) == Answer()
        assert all("error" in each for each in json.loads(asks.read_text()))

    @pytest.mark.parametrize(
        "result", ["content='no list'", "content=[{'type': 'dance'}]", "no=1", "content=None"]
    )
    def test_a_result_that_is_none_is_said(self, connect, tmp_path: Path, result: str) -> None:
        text = (
            "for each in lines():\n"
            "    if each['method'] == 'tools/list': reply(each, tools=[ONE])\n"
            f"    else: reply(each, {result})\n"
        )
        servers = connect(x=script(tmp_path, text))
        with pytest.raises(NetworkFailed, match="can't read"):
            servers.call("x", "one", {}, SPOKEN)

    def test_a_result_is_not_run_through_the_servers_own_schema(
        self, connect, tmp_path: Path
    ) -> None:
        """A pattern of a stranger can take for ever, and holds up the whole process."""
        text = (
            "schema = {'type': 'object', 'properties': {'a': {'pattern': '^(a+)+$'}}}\n"
            "for each in lines():\n"
            "    if each['method'] == 'tools/list':\n"
            "        reply(each, tools=[{**ONE, 'outputSchema': schema}])\n"
            "    else: reply(each, content=[{'type': 'text', 'text': 'ok'}],\n"
            "                structuredContent={'a': 'a' * 40 + '!'})\n"
        )
        servers = connect(x=script(tmp_path, text, timeout_s=5))
        assert servers.call("x", "one", {}, SPOKEN).texts == ("ok",)

    def test_no_log_line_has_what_was_said_or_answered(
        self, connect, tmp_path: Path, caplog, capfd
    ) -> None:
        caplog.set_level(logging.DEBUG)
        text = (
            "print('canary-out', file=sys.stderr); print('canary-line')\n"
            "for each in lines():\n"
            "    if each['method'] == 'tools/list': reply(each, tools=[ONE])\n"
            "    else: print('canary', json.dumps(each)); reply(each, content='canary')\n"
        )
        servers = connect(x=script(tmp_path, text))
        with pytest.raises(NetworkFailed) as failed:
            servers.call("x", "one", {"title": "canary"}, SPOKEN)
        servers.close()
        assert "canary" not in caplog.text
        assert "canary" not in "".join(capfd.readouterr())
        assert "canary" not in str(failed.value)


@pytest.fixture(scope="module")
def office_url() -> Iterator[str]:
    """A real server by HTTP, on a port of its own."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(OFFICE), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def listening() -> bool:
        assert process.poll() is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listening)
    yield f"http://127.0.0.1:{port}/mcp"
    process.terminate()
    process.wait()


class TestHttp:
    def test_tools_are_listed_and_called(self, connect, office_url: str, noted) -> None:
        servers = connect(office=McpHttpSettings(url=office_url, allow_http=True))
        assert "print_page" in names(servers)
        said = servers.call("office", "print_page", {"title": "plan"}, SPOKEN)
        assert said == Answer(("Printed 1 of plan on plain paper.",))
        with pytest.raises(NetworkFailed, match="more than I can take in"):
            servers.call("office", "huge", {}, SPOKEN)
        assert servers.call("office", "ink_level", {}, SPOKEN).texts
        assert set(noted) == {("mcp_office", Code.SPOKEN)}

    def test_a_remembered_label_is_denied_for_each_call(
        self, connect, office_url: str, noted
    ) -> None:
        servers = connect(office=McpHttpSettings(url=office_url, allow_http=True))
        with pytest.raises(EgressDenied):
            servers.call("office", "ink_level", {}, Label(frozenset({OWNER_GENERAL}), Trust.OWNER))
        assert noted[-1] == ("mcp_office", Code.NOT_CLEARED)
        assert servers.call("office", "ink_level", {}, SPOKEN).texts
        assert noted[-1] == ("mcp_office", Code.SPOKEN)

    def test_the_token_goes_to_the_server_and_not_where_it_sends_us(
        self, connect, tmp_path: Path
    ) -> None:
        token = tmp_path / "token"
        token.write_text("secret-token\n")
        token.chmod(0o600)
        with serving(lambda _: Http({})) as other:

            def away(_: Asked) -> Http:
                return Http({}, 307, {"Location": f"{other.url}/mcp"})

            with serving(away) as server:
                servers = connect(
                    x=McpHttpSettings(
                        url=f"{server.url}/mcp", allow_http=True, token_file=str(token)
                    )
                )
                assert servers.listings["x"].problem
        assert server.asked[0].headers["authorization"] == "Bearer secret-token"
        assert other.asked == []

    @pytest.mark.parametrize(
        "answer",
        [
            Http(b"<html>", headers={"Content-Type": "text/html"}),
            Http(b"{", headers={"Content-Type": "application/json"}),
            Http({"canary": "canary"}, headers={"Content-Type": "application/json"}),
            Http({}, status=500),
            Http({}, status=401),
            Http(b"x" * 5_000_000, headers={"Content-Type": "application/json"}),
            Http(b"data: {\n\n", headers={"Content-Type": "text/event-stream"}),
        ],
    )
    def test_rubbish_is_said_and_hurts_nobody_and_is_in_no_log(
        self, connect, answer: Http, caplog
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with serving(lambda _: answer) as server:
            servers = connect(x=McpHttpSettings(url=f"{server.url}/mcp", allow_http=True))
            assert servers.offered == ()
            assert servers.listings["x"].problem not in ("", "not connected yet")
            servers.close()
        assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("lasts_s", "tries"),
    [
        (0.0, 8),  # again after 0.2, 0.4, 0.8 s and so on
        (1.0, 8),
        (25.0, 2),
        (None, 6),  # it was never there: after 1, 2, 4 s and so on
    ],
)
def test_a_connection_that_keeps_ending_is_made_less_and_less_often(
    monkeypatch, lasts_s: float | None, tries: int
) -> None:
    began: list[float] = []

    async def connected(self: Connection) -> None:
        began.append(asyncio.get_running_loop().time())
        if lasts_s is None:
            raise NetworkFailed("It can't be reached.")
        self._there_since = began[-1]
        await asyncio.sleep(lasts_s)

    async def work() -> None:
        connection = Connection("x", office(), Gate({}, lambda *_: None), lambda: None)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(connection.keep(), 50)

    monkeypatch.setattr(Connection, "_connected", connected)
    run_virtual(work())
    assert len(began) == tries


def test_one_that_lasted_is_made_again_at_once(monkeypatch) -> None:
    began: list[float] = []

    async def connected(self: Connection) -> None:
        began.append(asyncio.get_running_loop().time())
        self._there_since = began[-1]
        await asyncio.sleep(100 if len(began) == 5 else 0)

    async def work() -> None:
        connection = Connection("x", office(), Gate({}, lambda *_: None), lambda: None)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(connection.keep(), 110)

    monkeypatch.setattr(Connection, "_connected", connected)
    run_virtual(work())
    assert began[5] - began[4] == pytest.approx(100.2)


def test_without_the_library_it_is_said_what_to_install(monkeypatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SettingsWrong, match=r"lapel\[mcp\]"):
        McpServers({"office": office()}, Gate({}, lambda *_: None))


def test_closing_without_having_started_does_nothing() -> None:
    McpServers({}, Gate({}, lambda *_: None)).close()
