"""The weather at a place: asks a forecast service for it, and says it in a sentence or two."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Final, Literal, Protocol, TypeAlias

from pydantic import Field

from agents.egress import SPOKEN
from agents.entries import spoken
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow, Piece
from agents.tools.say_when import say_day
from context.labels import Label, Trust
from context.policy import Sink

NOT_SET_UP: Final = (
    'I don\'t look up the weather yet: set weather.engine to "open-meteo" in my settings.'
)
_Date: TypeAlias = date  # the field is called so too
_WHERE: Final = "For which place?"
_AROUND_PLACE: Final = re.compile(
    r"^(?:(?:um|uh|well|in|for|at|near|it's)\b[\s,]*)+|[\s,]*\b(?:please|thanks|thank you)[\s.!]*$",
    re.IGNORECASE,
)
"""What is said around a place where it is asked for."""
_MOST_DAYS: Final = 15
_PLACE_CHARACTERS: Final = 50

# The codes of WMO table 4677 that forecasts use.
_SKY: Final = {
    0: "clear", 1: "mostly clear", 2: "partly cloudy", 3: "overcast",
    45: "foggy", 48: "foggy, with frost",
    51: "light drizzle", 53: "drizzle", 55: "heavy drizzle",
    56: "freezing drizzle", 57: "freezing drizzle",
    61: "light rain", 63: "rain", 65: "heavy rain", 66: "freezing rain", 67: "freezing rain",
    71: "light snow", 73: "snow", 75: "heavy snow", 77: "snow grains",
    80: "light showers", 81: "showers", 82: "heavy showers",
    85: "snow showers", 86: "heavy snow showers",
    95: "thunderstorms", 96: "thunderstorms with hail", 99: "thunderstorms with hail",
}  # fmt: skip
_LIKE_WHAT: Final = ("clear", "mostly clear", "partly cloudy", "overcast", "foggy")


@dataclass(frozen=True)
class Place:
    """Where the weather is. name, country: the service's words. Degrees north and east."""

    name: str
    latitude: float
    longitude: float
    country: str = ""


@dataclass(frozen=True)
class Day:
    """One day's forecast, at the place. code: WMO's. Temperatures in degrees Celsius. rain: chance
    of rain or snow, in percent; None where that is not known.
    """

    day: date
    code: int
    low: float
    high: float
    rain: int | None = None


@dataclass(frozen=True)
class Now:
    """The weather at this moment. degrees: Celsius. wind: in km/h."""

    code: int
    degrees: float
    wind: float | None = None


class Forecast(Protocol):
    """A forecast service. label: of what leads to the request. Raises NetworkFailed, EgressDenied,
    or another LapelError.
    """

    @property
    def home(self) -> str:
        """The place that is meant where none is said; "" where there is none."""
        ...

    def find(self, name: str, label: Label) -> Place | None:
        """The place of that name; None where it knows none."""
        ...

    def now(self, place: Place, label: Label) -> tuple[Now, Day]:
        """The weather now, and today's."""
        ...

    def day(self, place: Place, day: date, label: Label) -> Day | None:
        """A day's; None where it does not reach so far."""
        ...


class WeatherArgs(ToolArgs):
    """place: as the owner says it. text: the same, as an answer. date: None for now."""

    action: Literal["now"] = "now"
    place: str | None = Field(default=None, max_length=80)
    date: _Date | None = None
    text: str | None = Field(default=None, max_length=80)


class WeatherTool(Tool[WeatherArgs]):
    """Tells the weather. forecast: None where none is set up. now: in the owner's zone."""

    name: ClassVar[str] = "weather"
    description: ClassVar[str] = "tell the weather"
    acts: ClassVar[bool] = False
    sink: ClassVar[Sink | None] = Sink.NETWORK
    trust: ClassVar[Trust] = Trust.TOOL_RESULT
    timeout_s: ClassVar[float] = 20.0
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "now",
            "tell the weather",
            ("should I take a coat?", "is it nice out in Lisbon?", "how cold will it get tonight?"),
            ("place", "date"),
            acts=False,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "now": Follow({Piece.DAY: "date", Piece.PLACE: "place"}, drops=("text",))
    }
    args = WeatherArgs

    def __init__(self, forecast: Forecast | None, now: Callable[[], datetime]) -> None:
        self._forecast = forecast
        self._now = now

    @property
    def set_up(self) -> bool:
        """Whether there is a source of the weather."""
        return self._forecast is not None

    def foresee(self, args: WeatherArgs, context: ToolContext) -> str | None:
        """Unknown: to look would already send the place."""
        return NOT_SET_UP if self._forecast is None else None

    def run(self, args: WeatherArgs, context: ToolContext) -> Receipt:
        """Find the place, then its weather."""
        forecast = self._forecast
        if forecast is None:
            return self._no("forecast", NOT_SET_UP)
        today = self._now().date()
        if args.date is not None and not 0 <= (args.date - today).days <= _MOST_DAYS:
            past = args.date < today
            why = "weather that is over" if past else "weather more than two weeks ahead"
            return self._no("date", f"I don't know of {why}.")
        said = args.place or (args.text and _AROUND_PLACE.sub("", args.text)) or None
        label = SPOKEN if said is None else Label(frozenset(), context.said_by.trust)
        name = said or forecast.home
        if not name:
            raw = args.model_dump(mode="json", exclude_none=True)
            return self._no("place", _WHERE, Proposal(self.name, raw, Slot.TEXT))
        place = forecast.find(name, label)
        if place is None:
            return self._no("found", "I don't know a place of that name.")
        where = "" if said is None else f" in {_named(place)}"
        facts = {"days": 0 if args.date is None else (args.date - today).days}
        if args.date is None or args.date == today:
            now, day = forecast.now(place, label)
            return Receipt(self.name, True, facts, _say_now(now, day, where))
        day = forecast.day(place, args.date, label)
        if day is None:
            return self._no("date", "The forecast doesn't reach so far.")
        return Receipt(self.name, True, facts, _say_day(day, today, where))

    def _no(self, missing: str, said: str, asks: Proposal | None = None) -> Receipt:
        return Receipt(self.name, False, {"missing": missing}, said, asks)


def _named(place: Place) -> str:
    """The place in the service's words, cut to what a name may be."""
    name = spoken(place.name, _PLACE_CHARACTERS) or "that place"
    country = spoken(place.country, _PLACE_CHARACTERS)
    return f"{name}, {country}," if country and country != name else name


def _say_now(now: Now, day: Day, where: str) -> str:
    sky = _SKY.get(now.code, "")
    there = "" if not sky else f" and {sky}" if sky in _LIKE_WHAT else f", with {sky}"
    windy = ", and windy" if now.wind is not None and now.wind >= 40 else ""
    ahead = f"Today: {_degrees(day)}{_rain(day)}."
    return f"It's {_round(now.degrees)} degrees{where.rstrip(',')}{there}{windy}. {ahead}"


def _say_day(day: Day, today: date, where: str) -> str:
    when = say_day(day.day, today)
    sky = _SKY.get(day.code, "")
    sky = f"{sky}, " if sky else ""
    return f"{when[:1].upper()}{when[1:]}{where.rstrip(',')}: {sky}{_degrees(day)}{_rain(day)}."


def _degrees(day: Day) -> str:
    low, high = _round(day.low), _round(day.high)
    return f"{low} degrees" if low == high else f"{low} to {high} degrees"


def _rain(day: Day) -> str:
    if day.rain is None:
        return ""
    wet = "snow" if day.code in (71, 73, 75, 77, 85, 86) else "rain"
    if day.rain < 5:
        return f", without {wet}"
    article = "an" if day.rain in (8, 11, 18) or 80 <= day.rain < 90 else "a"
    return f", with {article} {day.rain} percent chance of {wet}"


def _round(degrees: float) -> str:
    whole = round(degrees)
    return f"minus {-whole}" if whole < 0 else str(whole)
