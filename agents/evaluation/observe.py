"""What came of a turn: its calls, its reply, the world before and after, and how long it took."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agents.agent import Acted, Agent, Chose, Text
from agents.evaluation.record import Called, RecordingToolbox
from agents.evaluation.suite import Said
from agents.evaluation.world import World
from agents.router import Routed, RouteKind

RECALL: Final = "recall"
"""The intent of what is answered from what is remembered."""
Hear = Callable[[Said, Callable[[str], Routed]], str]
"""What the assistant hears of what was said, given where the grammar sends a text; it may raise
LapelError."""


@dataclass(frozen=True)
class Observed:
    """What came of one thing said. before, after: the world, empty where no tool could run.

    recalled: no tool was called, and the reply was made from what is remembered.
    by_grammar: it was a command, so that no model was asked. route_s: until that was known.
    reply_s: until the reply was whole. tokens: that went through the model.
    """

    heard: str
    calls: tuple[Called, ...]
    reply: str = ""
    before: Mapping[str, Any] = field(default_factory=dict[str, Any])
    after: Mapping[str, Any] = field(default_factory=dict[str, Any])
    by_grammar: bool = True
    route_s: float = 0.0
    reply_s: float = 0.0
    tokens: int = 0
    ran: bool = True
    recalled: bool = False

    @property
    def intent(self) -> str | None:
        """What the turn was taken for; None: nothing that a tool does."""
        if not self.calls:
            return RECALL if self.recalled else None
        return self.calls[0].intent


def observe(
    world: World, said: tuple[Said, ...], hear: Hear, tokens: Callable[[], int] = lambda: 0
) -> Iterator[Observed]:
    """Say it all, one after the other, and what is said in reply is also heard.

    tokens: how many went through the model until now.
    """
    for each in said:
        heard = hear(each, world.agent.route)
        before, read = world.read(), tokens()
        world.toolbox.forget_calls()
        begun = time.perf_counter()
        routed = world.agent.route(heard)
        route_s = time.perf_counter() - begun
        reply = ""
        proposed: list[Called] = []
        begun = time.perf_counter()
        for part in world.agent.reply(heard):
            match part:
                case Text(piece):
                    reply += piece
                case Acted(receipt):
                    if (asked := world.toolbox.proposed(receipt)) is not None:
                        proposed.append(asked)
                case Chose():
                    pass  # what it chose is called when the next part is asked for
        reply_s = time.perf_counter() - begun
        world.agent.heard(heard, reply)
        world.note(reply)
        yield Observed(
            heard,
            (*world.toolbox.calls, *proposed),
            reply.strip(),
            before,
            world.read(),
            routed.tool is not None,
            route_s,
            reply_s,
            tokens() - read,
            recalled=world.agent.answered_from_memory and not world.toolbox.calls,
        )


def foresee(agent: Agent, toolbox: RecordingToolbox, said: Said, hear: Hear) -> Observed:
    """Where what was said goes by the grammar alone; nothing is done, and no model is asked."""
    heard = hear(said, agent.route)
    begun = time.perf_counter()
    routed = agent.route(heard)
    route_s = time.perf_counter() - begun
    if routed.kind is RouteKind.NOT_A_COMMAND or routed.tool is None:
        return Observed(heard, (), by_grammar=False, route_s=route_s, ran=False)
    called = toolbox.called(routed.tool, routed.args)
    return Observed(heard, (called,), route_s=route_s, ran=False)
