"""`lapel doctor`, `lapel devices` and `lapel config`: what is there, and is it well?"""

import click
import tomli_w
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from context.errors import LapelError
from device.cli.options import examples, settings_options
from device.errors import SettingsWrong
from device.settings import Settings, user_file


@click.command(epilog=examples("lapel doctor", "lapel doctor --profile pi4 || echo 'not healthy'"))
@settings_options()
def doctor(settings: Settings) -> None:
    """Check this machine against the settings; the exit status says whether it is healthy."""
    from device.doctor import State, examine

    colour = {State.GOOD: "green", State.ODD: "yellow", State.BAD: "red"}
    word = {State.GOOD: "good", State.ODD: "look", State.BAD: "bad"}
    table = Table(show_header=False, box=None)
    findings = examine(settings)
    for finding in findings:
        table.add_row(
            f"[{colour[finding.state]}]{word[finding.state]}[/{colour[finding.state]}]",
            escape(finding.about),
            escape(finding.found),  # some of it is a server's text
        )
    Console().print(table)
    if any(finding.state is State.BAD for finding in findings):
        raise LapelError("Not healthy: mend what is marked 'bad' above.")


@click.command(epilog=examples("lapel devices", "lapel run --mic 3"))
def devices() -> None:
    """List the sound devices, by number and name."""
    from device.sound_devices import list_devices

    found = list_devices()
    if not found:
        raise LapelError(
            "There are no sound devices: plug one in, or use the emulator (lapel demo) which "
            "needs none."
        )
    table = Table("", "name", "microphone", "speaker", "rate")
    for each in found:
        table.add_row(
            str(each.index),
            escape(each.name),
            _mark(each.inputs, each.is_default_input),
            _mark(each.outputs, each.is_default_output),
            f"{each.rate_hz:,} Hz",
        )
    Console().print(table)


def _mark(channels: int, is_default: bool) -> str:
    if not channels:
        return ""
    return f"{channels} channels{' (default)' if is_default else ''}"


@click.group(epilog=examples("lapel config show", "lapel config check --profile pi4"))
def config() -> None:
    """Show and check the settings."""


@config.command(epilog=examples("lapel config show", "lapel config show --set wake.threshold=0.6"))
@settings_options()
def show(settings: Settings) -> None:
    """Print the settings in force, as TOML that can be copied into the user's file."""
    click.echo(f"# the user's file: {user_file()}{'' if user_file().exists() else ' (none)'}")
    click.echo(tomli_w.dumps(settings.model_dump(mode="json", exclude_none=True)), nl=False)


@config.command(epilog=examples("lapel config check", "lapel config check --config other.toml"))
@settings_options()
def check(settings: Settings) -> None:
    """Check the settings; a wrong key is named, with exit status 1."""
    from device.assemble import find_models
    from device.doctor import no_library, unencrypted

    wrong = unencrypted(settings)
    if missing := no_library(settings):
        wrong.append(missing)
    if wrong:
        raise SettingsWrong(" ".join(wrong))
    catalog = find_models().catalog
    for name in settings.models():
        catalog.entry(name)  # an unknown one is named, with what to do
    click.echo(f"The settings are right. They need: {', '.join(settings.models())}.")
