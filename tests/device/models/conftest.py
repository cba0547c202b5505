"""A real server, real wheels and a real catalog, all of them small."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from device.models import Catalog, Entry, ModelFile, Models
from device.models.wheel import Wheel


class Server:
    """What it serves, what goes wrong with it, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.replies: dict[str, tuple[int, str, bytes]] = {}
        self.cuts: dict[str, list[int]] = {}  # bytes to send before the connection is cut, in turn
        self.hold_after: dict[str, int] = {}  # bytes to send before waiting for `go`
        self.ranges = True
        self.lengths = True
        self.go = threading.Event()
        self.asked: list[tuple[str, str | None]] = []

    def serve(self, path: str, data: bytes) -> str:
        self.files[path] = data
        self.etags[path] = f'"{hashlib.sha256(data).hexdigest()[:8]}"'
        return self.url + path

    def ranges_asked(self, path: str) -> list[str | None]:
        return [asked for where, asked in self.asked if where == path]


class _Handler(BaseHTTPRequestHandler):
    server: "_Http"

    def do_GET(self) -> None:
        state = self.server.state
        state.asked.append((self.path, self.headers.get("Range")))
        if self.path in state.replies:
            self._reply(*state.replies[self.path])
            return
        if self.path not in state.files:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        data, etag = state.files[self.path], state.etags[self.path]
        begin = 0
        asked = self.headers.get("Range")
        if asked and state.ranges and self.headers.get("If-Range", etag) == etag:
            begin = int(asked.removeprefix("bytes=").removesuffix("-"))
            if begin >= len(data):
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self.send_header("Content-Range", f"bytes */{len(data)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(HTTPStatus.PARTIAL_CONTENT)
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(HTTPStatus.OK)
        if state.lengths:
            self.send_header("Content-Length", str(len(data) - begin))
        self.send_header("ETag", etag)
        self.end_headers()
        self._body(data[begin:])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.state.asked.append((self.path, None))
        missing = (HTTPStatus.NOT_FOUND, "application/json", b"{}")
        self._reply(*self.server.state.replies.get(self.path, missing))

    def _reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self, body: bytes) -> None:
        state = self.server.state
        if state.cuts.get(self.path):
            self.wfile.write(body[: state.cuts[self.path].pop(0)])
            return  # the connection closes before all that was promised is sent
        hold = state.hold_after.get(self.path, 0)
        self.wfile.write(body[:hold])
        if hold:
            state.go.wait()
        try:
            self.wfile.write(body[hold:])
        except OSError:
            return  # the other side was killed

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Http(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them, so that no socket is left open
    state: Server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with _Http(("127.0.0.1", 0), _Handler) as http:
        http.state = Server(f"http://127.0.0.1:{http.server_address[1]}")
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield http.state
        finally:
            http.state.go.set()
            http.shutdown()
            thread.join()


def _file(path: str, data: bytes, *sources: str) -> ModelFile:
    sha256 = hashlib.sha256(data).hexdigest()
    return ModelFile(path=path, bytes=len(data), sha256=sha256, sources=sources)


def _entry(*files: ModelFile, name: str = "m", wheel_bytes: int = 0) -> Entry:
    return Entry(
        name=name, use="think", licence="MIT", about="a test", files=files, wheel_bytes=wheel_bytes
    )


def _wheel(members: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


class Index:
    """An index in place of pip's: it counts how often it is asked."""

    def __init__(self) -> None:
        self.wheels: dict[str, Wheel] = {}
        self.asked: list[str] = []

    def __call__(self, requirement: str) -> Wheel:
        self.asked.append(requirement)
        return self.wheels[requirement]


@pytest.fixture
def index() -> Index:
    return Index()


@pytest.fixture
def make_file() -> Callable[..., ModelFile]:
    return _file


@pytest.fixture
def make_entry() -> Callable[..., Entry]:
    return _entry


@pytest.fixture
def make_wheel() -> Callable[[Mapping[str, bytes]], bytes]:
    return _wheel


@pytest.fixture
def store(tmp_path: Path, index: Index) -> Callable[..., Models]:
    def make(*entries: Entry, free: int = 10**12) -> Models:
        catalog = Catalog({entry.name: entry for entry in entries}, tmp_path / "models.toml")
        return Models(tmp_path / "models", catalog, free=lambda _: free, ask=index)

    return make
