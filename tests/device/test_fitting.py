"""Which language model there is memory for: decided, used, and said."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.assemble import assemble_engines, find_models
from device.assistant import Assistant
from device.clock import SystemClock
from device.doctor import Finding, State, examine
from device.errors import ModelError
from device.events import ModelFitted
from device.fitting import Fit, context_tokens, fit, fitted, needed_bytes, pinned
from device.models import Models
from device.models.catalog import Entry
from device.settings import Settings, load_settings
from tests.scenarios.world import World
from tests.virtual_time import run_virtual

MB = 1_000_000
USUAL, SMALL = "qwen2.5-coder-0.5b-instruct", "smollm2-135m-instruct"
MEMORY = st.integers(0, 64_000 * MB)


@given(needed=MEMORY, free=MEMORY, small=st.none() | st.just("small"))
def test_the_smaller_one_is_used_where_and_only_where_memory_is_short(
    needed: int, free: int, small: str | None
) -> None:
    found = fit("usual", small, needed_bytes=needed, free_bytes=free)
    assert (found.model == "small") == found.small == (small is not None and free < needed)
    assert found.model in found.sentence
    assert ("smaller" in found.sentence) == found.small


def short_of_memory(*more: str) -> Settings:
    return load_settings(overrides=(f"think.small={SMALL}", *more))


def test_the_memory_of_all_models_counts() -> None:
    models, settings = find_models(), short_of_memory()
    wanted = sum(models.catalog.entry(n).ram_mb for n in settings.models() if n != SMALL) * MB
    enough, short = (fitted(settings, models, lambda n=n: wanted - n) for n in (0, 1))
    assert enough == Fit(USUAL, wanted, wanted)
    assert short == Fit(SMALL, wanted, wanted - 1, small=True)


@given(tokens=st.integers(256, 131_072), other=st.integers(256, 131_072))
def test_each_token_of_context_counts(tokens: int, other: int) -> None:
    models = find_models()
    more, less = (
        needed_bytes(short_of_memory(f"think.context_tokens={each}"), models, USUAL)
        for each in (tokens, other)
    )
    a_token = models.catalog.entry(USUAL).context_token_bytes
    assert a_token > 0
    assert more - less == (tokens - other) * a_token


def test_a_long_context_may_be_what_is_too_much() -> None:
    models = find_models()
    enough = needed_bytes(short_of_memory(), models, USUAL)
    found = fitted(short_of_memory("think.context_tokens=32768"), models, lambda: enough)
    assert found is not None
    assert found.small
    assert found.needed_bytes > enough


REMOTE = ("think.engine=openai-compatible", "think.url=https://box.example", "think.model=big")


@pytest.mark.parametrize(
    ("given", "thinking"),
    [
        ((f"think.small={SMALL}",), USUAL),
        ((f"think.small={SMALL}", "think.context_tokens=65536"), SMALL),
        (("think.engine=none",), None),
        (REMOTE, None),
        ((*REMOTE, f"think.private={SMALL}", "think.context_tokens=131072"), SMALL),
    ],
)
def test_doctor_counts_as_the_choice_does(
    free, given: tuple[str, ...], thinking: str | None
) -> None:
    settings, models = load_settings(overrides=given), find_models()
    free_mb = needed_bytes(short_of_memory(), models, USUAL) // MB + 1
    free(free_mb)
    (found,) = (each for each in examine(settings) if each.about == "memory")
    wanted = needed_bytes(settings, models, thinking)
    assert f"want about {wanted / MB:,.0f} MB" in found.found
    assert (found.state is State.GOOD) == (free_mb * MB > wanted)


def test_a_private_model_that_was_never_pulled_is_worth_a_look(home: Path) -> None:
    (home / "data" / "models" / SMALL).unlink(missing_ok=True)
    found = examine(load_settings(overrides=(*REMOTE, f"think.private={SMALL}")))
    (about,) = (each for each in found if each.about == f"model {SMALL}")
    assert about.state is State.ODD
    assert f"run 'lapel models pull {SMALL}'" in about.found
    (thinking,) = (each for each in found if each.about == "language model")
    assert thinking.found.endswith("for what may not be sent there, no model")


def test_the_model_that_was_found_stays_it() -> None:
    given = short_of_memory("think.context_tokens=512")
    pinned_to = pinned(given, Fit(SMALL, 2, 1, small=True))
    again = fitted(pinned_to, find_models(), lambda: 64_000 * MB)
    assert again is not None
    assert (again.model, context_tokens(pinned_to)) == (SMALL, 512)
    assert pinned(given, None) == given


def test_one_that_was_never_pulled_stands_in_for_nothing(home: Path) -> None:
    (home / "data" / "models" / SMALL).unlink(missing_ok=True)
    found = fitted(short_of_memory(), find_models(), lambda: 0)
    assert found is not None
    assert found.model == USUAL
    assert not found.small


@pytest.mark.parametrize("more", [("think.engine=none",), ("think.small=none",)])
def test_where_there_is_no_choice_nothing_changes(more: tuple[str, ...]) -> None:
    found = fitted(load_settings(overrides=more), find_models(), lambda: 0)
    assert found is None or found.model == USUAL


def test_where_nobody_measured_a_model_its_file_counts(tmp_path: Path) -> None:
    weights = tmp_path / "own.gguf"
    file = {
        "path": weights.name,
        "bytes": 5_000,
        "sha256": "0" * 64,
        "sources": (f"file:{weights}",),
    }
    entry = Entry.model_validate(
        {"name": "own", "use": "think", "licence": "", "about": "", "files": (file,)}
    )
    known = find_models().catalog
    catalog = replace(known, entries={**known.entries, "own": entry})
    settings = load_settings(overrides=("think.model=own",))
    found = fitted(settings, Models(tmp_path, catalog), lambda: 0)
    without = load_settings(overrides=("think.engine=none",)).models()
    assert found is not None
    assert found.needed_bytes == sum(known.entry(n).ram_mb for n in without) * MB + 5_000


def test_a_model_that_nobody_knows_is_named() -> None:
    with pytest.raises(ModelError, match="tinier"):
        fitted(load_settings(overrides=("think.small=tinier",)), find_models())


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many megabytes are free."""
    real = psutil.virtual_memory()

    def set_free(mb: int) -> None:
        seen = SimpleNamespace(available=mb * MB, total=real.total)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: seen)

    return set_free


@pytest.mark.engines
@pytest.mark.parametrize(("free_mb", "opened"), [(900, "SmolLM2"), (64_000, "qwen")])
def test_that_one_is_opened(free, free_mb: int, opened: str) -> None:
    free(free_mb)
    engines = assemble_engines(
        short_of_memory("memory.embedder=none"), find_models(), SystemClock(), None
    )
    assert engines.model is not None
    assert engines.model.name.lower().startswith(opened.lower())
    assert engines.fit is not None
    assert engines.fit.small == (opened == "SmolLM2")


def about_thinking(settings: Settings) -> Finding:
    (found,) = (each for each in examine(settings) if each.about == "language model")
    return found


@pytest.mark.engines
def test_doctor_says_which_it_is(free) -> None:
    free(900)
    found = about_thinking(short_of_memory())
    assert found.state is State.ODD
    assert SMALL in found.found
    assert "900 MB are free" in found.found
    free(64_000)
    assert about_thinking(short_of_memory()) == Finding(State.GOOD, "language model", USUAL)
    without = ("think.engine=none",)
    assert "learned" in about_thinking(load_settings(overrides=without)).found
    none = load_settings(overrides=(*without, "memory.embedder=none"))
    assert about_thinking(none).found == "none: commands, and nothing else"
    assert "big at https://box.example" in about_thinking(load_settings(overrides=REMOTE)).found


def test_the_assistant_says_which_it_is_and_nothing_of_anyone(tmp_path: Path) -> None:
    async def said_so() -> World:
        world = World(tmp_path)
        mind = replace(world.stages.mind, fit=Fit(SMALL, 900 * MB, 500 * MB, small=True))
        stages = replace(world.stages, mind=mind)
        world.assistant = Assistant(stages, world.settings, world.events.append)
        await world.live(nothing)
        return world

    async def nothing(_world: World) -> None:
        return

    (event,) = run_virtual(said_so()).all(ModelFitted)
    assert (event.model, event.small) == (SMALL, True)
