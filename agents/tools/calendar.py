"""The calendar: what is next, what is on a day, when something is, and adding to one's own file.

What others wrote into an event is read out as a template's words, cut short and without markup; no
model is given it, and nothing is done because of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import ClassVar, Final, Literal, Protocol

from agents.entries import spoken
from agents.relevance import content_words
from agents.tools import Call, Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow, Piece
from agents.tools.say_when import say_day, say_time, say_when
from context.errors import LapelError
from context.labels import Trust
from context.policy import OWNER_GENERAL, Purpose

_MOST_SPOKEN: Final = 6
_MOST_LOOKED_AT: Final = 2000
_AHEAD: Final = timedelta(days=366)
_TITLE: Final = 80
_ANY_EVENT: Final = content_words("appointment appointments meeting event entry date next")
_USUAL_S: Final = 3600.0
_LONGEST_S: Final = 14 * 86_400.0
_NOT_OPEN: Final = "Your calendar is for you alone: ask me again when nobody else can hear it."
_ADD_ONLY_OWNER: Final = "Only you can put something on your calendar."

Day = date  # in a class that has a field of that name


@dataclass(frozen=True)
class Event:
    """One thing on the calendar. start, end: the owner's wall time, naive. whole_day: it has no
    hour. own: it is in the file that the assistant writes.
    """

    uid: str
    title: str
    start: datetime
    end: datetime
    whole_day: bool = False
    own: bool = False


class Events(Protocol):
    """What keeps the calendar. Raises LapelError or OSError when it can't be read or written."""

    def after(self, moment: datetime) -> Iterator[Event]:
        """What ends after a moment of the owner's wall time, naive, the next to begin first."""
        ...

    def between(self, begin: datetime, end: datetime) -> list[Event]:
        """What goes on between two moments, the first to begin first."""
        ...

    def add(self, title: str, start: datetime, seconds: float) -> Event:
        """Put something on the calendar; it is on disk when this returns."""
        ...

    def remove(self, uid: str) -> bool:
        """Take off what was put on by `add`; False if there is no such thing."""
        ...

    @property
    def unread(self) -> int:
        """How many files could not be read the last time."""
        ...


class NoCalendar(LapelError):
    """There is no calendar here; the message says how to have one."""


class NoEvents:
    """A device without a calendar."""

    unread = 0

    def after(self, moment: datetime) -> Iterator[Event]:
        """Raises NoCalendar."""
        raise NoCalendar(
            "I have no calendar yet. Put calendar files into the folder that the setting"
            " tools.calendar.folder names."
        )

    def between(self, begin: datetime, end: datetime) -> list[Event]:
        """Raises NoCalendar."""
        return list(self.after(begin))

    def add(self, title: str, start: datetime, seconds: float) -> Event:
        """Raises NoCalendar."""
        return next(self.after(start))

    def remove(self, uid: str) -> bool:
        """False: there is none."""
        return False


class CalendarArgs(ToolArgs):
    """date: the day asked about. title: what is added or looked for. at: local. seconds: how long.
    uid: what is taken off again.
    """

    action: Literal["next", "day", "add", "find", "take_back"]
    date: Day | None = None
    title: str | None = None
    text: str | None = None
    at: datetime | None = None
    seconds: float | None = None
    uid: str | None = None


class CalendarTool(Tool[CalendarArgs]):
    """Reads the owner's calendar files and adds to one of them. now: aware, in the owner's zone."""

    name: ClassVar[str] = "calendar"
    description: ClassVar[str] = "read your calendar and add to it"
    acts: ClassVar[bool] = True
    trust: ClassVar[Trust] = Trust.TOOL_RESULT
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "next",
            "say what comes next on the calendar",
            ("where do I have to be next", "what am I supposed to do after this"),
            acts=False,
        ),
        Use(
            "day",
            "say what is on the calendar on a day",
            (
                "am I free on Friday",
                "how busy am I tomorrow",
                "is anything happening at the weekend",
                "what does my Tuesday look like",
            ),
            ("date",),
            acts=False,
        ),
        Use(
            "find",
            "say when something on the calendar is",
            ("when do I have to be at the dentist", "did I put down a day for the car wash"),
            ("title",),
            acts=False,
        ),
        Use(
            "add",
            "put an appointment on the calendar",
            (
                "I'm seeing Anna tomorrow at ten, put that down",
                "block Tuesday at three for the dentist",
                "pencil in lunch with Bob on Friday",
            ),
            ("title", "at", "seconds"),
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "add": Follow({Piece.TIME: "at"}, drops=("text",)),
        "day": Follow({Piece.DAY: "date"}),
        "find": Follow({Piece.NAME: "title"}, drops=("text",)),
    }
    args = CalendarArgs

    def __init__(self, events: Events, now: Callable[[], datetime]) -> None:
        self._events = events
        self._now = now

    def run(self, args: CalendarArgs, context: ToolContext) -> Receipt:
        """Do one action, for who may be told of the owner's life."""
        now = self._now().replace(tzinfo=None)
        if args.action == "add":
            return self._add(args, now, context)
        if OWNER_GENERAL not in context.mint(Purpose.ANSWER).compartments:
            return self._no("permission", _NOT_OPEN)
        match args.action:
            case "next":
                return self._next(now)
            case "find":
                return self._find(args.title or args.text, now)
            case "take_back":
                return self._take_back(args.uid or "")
            case _:
                return self._day(args.date or now.date(), now)

    def foresee(self, args: CalendarArgs, context: ToolContext) -> str | None:
        """What is read; what is added is only said once it is on disk."""
        changes = args.action in ("add", "take_back")
        return None if changes else self.run(args, context).spoken

    def _next(self, now: datetime) -> Receipt:
        coming = self._coming(now)
        event = next((each for each in coming if each.start >= now and not each.whole_day), None)
        if event is None:
            return self._read([], "You have nothing on your calendar in the next year.")
        return self._read([event], _ended(f"Next is {_title(event)}, {_when(event, now)}"))

    def _day(self, day: date, now: datetime) -> Receipt:
        begin = datetime.combine(day, time.min)
        found = self._events.between(begin, begin + timedelta(days=1))
        named = say_day(day, now.date()).removeprefix("on ")
        if not found:
            return self._read([], f"You have nothing on your calendar for {named}.")
        told = [_within_day(event) for event in found[:_MOST_SPOKEN]]
        if (more := len(found) - len(told)) > 0:
            told.append(f"and {more} more")
        things = "one thing" if len(found) == 1 else f"{len(found)} things"
        return self._read(found, _ended(f"You have {things} on {named}: {'; '.join(told)}"), named)

    def _find(self, title: str | None, now: datetime) -> Receipt:
        words = content_words(title or "")
        words = words - _ANY_EVENT or words
        if not words:
            asks = Proposal(self.name, {"action": "find"}, Slot.TEXT)
            return self._no("title", "Which appointment?", asks)
        found = (each for each in self._coming(now) if words <= content_words(each.title))
        some = list(islice(found, 2))
        if not some:
            said = f"I see no {spoken(title or '', 60)} on your calendar in the next year."
            return self._no("event", said)
        said = f"{_title(some[0])} is {_when(some[0], now)}"
        if len(some) > 1:
            said += f", and then {_when(some[1], now)}"
        return self._read(some, _ended(said[:1].upper() + said[1:]))

    def _add(self, args: CalendarArgs, now: datetime, context: ToolContext) -> Receipt:
        if context.said_by.trust is not Trust.OWNER:
            return self._no("permission", _ADD_ONLY_OWNER)
        _ = context.mint(Purpose.REMEMBER)  # only who may tell things may add to it
        title = " ".join((args.title or args.text or "").split()).strip(" .,;")
        kept = {
            name: value
            for name, value in (("title", title), ("at", args.at), ("seconds", args.seconds))
            if value
        }
        if not title:
            asks = Proposal(self.name, {"action": "add", **kept}, Slot.TEXT)
            return self._no("title", "What should I put on your calendar?", asks)
        if args.at is None:
            asks = Proposal(self.name, {"action": "add", **kept}, Slot.TIME)
            return self._no("at", "When is it?", asks)
        seconds = _USUAL_S if args.seconds is None else args.seconds
        if not 60 <= seconds <= _LONGEST_S or len(title) > 200:
            return self._no("seconds", "I can't put that on your calendar: it's too long.")
        at = args.at.replace(tzinfo=None)
        event = self._events.add(title, at, seconds)
        there = self._events.between(at, at + timedelta(seconds=60))
        if all(each.uid != event.uid for each in there):
            return self._no("verified", "I tried to add that, but it isn't on your calendar.")
        past = " That's in the past." if at < now else ""
        said = _ended(f"I've put {spoken(title, _TITLE)} on your calendar, {_when(event, now)}")
        said += past
        undo = Call(self.name, {"action": "take_back", "uid": event.uid})
        facts = {"action": "add", "event": event.uid, "at": at.isoformat(timespec="minutes")}
        return Receipt(self.name, True, facts, said, undo=undo, briefly=_when(event, now))

    def _take_back(self, uid: str) -> Receipt:
        if not self._events.remove(uid):
            return self._no("found", "That isn't on your calendar any more.")
        return Receipt(self.name, True, {"event": uid}, "I've taken that off your calendar.")

    def _coming(self, now: datetime) -> Iterator[Event]:
        for event in islice(self._events.after(now), _MOST_LOOKED_AT):
            if event.start > now + _AHEAD:
                return
            yield event

    def _read(self, events: Sequence[Event], said: str, day: str = "") -> Receipt:
        if day in ("today", "tomorrow", "yesterday"):
            said = said.replace(f" on {day}:", f" {day}:", 1)
        if unread := self._events.unread:
            files = "1 calendar file" if unread == 1 else f"{unread} calendar files"
            said += f" I couldn't read {files}."
        return Receipt(self.name, True, {"found": len(events), "unread": unread}, said)

    def _no(self, missing: str, said: str, asks: Proposal | None = None) -> Receipt:
        return Receipt(self.name, False, {"missing": missing}, said, asks)


def _ended(said: str) -> str:
    """A sentence with its full stop, which "p.m." brings along."""
    return said if said.endswith(".") else f"{said}."


def _title(event: Event) -> str:
    return spoken(event.title, _TITLE) or "something without a title"


def _when(event: Event, now: datetime) -> str:
    if event.whole_day:
        return say_day(event.start.date(), now.date())
    return say_when(event.start, now)


def _within_day(event: Event) -> str:
    at = "all day" if event.whole_day else f"at {say_time(event.start)}"
    return f"{_title(event)}, {at}"
