"""The calendar: what is next, what is on some days, when something is, and changing one's own file.

Only what the assistant itself has put there is moved or taken off, and that is asked about first.

What others wrote into an event is read out as a template's words, cut short and without markup; no
model is given it, and nothing is done because of it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import ClassVar, Final, Literal, Protocol

from agents.entries import spoken
from agents.perspective import second_person
from agents.relevance import content_words
from agents.times import Kept, nearest
from agents.tools import Call, Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow, Piece
from agents.tools.reminder import Reminder, ReminderSchedule
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
_ONLY_OWNER: Final = "Only you can change your calendar."
_ARTICLE: Final = re.compile(r"^(?:the|my|our|an?)\s+", re.IGNORECASE)
_WHICH: Final = "Which appointment?"
_NOT_AGAIN: Final = "I can't put what repeats on your calendar: tell me a single day."
_MOST_ALIKE: Final = 4
_HOURS: Final = {"morning": (0, 12), "afternoon": (12, 18), "evening": (17, 24)}
"""From which hour to which a part of the day lasts."""
_ALONE: Final = ("today", "tomorrow", "yesterday", "this")
"""Days that are said without "on"."""
_HERE: Final = {"today": "this ", "tomorrow": "tomorrow ", "yesterday": "yesterday "}

Day = date  # in a class that has a field of that name


@dataclass(frozen=True)
class Event:
    """One thing on the calendar. start, end: the owner's wall time, naive. whole_day: it has no
    hour. own: the assistant put it there, and there is no more to it than is told here.
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
    """date: the day asked about, or of what is meant; until: the last one, of several. part: of
    the day. title: what is added or looked for. at: local. seconds: how long. time: at which what
    is meant begins, "HH:MM", by a clock of 12 hours. uid: exactly what is moved or taken off, as
    the owner has agreed; was: when it began. keeps: what stays of the time of what is moved to
    `at`, as only the rest was said. repeat: a recurrence rule, which is refused.
    """

    action: Literal["next", "day", "add", "find", "take_back", "remove", "move"]
    date: Day | None = None
    until: Day | None = None
    part: Literal["morning", "afternoon", "evening"] | None = None
    time: str | None = None
    was: datetime | None = None
    title: str | None = None
    text: str | None = None
    at: datetime | None = None
    seconds: float | None = None
    uid: str | None = None
    keeps: tuple[Kept, ...] = ()
    repeat: str | None = None


class CalendarTool(Tool[CalendarArgs]):
    """Reads the owner's calendar files and changes one of them. now: aware, in the owner's zone.
    reminders: keeps those that are told with a day.
    """

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
            "say what is on the calendar on a day, a weekend or in a week",
            (
                "am I free on Friday",
                "how busy am I tomorrow",
                "is anything happening at the weekend",
                "what does my Tuesday look like",
            ),
            ("date", "until", "part"),
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
            needs=(("title",), ("at",)),
        ),
        Use(
            "remove",
            "take an appointment off the calendar",
            (
                "swimming isn't happening, take it out of the diary",
                "lunch with Bob on Friday has been called off",
            ),
            ("title", "date", "time"),
            asks=True,
        ),
        Use(
            "move",
            "move an appointment on the calendar to another time",
            (
                "the accountant can only see me at three now",
                "lunch with Bob has been put off to Friday at one",
            ),
            ("title", "at"),
            asks=True,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "add": Follow({Piece.TIME: "at"}, drops=("text",)),
        "day": Follow({Piece.DAYS: "date"}, drops=("until", "part")),
        "find": Follow({Piece.NAME: "title"}, drops=("text",)),
    }
    args = CalendarArgs

    def __init__(
        self,
        events: Events,
        now: Callable[[], datetime],
        reminders: ReminderSchedule | None = None,
    ) -> None:
        self._events = events
        self._now = now
        self._reminders = reminders

    def run(self, args: CalendarArgs, context: ToolContext) -> Receipt:
        """Do one action, for who may be told of the owner's life."""
        now = self._now().replace(tzinfo=None)
        if args.repeat is not None:
            return self._no("repeat", _NOT_AGAIN)
        if args.action == "add":
            return self._add(args, now, context)
        if OWNER_GENERAL not in context.mint(Purpose.ANSWER).compartments:
            return self._no("permission", _NOT_OPEN)
        match args.action:
            case "remove" | "move":
                return self._changed(args, now, context)
            case "next":
                return self._next(now)
            case "find":
                return self._find(args.title or args.text, now)
            case "take_back":
                return self._take_back(args.uid or "")
            case _:
                return self._days(args, now)

    def foresee(self, args: CalendarArgs, context: ToolContext) -> str | None:
        """What is read or asked; what is changed is only said once it is on disk."""
        changes = args.action in ("add", "take_back") or args.uid is not None
        return None if changes else self.run(args, context).spoken

    def _next(self, now: datetime) -> Receipt:
        coming = self._coming(now)
        event = next((each for each in coming if each.start >= now and not each.whole_day), None)
        if event is None:
            return self._read([], "You have nothing on your calendar in the next year.")
        return self._read([event], _ended(f"Next is {_title(event)}, {_when(event, now)}"))

    def _days(self, args: CalendarArgs, now: datetime) -> Receipt:
        first = args.date or now.date()
        last = max(first, args.until or first)
        begin, end = _stretch(first, last, args.part)
        found = self._events.between(begin, end)
        named = _named(first, last, args.part, now.date())
        reminders = self._reminded(begin, end, now)
        if not found:
            free = f"You have nothing on your calendar {named[0]}{named[1]}."
            return self._read([], free + reminders)
        one = first == last
        told = [
            f"{_title(each)}, {_within_day(each) if one else _when(each, now)}"
            for each in found[:_MOST_SPOKEN]
        ]
        if (more := len(found) - len(told)) > 0:
            told.append(f"and {more} more")
        things = "one thing" if len(found) == 1 else f"{len(found)} things"
        on = "" if named[1].split()[0] in _ALONE else "on "
        on = on if one else named[0]
        said = _ended(f"You have {things} {on}{named[1]}: {'; '.join(told)}")
        return self._read(found, said + reminders)

    def _reminded(self, begin: datetime, end: datetime, now: datetime) -> str:
        """The reminders of a stretch, in a sentence to follow; "" where there are none."""
        set_now = () if self._reminders is None else self._reminders.reminders()
        due = [each for each in set_now if each.at and begin <= each.at < end]
        told = [
            f"{_reminder(each)}, {say_when(each.at, now)}" for each in due[:_MOST_SPOKEN] if each.at
        ]
        if (more := len(due) - len(told)) > 0:
            told.append(f"and {more} more")
        things = "one reminder" if len(due) == 1 else f"{len(due)} reminders"
        return f" And {things}: {_ended('; '.join(told))}" if due else ""

    def _find(self, title: str | None, now: datetime) -> Receipt:
        words = content_words(title or "")
        words = words - _ANY_EVENT or words
        if not words:
            asks = Proposal(self.name, {"action": "find"}, Slot.TEXT)
            return self._no("title", _WHICH, asks)
        found = (each for each in self._coming(now) if words <= content_words(each.title))
        some = list(islice(found, 2))
        if not some:
            said = f"I see no {spoken(title or '', 60)} on your calendar in the next year."
            return self._no("event", said)
        said = f"{_title(some[0])} is {_when(some[0], now)}"
        if len(some) > 1:
            said += f", and then {_when(some[1], now)}"
        return self._read(some, _ended(_capital(said)))

    def _add(self, args: CalendarArgs, now: datetime, context: ToolContext) -> Receipt:
        if context.said_by.trust is not Trust.OWNER:
            return self._no("permission", _ONLY_OWNER)
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

    def _changed(self, args: CalendarArgs, now: datetime, context: ToolContext) -> Receipt:
        """Take something off, or move it; first ask about it."""
        if context.said_by.trust is not Trust.OWNER:
            return self._no("permission", _ONLY_OWNER)
        _ = context.mint(Purpose.REMEMBER)
        if args.uid is not None and args.was is not None:
            return self._moved(args, now) if args.action == "move" else self._taken_off(args, now)
        kept = {"action": args.action} | ({"at": args.at, "keeps": args.keeps} if args.at else {})
        words = content_words(args.title or args.text or "")
        if not (words - _ANY_EVENT or args.date or args.time):
            return self._no("title", _WHICH, Proposal(self.name, kept, Slot.TEXT))
        if args.action == "move" and args.at is None:
            title = {"title": args.title or args.text}
            return self._no("at", "To when?", Proposal(self.name, kept | title, Slot.TIME))
        found = list(islice((e for e in self._coming(now) if _is_meant(e, args)), _MOST_LOOKED_AT))
        own = [each for each in found if each.own]
        if not found:
            named = spoken(args.title or args.text or "", 60)
            named = _ARTICLE.sub("", named) or "such appointment"
            return self._no("event", f"I see no {named} on your calendar in the next year.")
        if not own:
            said = f"{_title(found[0])}, {_when(found[0], now)}, is in a calendar that I only read"
            return self._no("own", _ended(f"{_capital(said)}: change it where you keep it"))
        if len(own) > 1:
            told = "; ".join(f"{_title(each)}, {_when(each, now)}" for each in own[:_MOST_ALIKE])
            said = _ended(f"There are {len(own)} of them: {told}")
            return self._no("which", f"{said} Say it again with the day and the time.")
        event = own[0]
        asked = {
            "action": args.action,
            "uid": event.uid,
            "title": event.title,
            "was": event.start.isoformat(),
            "seconds": (event.end - event.start).total_seconds(),
        }
        what = f"{_title(event)}, {_when(event, now)}"
        if args.action == "remove":
            asks = Proposal(self.name, asked, Slot.YES)
            return self._no("yes", f"Shall I take {what}, off your calendar?", asks)
        at = _moved_to(event.start, (args.at or event.start).replace(tzinfo=None), args.keeps, now)
        asks = Proposal(self.name, asked | {"at": at.isoformat()}, Slot.YES)
        to = say_when(at, now).removeprefix("at ")
        return self._no("yes", f"Shall I move {what}, to {to}?", asks)

    def _taken_off(self, args: CalendarArgs, now: datetime) -> Receipt:
        done = self._take_back(args.uid or "")
        if not done.ok or args.was is None:
            return done
        again = {"title": args.title, "at": args.was.isoformat(), "seconds": args.seconds}
        said = f"I've taken {spoken(args.title or 'that', _TITLE)} off your calendar."
        undo = Call(self.name, {"action": "add", **again})
        return Receipt(self.name, True, {"action": "remove", "event": args.uid}, said, undo=undo)

    def _moved(self, args: CalendarArgs, now: datetime) -> Receipt:
        """Put it where it goes, then take it off where it was, so that nothing is lost between."""
        if args.at is None or args.was is None or args.title is None:
            return self._no("at", "I didn't understand that.")
        at, seconds = args.at.replace(tzinfo=None), args.seconds or _USUAL_S
        event = self._events.add(args.title, at, seconds)
        if not self._events.remove(args.uid or ""):
            _ = self._events.remove(event.uid)
            return self._no("found", "That isn't on your calendar any more.")
        back = {"uid": event.uid, "title": args.title, "seconds": seconds, "was": at.isoformat()}
        undo = Call(self.name, {"action": "move", **back, "at": args.was.isoformat()})
        title = _capital(spoken(args.title, _TITLE))
        said = _ended(f"{title} is now {_when(event, now)}")
        facts = {"action": "move", "event": event.uid, "at": at.isoformat(timespec="minutes")}
        return Receipt(self.name, True, facts, said, undo=undo)

    def _take_back(self, uid: str) -> Receipt:
        if not self._events.remove(uid):
            return self._no("found", "That isn't on your calendar any more.")
        return Receipt(self.name, True, {"event": uid}, "I've taken that off your calendar.")

    def _coming(self, now: datetime) -> Iterator[Event]:
        for event in islice(self._events.after(now), _MOST_LOOKED_AT):
            if event.start > now + _AHEAD:
                return
            yield event

    def _read(self, events: Sequence[Event], said: str) -> Receipt:
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
    return "all day" if event.whole_day else f"at {say_time(event.start)}"


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def _reminder(reminder: Reminder) -> str:
    if reminder.text is None:
        return "something that I can't read now"
    return second_person(reminder.text.rstrip(" .!")) or "one without a text"


def _stretch(first: date, last: date, part: str | None) -> tuple[datetime, datetime]:
    """From when to when days last, or a part of one."""
    begin = datetime.combine(first, time.min)
    if part is None or first != last:
        return begin, datetime.combine(last, time.min) + timedelta(days=1)
    opens, closes = _HOURS[part]
    return begin + timedelta(hours=opens), begin + timedelta(hours=closes)


def _named(first: date, last: date, part: str | None, today: date) -> tuple[str, str]:
    """Days in words, with what comes before them: "for" "Sunday morning", "from" "…"."""
    begins = say_day(first, today).removeprefix("on ")
    if first != last:
        return "from ", f"{begins} to {say_day(last, today).removeprefix('on ')}"
    if part is None:
        return "for ", begins
    return "for ", f"{_HERE.get(begins, f'{begins} ')}{part}"


def _moved_to(start: datetime, at: datetime, keeps: tuple[Kept, ...], now: datetime) -> datetime:
    """The time that is said by `at`, with what is kept of `start`."""
    day = start.date() if "day" in keeps else at.date()
    if "time" in keeps:
        return datetime.combine(day, start.time())
    beside = datetime.combine(day, start.time())
    return nearest(at.time(), beside, now, bare="half" in keeps)


def _is_meant(event: Event, args: CalendarArgs) -> bool:
    """Whether the words, the day and the hour that were said of an event are its own."""
    words = content_words(args.title or args.text or "") - _ANY_EVENT
    if not words <= content_words(event.title):
        return False
    if args.date is not None and event.start.date() != args.date:
        return False
    if args.time is None:
        return True
    said = time.fromisoformat(args.time)
    return (event.start.hour % 12, event.start.minute) == (said.hour % 12, said.minute)
