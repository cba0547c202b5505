"""What the agents' tests share: a clock, a timer schedule in memory, a store, and an agent."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.agent import Acted, Agent, Mint, Text
from agents.model import ChatModel
from agents.router import Router
from agents.tools import Receipt, Toolbox, ToolContext
from agents.tools.alarm import Alarm
from agents.tools.calendar import Event
from agents.tools.reminder import Reminder
from agents.tools.standard import standard_tools
from agents.tools.timer import Timer
from context.embed import Embedder
from context.policy import Audience, Authentication, Principal, Purpose, Request, Scope, Sink
from context.store import Store

NOW = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)


class Calendar:
    """A clock that goes on only when told to."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def go_on(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class MemorySchedule:
    """Keeps timers, alarms and reminders in lists; time stands still."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.set_alarms: list[Alarm] = []
        self.set_reminders: list[Reminder] = []
        self.error: Exception | None = None
        self._made = 0

    def add(self, duration_s: float, name: str | None) -> Timer:
        if self.error is not None:
            raise self.error
        self._made += 1
        timer = Timer(f"timer-{self._made}", name, duration_s, duration_s)
        self.timers.append(timer)
        return timer

    def cancel(self, timer_id: str) -> bool:
        kept = (self.timers, self.set_alarms, self.set_reminders)
        before = sum(map(len, kept))
        for things in kept:
            things[:] = [each for each in things if each.id != timer_id]
        return sum(map(len, kept)) < before

    def running(self) -> list[Timer]:
        return list(self.timers)

    def add_alarm(self, *, at=None, seconds=None, repeat=None, name=None) -> Alarm:
        self._made += 1
        at = at or NOW.replace(tzinfo=None) + timedelta(seconds=seconds or 0)
        alarm = Alarm(f"alarm-{self._made}", at, repeat, name)
        self.set_alarms.append(alarm)
        return alarm

    def add_reminder(self, text, *, at=None, seconds=None, repeat=None) -> Reminder:
        self._made += 1
        if seconds is not None:
            at = NOW.replace(tzinfo=None) + timedelta(seconds=seconds)
        reminder = Reminder(f"reminder-{self._made}", text, at, repeat)
        self.set_reminders.append(reminder)
        return reminder

    def alarms(self) -> list[Alarm]:
        return list(self.set_alarms)

    def reminders(self) -> list[Reminder]:
        return list(self.set_reminders)

    def snooze(self, seconds: float) -> None:
        return None


class Speaker:
    """Who speaks, and who hears it; mints scopes accordingly."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.principal = Principal.OWNER
        self.sure = 1.0
        self.audience = Audience.ALONE
        self.authentication = Authentication.VOICE

    def mint(self, purpose: Purpose) -> Scope:
        sink = Sink.SCREEN if purpose is Purpose.REVIEW else Sink.SPEAKER
        request = Request(
            self.principal, self.sure, purpose, self.audience, sink, self.authentication
        )
        return self.store.mint(request)

    def press(self) -> None:
        """The next turns are begun by the button."""
        self.authentication = Authentication.BUTTON

    def let_go(self) -> None:
        """The next turns are begun by voice."""
        self.authentication = Authentication.VOICE


class Conversation:
    """Says things to an agent and keeps what came of it."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.receipts: list[Receipt] = []

    def say(self, text: str, mint: Mint | None = None) -> str:
        """The whole reply; what is said is also heard. mint: this turn's."""
        said = ""
        for part in self.agent.reply(text, mint=mint):
            match part:
                case Text(piece):
                    said += piece
                case Acted(receipt):
                    self.receipts.append(receipt)
        self.agent.heard(text, said)
        return said


class MemoryEvents:
    """A calendar in a list."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.unread = self.added = 0
        self.forgetful = False

    def after(self, moment: datetime) -> Iterator[Event]:
        return iter(sorted((e for e in self.events if e.end > moment), key=lambda e: e.start))

    def between(self, begin: datetime, end: datetime) -> list[Event]:
        return [each for each in self.after(begin) if each.start < end]

    def add(self, title: str, start: datetime, seconds: float) -> Event:
        end = start + timedelta(seconds=seconds)
        self.added += 1
        event = Event(f"uid-{self.added}", title, start, end, own=True)
        if not self.forgetful:
            self.events.append(event)
        return event

    def remove(self, uid: str) -> bool:
        before = len(self.events)
        self.events = [each for each in self.events if each.uid != uid]
        return len(self.events) < before

    def put(self, title: str, start: datetime, *, whole_day: bool = False) -> None:
        end = start + timedelta(days=1 if whole_day else 0, hours=0 if whole_day else 1)
        self.events.append(Event(title, title, start, end, whole_day))


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def schedule() -> MemorySchedule:
    return MemorySchedule()


@pytest.fixture
def speaker(store: Store) -> Speaker:
    return Speaker(store)


@pytest.fixture
def embedder() -> Embedder | None:
    return None


@pytest.fixture
def store(tmp_path: Path, embedder: Embedder | None, calendar: Calendar) -> Iterator[Store]:
    store = Store(tmp_path / "memories", embedder, calendar.now)
    store.open()
    yield store
    store.close()


@pytest.fixture
def toolbox(schedule: MemorySchedule, calendar: Calendar) -> Toolbox:
    return Toolbox(standard_tools(schedule, calendar.now))


@pytest.fixture
def context(store: Store, speaker: Speaker) -> ToolContext:
    return ToolContext(store, speaker.mint)


@pytest.fixture(scope="session")
def router() -> Router:
    router = Router()
    router.load()
    return router


@pytest.fixture
def talk(
    router: Router, toolbox: Toolbox, store: Store, speaker: Speaker, calendar: Calendar
) -> Callable[[ChatModel | None], Conversation]:
    def make(model: ChatModel | None) -> Conversation:
        agent = Agent(
            router=router,
            toolbox=toolbox,
            model=model,
            store=store,
            mint=speaker.mint,
            now=calendar.now,
        )
        agent.load()
        return Conversation(agent)

    return make


@pytest.fixture(scope="session")
def model_file(model_folder: Callable[[str], Path]) -> Callable[[str], Path]:
    """The GGUF file of a model."""
    return lambda name: next(iter(model_folder(name).glob("*.gguf")))
