"""A whole assistant on stand-in engines, in a simulated room, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from agents.agent import Agent
from agents.fake_model import FakeModel
from agents.router import Router
from agents.tools import Toolbox
from agents.tools.standard import Deps, standard_tools
from context import Authentication, HashingEmbedder, Purpose, Scope, Store
from device.assistant import Assistant
from device.audio import RATE_HZ, Samples
from device.clock import Clock
from device.emulator.echo_path import EchoPath
from device.emulator.room import Room
from device.events import Event, TurnEnded
from device.listen import SpeechDetector, TurnEndDetector
from device.listen.fake import FakeSpeechDetector, FakeTurnEndDetector
from device.mic.echo import EchoCanceller, NoEchoCanceller
from device.mic.mute import Mute, mute_file
from device.mind import Mind
from device.permission import TurnMint, ask
from device.schedule import Schedule
from device.settings import CueSettings, ListenSettings, Settings
from device.speak.cached import CachedSynthesizer
from device.speak.fake import FakeSynthesizer
from device.stages import Stages
from device.transcribe import Transcriber
from device.transcribe.fake import FakeTranscriber
from device.wake import WakeWord
from device.wake.fake import FakeWakeWord, chime
from tests.virtual_time import VirtualTimeLoop, run_virtual

E = TypeVar("E", bound=Event)


QUIET = Settings(cues=CueSettings(earcons=False), listen=ListenSettings(follow_up_s=0.0))
"""Without follow-up and earcons, so that a turn is over when it ends."""


class LoopClock:
    """The loop's time as calendar and boot time; the calendar can be set wrong."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.calendar_jump_s = 0.0
        self.boot = "first boot"

    def now(self) -> datetime:
        seconds = self._loop.time() + self.calendar_jump_s
        return datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(seconds=seconds)

    def since_boot_s(self) -> float:
        return self._loop.time()

    def boot_id(self) -> str:
        return self.boot


class World:
    """The room, the assistant in it, and all that happens. Used inside a virtual-time loop."""

    def __init__(
        self,
        folder: Path,
        *,
        texts: Sequence[str] = (),
        replies: Sequence[str] = (),
        settings: Settings | None = None,
        before_token: Callable[[int], None] = lambda _: None,
        wake_word: WakeWord | None = None,
        speech_detector: SpeechDetector | None = None,
        transcriber: Transcriber | None = None,
        turn_end: TurnEndDetector | None = None,
        echo_canceller: EchoCanceller | None = None,
        echo: EchoPath | None = None,
        takes_s: dict[str, float] | None = None,
        clock: Clock | None = None,
        control: Path | None = None,
    ) -> None:
        """Stand-ins throughout, but for the engines given.

        takes_s: virtual seconds of a call, by the name of its thread; 0 where there is none.
        clock: by default the loop's. control: the folder in which other programs reach it.
        """
        loop = asyncio.get_running_loop()
        if isinstance(loop, VirtualTimeLoop):
            loop.takes_s = takes_s or {}
        self.started_at = 0.0
        self.clock: Any = clock or LoopClock(asyncio.get_running_loop())
        self.room = Room(echo=echo)
        self.events: list[Event] = []
        self.transcriber = FakeTranscriber(list(texts))
        self.synthesizer = FakeSynthesizer()
        self.model = FakeModel(replies, before_token=before_token)
        self.store = Store(folder / "memory", HashingEmbedder(), self.clock.now)
        self.mute = Mute(mute_file(folder), self.clock)
        seal = self.store.seal("schedule")
        self.schedule = Schedule(folder / "timers.sqlite3", self.clock, seal)
        agent = Agent(
            router=Router(),
            toolbox=Toolbox(
                standard_tools(self.schedule, self.clock.now, deps=Deps(mute_switch=self.mute))
            ),
            model=self.model,
            store=self.store,
            mint=self.mint,
            now=self.clock.now,
        )
        self.settings = settings or QUIET
        self.stages = Stages(
            microphone=self.room.microphone,
            echo_canceller=echo_canceller or NoEchoCanceller(),
            wake_word=wake_word or FakeWakeWord(),
            own_words=FakeWakeWord(),
            speech_detector=speech_detector or FakeSpeechDetector(),
            turn_end=turn_end or FakeTurnEndDetector(),
            transcriber=transcriber or self.transcriber,
            mind=Mind(agent, self.store, self.schedule, mint=self.turn_mint),
            synthesizer=CachedSynthesizer(self.synthesizer, None),
            speaker=self.room.speaker,
            mute=self.mute,
        )
        self.assistant = Assistant(self.stages, self.settings, self.events.append, control)

    def mint(self, purpose: Purpose) -> Scope:
        return ask(self.store, purpose, Authentication.VOICE)

    def turn_mint(self, shown_by: Authentication) -> TurnMint:
        return TurnMint(self.store, shown_by, lambda: self.clock.now().timestamp())

    async def live(
        self, script: Callable[["World"], Awaitable[None]], *, rings_anyway: bool = False
    ) -> None:
        """Load and run the assistant for as long as the script takes."""
        await self.assistant.load(rings_anyway=rings_anyway)
        self.started_at = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(self.room.run()),
                tasks.create_task(self.assistant.run()),
            ]
            await asyncio.sleep(0.2)
            await script(self)
            for each in background:
                each.cancel()

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def next(self, kind: type[E], timeout_s: float = 60.0) -> E:
        """Wait for one more event of a kind."""
        before = len(self.all(kind))
        async with asyncio.timeout(timeout_s):
            while len(self.all(kind)) == before:
                await asyncio.sleep(0.01)
        return self.all(kind)[-1]

    async def first(self, kind: type[E]) -> E:
        """Wait for the first event of a kind, which may have come already."""
        return self.all(kind)[0] if self.all(kind) else await self.next(kind)

    async def turn(self, *parts: Samples) -> TurnEnded:
        """Say the wake word and some speech; return the end of the turn."""
        await self.room.say(said(chime(), pause(0.1), *(parts or (hum(1.0),))))
        return await self.next(TurnEnded)

    def assistant_spoke_after(self, sample: int) -> bool:
        """Whether anything was audible from the assistant after a place in the recording."""
        _, assistant = self.room.recorded()
        return bool((np.abs(assistant[sample:].astype(int)) > 330).any())


def conversation(folder: Path, script: Callable[[World], Awaitable[None]], **world: Any) -> World:
    """Hold a scripted conversation and return the world after it."""

    async def work() -> World:
        made = World(folder, **world)
        await made.live(script)
        return made

    return run_virtual(work())


def hum(seconds: float, tone_hz: float = 180.0) -> Samples:
    """Speech, as far as the stand-ins can tell."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (6_000 * np.sin(2 * np.pi * tone_hz * at)).astype(np.int16)


def pause(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE_HZ), dtype=np.int16)


def said(*parts: Samples) -> Samples:
    return np.concatenate(parts)
