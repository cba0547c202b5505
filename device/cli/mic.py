"""`lapel mic`: turn the microphone of the assistant off and on."""

import click

from agents.durations import say_duration
from context.errors import LapelError
from device.cli.context import when
from device.cli.options import examples
from device.cli.running import ask_running_mic, is_running, only_one
from device.clock import SystemClock, local_zone
from device.control import LONGEST_OFF_S, MicState, TurnMic, turned
from device.errors import NotRunning
from device.mic.mute import Mute, mute_file
from device.settings import state_dir

_LOOKED_AT_S = 0.5
"""So long no command takes to look whether an assistant is running."""


@click.group(
    epilog=examples("lapel mic off", "lapel mic off --for 10m", "lapel mic on", "lapel mic status")
)
def mic() -> None:
    """Turn the microphone off and on, in the running assistant and for when it starts.

    Off, it is closed, and nothing is heard, not even the wake word. Neither a restart nor a power
    cut turns it on. What is set to ring still rings.

    By voice: "stop listening", or "stop listening for ten minutes". A voice can't turn it on: the
    button does, this command, or the time.
    """


@mic.command(epilog=examples("lapel mic off", "lapel mic off --for 2h"))
@click.option("--for", "span", metavar="SPAN", help="Until it turns on by itself: 30s, 10m, 2h.")
def off(span: str | None) -> None:
    """Turn it off, until it is turned on."""
    _tell(_asked(TurnMic(on=False, off_for_s=None if span is None else _seconds(span))))


@mic.command(epilog=examples("lapel mic on"))
def on() -> None:
    """Turn it on again."""
    _tell(_asked(TurnMic(on=True)))


@mic.command(epilog=examples("lapel mic status"))
def status() -> None:
    """Tell whether it is on."""
    _tell(_asked(TurnMic()))


def _asked(request: TurnMic) -> tuple[MicState, bool]:
    """How it is then, and whether an assistant is running."""
    try:
        return ask_running_mic(request), True
    except NotRunning:
        if is_running():
            raise
        folder = state_dir()
        with only_one(folder, _LOOKED_AT_S):
            mute = Mute(mute_file(folder), SystemClock())
            mute.load()
            return turned(mute, request), False


def _tell(answer: tuple[MicState, bool]) -> None:
    state, running = answer
    on = "on" if state.on else "off"
    if state.off_for_s is not None:
        on += f" for {say_duration(max(1, state.off_for_s))}"
    click.echo(
        f"The microphone is {on}." if running else f"No assistant is running: it starts {on}."
    )
    if not state.on:
        click.echo("'lapel mic on' turns it on; so does the button.")


def _seconds(span: str) -> float:
    now = SystemClock().now()
    seconds = round((when.until(span, now, local_zone()) - now).total_seconds(), 3)
    if not 0 < seconds <= LONGEST_OFF_S:
        raise LapelError(
            "Give a time of at most a week, such as 10m or 2h; without one it stays off."
        )
    return seconds
