"""The one place where a tool's HTTP connections are opened, within what `agents/egress.py` allows.

Only to the server of the settings, through no proxy, and encrypted, except to a server at home
where the settings allow it: then the address that was looked at is the one that is connected to.
Answers have a largest size and a latest time, and are never compressed, so that neither a server
that never ends nor one that unpacks to more than the memory holds takes the assistant down.
"""

import json
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from agents.egress import Endpoint, Gate, Leaving, Outlet
from agents.model import never
from agents.tools.timed import left_s
from context.errors import LapelError
from context.labels import Label

_REDIRECTS: Final = 3
_LINE_WAIT_S: Final = 0.02
_MOST_WAITING: Final = 1024
"""Lines that are held for who reads them slowly; more of them wait in the connection."""
_PORTS: Final = {"https": 443, "http": 80}
_NOT_FOUND: Final = "I can't find that server: look at its name in my settings."


class NetworkFailed(LapelError):
    """A server can't be reached, is too slow, or answered what can't be used. Quotes nothing."""


class Unauthorized(NetworkFailed):
    """The server does not take the token."""


class Refused(NetworkFailed):
    """The server says that it won't. status: HTTP's code for why."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class _Asked:
    """One request. path: behind the server's address."""

    method: str
    path: str
    params: Mapping[str, str | int] | None = None
    body: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Server:
    """Where a tool's requests go, and how far. url: what every path is put behind. ca_file: PEM
    certificates to trust instead of the system's. timeout_s: for a whole answer, which is cut off
    as well when who asked for it gives up (`agents/tools/timed.py`). most_bytes: of it.
    """

    url: str
    allow_http: bool = False
    ca_file: str = ""
    timeout_s: float = 8.0
    most_bytes: int = 1_000_000

    @property
    def endpoint(self) -> Endpoint:
        """Where `url` leads. Raises NetworkFailed where that isn't one."""
        return endpoint_of(self.url)

    @property
    def outlet(self) -> Outlet:
        """The tool's way out, for the gate. Raises NetworkFailed."""
        return Outlet(frozenset({(self.endpoint.host, self.endpoint.port)}), self.allow_http)


def endpoint_of(url: str) -> Endpoint:
    """Where an address leads. Raises NetworkFailed where it is none, or has a password in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise NetworkFailed(
            "A server's address in my settings is none: write it as https://host or"
            " https://host:port, without a password."
        )
    return Endpoint(parts.hostname.lower(), port or _PORTS[parts.scheme], parts.scheme == "https")


def addresses_of(endpoint: Endpoint) -> list[str]:
    """The IP addresses of its host, the likeliest first. Raises NetworkFailed."""
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NetworkFailed(_NOT_FOUND) from error
    except UnicodeError:  # what can be no name: "192.168.1..20"
        raise NetworkFailed(_NOT_FOUND) from None
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _check_name(host: str) -> None:
    """Return if it can be a host's name (RFC 3490). Raises NetworkFailed."""
    try:
        _ = host.encode("idna")
    except UnicodeError:
        raise NetworkFailed(_NOT_FOUND) from None


def trust(ca_file: str, *, tls: bool = True) -> ssl.SSLContext:
    """Whose certificates are believed: those of `ca_file`, or the system's where it is "".

    tls: False where nothing is encrypted, and so nobody's. Raises NetworkFailed.
    """
    import httpx2

    try:
        if not tls:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if ca_file:
            return ssl.create_default_context(cafile=ca_file)
        return httpx2.create_ssl_context(trust_env=False)
    except OSError as error:
        raise NetworkFailed(
            "The certificates that my settings name (ca_file) can't be read."
        ) from error


class EgressClient:
    """Speaks HTTP to one server for one tool.

    what: the server as in "I can't reach …". token: gives the bearer token, or "" for none.
    """

    def __init__(
        self,
        tool: str,
        server: Server,
        gate: Gate,
        *,
        what: str,
        token: Callable[[], str] = str,
    ) -> None:
        self._tool = tool
        self._server = server
        self._gate = gate
        self._what = what
        self._token = token

    def get(self, path: str, label: Label, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON at a path. label: of all that is in `path` and `params`.

        Raises EgressDenied, NetworkFailed, and what the gate's record raises.
        """
        return self._json(_Asked("GET", path, params), label)

    def post(self, path: str, label: Label, body: Mapping[str, object]) -> Any:
        """The JSON that answers `body`; raises as `get`. Never redirected, never sent twice."""
        return self._json(_Asked("POST", path, body=body), label)

    def may(self, label: Label) -> bool:
        """Whether what has this label might be sent now; see `Gate.may`."""
        return self._gate.may(label)

    def lines(
        self,
        path: str,
        label: Label,
        body: Mapping[str, object],
        stop: Callable[[], bool] = never,
    ) -> Iterator[str]:
        """The lines of the answer to `body` as they come; raises as `get`.

        stop: asked many times a second on the caller's thread, also while nothing comes; ends it,
        and the connection, as dropping the iterator does.
        """
        if stop():
            return
        coming: queue.Queue[str | LapelError | None] = queue.Queue(_MOST_WAITING)
        ended = threading.Event()
        self._let_out(label)  # on this thread, which the record belongs to
        with self._deadline() as cut:
            threading.Thread(
                target=self._read_lines,
                args=(_Asked("POST", path, body=body), cut, coming, ended),
                daemon=True,
            ).start()
            try:
                while not stop():
                    try:
                        line = coming.get(timeout=_LINE_WAIT_S)
                    except queue.Empty:
                        if cut.was_late:  # a name that is looked up can't be cut off
                            raise NetworkFailed(self._too_long) from None
                        continue
                    if line is None:
                        return
                    if isinstance(line, LapelError):
                        raise line
                    yield line
            finally:
                ended.set()
                cut.now()

    def _read_lines(
        self,
        asked: _Asked,
        cut: "_Cut",
        coming: "queue.Queue[str | LapelError | None]",
        ended: threading.Event,
    ) -> None:
        """On a thread of its own, as a read can't be stopped from the thread that waits in it."""
        last: LapelError | None = NetworkFailed(f"{self._what} broke off.")
        try:
            for line in _split(self._chunks(asked, cut)):
                _put(coming, line, ended)
            last = None
        except LapelError as error:
            last = error
        finally:
            _put(coming, last, ended)

    def _json(self, asked: _Asked, label: Label) -> Any:
        self._let_out(label)
        with self._deadline() as cut:
            raw = b"".join(self._chunks(asked, cut))
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise NetworkFailed(f"{self._what} answered something that I can't read.") from error

    def _let_out(self, label: Label) -> None:
        self._gate.open(Leaving(self._tool, self._server.endpoint, label))

    @contextmanager
    def _deadline(self) -> "Generator[_Cut]":
        left = left_s()
        if left is not None and left <= 0:
            raise NetworkFailed(self._too_long)
        cut = _Cut()
        timeout_s = self._server.timeout_s if left is None else min(self._server.timeout_s, left)
        timer = threading.Timer(timeout_s, cut.late)
        timer.daemon = True
        timer.start()
        try:
            yield cut
        finally:
            timer.cancel()

    def _chunks(self, asked: _Asked, cut: "_Cut") -> Iterator[bytes]:
        """The answer's bytes; errors of any kind as NetworkFailed."""
        import httpx2

        try:
            yield from self._exchange(asked, cut)
            if cut.was_late:  # an answer without a length just seems to be over
                raise NetworkFailed(self._too_long)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            if cut.was_late or isinstance(error, httpx2.TimeoutException):
                raise NetworkFailed(self._too_long) from error
            raise NetworkFailed(f"I can't reach {_inside(self._what)}.") from error

    @property
    def _too_long(self) -> str:
        return f"{self._what} took too long to answer."

    def _exchange(self, asked: _Asked, cut: "_Cut") -> Iterator[bytes]:
        import httpx2

        endpoint = self._server.endpoint
        if endpoint.tls:
            _check_name(endpoint.host)
        hosts = [endpoint.host] if endpoint.tls else self._looked_up(endpoint, cut)
        base = httpx2.URL(self._server.url)
        with self._client() as client:
            for number, host in enumerate(hosts):
                url = base.copy_with(host=host, path=base.path.rstrip("/") + asked.path)
                request = client.build_request(
                    asked.method,
                    url,
                    params=asked.params,
                    json=asked.body,
                    headers=self._headers(endpoint),
                    extensions={"trace": cut.watch},
                )
                try:
                    answer = self._sent(client, request)
                except (httpx2.ConnectError, httpx2.ConnectTimeout):
                    if number + 1 < len(hosts) and not cut.was_late:
                        continue
                    raise
                with closing(answer):
                    yield from self._body(answer)
                return

    def _looked_up(self, endpoint: Endpoint, cut: "_Cut") -> list[str]:
        """The addresses at home of a server's host."""
        try:
            hosts = addresses_of(endpoint)
        except NetworkFailed as error:
            if cut.was_late:  # nothing is wrong with the name: nobody answers for it
                raise NetworkFailed(self._too_long) from error
            raise
        self._gate.check_local(self._tool, hosts)
        return hosts

    def _client(self) -> Any:
        import httpx2

        verify = trust(self._server.ca_file, tls=self._server.endpoint.tls)
        return httpx2.Client(verify=verify, trust_env=False, timeout=self._server.timeout_s)

    def _headers(self, endpoint: Endpoint) -> dict[str, str]:
        usual = endpoint.port == _PORTS["https" if endpoint.tls else "http"]
        host = str(endpoint).rpartition(":")[0] if usual else str(endpoint)
        headers = {"Host": host, "User-Agent": "lapel", "Accept-Encoding": "identity"}
        if token := self._token():
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _sent(self, client: Any, request: Any) -> Any:
        """The answer to a request, after redirects within the same server."""
        for _ in range(_REDIRECTS):
            answer = client.send(request, stream=True)
            onward = answer.next_request
            if onward is None:
                return answer
            answer.close()
            here, there = request.url, onward.url
            same = (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port)
            if not same or request.method != "GET":
                raise NetworkFailed(
                    f"{self._what} sent me on to another address, which I don't follow."
                )
            onward.extensions = request.extensions
            request = onward
        raise NetworkFailed(f"{self._what} sent me in circles.")

    def _body(self, answer: Any) -> Iterator[bytes]:
        if answer.status_code in (401, 403):
            raise Unauthorized(f"{self._what} doesn't take the token that I was given.")
        if answer.status_code >= 400:
            status = answer.status_code
            raise Refused(f"{self._what} refused, with error {status}.", status)
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise NetworkFailed(f"{self._what} answered something that I can't read.")
        size_bytes = 0
        for chunk in answer.iter_raw():
            size_bytes += len(chunk)
            if size_bytes > self._server.most_bytes:
                raise NetworkFailed(f"{self._what} answered more than I can take in.")
            yield chunk


class _Cut:
    """Ends a connection from another thread, at any time, whatever it waits for."""

    def __init__(self) -> None:
        self.was_late = False
        self._ended = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the HTTP library at each step: takes the socket once it is there."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self._ended:
                    self._shut()

    def late(self) -> None:
        """End it since its time is over."""
        self.was_late = True
        self.now()

    def now(self) -> None:
        """End it."""
        with self._lock:
            self._ended = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)


def _split(chunks: Iterator[bytes]) -> Iterator[str]:
    """Lines without their ends; what is not UTF-8 becomes a question mark."""
    left = b""
    for chunk in chunks:
        *whole, left = (left + chunk).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
    if left:
        yield left.decode("utf-8", "replace")


def _put(
    coming: "queue.Queue[str | LapelError | None]",
    line: str | LapelError | None,
    ended: threading.Event,
) -> None:
    """Hand a line over, unless nobody waits for it any more."""
    while not ended.is_set():
        with suppress(queue.Full):
            coming.put(line, timeout=_LINE_WAIT_S)
            return


def _inside(what: str) -> str:
    """A name that begins a sentence, inside of one."""
    return what[:1].lower() + what[1:] if what.startswith(("The ", "Your ")) else what
