"""The time here and elsewhere, the date, the day, the week, and how long until a day."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import ClassVar, Literal

from agents.entries import spoken
from agents.places import zone_of
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow, Piece

# Not strftime's names: those change with the machine's locale.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)

Day = date  # in a class that has a field of that name


class ClockArgs(ToolArgs):
    """What is asked. place: a city or country, as said. date: the day that is meant."""

    action: Literal["time", "date", "day", "year", "week", "until"]
    place: str | None = None
    date: Day | None = None


class ClockTool(Tool[ClockArgs]):
    """Tells the time. now: aware, in the owner's zone."""

    name: ClassVar[str] = "clock"
    description: ClassVar[str] = "tell the time"
    acts: ClassVar[bool] = False
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "time",
            "tell the time, here or in another city",
            (
                "is it late already",
                "how late is it over in Tokyo",
                "could I still call somebody in New York",
                "my watch stopped, what does yours say",
            ),
            ("place",),
            acts=False,
        ),
        Use(
            "date",
            "tell today's date",
            ("what do I write on this form for today", "which day of the month is it"),
            acts=False,
        ),
        Use(
            "day",
            "tell the day of the week, today or of a date",
            (
                "does the 3rd of March fall on a weekend",
                "which weekday is Christmas this year",
                "is it Friday yet",
            ),
            ("date",),
            acts=False,
        ),
        Use("year", "tell which year it is", ("are we still in 2026",), acts=False),
        Use(
            "week",
            "tell the number of the week",
            ("which calendar week are we in", "what's the week number"),
            acts=False,
        ),
        Use(
            "until",
            "count the days until a date",
            (
                "how long do I have to wait for Christmas",
                "how far away is the 1st of May",
                "how many sleeps until Friday",
            ),
            ("date",),
            acts=False,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "time": Follow({Piece.PLACE: "place"}),
        "day": Follow({Piece.DAY: "date"}),
        "until": Follow({Piece.DAY: "date"}),
    }
    args = ClockArgs

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def run(self, args: ClockArgs, context: ToolContext) -> Receipt:
        """Tell it as a voice reads it well: "It's 4:05 PM."."""
        now = self._now()
        match args.action:
            case "time" if args.place:
                said = _elsewhere(now, args.place)
            case "time":
                said = f"It's {_time(now)}."
            case "date":
                said = f"It's {_date(now.date(), now.year)}."
            case "day" if args.date is not None and args.date != now.date():
                is_or_was = "is" if args.date > now.date() else "was"
                day = _date(args.date, now.year).partition(", ")[2]
                said = f"{day} {is_or_was} a {_DAYS[args.date.weekday()]}."
            case "day":
                said = f"It's {_DAYS[now.weekday()]}."
            case "year":
                said = f"It's {now.year}."
            case "week":
                said = f"It's week {now.isocalendar().week}."
            case "until" if args.date is not None:
                said = _until(now.date(), args.date)
            case "until":
                asks = Proposal(self.name, {"action": "until"}, Slot.TIME, into="date")
                return Receipt(self.name, False, {"missing": "date"}, "Until which day?", asks)
        return Receipt(self.name, True, {"action": args.action}, said)


def _elsewhere(now: datetime, place: str) -> str:
    there = now.astimezone(zone_of(place))
    days = (there.date() - now.date()).days
    other = {0: "", 1: " tomorrow", -1: " yesterday"}[days]
    return f"It's {_time(there)}{other} in {spoken(place, 40)}."


def _until(today: date, day: date) -> str:
    days = (day - today).days
    name = _date(day, today.year)
    if days == 0:
        return f"{name} is today."
    if days < 0:
        return f"{name} was {_days(-days)} ago."
    weeks, rest = divmod(days, 7)
    exactly = f", which is {weeks} weeks" if rest == 0 and weeks > 1 else ""
    return f"{_days(days)} until {name}{exactly}." if days != 1 else f"{name} is tomorrow."


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"


def _time(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"


def _date(day: date, this_year: int) -> str:
    year = "" if day.year == this_year else f", {day.year}"
    return f"{_DAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {day.day}{year}"
