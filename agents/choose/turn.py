"""The one choice of a turn: in time, not too often, and what is asked before a thing is done."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

from agents.choose.choice import Asked, Chooser, Chosen
from agents.choose.proposed import proposed
from agents.choose.shortlist import Found
from agents.model import ModelFailed, never
from agents.tools import Proposal, Receipt, Slot
from agents.tools.mcp import asked_first

TOO_LONG: Final = "That took me too long to work out, so nothing was done."
TOO_MANY: Final = (
    "I've done a lot of things by guesswork in the last minute, so I did nothing now. Say it as a"
    " plain command, or wait a moment."
)
MOST_A_MINUTE: Final = 6
DEADLINE_S: Final = 12.0
_MINUTE_S: Final = 60.0


@dataclass(frozen=True)
class Refused:
    """Nothing is called; `spoken` says why."""

    spoken: str


class Choices:
    """Chooses at most one call a turn, with the tools of `chooser`.

    clock_s: seconds that only go on, for the deadline and the rate. most: calls that act,
    by choice, in any minute.
    """

    def __init__(
        self,
        chooser: Chooser,
        clock_s: Callable[[], float],
        *,
        deadline_s: float = DEADLINE_S,
        most: int = MOST_A_MINUTE,
    ) -> None:
        self._chooser = chooser
        self._clock_s = clock_s
        self._deadline_s = deadline_s
        self._most = most
        self._acted: deque[float] = deque()

    def load(self) -> None:
        """Take in the examples."""
        self._chooser.load()

    def choose_with(self, chooser: Chooser) -> None:
        """Choose among other tools from now on. chooser: loaded."""
        self._chooser = chooser

    def forget(self) -> None:
        """Keep nothing of what was said."""
        self._chooser.forget()

    def may(self, text: str) -> Found | None:
        """The uses that may be meant; None where this is talk. Changes nothing."""
        return self._chooser.may(text)

    def completed(
        self, text: str, intent: str, args: Mapping[str, object], now: datetime
    ) -> dict[str, object]:
        """The arguments of an incomplete command, with those that the rest of `text` says. now:
        aware, in the owner's zone.
        """
        return self._chooser.completed(text, intent, args, now.replace(tzinfo=None))

    def trimmed(
        self, text: str, intent: str, args: Mapping[str, object], now: datetime
    ) -> dict[str, object]:
        """The arguments of a command without what a template took in besides. now: aware, in the
        owner's zone.
        """
        return self._chooser.trimmed(text, intent, args, now.replace(tzinfo=None))

    def asks_model(self, found: Found) -> bool:
        """Whether a model has a say in the choice, or in its arguments."""
        return self._chooser.asks_model(found)

    def question(self, text: str, found: Found) -> str | None:
        """What the model will be asked; None where it need not choose."""
        return self._chooser.question(text, found)

    def choose(
        self, text: str, found: Found, model: Asked | None, now: datetime
    ) -> Chosen | Refused | None:
        """The call that is meant, not made yet; None if none is, or if told to stop.

        model: None where there is none. now: aware, in the owner's zone. Where the model can't,
        none is meant: what answers then says so.
        """
        until = self._clock_s() + self._deadline_s
        stop = never if model is None else model.stop

        def over() -> bool:
            return stop() or self._clock_s() >= until

        wall = now.replace(tzinfo=None)
        try:
            timed = None if model is None else replace(model, stop=over)
            chosen = self._chooser.choose(text, found, timed, wall)
        except ModelFailed:
            return None
        if chosen is None:
            late = self._clock_s() >= until and not stop()
            return Refused(TOO_LONG) if late else None
        if chosen.acts and not chosen.ask and self._full():
            return Refused(TOO_MANY)
        return chosen

    def made(self, chosen: Chosen) -> None:
        """The call was made."""
        if chosen.acts:
            self._acted.append(self._clock_s())

    def _full(self) -> bool:
        while self._acted and self._acted[0] <= self._clock_s() - _MINUTE_S:
            _ = self._acted.popleft()
        return len(self._acted) >= self._most


def proposal(chosen: Chosen, now: datetime) -> Receipt:
    """The question whether the call is meant; a yes makes it. now: the owner's wall time."""
    call = chosen.call
    asks = Proposal(call.tool, {**call.args, **chosen.use.agreed}, Slot.YES)
    facts = {"proposed": True, "sure": round(chosen.confidence, 2)}
    if chosen.use.fields is not None:
        given = cast("dict[str, object]", call.args["arguments"])
        left_out = cast("tuple[str, ...]", call.args.get("left_out", ()))
        question = asked_first(chosen.use, given, left_out, now)
        return Receipt(call.tool, False, facts, question, asks)
    intent = call.tool if chosen.use.action is None else f"{call.tool}.{chosen.use.action}"
    question = proposed(intent, chosen.does, call.args, now.replace(tzinfo=None))
    return Receipt(call.tool, False, facts, question, asks)
