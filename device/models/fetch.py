"""One download over HTTP: resumed where it was cut, checked before it is used.

The bytes so far are in `<into>.part`; `<into>.part.from` holds the validator (ETag or date) that
the server gave for them, so that a file changed in between starts again (RFC 9110, If-Range).
Proxies and certificates are those of the environment (HTTPS_PROXY, SSL_CERT_FILE).
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BufferedWriter
from pathlib import Path

import httpx2

from device.errors import PullFailed
from device.models.disk import (
    BLOCK,
    FreeBytes,
    Progress,
    check,
    private_fd,
    replace_durably,
    require_room,
    writing,
)

TRIES = 4  # in a row without one new byte
_TIMEOUT = httpx2.Timeout(60, connect=15)
_HEADERS = {"User-Agent": "lapel", "Accept-Encoding": "identity"}


class _CutError(Exception):
    """The connection broke after it had begun; asking for the rest can help."""


@dataclass
class Fetcher:
    """Downloads for one pull. A host that cannot be reached is asked only once."""

    progress: Progress
    free: FreeBytes
    pause: Callable[[float], None] = time.sleep
    _dead: dict[str, str] = field(default_factory=dict[str, str])

    def fetch(
        self, url: str, into: Path, *, label: str, sha256: str | None, size: int | None
    ) -> Path:
        """Download `url` to the file `into`, taking up what is already there, and return it.

        `sha256` and `size` (bytes) are what it must have, where that is known. Raises PullFailed
        with the reason, and DiskFull.
        """
        if into.exists():
            return into
        host = httpx2.URL(url).host
        if host in self._dead:
            raise PullFailed(self._dead[host])
        part = _Part(into)
        resumed = part.size > 0
        self._complete(url, part, label, size)
        if resumed and sha256 is not None and part.sha256 != sha256:
            # Two different files were joined, perhaps: only a fresh one can tell.
            part.remove()
            self._complete(url, part, label, size)
        try:
            check(
                into.name,
                part.size,
                part.sha256,
                size=part.size if size is None else size,
                sha256=part.sha256 if sha256 is None else sha256,
            )
        except PullFailed:
            part.remove()
            raise
        with writing(into):
            part.become(into)
        return into

    def _complete(self, url: str, part: "_Part", label: str, size: int | None) -> None:
        tries = 0
        while True:
            before = part.size
            try:
                self._stream(url, part, label, size)
            except _CutError as cut:
                tries = 0 if part.size > before else tries + 1
                if tries >= TRIES:
                    raise PullFailed(f"the connection broke ({cut})") from cut
                if tries:
                    self.pause(2.0 ** (tries - 1))
            else:
                return

    def _stream(self, url: str, part: "_Part", label: str, size: int | None) -> None:
        if size is not None and part.size == size:
            return
        headers = _HEADERS | part.resume_headers()
        try:
            with (
                httpx2.Client(timeout=_TIMEOUT, follow_redirects=True) as client,
                client.stream("GET", url, headers=headers) as response,
            ):
                self._receive(response, part, label, size)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            reason = f"{httpx2.URL(url).host} cannot be reached ({error})"
            self._dead[httpx2.URL(url).host] = reason
            raise PullFailed(reason) from error
        except (httpx2.NetworkError, httpx2.TimeoutException, httpx2.RemoteProtocolError) as error:
            raise _CutError(str(error) or type(error).__name__) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise PullFailed(str(error) or type(error).__name__) from error

    def _receive(
        self, response: httpx2.Response, part: "_Part", label: str, size: int | None
    ) -> None:
        begins, total = _span(response, part)
        if begins is None:
            return  # the server says that all of it is here
        if size is not None and total is not None and total != size:
            raise PullFailed(f"the server offers {total} bytes where {size} are expected")
        limit = size if size is not None else total
        if limit is not None:
            require_room(part.path.parent, limit - begins, self.free)
        with part.begun(begins, response.headers):
            self.progress(label, part.size, limit or 0)
            # Raw, for the hash is of the bytes on the wire; and as they come, for what waits to
            # fill a block is lost when the connection breaks.
            for block in response.iter_raw():
                if limit is not None and part.size + len(block) > limit:
                    raise PullFailed(f"the server sends more than the {limit} bytes expected")
                part.write(block)
                self.progress(label, part.size, limit or 0)


class _Part:
    """What has come so far, on the disk, and its hash."""

    def __init__(self, into: Path) -> None:
        self.path = into.with_name(into.name + ".part")
        self.size = 0
        self._from = into.with_name(into.name + ".part.from")
        self._digest = hashlib.sha256()
        self._file: BufferedWriter | None = None
        if self.path.exists():
            with self.path.open("rb") as file:
                while block := file.read(BLOCK):
                    self._count(block)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def resume_headers(self) -> dict[str, str]:
        if not self.size:
            return {}
        headers = {"Range": f"bytes={self.size}-"}
        if self._from.exists():
            headers["If-Range"] = self._from.read_text(encoding="latin-1")
        return headers

    @contextmanager
    def begun(self, offset: int, headers: httpx2.Headers) -> Generator[None]:
        """Take bytes from `offset` on, which is 0 or where this ends."""
        with writing(self.path):
            if not offset:
                self.remove()
                etag = headers.get("etag", "")
                # A weak ETag promises the same meaning, not the same bytes.
                validator = etag if etag.startswith('"') else headers.get("last-modified", "")
                if validator:
                    self._from.write_text(validator, encoding="latin-1")
            self._file = open(self.path, "ab", opener=private_fd)  # noqa: SIM115
        try:
            yield
        finally:
            with writing(self.path):
                self._file.close()

    def write(self, block: bytes) -> None:
        assert self._file is not None
        with writing(self.path):
            self._file.write(block)
        self._count(block)

    def become(self, into: Path) -> None:
        """Take the final name: the next pull finds it whole."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        replace_durably(self.path, into)
        self._from.unlink(missing_ok=True)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self._from.unlink(missing_ok=True)
        self.size = 0
        self._digest = hashlib.sha256()

    def _count(self, block: bytes) -> None:
        self._digest.update(block)
        self.size += len(block)


def _span(response: httpx2.Response, part: _Part) -> tuple[int | None, int | None]:
    """Return the offset at which the body begins and the whole size, as far as it is said."""
    status = response.status_code
    said = response.headers.get("content-range", "")
    if status == HTTPStatus.OK:
        length = response.headers.get("content-length", "")
        return 0, int(length) if length.isdecimal() else None
    if status == HTTPStatus.PARTIAL_CONTENT:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", said)
        if found is None or int(found[1]) != part.size:
            raise PullFailed("the server answers with a part that was not asked for")
        return part.size, None if found[2] == "*" else int(found[2])
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part.size:
        if said == f"bytes */{part.size}":
            return None, part.size
        part.remove()
        raise _CutError("the file is another one now")
    raise PullFailed(f"the server answers {status} {response.reason_phrase}".rstrip())
