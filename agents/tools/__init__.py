"""What the assistant can do. A tool says what it did in a receipt, and only a receipt says it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.tools.fields import Field
from agents.tools.follow import Follow
from agents.tools.timed import in_time
from agents.used import Used
from context.errors import LapelError
from context.items import Provenance
from context.labels import Compartment, Trust
from context.policy import Purpose, Scope, Sink
from context.store import Store

_NO_SUCH_TOOL = "I can't do that."
_NOT_THE_OWNER = "I only do that when you tell me yourself."
_NO_ANSWER = "I got no answer in time, so I can't say whether that worked."


class Slot(StrEnum):
    """What the owner's next words can fill in."""

    YES = "yes"  # agree to it, or not
    DURATION = "duration"
    FACT = "fact"
    WHICH = "which"  # one of several timers: its name or its duration
    TIME = "time"  # when: a time, a date, both, or a duration from now
    TEXT = "text"  # the owner's own words, whatever they are
    ITEMS = "items"  # one thing or several
    STEPS = "steps"  # commands, which are not carried out now
    NUMBER = "number"


@dataclass(frozen=True)
class Proposal:
    """A call that waits for one more piece, asked for in the receipt's sentence.

    into: the argument that the piece is for, where it isn't the usual one of its slot. takes: what
    it may be, for a tool that others wrote. deeds: what requests of such tools begin with.
    """

    tool: str
    args: Mapping[str, object]
    slot: Slot
    into: str | None = None
    takes: Field | None = None
    deeds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Receipt:
    """What a tool did. ok: it was done. facts: numbers, ids and kinds, never anyone's words.

    spoken: the sentence for the owner; it may hold what they said. Asks when `asks` is set.
    flush: what was said until now must leave every cache. used: the items that were told; None:
    it told of none, and what was told before is still what "that" means. undo: the call that takes
    it back, where there is one. briefly: to what it was set, as in "instead of 5 minutes".
    """

    tool: str
    ok: bool
    facts: Mapping[str, object] = field(default_factory=dict[str, object])
    spoken: str = ""
    asks: Proposal | None = None
    flush: bool = False
    used: tuple[Used, ...] | None = None
    undo: "Call | None" = None
    briefly: str = ""


@dataclass(frozen=True)
class Call:
    """A call of a tool that could be made as it stands."""

    tool: str
    args: Mapping[str, object]


@dataclass(frozen=True)
class Undoing:
    """What undoes a deed. within: what was open to who heard of that; words of the deed may be from
    there.
    """

    call: Call
    within: frozenset[Compartment] = frozenset()


def together(calls: Sequence[Call]) -> Call | None:
    """One call that makes all of these, to undo what touched several things; None of none."""
    if len(calls) < 2:
        return calls[0] if calls else None
    return Call("undo", {"calls": tuple(calls)})


@dataclass(frozen=True)
class Use:
    """One of the things that a tool is for, as a model that has to choose is told of it.

    action: the value of the argument `action`; None for a tool without. does: completes "This tool
    can …" ("start a countdown timer"). examples: what people say that no grammar foresees. slots:
    the other arguments that it takes. needs: of those, what it asks for where it was not said, one
    of each group. acts: it changes something. fields: for a tool that others wrote, what its
    argument `arguments` holds. agreed: arguments that say that the owner agreed. asks: the tool
    itself asks before it does it, so that nobody else has to.
    """

    action: str | None
    does: str
    examples: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    acts: bool = True
    fields: tuple[Field, ...] | None = None
    agreed: Mapping[str, object] = field(default_factory=dict[str, object])
    asks: bool = False


@dataclass(frozen=True)
class ToolContext:
    """What a call may use. just_remembered: id of the item the last turn stored. used: the items
    that the last answer was made from. undoable: what undoes the newest deed that can be undone,
    for some minutes, until it is undone.
    """

    store: Store
    mint: Callable[[Purpose], Scope]
    said_by: Provenance = Provenance.OWNER_SPOKE
    just_remembered: str | None = None
    used: tuple[Used, ...] = ()
    undoable: "Undoing | None" = None


class ToolArgs(BaseModel):
    """Arguments of a tool, checked; anything unknown is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


A = TypeVar("A", bound=ToolArgs)


class Tool(ABC, Generic[A]):
    """One thing the assistant can do.

    acts: it changes something. outside: what it changes lies outside the device, so it asks first.
    for_anyone: it acts also on words that are not the owner's: it labels what it keeps, or only
    narrows. sink: where its arguments go besides the assistant itself; None: nowhere. trust: of the
    words in its results. timeout_s: after so long it is given up, and said to have failed.
    follows: how a few words refer to a call, by its action ("" where the tool has none).
    """

    name: ClassVar[str]
    description: ClassVar[str]
    acts: ClassVar[bool]
    outside: ClassVar[bool] = False
    for_anyone: ClassVar[bool] = False
    sink: ClassVar[Sink | None] = None
    trust: ClassVar[Trust] = Trust.OWNER
    timeout_s: ClassVar[float] = 10.0
    uses: ClassVar[tuple[Use, ...]] = ()
    follows: ClassVar[Mapping[str, Follow]] = {}
    args: type[A]

    @property
    def set_up(self) -> bool:
        """Whether there is all that it needs; else it says what is missing."""
        return True

    @abstractmethod
    def run(self, args: A, context: ToolContext) -> Receipt:
        """Do it, and say what was done. May raise LapelError, ValueError or OSError."""

    def foresee(self, args: A, context: ToolContext) -> str | None:
        """What `run` would say now, without doing it; None where that can't be known.

        It may read, within a scope, and raise what `run` may. A tool that acts says it itself.
        """
        return None if self.acts else self.run(args, context).spoken

    def ended_by(self, name: str) -> Mapping[str, object] | None:
        """The arguments that end what is set by this name; None where nothing of it is."""
        return None

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
        self._offered: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The names, in the order given."""
        return list(self._tools)

    @property
    def offered(self) -> frozenset[str]:
        """The tools that others offer."""
        return self._offered

    def offer(self, tools: Iterable[Tool[Any]]) -> None:
        """Have these tools, which others offer, instead of those that they offered before. None
        takes the place of another.
        """
        own = {name: tool for name, tool in self._tools.items() if name not in self._offered}
        more = {tool.name: tool for tool in tools if tool.name not in own}
        self._tools = {**own, **more}
        self._offered = frozenset(more)

    def get(self, name: str) -> Tool[Any] | None:
        """The tool of that name, or None."""
        return self._tools.get(name)

    def acts(self, name: str) -> bool:
        """Whether the tool changes something; an unknown one does nothing."""
        return name in self._tools and self._tools[name].acts

    def uses(self, name: str) -> tuple[Use, ...]:
        """What the tool tells a model that it is for; nothing for an unknown one."""
        return self._tools[name].uses if name in self._tools else ()

    def description(self, name: str) -> str:
        """What the tool does, in a few words ("set timers"). Raises KeyError."""
        return self._tools[name].description

    @property
    def outside(self) -> frozenset[str]:
        """The tools whose deeds lie outside the device."""
        return frozenset(name for name, tool in self._tools.items() if tool.outside)

    def call(self, name: str, raw: Mapping[str, object], context: ToolContext) -> Receipt:
        """Call a tool; a name that isn't here gives a receipt that says so, and so does a deed that
        others' words ask for.
        """
        tool = self._tools.get(name)
        if tool is None:
            return Receipt(name, False, {"error": "no such tool"}, _NO_SUCH_TOOL)
        if not _may(tool, raw, context):
            return Receipt(name, False, {"error": "not the owner"}, _NOT_THE_OWNER)
        if tool.sink is not Sink.NETWORK:
            return tool.call(raw, context)
        try:
            return in_time(lambda: tool.call(raw, context), tool.timeout_s)
        except TimeoutError:
            return Receipt(name, False, {"error": "timeout"}, _NO_ANSWER)

    def preview(self, name: str, raw: Mapping[str, object], context: ToolContext) -> str | None:
        """What `call` would say now, changing nothing; None where that can't be known, as where it
        would have to be asked for over the network.
        """
        tool = self._tools.get(name)
        if tool is None:
            return _NO_SUCH_TOOL
        if not _may(tool, raw, context):
            return _NOT_THE_OWNER
        return None if tool.sink is Sink.NETWORK else tool.preview(raw, context)


def _may(tool: Tool[Any], raw: Mapping[str, object], context: ToolContext) -> bool:
    """Whether a call may be made for who said it: whoever is not the owner has nothing done."""
    if tool.for_anyone or context.said_by.trust is Trust.OWNER:
        return True
    acts = {use.action: use.acts for use in tool.uses}
    action = raw.get("action")
    return not acts.get(action if isinstance(action, str) else None, tool.acts)
