"""`lapel wake`: the phrases there are, and the user's own voice for one of them."""

from pathlib import Path

import click

from context.errors import LapelError
from device.cli.options import examples, settings_options
from device.settings import Settings


@click.group(
    epilog=examples("lapel wake list", "lapel wake train --word hey_jarvis me1.wav me2.wav")
)
def wake() -> None:
    """List the wake words, and have one answer to your voice more than to others'."""


@wake.command("list", epilog=examples("lapel wake list"))
@settings_options()
def list_words(settings: Settings) -> None:
    """List the phrases that the engines know, and whose voices were learnt."""
    import pymicro_wakeword
    import pyopen_wakeword
    from rich.console import Console
    from rich.table import Table

    from device.assemble import voice_folder
    from device.wake.voice import load_voices

    micro = {model.value for model in pymicro_wakeword.Model}
    better = {model.value for model in pyopen_wakeword.Model}
    words = tuple(sorted(micro | better))
    voices = load_voices(voice_folder(), words)
    table = Table("wake word", "engines", "in use", "voice", box=None, pad_edge=False)
    for word in words:
        engines = [
            name
            for name, there in (
                ("cascade", word in micro and word in better),
                ("openwakeword", word in better),
                ("microwakeword", word in micro),
            )
            if there
        ]
        voice = voices.get(word)
        table.add_row(
            word,
            ", ".join(engines),
            "yes" if word in settings.wake.words else "",
            f"yours, from {voice.clips} recordings" if voice is not None else "anyone's",
        )
    Console().print(table)


@wake.command(
    epilog=examples(
        "lapel wake train --word hey_jarvis me1.wav me2.wav me3.wav",
        "lapel wake train --word alexa --other friend.wav --other reading.wav me*.wav",
    )
)
@click.option("--word", required=True, help="The phrase, as 'lapel wake list' names it.")
@click.option(
    "--other",
    "others",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A recording that must not wake it: another voice, or you saying other things.",
)
@click.argument("clips", nargs=-1, required=True, type=click.Path(path_type=Path))
@settings_options()
def train(settings: Settings, word: str, others: tuple[Path, ...], clips: tuple[Path, ...]) -> None:
    """Learn your voice from CLIPS, in each of which you say the phrase once (five or more).

    It tells you from others only as well as it knows others: give recordings of other people
    saying the phrase with --other, the more the better (twenty help, unevenly). Synthesised
    voices are added by themselves, and keep out little but such voices. Only the classifier is
    kept, in the private folder; the recordings are not.
    """
    from device.assemble import assemble_other_voices, voice_folder
    from device.audio import read_audio
    from device.wake.enrol import enrol
    from device.wake.voice import save_voice

    mine = [read_audio(clip) for clip in clips]
    theirs = [read_audio(clip) for clip in others]
    theirs += assemble_other_voices(settings, word)
    voice, unheard = enrol(word, mine, theirs)
    for number in unheard:
        click.echo(f"{clips[number]}: the phrase is not heard in it, so it is left out.", err=True)
    if not others:
        click.echo("Without --other it hardly tells you from other people: see --help.", err=True)
    path = save_voice(voice_folder(), voice)
    click.echo(f"'{word}' now answers to your voice, learnt from {voice.clips} recordings: {path}")
    if settings.wake.engine != "cascade":
        click.echo('It counts where wake.engine is "cascade".', err=True)


@wake.command(epilog=examples("lapel wake forget hey_jarvis"))
@click.argument("word")
def forget(word: str) -> None:
    """Forget a voice: the phrase is anyone's again."""
    from device.assemble import voice_folder
    from device.wake.voice import forget_voice

    if not forget_voice(voice_folder(), word):
        raise LapelError(f"No voice was learnt for '{word}': see 'lapel wake list'.")
    click.echo(f"'{word}' is anyone's again.")
