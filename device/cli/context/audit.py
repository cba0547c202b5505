"""`lapel context audit`: what was done with memory, and whether the record of it is whole."""

import click

from context.audit import AuditBroken, Head, Record, read, verify
from context.errors import LapelError
from device.cli.context import output, when
from device.cli.context.opening import json_option, vault_options
from device.cli.context.vault import Vault
from device.cli.options import examples
from device.clock import local_zone


@click.command(
    epilog=examples(
        "lapel context audit --since today",
        "lapel context audit --head > /mnt/usb/head",
        'lapel context audit --anchor "$(cat /mnt/usb/head)"',
    )
)
@click.option("--since", metavar="WHEN", help="Nothing older: 2h, yesterday, 2026-11-23.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    metavar="N",
    help="Print no more; all are verified.",
)
@click.option("--head", "head_only", is_flag=True, help="Print only what stands for all of it.")
@click.option("--anchor", metavar="SEQ:MAC", help="A head noted earlier: it must lead through it.")
@json_option
@vault_options()
def audit(
    vault: Vault,
    *,
    since: str | None,
    limit: int,
    head_only: bool,
    anchor: str | None,
    as_json: bool,
) -> None:
    """Verify the record of what was done with memory, and print its end, newest first.

    It holds times, kinds, counts and ids, never words. An edited, missing or moved line is named,
    with exit status 1, and only records before it are printed. Note --head elsewhere: only against
    such an anchor a log shows that was replaced as a whole.
    """
    path = vault.store.folder / "audit.jsonl"
    key = vault.store.keyring.subkey("audit")
    first = None if since is None else when.since(since, vault.store.now(), local_zone())
    try:
        verified = verify(path, key, anchor=None if anchor is None else _head(anchor))
    except AuditBroken as broken:
        if not head_only:
            _print(read(path, key, since=first, limit=limit, before=broken.line), as_json=as_json)
            output.note(
                f"Only records before line {broken.line:,} are printed, {limit:,} at most: from"
                " there on the record can't be relied on."
            )
        raise
    if head_only:
        click.echo(str(verified.head))
    else:
        _print(read(path, key, since=first, limit=limit), as_json=as_json)
        output.note(
            f"All {output.counted(verified.records, 'record')} are as written, since"
            f" {output.local(verified.first_at)}."
            if verified.records
            else "Nothing is recorded yet."
        )
    broken = sorted(vault.store.folder.glob("audit.jsonl.broken-*"))
    kept = [each for each in broken if each.suffix != ".head"]
    if kept:
        raise LapelError(
            f"An earlier record was not as it was written, and is kept as {kept[-1]}: look at it,"
            " then move it away."
        )


def _print(records: list[Record], *, as_json: bool) -> None:
    if as_json:
        for each in records:
            output.print_json(_fields(each))
    else:
        output.table(("", "when", "what", ""), map(_row, records), right=("",))


def _head(text: str) -> Head:
    try:
        return Head.parse(text.strip())
    except ValueError as error:
        raise LapelError(str(error)) from None


def _row(record: Record) -> tuple[str, str, str, str]:
    facts = " ".join(f"{name}={_fact(record, name)}" for name in sorted(record.facts))
    return str(record.seq), output.iso(record.at), record.event.value, facts


def _fact(record: Record, name: str) -> str:
    fact = record.facts[name]
    return ",".join(fact) if isinstance(fact, list) else str(fact).lower()


def _fields(record: Record) -> dict[str, object]:
    return {
        "seq": record.seq,
        "at": output.iso(record.at),
        "event": record.event.value,
        "facts": dict(record.facts),
        "mac": record.mac,
    }
