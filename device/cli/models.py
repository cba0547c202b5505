"""`lapel models`: list, pull, verify, add and remove the models on this device."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from device.errors import ModelDamaged, ModelError
from device.models import USES, Entry, Models, Progress, load_catalog, megabytes
from device.models.catalog import Use

_STEPS = 4  # lines a transfer prints where there is no terminal to draw a bar on


def open_models() -> Models:
    """Return the models of this user, as the settings' directories say."""
    from device.settings import config_dir, data_dir

    return Models(data_dir() / "models", load_catalog(config_dir() / "models.toml"))


@click.group("models")
def models() -> None:
    """List, pull and check the models: the weights that hear, think and speak.

    Everything lies on this device, and is exactly the bytes that the catalog names.

    \b
    Examples:
      lapel models list
      lapel models pull whisper-base piper-en_us-joe-medium
      lapel models verify
    """


@models.command("list")
def list_models() -> None:
    """List the models there are, and which are here.

    \b
    Example:
      lapel models list
    """
    from rich.console import Console
    from rich.table import Table

    store = open_models()
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "use", "size", "RAM", "languages", "licence", "here"):
        table.add_column(heading, justify="right" if heading in {"size", "RAM"} else "left")
    for entry in store.catalog.entries.values():
        ram = megabytes(entry.ram_mb * 1_000_000) if entry.ram_mb else "?"
        here = "yes" if store.present(entry.name) else "no"
        row = [entry.name, entry.use, megabytes(entry.bytes), ram, " ".join(entry.languages)]
        table.add_row(*row, entry.licence, here)
    # A pipe has no width of its own; there, no name is cut.
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@models.command("pull")
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Pull every model of the catalog.")
@click.option(
    "--profile",
    default="laptop",
    show_default=True,
    metavar="NAME",
    help="Without NAMES: those of this profile.",
)
def pull(names: tuple[str, ...], everything: bool, profile: str) -> None:
    """Fetch models, and check every byte. A pull that was cut short is taken up again.

    Without NAMES: the models that the settings ask for.

    \b
    Examples:
      lapel models pull
      lapel models pull whisper-tiny.en
      lapel models pull --profile pi5
      lapel models pull --all
    """
    store = open_models()
    if everything:
        names = tuple(store.catalog.entries)
    elif not names:
        names = _names_in_settings(profile)
    entries = [store.catalog.entry(name) for name in dict.fromkeys(names)]
    wanted = [entry for entry in entries if not store.present(entry.name)]
    if wanted:
        most = megabytes(sum(entry.most_bytes for entry in wanted))
        click.echo(f"To fetch: {', '.join(entry.name for entry in wanted)}; up to {most}.")
    failed: list[ModelError] = []
    for entry in entries:
        try:
            with _progress() as progress:
                store.pull(entry.name, progress)
        except ModelError as error:
            failed.append(error)
            if len(entries) > 1:
                click.echo(f"{entry.name} failed; the others go on.", err=True)
        else:
            click.echo(f"{entry.name} is here and whole: {store.path(entry.name)}")
    if failed:
        many = ModelError("\n".join(str(error) for error in failed))
        raise failed[0] if len(failed) == 1 else many


@models.command("verify")
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Hash every byte of the models that are here, or of NAMES.

    \b
    Examples:
      lapel models verify
      lapel models verify whisper-base
    """
    store = open_models()
    chosen = names or tuple(name for name in store.catalog.entries if store.present(name))
    if not chosen:
        click.echo("No models are here; run: lapel models pull")
    bad: list[str] = []
    for name in chosen:
        with _progress() as progress:
            damages = store.verify(name, progress)
        for damage in damages:
            click.echo(f"{name}: {damage.problem}", err=True)
        if damages:
            bad.append(name)
        else:
            click.echo(f"{name}: every byte is right")
    if bad:
        raise ModelDamaged(f"not right: {', '.join(bad)}; run: lapel models pull {' '.join(bad)}")


@models.command("add")
@click.argument("sources", nargs=-1, required=True)
@click.option("--use", type=click.Choice(USES), required=True, help="What the model is for.")
@click.option("--name", help="Its name here; made from the first file's name if not given.")
@click.option("--licence", default="unknown", show_default=True, help="Licence of the weights.")
@click.option("--about", default="", help="One line about it.")
@click.option("--ram-mb", type=click.IntRange(0), default=0, help="Memory it takes, if known.")
@click.option("--language", "languages", multiple=True, help="A language code; repeatable.")
def add(  # noqa: PLR0917 (click passes by name)
    sources: tuple[str, ...],
    use: Use,
    name: str | None,
    licence: str,
    about: str,
    ram_mb: int,
    languages: tuple[str, ...],
) -> None:
    """Write a model of your own into models.toml, with its digest; one source a file.

    \b
    Examples:
      lapel models add hf:owner/repo/model.gguf@main --use think --name mine
      lapel models add file:/mnt/voice.onnx file:/mnt/voice.onnx.json --use speak
    """
    with _progress() as progress:
        entry = open_models().add(
            *sources,
            use=use,
            name=name,
            licence=licence,
            about=about,
            ram_mb=ram_mb,
            languages=languages,
            progress=progress,
        )
    click.echo(f"Added {entry.name} ({megabytes(entry.bytes)}).")
    click.echo(f"Run: lapel models pull {entry.name}")


@models.command("remove")
@click.argument("names", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(names: tuple[str, ...], yes: bool) -> None:
    """Delete models from this device. They can be pulled again.

    \b
    Example:
      lapel models remove whisper-tiny.en
    """
    store = open_models()
    entries: list[Entry] = [store.catalog.entry(name) for name in names]
    for entry in entries:
        if not yes:
            click.confirm(f"Delete {entry.name} ({megabytes(entry.bytes)})?", abort=True)
        freed = store.remove(entry.name)
        click.echo(f"Removed {entry.name}; {megabytes(freed)} are free again.")


def _names_in_settings(profile: str) -> tuple[str, ...]:
    from device.settings import load_settings

    return tuple(load_settings(profile).models())


@contextmanager
def _progress() -> Generator[Progress]:
    if not sys.stdout.isatty():
        yield _lines()
        return
    from rich import progress as bar
    from rich.table import Column

    # Narrow enough for 80 columns: a line that wraps makes the whole display jump.
    label_column = Column(max_width=28, no_wrap=True, overflow="ellipsis")
    columns = [bar.BarColumn(bar_width=10), bar.DownloadColumn()]
    columns += [bar.TransferSpeedColumn(), bar.TimeRemainingColumn()]
    tasks: dict[str, bar.TaskID] = {}
    with bar.Progress(
        bar.TextColumn("{task.description}", table_column=label_column), *columns
    ) as bars:

        def show(label: str, done: int, total: int, /) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total or None)
            bars.update(tasks[label], completed=done, total=total or None)

        yield show


def _lines(echo: Callable[[str], None] = click.echo) -> Progress:
    """Print a line when a transfer begins, and at each quarter of it."""
    told: dict[str, int] = {}

    def show(label: str, done: int, total: int, /) -> None:
        step = done * _STEPS // total if total else 0
        if step <= told.get(label, -1):
            return
        told[label] = step
        echo(f"{label}: {megabytes(done)} of {megabytes(total)}" if total else label)

    return show
