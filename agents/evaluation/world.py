"""A world for one turn: it is filled from `before`, and read back for `after` and for comparison.

What a key of a suite's world stands for is a Part. The device has the parts of what it keeps; those
of the memory are here.
"""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from agents.agent import Agent, Text
from agents.entries import entry_of, entry_text
from agents.evaluation.errors import SuiteWrong
from agents.evaluation.record import RecordingToolbox
from agents.evaluation.simulated import SimulatedLevels, SimulatedPace, SimulatedSwitch
from agents.evaluation.suite import WorldIs
from agents.routine_steps import read as read_routine
from agents.routine_steps import written
from agents.tools.alarm import AlarmSchedule
from agents.tools.calendar import Events
from agents.tools.fake_forecast import FakeForecast
from agents.tools.fake_home import FakeHome
from agents.tools.fake_mcp import FakeServers
from agents.tools.levels import LevelName
from agents.tools.mcp import Answer, Offered
from agents.tools.reminder import ReminderSchedule
from agents.tools.timer import TimerSchedule
from agents.tools.weather import Place
from context.errors import LapelError
from context.items import Item, Provenance
from context.keys.keyring import Tier
from context.labels import Compartment, Sensitivity
from context.policy import (
    OWNER_GENERAL,
    OWNER_LISTS,
    OWNER_NOTES,
    OWNER_ROUTINES,
    Audience,
    Authentication,
    Principal,
    Purpose,
    Request,
    Scope,
    Sink,
)
from context.store import Store

_MOST_ITEMS = 10_000
_USUAL_S = 3600.0
_A_YEAR = timedelta(days=366)
_QUERY = {
    "type": "object",
    "properties": {"query": {"type": "string"}},
    "required": ["query"],
}
_LOOKED_UP = {
    "web": Offered(
        "web", "look_up", "Search the web", _QUERY, reads=True,
        examples=(
            "how tall is a tower", "who won the match", "when does the museum open", "a recipe",
            "how to get rid of something in the house", "the best way to store food",
        ),
    ),
    "mcp": Offered(
        "mcp", "look_up", "Read the inbox and the state of machines", {"type": "object"},
        reads=True,
        examples=("anything new in my inbox", "is the printer free", "how is the washing machine"),
    ),
}  # fmt: skip


class Part(Protocol):
    """One thing that a world has. Values are plain: numbers, texts, lists and dictionaries."""

    def put(self, value: Any, /) -> None:
        """Make it so. Raises LapelError."""
        ...

    def read(self) -> Any:
        """How it is now."""
        ...


class NotHere(LapelError):
    """A turn needs something that this world doesn't have; the message says what."""


@dataclass(frozen=True)
class World:
    """An assistant and all that it can change. It is one turn's, or one conversation's."""

    agent: Agent
    toolbox: RecordingToolbox
    parts: Mapping[str, Part]
    at: Callable[[WorldIs], None]
    """Sets its clock to what a world says, or to what it is by default."""
    note: Callable[[str], None]
    """Told each reply that was heard."""

    def fill(self, before: WorldIs) -> None:
        """Make the world as it is before the turn. Raises NotHere, and SuiteWrong for values that
        a part refuses.
        """
        self.at(before)
        given = before.given()
        history: Sequence[tuple[str, str]] = given.pop("history", None) or ()
        for key, value in given.items():
            if value not in ([], {}) and key not in self.parts:
                raise NotHere(f"no {key} in this world")
        for key, value in given.items():
            try:
                if key in self.parts:
                    self.parts[key].put(value)
            except NotHere:
                raise
            except LapelError as error:
                raise SuiteWrong(f"before.{key} can't be made so: {error}") from error
        for user, reply in history:
            self._converse(user, reply)
        self.toolbox.forget_calls()

    def read(self) -> dict[str, Any]:
        """All parts as they are now."""
        return {key: part.read() for key, part in self.parts.items()}

    def _converse(self, user: str, reply: str) -> None:
        """Have had `user` said, and `reply` heard to it; a command is carried out."""
        for part in self.agent.reply(user):
            if isinstance(part, Text):
                break
        self.agent.heard(user, reply)
        self.note(reply)


def timers_part(schedule: TimerSchedule, go_on: Callable[[float], None]) -> Part:
    """The timers that a schedule keeps. go_on: moves its clock by seconds, also back."""
    return _Timers(schedule, go_on)


def alarms_part(schedule: AlarmSchedule) -> Part:
    """The alarms that a schedule keeps."""
    return _Alarms(schedule)


def reminders_part(schedule: ReminderSchedule) -> Part:
    """The reminders that a schedule keeps."""
    return _Reminders(schedule)


def events_part(events: Events, now: Callable[[], datetime]) -> Part:
    """What is on a calendar, from a year ago to a year ahead. now: aware, in the owner's zone."""
    return _Events(events, now)


def level_parts(
    levels: SimulatedLevels, switch: SimulatedSwitch, pace: SimulatedPace
) -> dict[str, Part]:
    """What can be turned up, down and off."""
    return {
        "volume": _Level(levels, "volume"),
        "brightness": _Level(levels, "brightness"),
        "muted": _Muted(levels),
        "microphone": _ReadOnly(lambda: "muted" if switch.muted() else "open"),
        "pace": _ReadOnly(pace.factor),
    }


def home_part(home: FakeHome) -> Part:
    """The states of a home's devices, by name."""
    return _Home(home)


def results_part(
    forecast: FakeForecast | None, home: FakeHome | None, servers: FakeServers
) -> Part:
    """What the sources of tools answer, whatever they are asked: the place of a forecast, a device
    of the home, and a server of tools for the web and for all else ("web", "mcp").
    """
    return _Results(forecast, home, servers)


def memory_parts(store: Store) -> dict[str, Part]:
    """What a store holds."""
    return {
        "remembered": _Items(store, OWNER_GENERAL),
        "notes": _Items(store, OWNER_NOTES),
        "lists": _Lists(store),
        "routines": _Routines(store),
        "overheard": _Overheard(store),
        "permissions": _ReadOnly(lambda: [repr(each) for each in store.grants.all()]),
        "locked": _ReadOnly(lambda: [str(tier) for tier in Tier if store.keyring.locked(tier)]),
    }


class _ReadOnly:
    """What a suite can't set, but a turn can change."""

    def __init__(self, read: Callable[[], Any]) -> None:
        self.read = read

    def put(self, value: Any) -> None:
        raise NotHere("this can't be set")


class _Level:
    def __init__(self, levels: SimulatedLevels, name: LevelName) -> None:
        self._levels = levels
        self._name: LevelName = name

    def put(self, value: float) -> None:
        self._levels.set_percent(self._name, round(value))

    def read(self) -> int | None:
        return self._levels.percent(self._name)


class _Muted:
    def __init__(self, levels: SimulatedLevels) -> None:
        self.put = levels.mute
        self.read = levels.muted


class _Home:
    def __init__(self, home: FakeHome) -> None:
        self.put = home.become
        self.read = home.states


class _Results:
    def __init__(
        self, forecast: FakeForecast | None, home: FakeHome | None, servers: FakeServers
    ) -> None:
        self._forecast = forecast
        self._home = home
        self._servers = servers
        self._answered: list[Any] = []

    def put(self, value: Sequence[Mapping[str, Any]]) -> None:
        for each in value:
            tool, text = each["tool"], each["text"]
            if tool == "weather" and self._forecast is not None:
                self._forecast.anywhere = Place(text, 52.5, 13.4, text)
            elif tool == "home" and self._home is not None:
                self._home.become({text: "on"})
            elif tool in _LOOKED_UP:
                if importlib.util.find_spec("jsonschema") is None:
                    raise NotHere("the extra lapel[mcp] is not installed")
                self._servers.answers[tool] = Answer((text,))
                self._servers.offers = (*self._servers.offers, _LOOKED_UP[tool])
            else:
                raise NotHere(f"no results of {tool} in this world")
        self._answered = list(value)

    def read(self) -> list[Any]:
        return self._answered


class _Timers:
    def __init__(self, schedule: TimerSchedule, go_on: Callable[[float], None]) -> None:
        self._schedule = schedule
        self._go_on = go_on

    def put(self, value: Sequence[Mapping[str, Any]]) -> None:
        for each in value:
            ran_s = each["seconds"] - (each.get("left") or each["seconds"])
            self._go_on(-ran_s)
            timer = self._schedule.add(each["seconds"], each.get("name"))
            self._go_on(ran_s)
            if each.get("paused"):
                _ = self._schedule.pause(timer.id)

    def read(self) -> list[dict[str, Any]]:
        return [
            {
                "seconds": each.duration_s,
                "name": each.name,
                "left": round(each.remaining_s),
                "paused": each.paused,
            }
            for each in self._schedule.running()
        ]


class _Alarms:
    def __init__(self, schedule: AlarmSchedule) -> None:
        self._schedule = schedule

    def put(self, value: Sequence[Mapping[str, Any]]) -> None:
        for each in value:
            _ = self._schedule.add_alarm(
                at=datetime.fromisoformat(each["at"]),
                repeat=each.get("repeat"),
                name=each.get("name"),
            )

    def read(self) -> list[dict[str, Any]]:
        return [
            {"at": _minute(each.at), "repeat": each.repeat, "name": each.name}
            for each in self._schedule.alarms()
        ]


class _Reminders:
    def __init__(self, schedule: ReminderSchedule) -> None:
        self._schedule = schedule

    def put(self, value: Sequence[Mapping[str, Any]]) -> None:
        for each in value:
            at = each.get("at")
            _ = self._schedule.add_reminder(
                each["text"],
                at=datetime.fromisoformat(at) if at else None,
                repeat=each.get("repeat"),
            )

    def read(self) -> list[dict[str, Any]]:
        return [
            {
                "text": each.text,
                "at": _minute(each.at),
                "repeat": each.repeat,
                "when": None if each.at else "wake-up",
            }
            for each in self._schedule.reminders()
        ]


class _Events:
    def __init__(self, events: Events, now: Callable[[], datetime]) -> None:
        self._events = events
        self._now = now

    def put(self, value: Sequence[Mapping[str, Any]]) -> None:
        for each in value:
            start = datetime.fromisoformat(each["at"])
            _ = self._events.add(each["title"], start, each.get("seconds") or _USUAL_S)

    def read(self) -> list[dict[str, Any]]:
        now = self._now().replace(tzinfo=None)
        return [
            {
                "title": each.title,
                "at": _minute(each.start),
                "seconds": (each.end - each.start).total_seconds(),
            }
            for each in self._events.between(now - _A_YEAR, now + _A_YEAR)
        ]


class _Items:
    """The items of one compartment, and of the restricted one beside it."""

    def __init__(self, store: Store, place: Compartment) -> None:
        self._store = store
        self._place = place

    def put(self, value: Sequence[str | Mapping[str, Any]]) -> None:
        for each in value:
            said: Mapping[str, Any] = {"text": each} if isinstance(each, str) else each
            place = self._place
            if said.get("restricted"):
                place = Compartment(place.subject, place.domain, Sensitivity.RESTRICTED)
            by = Provenance.OWNER_SPOKE
            if said.get("trust") == "imported":
                by = Provenance.IMPORTED
            scope = _scope(self._store, Purpose.REMEMBER)
            _ = self._store.remember(scope, said["text"], compartment=place, said_by=by)

    def read(self) -> list[dict[str, Any]]:
        found = [each for each in _items(self._store) if _lies_in(each, self._place)]
        return [
            {
                "text": each.text,
                "restricted": any(
                    place.sensitivity is Sensitivity.RESTRICTED for place in each.label.compartments
                ),
                "trust": each.label.trust.name.lower(),
            }
            for each in sorted(found, key=lambda each: each.text)
        ]


class _Lists:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._items = _Items(store, OWNER_LISTS)

    def put(self, value: Mapping[str, Sequence[str]]) -> None:
        for name, entries in value.items():
            self._items.put([entry_text(name, each) for each in entries])

    def read(self) -> dict[str, list[str]]:
        lists: dict[str, list[str]] = {}
        for item in _items(self._store):
            if (entry := entry_of(item)) is not None:
                lists.setdefault(entry[0], []).append(entry[1])
        return {name: sorted(entries) for name, entries in lists.items()}


class _Routines:
    def __init__(self, store: Store) -> None:
        self._items = _Items(store, OWNER_ROUTINES)

    def put(self, value: Sequence[Mapping[str, Any]]) -> None:
        self._items.put([written(each["name"], each["steps"]) for each in value])

    def read(self) -> list[Any]:
        found = [read_routine(each["text"]) for each in self._items.read()]
        return [{"name": each[0], "steps": each[1]} for each in found if each is not None]


class _Overheard:
    """What others said, of the day."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, value: Sequence[str]) -> None:
        day = Compartment("ambient", self._store.now().date().isoformat())
        for text in value:
            scope = _scope(self._store, Purpose.REMEMBER, day)
            _ = self._store.remember(scope, text, compartment=day, said_by=Provenance.OVERHEARD)

    def read(self) -> list[str]:
        items = _items(self._store)
        return sorted(
            each.text
            for each in items
            if any(place.subject == "ambient" for place in each.label.compartments)
        )


def _minute(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M")


def _scope(store: Store, purpose: Purpose, *also: Compartment) -> Scope:
    """The widest scope of an owner who sits at the device."""
    request = Request(
        Principal.OWNER, 1.0, purpose, Audience.ALONE, Sink.SCREEN, Authentication.ACCOUNT
    )
    return store.mint(request, also)


def _items(store: Store) -> list[Item]:
    """All that is remembered, and still true."""
    now = store.now()
    items = store.items(_scope(store, Purpose.REVIEW), limit=_MOST_ITEMS)
    return [e for e in items if e.about.valid_until is None or e.about.valid_until > now]


def _lies_in(item: Item, place: Compartment) -> bool:
    return any(
        (each.subject, each.domain) == (place.subject, place.domain)
        for each in item.label.compartments
    )
