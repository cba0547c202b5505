"""Timers: set, cancel, list, and how long is left. The device keeps and rings them."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from agents.durations import say_duration
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext

LONGEST_S = 24 * 3600
MOST = 20


@dataclass(frozen=True)
class Timer:
    """A timer that runs. Times in seconds; remaining_s is 0 or less once it rings."""

    id: str
    name: str | None
    duration_s: float
    remaining_s: float


class TimerSchedule(Protocol):
    """What keeps timers. Raises LapelError or OSError when it can't."""

    def add(self, duration_s: float, name: str | None) -> Timer:
        """Start a timer; it survives a power cut once this returns."""
        ...

    def cancel(self, timer_id: str) -> bool:
        """End a timer, also one that rings; False if there is none of that id."""
        ...

    def running(self) -> list[Timer]:
        """The timers that run or ring, the next to ring first."""
        ...


class TimerArgs(ToolArgs):
    """seconds: how long to set, or which timer is meant; as is name."""

    action: Literal["set", "cancel", "left", "list"]
    seconds: float | None = None
    name: str | None = None
    all: bool = False


class TimerTool(Tool[TimerArgs]):
    """Sets, cancels and reads timers."""

    name: ClassVar[str] = "timer"
    description: ClassVar[str] = "set timers"
    acts: ClassVar[bool] = True
    args = TimerArgs

    def __init__(self, schedule: TimerSchedule) -> None:
        self._schedule = schedule

    def run(self, args: TimerArgs, context: ToolContext) -> Receipt:
        """Do one action; "set" without a duration asks for it."""
        if args.action == "set":
            return self._set(args)
        running = self._schedule.running()
        meant = [timer for timer in running if _is_meant(timer, args)]
        if not running:
            return self._no({"running": 0}, "There's no timer running.")
        if not meant:
            return self._no({"running": len(running)}, f"I have no such timer. {_told(running)}")
        if args.action == "cancel":
            return self._cancel(args, meant)
        facts = {"action": args.action, "timers": [timer.id for timer in meant]}
        return Receipt(self.name, True, facts, _told(meant))

    def foresee(self, args: TimerArgs, context: ToolContext) -> str | None:
        """What a timer that is set, or those that are cancelled, would be called."""
        if args.action == "set":
            seconds = self._length(args)
            if isinstance(seconds, Receipt):
                return seconds.spoken
            return _set_sentence(Timer("", args.name, seconds, seconds))
        meant = [timer for timer in self._schedule.running() if _is_meant(timer, args)]
        if args.action == "cancel" and meant and (len(meant) == 1 or args.all):
            return _cancelled(meant)
        return self.run(args, context).spoken  # a list, a question or a refusal: nothing changes

    def _length(self, args: TimerArgs) -> float | Receipt:
        """The seconds to set a timer for; or why none is set, or the question for how long."""
        seconds = args.seconds
        if seconds is None:
            raw = args.model_dump(exclude_none=True)
            asks = Proposal(self.name, raw, Slot.DURATION)
            return Receipt(self.name, False, {"missing": "seconds"}, "For how long?", asks)
        if not 1 <= seconds <= LONGEST_S:
            return self._no({"seconds": seconds}, "I can set timers from 1 second to 24 hours.")
        if len(self._schedule.running()) >= MOST:
            return self._no({"running": MOST}, f"There are {MOST} timers already, the most I keep.")
        return seconds

    def _set(self, args: TimerArgs) -> Receipt:
        seconds = self._length(args)
        if isinstance(seconds, Receipt):
            return seconds
        timer = self._schedule.add(seconds, args.name)
        facts = {"action": "set", "timer": timer.id, "seconds": timer.duration_s}
        return Receipt(self.name, True, facts, _set_sentence(timer))

    def _cancel(self, args: TimerArgs, meant: list[Timer]) -> Receipt:
        if len(meant) > 1 and not args.all:
            asks = Proposal(self.name, {"action": "cancel"}, Slot.WHICH)
            return Receipt(
                self.name, False, {"missing": "which"}, f"Which one? {_told(meant)}", asks
            )
        ended = [timer for timer in meant if self._schedule.cancel(timer.id)]
        if not ended:
            return self._no({"running": len(meant)}, "That timer is already over.")
        facts = {"action": "cancel", "timers": [timer.id for timer in ended]}
        return Receipt(self.name, True, facts, _cancelled(ended))

    def _no(self, facts: dict[str, object], spoken: str) -> Receipt:
        return Receipt(self.name, False, facts, spoken)


def _is_meant(timer: Timer, args: TimerArgs) -> bool:
    if args.name is not None and args.name.casefold() not in (timer.name or "").casefold():
        return False
    return args.seconds is None or abs(timer.duration_s - args.seconds) < 0.5


def _set_sentence(timer: Timer) -> str:
    duration = say_duration(timer.duration_s)
    if not timer.name:
        return f"Timer set for {duration}."
    if len(timer.name.split()) > 2:
        return f"Timer set for {duration}: {timer.name}."
    return f"{timer.name[0].upper()}{timer.name[1:]} timer set for {duration}."


def _cancelled(ended: list[Timer]) -> str:
    what = _called(ended[0]) if len(ended) == 1 else f"all {len(ended)} timers"
    return f"I've cancelled {what}."


def _called(timer: Timer) -> str:
    duration = say_duration(timer.duration_s)
    each = " and ".join(part.removesuffix("s") for part in duration.split(" and "))
    return f"the {timer.name or each.replace('s,', ',')} timer"


def _told(timers: list[Timer]) -> str:
    if len(timers) == 1 and not timers[0].name:
        return _left(timers[0]).capitalize() + "."
    each = [f"{_called(timer)}, {_left(timer)}" for timer in timers]
    if len(each) == 1:
        return f"{each[0][0].upper()}{each[0][1:]}."
    return f"You have {len(each)} timers: {'; '.join(each)}."


def _left(timer: Timer) -> str:
    if timer.remaining_s < 0.5:
        return "it's over"
    return f"{say_duration(max(1, timer.remaining_s))} left"
