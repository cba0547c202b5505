"""For a library that speaks HTTP itself: connections as `agents/egress_client.py` makes them.

The library gets this as its way to the network. Each request asks the gate first, with the label of
what leads to it; the rest is the same: one server, no proxy, the address that was looked at, no
compression, and a largest size of an answer. A redirect is another request, so it is asked too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx2

from agents.egress import SPOKEN, Endpoint, Gate, Leaving
from agents.egress_client import NetworkFailed, Server, addresses_of, trust
from context.errors import LapelError

_PORTS = {"https": 443, "http": 80}
_STREAM = "text/event-stream"


class GatedTransport(httpx2.AsyncBaseTransport):
    """Sends requests for one tool. what: the server as in "… took too long". token: gives the
    bearer token, or "" for none.

    label: of what leads to the next requests; set before they are made. until: when who asked for
    them gives up, by the loop's clock; None: nobody does. What a request is refused
    for is kept in `refused`, for who asked, and answered with status 403: an exception in here
    would be the library's to report. Raises NetworkFailed where the certificates can't be read.
    """

    def __init__(
        self, tool: str, server: Server, gate: Gate, *, what: str, token: Callable[[], str]
    ) -> None:
        self.label = SPOKEN
        self.until: float | None = None
        self.refused: LapelError | None = None
        self._tool = tool
        self._gate = gate
        self._what = what
        self._token = token
        self._most_bytes = server.most_bytes
        believed = trust(server.ca_file, tls=server.endpoint.tls)
        self._sends = httpx2.AsyncHTTPTransport(verify=believed, trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, cut off at the largest size; 403 for what may not leave."""
        try:
            async with asyncio.timeout_at(self.until):
                answer = await self._sent(request)
        except TimeoutError:
            late = NetworkFailed(f"{self._what} took too long to answer.")
            return self._refuse(late, request)
        except LapelError as error:
            return self._refuse(error, request)
        if answer.headers.get("content-encoding", "identity") != "identity":
            await answer.aclose()
            error = NetworkFailed(f"{self._what} answered something that I can't read.")
            return self._refuse(error, request)
        if not isinstance(answer.stream, httpx2.AsyncByteStream):
            return answer
        # A stream that is listened to goes on for ever; what is one message of it is limited too.
        endless = request.method == "GET" and _STREAM in answer.headers.get("content-type", "")
        most_bytes = None if endless else self._most_bytes
        answer.stream = _Limited(answer.stream, most_bytes, self._too_much)
        return answer

    async def aclose(self) -> None:
        """Close all connections."""
        await self._sends.aclose()

    async def _sent(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        tls = url.scheme == "https"
        endpoint = Endpoint(url.host.lower(), url.port or _PORTS.get(url.scheme, 0), tls)
        self._gate.open(Leaving(self._tool, endpoint, self.label))
        request.headers["Accept-Encoding"] = "identity"
        request.headers["User-Agent"] = "lapel"
        if token := self._token():
            request.headers["Authorization"] = f"Bearer {token}"
        if tls:
            return await self._sends.handle_async_request(request)
        # The name is looked up once, and what was looked at is what is connected to.
        hosts = await asyncio.to_thread(addresses_of, endpoint)
        self._gate.check_local(self._tool, hosts)
        for host in hosts[:-1]:
            request.url = url.copy_with(host=host)
            try:
                return await self._sends.handle_async_request(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        request.url = url.copy_with(host=hosts[-1])
        return await self._sends.handle_async_request(request)

    def _refuse(self, error: LapelError, request: httpx2.Request) -> httpx2.Response:
        self.refused = error
        return httpx2.Response(403, request=request)

    def _too_much(self) -> None:
        self.refused = NetworkFailed(f"{self._what} answered more than I can take in.")


class _Limited(httpx2.AsyncByteStream):
    """Bytes, up to a largest number of them."""

    def __init__(
        self, stream: httpx2.AsyncByteStream, most_bytes: int | None, too_much: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._most_bytes = most_bytes
        self._too_much = too_much

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size_bytes = 0
        async for chunk in self._stream:
            size_bytes += len(chunk)
            if self._most_bytes is not None and size_bytes > self._most_bytes:
                self._too_much()
                raise httpx2.StreamError("too much")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
