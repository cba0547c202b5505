"""Who has the word: interrupting, being interrupted, going on, following up. In virtual time."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from device.audio import RATE_HZ, Samples
from device.events import (
    BargedIn,
    FirstSample,
    FollowUpClosed,
    FollowUpOpened,
    Interrupted,
    NothingSaid,
    Rang,
    Resumed,
    SpeechEnded,
    SpeechStarted,
    Transcribed,
    TurnEnded,
    WentOn,
    Woke,
)
from device.settings import CueSettings, ListenSettings, Settings
from device.transcribe import Segment
from device.transcribe.fake import FakeTranscriber
from device.turn import Phase
from device.wake.fake import chime
from tests.scenarios.world import World, conversation, hum, pause, said

STORY = "Once upon a time there was a very small lighthouse on a very large rock in the sea. " * 3
FOLLOWING_UP = Settings(cues=CueSettings(earcons=False), listen=ListenSettings(follow_up_s=4.0))


async def hear_the_story_begin(world: World) -> None:
    await world.room.say(said(chime(), pause(0.1), hum(1.0)))
    await world.first(FirstSample)
    await asyncio.sleep(3.0)


def silent_from(world: World) -> float:
    """Seconds of the recording after which the assistant was silent."""
    _, assistant = world.room.recorded()
    loud = np.flatnonzero(np.abs(assistant.astype(int)) > 330)
    return float(loud[-1]) / RATE_HZ if len(loud) else 0.0


# interrupting


def test_words_spoken_over_a_reply_take_the_word(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await hear_the_story_begin(world)
        await world.room.say(hum(1.0))
        cut = await world.next(TurnEnded)
        assert cut.heard and STORY.startswith(cut.heard) and len(cut.heard) < len(STORY) / 2
        assert (await world.next(TurnEnded)).heard.startswith("It's")

    texts = ["Tell me a story.", "What time is it?"]
    world = conversation(tmp_path, script, texts=texts, replies=[STORY])
    assert len(world.all(BargedIn)) == len(world.all(Interrupted)) == 1
    assert world.all(Resumed) == []
    assert len(world.all(Woke)) == 1


def test_playback_is_silent_within_150_ms_of_the_barge_in(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await hear_the_story_begin(world)
        say = asyncio.ensure_future(world.room.say(hum(1.5)))
        await world.next(BargedIn)
        at = world.room.at
        await asyncio.sleep(1.0)
        assert silent_from(world) < at / RATE_HZ + 0.15
        await say

    conversation(tmp_path, script, texts=["Tell me a story.", "stop"], replies=[STORY])


def test_stop_is_enough_to_stop_it(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await hear_the_story_begin(world)
        await world.room.say(hum(0.35))
        await world.next(TurnEnded)
        at = world.room.at
        await asyncio.sleep(10.0)
        assert not world.assistant_spoke_after(at + RATE_HZ // 5)
        assert world.assistant.phase is Phase.IDLE

    conversation(tmp_path, script, texts=["Tell me a story.", "Stop."], replies=[STORY])


@pytest.mark.parametrize("murmur", ["Mm-hmm.", "Yeah.", ""])
def test_a_murmur_or_a_cough_does_not_end_the_reply(tmp_path: Path, murmur: str) -> None:
    async def script(world: World) -> None:
        await hear_the_story_begin(world)
        await world.room.say(hum(0.4))
        assert (await world.next(TurnEnded)).heard == STORY.strip()

    texts = ["Tell me a story.", murmur] if murmur else ["Tell me a story."]
    world = conversation(tmp_path, script, texts=texts, replies=[STORY])
    assert len(world.all(BargedIn)) == len(world.all(Resumed)) == 1
    assert world.all(Interrupted) == []


def test_a_yes_over_the_question_that_asks_for_it_is_an_answer(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn()
        await world.room.say(said(chime(), pause(0.1), hum(1.0)))
        await world.next(FirstSample)
        await asyncio.sleep(0.5)
        await world.room.say(hum(0.5))
        await world.next(TurnEnded)
        assert "forg" in (await world.next(TurnEnded)).heard.lower()

    texts = ["Remember that my bike is red.", "Forget that my bike is red.", "Yes."]
    world = conversation(tmp_path, script, texts=texts)
    assert [each.text for each in world.all(Transcribed)] == [
        "Remember that my bike is red.",
        "Forget that my bike is red.",
        "Yes.",
    ]


def test_the_wake_word_over_a_reply_stops_it(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await hear_the_story_begin(world)
        await world.room.say(said(hum(0.4), chime()))
        await world.next(TurnEnded)
        await world.next(NothingSaid)
        assert world.assistant.phase is Phase.IDLE

    conversation(tmp_path, script, texts=["Tell me a story.", "Hey Jarvis"], replies=[STORY])


# the button


def test_a_tap_of_the_button_is_as_good_as_the_wake_word(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.assistant.press()
        await asyncio.sleep(0.1)
        world.assistant.release()
        await world.first(Woke)
        await world.room.say(hum(1.0))
        assert (await world.next(TurnEnded)).heard.startswith("It's")

    world = conversation(tmp_path, script, texts=["What time is it?"])
    assert [each.wake_word for each in world.all(Woke)] == ["button"]


def test_a_held_button_listens_through_pauses_until_it_is_released(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        world.assistant.press()
        await world.room.say(said(hum(1.0), pause(4.0), hum(1.0)))
        assert world.assistant.phase is Phase.LISTENING
        world.assistant.release()
        released_at = asyncio.get_running_loop().time()
        ended = await world.next(SpeechEnded)
        assert ended.reason == "RELEASED"
        assert ended.committed_at - released_at < 0.1
        assert (await world.next(TurnEnded)).heard.startswith("It's")

    conversation(tmp_path, script, texts=["What time is it?"])


def test_the_button_stops_a_reply(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await hear_the_story_begin(world)
        world.assistant.press()
        world.assistant.release()
        await world.next(TurnEnded)
        at = world.room.at
        await world.next(NothingSaid)
        assert not world.assistant_spoke_after(at + RATE_HZ // 5)

    conversation(tmp_path, script, texts=["Tell me a story."], replies=[STORY])


# being cut off


def test_who_goes_on_before_the_answer_is_one_utterance(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        # The longest pause passes, the utterance is taken for over, and then the user goes on.
        say = asyncio.ensure_future(
            world.room.say(said(chime(), pause(0.1), hum(1.0), pause(2.5), hum(1.0)))
        )
        await world.next(WentOn)
        await say
        assert (await world.next(TurnEnded)).heard == "They buzz."

    texts = ["What do bees", "What do bees do all day?"]
    world = conversation(
        tmp_path, script, texts=texts, replies=["They hum.", "They buzz."], takes_s={"speak": 3.0}
    )
    assert [each.text for each in world.all(Transcribed)] == texts
    assert len(world.all(TurnEnded)) == 1
    assert len({each.turn_id for each in world.all(SpeechEnded)}) == 1


def test_who_goes_on_after_a_command_does_not_have_it_done_twice(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.room.say(said(chime(), pause(0.1), hum(1.0), pause(0.7), hum(1.0)))
        await world.next(TurnEnded)
        assert len(world.schedule.running()) == 1

    texts = ["Set a timer for five minutes."] * 3
    world = conversation(tmp_path, script, texts=texts, takes_s={"think": 1.0, "speak": 2.0})
    assert world.all(WentOn) == []


def test_a_partial_of_sound_that_did_not_count_is_not_taken_for_the_transcript(
    tmp_path: Path,
) -> None:
    class Heard(FakeTranscriber):
        """Hears nothing but the wake phrase at first, and is sure of its partials."""

        def transcribe(
            self,
            samples: Samples,
            *,
            partial: bool = False,
            begins: str = "",
            fits: Callable[[str], bool] | None = None,
        ) -> list[Segment]:
            del begins, fits
            long = len(samples) > 3.0 * RATE_HZ
            text = "What time is it?" if long else "Hey Jarvis."
            return [Segment(text, -0.1, 0.01, 1.0)]

    async def script(world: World) -> None:
        await world.room.say(said(chime(), hum(1.6), pause(0.5), hum(0.5)))
        assert (await world.next(TurnEnded)).heard.startswith("It's")

    settings = Settings(cues=CueSettings(earcons=False), listen=ListenSettings(follow_up_s=0.0))
    conversation(tmp_path, script, transcriber=Heard([]), settings=settings)


# following up


def test_a_second_question_needs_no_wake_word(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn()
        await world.first(FollowUpOpened)
        await asyncio.sleep(1.0)
        await world.room.say(hum(1.0))
        assert (await world.next(TurnEnded)).heard.startswith("It's")
        await world.next(FollowUpClosed)
        assert world.assistant.phase is Phase.IDLE

    texts = ["What time is it?", "What time is it?"]
    world = conversation(tmp_path, script, texts=texts, settings=FOLLOWING_UP)
    assert len(world.all(Woke)) == 1
    assert len(world.all(SpeechStarted)) == 2


def test_silence_closes_the_follow_up_without_a_word(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn()
        opened = await world.first(FollowUpOpened)
        closed = await world.next(FollowUpClosed)
        assert 3.5 < closed.at - opened.at < 4.5
        at = world.room.at
        await world.room.say(said(pause(1.0), hum(1.0)))
        await asyncio.sleep(3.0)
        assert not world.assistant_spoke_after(at)

    texts = ["What time is it?"] * 2
    world = conversation(tmp_path, script, texts=texts, settings=FOLLOWING_UP)
    assert len(world.all(Transcribed)) == 1


@pytest.mark.parametrize("farewell", ["Thanks, that's all.", "No thanks."])
def test_thanks_that_is_all_closes_it(tmp_path: Path, farewell: str) -> None:
    async def script(world: World) -> None:
        await world.turn()
        await world.first(FollowUpOpened)
        await world.room.say(said(pause(0.5), hum(1.0)))
        await world.next(TurnEnded)
        assert world.assistant.phase is Phase.IDLE

    texts = ["What time is it?", farewell]
    world = conversation(tmp_path, script, texts=texts, settings=FOLLOWING_UP)
    assert len(world.all(FollowUpOpened)) == 1


def test_the_wake_word_works_in_a_follow_up(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn()
        await world.first(FollowUpOpened)
        await asyncio.sleep(0.5)
        assert (await world.turn()).heard.startswith("It's")

    texts = ["What time is it?", "What time is it?"]
    world = conversation(tmp_path, script, texts=texts, settings=FOLLOWING_UP)
    assert len(world.all(Woke)) == 2


def test_a_timer_rings_in_a_follow_up(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn()
        await world.first(FollowUpOpened)
        await world.next(Rang)
        await world.next(TurnEnded)
        assert world.assistant.phase is Phase.IDLE

    conversation(tmp_path, script, texts=["Set a timer for 2 seconds"], settings=FOLLOWING_UP)


# sounds that are not words


def test_who_waits_after_the_wake_word_is_invited_to_speak(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.room.say(chime())
        at = world.room.at
        await asyncio.sleep(1.0)
        assert world.assistant_spoke_after(at)
        await world.room.say(hum(1.0))
        assert (await world.next(TurnEnded)).heard.startswith("It's")

    settings = Settings(listen=ListenSettings(follow_up_s=0.0))
    conversation(tmp_path, script, texts=["What time is it?"], settings=settings)


def test_who_speaks_at_once_hears_no_earcon(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn()
        _, assistant = world.room.recorded()
        loud = np.flatnonzero(np.abs(assistant.astype(int)) > 330)
        ended_at = world.all(SpeechEnded)[0].at - world.started_at
        assert loud[0] / RATE_HZ > ended_at

    settings = Settings(listen=ListenSettings(follow_up_s=0.0))
    conversation(tmp_path, script, texts=["What time is it?"], settings=settings)


def test_a_sound_tells_that_the_reply_takes_longer(tmp_path: Path) -> None:
    async def script(world: World) -> None:
        await world.turn()
        ended = world.all(SpeechEnded)[0].committed_at - world.started_at
        first = world.all(FirstSample)[0].at - world.started_at
        _, assistant = world.room.recorded()
        between = assistant[int(ended * RATE_HZ) : int((first - 0.1) * RATE_HZ)]
        assert (np.abs(between.astype(int)) > 330).any()
        assert world.all(TurnEnded)[0].heard == "They buzz."

    conversation(
        tmp_path,
        script,
        texts=["What do bees do?"],
        replies=["They buzz."],
        takes_s={"speak": 5.0},
    )
