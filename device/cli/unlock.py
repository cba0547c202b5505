"""`lapel unlock` and `lapel lock`: the memory of the running assistant."""

from pathlib import Path

import click
from pydantic import ValidationError

from context.errors import LapelError, WrongPin
from device.cli.context import output
from device.cli.context.ask import secret_of
from device.cli.context.opening import PATH, pin_file_option
from device.cli.options import examples
from device.cli.running import ask_running
from device.control import Lock, Refused, Status, Unlock, UnlockByPhone

_TRIES = 3


@click.command(
    epilog=examples(
        "lapel unlock",
        "lapel unlock --pin-file ~/pin",
        "lapel unlock --phone-key-file /run/user/1000/phone-key",
    )
)
@pin_file_option
@click.option(
    "--phone-key-file", type=PATH, help="Use the paired phone's key, out of this file, instead."
)
def unlock(pin_file: Path | None, phone_key_file: Path | None) -> None:
    """Open what the PIN locks in the running assistant, until 'lapel lock' or until it ends.

    What is restricted is still told to no voice alone: press the button, and ask. Commands such as
    'lapel context list' ask for the PIN themselves.
    """
    if pin_file is not None and phone_key_file is not None:
        raise LapelError("One of them opens it: give the PIN or the phone's key.")
    _check_locked()
    if phone_key_file is not None:
        _by_phone(secret_of(phone_key_file, "phone's key", "--phone-key-file"))
    else:
        _by_pin(pin_file)
    click.echo("The running assistant's memory is open. 'lapel lock' locks it again.")


@click.command(epilog=examples("lapel lock", "lapel unlock --pin-file ~/pin"))
def lock() -> None:
    """Lock what the PIN opens in the running assistant, which stops speaking of it at once.

    It needs no PIN. By voice: "lock your memory".
    """
    state = ask_running(Lock())
    if not state.restricted_locked:
        raise LapelError(
            "Nothing was locked, as no PIN is set that could open it again: 'lapel context lock"
            " set-pin' sets one."
        )
    which = "memory" if state.general_locked else "private memory"
    click.echo(f"The running assistant's {which} is locked.")


def _check_locked() -> None:
    """Raise LapelError unless a PIN may be tried now."""
    state = ask_running(Status())
    if not state.restricted_locked:
        hint = "" if state.has_pin else ": 'lapel context lock set-pin' sets the PIN that locks it"
        raise LapelError(f"Nothing is locked in the running assistant{hint}.")
    if not state.has_pin:
        raise LapelError(
            "The memory is locked until a PIN is set: run 'lapel context lock set-pin', then this."
        )
    if state.wait_s > 0:
        raise WrongPin(state.wait_s, "There were too many wrong tries")


def _by_phone(key: str) -> None:
    try:
        request = UnlockByPhone(key=key.strip())
    except ValidationError:
        raise LapelError(
            "That is no phone's key: it has 64 hexadecimal digits, as 'lapel context lock"
            " pair-phone' printed them."
        ) from None
    try:
        ask_running(request)
    except Refused as error:
        raise _in_full(error) from None


def _by_pin(file: Path | None) -> None:
    """Ask for the PIN until it is right, as long as another may be tried at once."""
    for left in reversed(range(_TRIES)):
        try:
            request = Unlock(pin=secret_of(file, "PIN", "--pin-file"))
        except ValidationError:
            raise LapelError("That can't be a PIN: it is too long, or not text.") from None
        try:
            ask_running(request)
        except Refused as error:
            if error.retry_after_s != 0 or file is not None or not left:
                raise _in_full(error) from None
            output.note(str(_in_full(error)))
        else:
            return


def _in_full(error: Refused) -> LapelError:
    """The error, with how many tries cost no wait, if it is that the PIN or key is wrong."""
    if error.retry_after_s != 0:
        return error
    free = ask_running(Status()).tries_left
    return LapelError(f"{error} {output.counted(free, 'more try')} before you have to wait.")
