"""All that is set to ring at once: timers, alarms and reminders, of one kind or of several."""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal, Protocol, cast

from agents.tools import Call, Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, together
from agents.tools.alarm import AlarmSchedule
from agents.tools.reminder import ReminderSchedule
from agents.tools.timer import TimerSchedule

Calls = Callable[[str, Mapping[str, object], ToolContext], Receipt]
"""Calls a tool by its name, as a toolbox does."""

Kind = Literal["timer", "alarm", "reminder"]
KINDS: Final[tuple[Kind, ...]] = ("timer", "alarm", "reminder")


class _Schedule(TimerSchedule, AlarmSchedule, ReminderSchedule, Protocol):
    """What keeps all that is to ring."""


class EverythingArgs(ToolArgs):
    """kinds: what is to go, as it was said; none: all, which is asked about first. agreed: whether
    that was.
    """

    action: Literal["cancel"]
    kinds: tuple[Kind, ...] = ()
    agreed: bool = False


class EverythingTool(Tool[EverythingArgs]):
    """Cancels what is set, by the tools that set it: each says what it did, and what undoes it."""

    name: ClassVar[str] = "everything"
    description: ClassVar[str] = "cancel all that is set"
    acts: ClassVar[bool] = True
    args = EverythingArgs

    def __init__(self, schedule: _Schedule, call: Calls) -> None:
        self._schedule = schedule
        self._call = call

    def run(self, args: EverythingArgs, context: ToolContext) -> Receipt:
        """Cancel all of these kinds; of all kinds, only once that is agreed to."""
        kinds = args.kinds or KINDS
        counts: dict[Kind, int] = {kind: count for kind in kinds if (count := self._count(kind))}
        if not counts:
            none = f"There are no {_joined([f'{kind}s' for kind in kinds], 'or')}."
            return Receipt(self.name, False, {"set": 0}, none)
        if not args.kinds and not args.agreed:
            asks = Proposal(self.name, {"action": "cancel", "agreed": True}, Slot.YES)
            asked = f"Should I cancel {_counted(counts)}? Say yes to cancel."
            return Receipt(self.name, False, {"set": sum(counts.values())}, asked, asks)
        done = [self._call(kind, {"action": "cancel", "all": True}, context) for kind in counts]
        missing = [f"{kind}s" for kind in kinds if kind not in counts and args.kinds]
        said = [each.spoken for each in done]
        said += [f"There are no {_joined(missing, 'or')}."] if missing else []
        undo = together([call for each in done for call in _calls(each.undo)])
        facts = {"action": "cancel", "done": sum(each.ok for each in done)}
        ok = all(each.ok for each in done)
        return Receipt(self.name, ok, facts, " ".join(said), undo=undo)

    def foresee(self, args: EverythingArgs, context: ToolContext) -> str | None:
        """What is asked first, or that there is nothing."""
        asks = not args.kinds and not args.agreed
        nothing = not any(map(self._count, args.kinds or KINDS))
        return self.run(args, context).spoken if asks or nothing else None

    def _count(self, kind: Kind) -> int:
        match kind:
            case "timer":
                return len(self._schedule.running())
            case "alarm":
                return len(self._schedule.alarms())
            case "reminder":
                return len(self._schedule.reminders())


def _calls(undo: Call | None) -> tuple[Call, ...]:
    """The calls in what undoes one tool's deed."""
    if undo is None:
        return ()
    several = undo.args.get("calls") if undo.tool == "undo" else None
    return (undo,) if several is None else cast("tuple[Call, ...]", several)


def _counted(counts: Mapping[Kind, int]) -> str:
    """ "the timer and 2 alarms"."""
    one_by_one = [
        f"the {kind}" if count == 1 else f"{count} {kind}s" for kind, count in counts.items()
    ]
    return _joined(one_by_one, "and")


def _joined(parts: list[str], word: str) -> str:
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last
