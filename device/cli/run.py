"""`lapel run`."""

import asyncio
import sys

import click
from rich.console import Console

from device.cli.options import examples, settings_options
from device.cli.running import only_one, run_until_stopped
from device.settings import Settings, state_dir

_LOOKED_AT_S = 0.5
"""So long no command takes to look whether an assistant is running."""


@click.command(
    epilog=examples(
        "lapel run",
        "lapel run --mic USB --speaker USB",
        "lapel run --profile pi4 --set think.engine=none",
        'lapel run --set \'wake.words=["hey_jarvis", "alexa"]\'',
    )
)
@settings_options()
@click.option("--mic", default="", help="A part of the microphone's name, or its number.")
@click.option("--speaker", default="", help="A part of the speaker's name, or its number.")
def run(settings: Settings, mic: str, speaker: str) -> None:
    """Listen for the wake word and answer, until interrupted.

    In a terminal, Enter is the button: it does what the wake word does, and interrupts.
    """
    from device.assemble import assemble, find_models
    from device.assistant import Assistant
    from device.control_socket import control_folder
    from device.doctor import lacking
    from device.screen import Screen
    from device.trace import Trace

    if mic:
        settings = settings.model_copy(
            update={"mic": settings.mic.model_copy(update={"device": mic})}
        )
    if speaker:
        changed = settings.speaker.model_copy(update={"device": speaker})
        settings = settings.model_copy(update={"speaker": changed})
    console = Console()
    words = " or ".join(f"“{word.replace('_', ' ')}”" for word in settings.wake.words)

    has_keys = sys.stdin.isatty()

    async def live() -> None:
        loop = asyncio.get_running_loop()
        trace = Trace(
            state / "trace.jsonl",
            personal=settings.trace.personal,
            most_bytes=settings.trace.most_bytes,
        )
        trace.open(loop.time())
        screen = Screen(
            console,
            ready=f"Say {words}{', or press Enter' if has_keys else ''}. Stop with Ctrl-C.",
            words=console.is_terminal or settings.trace.personal,
        )
        assistant = Assistant(
            assemble(settings, state, way_back="Press Enter" if has_keys else "Run 'lapel mic on'"),
            settings,
            lambda event: (trace.record(event), screen.show(event), None)[-1],
            control_folder(state),
        )

        def tap() -> None:
            if sys.stdin.readline():
                assistant.press()
                assistant.release()
            else:  # its end is always readable
                loop.remove_reader(sys.stdin)

        if has_keys:
            loop.add_reader(sys.stdin, tap)
        try:
            await assistant.load(
                lambda what: console.print(f"[dim]Loading the {what} …[/dim]"), rings_anyway=True
            )
            await assistant.run()
        finally:
            trace.close()
            if has_keys:
                loop.remove_reader(sys.stdin)

    for each in lacking(settings, find_models()):
        console.print(each, markup=False, highlight=False)
    state = state_dir()
    with only_one(state, _LOOKED_AT_S):
        run_until_stopped(live())
    console.print("\nGoodbye.")
