"""Whole turns in virtual time: what the wearer would hear, and when."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from context.errors import StoreUnusable
from device.assistant import SORRY_HEARING
from device.audio import RATE_HZ
from device.errors import EngineFailed
from device.events import (
    FirstSample,
    Interrupted,
    MicrophoneBack,
    MicrophoneLost,
    NothingSaid,
    Rang,
    SpeakerBack,
    SpeakerLost,
    SpeechEnded,
    StageFailed,
    Transcribed,
    TurnEnded,
    Woke,
)
from device.reply import SORRY_THINKING
from device.speak import Part
from device.turn import Phase
from device.wake.fake import chime
from tests.scenarios.world import World, conversation, hum, pause, said
from tests.virtual_time import run_virtual

LONG = "Once upon a time there was a very small lighthouse on a very large rock in the sea. "


def test_a_command_is_answered_aloud_from_its_receipt(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        end = await world.turn()
        assert end.heard == "Timer set for 5 minutes."
        assert world.assistant.phase is Phase.IDLE
        assert [timer.duration_s for timer in world.schedule.running()] == [300.0]

    world = conversation(tmp_path, script, texts=["Hey Jarvis, set a timer for five minutes."])
    assert [each.text for each in world.all(Transcribed)] == ["set a timer for five minutes."]
    assert len(world.all(FirstSample)) == 1


def test_a_command_is_preferred_to_what_sounds_like_it_and_is_none(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        assert (await world.turn()).heard == "Timer set for 5 minutes."

    heard = "Hey Jarvis, said a timer for five men.|Hey Jarvis, set a timer for five minutes."
    conversation(tmp_path, script, texts=[heard])


def test_a_question_is_answered_by_the_model_in_clauses(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        assert (await world.turn()).heard == "Bees make honey. They live in hives."

    conversation(
        tmp_path,
        script,
        texts=["What do bees do?"],
        replies=["Bees make honey. They live in hives."],
    )


def test_a_minute_of_silence_and_noise_says_nothing(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        noise = np.random.default_rng(1).normal(0, 3000, 30 * RATE_HZ).astype(np.int16)
        await world.room.say(said(pause(30.0), noise))
        assert not world.assistant_spoke_after(0)

    assert conversation(tmp_path, script, texts=["Thank you."]).all(Woke) == []


def test_the_wake_word_alone_is_let_go_after_a_while(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.room.say(chime())
        await world.next(NothingSaid)
        assert not world.assistant_spoke_after(0)
        assert world.assistant.phase is Phase.IDLE

    conversation(tmp_path, script)


@pytest.mark.parametrize("wait_s", [0.0, 0.5, 1.5, 4.0])
def test_speech_is_heard_however_long_after_the_wake_word(tmp_path: Path, wait_s: float) -> None:
    async def script(world: World) -> None:
        await world.room.say(said(chime(), pause(wait_s), hum(1.0)))
        assert (await world.next(TurnEnded)).heard

    conversation(tmp_path, script, texts=["What time is it?"])


def test_a_pause_for_thought_does_not_cut_the_utterance(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn(hum(1.0), pause(0.55), hum(1.0))

    # The first transcript is the speculation at the pause; the second is of the whole.
    world = conversation(tmp_path, script, texts=["remember that", "remember that bees buzz"])
    assert [each.text for each in world.all(Transcribed)] == ["remember that bees buzz"]


def test_a_whole_command_is_committed_before_the_full_silence(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn()
        await world.turn()

    texts = ["What time is it?", "Tell me about bees."]
    world = conversation(tmp_path, script, texts=texts, replies=["They buzz."])
    command, question = (each.committed_at - each.at for each in world.all(SpeechEnded))
    assert command < 0.45
    assert 1.1 < question < 1.9


def test_the_wake_word_takes_the_word_and_history_keeps_what_was_heard(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.room.say(said(chime(), pause(0.1), hum(1.0)))
        await world.next(FirstSample)
        await asyncio.sleep(3.0)
        await world.room.say(chime())
        cut = await world.next(TurnEnded)
        assert cut.heard and LONG.startswith(cut.heard) and cut.heard != LONG.strip()
        at = world.room.at + RATE_HZ // 10
        await world.next(NothingSaid)
        assert not world.assistant_spoke_after(at), "a stale turn was heard"
        await world.turn()
        asked = world.model.prompts[-1]
        assert cut.heard in {each.content for each in asked}
        assert not any(LONG.strip() in each.content for each in asked)

    texts = ["Tell me a story.", "And then?"]
    world = conversation(tmp_path, script, texts=texts, replies=[LONG * 3, "The end."])
    assert len(world.all(Interrupted)) == 1


def test_a_failing_recogniser_is_admitted_and_the_next_turn_works(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.transcriber.fail_next = True
        assert (await world.turn()).heard == SORRY_HEARING
        assert (await world.turn()).heard.startswith("It's")

    world = conversation(tmp_path, script, texts=["What time is it?"])
    assert [each.stage for each in world.all(StageFailed)] == ["transcribe"]


def test_a_failing_voice_ends_the_turn_and_the_next_one_is_heard(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        def fail(_text: str) -> Iterator[Part]:
            raise EngineFailed("The stand-in was told to fail.")

        whole, world.synthesizer.stream = world.synthesizer.stream, fail  # type: ignore[method-assign]
        assert (await world.turn()).heard == ""
        world.synthesizer.stream = whole  # type: ignore[method-assign]
        assert (await world.turn()).heard.startswith("It's")

    texts = ["Tell me about bees.", "What time is it?"]
    conversation(tmp_path, script, texts=texts, replies=["They buzz."])


def test_a_voice_that_fails_at_what_was_foreseen_is_tried_again(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.synthesizer.fail_next = True
        assert (await world.turn()).heard.startswith("It's")

    conversation(tmp_path, script, texts=["What time is it?"])


@pytest.mark.parametrize("stage", ["transcribe", "think", "speak", "wake"])
def test_an_engine_that_raises_anything_at_all_costs_one_turn(tmp_path: Path, stage: str) -> None:
    async def script(world: World) -> None:
        def explode(*_: object, **__: object) -> None:
            raise ZeroDivisionError("a defect")

        owner, name = {
            "transcribe": (world.transcriber, "transcribe"),
            "think": (world.stages.mind.agent, "reply"),
            "speak": (world.synthesizer, "synthesize"),
            "wake": (world.stages.wake_word, "process"),
        }[stage]
        whole = getattr(owner, name)
        setattr(owner, name, explode)
        if stage == "wake":
            await world.next(StageFailed)
        else:
            await world.turn()
        setattr(owner, name, whole)
        assert (await world.turn()).heard.startswith("It's")

    world = conversation(tmp_path, script, texts=["What time is it?"] * 2)
    assert {each.error for each in world.all(StageFailed)} == {"ZeroDivisionError"}


def test_a_model_that_breaks_is_admitted(tmp_path: Path) -> None:
    from agents.model import ModelFailed

    def break_off(token: int) -> None:
        if token == 2:
            raise ModelFailed("The stand-in was told to fail.")

    async def script(world: World) -> None:
        heard = (await world.turn()).heard
        assert heard and heard != SORRY_THINKING and "language model" in heard

    conversation(
        tmp_path,
        script,
        texts=["Tell me about bees."],
        replies=["They buzz all day long."],
        before_token=break_off,
    )


def test_a_microphone_that_stops_is_opened_again(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        push, world.room.push = world.room.push, None
        await world.next(MicrophoneLost)
        assert push is not None
        await world.next(MicrophoneBack)
        assert (await world.turn()).heard.startswith("It's")

    conversation(tmp_path, script, texts=["What time is it?"])


def test_a_speaker_that_stops_is_opened_again_and_the_reply_is_heard(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.room.pull = None
        assert (await world.turn()).heard.startswith("It's")
        await world.first(SpeakerBack)

    world = conversation(tmp_path, script, texts=["What time is it?"])
    assert len(world.all(SpeakerLost)) == 1


def test_a_timer_rings_on_time_and_is_then_gone(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn()
        set_at = world.clock.since_boot_s()
        world.clock.calendar_jump_s = -7200.0  # the calendar is set back two hours
        rang = await world.next(Rang)
        assert abs(rang.at - set_at - 10.0) < 2.0
        assert rang.text == "Your 10 second timer is done."
        await world.next(TurnEnded)
        assert world.schedule.running() == []
        assert world.assistant.phase is Phase.IDLE

    conversation(tmp_path, script, texts=["set a timer for ten seconds"])


def test_the_wake_word_stops_a_ring(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add(1.0, "pasta")
        assert (await world.next(Rang)).text == "Your pasta timer is done."
        await asyncio.sleep(0.5)
        await world.room.say(chime())
        at = world.room.at + RATE_HZ // 10
        await world.next(NothingSaid)
        await asyncio.sleep(20.0)
        assert not world.assistant_spoke_after(at)

    world = conversation(tmp_path, script)
    assert len(world.all(Rang)) == 1


def test_a_timer_due_while_off_rings_late_at_the_next_start(tmp_path: Path) -> None:
    async def first(world: World) -> None:
        world.schedule.add(60.0, None)

    async def second(world: World) -> None:
        rang = await world.first(Rang)
        assert rang.late_s == pytest.approx(1140.0, abs=5.0)
        assert "19 minutes ago" in rang.text

    conversation(tmp_path, first)

    async def after_reboot() -> None:
        world = World(tmp_path)
        world.clock.boot = "second boot"
        world.clock.calendar_jump_s = 1200.0
        await world.live(second)

    run_virtual(after_reboot())


def test_a_timer_that_cannot_be_taken_off_the_list_rings_once(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        def fail(_ring: object) -> bool:
            raise StoreUnusable("The disk is full.")

        world.schedule.add(1.0, None)
        world.schedule.begin = fail  # type: ignore[method-assign]
        await world.next(Rang)
        await asyncio.sleep(60.0)
        assert (await world.turn()).heard.startswith("It's")

    world = conversation(tmp_path, script, texts=["What time is it?"])
    assert len(world.all(Rang)) == 1
    assert [each.stage for each in world.all(StageFailed)] == ["timers"]


def test_a_timer_cancelled_in_the_turn_in_which_it_falls_due_does_not_ring(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add(2.5, None)
        assert (await world.turn()).heard.startswith("I've cancelled")
        await asyncio.sleep(10.0)

    world = conversation(tmp_path, script, texts=["cancel the timer"])
    assert world.all(Rang) == []


def test_a_speech_detector_that_keeps_failing_lets_the_next_wake_word_through(
    tmp_path: Path,
) -> None:
    async def script(world: World) -> None:
        detector = world.stages.speech_detector
        whole = detector.process

        def explode(_chunk: object) -> float:
            raise ZeroDivisionError("a defect")

        detector.process = explode  # type: ignore[method-assign]
        await world.room.say(said(chime(), pause(0.1), hum(1.0)))
        await asyncio.sleep(2.0)
        assert world.assistant.phase is Phase.IDLE
        detector.process = whole  # type: ignore[method-assign]
        assert (await world.turn()).heard.startswith("It's")

    world = conversation(tmp_path, script, texts=["What time is it?"])
    assert len(world.all(StageFailed)) == 1


def test_talk_in_the_background_does_not_keep_it_listening_for_ever(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        talk = [part for _ in range(40) for part in (hum(1.2), pause(0.4))]
        start = world.clock.since_boot_s()
        say = asyncio.ensure_future(world.room.say(said(chime(), *talk)))
        await world.next(SpeechEnded, timeout_s=40.0)
        assert world.clock.since_boot_s() - start < 32.0
        await say

    conversation(tmp_path, script, texts=["remember that talk goes on"] * 80)


def test_a_wake_word_in_the_moment_between_a_turn_and_a_ring(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.schedule.add(2.0, None)
        for wait_s in (0.0, 0.3, 0.1, 0.5):
            await world.room.say(said(chime(), pause(wait_s)))
        await asyncio.sleep(30.0)
        assert world.assistant.phase is Phase.IDLE

    world = conversation(tmp_path, script)
    assert world.all(Rang)
