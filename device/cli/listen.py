"""`lapel listen`."""

import asyncio
import sys
from pathlib import Path

import click

from device.cli.options import examples, settings_options
from device.cli.running import run_until_stopped
from device.settings import Settings


@click.command(epilog=examples("lapel listen", "lapel listen --wav recording.wav"))
@settings_options()
@click.option("--mic", default="", help="A part of the microphone's name, or its number.")
@click.option(
    "--wav", type=click.Path(path_type=Path), help="Listen to a file instead, in real time."
)
def listen(settings: Settings, mic: str, wav: Path | None) -> None:
    """Show what the wake word and the speech detector hear, until interrupted."""
    from device.assemble import assemble_wake_word
    from device.audio import CHUNK_S, read_audio
    from device.listen.silero import SileroVad
    from device.mic import ChunkQueue
    from device.mic.portaudio import PortAudioMicrophone
    from device.mic.wav import WavMicrophone

    length_s = len(read_audio(wav)) * CHUNK_S / 512 + 1.0 if wav is not None else float("inf")
    microphone = WavMicrophone(wav) if wav is not None else PortAudioMicrophone(mic)
    wake_word, detector = assemble_wake_word(settings), SileroVad()
    wake_word.load()
    detector.load()

    async def show() -> None:
        chunks = ChunkQueue(asyncio.get_running_loop())
        microphone.open(chunks.push)
        heard_s, was_speech = 0.0, False
        try:
            while heard_s < length_s:
                chunk = await chunks.get()
                heard_s += CHUNK_S
                speech = detector.process(chunk)
                if (found := wake_word.process(chunk)) is not None:
                    click.echo(
                        f"\r{heard_s:8.2f} s  wake: {found.wake_word} {found.score:.3f}      "
                    )
                if sys.stdout.isatty():
                    click.echo(
                        f"\r{heard_s:8.2f} s  speech {'█' * round(20 * speech):<20}", nl=False
                    )
                elif (speech >= 0.5) != was_speech:
                    was_speech = speech >= 0.5
                    click.echo(f"{heard_s:8.2f} s  {'speech' if was_speech else 'silence'}")
        finally:
            microphone.close()

    run_until_stopped(show())
