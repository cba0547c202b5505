"""`lapel context`: what is remembered, in its owner's hands."""

import click

from device.cli.context.audit import audit
from device.cli.context.change import add, keep, move, supersede
from device.cli.context.erase import forget, panic, reap, undo
from device.cli.context.grants import grants
from device.cli.context.lock import lock
from device.cli.context.look import list_items, show, stats
from device.cli.context.safe import back_up, begin_anew, reindex, restore, verify
from device.cli.context.transfer import export_all, import_path
from device.cli.options import examples

__all__ = ["context"]


@click.group(
    epilog=examples(
        "lapel context list",
        'lapel context forget --about "Anna Smith"',
        "lapel context backup /mnt/usb/lapel.backup",
        "lapel context lock set-pin",
    )
)
def context() -> None:
    """List, add, forget, back up and check what is remembered: it is yours.

    Everything lies on this device, encrypted, a file for each compartment, such as owner/general
    or owner/health/restricted. See 'lapel context lock --help' about the PIN.
    """


for command in (
    list_items, show, add, supersede, move, keep,
    forget, undo, reap, panic,
    export_all, import_path, back_up, restore,
    stats, verify, begin_anew, reindex, audit, grants, lock,
):  # fmt: skip
    context.add_command(command)
