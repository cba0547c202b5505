"""`lapel say`."""

import asyncio
from pathlib import Path
from typing import Any

import click

from context.errors import LapelError
from device.cli.options import examples, settings_options, typed_text
from device.cli.running import run_until_stopped
from device.settings import Settings


@click.command(
    epilog=examples(
        'lapel say "Good morning." -o morning.wav',
        'lapel say "Hello" --set speak.length_scale=1.2',
    )
)
@settings_options()
@click.argument("text")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a WAV file instead of playing.",
)
def say(settings: Settings, text: str, output: Path | None) -> None:
    """Speak TEXT ("-" reads standard input)."""
    from device.assemble import assemble_synthesizer, find_models
    from device.audio import write_wav

    if output is not None and output.suffix.lower() not in ("", ".wav"):
        raise LapelError(f"{output} would hold WAV under another name: end its name in .wav.")
    words = typed_text(text)
    synthesizer = assemble_synthesizer(settings, find_models())
    synthesizer.load()
    sound = synthesizer.synthesize(words)
    if not len(sound):
        raise LapelError("There is nothing in that to speak: give some words.")
    if output is not None:
        write_wav(output, sound, synthesizer.rate_hz)
        click.echo(f"{output}: {len(sound) / synthesizer.rate_hz:.1f} s")
        return
    run_until_stopped(_play(settings, sound, synthesizer.rate_hz))


async def _play(settings: Settings, sound: Any, rate_hz: int) -> None:
    from device.assemble import assemble_speaker
    from device.play import Playout

    speaker = assemble_speaker(settings)
    playout = Playout(speaker.rate_hz, asyncio.get_running_loop())
    speaker.open(playout.pull)
    try:
        await playout.add(1, "", sound, rate_hz)
        await playout.drained(1)
        await asyncio.sleep(0.3)  # what the sound card still holds
    finally:
        speaker.close()
