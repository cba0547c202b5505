"""`lapel context lock`: the PIN that opens restricted compartments, and the paired phone."""

from pathlib import Path

import click

from context.audit import AuditEvent
from context.errors import LapelError
from context.keys.keyring import Tier
from context.keys.pin_attempts import PinAttempts
from device.cli.context import output
from device.cli.context.ask import confirm, secret_of
from device.cli.context.opening import PATH, vault_options, yes_option
from device.cli.context.vault import Vault
from device.cli.options import examples
from device.cli.running import ask_running
from device.control import Status
from device.errors import ControlFailed, NotRunning

_new_pin_option = click.option(
    "--new-pin-file", type=PATH, help="Read the new PIN from this file instead of asking."
)


@click.group(epilog=examples("lapel context lock set-pin", "lapel context lock status"))
def lock() -> None:
    """Set, change and remove the PIN that opens what is restricted; pair the phone.

    Four digits keep out who picks the device up; against who copies its storage and guesses on a
    computer only a long one helps, such as six random words.
    """


@lock.command(epilog=examples("lapel context lock status"))
@vault_options(needs_open=False)
def status(vault: Vault) -> None:
    """Tell whether a PIN is set, and what is open without it."""
    keyring = vault.store.keyring
    has_pin = keyring.has_pin()
    wait_s = PinAttempts(vault.store.folder / "pin_attempts.json", vault.store.now).wait_s()
    general, restricted = (keyring.locked(tier) for tier in (Tier.GENERAL, Tier.RESTRICTED))
    rows = [
        ("PIN", "set" if has_pin else "not set"),
        ("general", "locked" if general else "open"),
        ("restricted", "locked" if restricted else "open"),
        ("device secret", vault.settings.memory.keys),
    ]
    if wait_s > 0:
        rows.append(("next try in", f"{wait_s:.0f} s"))
    rows.append(("running assistant", _running()))
    output.table(("", ""), rows)
    if not has_pin and not general:
        output.note("Until a PIN is set, whoever has this device's storage can read it all.")


@lock.command("set-pin", epilog=examples("lapel context lock set-pin"))
@_new_pin_option
@vault_options(needs_open=False)
def set_pin(vault: Vault, new_pin_file: Path | None) -> None:
    """Set a PIN where there is none: 4 to 64 characters. Nothing is encrypted anew."""
    if vault.store.keyring.has_pin():
        raise LapelError("A PIN is set already: 'lapel context lock change-pin' changes it.")
    was_locked = vault.store.keyring.locked(Tier.GENERAL)
    new = secret_of(new_pin_file, "new PIN", "--new-pin-file", twice=True)
    vault.store.keyring.set_pin(new)
    if was_locked:
        vault.store.unlock(new)
    _done(vault, "set", "The PIN is set. There is no way in without it: note it down elsewhere.")


@lock.command("change-pin", epilog=examples("lapel context lock change-pin"))
@_new_pin_option
@vault_options(needs_open=False)
def change_pin(vault: Vault, new_pin_file: Path | None) -> None:
    """Change the PIN; the old one is asked for first. Nothing is encrypted anew."""
    _check_pin(vault)
    old = vault.unlock("old PIN")
    new = secret_of(new_pin_file, "new PIN", "--new-pin-file", twice=True)
    vault.store.keyring.set_pin(new, old)
    _done(vault, "changed", "The PIN is changed.")


@lock.command("remove-pin", epilog=examples("lapel context lock remove-pin --yes"))
@yes_option
@vault_options(needs_open=False)
def remove_pin(vault: Vault, yes: bool) -> None:
    """Remove the PIN: the device alone opens everything again."""
    _check_pin(vault)
    old = vault.unlock()
    confirm("Whoever has this device's storage can read it all then. Remove the PIN?", yes=yes)
    vault.store.keyring.set_pin(None, old)
    _done(vault, "removed", "The PIN is removed.")


@lock.command("pair-phone", epilog=examples("lapel context lock pair-phone"))
@yes_option
@vault_options()
def pair_phone(vault: Vault, yes: bool) -> None:
    """Print a key once that opens what the PIN opens, for your phone; an earlier one ends."""
    if vault.is_locked:
        vault.unlock()
    confirm("Who sees this key can open all with this device. Print it here?", yes=yes)
    key = vault.store.keyring.pair_phone()
    _done(vault, "paired", "It is not kept here. 'lapel context lock unpair-phone' ends it.")
    click.echo(key.hex())


@lock.command("unpair-phone", epilog=examples("lapel context lock unpair-phone"))
@vault_options(needs_open=False)
def unpair_phone(vault: Vault) -> None:
    """Let the phone open nothing any more; needs no PIN, as the phone may be lost."""
    vault.store.keyring.unpair_phone()
    _done(vault, "unpaired", "No phone opens anything any more.")


def _running() -> str:
    """What is open in the running assistant, in a word or two."""
    try:
        state = ask_running(Status())
    except NotRunning:
        return "none"
    except ControlFailed as error:
        return str(error)
    if state.general_locked:
        return "locked"
    return "restricted locked" if state.restricted_locked else "all open"


def _check_pin(vault: Vault) -> None:
    if not vault.store.keyring.has_pin():
        raise LapelError("No PIN is set: 'lapel context lock set-pin' sets one.")


def _done(vault: Vault, change: str, sentence: str) -> None:
    vault.store.audit(AuditEvent.PIN, change=change, durable=True)
    output.note(sentence)
