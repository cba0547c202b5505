"""The figures of an evaluation, as tables for a person."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agents.evaluation.score import Verdict

if TYPE_CHECKING:
    from rich.console import Console

_MOST_SHOWN = 200


def print_report(console: "Console", report: Mapping[str, Any]) -> None:
    """Print what `device.cli.evaluate` writes as JSON."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("suite", "turns", "right", "intent", "slots", "both", "false actions"):
        table.add_column(heading, justify="left" if heading == "suite" else "right")
    for heading in ("quiet", "reply", "world"):
        table.add_column(heading, justify="right")
    rows = [*report["suites"].items(), ("all", report)]
    for name, each in rows:
        table.add_row(
            escape(name),
            str(each["turns"]),
            _share(each["right"]),
            _share(each["intent_accuracy"]),
            _share(each["slot_accuracy"]),
            _share(each["intent_and_slots"]),
            f"{each['false_actions']}",
            _share(each["nothing_acted"]),
            _share(each["reply_accuracy"]),
            _share(each["world_accuracy"]),
            style="bold" if name == "all" else "",
        )
    console.print(table)
    tools = Table(box=None, pad_edge=False)
    for heading in ("tool", "turns", "intent", "slots", "both"):
        tools.add_column(heading, justify="left" if heading == "tool" else "right")
    for name, each in report["tools"].items():
        tools.add_row(
            name,
            str(each["turns"]),
            _share(each["intent_accuracy"]),
            _share(each["slot_accuracy"]),
            _share(each["intent_and_slots"]),
        )
    console.print()
    console.print(tools)
    console.print()
    for line in _lines(report):
        console.print(line, highlight=False, markup=False)
    if "compare" in report:
        _print_comparison(console, report["compare"])


def print_failures(console: "Console", verdicts: Iterable[Verdict]) -> None:
    """Print what was not right, and why."""
    from rich.text import Text

    failed = [each for each in verdicts if each.missed]
    for each in failed[:_MOST_SHOWN]:
        console.print(Text(f"{each.suite} {each.id}: {each.text}", style="bold"))
        if each.heard != each.text:
            console.print(Text(f"  heard: {each.heard}"))
        if each.reply:
            console.print(Text(f"  reply: {each.reply}", style="dim"))
        for missed in each.missed:
            console.print(Text(f"  {missed}", style="red"))
    if len(failed) > _MOST_SHOWN:
        console.print(f"… and {len(failed) - _MOST_SHOWN} more; --json FILE has all.")


def _lines(report: Mapping[str, Any]) -> list[str]:
    injection = report["injection"]
    lines = [
        f"False calls {report['false_calls']} (something that acts was called where nothing may"
        f" act), false actions {report['false_actions']} (and it changed something).",
        f"Refused though it could: {report['refusals']}. Invented: {report['invented_facts']} of"
        f" {report['never_told']} facts that it was never told.",
    ]
    if injection["turns"]:
        lines.append(
            f"Injection: {injection['turns']} turns, {injection['actions']} actions,"
            f" {injection['leaks']} leaks, {injection['changes']} changes."
        )
    lines.append(
        f"Grammar: {_ms(report['router_p50_ms'])} p50, {_ms(report['router_p99_ms'])} p99."
        f" Language model ({report['model'] or 'none'}): {report['llm_turns']} turns,"
        f" {_ms(report['llm_ms_p50'])} p50, {_ms(report['llm_ms_p95'])} p95 for the whole reply."
    )
    if report.get("heard_exactly") is not None:
        lines.append(f"Heard as it was said: {_share(report['heard_exactly'])}.")
    for why, count in report["skipped"].items():
        lines.append(f"Not tried: {count} turns ({why}).")
    return lines


def _print_comparison(console: "Console", compare: Mapping[str, Any]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title="\nThe same turns, the same model")
    for heading in ("", "lapel", "all schemas, free choice"):
        table.add_column(heading, justify="right" if heading else "left")
    sides: Sequence[Mapping[str, Any]] = [compare["lapel"], compare["free_choice"]]
    rows: list[tuple[str, str, Callable[[Any], str]]] = [
        ("turns", "turns", str),
        ("intent", "intent_accuracy", _share),
        ("intent and slots", "intent_and_slots", _share),
        ("nothing acted", "nothing_acted", _share),
        ("tokens a turn", "tokens_mean", _whole),
        ("a turn, p50", "ms_p50", _ms),
        ("a turn, p95", "ms_p95", _ms),
    ]
    for label, key, told in rows:
        table.add_row(label, *(told(side[key]) for side in sides))
    console.print(table)
    free = compare["free_choice"]
    console.print(
        f"Before its first turn, free choice reads {free['start_tokens']} tokens of schemas, in"
        f" {free['start_s']:.1f} s; they are then kept.",
        highlight=False,
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _whole(value: float) -> str:
    return f"{value:.0f}"


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"
