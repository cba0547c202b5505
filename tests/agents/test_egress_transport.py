"""The way to the network of a library that speaks HTTP itself, against real servers."""

import asyncio
import contextlib
import socket
import threading
from pathlib import Path

import httpx2
import pytest

from agents.egress import Code, EgressDenied, Gate, Outlet, Verdict
from agents.egress_client import NetworkFailed, Server
from agents.egress_transport import GatedTransport
from context.labels import Label, Trust
from context.policy import OWNER_GENERAL
from tests.local_server import Answer, Asked, LocalServer, certificate, serving


class Asking:
    """One client over the transport, and the gate's records."""

    def __init__(self, server: LocalServer, label: Label | None = None, **options) -> None:
        self.noted: list[Verdict] = []
        where = Server(server.url, **{"allow_http": True, "most_bytes": 1000, **options})
        gate = Gate({"tool": where.outlet}, lambda _tool, verdict: self.noted.append(verdict))
        self.way = GatedTransport("tool", where, gate, what="Office", token=lambda: "secret")
        if label is not None:
            self.way.label = label

    def get(self, *urls: str, follow: bool = False) -> list[int]:
        async def asked() -> list[int]:
            async with httpx2.AsyncClient(
                transport=self.way, trust_env=False, follow_redirects=follow
            ) as client:
                return [(await client.get(url)).status_code for url in urls]

        return asyncio.run(asked())


def test_each_request_asks_and_carries_the_token() -> None:
    with serving(lambda _: Answer({})) as server:
        asking = Asking(server)
        assert asking.get(f"{server.url}/a", f"{server.url}/b") == [200, 200]
    assert [each.path for each in server.asked] == ["/a", "/b"]
    assert server.asked[0].headers["authorization"] == "Bearer secret"
    assert server.asked[0].headers["accept-encoding"] == "identity"
    assert server.asked[0].headers["host"] == f"127.0.0.1:{server.port}"
    assert asking.noted == [Verdict(True, Code.SPOKEN)] * 2


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (Label(frozenset({OWNER_GENERAL}), Trust.OWNER), Code.NOT_CLEARED),
        (Label(frozenset(), Trust.OVERHEARD), Code.OTHERS_WORDS),
    ],
)
def test_what_is_remembered_or_others_words_open_no_socket(label: Label, code: Code) -> None:
    with serving(lambda _: Answer({})) as server:
        asking = Asking(server, label)
        assert asking.get(server.url) == [403]
    assert server.asked == []
    assert isinstance(asking.way.refused, EgressDenied)
    assert asking.way.refused.code is code


def test_another_host_or_port_is_not_connected_to_also_behind_a_redirect() -> None:
    with serving(lambda _: Answer({})) as other:

        def away(_: Asked) -> Answer:
            return Answer({}, 307, {"Location": f"{other.url}/steal"})

        with serving(away) as server:
            asking = Asking(server)
            assert asking.get(server.url, follow=True) == [403]
            assert Asking(server).get(other.url) == [403]
    assert other.asked == []
    assert [each.code for each in asking.noted] == [Code.SPOKEN, Code.OTHER_HOST]


def test_without_encryption_only_where_it_is_allowed_and_at_home(monkeypatch) -> None:
    real = socket.getaddrinfo
    with serving(lambda _: Answer({})) as server:
        assert Asking(server, allow_http=False).get(server.url) == [403]
        away = real("93.184.216.34", 80, type=socket.SOCK_STREAM)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: away)
        asking = Asking(server)
        assert asking.get(server.url) == [403]
    assert server.asked == []
    assert [each.code for each in asking.noted] == [Code.SPOKEN, Code.NOT_LOCAL]


def test_no_proxy_of_the_environment_is_used(monkeypatch) -> None:
    with serving(lambda _: Answer({})) as server, serving(lambda _: Answer({})) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert Asking(server).get(server.url) == [200]
    assert proxy.asked == []


def test_a_certificate_that_is_not_named_is_not_believed(tmp_path: Path) -> None:
    ours = certificate(tmp_path / "ours.pem")
    with serving(lambda _: Answer({}), certificate(tmp_path / "theirs.pem")) as server:
        with pytest.raises(httpx2.ConnectError):
            Asking(server, ca_file=str(ours)).get(server.url)
        assert Asking(server, ca_file=str(tmp_path / "theirs.pem")).get(server.url) == [200]
    with pytest.raises(NetworkFailed):
        Asking(server, ca_file=str(tmp_path / "none.pem"))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(b"x" * 1001), "more than I can take in"),
        (Answer(b"x", headers={"Content-Encoding": "gzip"}), "can't read"),
    ],
)
def test_what_is_too_much_or_packed_is_not_taken(answer: Answer, says: str) -> None:
    with serving(lambda _: answer) as server:
        asking = Asking(server)
        with contextlib.suppress(httpx2.StreamError):
            assert asking.get(server.url) == [403]
    assert says in str(asking.way.refused)


def test_a_name_that_is_looked_up_for_ever_is_given_up_and_nothing_sent(monkeypatch) -> None:
    over, real = threading.Event(), socket.getaddrinfo

    def slow(*_asked, **_how) -> object:
        assert over.wait(10)
        return real("127.0.0.1", server.port, type=socket.SOCK_STREAM)

    with serving(lambda _: Answer({})) as server:
        asking = Asking(server)

        async def asked() -> int:
            monkeypatch.setattr(socket, "getaddrinfo", slow)
            asking.way.until = asyncio.get_running_loop().time() + 0.2
            async with httpx2.AsyncClient(transport=asking.way, trust_env=False) as client:
                answer = await client.get(server.url)
            over.set()
            return answer.status_code

        assert asyncio.run(asked()) == 403
    assert "took too long" in str(asking.way.refused)
    assert server.asked == []


def test_what_can_be_no_name_is_said() -> None:
    with serving(lambda _: Answer({})) as server:
        asking = Asking(server)
        outlet = Outlet(frozenset({("office..example", 80)}), plain=True)
        asking.way._gate = Gate({"tool": outlet}, lambda *_: None)
        assert asking.get("http://office..example") == [403]
    assert "look at its name" in str(asking.way.refused)


def test_what_the_gate_can_not_record_stays_inside() -> None:
    def full(_tool: str, _verdict: Verdict) -> None:
        raise NetworkFailed("The disk is full.")

    with serving(lambda _: Answer({})) as server:
        asking = Asking(server)
        outlet = Outlet(frozenset({("127.0.0.1", server.port)}), plain=True)
        asking.way._gate = Gate({"tool": outlet}, full)
        assert asking.get(server.url) == [403]
    assert server.asked == []
