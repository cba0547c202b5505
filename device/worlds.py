"""Worlds to measure the assistant in: a real mind over a folder that is thrown away.

Nothing in them is the machine's own: the clock stands where the suite sets it, and what a turn does
is done in the folder.
"""

import contextlib
import tempfile
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from agents.evaluation.record import RecordingToolbox
from agents.evaluation.simulated import SimulatedLevels, SimulatedPace, SimulatedSwitch
from agents.evaluation.suite import Said, Suite, WorldIs
from agents.evaluation.world import (
    World,
    alarms_part,
    events_part,
    home_part,
    level_parts,
    memory_parts,
    reminders_part,
    results_part,
    timers_part,
)
from agents.router import Routed, Router
from agents.tools import Tool
from agents.tools.fake_forecast import FakeForecast
from agents.tools.fake_home import FakeHome
from agents.tools.fake_mcp import FakeServers
from agents.tools.speech import LastReply
from agents.tools.standard import Deps
from device.assemble import Engines, RouterRoutes, assemble_engines, assemble_mind
from device.audio import RATE_HZ, Samples, read_audio, resample
from device.board import LinuxBoard
from device.calendar import CalendarFolder
from device.listen import SpeechDetector
from device.listen.wording import is_settled
from device.models import Models
from device.settings import Settings
from device.speak.piper import Piper
from device.transcribe import Transcriber
from device.transcribe.files import speech_seconds
from device.transcribe.hallucination import believable_text
from device.transcribe.wake_phrase import strip_wake_phrase

ZONE: Final = ZoneInfo("Europe/Berlin")
_MOMENT_S: Final = 0.5
NOW: Final = datetime(2026, 3, 14, 10, 0, tzinfo=ZONE)
"""When a turn is, unless its suite says otherwise: a Saturday morning."""


class StandingClock:
    """A clock that stands, and goes where it is told to."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self) -> datetime:
        """Return the moment, aware, in `ZONE`."""
        return self._now

    def since_boot_s(self) -> float:
        """Return seconds that agree with the calendar."""
        return self._now.timestamp()

    def boot_id(self) -> str:
        """Return the one boot's name."""
        return "evaluation"

    def stand_at(self, moment: datetime) -> None:
        """Be at a moment, aware."""
        self._now = moment.astimezone(ZONE)

    def go_on(self, seconds: float) -> None:
        """Move by seconds, also back."""
        moved = self._now.astimezone(UTC) + timedelta(seconds=seconds)
        self._now = moved.astimezone(ZONE)


class _OnceLoaded(Router):
    """A router that reads its templates once, however many minds load it."""

    _is_loaded = False

    def load(self) -> None:
        """Read the templates, the first time."""
        if not self._is_loaded:
            super().load()
            self._is_loaded = True


class MindWorlds:
    """Makes worlds around minds that share their engines, one world at a time.

    folder: private, for what outlives a world: the start of every prompt.
    """

    def __init__(self, settings: Settings, models: Models, folder: Path) -> None:
        self.clock = StandingClock()
        self._settings = settings
        self._models = models
        self._folder = folder
        engines = assemble_engines(settings, models, self.clock, folder / "think")
        self._engines = replace(engines, router=_OnceLoaded(now=self.clock.now))

    @property
    def engines(self) -> Engines:
        """What its minds think with."""
        return self._engines

    def load(self) -> None:
        """Open the engines. Raises ModelUnusable, ModelFailed and ContextError."""
        self._engines.router.load()
        if self._engines.embedder is not None:
            self._engines.embedder.load()
        if self._engines.model is not None:
            self._engines.model.load()

    def tokens(self) -> int:
        """How many tokens have gone through the model until now."""
        return 0 if self._engines.model is None else self._engines.model.decoded

    @contextlib.contextmanager
    def world(self, before: WorldIs) -> Generator[World]:
        """Make a world as it is before a turn, and throw it away after it."""
        with tempfile.TemporaryDirectory(prefix="world-", dir=self._folder) as state:
            made: list[RecordingToolbox] = []
            levels, switch, pace = SimulatedLevels(), SimulatedSwitch(), SimulatedPace()
            events, said = CalendarFolder(Path(state) / "calendar", self.clock.now), LastReply()
            results = {each.tool for each in before.tool_results or ()}
            home = FakeHome(()) if before.given().get("home") or "home" in results else None
            forecast = FakeForecast(self.clock.now().date(), home="here", places={})
            servers = FakeServers()  # never those of the settings
            # All else stays what it is by default: nothing. Never the device's own.
            deps = Deps(
                levels=levels,
                mute_switch=switch,
                board=LinuxBoard(Path(state)),
                pace=pace,
                spoken=said,
                events=events,
                routes=RouterRoutes(self._engines.router),
                home=home,
                forecast=forecast if "weather" in results else None,
            )

            def recording(tools: Iterable[Tool[Any]]) -> RecordingToolbox:
                made.append(RecordingToolbox(tools))
                return made[-1]

            self._stand_at(before)
            mind = assemble_mind(
                self._settings,
                Path(state),
                models=self._models,
                clock=self.clock,
                engines=self._engines,
                toolbox=recording,
                deps=deps,
                servers=servers,
            )
            mind = replace(mind, embedder=None)  # it is loaded
            with contextlib.closing(mind):
                if (wrong := mind.load()) is not None:
                    raise wrong
                parts = {
                    "timers": timers_part(mind.schedule, self.clock.go_on),
                    "alarms": alarms_part(mind.schedule),
                    "reminders": reminders_part(mind.schedule),
                    "events": events_part(events, self.clock.now),
                    **level_parts(levels, switch, pace),
                    **memory_parts(mind.store),
                }
                if home is not None:
                    parts["home"] = home_part(home)
                if results:
                    parts["tool_results"] = results_part(forecast, home, servers)
                world = World(mind.agent, made[0], parts, self._stand_at, said.note)
                world.fill(before)
                mind.take_up_tools()
                yield world

    def _stand_at(self, before: WorldIs) -> None:
        self.clock.stand_at(before.now or NOW)


class Ears:
    """Hears what a suite says: its recordings, and with a voice its texts as well.

    voice: says the texts as they reach the transcriber of a device: after the wake phrase, with a
    moment before and after. None: they are typed. phrase: the wake phrase.
    """

    def __init__(
        self,
        transcriber: Callable[[], tuple[Transcriber, SpeechDetector]],
        voice: Piper | None = None,
        phrase: str = "",
    ) -> None:
        self._phrase = phrase.title()
        self._open = transcriber
        self._opened: tuple[Transcriber, SpeechDetector] | None = None
        self._voice = voice

    def hear(self, suite: Suite, said: Said, route: Callable[[str], Routed]) -> str:
        """Return what is heard. route: where the grammar sends a text.

        Raises:
            AudioFileUnusable: a recording can't be read.
            EngineFailed: the transcriber or the voice gave up.
        """
        if said.wav is not None:
            return self._transcribe(read_audio(suite.path.parent / said.wav), route)
        text = said.text or ""
        if self._voice is None:
            return text
        called = bool(self._phrase) and not text.lower().startswith(self._phrase.lower())
        spoken = self._voice.synthesize(f"{self._phrase}, {text}" if called else text)
        sound = np.pad(resample(spoken, self._voice.rate_hz, RATE_HZ), int(_MOMENT_S * RATE_HZ))
        return self._transcribe(sound, route, self._phrase)

    def _transcribe(
        self, samples: Samples, route: Callable[[str], Routed], phrase: str = ""
    ) -> str:
        if self._opened is None:
            self._opened = self._open()
        transcriber, detector = self._opened
        speech_s = speech_seconds(samples, detector)
        if speech_s <= 0:
            return ""

        def bare(text: str) -> str:
            return strip_wake_phrase(text, phrase) if phrase else text

        segments = transcriber.transcribe(
            samples,
            begins=f"{phrase}," if phrase else "",
            fits=lambda text: is_settled(bare(text), route(bare(text))),
        )
        return bare(believable_text(segments, speech_s))
