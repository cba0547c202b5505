"""A real server of tools, for the tests: by stdio, or with "--port N" by HTTP (0: any; printed)."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Literal

import anyio
from mcp.server.mcpserver import Context, Image, MCPServer

server = MCPServer("office")
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")


def done(what: str) -> None:
    """Write down what was really done, for the test to read."""
    if path := os.environ.get("DONE"):
        with Path(path).open("a") as file:
            print(what, file=file)


@server.tool(description="Print a page on the office printer")
def print_page(title: str, copies: int = 1, paper: Literal["plain", "photo"] = "plain") -> str:
    done(f"{copies} {title} {paper}")
    return f"Printed {copies} of {title} on {paper} paper."


@server.tool(description="How much ink is left in the printer")
def ink_level() -> str:
    return "The ink is at 40 percent."


@server.tool()
def jam() -> str:
    raise ValueError("the paper is jammed")


@server.tool()
def picture() -> Image:
    return Image(data=PIXEL, format="gif")


@server.tool()
def environment() -> str:
    return json.dumps(dict(os.environ))


@server.tool()
async def slow() -> str:
    done("slow")
    await anyio.sleep(3600)
    return "never"


@server.tool()
def die() -> str:
    os._exit(3)


@server.tool()
def huge() -> str:
    return "x" * 10_000_000


@server.tool()
async def grow(context: Context) -> str:
    def grown() -> str:
        return "here"

    server.add_tool(grown, "grown")
    await context.notify_tools_changed()
    return "There is one more."


@server.tool()
def merge(pages: list[str]) -> str:
    return str(len(pages))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    port = parser.parse_args().port
    if port is None:
        server.run("stdio")
    else:
        server.run("streamable-http", host="127.0.0.1", port=port)
    sys.exit(0)
