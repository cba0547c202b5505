"""`lapel transcribe`."""

from pathlib import Path

import click

from device.cli.options import examples, settings_options
from device.errors import AudioFileUnusable
from device.settings import Settings


@click.command(
    epilog=examples("lapel transcribe meeting.wav", "lapel transcribe *.flac > transcripts.txt")
)
@settings_options()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def transcribe(settings: Settings, files: tuple[Path, ...]) -> None:
    """Write down what is said in sound FILES, any rate, depth and channel count."""
    from device.assemble import assemble_transcriber, find_models
    from device.listen.silero import SileroVad
    from device.transcribe.files import transcribe_file

    transcriber = assemble_transcriber(settings, find_models())
    transcriber.load()
    detector = SileroVad()
    detector.load()
    failed = False
    for file in files:
        prefix = f"{file}: " if len(files) > 1 else ""
        try:
            found = transcribe_file(file, transcriber, detector)
        except AudioFileUnusable as error:
            failed = True
            click.echo(f"lapel: {error}", err=True)
            continue
        if found.missing_s:
            failed = True
            click.echo(
                f"lapel: {file} is cut off, {found.missing_s:.1f} s are missing; this is what is "
                "there. Record or copy it again for the rest.",
                err=True,
            )
        if found.text:
            click.echo(f"{prefix}{found.text}")
        else:
            click.echo(f"{prefix}(no speech)", err=True)
    if failed:
        raise SystemExit(1)
