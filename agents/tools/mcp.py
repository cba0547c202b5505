"""Tools that servers offer by the Model Context Protocol, behind the same rules as our own.

What a server says is a stranger's: what it lists only helps to find a tool, and what it answers is
read out and goes nowhere else. That a tool only reads is believed of the owner's settings, never of
the server: all others are asked about first, with the arguments, each time.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Protocol, cast

from pydantic import AfterValidator, Field

from agents.entries import spoken
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.fields import Field as Argument
from agents.tools.fields import Kind, answer_to, in_words
from agents.tools.mcp_schema import Sayable, Schema, sayable
from agents.tools.say_when import say_day, say_when
from context.labels import Label, Trust
from context.policy import Sink

PREFIX: Final = "mcp."
"""What the names of these tools begin with: no other's do."""
MOST: Final = 128
"""Tools of all servers: each is compared with what was said."""
_SPOKEN_CHARACTERS: Final = 300
_READ_CHARACTERS: Final = 4000
_DESCRIBED_CHARACTERS: Final = 160
_NAME_CHARACTERS: Final = 60
_SHOWN_CHARACTERS: Final = 120
_LATER_S: Final = 10.0
_HIDDEN: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
"""What a page holds and shows nobody."""
_ORDERS: Final = re.compile(
    r"\b(?:assistants?\b.{0,40}\b(?:must|should|has to|needs? to)\b|(?:ai|llm|language model)s? "
    r"(?:agents?|reading)|dear assistant|ignore (?:the|all|any|your|every|previous)\b"
    r"|(?:new|end of) (?:user|system|results?|instructions?|prompt)\b"
    r"|(?:system|user) (?:message|prompt)|(?:tell|inform|warn) the (?:user|owner)"
    r"|reply to everything|save to (?:long-term )?memory|every answer must|tool_\w+)"
    r"|</?(?:assistant|system|user)\b",
    re.IGNORECASE,
)
"""What is written for an assistant, and for no reader."""
_SENTENCE: Final = re.compile(r"(?<=[.!?:])\s+")
_MARK: Final = re.compile(r"\{([\w.-]+): ?([^{}]*)\}")
"""The words for an argument in an example: "{title: the agenda}"."""
LEFT_OUT: Final = "The rest is written to give me orders, so I left it out"


@dataclass(frozen=True)
class Offered:
    """A tool that a server lists, in its words. server: the owner's name for it. reads: the owner
    says that it changes nothing. examples: what the owner says when they mean it.
    """

    server: str
    name: str
    description: str
    schema: Schema
    reads: bool = False
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came of a call. texts: the server's words. more: there is something besides, such as a
    picture. failed: the server says so.
    """

    texts: tuple[str, ...] = ()
    more: bool = False
    failed: bool = False


class Servers(Protocol):
    """What reaches the servers."""

    def call(self, server: str, tool: str, arguments: Mapping[str, object], label: Label) -> Answer:
        """Have a tool called, once at most. label: of what leads to it.

        Raises EgressDenied, NetworkFailed, or another LapelError.
        """
        ...

    def timeout_s(self, server: str) -> float:
        """After so long a call is given up."""
        ...


class McpArgs(ToolArgs):
    """arguments: the tool's own. asked, text: the one that was asked for, and what was answered.
    agreed: the owner has been told what would be done, and wants it. left_out: what was said and
    is no argument; to be told of.
    """

    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])
    asked: str | None = None
    text: str | None = Field(default=None, max_length=500)
    agreed: bool = False
    left_out: tuple[str, ...] = ()


class McpTool(Tool[McpArgs]):
    """One tool of a server; `mcp_tool` makes it. now: aware, in the owner's zone."""

    sink: ClassVar[Sink | None] = Sink.NETWORK
    trust: ClassVar[Trust] = Trust.TOOL_RESULT
    deeds: frozenset[str] = frozenset()
    """What requests of such tools begin with: who says one answers nothing that is asked."""

    def __init__(
        self,
        offered: Offered,
        said: Sayable,
        servers: Servers,
        now: Callable[[], datetime],
    ) -> None:
        self.offered = offered
        self._fields = {field.name: field for field in said.fields}
        self._servers = servers
        self._now = now
        self.args = _args_of(said.schema)

    def foresee(self, args: McpArgs, context: ToolContext) -> str | None:
        """Unknown: to ask would already send something."""
        return None

    def run(self, args: McpArgs, context: ToolContext) -> Receipt:
        """Ask for what is missing, then whether it may be done; then have it done."""
        given = {name: args.arguments[name] for name in self._fields if name in args.arguments}
        asked = self._fields.get(args.asked or "")
        if asked is not None and args.text is not None:
            value = answer_to(asked, args.text, self._now().replace(tzinfo=None))
            if value is None:
                return self._ask(asked, given, f"I can't use that. {asked.question}")
            given[asked.name] = value
        missing = [e for e in self._fields.values() if e.required and e.name not in given]
        if missing:
            question = f"{without(args.left_out)}{missing[0].question}"
            return self._ask(missing[0], given, question)
        if self.acts and not args.agreed:
            raw = {"arguments": given, "agreed": True}
            question = asked_first(self.uses[0], given, args.left_out, self._now())
            asks = Proposal(self.name, raw, Slot.YES)
            return Receipt(self.name, False, {"proposed": True}, question, asks)
        label = Label(frozenset(), context.said_by.trust)
        offered = self.offered
        answer = self._servers.call(offered.server, offered.name, self._sent(given), label)
        facts = {"parts": len(answer.texts) + answer.more}
        spoken_of = "" if args.agreed else without(args.left_out)  # else it was said before
        said = f"{spoken_of}{told(offered.server, answer)}"
        return Receipt(self.name, not answer.failed, facts, said)

    def _ask(self, field: Argument, given: Mapping[str, object], question: str) -> Receipt:
        raw = {"arguments": dict(given), "asked": field.name}
        asks = Proposal(self.name, raw, Slot.TEXT, takes=field, deeds=self.deeds)
        return Receipt(self.name, False, {"missing": "argument"}, question, asks)

    def _sent(self, given: Mapping[str, object]) -> dict[str, object]:
        """The arguments as the server gets them: moments with their zone (RFC 3339)."""
        zone = self._now().tzinfo
        return {
            name: datetime.fromisoformat(value).replace(tzinfo=zone).isoformat()
            if self._fields[name].kind is Kind.MOMENT and isinstance(value, str)
            else value
            for name, value in given.items()
        }


def mcp_tool(offered: Offered, servers: Servers, now: Callable[[], datetime]) -> McpTool:
    """The tool that a server offers. Raises CannotBeSaid if it takes what can't be said, and
    ValueError if it has no name that can be used.
    """
    short = _short(offered.name)
    words = in_words(short)[:_NAME_CHARACTERS].strip()
    said = sayable(offered.schema)
    does = f"use {offered.server} for {words}"
    described = spoken(offered.description[:_READ_CHARACTERS], _DESCRIBED_CHARACTERS)
    examples = (words, f"{words} with {offered.server}", *([described] if described else []))
    marked = tuple(marks(each) for each in offered.examples)
    examples += tuple(text for text, _ in marked)
    fields = tuple(
        replace(field, shown=tuple(at for _, found in marked for at in found.get(field.name, ())))
        for field in said.fields
    )
    said = replace(said, fields=fields)
    use = Use(
        None,
        does,
        examples,
        acts=not offered.reads,
        fields=fields,
        agreed={} if offered.reads else {"agreed": True},
    )
    own = {
        "name": f"{PREFIX}{offered.server}.{short}",
        "description": does,
        "acts": not offered.reads,
        "outside": not offered.reads,
        "timeout_s": servers.timeout_s(offered.server) + _LATER_S,
        "uses": (use,),
        "__doc__": McpTool.__doc__,
    }
    made: type[McpTool] = type("McpTool", (McpTool,), own)
    tool = made(offered, said, servers, now)
    tool.deeds = deeds_of([tool])
    return tool


def deeds_of(tools: Iterable[McpTool]) -> frozenset[str]:
    """What requests of these tools begin with: the verbs of their names and examples."""
    texts = [(tool.uses[0].examples[0], *tool.offered.examples) for tool in tools]
    first = (in_words(text).split()[:1] for each in texts for text in each)
    return frozenset(word for words in first for word in words)


def marks(example: str) -> tuple[str, dict[str, list[tuple[str, str, str]]]]:
    """An example of the owner's without its marks, and by argument, what stands before the mark,
    the value, and what stands behind: "run off {title: the agenda}".
    """
    found: dict[str, list[tuple[str, str, str]]] = {}
    for mark in _MARK.finditer(example):
        before, after = example[: mark.start()], example[mark.end() :]
        around = _MARK.sub(r"\2", before), mark[2].strip(), _MARK.sub(r"\2", after)
        found.setdefault(mark[1], []).append(around)
    return _MARK.sub(r"\2", example), found


def mcp_tools(
    offered: Sequence[Offered], servers: Servers, now: Callable[[], datetime]
) -> tuple[list[McpTool], list[tuple[Offered, str]]]:
    """The tools of all that is offered, and what can't be one, with why."""
    tools: dict[str, McpTool] = {}
    left_out: list[tuple[Offered, str]] = []
    for each in offered:
        try:
            tool = mcp_tool(each, servers, now)
        except ValueError as error:  # CannotBeSaid is one
            left_out.append((each, str(error)))
            continue
        if len(tools) == MOST:
            left_out.append((each, f"there are {MOST} others before it"))
        elif tool.name in tools:
            left_out.append((each, "another tool of the server has that name"))
        else:
            tools[tool.name] = tool
    deeds = deeds_of(tools.values())
    for tool in tools.values():
        tool.deeds = deeds
    return list(tools.values()), left_out


def told(server: str, answer: Answer) -> str:
    """What came of a call, as it is read out: the server's words as its own, and no longer than is
    listened to. Pure.
    """
    text = ". ".join(each[:_READ_CHARACTERS] for each in answer.texts)[:_READ_CHARACTERS]
    text, orders = _before_orders(_HIDDEN.sub(" ", text))
    words = spoken(text, _SPOKEN_CHARACTERS - len(LEFT_OUT) if orders else _SPOKEN_CHARACTERS)
    if orders:
        words = f"{words}. {LEFT_OUT}" if words else "only what is written to give me orders"
    if answer.failed:
        return f"{server} says that it didn't work{f': {words}' if words else ''}."
    if words:
        return f"{server} says: {words}."
    if answer.more:
        return f"{server} sent something that I can't say."
    return f"{server} took it, and said nothing more."


def _before_orders(text: str) -> tuple[str, bool]:
    """What stands before the first sentence that is written for an assistant; whether any is. It
    would do nothing, but nobody should hear a stranger's orders in this voice.
    """
    read: list[str] = []
    for sentence in _SENTENCE.split(text):
        if _ORDERS.search(sentence):
            return " ".join(read), True
        read.append(sentence)
    return " ".join(read), False


def asked_first(
    use: Use, arguments: Mapping[str, object], left_out: Sequence[str], now: datetime
) -> str:
    """The question whether a call is meant, with its arguments and what can't be one. Pure."""
    return f"{without(left_out)}Shall I {use.does}{said_with(use, arguments, now)}?"


def without(left_out: Sequence[str]) -> str:
    """What is told of words that are no argument: "I can't use cyan. "; "" of none."""
    if not left_out:
        return ""
    return f"I can't use {spoken(' or '.join(left_out), _SHOWN_CHARACTERS)}. "


def said_with(use: Use, arguments: Mapping[str, object], now: datetime) -> str:
    """The arguments of a call as they are asked about: ": title the bus is late, copies 2"."""
    parts = [
        f"{field.said} {_said_value(field, arguments[field.name], now)}"
        for field in use.fields or ()
        if field.name in arguments
    ]
    return f": {', '.join(parts)}" if parts else ""


def _said_value(field: Argument, value: object, now: datetime) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and field.kind is Kind.DATE:
        return say_day(datetime.fromisoformat(value).date(), now.date())
    if isinstance(value, str) and field.kind is Kind.MOMENT:
        return say_when(datetime.fromisoformat(value), now.replace(tzinfo=None))
    if isinstance(value, str):
        return spoken(value, _SHOWN_CHARACTERS)
    return str(value)


def _short(name: str) -> str:
    """A server's name for a tool as one of ours: letters, digits and "_". Raises ValueError."""
    words = "_".join(in_words(name[: 4 * _NAME_CHARACTERS]).split())
    plain = "".join(c for c in words if c.isascii())
    if not plain.strip("_"):
        raise ValueError("its name has no letters that I know")
    if len(plain) <= _NAME_CHARACTERS:
        return plain
    return f"{plain[: _NAME_CHARACTERS - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _args_of(schema: Schema) -> type[McpArgs]:
    """Arguments whose `arguments` are as the schema says; those that are needed may be to come."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # An empty registry: whatever a reference names, nothing is fetched.
    checked = Draft202012Validator({**schema, "required": []}, registry=Registry())
    fits = cast(
        "Callable[[object], bool]",
        checked.is_valid,  # pyright: ignore[reportUnknownMemberType] - partly without types
    )

    def check(arguments: dict[str, Any]) -> dict[str, Any]:
        if not fits(arguments):
            raise ValueError("these are not the tool's arguments")
        return arguments

    class Args(McpArgs):
        """Arguments of one tool."""

        arguments: Annotated[dict[str, Any], AfterValidator(check)] = Field(
            default_factory=dict[str, Any]
        )

    return Args
