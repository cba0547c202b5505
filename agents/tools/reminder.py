"""Reminders: set, cancel and list. The device keeps them, and says them when they are due."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as day_of_year
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal, Protocol

from pydantic import NaiveDatetime

from agents.durations import say_duration
from agents.perspective import second_person
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
from agents.tools.alarm import LONGEST_S
from agents.tools.follow import Follow, Piece
from agents.tools.list_words import has_words
from agents.tools.say_when import and_repeat, say_day, say_when

MOST: Final = 100
MOST_CHARACTERS: Final = 500
_TOLD_AT_ONCE: Final = 8
_OF_WHAT: Final = "What should I remind you of?"
_LEAST_LETTERS: Final = 4
"""Of a word that alone says which reminder is meant."""


@dataclass(frozen=True)
class Reminder:
    """A reminder. text: "" if it has none; None if it can't be read now. at: when it is said next,
    the owner's wall clock, naive; None: when the owner next talks to the assistant.
    """

    id: str
    text: str | None
    at: datetime | None
    repeat: str | None = None


class ReminderSchedule(Protocol):
    """What keeps reminders. Raises LapelError or OSError when it can't."""

    def add_reminder(
        self,
        text: str,
        *,
        at: datetime | None = None,
        seconds: float | None = None,
        repeat: str | None = None,
    ) -> Reminder:
        """Set a reminder for a time, in so many seconds, or (neither) for when the owner next
        talks to the assistant; it survives a power cut once this returns. repeat: a recurrence
        rule, with `at`.
        """
        ...

    def cancel(self, thing_id: str, /) -> bool:
        """Take a reminder away; False if there is none of that id."""
        ...

    def reminders(self) -> list[Reminder]:
        """The reminders that are still to be said, the next first."""
        ...


class ReminderArgs(ToolArgs):
    """at: the first time, local. date: of the reminders that are asked for. id: which is meant,
    exactly; name: in words, as text is; others: ids of those that are not. was: the id of one that
    is set again.
    """

    action: Literal["set", "cancel", "list"]
    text: str | None = None
    at: NaiveDatetime | None = None
    seconds: float | None = None
    when: Literal["wake-up"] | None = None
    repeat: str | None = None
    date: day_of_year | None = None
    name: str | None = None
    all: bool = False
    id: str | None = None
    others: tuple[str, ...] = ()
    was: str | None = None


class ReminderTool(Tool[ReminderArgs]):
    """Sets, cancels and reads reminders. now: aware, in the owner's zone."""

    name: ClassVar[str] = "reminder"
    description: ClassVar[str] = "set reminders"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "set",
            "remind the owner of something at a time, in a while, or when they wake up",
            (
                "I mustn't miss calling the bank, jog my memory at ten",
                "nudge me about the laundry in half an hour",
            ),
            ("text", "at", "seconds", "when", "repeat"),
            needs=(("text",), ("at", "seconds", "when")),
        ),
        Use(
            "cancel",
            "cancel a reminder",
            ("I've called the dentist, no need to remind me", "scrap the thing about the bins"),
            ("text", "all"),
        ),
        Use(
            "list",
            "say which reminders there are",
            ("what did I want to be reminded of tomorrow", "what's still coming up"),
            ("date",),
            acts=False,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "set": Follow(
            {Piece.DURATION: "seconds", Piece.TIME: "at"},
            instead=("seconds", "when"),
            it="the reminder",
            anew="set a reminder",
            ids="id",
            ends={"action": "cancel"},
        ),
        "cancel": Follow(
            {Piece.NAME: "text"},
            frozenset({Piece.NAME}),
            ("text", "name", "at", "id", "others", "all"),
            other="others",
            it="the reminder",
        ),
        "list": Follow({Piece.DAY: "date"}, it="the reminder", ids="id", ends={"action": "cancel"}),
    }
    args = ReminderArgs

    def __init__(self, schedule: ReminderSchedule, now: Callable[[], datetime]) -> None:
        self._schedule = schedule
        self._now = now

    def run(self, args: ReminderArgs, context: ToolContext) -> Receipt:
        """Do one action; "set" without a text or a time asks for it."""
        match args.action:
            case "set":
                return self._set(args)
            case "cancel":
                return self._cancel(args)
            case "list":
                found = self._on(args.date)
                facts = {"action": "list", "reminders": [each.id for each in found]}
                return Receipt(self.name, True, facts, self._told(found, args.date))

    def foresee(self, args: ReminderArgs, context: ToolContext) -> str | None:
        """What a reminder that is set or cancelled would be called."""
        if args.action == "set":
            refused = self._refused(args)
            return refused.spoken if refused else self._set_sentence(args)
        if args.action == "cancel":
            meant = self._meant(args)
            if meant and (len(meant) == 1 or args.all):
                return _cancelled(meant)
        return self.run(args, context).spoken  # a list, a question or a refusal: nothing changes

    def ended_by(self, name: str) -> Mapping[str, object] | None:
        """What cancels the reminder of that name; None where there is none."""
        is_set = any(has_words(name, each.text) for each in self._schedule.reminders())
        return {"action": "cancel", "text": name} if is_set else None

    def _refused(self, args: ReminderArgs) -> Receipt | None:
        """Why none is set, or the question for what or for when."""
        raw = args.model_dump(mode="json", exclude_defaults=True)
        if not (args.text or "").strip() and args.was is None:
            asks = Proposal(self.name, raw, Slot.TEXT)
            return Receipt(self.name, False, {"missing": "text"}, _OF_WHAT, asks)
        if args.at is None and args.seconds is None and args.when is None:
            asks = Proposal(self.name, raw, Slot.TIME)
            return Receipt(self.name, False, {"missing": "at"}, "When?", asks)
        if args.text is not None and len(args.text) > MOST_CHARACTERS:
            return self._no({"long": True}, "That's too long for a reminder: make it shorter.")
        if args.seconds is not None and not 1 <= args.seconds <= LONGEST_S:
            return self._no({"seconds": args.seconds}, "I can remind you up to a year ahead.")
        if args.at is not None and args.repeat is None and args.at <= self._local():
            return self._no({"past": True}, "That time is already past.")
        if len(self._schedule.reminders()) >= MOST:
            full = f"There are {MOST} reminders already, the most I keep."
            return self._no({"reminders": MOST}, full)
        return None

    def _set(self, args: ReminderArgs) -> Receipt:
        if (refused := self._refused(args)) is not None:
            return refused
        at, seconds = args.at, args.seconds if args.at is None else None
        if args.repeat is not None and seconds is not None:
            at, seconds = self._local() + timedelta(seconds=seconds), None
        reminder = self._schedule.add_reminder(
            args.text or "",
            at=at,
            seconds=seconds,
            repeat=args.repeat if at is not None else None,
        )
        facts: dict[str, object] = {"action": "set", "reminder": reminder.id, "was": args.was}
        briefly = ""
        if reminder.at is not None:
            facts["at"] = reminder.at.isoformat(timespec="minutes")
            repeat = and_repeat(reminder.repeat, reminder.at)
            briefly = say_when(reminder.at, self._local()) + repeat
        undo = Call(self.name, {"action": "cancel", "id": reminder.id})
        return Receipt(self.name, True, facts, self._set_sentence(args), undo=undo, briefly=briefly)

    def _set_sentence(self, args: ReminderArgs) -> str:
        text = f" {_to(args.text)}" if args.text else ""
        if args.at is not None:
            when = say_when(args.at, self._local()) + and_repeat(args.repeat, args.at)
        elif args.seconds is not None:
            later = self._local() + timedelta(seconds=args.seconds)
            when = f"in {say_duration(args.seconds)}" + and_repeat(args.repeat, later)
        else:
            when = "when you next talk to me"
        return f"I'll remind you {when}{':' if text else ''}{text}".removesuffix(".") + "."

    def _cancel(self, args: ReminderArgs) -> Receipt:
        reminders, meant = self._schedule.reminders(), self._meant(args)
        if not reminders:
            return self._no({"reminders": 0}, "There are no reminders.")
        if not meant:
            told = self._told(reminders, None)
            return self._no({"reminders": len(reminders)}, f"I have no such reminder. {told}")
        if len(meant) > 1 and not args.all:
            asks = Proposal(self.name, {"action": "cancel"}, Slot.WHICH)
            question = f"Which one? {self._told(meant, None)}"
            return Receipt(self.name, False, {"missing": "which"}, question, asks)
        ended = [each for each in meant if self._schedule.cancel(each.id)]
        if not ended:
            return self._no({"reminders": len(reminders)}, "That reminder is already over.")
        facts = {"action": "cancel", "reminders": [each.id for each in ended]}
        undo = together([self._call_again(each) for each in ended])
        return Receipt(self.name, True, facts, _cancelled(ended), undo=undo)

    def _call_again(self, reminder: Reminder) -> Call:
        args: dict[str, object] = {
            "text": reminder.text,
            "repeat": reminder.repeat,
            "was": reminder.id,
        }
        args |= {"at": reminder.at.isoformat()} if reminder.at else {"when": "wake-up"}
        known = {key: value for key, value in args.items() if value is not None}
        return Call(self.name, {"action": "set", **known})

    def _meant(self, args: ReminderArgs) -> list[Reminder]:
        reminders = [each for each in self._schedule.reminders() if each.id not in args.others]
        if args.id is not None:
            return [each for each in reminders if each.id == args.id]
        said = args.text or args.name
        if said is None:
            return [each for each in reminders if args.at is None or each.at == args.at]
        exact = [each for each in reminders if _bare(said) in _bare(each.text or "")]
        if exact:
            return exact
        words = {word for word in _bare(said).split() if len(word) >= _LEAST_LETTERS}
        return [each for each in reminders if words & set(_bare(each.text or "").split())]

    def _on(self, day: day_of_year | None) -> list[Reminder]:
        found = self._schedule.reminders()
        if day is None:
            return found
        return [each for each in found if each.at is not None and each.at.date() == day]

    def _told(self, reminders: list[Reminder], day: day_of_year | None) -> str:
        which = "" if day is None else f" {say_day(day, self._local().date())}"
        if not reminders:
            return f"You have no reminders{which}."
        lines = [self._line(each) for each in reminders[:_TOLD_AT_ONCE]]
        more = len(reminders) - len(lines)
        if len(reminders) == 1:
            return f"You have one reminder{which}: {lines[0]}".removesuffix(".") + "."
        rest = f"; and {more} more" if more else ""
        told = f"You have {len(reminders)} reminders{which}: {'; '.join(lines)}{rest}"
        return told.removesuffix(".") + "."

    def _line(self, reminder: Reminder) -> str:
        text = "something that I can't read now" if reminder.text is None else _to(reminder.text)
        text = text or "one without a text"
        if reminder.at is None:
            return f"{text}, when you next talk to me"
        when = say_when(reminder.at, self._local()) + and_repeat(reminder.repeat, reminder.at)
        return f"{text}, {when}"

    def _local(self) -> datetime:
        return self._now().replace(tzinfo=None)

    def _no(self, facts: dict[str, object], spoken: str) -> Receipt:
        return Receipt(self.name, False, facts, spoken)


def _to(text: str) -> str:
    return second_person(text.rstrip(" .!"))


def _cancelled(ended: list[Reminder]) -> str:
    if len(ended) > 1:
        return f"I've cancelled all {len(ended)} reminders."
    text = ended[0].text
    return f"I've cancelled the reminder: {_to(text)}." if text else "I've cancelled the reminder."


def _bare(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
