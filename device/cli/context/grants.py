"""`lapel context grants`: what is allowed beyond the policy's table."""

from typing import Literal

import click

from context.audit import AuditEvent
from context.errors import LapelError
from context.policy import ANY_DAY, Grant, Lasts, Principal, Purpose, Sink
from device.cli.context import output
from device.cli.context.opening import json_option, vault_options
from device.cli.context.vault import Vault
from device.cli.options import examples


@click.group(
    epilog=examples(
        "lapel context grants list",
        "lapel context grants allow owner/calendar --to member",
        "lapel context grants revoke 5d1e",
    )
)
def grants() -> None:
    """List what you allow beyond the usual, allow more, and take it back."""


@grants.command(
    "list", epilog=examples("lapel context grants list", "lapel context grants list --json")
)
@json_option
@vault_options()
def list_grants(vault: Vault, as_json: bool) -> None:
    """List what is allowed always and once. What holds for a session, only its program knows."""
    vault.store.grants.check()
    every = vault.store.grants.all()
    if as_json:
        for each in every:
            output.print_json(_fields(each))
        return
    output.table(
        ("id", "opens", "to", "for", "by way of", "in company", "lasts"),
        (
            (
                each.id,
                each.opens,
                each.principal.value,
                each.purpose.value,
                each.sink.value,
                "yes" if each.in_company else "no",
                each.lasts.value,
            )
            for each in every
        ),
    )
    if not every:
        output.note("(Nothing beyond the usual.)")


@grants.command(
    epilog=examples(
        "lapel context grants allow owner/calendar --to member",
        "lapel context grants allow owner/general --in-company",
        "lapel context grants allow 'ambient/*' --lasts once",
    )
)
@click.argument("opens", metavar="COMPARTMENT")
@click.option("--to", type=click.Choice(("owner", "member")), default="owner", show_default=True)
@click.option(
    "--for",
    "purpose",
    type=click.Choice(("answer", "remember", "forget")),
    default="answer",
    show_default=True,
)
@click.option(
    "--by",
    type=click.Choice(("speaker", "screen", "network")),
    default="speaker",
    show_default=True,
    help="The way by which it may leave.",
)
@click.option("--in-company", is_flag=True, help="Also when others hear it.")
@click.option("--lasts", type=click.Choice(("always", "once")), default="always", show_default=True)
@vault_options()
def allow(
    vault: Vault,
    *,
    opens: str,
    to: Literal["owner", "member"],
    purpose: Literal["answer", "remember", "forget"],
    by: Literal["speaker", "screen", "network"],
    in_company: bool,
    lasts: Literal["always", "once"],
) -> None:
    """Allow more of COMPARTMENT than the usual; 'ambient/*' is every day of ambient memory.

    It never opens a restricted compartment to a voice, and never the log.
    """
    try:
        asked = Grant(
            "", opens, Principal(to), Purpose(purpose), Sink(by), in_company, Lasts(lasts)
        )
    except ValueError as error:
        hint = f" Every day of ambient memory is {ANY_DAY}." if opens.startswith("ambient") else ""
        raise LapelError(f"{error}{hint}") from None
    given = vault.store.grants.give(vault.scope(Purpose.REVIEW), asked)
    vault.store.audit(AuditEvent.GRANT, ids=[given.id], durable=True)
    output.note("Allowed. 'lapel context grants revoke' takes it back:")
    click.echo(given.id)


@grants.command(epilog=examples("lapel context grants revoke 5d1e"))
@click.argument("grant_ids", nargs=-1, required=True, metavar="ID...")
@vault_options()
def revoke(vault: Vault, grant_ids: tuple[str, ...]) -> None:
    """Take back what was allowed. The start of an ID will do."""
    every = vault.store.grants.all()
    chosen: list[str] = []
    for prefix in grant_ids:
        match [each.id for each in every if prefix and each.id.startswith(prefix)]:
            case [only]:
                chosen.append(only)
            case []:
                raise LapelError(f"Nothing is allowed by an id that begins with {prefix[:32]!r}.")
            case _:
                raise LapelError(f"Several ids begin with {prefix[:32]!r}: give more of it.")
    count = vault.store.grants.revoke(chosen)
    vault.store.audit(AuditEvent.REVOKE, ids=chosen, durable=True)
    click.echo(f"{output.counted(count, 'grant')} taken back.")


def _fields(grant: Grant) -> dict[str, object]:
    return {
        "id": grant.id,
        "opens": grant.opens,
        "to": grant.principal.value,
        "for": grant.purpose.value,
        "by": grant.sink.value,
        "in_company": grant.in_company,
        "lasts": grant.lasts.value,
    }
