"""A server that is a program of this device: a message a line, on its standard input and output.

Beside what the protocol's library does for this, it gets nothing of our environment but what a
program needs to run, a line has a largest size, and what it prints is in no log of ours.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from agents.egress_client import NetworkFailed

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

_PASSED_ON: Final = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_MOST_RUBBISH: Final = 1000
_ENDS_S: Final = 0.8
_LAST_WORDS_S: Final = 0.2
_LONGEST_LINE: Final = 200
_PIPE_ENDS = (anyio.ClosedResourceError, anyio.BrokenResourceError)


@dataclass(frozen=True)
class Program:
    """What is started. variables: of its environment, beside the few that every program needs.
    printed: is given each line that it prints beside its messages, made plain and short.
    """

    command: str
    args: Sequence[str]
    variables: Mapping[str, str]
    most_bytes: int
    printed: Callable[[str], None]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """What a server's environment holds: what a program needs to run, and its own variables."""
    usual = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {"PATH": os.defpath, **usual, **variables}


@asynccontextmanager
async def running(
    program: Program, ended: Callable[[str], None]
) -> "AsyncGenerator[TransportStreams]":
    """The streams of messages from and to the program, which runs until the end of the context.

    ended: told why, once it says nothing more. Raises NetworkFailed where it can't be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            program.command,
            *program.args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(program.variables),
            start_new_session=True,  # so that what it starts ends with it
            limit=program.most_bytes,
        )
    except (OSError, ValueError) as error:
        raise NetworkFailed("Its program can't be started: look at its command.") from error
    said, heard = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    to_say, to_write = anyio.create_memory_object_stream[SessionMessage](0)
    reading = asyncio.create_task(_read(process, said, ended))
    writing = asyncio.create_task(_write(process, to_write, ended))
    listening = asyncio.create_task(_listen(process, program.printed))

    async def wind_up() -> None:
        for task in (reading, writing):
            task.cancel()
        await asyncio.gather(reading, writing, return_exceptions=True)
        await _end(process)
        _ = await asyncio.wait([listening], timeout=_LAST_WORDS_S)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        for stream in (said, heard, to_say, to_write):
            stream.close()

    try:
        yield heard, to_say
    finally:
        # A task of its own: whoever is cancelled here, the program is not left running.
        await asyncio.shield(asyncio.create_task(wind_up()))


async def _read(
    process: asyncio.subprocess.Process,
    said: "anyio.abc.ObjectSendStream[SessionMessage | Exception]",
    ended: Callable[[str], None],
) -> None:
    assert process.stdout is not None
    rubbish, why = 0, "ended the connection"
    try:
        while rubbish < _MOST_RUBBISH:
            line = await process.stdout.readline()
            if not line:
                return
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                rubbish += 1
                continue
            await said.send(SessionMessage(message))
        why = "says what I can't read"
    except ValueError:  # a line beyond the limit
        why = "answered more than I can take in"
    except (OSError, *_PIPE_ENDS):
        return
    finally:
        ended(why)
        await said.aclose()


async def _listen(process: asyncio.subprocess.Process, printed: Callable[[str], None]) -> None:
    """Read what it prints beside its messages, to the end, so that it never has to wait."""
    assert process.stderr is not None
    while True:
        try:
            line = await process.stderr.readline()
        except ValueError:  # a line beyond the limit, of which the rest follows
            continue
        except OSError:
            return
        if not line:
            return
        text = line[:_LONGEST_LINE].decode("utf-8", "replace")
        if plain := "".join(c if c.isprintable() else " " for c in text).strip():
            printed(plain)


async def _write(
    process: asyncio.subprocess.Process,
    to_write: "anyio.abc.ObjectReceiveStream[SessionMessage]",
    ended: Callable[[str], None],
) -> None:
    assert process.stdin is not None
    try:
        async for each in to_write:
            text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(f"{text}\n".encode())
            await process.stdin.drain()
    except (OSError, *_PIPE_ENDS):
        ended("ended the connection")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let the program end by itself, as its input is over; else end it, and all that it started."""
    assert process.stdin is not None
    process.stdin.close()
    for how in (None, signal.SIGTERM, signal.SIGKILL):
        if how is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, how)
        if await _ended(process):
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # what it left behind
    # Its pipes stay open where a child of its own holds them, and nothing public closes ours.
    pipes = cast("asyncio.SubprocessTransport", getattr(process, "_transport"))  # noqa: B009
    with contextlib.suppress(PermissionError):
        pipes.close()


async def _ended(process: asyncio.subprocess.Process) -> bool:
    """Whether it ends within the time. Not by `wait`, which also waits for its pipes: what it has
    started may hold those.
    """
    for _ in range(int(_ENDS_S / 0.02)):
        if process.returncode is not None:
            return True
        await asyncio.sleep(0.02)
    return False
