"""Alarms and reminders in a room: until when they ring, what stops them, and with what dead."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from context.errors import VaultLocked
from device.errors import EngineFailed
from device.events import ClauseReady, NothingSaid, Rang, StageFailed, TurnEnded, Woke
from device.turn import Phase
from device.wake.fake import chime
from tests.scenarios.world import World, conversation, hum

RATE_HZ = 16_000


def soon(world: World, seconds: float = 5.0) -> datetime:
    return (world.clock.now() + timedelta(seconds=seconds)).replace(tzinfo=None)


def spoken(world: World, since: int = 0) -> str:
    return " ".join(each.text for each in world.all(ClauseReady)[since:])


def sounds_in_the_next(world: World, seconds: float) -> int:
    """Where the recording will be then, to ask of what comes after it."""
    return world.room.at + int(seconds * RATE_HZ)


async def tap(world: World) -> None:
    world.assistant.press()
    await asyncio.sleep(0.1)
    world.assistant.release()


def test_an_alarm_rings_for_ten_minutes_and_is_told_of_later(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_alarm(at=soon(world), name="swimming")
        rang = await world.next(Rang)
        assert rang.text.endswith(": swimming.")
        assert rang.late_s < 1.1
        for _ in range(9):
            at = world.room.at
            await asyncio.sleep(60.0)
            assert world.assistant_spoke_after(at)
        given_up = await world.next(Rang, timeout_s=90.0)
        assert given_up.text == "Your swimming alarm rang for 10 minutes; I've stopped it."
        await world.next(TurnEnded)
        at = world.room.at
        await asyncio.sleep(120.0)
        assert not world.assistant_spoke_after(at)
        assert world.schedule.alarms() == []
        assert (await world.turn()).heard.startswith("It's")
        missed = await world.next(Rang)
        assert missed.text == "You missed your swimming alarm: it rang for 10 minutes."

    world = conversation(tmp_path, script, texts=["What time is it?"])
    assert len(world.all(Rang)) == 3


def test_the_wake_word_and_stop_end_it(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_alarm(at=soon(world), repeat="FREQ=DAILY")
        await world.next(Rang)
        await asyncio.sleep(3.0)
        await world.turn()
        at = sounds_in_the_next(world, 1.0)
        await asyncio.sleep(120.0)
        assert not world.assistant_spoke_after(at)
        assert [each.rings for each in world.schedule.alarms()] == [False]

    conversation(tmp_path, script, texts=["stop"])


def test_stop_said_over_it_ends_it(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_alarm(at=soon(world))
        await world.next(Rang)
        await asyncio.sleep(0.3)
        await world.room.say(hum(1.5))
        await asyncio.sleep(10.0)
        at = world.room.at
        await asyncio.sleep(60.0)
        assert not world.assistant_spoke_after(at)
        assert world.schedule.alarms() == []

    conversation(tmp_path, script, texts=["stop"] * 20)


def test_the_wake_word_alone_does_not_end_it(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_alarm(at=soon(world))
        await world.next(Rang)
        await asyncio.sleep(3.0)
        await world.room.say(chime())
        await world.next(NothingSaid)
        at = world.room.at
        await asyncio.sleep(10.0)
        assert world.assistant_spoke_after(at)
        assert world.schedule.alarms()[0].rings

    world = conversation(tmp_path, script)
    assert len(world.all(Rang)) == 1


def test_it_goes_on_after_another_command(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_alarm(at=soon(world))
        await world.next(Rang)
        await asyncio.sleep(3.0)
        assert (await world.turn()).heard.startswith("It's")
        at = sounds_in_the_next(world, 1.0)
        await asyncio.sleep(20.0)
        assert world.assistant_spoke_after(at)

    world = conversation(tmp_path, script, texts=["What time is it?"])
    assert len(world.all(Rang)) == 1


@pytest.mark.parametrize("dead_microphone", [False, True])
def test_the_button_ends_it(tmp_path: Path, *, dead_microphone: bool) -> None:
    async def script(world: World) -> None:
        world.schedule.add_alarm(at=soon(world))
        await world.next(Rang)
        await asyncio.sleep(3.0)
        if dead_microphone:
            world.stages.microphone.close()
            world.stages.microphone.open = lambda _push: None  # type: ignore[method-assign]
        await tap(world)
        await asyncio.sleep(15.0)
        assert world.schedule.alarms() == []
        at = world.room.at
        await asyncio.sleep(60.0)
        assert not world.assistant_spoke_after(at)

    conversation(tmp_path, script)


def test_snoozing_by_the_button_and_a_word(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_alarm(at=soon(world))
        await world.next(Rang)
        await asyncio.sleep(3.0)
        await tap(world)
        await asyncio.sleep(0.3)
        await world.room.say(hum(1.0))
        assert (await world.next(TurnEnded)).heard == "Snoozed for 9 minutes."
        at = sounds_in_the_next(world, 1.0)
        await asyncio.sleep(530.0)
        assert not world.assistant_spoke_after(at)
        await world.next(Rang)
        assert world.schedule.alarms()[0].rings

    world = conversation(tmp_path, script, texts=["snooze"])
    assert len(world.all(Rang)) == 2


def test_a_timer_is_heard_while_an_alarm_rings(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_alarm(at=soon(world))
        world.schedule.add(10.0, "tea")
        await world.next(Rang)
        assert (await world.next(Rang)).text == "Your tea timer is done."
        at = sounds_in_the_next(world, 20.0)
        await asyncio.sleep(60.0)
        assert world.assistant_spoke_after(at)

    world = conversation(tmp_path, script)
    assert len(world.all(Rang)) == 2


def test_an_alarm_that_rings_goes_on_after_a_kill(tmp_path: Path) -> None:
    async def first(world: World) -> None:
        world.schedule.add_alarm(at=soon(world))
        await world.next(Rang)

    async def second(world: World) -> None:
        world.clock.calendar_jump_s = 60.0
        at = world.room.at
        await asyncio.sleep(5.0)
        assert world.assistant_spoke_after(at)
        await tap(world)
        await asyncio.sleep(5.0)
        assert world.schedule.alarms() == []

    conversation(tmp_path, first)
    assert conversation(tmp_path, second).all(Rang) == []


# reminders


def test_a_reminder_is_said_and_once_more_if_nobody_reacts(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_reminder("call my mum", at=soon(world))
        assert (await world.next(Rang)).text == "Reminder: call your mum."
        await asyncio.sleep(300.0)

    world = conversation(tmp_path, script)
    assert spoken(world).count("call your mum") == 2
    assert len(world.all(Rang)) == 1


def test_who_reacts_is_not_reminded_again(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_reminder("call my mum", at=soon(world))
        await world.next(Rang)
        await asyncio.sleep(20.0)
        await world.turn()
        await asyncio.sleep(300.0)

    world = conversation(tmp_path, script, texts=["What time is it?"])
    assert spoken(world).count("call your mum") == 1


def test_a_wake_up_reminder_is_said_after_the_reply_of_the_next_turn(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_reminder("take the pills")
        await asyncio.sleep(600.0)
        await world.room.say(chime())  # a wake word that nobody has said is no talk
        await world.next(NothingSaid)
        await asyncio.sleep(5.0)
        assert world.all(Rang) == []
        assert (await world.turn()).heard.startswith("It's")
        assert (await world.next(Rang)).text == "Reminder: take the pills."

    world = conversation(tmp_path, script, texts=["What time is it?"])
    assert spoken(world).index("It's") < spoken(world).index("pills")


def test_a_wake_up_reminder_is_said_after_the_alarm_is_stopped_by_the_button(
    tmp_path: Path,
) -> None:
    async def script(world: World) -> None:
        world.schedule.add_reminder("take the pills")
        world.schedule.add_alarm(at=soon(world))
        await world.next(Rang)
        await asyncio.sleep(3.0)
        await tap(world)
        assert (await world.next(Rang)).text == "Reminder: take the pills."

    conversation(tmp_path, script)


# with something dead


def test_everything_rings_with_a_dead_voice(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        def fail(_text: str) -> NoReturn:
            raise EngineFailed("dead")

        world.synthesizer.stream = fail  # type: ignore[method-assign]
        world.synthesizer.synthesize = fail  # type: ignore[method-assign]
        world.schedule.add(5.0, "tea")
        at = world.room.at
        await world.next(Rang)
        await asyncio.sleep(20.0)
        assert world.assistant_spoke_after(at)
        world.schedule.add_reminder("post", seconds=5.0)
        world.schedule.add_alarm(at=soon(world, 30.0))
        for _ in range(2):
            at = world.room.at
            await world.next(Rang)
            await asyncio.sleep(1.0)
            assert world.assistant_spoke_after(at)

    world = conversation(tmp_path, script)
    assert {each.stage for each in world.all(StageFailed)} == {"speak"}


def test_everything_rings_with_engines_that_never_load(tmp_path: Path) -> None:
    def fail() -> NoReturn:
        raise EngineFailed("dead")

    async def script(world: World) -> None:
        world.schedule.add(5.0, None)  # a name could not be sealed
        at = world.room.at
        await world.next(Rang)
        await asyncio.sleep(2.0)
        assert world.assistant_spoke_after(at)

    async def broken() -> World:
        world = World(tmp_path)
        dead = (
            *(world.stages.transcriber, world.stages.wake_word, world.stages.turn_end),
            *(world.synthesizer, world.model, world.store),
        )
        for engine in dead:
            name = "open" if engine is world.store else "load"
            setattr(engine, name, fail)
        await world.live(script, rings_anyway=True)
        return world

    from tests.virtual_time import run_virtual

    world = run_virtual(broken())
    assert {each.stage for each in world.all(StageFailed)} >= {"transcribe", "speak", "memory"}


def test_it_rings_while_all_is_locked(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_reminder("call the bank", seconds=5.0)
        seal: Any = world.schedule._seal
        unseal = seal.unseal

        def locked(_sealed: bytes) -> NoReturn:
            raise VaultLocked("general")

        seal.unseal = locked
        assert (await world.next(Rang)).text == "You have a reminder; unlock me to hear it."
        await asyncio.sleep(200.0)
        seal.unseal = unseal
        assert (await world.next(Rang)).text == "Reminder: call the bank."

    conversation(tmp_path, script)


def test_erasing_everything_erases_what_was_set(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add_reminder("call the bank", seconds=500.0)
        world.schedule.add_alarm(seconds=500.0)
        world.store.panic()
        world.stages.mind.begin_anew()
        await asyncio.sleep(600.0)

    world = conversation(tmp_path, script)
    assert world.all(Rang) == []
    assert world.all(Woke) == []
    assert world.assistant.phase is Phase.IDLE
