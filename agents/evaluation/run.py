"""Suites through an assistant, turn by turn."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from agents.evaluation.baseline import FreeChoice
from agents.evaluation.errors import SuiteWrong
from agents.evaluation.observe import Hear, Observed, foresee, observe
from agents.evaluation.score import Verdict, judge, skip
from agents.evaluation.suite import Said, Suite, Turn, WorldIs
from agents.evaluation.world import NotHere, World

LANGUAGE = "en"


class Worlds(Protocol):
    """What makes a world for each turn."""

    def world(self, before: WorldIs) -> AbstractContextManager[World]:
        """A world as it is before a turn, until the end of the context. Raises as World.fill."""
        ...

    def tokens(self) -> int:
        """How many tokens have gone through the model until now."""
        ...


def run(suite: Suite, worlds: Worlds, hear: Callable[[Suite], Hear]) -> Iterator[Verdict]:
    """Say all turns of a suite, each in a world of its own, and judge what came of them.

    hear: what is heard of what that suite says. Raises SuiteWrong for a world that can't be made.
    """
    for turn in suite.turns:
        said, done = turn.said(), 0
        if turn.language != LANGUAGE:
            yield from _skip(suite, turn, f"language {turn.language}")
            continue
        try:
            with worlds.world(turn.before) as world:
                for seen in observe(world, said, hear(suite), worlds.tokens):
                    yield judge(suite.name, _name(turn, done), said[done], seen)
                    done += 1
        except NotHere as error:
            yield from _skip(suite, turn, str(error))
        except SuiteWrong as error:
            raise SuiteWrong(f"{suite.path}, '{turn.id}': {error}") from error


def run_router(suite: Suite, worlds: Worlds, hear: Callable[[Suite], Hear]) -> Iterator[Verdict]:
    """Judge where the grammar alone sends the turns of a suite. Of a conversation only the first is
    tried: what others mean depends on what was done.
    """
    with worlds.world(WorldIs()) as world:
        for turn in suite.turns:
            said = turn.said()
            if turn.language != LANGUAGE:
                yield from _skip(suite, turn, f"language {turn.language}")
                continue
            world.at(turn.before)
            seen = foresee(world.agent, world.toolbox, said[0], hear(suite))
            yield judge(suite.name, _name(turn, 0), said[0], seen)
            for n, each in enumerate(said[1:], start=1):
                yield skip(suite.name, _name(turn, n), each, "later turns of a conversation")


def run_baseline(
    suite: Suite, worlds: Worlds, hear: Callable[[Suite], Hear], choice: FreeChoice
) -> Iterator[Verdict]:
    """Judge what a model chooses freely that is shown every tool. Nothing is carried out; turns of
    a conversation, and those that need one before them, are not tried.
    """
    with worlds.world(WorldIs()) as world:
        for turn in suite.turns:
            if not _stands_alone(turn):
                continue
            world.at(turn.before)
            heard = hear(suite)(turn, world.agent.route)
            chosen = choice.choose(heard)
            calls = () if chosen.tool is None else (world.toolbox.called(chosen.tool, chosen.args),)
            seen = Observed(
                heard,
                calls,
                by_grammar=False,
                reply_s=chosen.took_s,
                tokens=chosen.tokens,
                ran=False,
            )
            yield judge(suite.name, turn.id, turn, seen)


def comparable(suite: Suite) -> frozenset[str]:
    """The ids of the turns that `run_baseline` tries."""
    return frozenset(turn.id for turn in suite.turns if _stands_alone(turn))


def _stands_alone(turn: Turn) -> bool:
    return not turn.turns and not turn.before.history and turn.intent is not None


def _name(turn: Turn, n: int) -> str:
    return f"{turn.id}.{n + 1}" if turn.turns else turn.id


def _skip(suite: Suite, turn: Turn, why: str) -> Iterator[Verdict]:
    said: tuple[Said, ...] = turn.said()
    for n, each in enumerate(said):
        yield skip(suite.name, _name(turn, n), each, why)
