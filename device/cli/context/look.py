"""`lapel context list`, `show` and `stats`."""

import sys
from collections.abc import Iterable
from itertools import islice

import click

from context.audit import AuditBroken
from context.browse import made_from
from context.items import Item, Provenance
from context.labels import Compartment
from context.policy import Purpose
from context.upkeep.figures import figures, last_reaped_at, locked_files
from device.cli.context import output, when
from device.cli.context.hearing import heard_by
from device.cli.context.opening import inside_option, json_option, vault_options
from device.cli.context.vault import Vault
from device.cli.options import examples
from device.clock import local_zone

_SAID = {
    Provenance.OWNER_SPOKE: "said by you",
    Provenance.OWNER_TYPED: "typed by you",
    Provenance.IMPORTED: "imported",
    Provenance.OTHER_SPEAKER: "said by somebody else",
    Provenance.OVERHEARD: "overheard",
    Provenance.TOOL_RESULT: "from a tool",
}


@click.command(
    "list",
    epilog=examples(
        "lapel context list --since yesterday",
        'lapel context list --about "spare key"',
        "lapel context list --in owner/general --limit 100000 --json > general.jsonl",
    ),
)
@inside_option
@click.option("--about", metavar="TEXT", help="What answers TEXT, best first.")
@click.option("--since", metavar="WHEN", help="Nothing older: 2h, yesterday, 2026-11-23.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N")
@json_option
@vault_options()
def list_items(
    vault: Vault,
    *,
    inside: tuple[Compartment, ...],
    about: str | None,
    since: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List what is remembered, newest first, with what is no longer true.

    Piped, each line has the id, the time, the place, the text and what holds of it ("kept", "true
    until …": what is no longer true answers nothing), with tabs between.
    """
    vault.check_there(inside)
    first = None if since is None else when.since(since, vault.store.now(), local_zone())
    scores: list[float] | None = None
    if about is None:
        items = list(islice(vault.items(Purpose.REVIEW, inside, first), limit + 1))
        if len(items) > limit:
            output.note(f"(There are more than these {limit:,}: --limit.)")
    else:
        vault.note_words_only()
        found = vault.reading(
            Purpose.REVIEW,
            inside,
            lambda scope: vault.store.recall(scope, about, limit=limit),
        )
        found = [each for each in found if first is None or each.item.captured_at >= first]
        items, scores = [each.item for each in found], [each.score for each in found]
    if as_json:
        _print_json(items[:limit], scores)
    else:
        output.print_items(items[:limit], scores)
    if not items:
        output.note("(Nothing.)")
    vault.note_locked()
    vault.raise_unusable()


@click.command(epilog=examples("lapel context show 1f0c", "lapel context show 1f0c --json"))
@click.argument("item_id", metavar="ID")
@json_option
@vault_options()
def show(vault: Vault, item_id: str, as_json: bool) -> None:
    """Show all of one item, what it came from, and who may hear it. The start of its ID will do."""
    item = vault.find(item_id)
    scope = vault.scope(Purpose.REVIEW)
    parents = _parents(vault, item)
    below = vault.reading(
        Purpose.REVIEW, (), lambda scope: made_from(vault.store, scope, [item.id])
    )
    opened = [
        f"{each}: {reason.sentence}"
        for each, reason in scope.why
        if each in item.label.compartments
    ]
    heard = heard_by(item.label.compartments, vault.store.grants.all())
    if as_json:
        lineage = {"made_from_it": [each.id for each in below], "opened": opened, "heard_by": heard}
        output.print_json(output.item_fields(item) | lineage)
        return
    about = item.about
    rows = [
        ("id", item.id),
        ("place", output.place_of(item)),
        ("captured", output.iso(item.captured_at)),
        ("recorded", output.iso(about.recorded_at)),
        ("provenance", f"{_SAID[item.provenance]} (trust: {item.label.trust.name.lower()})"),
        ("speaker", f"{about.speaker} (sure: {about.sure:.2f})" if about.speaker else ""),
        ("source", about.source or ""),
        ("uid", about.uid or ""),
        ("true from", output.iso(about.valid_from)),
        ("true until", output.iso(about.valid_until)),
        ("kept", "for ever" if about.pinned else f"until {output.iso(about.expires_at)}")
        if about.pinned or about.expires_at
        else ("kept", "until it is forgotten"),
        ("consent", about.consent.value.replace("_", " ")),
        *(("made from", each) for each in parents),
        *(("made from it", _brief(each)) for each in below),
        *(("opened", each) for each in opened),
        ("answers", "; ".join(heard) or "nobody who asks by voice"),
        ("text", item.text),
    ]
    _print_fields([row for row in rows if row[1]])


@click.command(epilog=examples("lapel context stats", "lapel context stats --json"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@vault_options()
def stats(vault: Vault, as_json: bool) -> None:
    """Count what is remembered, by compartment. Piped: place, items, embedded, forgotten, bytes.

    Embedded are those that are found by meaning, too; forgotten those that are not erased yet.
    """
    places = figures(vault.store, vault.scope(Purpose.REVIEW), vault.meaning)
    reaped, broken = None, ""
    try:
        reaped = last_reaped_at(vault.store)
    except AuditBroken as error:
        broken = str(error)
    locked = locked_files(vault.store)
    if as_json:
        output.print_json(
            {
                "places": [
                    {
                        "place": each.name,
                        "items": each.items,
                        "embedded": each.embedded,
                        "forgotten": each.forgotten,
                        "bytes": each.size_bytes,
                        "problem": each.problem,
                    }
                    for each in places
                ],
                "locked_places": locked,
                "embedder": vault.meaning,
                "last_reaped_at": None if reaped is None else output.iso(reaped),
            }
        )
        return
    whole = sys.stdout.isatty()
    output.table(
        ("place", "items", "by meaning", "forgotten", "size"),
        (
            (
                each.name,
                f"{each.items:,}" if whole else str(each.items),
                _share(each.embedded, each.items) if whole else str(each.embedded),
                str(each.forgotten),
                output.size(each.size_bytes) if whole else str(each.size_bytes),
            )
            for each in places
        ),
        right=("items", "by meaning", "forgotten", "size"),
    )
    items = sum(each.items for each in places)
    if places:
        output.note(f"{output.counted(items, 'memory')} in {output.counted(len(places), 'place')}.")
    elif not locked:
        output.note("Nothing is remembered yet.")
    if locked:
        are = "is" if locked == 1 else "are"
        output.note(f"{output.counted(locked, 'place')} more {are} locked: see --unlock.")
    if vault.meaning is None:
        vault.note_words_only()
    elif sum(each.embedded for each in places) < items:
        output.note("Not all is found by meaning: 'lapel context reindex' sees to that.")
    if broken:
        output.note(broken)
    elif reaped is None and places:
        output.note(
            "What has expired was not looked for yet: the assistant does it, and 'lapel context"
            " reap'."
        )
    elif reaped is not None:
        output.note(f"What has expired was last erased at {output.local(reaped)}.")
    for each in places:
        if each.problem is not None:
            output.note(each.problem)


def _parents(vault: Vault, item: Item) -> list[str]:
    found: list[str] = []
    for each in item.about.parents:
        there = vault.beginning(each)
        found.append(_brief(there[0]) if there else f"{each[: output.SHORT_ID]} (not open here)")
    return found


def _brief(item: Item) -> str:
    return f"{item.id[: output.SHORT_ID]} {output.place_of(item)}: {output.shortened(item.text)}"


def _print_json(items: Iterable[Item], scores: list[float] | None) -> None:
    for number, item in enumerate(items):
        score = {} if scores is None else {"score": round(scores[number], 4)}
        output.print_json(output.item_fields(item) | score)


def _print_fields(rows: list[tuple[str, str]]) -> None:
    if not sys.stdout.isatty():
        output.table((), ((name, output.visible(value)) for name, value in rows))
        return
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        lines = output.visible_lines(value).split("\n")
        click.echo(f"{name:>{width}}  " + f"\n{'':{width}}  ".join(lines))


def _share(part: int, whole: int) -> str:
    return f"{100 * part // whole} %" if whole else ""
