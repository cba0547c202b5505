"""`lapel demo`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from device.cli.options import examples, settings_options
from device.cli.running import run_until_stopped
from device.errors import AudioFileUnusable
from device.settings import Settings


@click.command(
    epilog=examples(
        "lapel demo",
        "lapel demo --json results/demo.json --out results",
        "lapel demo --set think.model=smollm2-135m-instruct",
    )
)
@settings_options("emulator")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="The folder for the recording and the trace.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what was said, heard and answered here.",
)
@click.option("--personal", is_flag=True, help="Let the trace hold what was said.")
def demo(settings: Settings, out: Path, json_file: Path | None, personal: bool) -> None:
    """Hold a spoken conversation in the emulator, at real-time pace.

    A simulated wearer speaks; the real program hears, thinks and answers, with a memory of its own
    that is thrown away at the end. Leaves a stereo recording (the wearer on the left, the
    assistant on the right) and a trace.
    """
    from device.assemble import assemble, assemble_wearer, find_models
    from device.assistant import Assistant
    from device.emulator.demo import Wearer, converse, write_json
    from device.emulator.room import Room
    from device.screen import Screen
    from device.trace import Trace

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileUnusable(f"Cannot write to {out}: {error.strerror}.") from error
    console = Console()
    wav, trace_file = out / "conversation.wav", out / "trace.jsonl"

    async def emulate(state: Path) -> bool:
        room = Room()
        stages = assemble(settings, state, microphone=room.microphone, speaker=room.speaker)
        voice = assemble_wearer(settings, find_models())
        voice.load()
        wearer = Wearer(room, voice, lambda line: console.print(f"\n[dim]… {line}[/dim]"))
        trace_file.unlink(missing_ok=True)
        trace = Trace(trace_file, personal=personal)
        trace.open(asyncio.get_running_loop().time())
        screen = Screen(console, ready="Ready.", words=True)  # the script's own

        def emit(event: Any) -> None:
            trace.record(event)
            screen.show(event)
            wearer.notice(event)

        assistant = Assistant(stages, settings, emit)
        try:
            await assistant.load(lambda what: console.print(f"[dim]Loading the {what} …[/dim]"))
            spoken = await converse(assistant, wearer, room)
            await assistant.closed()
        finally:
            trace.close()
        room.save(wav)
        if json_file is not None:
            write_json(json_file, spoken, wav)
        return _report(console, spoken, wav, trace_file)

    with tempfile.TemporaryDirectory(prefix="lapel-demo-") as state:
        went_well = run_until_stopped(emulate(Path(state)))
    if went_well is None:
        console.print("\nInterrupted; there is no recording.")
        raise SystemExit(130)
    if not went_well:
        raise SystemExit(1)


def _report(console: Console, spoken: list[Any], wav: Path, trace_file: Path) -> bool:
    from rich.table import Table

    table = Table("", "said", "heard", "reply", "voice to voice", title="\nThe conversation")
    for each in spoken:
        table.add_row(
            "[green]✔[/green]" if each.ok else "[red]✘[/red]",
            each.said,
            each.heard,
            each.reply,
            "" if each.voice_to_voice_ms is None else f"{each.voice_to_voice_ms / 1000:.2f} s",
        )
    console.print(table)
    console.print(f"Listen to it: {wav}   (left: the wearer, right: the assistant)")
    console.print(f"The trace:    {trace_file}")
    return all(each.ok for each in spoken)
