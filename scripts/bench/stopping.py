"""The whole assistant, interrupted in a simulated room, in real time."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bench.bargein import Material
from bench.echo_scenes import RATE_HZ, at_level

from agents.agent import Agent
from agents.fake_model import FakeModel
from agents.router import Router
from agents.tools import Toolbox
from agents.tools.standard import standard_tools
from context import Audience, Principal, Purpose, Request, Scope, Sink, Store, mint
from device import assemble
from device.assistant import Assistant
from device.audio import Samples, resample
from device.clock import SystemClock
from device.emulator.echo_path import EchoPath
from device.emulator.room import AUDIBLE, Room
from device.events import BargedIn, Event
from device.mind import Mind
from device.schedule import Schedule
from device.settings import Settings, load_settings
from device.turn import Phase

_QUIET = RATE_HZ // 5
_STORY = (
    "A long time ago a lighthouse keeper lived on a small island far out in the cold grey sea. "
    "Every evening he climbed two hundred steps to light the lamp, and every morning he came down "
    "again to feed his goats. One winter a storm blew for eleven days and no boat could reach him. "
    "He told the goats stories to pass the time, and they listened with great patience."
)


async def stopping(material: Material, count: int) -> dict[str, Any]:
    """Interrupt `count` replies by voice; find the last audible sample after each barge-in."""
    settings = load_settings(
        material.profile, None, ("cues.earcons=false", "cues.thinking=false", "think.engine=none")
    )
    scene = next(material.scenes())
    room = Room(echo=EchoPath(scene.response, delay_s=0.06, level=0.25, soft_clip=0.5))
    places: list[int] = []

    def notice(event: Event) -> None:
        if isinstance(event, BargedIn):
            places.append(room.at)

    wearer = assemble.assemble_wearer(settings, assemble.find_models())
    wearer.load()
    sound = wearer.synthesize("Hey Jarvis, tell me a long story.")
    question = resample(sound, round(wearer.rate_hz * 18_700 / 22_050), RATE_HZ)
    people = [at_level(each[: 2 * RATE_HZ], 2500).astype(np.int16) for each in material.people()]
    with tempfile.TemporaryDirectory(prefix="lapel-bench-") as folder:
        assistant = _assistant(settings, Path(folder), room, count, notice)
        await assistant.load()
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(room.run()), tasks.create_task(assistant.run())]
            await asyncio.sleep(1.0)
            for number in range(count):
                before = len(places)
                await _interrupt(assistant, room, question, people[number % len(people)])
                del places[before + 1 :]  # what came later is about the next reply
            for each in background:
                each.cancel()
    _, played = room.recorded()
    if not places:
        return {"interruptions": 0, "tried": count, "stop_ms_p50": None, "stop_ms_p95": None}
    stops_ms = [_ms_to_silence(played[place:]) for place in places]
    return {
        "interruptions": len(places),
        "tried": count,
        "stop_ms_p50": float(np.percentile(stops_ms, 50)),
        "stop_ms_p95": float(np.percentile(stops_ms, 95)),
    }


async def _interrupt(assistant: Assistant, room: Room, question: Samples, over: Samples) -> None:
    """Ask, let it speak for three seconds, talk over it, and let it come to rest."""
    await _until(lambda: assistant.phase in (Phase.IDLE, Phase.FOLLOW_UP), 40.0)
    await asyncio.sleep(0.5)
    await room.say(question)
    if await _until(lambda: assistant.phase is Phase.SPEAKING, 20.0):
        await asyncio.sleep(3.0)
        await room.say(over)
        await asyncio.sleep(1.0)


def _assistant(
    settings: Settings, state: Path, room: Room, replies: int, notice: Callable[[Event], None]
) -> Assistant:
    """Put the real one together, but for a language model that always tells the same story."""
    clock = SystemClock()
    store = Store(state / "told-memory", None, clock.now)
    schedule = Schedule(state / "told-timers.sqlite3", clock, store.seal("schedule"))

    def mint_for(purpose: Purpose) -> Scope:
        request = Request(Principal.OWNER, 1.0, purpose, Audience.ALONE, Sink.SPEAKER)
        return mint(request, clock.now().timestamp())

    agent = Agent(
        router=Router(),
        toolbox=Toolbox(standard_tools(schedule, clock.now)),
        model=FakeModel([_STORY] * (8 * replies)),
        store=store,
        mint=mint_for,
        now=clock.now,
    )
    stages = assemble.assemble(settings, state, microphone=room.microphone, speaker=room.speaker)
    return Assistant(replace(stages, mind=Mind(agent, store, schedule)), settings, notice)


async def _until(true: Callable[[], bool], limit_s: float) -> bool:
    end = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.01)
    return True


def _ms_to_silence(sound: Samples) -> float:
    """Return when the last audible sample before a fifth of a second of silence was played."""
    loud = np.flatnonzero(np.abs(sound.astype(int)) >= AUDIBLE)
    if not len(loud) or loud[0] > _QUIET:
        return 0.0
    gaps = np.flatnonzero(np.diff(loud) > _QUIET)
    return float(loud[gaps[0]] if len(gaps) else loud[-1]) * 1000 / RATE_HZ
