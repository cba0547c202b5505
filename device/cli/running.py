"""Running asynchronous work to its end, or to Ctrl-C."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import Any, TypeVar

import click

from context.errors import LapelError
from device.control import Flush, MicState, Request, State, TurnMic, ask, ask_mic
from device.control_socket import control_folder
from device.errors import AlreadyRunning, NotRunning
from device.settings import state_dir

T = TypeVar("T")

_TOLD_S = 10.0


def run_until_stopped(work: Coroutine[Any, Any, T]) -> T | None:
    """Run to the end, or until Ctrl-C or SIGTERM, which end it in order."""

    async def until_stopped() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, task.cancel)
        return await task

    try:
        return asyncio.run(until_stopped())
    except asyncio.CancelledError:
        return None
    except BaseExceptionGroup as group:
        # One task's clear sentence, rather than a tree of tracebacks.
        known = group.subgroup(LapelError)
        if known is None:
            raise
        error: BaseException = known
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        raise error from None


@contextlib.contextmanager
def only_one(state: Path, wait_s: float = 0.0) -> Generator[None]:
    """Hold the right to be the assistant of this state folder.

    wait_s: so long it waits for another to let go of it, who may only look whether one is running.

    Raises:
        AlreadyRunning: another process holds it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(state / "assistant.lock", mode=0o600)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout as error:
        raise AlreadyRunning(
            "Another 'lapel run' has the microphone and the timers: stop it first."
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_running() -> bool:
    """Say whether an assistant is running."""
    try:
        with only_one(state_dir()):
            return False
    except AlreadyRunning:
        return True


def ask_running(request: Request) -> State:
    """Ask something of the running assistant, and return what is locked in it after that.

    Raises:
        LapelError: none is running, or it can't do that, and why.
    """
    with _telling_starting():
        return ask(control_folder(state_dir()), request)


def ask_running_mic(request: TurnMic) -> MicState:
    """Ask the running assistant for its microphone; raises as `ask_running`."""
    with _telling_starting():
        return ask_mic(control_folder(state_dir()), request)


@contextlib.contextmanager
def _telling_starting() -> Generator[None]:
    """Say of an assistant that can't be asked yet that there is one."""
    try:
        yield
    except NotRunning:
        if is_running():
            raise NotRunning(
                "The assistant is still starting, or ending: try again in a moment."
            ) from None
        raise


def tell_running(request: Request) -> None:
    """Ask something of the running assistant, if there is one and it can; never raises."""
    try:
        ask(control_folder(state_dir()), request, answer_s=_TOLD_S)
    except NotRunning:
        return
    except LapelError as error:
        click.echo(f"(The running assistant may still speak of that. {error})", err=True)


@contextlib.contextmanager
def flushing() -> Generator[None]:
    """Change what is remembered, then have the running assistant drop what it made of it.

    Also after a failure: some of it may be changed.
    """
    try:
        yield
    finally:
        tell_running(Flush())
