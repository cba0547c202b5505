"""Timers: set, cancel, pause, add time, and how long is left. The device keeps and rings them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, Protocol

from agents.durations import say_duration
from agents.tools import (
    Call,
    Proposal,
    Receipt,
    Slot,
    Tool,
    ToolArgs,
    ToolContext,
    Use,
    together,
)
from agents.tools.follow import Follow, Piece
from agents.tools.list_words import has_words

LONGEST_S = 24 * 3600
MOST = 20


@dataclass(frozen=True)
class Timer:
    """A timer that runs, or is paused. Times in seconds; remaining_s is 0 or less once it rings."""

    id: str
    name: str | None
    duration_s: float
    remaining_s: float
    paused: bool = False


class TimerSchedule(Protocol):
    """What keeps timers. Raises LapelError or OSError when it can't."""

    def add(self, duration_s: float, name: str | None) -> Timer:
        """Start a timer; it survives a power cut once this returns."""
        ...

    def cancel(self, timer_id: str, /) -> bool:
        """End a timer, also one that rings; False if there is none of that id."""
        ...

    def running(self) -> list[Timer]:
        """The timers that run, ring or are paused, the next to ring first."""
        ...

    def pause(self, timer_id: str) -> bool:
        """Stop the time of a timer; False if it doesn't run."""
        ...

    def resume(self, timer_id: str) -> bool:
        """Let a paused timer go on; False if it isn't paused."""
        ...

    def extend(self, timer_id: str, seconds: float) -> Timer | None:
        """Give a timer so much more time, as it is then; None if there is none of that id."""
        ...


class TimerArgs(ToolArgs):
    """seconds: how long to set or to add (below 0 to take off), or which timer is meant; as is
    name. id: which timer is meant, exactly; others: ids of those that are not. was: the id of one
    that is set again, paused if it was.
    """

    action: Literal["set", "cancel", "left", "list", "pause", "resume", "add"]
    seconds: float | None = None
    name: str | None = None
    all: bool = False
    id: str | None = None
    others: tuple[str, ...] = ()
    was: str | None = None
    paused: bool = False


_ONE: Final = Follow(
    {Piece.DURATION: "seconds", Piece.NAME: "name"},
    frozenset({Piece.NAME, Piece.DURATION}),
    ("name", "seconds", "id", "others", "all"),
    other="others",
    it="the timer",
    ids="id",
    ends={"action": "cancel"},
)


class TimerTool(Tool[TimerArgs]):
    """Sets, cancels, pauses, lengthens and reads timers."""

    name: ClassVar[str] = "timer"
    description: ClassVar[str] = "set timers"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "set",
            "start a countdown timer that rings after a length of time",
            (
                "the rice needs a quarter of an hour, ring when that's over",
                "the pizza needs a quarter of an hour",
            ),
            ("seconds", "name"),
            needs=(("seconds",),),
        ),
        Use(
            "cancel",
            "cancel a timer",
            ("the pasta's done, forget the countdown", "I don't need the countdown any more"),
            ("name", "seconds", "all"),
        ),
        Use(
            "left",
            "say how much time a timer has left",
            ("how long do the eggs still need", "is my tea nearly ready"),
            ("name", "seconds"),
            acts=False,
        ),
        Use("list", "say which timers run", ("what's counting down",), acts=False),
        Use("pause", "hold a timer", ("hang on, hold the countdown",), ("name",)),
        Use("resume", "let a held timer go on", ("the countdown can go on",), ("name",)),
        Use(
            "add",
            "give a timer that runs more time",
            ("the potatoes need another five minutes", "make it ten minutes longer"),
            ("seconds", "name"),
            needs=(("seconds",),),
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "set": Follow(
            {Piece.DURATION: "seconds"},
            it="the timer",
            anew="set a timer",
            again=True,
            ids="id",
            ends={"action": "cancel"},
        ),
        "add": Follow(
            {Piece.DURATION: "seconds"},
            frozenset({Piece.DURATION}),
            it="the timer",
            again=True,
            ids="id",
        ),
        "cancel": replace(_ONE, ends={}),
        "left": _ONE,
        "list": _ONE,
        "pause": _ONE,
        "resume": _ONE,
    }
    args = TimerArgs

    def __init__(self, schedule: TimerSchedule) -> None:
        self._schedule = schedule

    def run(self, args: TimerArgs, context: ToolContext) -> Receipt:
        """Do one action; "set" without a duration asks for it."""
        if args.action == "set":
            return self._set(args)
        running = self._schedule.running()
        meant = [timer for timer in running if _is_meant(timer, args)]
        if args.action in ("pause", "resume"):  # only of those that it can be said of
            fit = [timer for timer in meant if timer.paused == (args.action == "resume")]
            meant = fit or meant[:1]
        if not running:
            return self._no({"running": 0}, "There's no timer running.")
        if not meant:
            return self._no({"running": len(running)}, f"I have no such timer. {_told(running)}")
        match args.action:
            case "cancel":
                return self._cancel(args, meant)
            case "pause":
                return self._change(args, meant, self._schedule.pause, "resume", _paused)
            case "resume":
                return self._change(args, meant, self._schedule.resume, "pause", _resumed)
            case "add":
                return self._add(args, meant)
            case _:
                pass
        facts = {"action": args.action, "timers": [timer.id for timer in meant]}
        return Receipt(self.name, True, facts, _told(meant))

    def foresee(self, args: TimerArgs, context: ToolContext) -> str | None:
        """What a timer that is set, or those that are cancelled, would be called."""
        if args.action == "set":
            seconds = self._length(args)
            if isinstance(seconds, Receipt):
                return seconds.spoken
            return _set_sentence(Timer("", args.name, seconds, seconds))
        if args.action in ("pause", "resume", "add"):
            return None
        meant = [timer for timer in self._schedule.running() if _is_meant(timer, args)]
        if args.action == "cancel" and meant and (len(meant) == 1 or args.all):
            return _cancelled(meant)
        return self.run(args, context).spoken  # a list, a question or a refusal: nothing changes

    def ended_by(self, name: str) -> Mapping[str, object] | None:
        """What cancels the timer of that name; None where there is none."""
        is_set = any(has_words(name, each.name) for each in self._schedule.running())
        return {"action": "cancel", "name": name} if is_set else None

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
        if args.paused:
            _ = self._schedule.pause(timer.id)
        facts = {"action": "set", "timer": timer.id, "seconds": timer.duration_s, "was": args.was}
        undo = Call(self.name, {"action": "cancel", "id": timer.id})
        briefly = say_duration(timer.duration_s)
        return Receipt(self.name, True, facts, _set_sentence(timer), undo=undo, briefly=briefly)

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
        return Receipt(self.name, True, facts, _cancelled(ended), undo=_call_again(ended))

    def _which(self, args: TimerArgs, meant: list[Timer]) -> Receipt:
        raw = args.model_dump(exclude_defaults=True, include={"action", "seconds"})
        asks = Proposal(self.name, raw, Slot.WHICH)
        return Receipt(self.name, False, {"missing": "which"}, f"Which one? {_told(meant)}", asks)

    def _change(
        self,
        args: TimerArgs,
        meant: list[Timer],
        change: Callable[[str], bool],
        back: str,
        said: Callable[[Timer], str],
    ) -> Receipt:
        """Pause or resume the one that is meant."""
        if len(meant) > 1 and not args.all:
            return self._which(args, meant)
        done = [timer for timer in meant if change(timer.id)]
        if not done:
            already = "already running" if args.action == "resume" else "already paused"
            return self._no({"running": len(meant)}, f"That timer is {already}.")
        facts = {"action": args.action, "timers": [timer.id for timer in done]}
        undo = together([Call(self.name, {"action": back, "id": each.id}) for each in done])
        return Receipt(self.name, True, facts, " ".join(map(said, done)), undo=undo)

    def _add(self, args: TimerArgs, meant: list[Timer]) -> Receipt:
        """Give the one that is meant more time."""
        seconds = args.seconds
        if seconds is None:
            raw = args.model_dump(exclude_defaults=True)
            asks = Proposal(self.name, raw, Slot.DURATION)
            return Receipt(self.name, False, {"missing": "seconds"}, "How much longer?", asks)
        if len(meant) > 1:
            return self._which(args, meant)
        if seconds < 0 and abs(seconds) > meant[0].remaining_s - 1:
            said = f"I can't take off {say_duration(abs(seconds))}: {_only_left(meant[0])}."
            return self._no({"seconds": seconds}, said)
        if not abs(seconds) >= 1 or not 1 <= meant[0].remaining_s + seconds <= LONGEST_S:
            return self._no({"seconds": seconds}, "I can set timers from 1 second to 24 hours.")
        timer = self._schedule.extend(meant[0].id, seconds)
        if timer is None:
            return self._no({"running": 0}, "That timer is already over.")
        facts = {"action": "add", "timer": timer.id, "seconds": seconds}
        how = "added" if seconds > 0 else "taken off"
        said = f"I've {how} {say_duration(abs(seconds))}: {_left(timer)}."
        undo = Call(self.name, {"action": "add", "id": timer.id, "seconds": -seconds})
        return Receipt(self.name, True, facts, said, undo=undo)

    def _no(self, facts: dict[str, object], spoken: str) -> Receipt:
        return Receipt(self.name, False, facts, spoken)


def _is_meant(timer: Timer, args: TimerArgs) -> bool:
    if (args.id is not None and args.id != timer.id) or timer.id in args.others:
        return False
    if args.name is not None and args.name.casefold() not in (timer.name or "").casefold():
        return False
    return (
        args.action == "add" or args.seconds is None or abs(timer.duration_s - args.seconds) < 0.5
    )


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


def _call_again(ended: list[Timer]) -> Call | None:
    """The call that sets cancelled timers again, with the time that was left; None if it was over
    for all.
    """
    return together([_set_again(each) for each in ended if each.remaining_s >= 1])


def _set_again(timer: Timer) -> Call:
    name = {} if timer.name is None else {"name": timer.name}
    paused = {"paused": True} if timer.paused else {}
    seconds = round(timer.remaining_s)
    return Call("timer", {"action": "set", "seconds": seconds, "was": timer.id, **name, **paused})


def _paused(timer: Timer) -> str:
    return f"I've paused {_called(timer)}."


def _resumed(timer: Timer) -> str:
    return f"{_called(timer)[0].upper()}{_called(timer)[1:]} goes on."


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
    paused = ", paused" if timer.paused else ""
    return f"{say_duration(max(1, timer.remaining_s))} left{paused}"


def _only_left(timer: Timer) -> str:
    return _left(timer) if timer.remaining_s < 0.5 else f"only {_left(timer)}"
