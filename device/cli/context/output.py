"""What `lapel context` prints: a table on a terminal, lines with tabs where it is piped.

Texts are other people's too, so whatever could steer a terminal is written out: a line is undone
by what reads JSON's escapes.
"""

import json
import sys
import unicodedata
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import click

from context.items import Item
from context.labels import place_name
from context.transfer.export_lines import line_of

SHORT_ID: Final = 8
_LONGEST: Final = 300
_JOINERS: Final = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_NAMED: Final = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def visible(text: str) -> str:
    """`text` on one line, with backslashes and what can't be seen written out as in JSON."""
    return "".join(_NAMED.get(each) or _seen(each) for each in text)


def visible_lines(text: str) -> str:
    """`text` with its lines, otherwise as `visible` has it, but for backslashes."""
    return "\n".join("".join(map(_seen, line)) for line in text.split("\n"))


def shortened(text: str) -> str:
    """The beginning of `text`, for a table: one line, spaces for line ends."""
    line = " ".join(text[: 2 * _LONGEST].split())
    return visible_lines(line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…")


def local(moment: datetime | None) -> str:
    """A time as a person reads it, by the clock on the wall."""
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def iso(moment: datetime | None) -> str:
    """A time as a program reads it."""
    return "" if moment is None else moment.astimezone().isoformat(timespec="seconds")


def note(sentence: str) -> None:
    """Tell the person something that is not the command's result."""
    click.echo(sentence, err=True)


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Iterable[str] = (),
    err: bool = False,
) -> None:
    """Print rows under headings; where it is piped, the rows alone, with tabs between."""
    if not _is_terminal(err=err):
        for row in rows:
            click.echo("\t".join(row), err=err)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False)
    for heading in headings:
        grid.add_column(
            heading,
            justify="right" if heading in right else "left",
            overflow="fold",
            no_wrap=heading == "id",
        )
    for row in rows:
        grid.add_row(*map(Text, row))
    Console(highlight=False, stderr=err).print(grid)


def print_items(
    items: Iterable[Item], scores: Sequence[float] | None = None, *, err: bool = False
) -> None:
    """Print items: id, time, place and text; piped, all of each and what holds of it, else the
    beginning.
    """
    rows = list(items)
    if not _is_terminal(err=err):
        lines = [
            (
                *(each.id, iso(each.captured_at), place_of(each), visible(each.text)),
                "; ".join(_states(each, iso)),
            )
            for each in rows
        ]
        table((), lines, err=err)
        return
    headings = ["id", "when", "place", "what"]
    lines = [
        [each.id[:SHORT_ID], local(each.captured_at), place_of(each), _with_state(each)]
        for each in rows
    ]
    if scores is not None:
        headings.insert(1, "score")
        for line, score in zip(lines, scores, strict=True):
            line.insert(1, f"{score:.2f}")
    table(headings, lines, right=("score",), err=err)


def item_fields(item: Item) -> dict[str, Any]:
    """All of an item, as in an export."""
    return json.loads(line_of(item))


def print_json(value: object) -> None:
    """Print a value on one line; ASCII, so that no terminal is steered."""
    click.echo(json.dumps(value))


def place_of(item: Item) -> str:
    """The name of the place that an item lies in."""
    return place_name(item.label.compartments)


def counted(count: int, thing: str) -> str:
    """`1 memory`, `2 memories`."""
    many = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count:,} {thing if count == 1 else many}"


def size(size_bytes: int) -> str:
    """A size as a person reads it."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= least:
            return f"{size_bytes / least:.1f} {unit}"
    return f"{size_bytes} bytes"


@contextmanager
def progress(label: str) -> Generator[Callable[[int, int], None]]:
    """A bar on a terminal, told what is done and of how much; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich import progress as bar
    from rich.console import Console

    columns = (
        bar.TextColumn("{task.description}"),
        bar.BarColumn(bar_width=20),
        bar.TaskProgressColumn(),
        bar.TimeRemainingColumn(),
    )
    with bar.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=None)

        def show(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total or None)

        yield show


def _is_terminal(*, err: bool) -> bool:
    stream = sys.stderr if err else sys.stdout
    return stream is not None and stream.isatty()  # None: it was closed before


def _with_state(item: Item) -> str:
    states = _states(item, local)
    return shortened(item.text) + (f"  ({', '.join(states)})" if states else "")


def _states(item: Item, written: Callable[[datetime | None], str]) -> list[str]:
    """What holds of an item: that it is kept for ever, and until when it is, or was, true."""
    states = ["kept"] if item.about.pinned else []
    if item.about.valid_until is not None:
        states.append(f"true until {written(item.about.valid_until)}")
    return states


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    if character in _JOINERS or category not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    return json.dumps(character)[1:-1] if category != "Cc" else f"\\u{ord(character):04x}"
