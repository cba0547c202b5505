"""What the assistant can do. A tool says what it did in a receipt, and only a receipt says it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.used import Used
from context.errors import LapelError
from context.items import Provenance
from context.policy import Purpose, Scope
from context.store import Store

_NO_SUCH_TOOL = "I can't do that."


class Slot(StrEnum):
    """What the owner's next words can fill in."""

    YES = "yes"  # agree to it, or not
    DURATION = "duration"
    FACT = "fact"
    WHICH = "which"  # one of several timers: its name or its duration


@dataclass(frozen=True)
class Proposal:
    """A call that waits for one more piece, asked for in the receipt's sentence."""

    tool: str
    args: Mapping[str, object]
    slot: Slot


@dataclass(frozen=True)
class Receipt:
    """What a tool did. ok: it was done. facts: numbers, ids and kinds, never anyone's words.

    spoken: the sentence for the owner; it may hold what they said. Asks when `asks` is set.
    flush: what was said until now must leave every cache. used: the items that were told; None:
    it told of none, and what was told before is still what "that" means.
    """

    tool: str
    ok: bool
    facts: Mapping[str, object] = field(default_factory=dict[str, object])
    spoken: str = ""
    asks: Proposal | None = None
    flush: bool = False
    used: tuple[Used, ...] | None = None


@dataclass(frozen=True)
class ToolContext:
    """What a call may use. just_remembered: id of the item the last turn stored. used: the items
    that the last answer was made from.
    """

    store: Store
    mint: Callable[[Purpose], Scope]
    said_by: Provenance = Provenance.OWNER_SPOKE
    just_remembered: str | None = None
    used: tuple[Used, ...] = ()


class ToolArgs(BaseModel):
    """Arguments of a tool, checked; anything unknown is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


A = TypeVar("A", bound=ToolArgs)


class Tool(ABC, Generic[A]):
    """One thing the assistant can do. acts: it changes something."""

    name: ClassVar[str]
    description: ClassVar[str]
    acts: ClassVar[bool]
    args: type[A]

    @abstractmethod
    def run(self, args: A, context: ToolContext) -> Receipt:
        """Do it, and say what was done. May raise LapelError, ValueError or OSError."""

    def foresee(self, args: A, context: ToolContext) -> str | None:
        """What `run` would say now, without doing it; None where that can't be known.

        It may read, within a scope, and raise what `run` may. A tool that acts says it itself.
        """
        return None if self.acts else self.run(args, context).spoken

    def call(self, raw: Mapping[str, object], context: ToolContext) -> Receipt:
        """Check raw arguments and run. Errors become a receipt that says so; none is raised."""
        try:
            return self.run(self.args.model_validate(raw), context)
        except (LapelError, ValueError, OSError) as error:
            return Receipt(self.name, False, {"error": _kind(error)}, _told(error))

    def preview(self, raw: Mapping[str, object], context: ToolContext) -> str | None:
        """What `call` would say now, changing nothing; see `foresee`."""
        try:
            return self.foresee(self.args.model_validate(raw), context)
        except (LapelError, ValueError, OSError) as error:
            return _told(error)


def _kind(error: Exception) -> str:
    return "args" if isinstance(error, ValidationError) else type(error).__name__


def _told(error: Exception) -> str:
    """An error as the owner hears it."""
    if isinstance(error, ValidationError):
        return "I didn't understand that."
    if isinstance(error, LapelError):
        return str(error)
    return "That didn't work; nothing was changed as far as I can tell."


class Toolbox:
    """The tools there are, by name."""

    def __init__(self, tools: Iterable[Tool[Any]]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    @property
    def names(self) -> list[str]:
        """The names, in the order given."""
        return list(self._tools)

    def acts(self, name: str) -> bool:
        """Whether the tool changes something; an unknown one does nothing."""
        return name in self._tools and self._tools[name].acts

    def call(self, name: str, raw: Mapping[str, object], context: ToolContext) -> Receipt:
        """Call a tool; a name that isn't here gives a receipt that says so."""
        tool = self._tools.get(name)
        if tool is None:
            return Receipt(name, False, {"error": "no such tool"}, _NO_SUCH_TOOL)
        return tool.call(raw, context)

    def preview(self, name: str, raw: Mapping[str, object], context: ToolContext) -> str | None:
        """What `call` would say now, changing nothing; None where that can't be known."""
        tool = self._tools.get(name)
        return _NO_SUCH_TOOL if tool is None else tool.preview(raw, context)
