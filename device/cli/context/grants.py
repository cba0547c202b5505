"""`lapel context grants`: what is allowed beyond the policy's table."""

from typing import Literal

import click

from context.audit import AuditEvent
from context.errors import LapelError
from context.labels import Sensitivity
from context.policy import ANY_DAY, Grant, Lasts, Principal, Purpose, Scope, Sink
from device.cli.context import output
from device.cli.context.hearing import is_for_voices, widens
from device.cli.context.opening import json_option, vault_options
from device.cli.context.vault import Vault
from device.cli.options import examples
from device.cli.running import flushing


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

    It never opens a restricted compartment to a voice, and never the log. What would open nothing
    more than is open already is refused.
    """
    try:
        asked = Grant(
            "", opens, Principal(to), Purpose(purpose), Sink(by), in_company, Lasts(lasts)
        )
    except ValueError as error:
        hint = f" Every day of ambient memory is {ANY_DAY}." if opens.startswith("ambient") else ""
        raise LapelError(f"{error}{hint}") from None
    if not widens(asked):
        raise LapelError(
            f"That is open already without being allowed, and nothing was changed: {opens}."
            if is_for_voices(asked)
            else f"That would open nothing, and nothing was changed: a voice never opens {opens},"
            " and with the button, the PIN or the phone it is open already."
        )
    scope = vault.scope(Purpose.REVIEW)
    given = vault.store.grants.give(scope, asked)
    vault.store.audit(AuditEvent.GRANT, ids=[given.id], durable=True)
    output.note(_what_it_does(vault, asked, scope))
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
    with flushing():
        count = vault.store.grants.revoke(chosen)
    vault.store.audit(AuditEvent.REVOKE, ids=chosen, durable=True)
    click.echo(f"{output.counted(count, 'grant')} taken back.")


def _what_it_does(vault: Vault, grant: Grant, scope: Scope) -> str:
    said = ["Allowed."]
    if not is_for_voices(grant):
        said = ["Allowed, but not to a voice: only with the button, the PIN or the paired phone."]
    known = set(map(str, scope.compartments))
    hidden = vault.is_locked and grant.opens.endswith(f"/{Sensitivity.RESTRICTED}")
    if grant.opens not in known and grant.opens != ANY_DAY and not hidden:
        said.append(
            f"There is no compartment {grant.opens} yet: it holds once there is ('lapel context"
            " stats' lists those there are)."
        )
    return " ".join([*said, "'lapel context grants revoke' takes it back:"])


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
