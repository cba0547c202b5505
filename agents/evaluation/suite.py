"""Suites: what was said in which world, and what should come of it. One JSON object a line."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Annotated, Any, Final, Literal, cast

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from agents.evaluation.errors import SuiteWrong
from agents.wrong_values import wrong_values

SUITES: Final = Path(__file__).parent / "suites"
"""The folder of the suites that come with the program."""
NONE: Final = "none"
"""The intent of a turn on which nothing may act."""
_HELD_OUT = ("_b",)
_INTENT = r"[a-z_]+(\.[a-z_]+)?"


def _compiles(pattern: str) -> str:
    try:
        _ = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"this regular expression is wrong: {error}") from None
    return pattern


def _is_local(moment: str) -> str:
    if datetime.fromisoformat(moment).tzinfo is not None:
        raise ValueError("write a local time without a zone: 2026-03-14T07:00")
    return moment


def _named(routines: object) -> object:
    if not isinstance(routines, Mapping):
        return routines
    steps = cast("Mapping[object, object]", routines)
    return [{"name": name, "steps": each} for name, each in steps.items()]


Pattern = Annotated[str, AfterValidator(_compiles)]
LocalTime = Annotated[str, AfterValidator(_is_local)]
"""The owner's wall clock, ISO, to the minute."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimerIs(_Strict):
    """A timer. left: seconds; by default all of them."""

    seconds: float
    name: str | None = None
    left: float | None = None
    paused: bool | None = None


class AlarmIs(_Strict):
    """An alarm. at: local wall time, ISO."""

    at: LocalTime
    repeat: str | None = None
    name: str | None = None


class ReminderIs(_Strict):
    """A reminder, at a local wall time, or at another moment such as "wake-up"."""

    text: str
    at: LocalTime | None = None
    repeat: str | None = None
    when: Literal["wake-up"] | None = None


class EventIs(_Strict):
    """An entry of the calendar. seconds: how long it takes."""

    title: str
    at: LocalTime
    seconds: float | None = None


class ItemIs(_Strict):
    """Something remembered or noted. restricted: only told to who is present. trust: of who said
    it; what is imported may have been written by others.
    """

    text: str
    restricted: bool = False
    trust: Literal["owner", "imported"] = "owner"


class RoutineIs(_Strict):
    """A routine: what is said to run it, and what it then says itself. Also written as
    `{name: steps}`.
    """

    name: str
    steps: list[str]


class ResultIs(_Strict):
    """What a tool's source answers, whatever it is asked."""

    tool: str
    text: str


class WorldIs(_Strict):
    """The world before or after a turn; what is None is not said. See the suites' README."""

    now: AwareDatetime | None = None
    timers: list[TimerIs] | None = None
    alarms: list[AlarmIs] | None = None
    reminders: list[ReminderIs] | None = None
    lists: dict[str, list[str]] | None = None
    notes: list[str | ItemIs] | None = None
    remembered: list[str | ItemIs] | None = None
    events: list[EventIs] | None = None
    routines: Annotated[list[RoutineIs] | None, BeforeValidator(_named)] = None
    volume: float | None = None
    brightness: float | None = None
    muted: bool | None = None
    home: dict[str, Any] | None = None
    history: list[tuple[str, str]] | None = None
    overheard: list[str] | None = None
    tool_results: list[ResultIs] | None = None

    def given(self) -> dict[str, Any]:
        """What is said of the world, as plain values, `now` left out."""
        return self.model_dump(mode="json", exclude_unset=True, exclude={"now"})


class Said(_Strict):
    """One thing said, and what should come of it. What is None, or a slot not given, isn't
    checked; a slot that is given as None has to be absent.

    wav: a file, relative to the suite's. slots_any: several values that are right, by slot.
    reply, not_reply: regular expressions, searched for whatever the case. after: the world then.
    """

    text: str | None = Field(None, min_length=1)
    wav: str | None = Field(None, min_length=1)
    intent: str | None = Field(
        None,
        pattern=f"^{_INTENT}$",
        description='a tool, or a tool and its action, in small letters: "timer.set"',
    )
    slots: dict[str, Any] = Field(default_factory=dict[str, Any])
    slots_any: dict[str, list[Any]] = Field(default_factory=dict[str, list[Any]])
    reply: Pattern | None = None
    not_reply: Pattern | None = None
    after: WorldIs | None = None
    tags: tuple[str, ...] = ()


class Turn(Said):
    """A line of a suite: one thing said, or in `turns` what is said one after the other."""

    id: str = Field(min_length=1)
    turns: tuple[Said, ...] = ()
    before: WorldIs = WorldIs()
    language: str = "en"

    @model_validator(mode="after")
    def _is_said_once(self) -> "Turn":
        if sum(map(bool, (self.text, self.wav, self.turns))) != 1:
            raise ValueError("give one of text, wav and turns")
        if any(bool(each.text) == bool(each.wav) for each in self.turns):
            raise ValueError("give each of turns a text or a wav")
        if self.turns and (self.intent or self.slots or self.slots_any):
            raise ValueError("give intent and slots in each of turns")
        return self

    def said(self) -> tuple[Said, ...]:
        """All that is said, in order; what is checked at the end is checked with the last."""
        if not self.turns:
            return (self,)
        last = self.turns[-1]
        ends = {
            "after": last.after or self.after,
            "reply": last.reply or self.reply,
            "not_reply": last.not_reply or self.not_reply,
        }
        both = [each.model_copy(update={"tags": (*self.tags, *each.tags)}) for each in self.turns]
        return (*both[:-1], both[-1].model_copy(update=ends))


@dataclass(frozen=True)
class Suite:
    """Turns of one file. held_out: for measuring alone, so what fails in it is never shown. lines:
    of the file, by the turns' ids.
    """

    name: str
    path: Path
    turns: tuple[Turn, ...]
    held_out: bool = False
    lines: Mapping[str, int] = field(default_factory=dict[str, int])

    def sample(self, most: int, seed: int) -> "Suite":
        """At most `most` of its turns, in order, the same ones for the same seed."""
        if most >= len(self.turns):
            return self
        chosen = sorted(Random(f"{seed} {self.name}").sample(range(len(self.turns)), most))
        return replace(self, turns=tuple(self.turns[n] for n in chosen))


def built_in() -> dict[str, Path]:
    """The suites that come with the program, by name."""
    return {path.stem: path for path in sorted(SUITES.glob("*.jsonl"))}


def find_suites(names: Sequence[str]) -> list[Path]:
    """The files of suites, each named by its path, its name, or what several names begin with
    ("commands" for all of those); all that come with the program for no names.

    Raises SuiteWrong.
    """
    known = built_in()
    if not names:
        return list(known.values())
    found: list[Path] = []
    for name in names:
        begun = [path for each, path in known.items() if each.startswith(f"{name}_")]
        if name in known:
            found.append(known[name])
        elif begun:
            found += begun
        elif Path(name).is_file():
            found.append(Path(name))
        else:
            raise SuiteWrong(
                f"There is no suite '{name}': give the path of a file, or one of"
                f" {', '.join(known)}."
            )
    return list(dict.fromkeys(found))


def load_suite(path: Path) -> Suite:
    """Read a suite. Raises SuiteWrong, naming the line and what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SuiteWrong(f"Cannot read {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise SuiteWrong(f"{path} is not UTF-8 text: save it as UTF-8.") from None
    lines: dict[str, int] = {}
    turns = list(_turns(path, text, lines))
    if not turns:
        raise SuiteWrong(f"{path} has no turns: write one JSON object a line.")
    is_built_in = built_in().get(path.stem) == path
    held_out = is_built_in and path.stem.endswith(_HELD_OUT)
    return Suite(path.stem, path, tuple(turns), held_out, lines)


def _turns(path: Path, text: str, lines: dict[str, int]) -> Iterator[Turn]:
    """The turns; `lines` is told where each is."""
    # Not splitlines: U+2028 and its like may stand in a JSON string.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            turn = Turn.model_validate(json.loads(line))
        except json.JSONDecodeError as error:
            raise SuiteWrong(f"{where}: not JSON ({error.msg}, column {error.colno}).") from None
        except ValidationError as error:
            wrong = "; ".join(wrong_values(error, Turn, "the line"))
            raise SuiteWrong(f"{where}: {wrong}.") from None
        if turn.id in lines:
            raise SuiteWrong(f"{where}: the id '{turn.id}' is that of line {lines[turn.id]} too.")
        lines[turn.id] = number
        yield turn
