"""Against real servers on this machine: what the client sends, and what it does not take."""

import gzip
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.egress import SPOKEN, Code, EgressDenied, Gate, Verdict
from agents.egress_client import (
    EgressClient,
    NetworkFailed,
    Refused,
    Server,
    Unauthorized,
    endpoint_of,
)
from agents.tools.timed import given_up_in
from context.labels import Label, Trust
from tests.local_server import Answer, Asked, certificate, serving

SOON_S = 0.4


class Notes:
    """The gate's records."""

    def __init__(self) -> None:
        self.made: list[tuple[str, Verdict]] = []

    def __call__(self, tool: str, verdict: Verdict) -> None:
        self.made.append((tool, verdict))


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def client(notes: Notes) -> Callable[..., EgressClient]:
    def make(url: str, token: str = "", **options) -> EgressClient:
        server = Server(url, **{"allow_http": True, **options})
        gate = Gate({"tool": server.outlet}, notes)
        return EgressClient("tool", server, gate, what="The server", token=lambda: token)

    return make


def test_a_question_and_its_answer(client, notes) -> None:
    with serving(lambda _: Answer({"ok": True})) as server:
        assert client(f"{server.url}/base/", token="secret").get(
            "/there", SPOKEN, {"place": "Besançon & more"}
        ) == {"ok": True}
    (asked,) = server.asked
    assert (asked.path, asked.query) == ("/base/there", {"place": "Besançon & more"})
    assert asked.headers["authorization"] == "Bearer secret"
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"
    assert notes.made == [("tool", Verdict(True, Code.SPOKEN))]


def test_a_body_is_sent_as_json(client) -> None:
    with serving(lambda asked: Answer(asked.json())) as server:
        assert client(server.url).post("/x", SPOKEN, {"a": [1, "ü"]}) == {"a": [1, "ü"]}


def test_a_name_at_home_is_connected_to_by_the_address_looked_at(client) -> None:
    with serving(lambda _: Answer({})) as server:
        client(f"http://localhost:{server.port}").get("/", SPOKEN)
    assert server.asked[0].headers["host"] == f"localhost:{server.port}"


def test_what_may_not_leave_opens_no_socket(client, notes) -> None:
    with serving(lambda _: Answer({})) as server:
        with pytest.raises(EgressDenied):
            client(server.url).get("/", Label(frozenset(), Trust.OVERHEARD))
        with pytest.raises(EgressDenied):
            client(server.url, allow_http=False).post("/", SPOKEN, {})
        with pytest.raises(EgressDenied):
            list(client(server.url, allow_http=False).lines("/", SPOKEN, {}))
    assert server.asked == []
    codes = [verdict.code for _, verdict in notes.made]
    assert codes == [Code.OTHERS_WORDS, Code.NOT_ENCRYPTED, Code.NOT_ENCRYPTED]


def test_no_plain_connection_leaves_the_home(client, notes, monkeypatch) -> None:
    real = socket.getaddrinfo
    away = real("93.184.216.34", 80, type=socket.SOCK_STREAM)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: away)
    with pytest.raises(EgressDenied) as denied:
        client("http://weather.example").get("/", SPOKEN)
    assert denied.value.code is Code.NOT_LOCAL
    assert notes.made[-1] == ("tool", Verdict(False, Code.NOT_LOCAL))


def test_tls_must_show_who_it_is(client, tmp_path: Path) -> None:
    known = certificate(tmp_path / "known.pem")
    other = certificate(tmp_path / "other.pem")
    with serving(lambda _: Answer({"ok": 1}), tls=known) as server:
        trusting = client(server.url, allow_http=False, ca_file=str(known))
        assert trusting.get("/", SPOKEN) == {"ok": 1}
        for ca_file in ("", str(other)):
            with pytest.raises(NetworkFailed):
                client(server.url, allow_http=False, ca_file=ca_file).get("/", SPOKEN)
        with pytest.raises(NetworkFailed, match="ca_file"):
            client(server.url, ca_file=str(tmp_path / "none.pem")).get("/", SPOKEN)
    assert len(server.asked) == 1


def test_no_proxy_of_the_environment_is_asked(client, monkeypatch) -> None:
    with serving(lambda _: Answer({"proxy": True})) as proxy, serving(lambda _: Answer({})) as real:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert client(real.url).get("/", SPOKEN) == {}
    assert proxy.asked == []


class TestRedirects:
    def test_within_the_server(self, client) -> None:
        def handler(asked: Asked) -> Answer:
            if asked.path == "/there":
                return Answer({"ok": 1})
            return Answer(status=307, headers={"Location": "/there"})

        with serving(handler) as server:
            assert client(server.url).get("/", SPOKEN) == {"ok": 1}

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_never_to_another(self, client, status: int) -> None:
        with serving(lambda _: Answer({"stolen": True})) as thief:
            sends_on = Answer(status=status, headers={"Location": f"{thief.url}/x"})
            with serving(lambda _: sends_on) as server:
                with pytest.raises(NetworkFailed, match="another address"):
                    client(server.url, token="secret").get("/", SPOKEN)
                with pytest.raises(NetworkFailed, match="another address"):
                    client(server.url, token="secret").post("/", SPOKEN, {"a": "words"})
        assert thief.asked == []

    def test_what_is_sent_is_not_sent_twice(self, client) -> None:
        with (
            serving(lambda _: Answer(status=307, headers={"Location": "/there"})) as server,
            pytest.raises(NetworkFailed),
        ):
            client(server.url).post("/", SPOKEN, {})
        assert len(server.asked) == 1

    def test_not_in_circles(self, client) -> None:
        with (
            serving(lambda _: Answer(status=302, headers={"Location": "/"})) as server,
            pytest.raises(NetworkFailed, match="circles"),
        ):
            client(server.url).get("/", SPOKEN)
        assert len(server.asked) <= 4


class TestAnswersThatAreNotTaken:
    @pytest.mark.parametrize(
        "body", [b"", b"{", b"\xff\xfe", b"<html>", b"[" * 100_000, b"nul"], ids=repr
    )
    def test_rubbish(self, client, body: bytes) -> None:
        with serving(lambda _: Answer(body)) as server, pytest.raises(NetworkFailed):
            client(server.url).get("/", SPOKEN)

    def test_too_much(self, client) -> None:
        def endless(asked: Asked) -> None:
            asked.out.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                asked.out.write(b"[" * 10_000)

        with serving(endless) as server, pytest.raises(NetworkFailed, match="more than"):
            client(server.url, most_bytes=50_000).get("/", SPOKEN)

    def test_what_unpacks_to_too_much(self, client) -> None:
        packed = gzip.compress(b" " * 50_000_000)
        answer = Answer(packed, headers={"Content-Encoding": "gzip"})
        with serving(lambda _: answer) as server, pytest.raises(NetworkFailed):
            client(server.url).get("/", SPOKEN)
        assert server.asked[0].headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize("part", ["headers", "body"])
    def test_one_that_drips(self, client, part: str) -> None:
        gone = threading.Event()

        def drip(asked: Asked) -> None:
            asked.out.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if part == "body" else b"X: "))
            try:
                while not gone.wait(0.02):
                    asked.out.write(b" ")
            except OSError:
                gone.set()

        with serving(drip) as server, pytest.raises(NetworkFailed, match="too long"):
            client(server.url, timeout_s=SOON_S).get("/", SPOKEN)
        assert gone.wait(10)  # the connection was ended, not left

    def test_one_that_says_nothing(self, client) -> None:
        gone = threading.Event()
        with (
            serving(lambda _: gone.wait(10) and None) as server,
            pytest.raises(NetworkFailed, match="too long"),
        ):
            client(server.url, timeout_s=SOON_S).get("/", SPOKEN)
        gone.set()

    def test_who_gave_up_waits_for_nothing_and_has_nothing_sent(self, client) -> None:
        gone = threading.Event()
        with serving(lambda _: gone.wait(10) and None) as server:
            ask = client(server.url, timeout_s=20).post
            with given_up_in(0), pytest.raises(NetworkFailed, match="too long"):
                ask("/", SPOKEN, {"turn": "on"})
            assert server.asked == []
            began_s = time.monotonic()
            with given_up_in(SOON_S), pytest.raises(NetworkFailed, match="too long"):
                ask("/", SPOKEN, {"turn": "on"})
            assert time.monotonic() - began_s < 10
            gone.set()

    def test_one_that_breaks_off(self, client) -> None:
        def breaks(asked: Asked) -> None:
            asked.out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

        with serving(breaks) as server, pytest.raises(NetworkFailed, match="can't reach"):
            client(server.url).get("/", SPOKEN)

    def test_nobody_there(self, client) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            with pytest.raises(NetworkFailed, match="can't reach the server"):
                client(f"http://127.0.0.1:{port}").get("/", SPOKEN)

    @pytest.mark.parametrize("scheme", ["http", "https"])
    @pytest.mark.parametrize("host", ["192.168.1..20", f"{'a' * 64}.example"])
    def test_what_can_be_no_name(self, client, scheme: str, host: str) -> None:
        there = client(f"{scheme}://{host}")
        with pytest.raises(NetworkFailed, match="look at its name"):
            there.get("/", SPOKEN)
        with pytest.raises(NetworkFailed, match="look at its name"):
            list(there.lines("/", SPOKEN, {}))

    def test_no_such_name(self, client) -> None:
        with pytest.raises(NetworkFailed):
            client("http://no-such-host.invalid").get("/", SPOKEN)

    def test_a_name_that_nobody_answers_for_is_too_slow_and_not_wrong(
        self, client, monkeypatch
    ) -> None:
        def gives_up(*_asked, **_how) -> object:
            time.sleep(2 * SOON_S)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

        monkeypatch.setattr(socket, "getaddrinfo", gives_up)
        with pytest.raises(NetworkFailed, match="took too long"):
            client("http://home.example", timeout_s=SOON_S).get("/", SPOKEN)
        with pytest.raises(NetworkFailed, match="look at its name"):
            client("http://home.example", timeout_s=20).get("/", SPOKEN)

    def test_errors(self, client) -> None:
        with serving(lambda asked: Answer(status=int(asked.path[1:]))) as server:
            ask = client(server.url, token="secret").get
            with pytest.raises(Unauthorized) as refused:
                ask("/401", SPOKEN)
            assert "secret" not in str(refused.value)
            with pytest.raises(Refused, match="500") as failed:
                ask("/500", SPOKEN)
            assert failed.value.status == 500


class TestLines:
    def test_they_come_as_they_are_sent(self, client) -> None:
        wait = threading.Event()

        def handler(asked: Asked) -> None:
            asked.out.write(b"HTTP/1.1 200 OK\r\n\r\none\r\ntw")
            assert wait.wait(10)
            asked.out.write("o\n\nthree \u00e9".encode())

        with serving(handler) as server:
            lines = client(server.url).lines("/", SPOKEN, {})
            assert next(lines) == "one"
            wait.set()
            assert list(lines) == ["two", "", "three \u00e9"]

    @pytest.mark.parametrize("how", ["stop", "drop"])
    def test_ending_them_ends_the_connection_though_nothing_comes(self, client, how: str) -> None:
        gone = threading.Event()

        def handler(asked: Asked) -> None:
            asked.out.write(b"HTTP/1.1 200 OK\r\n\r\none\n")
            try:
                while not gone.wait(0.01):
                    asked.out.write(b".")
            except OSError:
                gone.set()

        with serving(handler) as server:
            said: list[str] = []
            lines = client(server.url).lines("/", SPOKEN, {}, stop=lambda: bool(said))
            said.append(next(lines))
            if how == "stop":
                assert list(lines) == []
            else:
                lines.close()
            assert gone.wait(10)

    def test_nobody_is_asked_by_who_is_told_to_stop_before(self, client, notes) -> None:
        with serving(lambda _: Answer(b"one")) as server:
            assert list(client(server.url).lines("/", SPOKEN, {}, stop=lambda: True)) == []
        assert server.asked == notes.made == []

    def test_a_name_that_is_looked_up_for_ever_is_given_up(self, client, monkeypatch) -> None:
        over, real = threading.Event(), socket.getaddrinfo

        def slow(*asked, **how) -> object:
            assert over.wait(10)
            return real("127.0.0.1", server.port, type=socket.SOCK_STREAM)

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with serving(lambda _: Answer(b"one")) as server:
            lines = client(f"http://home.example:{server.port}", timeout_s=SOON_S)
            with pytest.raises(NetworkFailed, match="took too long"):
                list(lines.lines("/", SPOKEN, {"a": "words"}))
            readers = [each for each in threading.enumerate() if "_read_lines" in each.name]
            assert len(readers) == 1
            over.set()
            readers[0].join(10)
            assert server.asked == []  # nor is it sent when the name is found

    @pytest.mark.parametrize("status", [401, 500])
    def test_errors_come_too(self, client, status: int) -> None:
        with serving(lambda _: Answer(status=status)) as server, pytest.raises(NetworkFailed):
            list(client(server.url).lines("/", SPOKEN, {}))

    def test_a_line_without_end_is_too_much(self, client) -> None:
        def endless(asked: Asked) -> None:
            asked.out.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                asked.out.write(b"x" * 10_000)

        with serving(endless) as server, pytest.raises(NetworkFailed, match="more than"):
            list(client(server.url, most_bytes=50_000).lines("/", SPOKEN, {}))


@pytest.mark.parametrize(
    "url",
    ["", "weather.example", "ftp://weather.example", "https://", "https://a:b@weather.example",
     "https://h:99999", "file:///etc/passwd", "https://[::1"],
)  # fmt: skip
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(NetworkFailed):
        endpoint_of(url)


def test_an_address() -> None:
    assert str(endpoint_of("https://Weather.example/x")) == "weather.example:443"
    assert str(endpoint_of("http://[::1]:8123")) == "[::1]:8123"
