"""Alarms: set, cancel, list and snooze. The device keeps and rings them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Final, Literal, Protocol

from pydantic import NaiveDatetime

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
from agents.tools.list_words import has_words, with_capital
from agents.tools.say_when import and_repeat, say_repeat, say_time, say_when

MOST: Final = 50
SNOOZE_S: Final = 540.0
LONGEST_S: Final = 366 * 86_400.0
"""Further away nothing is set."""
_NOT_ONE_DAY: Final = "I can't leave out one day"


@dataclass(frozen=True)
class Alarm:
    """An alarm. at: when it rings next, the owner's wall clock, naive. rings: it does so now."""

    id: str
    at: datetime
    repeat: str | None = None
    name: str | None = None
    rings: bool = False


class AlarmSchedule(Protocol):
    """What keeps alarms. Raises LapelError or OSError when it can't."""

    def add_alarm(
        self,
        *,
        at: datetime | None = None,
        seconds: float | None = None,
        repeat: str | None = None,
        name: str | None = None,
    ) -> Alarm:
        """Set an alarm for a time, or in so many seconds; it survives a power cut once this
        returns. repeat: a recurrence rule, with `at`.
        """
        ...

    def cancel(self, thing_id: str, /) -> bool:
        """End an alarm, also one that rings; False if there is none of that id."""
        ...

    def alarms(self) -> list[Alarm]:
        """The alarms that are set or ring, the next to ring first."""
        ...

    def snooze(self, seconds: float) -> Alarm | None:
        """Have the alarm that rings ring again in a while; None if none rings."""
        ...


class AlarmArgs(ToolArgs):
    """at: the first time, local. time, day, name: which alarm is meant. id: the same, exactly;
    others: ids of those that are not. was: the id of one that is set again.
    """

    action: Literal["set", "cancel", "list", "snooze"]
    at: NaiveDatetime | None = None
    seconds: float | None = None
    repeat: str | None = None
    name: str | None = None
    time: str | None = None
    day: date | None = None
    all: bool = False
    id: str | None = None
    others: tuple[str, ...] = ()
    was: str | None = None


class AlarmTool(Tool[AlarmArgs]):
    """Sets, cancels, reads and snoozes alarms. now: aware, in the owner's zone."""

    name: ClassVar[str] = "alarm"
    description: ClassVar[str] = "set alarms"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "set",
            "set an alarm that wakes the owner at a time of day, once or again and again",
            ("I have to be up by six tomorrow", "get me out of bed at half seven on weekdays"),
            ("at", "seconds", "repeat", "name"),
            needs=(("at", "seconds"),),
        ),
        Use(
            "cancel",
            "cancel an alarm",
            ("I don't need to get up at seven after all", "let me sleep in tomorrow"),
            ("time", "day", "name", "all"),
        ),
        Use(
            "list",
            "say which alarms are set",
            ("when are you going to wake me", "am I getting up early tomorrow"),
            acts=False,
        ),
        Use(
            "snooze",
            "silence the alarm that rings, and have it ring again in a few minutes",
            ("let me sleep a little longer", "ten more minutes, please"),
            ("seconds",),
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "set": Follow(
            {Piece.DURATION: "seconds", Piece.TIME: "at"},
            instead=("seconds",),
            it="the alarm",
            anew="set an alarm",
            ids="id",
            ends={"action": "cancel"},
        ),
        "cancel": Follow(
            {Piece.TIME: "time", Piece.NAME: "name"},
            frozenset({Piece.TIME, Piece.NAME}),
            ("time", "day", "name", "at", "id", "others", "all"),
            other="others",
            it="the alarm",
        ),
        "list": Follow(it="the alarm", ids="id", ends={"action": "cancel"}),
        "snooze": Follow({Piece.DURATION: "seconds"}, back="never", it="the alarm"),
    }
    args = AlarmArgs

    def __init__(self, schedule: AlarmSchedule, now: Callable[[], datetime]) -> None:
        self._schedule = schedule
        self._now = now

    def run(self, args: AlarmArgs, context: ToolContext) -> Receipt:
        """Do one action; "set" without a time asks for it."""
        match args.action:
            case "set":
                return self._set(args)
            case "snooze":
                return self._snooze(args)
            case "cancel":
                return self._cancel(args)
            case "list":
                alarms = self._schedule.alarms()
                facts = {"action": "list", "alarms": [each.id for each in alarms]}
                return Receipt(self.name, True, facts, self._told(alarms))

    def foresee(self, args: AlarmArgs, context: ToolContext) -> str | None:
        """What an alarm that is set, snoozed or cancelled would be called."""
        match args.action:
            case "set":
                refused = self._refused(args)
                return refused.spoken if refused else self._set_sentence(self._meant_to_set(args))
            case "snooze":
                ringing = any(each.rings for each in self._schedule.alarms())
                return snoozed(args.seconds or SNOOZE_S) if ringing else None
            case "cancel":
                meant = self._meant(args)
                lasting = args.day is not None and any(each.repeat for each in meant)
                if meant and (len(meant) == 1 or args.all) and not lasting:
                    return self._cancelled(meant)
                if lasting and len(meant) > 1 and args.all:
                    return None
            case "list":
                pass
        return self.run(args, context).spoken  # a list, a question or a refusal: nothing changes

    def ended_by(self, name: str) -> Mapping[str, object] | None:
        """What cancels the alarm of that name; None where there is none."""
        is_set = any(has_words(name, each.name) for each in self._schedule.alarms())
        return {"action": "cancel", "name": name} if is_set else None

    def _refused(self, args: AlarmArgs) -> Receipt | None:
        """Why none is set, or the question for when."""
        if args.at is None and args.seconds is None:
            raw = args.model_dump(exclude_defaults=True)
            asks = Proposal(self.name, raw, Slot.TIME)
            return Receipt(self.name, False, {"missing": "at"}, "For when?", asks)
        if args.seconds is not None and not 1 <= args.seconds <= LONGEST_S:
            return self._no({"seconds": args.seconds}, "I can set alarms for up to a year ahead.")
        at = self._meant_to_set(args).at
        now = self._local()
        if args.repeat is None and at <= now and args.seconds is None:
            return self._no({"past": True}, "That time is already past.")
        if at > now + timedelta(seconds=LONGEST_S):
            return self._no({"far": True}, "I can set alarms for up to a year ahead.")
        if len(self._schedule.alarms()) >= MOST:
            return self._no({"alarms": MOST}, f"There are {MOST} alarms already, the most I keep.")
        return None

    def _set(self, args: AlarmArgs) -> Receipt:
        if (refused := self._refused(args)) is not None:
            return refused
        elapsed = args.seconds if args.at is None and args.repeat is None else None
        alarm = self._schedule.add_alarm(
            at=None if elapsed is not None else self._meant_to_set(args).at,
            seconds=elapsed,
            repeat=args.repeat,
            name=args.name,
        )
        at = alarm.at.isoformat(timespec="minutes")
        facts = {"action": "set", "alarm": alarm.id, "at": at, "was": args.was}
        undo = Call(self.name, {"action": "cancel", "id": alarm.id})
        when = say_when(alarm.at, self._local()).removeprefix("at ")
        briefly = when + and_repeat(alarm.repeat, alarm.at)
        said = self._set_sentence(alarm)
        return Receipt(self.name, True, facts, said, undo=undo, briefly=briefly)

    def _meant_to_set(self, args: AlarmArgs) -> Alarm:
        at = args.at or self._local() + timedelta(seconds=args.seconds or 0)
        return Alarm("", at, args.repeat, args.name)

    def _set_sentence(self, alarm: Alarm) -> str:
        when = say_when(alarm.at, self._local()).removeprefix("at ")
        repeat = and_repeat(alarm.repeat, alarm.at)
        name = f": {alarm.name}" if alarm.name else ""
        return f"Alarm set for {when}{repeat}{name}".removesuffix(".") + "."

    def _snooze(self, args: AlarmArgs) -> Receipt:
        seconds = SNOOZE_S if args.seconds is None else args.seconds
        if not 1 <= seconds <= 6 * 3600:
            return self._no({"seconds": seconds}, "I can snooze for up to 6 hours.")
        alarm = self._schedule.snooze(seconds)
        if alarm is None:
            return self._no({"ringing": 0}, "No alarm is ringing.")
        facts = {"action": "snooze", "alarm": alarm.id, "seconds": seconds}
        return Receipt(self.name, True, facts, snoozed(seconds))

    def _cancel(self, args: AlarmArgs) -> Receipt:
        alarms = self._schedule.alarms()
        meant = self._meant(args)
        if not alarms:
            return self._no({"alarms": 0}, "There's no alarm set.")
        if not meant:
            return self._no({"alarms": len(alarms)}, f"I have no such alarm. {self._told(alarms)}")
        if len(meant) > 1 and not args.all:
            asks = Proposal(self.name, {"action": "cancel"}, Slot.WHICH)
            question = f"Which one? {self._told(meant)}"
            return Receipt(self.name, False, {"missing": "which"}, question, asks)
        lasting = [each for each in meant if args.day is not None and each.repeat is not None]
        if lasting and len(lasting) == len(meant):
            return self._for_good(lasting)
        meant = [each for each in meant if each not in lasting]
        ended = [each for each in meant if self._schedule.cancel(each.id)]
        if not ended:
            return self._no({"alarms": len(alarms)}, "That alarm is already over.")
        facts = {"action": "cancel", "alarms": [each.id for each in ended]}
        undo = together([self._call_again(each) for each in ended if not each.rings])
        said = self._cancelled(ended)
        for each in lasting:
            said += f" {with_capital(self._called(each))} stays: {_NOT_ONE_DAY}."
        return Receipt(self.name, True, facts, said, undo=undo)

    def _for_good(self, lasting: list[Alarm]) -> Receipt:
        """What is said where one day of alarms that repeat is to be left out."""
        if len(lasting) > 1:
            said = f"They repeat, and {_NOT_ONE_DAY}. Tell me which to cancel for good."
            return self._no({"alarms": len(lasting)}, said)
        asks = Proposal(self.name, {"action": "cancel", "id": lasting[0].id}, Slot.YES)
        called = with_capital(self._called(lasting[0]))
        said = f"{called} repeats, and {_NOT_ONE_DAY}. Should I cancel it for good?"
        return Receipt(self.name, False, {"missing": "yes"}, said, asks)

    def _call_again(self, alarm: Alarm) -> Call:
        args = {
            "at": alarm.at.isoformat(),
            "repeat": alarm.repeat,
            "name": alarm.name,
            "was": alarm.id,
        }
        known = {key: value for key, value in args.items() if value is not None}
        return Call(self.name, {"action": "set", **known})

    def _meant(self, args: AlarmArgs) -> list[Alarm]:
        alarms = self._schedule.alarms()
        if (ringing := [each for each in alarms if each.rings]) and not _says_which(args):
            return ringing[:1]
        return [each for each in alarms if _is_meant(each, args)]

    def _cancelled(self, ended: list[Alarm]) -> str:
        if len(ended) > 1:
            return f"I've cancelled all {len(ended)} alarms."
        return f"I've cancelled {self._called(ended[0])}."

    def _called(self, alarm: Alarm) -> str:
        if alarm.name:
            return f"the {alarm.name} alarm"
        if alarm.repeat is not None:
            return f"the {say_time(alarm.at)} alarm {say_repeat(alarm.repeat, alarm.at)}"
        return f"the alarm {say_when(alarm.at, self._local())}".removesuffix(".")

    def _told(self, alarms: list[Alarm]) -> str:
        if not alarms:
            return "There's no alarm set."
        each = [self._line(alarm) for alarm in alarms]
        if len(each) == 1:
            return f"You have an alarm {each[0]}".removesuffix(".") + "."
        return f"You have {len(each)} alarms: {'; '.join(each)}".removesuffix(".") + "."

    def _line(self, alarm: Alarm) -> str:
        name = f", {alarm.name}" if alarm.name else ""
        if alarm.rings:
            return f"that is ringing{name}"
        return say_when(alarm.at, self._local()) + and_repeat(alarm.repeat, alarm.at) + name

    def _local(self) -> datetime:
        return self._now().replace(tzinfo=None)

    def _no(self, facts: dict[str, object], spoken: str) -> Receipt:
        return Receipt(self.name, False, facts, spoken)


def _says_which(args: AlarmArgs) -> bool:
    return args.all or any((args.id, args.name, args.time, args.day, args.at))


def _is_meant(alarm: Alarm, args: AlarmArgs) -> bool:
    if (args.id is not None and args.id != alarm.id) or alarm.id in args.others:
        return False
    if args.name is not None and args.name.casefold() not in (alarm.name or "").casefold():
        return False
    if args.day is not None and args.day != alarm.at.date():
        return False
    if args.at is not None and args.at != alarm.at:
        return False
    return args.time is None or alarm.at.time().replace(second=0, microsecond=0) == _time(args.time)


def _time(said: str) -> time:
    """Raises ValueError."""
    return time.fromisoformat(said)


def snoozed(seconds: float) -> str:
    """What is said of an alarm that was snoozed."""
    return f"Snoozed for {say_duration(seconds)}."
