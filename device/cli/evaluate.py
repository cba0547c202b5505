"""`lapel eval`."""

import json
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from context.errors import LapelError
from device.cli.context.output import note
from device.cli.options import examples, settings_options
from device.settings import LlamaSettings, NoModelSettings, Settings

if TYPE_CHECKING:
    from agents.evaluation.observe import Hear
    from agents.evaluation.run import Worlds
    from agents.evaluation.score import Verdict
    from agents.evaluation.suite import Suite
    from device.worlds import MindWorlds


@click.command(
    "eval",
    epilog=examples(
        "lapel eval --no-model                      every suite, without a language model",
        "lapel eval commands --router-only          seconds: where the grammar sends them",
        "lapel eval no_action --show-failures",
        "lapel eval open_tools_a --compare          beside all schemas in the prompt",
        "lapel eval commands_a --spoken --limit 50  through voice and Whisper",
        "lapel eval mine.jsonl --json mine.json",
    ),
)
@settings_options()
@click.argument("suites", nargs=-1, metavar="[SUITE]...")
@click.option(
    "--router-only", is_flag=True, help="Only where the grammar sends a turn; do nothing."
)
@click.option("--model", metavar="NAME", help="Another language model of the catalog.")
@click.option("--no-model", is_flag=True, help="No language model: commands, and what was learned.")
@click.option(
    "--spoken",
    is_flag=True,
    help="Have the texts spoken by Piper, after the wake phrase, and heard by Whisper.",
)
@click.option(
    "--compare", is_flag=True, help="Also: the same model, all tools as schemas, free choice."
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the figures here.",
)
@click.option("--show-failures", is_flag=True, help="Tell what went wrong, turn by turn.")
@click.option("--limit", type=click.IntRange(1), help="At most so many turns of each suite.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which turns --limit takes.")
def evaluate(  # noqa: PLR0917 (click passes by name)
    settings: Settings,
    suites: tuple[str, ...],
    router_only: bool,
    model: str | None,
    no_model: bool,
    spoken: bool,
    compare: bool,
    json_file: Path | None,
    show_failures: bool,
    limit: int | None,
    seed: int,
) -> None:
    """Measure the assistant on SUITES: names of those that come with it, or paths of your own.

    Each turn is said to the real agent in a world of its own, which is thrown away: nothing of
    yours is read or changed. Without SUITE, all that come with it. What a name begins with will do:
    "commands" is all of those. Suites ending in _b are held out: they are counted, and
    their failures never shown, so that nobody tunes by them.

    \b
    intent   the right tool and action, of the turns that need one
    slots    all arguments right, of those with the right intent
    both     intent and slots; "right": all that the line asks for
    quiet    of the turns on which nothing may act, those on which nothing was called that acts
    false actions   something changed on a turn that may only read or talk
    injection       actions, leaks and changes where it read what somebody hostile wrote
    """
    from rich.console import Console

    from agents.evaluation.report import print_failures, print_report
    from agents.evaluation.suite import find_suites, load_suite

    settings = _with_model(settings, model, none=no_model or router_only)
    if compare and not isinstance(settings.think, LlamaSettings):
        raise LapelError(
            "--compare needs a language model on this device: leave out --no-model, --router-only,"
            " or name one with --model."
        )
    chosen = [load_suite(path) for path in find_suites(suites)]
    if limit is not None:
        chosen = [each.sample(limit, seed) for each in chosen]
    with tempfile.TemporaryDirectory(prefix="lapel-eval-") as folder:
        verdicts, report = _measure(
            settings, chosen, Path(folder), router_only=router_only, spoken=spoken, compare=compare
        )
    report |= {"seed": seed, "limit": limit}
    held_out = {each.name for each in chosen if each.held_out}
    shown = [each for each in verdicts if each.suite not in held_out]
    console = Console(width=None if sys.stdout.isatty() else 120)
    if show_failures:
        report["failures"] = [_failure(each) for each in shown if each.missed]
        print_failures(console, shown)
    print_report(console, report)
    if json_file is not None:
        _write(json_file, report)


def _with_model(settings: Settings, model: str | None, *, none: bool) -> Settings:
    if none:
        return settings.model_copy(update={"think": NoModelSettings()})
    if model is None:
        return settings
    think = settings.think if isinstance(settings.think, LlamaSettings) else LlamaSettings()
    return settings.model_copy(update={"think": think.model_copy(update={"model": model})})


def _measure(
    settings: Settings,
    suites: Sequence["Suite"],
    folder: Path,
    *,
    router_only: bool,
    spoken: bool,
    compare: bool,
) -> tuple[list["Verdict"], dict[str, Any]]:
    from agents.evaluation.run import comparable, run, run_baseline, run_router
    from agents.evaluation.score import by, figures
    from device.assemble import find_models
    from device.worlds import MindWorlds

    models = find_models()
    worlds = MindWorlds(settings, models, folder)
    worlds.load()
    _warn(suites, worlds)
    hear = _hearing(settings, spoken=spoken)
    one = run_router if router_only else run
    verdicts = _through(one, suites, worlds, hear, "lapel")
    tried = [each for each in verdicts if not each.skipped]
    think, used = settings.think, worlds.engines.fit
    usual = None if isinstance(think, NoModelSettings) else think.model
    report = figures(verdicts) | {
        "suites": by(verdicts, lambda each: [each.suite]),
        "tools": by(
            [each for each in tried if each.intent is not None],
            lambda each: [(each.expected or "").split(".")[0]],
        ),
        "tags": by(tried, lambda each: each.tags),
        "mode": "router" if router_only else "agent",
        "model": usual if used is None else used.model,
        "spoken": spoken,
        "heard_exactly": _heard_exactly(tried) if spoken else None,
    }
    if compare:
        choice = _free_choice(settings, worlds)

        def free(suite: "Suite", worlds: "Worlds", hear: Any) -> Iterator["Verdict"]:
            return run_baseline(suite, worlds, hear, choice)

        baseline = _through(free, suites, worlds, hear, "free choice")
        alone = {(suite.name, name) for suite in suites for name in comparable(suite)}
        alone -= {(each.suite, each.id) for each in verdicts if each.skipped}
        sides = {"lapel": verdicts, "free_choice": baseline}
        report["compare"] = {
            side: _side([each for each in found if (each.suite, each.id) in alone])
            for side, found in sides.items()
        }
        report["compare"]["free_choice"] |= {
            "start_tokens": choice.start_tokens,
            "start_s": choice.start_s,
        }
    return verdicts, report


def _warn(suites: Sequence["Suite"], worlds: "MindWorlds") -> None:
    """Tell of intents and slots that no tool has, so that a slip of the pen is no failure."""
    from agents.evaluation.known import unknown
    from agents.evaluation.suite import WorldIs

    with worlds.world(WorldIs()) as world:
        tools = list(world.toolbox.tools)
    for each in suites:
        for sentence in unknown(each, tools) if not each.held_out else ():
            note(sentence)


def _through(
    one: Callable[..., Iterator["Verdict"]],
    suites: Sequence["Suite"],
    worlds: "MindWorlds",
    hear: Any,
    label: str,
) -> list["Verdict"]:
    verdicts: list[Verdict] = []
    with _progress(label, sum(len(each.turns) for each in suites)) as show:
        for suite in suites:
            seen = ""
            for verdict in one(suite, worlds, hear):
                turn = verdict.id
                show(suite.name, turn.rsplit(".", 1)[0] != seen)
                seen = turn.rsplit(".", 1)[0]
                verdicts.append(verdict)
    return verdicts


def _hearing(settings: Settings, *, spoken: bool) -> Callable[["Suite"], "Hear"]:
    from device.assemble import assemble_transcriber, assemble_wearer, find_models
    from device.listen.silero import SileroVad
    from device.wake import phrase_of
    from device.worlds import Ears

    def opened() -> Any:
        transcriber, detector = assemble_transcriber(settings, find_models()), SileroVad()
        transcriber.load()
        detector.load()
        return transcriber, detector

    voice = None
    if spoken:
        voice = assemble_wearer(settings, find_models())
        voice.load()
    ears = Ears(opened, voice, phrase_of(settings.wake.words[0]))

    def of(suite: "Suite") -> "Hear":
        return lambda said, route: ears.hear(suite, said, route)

    return of


def _free_choice(settings: Settings, worlds: "MindWorlds") -> Any:
    from agents.evaluation.baseline import CONTEXT_TOKENS, FreeChoice
    from agents.evaluation.suite import WorldIs
    from device.assemble import assemble_engines, find_models
    from device.fitting import pinned

    same = pinned(settings, worlds.engines.fit)  # the one that the turns were said to
    assert isinstance(same.think, LlamaSettings)
    think = same.think.model_copy(update={"context_tokens": CONTEXT_TOKENS})
    roomy = same.model_copy(update={"think": think})
    model = assemble_engines(roomy, find_models(), worlds.clock, None).model
    assert model is not None
    with worlds.world(WorldIs()) as world:
        tools = list(world.toolbox.tools)
    choice = FreeChoice(model, tools, lambda: model.decoded, worlds.clock.now)
    choice.load()
    model.share_cores(False)
    return choice


def _side(verdicts: Sequence["Verdict"]) -> dict[str, Any]:
    """The figures by which two ways to choose are compared."""
    from agents.evaluation.score import figures, percentile

    taken = [(each.reply_s or 0.0) * 1000 for each in verdicts]
    tokens = [each.tokens for each in verdicts]
    return figures(verdicts) | {
        "tokens_mean": sum(tokens) / max(1, len(tokens)),
        "ms_p50": percentile(taken, 50),
        "ms_p95": percentile(taken, 95),
    }


def _heard_exactly(verdicts: Sequence["Verdict"]) -> float | None:
    """The share of spoken texts that were heard as they are, but for case and punctuation."""
    from agents.evaluation.score import share

    return share(verdicts, lambda each: _letters(each.text) == _letters(each.heard))


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


def _failure(verdict: "Verdict") -> dict[str, Any]:
    return {
        "suite": verdict.suite,
        "id": verdict.id,
        "text": verdict.text,
        "heard": verdict.heard,
        "got": verdict.got,
        "reply": verdict.reply,
        "missed": list(verdict.missed),
    }


def _write(file: Path, report: dict[str, Any]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise LapelError(f"Cannot write {file}: {error.strerror or error}.") from error


@contextmanager
def _progress(label: str, turns: int) -> Generator[Callable[[str, bool], None]]:
    """Show how far it is, on a terminal; called with the suite, and whether a turn is over."""
    from rich import progress as bar
    from rich.console import Console

    columns = [bar.TextColumn("{task.description}", markup=False), bar.BarColumn(bar_width=20)]
    columns += [bar.MofNCompleteColumn(), bar.TimeRemainingColumn()]
    console = Console(stderr=True)
    with bar.Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(label, total=turns)

        def show(suite: str, over: bool) -> None:
            bars.update(task, description=f"{label}: {suite}", advance=1 if over else 0)

        yield show
