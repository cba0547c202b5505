"""The command `lapel`: a file each for its subcommands."""

import errno
import os
import sys

import click

from context.errors import LapelError
from device.cli.ask import ask
from device.cli.check import config, devices, doctor
from device.cli.context import context
from device.cli.demo import demo
from device.cli.evaluate import evaluate
from device.cli.listen import listen
from device.cli.mic import mic
from device.cli.models import models
from device.cli.options import examples
from device.cli.run import run
from device.cli.say import say
from device.cli.tools import tools
from device.cli.transcribe import transcribe
from device.cli.unlock import lock, unlock
from device.cli.wake import wake


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "lapel demo                          hear a whole conversation, no hardware needed",
        'lapel ask "set a timer for 5 minutes"',
        "lapel run --profile pi5             live, with microphone and speaker",
        "lapel context list                  what is remembered",
        "lapel unlock                        open what the PIN locks, in the running assistant",
        "lapel mic off                       hear nothing, until 'lapel mic on' or the button",
        "lapel doctor                        what is missing?",
    ),
)
@click.version_option(package_name="lapel")
def cli() -> None:
    """The assistant you wear that never sends your life anywhere."""


_COMMANDS = (
    run, demo, ask, context, unlock, lock, mic, say, transcribe, listen, wake, models, devices,
    tools, doctor, config, evaluate,
)  # fmt: skip
for command in _COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command; every expected error is one sentence and exit status 1."""
    try:
        cli(standalone_mode=False)
    except LapelError as error:
        click.echo(f"lapel: {error}", err=True)
        raise SystemExit(1) from None
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    except (click.Abort, KeyboardInterrupt):
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader (head, less) has what it wanted; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        click.echo("lapel: the disk is full: make room, then run this again.", err=True)
        raise SystemExit(1) from None
