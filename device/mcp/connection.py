"""One server of tools: the connection to it, which is made again whenever it ends.

What its library logs or raises may quote what it answers, so nothing of that is passed on but the
words of an error that it gives as the answer to a call.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, cast

from agents.egress import SPOKEN, Endpoint, Gate, Leaving, Outlet
from agents.egress_client import NetworkFailed, Server
from agents.tools.mcp import Answer, Offered
from context.errors import LapelError
from context.labels import Label
from device.network_settings import McpHttpSettings, McpSettings, McpStdioSettings
from device.secret_file import read_secret, read_variables

if TYPE_CHECKING:
    from mcp import Client

    from agents.egress_transport import GatedTransport

MOST_TOOLS: Final = 64
"""Of one server: each that is there makes every other harder to find."""
_MOST_PAGES: Final = 50
_MOST_PRINTED: Final = 20
_MOST_BYTES: Final = 4_000_000
_FIRST_WAIT_S: Final = 0.2
_LATER_WAIT_S: Final = 1.0
_LASTS_S: Final = 60.0
"""A connection that ends sooner counts as one that fails, or it would be made all the time."""
_LONGEST_WAIT_S: Final = 900.0
_LIST_AGAIN_S: Final = 2.0
_LISTEN_AGAIN_S: Final = 60.0
_COMES_BACK_S: Final = 5.0
_LATER_S: Final = 2.0
_ENDED: Final = "ended the connection"


class NoAnswer(NetworkFailed):
    """A call was sent, and nothing came of it."""


@dataclass
class Listing:
    """What is known of a server. offered: None: it has not been listed yet. problem: why it can't
    be reached, without a full stop; "" where it can. more: how many tools it lists beyond those.
    printed: the last lines that it printed beside its messages, before anything was asked of it;
    those after it may hold what was said, and are kept nowhere.
    """

    offered: tuple[Offered, ...] | None = None
    problem: str = "not connected yet"
    more: int = 0
    printed: tuple[str, ...] = ()


def process_endpoint(name: str) -> Endpoint:
    """Where what is sent to a server that is a program of this device goes: it may have a network
    of its own, so that it counts as one that is reached by it.
    """
    return Endpoint(f"program:{name}", 0)


def outlet_of(name: str, settings: McpSettings) -> Outlet:
    """The one way out to a server. Raises NetworkFailed where its address is none."""
    if isinstance(settings, McpHttpSettings):
        return _http(settings).outlet
    endpoint = process_endpoint(name)
    return Outlet(frozenset({(endpoint.host, endpoint.port)}))


def tool_name(server: str) -> str:
    """What a server is called where it is asked whether something may leave to it, and in the
    record of that, which takes only letters and "_".
    """
    return f"mcp_{server.replace('-', '_')}"


@dataclass
class Connection:
    """One server."""

    name: str
    settings: McpSettings
    gate: Gate
    tell: Callable[[], None]
    listing: Listing = field(default_factory=Listing)
    settled: bool = False
    _client: "Client | None" = None
    _transport: "GatedTransport | None" = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    """That its tools are others, or that the connection is over."""
    _is_over: bool = False
    _ended_why: str = ""
    _is_there: asyncio.Event = field(default_factory=asyncio.Event)
    _there_since: float | None = None
    _was_called: bool = False
    _printed: deque[str] = field(default_factory=lambda: deque[str](maxlen=_MOST_PRINTED))
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def keep(self) -> None:
        """Be connected, for ever: again at once where it was for a while, else later and later, or
        when asked for.
        """
        wait_s, loop = 0.0, asyncio.get_running_loop()
        while True:
            self._news.clear()
            self._is_over, self._ended_why = False, ""
            try:
                await self._connected()
                problem = f"it {self._ended_why or _ENDED}"
            except TimeoutError:
                problem = "it does not answer"
            except LapelError as error:
                problem = str(error)
            except Exception as error:  # noqa: BLE001 - whatever a library makes of a broken server
                problem = f"it {self._ended_why}" if self._ended_why else self._why(error)
            there_since, self._there_since = self._there_since, None
            offered, more = self.listing.offered, self.listing.more
            self.listing = Listing(offered, problem.rstrip("."), more, tuple(self._printed))
            self.settled = True
            self.tell()
            if there_since is None:
                wait_s = max(2 * wait_s, _LATER_WAIT_S)
            else:
                lasted = loop.time() - there_since >= _LASTS_S
                wait_s = max(0.0 if lasted else 2 * wait_s, _FIRST_WAIT_S)
            wait_s = min(wait_s, _LONGEST_WAIT_S)
            self._hurry.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    _ = await self._hurry.wait()

    async def call(
        self, tool: str, arguments: dict[str, object], label: Label, until: float
    ) -> Answer:
        """Have a tool called; see `McpServers.call`. until: nothing is sent later than this, by the
        loop's clock.
        """
        import mcp_types as types
        from mcp import MCPError

        async with self._one_at_a_time:
            client = await self._there()
            now = asyncio.get_running_loop().time()
            if until <= now:
                raise NetworkFailed(f"{self.name} took too long to be reached.")
            until = min(until, now + self.settings.timeout_s)
            self._let_out(label, until)
            self._was_called = True
            request = types.CallToolRequest(
                params=types.CallToolRequestParams(name=tool, arguments=arguments)
            )
            try:
                async with asyncio.timeout_at(until):
                    # Not the library's `call_tool`: that runs the server's schema on its result.
                    result = await client.session.send_request(
                        request,
                        types.CallToolResult,
                        request_read_timeout_seconds=self.settings.timeout_s + _LATER_S,
                    )
            except TimeoutError as error:
                raise self.no_answer() from error
            except MCPError as error:
                self._raise_refused(error)
                return Answer((error.error.message,), failed=True)
            except ValueError as error:
                raise NetworkFailed(f"{self.name} answered something that I can't read.") from error
            except (OSError, RuntimeError) as error:
                self._end("")
                raise self.no_answer() from error
            finally:
                self._let_in()
        texts = tuple(each.text for each in result.content if isinstance(each, types.TextContent))
        more = len(texts) < len(result.content) or (
            not texts and result.structured_content is not None
        )
        return Answer(texts, more, result.is_error)

    async def _there(self) -> "Client":
        """The connection, soon. Raises NetworkFailed."""
        if self._client is None:
            self._hurry.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(self.settings.timeout_s, _COMES_BACK_S)):
                    _ = await self._is_there.wait()
        if self._client is None:
            problem = self.listing.problem or f"it {_ENDED}"
            raise NetworkFailed(f"I can't reach {self.name}: {problem}.")
        return self._client

    def no_answer(self) -> NoAnswer:
        """That a call was sent, and nothing came of it."""
        return NoAnswer(f"{self.name} gave no answer, so I can't say whether that worked.")

    def _end(self, why: str) -> None:
        """The connection is over; the next one is made."""
        self._ended_why = self._ended_why or why
        self._client = None
        self._is_there.clear()
        self._is_over = True
        self._news.set()

    def _let_out(self, label: Label, until: float) -> None:
        """Ask for a program here; for HTTP each request is asked for where it is sent."""
        if self._transport is not None:
            self._transport.label, self._transport.refused = label, None
            self._transport.until = until
        else:
            self.gate.open(Leaving(tool_name(self.name), process_endpoint(self.name), label))

    def _let_in(self) -> None:
        if self._transport is not None:
            self._transport.label, self._transport.until = SPOKEN, None

    def _raise_refused(self, error: Any) -> None:
        """Raise what a call was not sent for, or that it broke off; else the server answered."""
        from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST, PARSE_ERROR

        refused = None if self._transport is None else self._transport.refused
        if refused is not None:
            raise refused from error
        if error.error.code in (CONNECTION_CLOSED, INVALID_REQUEST):
            self._end("")  # its session may be over
        if error.error.code == CONNECTION_CLOSED and self._ended_why not in ("", _ENDED):
            raise NetworkFailed(f"{self.name} {self._ended_why}.") from error
        if error.error.code == CONNECTION_CLOSED:
            raise self.no_answer() from error
        if error.error.code == PARSE_ERROR:
            raise NetworkFailed(f"{self.name} answered something that I can't read.") from error

    async def _connected(self) -> None:
        """Connect, list, and stay until the connection ends."""
        from mcp import Client

        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(self.settings.connect_s):
                way = await stack.enter_async_context(self._way())
                client = Client(
                    way,
                    read_timeout_seconds=self.settings.connect_s,
                    message_handler=self._noticed,
                    cache=None,
                )
                client = await stack.enter_async_context(client)
                await self._list(client)
            self._client = client
            self._is_there.set()
            self._there_since = asyncio.get_running_loop().time()
            self.settled = True
            self.tell()
            watching = asyncio.create_task(self._watch(client))
            try:
                await self._stay(client)
            finally:
                self._end("")
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    async def _stay(self, client: "Client") -> None:
        while True:
            _ = await self._news.wait()
            self._news.clear()
            if self._is_over:
                return
            async with asyncio.timeout(self.settings.connect_s):
                await self._list(client)
            self.tell()
            await asyncio.sleep(_LIST_AGAIN_S)  # however often it changes its mind

    @contextlib.asynccontextmanager
    async def _way(self) -> AsyncGenerator[Any]:
        """The library's transport. Raises EgressDenied and SettingsWrong."""
        settings = self.settings
        if isinstance(settings, McpStdioSettings):
            from device.mcp.stdio import Program, running

            self.gate.open(Leaving(tool_name(self.name), process_endpoint(self.name), SPOKEN))
            variables = read_variables(settings.env_file, f"tools.mcp.{self.name}.env_file")
            self._printed.clear()
            program = Program(
                settings.command, settings.args, variables, _MOST_BYTES, self._note_printed
            )
            yield running(program, self._end)
            return
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        from agents.egress_transport import GatedTransport

        setting = f"tools.mcp.{self.name}.token_file"
        transport = self._transport = GatedTransport(
            tool_name(self.name),
            _http(settings),
            self.gate,
            what=self.name,
            token=lambda: read_secret(settings.token_file, setting),
        )
        timeout = httpx2.Timeout(settings.timeout_s, read=None)  # of an answer: by who waits for it
        async with httpx2.AsyncClient(
            transport=transport, trust_env=False, timeout=timeout
        ) as http:
            yield streamable_http_client(settings.url, http_client=http)

    def _note_printed(self, line: str) -> None:
        if not self._was_called:
            self._printed.append(line)
            self.listing = replace(self.listing, printed=tuple(self._printed))

    async def _list(self, client: "Client") -> None:
        """List the tools that the settings allow."""
        wanted = self.settings.tools
        found: dict[str, Offered] = {}
        more, cursor = 0, None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            for each in page.tools:
                if each.name in found or (wanted is not None and each.name not in wanted):
                    continue
                if len(found) == MOST_TOOLS:
                    more += 1
                    continue
                reads = each.name in self.settings.reads
                described = each.description or each.title or ""
                examples = self.settings.examples.get(each.name, ())
                found[each.name] = Offered(
                    self.name, each.name, described, each.input_schema, reads, examples
                )
            cursor = page.next_cursor
            if cursor is None:
                break
        self.listing = Listing(tuple(found.values()), "", more, tuple(self._printed))

    async def _noticed(self, message: Any) -> None:
        """Told what a server says by itself, of which only a change of its tools matters."""
        import mcp_types as types

        if isinstance(message, types.ToolListChangedNotification):
            self._news.set()

    async def _watch(self, client: "Client") -> None:
        """The same for servers of the protocol's newer kind, which tell who listens."""
        from mcp import MCPError
        from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost

        while True:
            with contextlib.suppress(SubscriptionLost, MCPError, TimeoutError):
                try:
                    async with client.listen(tools_list_changed=True) as changes:
                        async for _ in changes:
                            self._news.set()
                except ListenNotSupportedError:
                    return
            await asyncio.sleep(_LISTEN_AGAIN_S)
            self._news.set()  # what was told meanwhile was not heard

    def _why(self, error: BaseException) -> str:
        """Why there is no connection; of a library's words none, as they may quote the server."""
        if self._transport is not None and (refused := self._transport.refused) is not None:
            self._transport.refused = None
            return str(refused)
        for each in _parts(error):
            if isinstance(each, LapelError):
                return str(each)
            if isinstance(each, TimeoutError):
                return "it does not answer"
        return "it can't be reached, or does not speak the protocol"


def _http(settings: McpHttpSettings) -> Server:
    return Server(
        settings.url, settings.allow_http, settings.ca_file, settings.timeout_s, _MOST_BYTES
    )


def _parts(error: BaseException) -> Sequence[BaseException]:
    """An error, or those that are grouped in it."""
    if isinstance(error, BaseExceptionGroup):
        inner = cast("tuple[BaseException, ...]", error.exceptions)
        return [part for each in inner for part in _parts(each)]
    return [error]
