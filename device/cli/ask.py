"""`lapel ask`."""

import contextlib
import sys
from pathlib import Path

import click

from device.cli.context.opening import pin_file_option, unlock_option
from device.cli.context.vault import Vault
from device.cli.options import examples, settings_options, typed_text
from device.cli.running import is_running, tell_running
from device.control import Flush, Lock
from device.settings import Settings, state_dir

_SERVERS_WAIT_S = 2.0  # for servers of tools, where one of theirs may be meant


@click.command(
    epilog=examples(
        'lapel ask "what time is it?"',
        'lapel ask "remember that the car is on level 3"',
        "echo 'where is the car?' | lapel ask -",
        'lapel ask "what is my door code?" --unlock',
    )
)
@settings_options()
@click.argument("text")
@pin_file_option
@unlock_option
def ask(settings: Settings, text: str, pin_file: Path | None, unlock: bool) -> None:
    """Answer a typed turn, with the mind and memory of `run`. TEXT "-" reads standard input.

    Each call is a conversation of its own: on a terminal what it asks back can be answered, but
    "make it ten", "undo" or "yes" in the next call refer to nothing.
    """
    from agents.agent import Acted, Chose, Text
    from context import Authentication, Provenance
    from device.assemble import assemble_mind, find_models
    from device.doctor import lacking

    words = typed_text(text)
    # Who can read the files of the account has its key: the account is more than a voice.
    shown_by = Authentication.ACCOUNT
    models = find_models()
    for each in lacking(settings, models):
        click.echo(f"lapel: {each}", err=True)
    mind = assemble_mind(settings, state_dir(), models=models, present=lambda: shown_by)
    with contextlib.closing(mind):
        if (without := mind.load()) is not None:
            click.echo(f"lapel: {without}", err=True)
        if mind.fit is not None and mind.fit.small:
            click.echo(f"lapel: I think with {mind.fit.sentence}.", err=True)
        vault = Vault(settings, mind.store, pin_file=pin_file, meaning=None)
        if unlock or pin_file is not None:
            vault.note_no_pin()
            if vault.is_locked:
                vault.unlock()
                shown_by = Authentication.PIN
        set_a_timer = False
        if mind.agent.route(words).tool in (None, "cannot"):  # else it is one of our own
            mind.take_up_tools(_SERVERS_WAIT_S)
        while words:
            said, asked = "", False
            for part in mind.agent.reply(words, said_by=Provenance.OWNER_TYPED):
                match part:
                    case Text(piece):
                        said += piece
                        click.echo(piece, nl=False)
                    case Chose():
                        pass
                    case Acted(receipt):
                        asked = receipt.asks is not None
                        set_a_timer |= receipt.facts.get("action") == "set" and receipt.ok
                        if receipt.flush:
                            tell_running(Lock() if receipt.tool == "lock" else Flush())
            click.echo()
            # What it asks back is answered where somebody sits and types.
            if not asked or text == "-" or not sys.stdin.isatty():
                break
            mind.agent.heard(words, said)
            words = click.prompt(">", default="", show_default=False, prompt_suffix=" ").strip()
            mind.take_up_tools()  # of servers that are there by now
        if set_a_timer and not is_running():
            click.echo("(Timers ring while 'lapel run' is running.)", err=True)
