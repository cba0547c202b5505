"""`lapel tools`: what the assistant can do, and what of it leaves the device."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from context.errors import LapelError
from device.cli.context.output import note, shortened, table
from device.cli.options import examples, settings_options
from device.settings import Settings, state_dir

if TYPE_CHECKING:
    from agents.tools import Tool
    from agents.tools.mcp import McpTool, Offered
    from device.mcp.not_installed import NotInstalled
    from device.mcp.servers import McpServers

_WAIT_S = 30.0
_HEADINGS = ("tool", "does", "how", "reaches", "server says")


@click.command(
    epilog=examples(
        "lapel tools",
        "lapel tools --wait 60        for servers that are slow to start",
        "lapel tools | grep network",
    )
)
@settings_options()
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, 600),
    default=_WAIT_S,
    show_default=True,
    help="Seconds to wait for servers of tools.",
)
def tools(settings: Settings, wait_s: float) -> None:
    """List the tools: the program's own, and those of the servers in `tools.mcp`.

    \b
    reads        changes nothing
    acts         does what it is told
    asks first   says what it would do, and does it after a yes: a server's tool, unless you list
                 it under the server's `reads`; of our own, what is named beside it
    left out     can't be used by voice, with why

    \b
    The exit status is 1 where a server can't be used; why, and what it printed, is told.
    """
    from agents.tools.standard import standard_tools
    from device.assemble import assemble_schedule, assemble_store, keep_private
    from device.clock import SystemClock
    from device.network import assemble_mcp

    keep_private()
    state, clock = state_dir(), SystemClock()
    store = assemble_store(settings, state, None, clock)
    rows = [
        _own(each) for each in standard_tools(assemble_schedule(state, store, clock), clock.now)
    ]
    servers = assemble_mcp(settings, store)
    if servers is None:
        table(_HEADINGS, rows)
        return
    with contextlib.closing(store):
        store.open()  # it keeps the record of what is asked of them
        with contextlib.closing(servers):
            servers.start()
            servers.wait(wait_s)
            table(_HEADINGS, [*rows, *_offered(servers)])
            broken = servers.broken
            for name, listing in servers.listings.items():
                if listing.more:
                    note(f"{name}: {listing.more} more tools; name those you want in its 'tools'.")
            for name, listing in broken.items():
                note(f"{name}: {listing.problem}.")
                for line in listing.printed:
                    note(f"  it printed: {line}")
    if broken:
        raise LapelError(f"Can't be used now: {', '.join(broken)}. See above for why.")


def _offered(servers: "McpServers | NotInstalled") -> Iterator[tuple[str, ...]]:
    from agents.tools.mcp import mcp_tools
    from device.clock import SystemClock

    found, left_out = mcp_tools(servers.offered, servers, SystemClock().now)
    for tool in found:
        yield _others(tool)
    for offered, why in left_out:
        yield _left_out(offered, why)


def _own(tool: "Tool[Any]") -> tuple[str, ...]:
    how = "acts" if tool.acts else "reads"
    if asking := [use.action or tool.name for use in tool.uses if use.asks]:
        how += f"; asks first: {', '.join(asking)}"
    return tool.name, tool.description, how, str(tool.sink or ""), ""


def _others(tool: "McpTool") -> tuple[str, ...]:
    how = "asks first" if tool.acts else "reads"
    said = shortened(tool.offered.description)
    return tool.name, tool.description, how, str(tool.sink or ""), said


def _left_out(offered: "Offered", why: str) -> tuple[str, ...]:
    name = shortened(f"{offered.server}: {offered.name}")
    return name, "", f"left out: {why}", "", shortened(offered.description)
