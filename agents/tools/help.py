"""Says what the assistant can do, what it can't, and nothing when told to stop."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, Literal

from agents.relevance import content_words, listed
from agents.tools import Receipt, Tool, ToolArgs, ToolContext, Use

CAN = "I can set timers and alarms, keep lists and notes, remember things and answer questions."
_MOST_USES: Final = 4
_NAMED: Final = frozenset(
    """
    timer alarm reminder clock remember list note calendar home weather
    """.split()  # noqa: SIM905 - words to read
)
"""What help tells of first; the rest it tells when asked."""
SAY: Final = {
    "timer": ("set a timer for ten minutes", "how long is left on the timer"),
    "alarm": ("set an alarm for seven on weekdays", "cancel my alarm"),
    "reminder": ("remind me tomorrow at nine to call the bank", "what are my reminders"),
    "clock": ("what time is it in Tokyo", "how many days until Christmas"),
    "calculator": ("what's 15 percent of 80", "5 miles in kilometers"),
    "remember": ("remember that my car is on level 3",),
    "everything": ("cancel all timers and alarms",),
    "recall": ("what do you remember",),
    "forget": ("forget the last ten minutes",),
    "undo": ("undo that",),
    "why": ("why do you know that",),
    "lock": ("lock my memory",),
    "permissions": ("what may you tell others",),
    "list": ("add milk and eggs to my shopping list", "what's on my shopping list"),
    "note": ("take a note: the meter reads 4512", "read my notes"),
    "calendar": ("what's on my calendar tomorrow", "what's my next appointment"),
    "volume": ("volume to 40 percent", "louder"),
    "brightness": ("brightness to 50 percent",),
    "microphone": ("mute the microphone",),
    "status": ("how much battery do you have", "status report"),
    "speech": ("say that again", "spell necessary"),
    "routine": ("when I say good night, set an alarm for seven", "list my routines"),
    "home": ("turn off the kitchen light", "is the front door locked"),
    "weather": ("will it rain tomorrow",),
    "help": ("help with timers",),
}
"""Commands to try, by tool: whole ones, which work without a model."""
_CANNOT = {
    "calls": "make phone calls",
    "messages": "send or read messages",
    "shopping": "order or buy things",
    "media": "play music or videos",
    "bookings": "book things",
    "navigation": "navigate or see where you are",
    "camera": "take pictures or record",
    "news": "look things up on the internet",
    "other": "do that",
}


class HelpArgs(ToolArgs):
    """topic: what to help with, as said; None: all."""

    topic: str | None = None


Abilities = Callable[[], Sequence[Tool[Any]]]
"""The tools there are, asked when help is, so that it tells of all that are registered."""


class HelpTool(Tool[HelpArgs]):
    """Says what the tools can do. also: what can be done without one, as in "I can …". servers: the
    names of the servers whose tools are there, asked when help is.
    """

    name: ClassVar[str] = "help"
    description: ClassVar[str] = "say what I can do"
    acts: ClassVar[bool] = False
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            None,
            "say what can be asked for, in all or about one thing",
            ("what are you good for", "how do I use you", "I'm new to this, where do I begin"),
            ("topic",),
            acts=False,
        ),
    )
    args = HelpArgs

    def __init__(
        self,
        tools: Abilities,
        also: Sequence[str] = ("answer questions",),
        servers: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._tools = tools
        self._also = list(also)
        self._servers = servers

    def run(self, args: HelpArgs, context: ToolContext) -> Receipt:
        """One sentence and two examples; with a topic, what the tool for it does."""
        tools = self._tools()
        if args.topic and (best := _about(args.topic, tools)) is not None:
            return Receipt(self.name, True, {"tool": best.name}, _told(best))
        mine = [tool.description for tool in tools if tool.name in _NAMED and tool.set_up]
        servers = list(self._servers())
        theirs = f" I can also use the tools of {listed(servers)}." if servers else ""
        spoken = (
            f"I can {listed([*mine, *self._also])}.{theirs} Ask for help with any of them. Try: set"
            " a timer for ten minutes. Or: remember that my car is on level 3."
        )
        return Receipt(self.name, True, {}, spoken)


def _about(topic: str, tools: Sequence[Tool[Any]]) -> Tool[Any] | None:
    """The tool that shares most with a topic: its name counts more than what it does."""
    words = content_words(topic)
    best, most = None, 0
    for tool in tools:
        does = content_words(" ".join([tool.description, *(use.does for use in tool.uses)]))
        score = 3 * len(words & content_words(tool.name)) + len(words & does)
        if score > most:
            best, most = tool, score
    return best


def _told(tool: Tool[Any]) -> str:
    """What a tool does, and something to say."""
    does = [use.does for use in tool.uses[:_MOST_USES]] or [tool.description]
    if not tool.set_up:
        return f"I could {'; '.join(does)}, but that isn't set up here: the README says how."
    said = f"I can {'; '.join(does)}."
    say = SAY.get(tool.name)
    return said if say is None else f"{said} For instance: {'. Or: '.join(say)}."


class CannotArgs(ToolArgs):
    """What was asked for, one of those people ask of assistants."""

    capability: Literal[
        "calls", "messages", "shopping", "media", "bookings", "navigation", "camera", "news",
        "other",
    ]  # fmt: skip


class CannotTool(Tool[CannotArgs]):
    """Says honestly that something can't be done."""

    name: ClassVar[str] = "cannot"
    description: ClassVar[str] = "say what I can't do"
    acts: ClassVar[bool] = False
    args = CannotArgs

    def run(self, args: CannotArgs, context: ToolContext) -> Receipt:
        """Never ok: nothing was done."""
        spoken = f"I can't {_CANNOT[args.capability]}. {CAN}"
        return Receipt(self.name, False, {"capability": args.capability}, spoken)


class StopArgs(ToolArgs):
    """acknowledge: whether to say that it is understood."""

    acknowledge: bool = False


class StopTool(Tool[StopArgs]):
    """Ends the exchange. What is heard or rings is the device's to stop."""

    name: ClassVar[str] = "stop"
    description: ClassVar[str] = "be quiet"
    acts: ClassVar[bool] = False
    args = StopArgs

    def run(self, args: StopArgs, context: ToolContext) -> Receipt:
        """Silence is the answer to "stop"."""
        return Receipt(self.name, True, {}, "Okay." if args.acknowledge else "")
