"""The microphone turned off and on in the middle of whole turns."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from device.audio import Samples
from device.control import MicState, TurnMic, ask_mic
from device.events import (
    ClauseReady,
    FirstSample,
    FollowUpOpened,
    MicrophoneLost,
    MicrophoneMuted,
    MicrophoneUnmuted,
    Rang,
    SpeechStarted,
    StageFailed,
    Transcribed,
    TurnEnded,
    Woke,
)
from device.listen.fake import FakeSpeechDetector
from device.mic.mute import mute_file
from device.muting import ON_AGAIN
from device.transcribe.fake import FakeTranscriber
from device.turn import Phase
from device.wake import Detection
from device.wake.fake import FakeWakeWord, chime
from tests.scenarios.test_memory import FOLLOWED_UP, spoken, tap
from tests.scenarios.world import World, conversation, hum, pause, said

OFF = "My microphone is off. Press the button to turn it on again: I can't hear you until then."
STOP = "Stop listening."


class Spies:
    """Engines that count what comes to them. at_wake, at_reset: called by them, once."""

    def __init__(self, *texts: str) -> None:
        self.chunks = 0
        self.clips: list[Samples] = []
        self.forgotten = 0
        self.at_wake: Callable[[], None] | None = None
        self.at_reset: Callable[[], None] | None = None
        spies = self

        class Wake(FakeWakeWord):
            def process(self, chunk: Samples) -> Detection | None:
                spies.chunks += 1
                found = super().process(chunk)
                if found is not None and (call := spies.at_wake) is not None:
                    spies.at_wake = None
                    call()
                return found

            def reset(self) -> None:
                spies.forgotten += 1
                super().reset()

        class Detector(FakeSpeechDetector):
            def process(self, chunk: Samples) -> float:
                spies.chunks += 1
                return super().process(chunk)

            def reset(self) -> None:
                if (call := spies.at_reset) is not None:
                    spies.at_reset = None
                    call()

        class Transcriber(FakeTranscriber):
            def transcribe(self, samples: Samples, **more):
                spies.clips.append(samples)
                return super().transcribe(samples, **more)

        self.engines = {
            "wake_word": Wake(),
            "speech_detector": Detector(),
            "transcriber": Transcriber(list(texts)),
        }


Script = Callable[[World], Awaitable[None]]


def talk(home: Path, script: Script, spies: Spies, **rest) -> World:
    return conversation(home, script, control=home / "control", **spies.engines, **rest)


async def turn_mic(home: Path, **request) -> MicState:
    """As another program does."""
    return await asyncio.to_thread(ask_mic, home / "control", TurnMic(**request))


def held(world: World) -> int:
    """How many chunks of sound the running program still holds."""
    assistant = world.assistant
    queue = assistant._chunks._chunks
    kept = [assistant._attention, assistant._ended]
    return len(queue) + len(assistant._preroll.chunks()) + sum(each is not None for each in kept)


async def hears_nothing(world: World, spies: Spies) -> None:
    """Say a whole request, and look that nothing of it gets anywhere."""
    chunks, clips, woken = spies.chunks, len(spies.clips), len(world.all(Woke))
    await world.room.say(said(chime(), pause(0.1), hum(1.0), pause(3.0)))
    assert world.room.push is None  # the device is closed
    assert (spies.chunks, len(spies.clips), len(world.all(Woke))) == (chunks, clips, woken)
    assert held(world) == 0
    assert world.assistant.phase is Phase.IDLE


def test_by_voice_and_back_by_the_button(tmp_path: Path) -> None:
    spies = Spies(STOP, "What time is it?")

    async def script(world: World) -> None:
        assert (await world.turn()).heard == OFF
        await asyncio.sleep(0.5)
        await hears_nothing(world, spies)
        await asyncio.sleep(120)  # and no watchdog opens it again
        await hears_nothing(world, spies)
        await tap(world.assistant)
        assert world.room.push is not None
        # What was played meanwhile is no echo of what is heard now.
        assert len(world.assistant._playout._played._ready) < 8000
        await world.room.say(hum(1.0))
        assert (await world.next(TurnEnded)).heard.startswith("It's")

    world = talk(tmp_path, script, spies, settings=FOLLOWED_UP)
    assert [each.for_s for each in world.all(MicrophoneMuted)] == [None]
    assert len(world.all(MicrophoneUnmuted)) == 1
    assert not world.all(MicrophoneLost)
    assert len(world.all(FollowUpOpened)) == 1  # after the time, and not while it was off
    assert not mute_file(tmp_path).exists()


def test_for_ten_minutes(tmp_path: Path) -> None:
    spies = Spies("Mute yourself for ten minutes.", "What time is it?")

    async def script(world: World) -> None:
        heard = (await world.turn()).heard
        assert heard == (
            "My microphone is off for 10 minutes. Press the button to turn it on before that."
        )
        await asyncio.sleep(580)
        await hears_nothing(world, spies)
        assert (await world.next(TurnEnded)).heard == ON_AGAIN
        assert (await world.turn()).heard.startswith("It's")

    world = talk(tmp_path, script, spies)
    muted, unmuted = world.all(MicrophoneMuted)[0], world.all(MicrophoneUnmuted)[0]
    assert unmuted.at - muted.at == pytest.approx(600, abs=0.1)


def test_a_voice_can_not_turn_it_on_again_and_a_second_order_makes_it_longer(
    tmp_path: Path,
) -> None:
    spies = Spies()

    async def script(world: World) -> None:
        await turn_mic(tmp_path, on=False, off_for_s=60)
        state = await turn_mic(tmp_path, on=False)
        assert (state.on, state.off_for_s) == (False, None)
        await asyncio.sleep(100)
        await hears_nothing(world, spies)

    talk(tmp_path, script, spies)


class TestWhatWasHeardBefore:
    def test_it_is_let_go_of_at_once(self, tmp_path: Path) -> None:
        """Before anything else runs: the loop may be busy, and the sound card's thread is not."""
        spies = Spies()

        async def script(world: World) -> None:
            await world.room.say(hum(2.0))
            push, queue = world.room.push, world.assistant._chunks
            push(hum(0.032))
            assert len(queue._chunks) > 0
            thread = threading.Thread(target=world.mute.mute)
            thread.start()
            thread.join()
            push(hum(0.032))
            assert len(queue._chunks) == 0
            await asyncio.sleep(0.1)
            assert held(world) == 0

        talk(tmp_path, script, spies)

    def test_not_even_a_chunk_that_is_on_its_way_is_heard(self, tmp_path: Path) -> None:
        spies = Spies()

        async def script(world: World) -> None:
            queue = world.assistant._chunks
            get = queue.get

            async def get_and_mute() -> Samples:
                chunk = await get()
                world.mute.mute()
                spies.chunks = 0
                return chunk

            queue.get = get_and_mute  # type: ignore[method-assign]
            await asyncio.sleep(1.0)
            assert world.mute.muted()
            assert spies.chunks == 0

        talk(tmp_path, script, spies)

    def test_the_engines_keep_nothing_of_it(self, tmp_path: Path) -> None:
        spies = Spies()

        async def script(world: World) -> None:
            assert spies.forgotten == 0
            await turn_mic(tmp_path, on=False)
            await asyncio.sleep(0.1)
            assert spies.forgotten == 1

        talk(tmp_path, script, spies)

    def test_none_of_it_is_in_what_is_said_after(self, tmp_path: Path) -> None:
        spies = Spies("What time is it?")

        async def script(world: World) -> None:
            await world.room.say(hum(2.0, tone_hz=400))
            world.mute.mute()
            await asyncio.sleep(0)
            world.mute.unmute()
            await world.turn()

        talk(tmp_path, script, spies)
        assert spies.clips
        for clip in spies.clips:
            power = np.abs(np.fft.rfft(clip[: len(clip) // 2].astype(float)))
            at_hz = np.fft.rfftfreq(len(clip) // 2, 1 / 16_000)
            assert power[(at_hz > 380) & (at_hz < 420)].max() < 0.02 * power.max()

    def test_what_is_being_said(self, tmp_path: Path) -> None:
        spies = Spies("What time is it?")

        async def script(world: World) -> None:
            await world.room.say(said(chime(), pause(0.1), hum(0.5)))
            assert world.assistant.phase is Phase.LISTENING
            clips = len(spies.clips)
            assert not (await turn_mic(tmp_path, on=False)).on
            assert world.assistant.phase is Phase.IDLE
            await asyncio.sleep(5)
            assert len(spies.clips) == clips
            await hears_nothing(world, spies)

        world = talk(tmp_path, script, spies)
        assert world.all(SpeechStarted)
        assert not world.all(Transcribed)

    def test_what_is_said_over_a_reply_which_goes_on(self, tmp_path: Path) -> None:
        spies = Spies("Tell me a story.")

        async def script(world: World) -> None:
            await world.room.say(said(chime(), pause(0.1), hum(1.0)))
            await world.next(FirstSample)
            await world.room.say(hum(0.4))
            assert world.assistant.phase is Phase.LISTENING
            await turn_mic(tmp_path, on=False)
            assert world.assistant.phase is Phase.SPEAKING
            assert (await world.next(TurnEnded)).heard.endswith("in the sea.")
            await hears_nothing(world, spies)

        story = "Once upon a time there was a small lighthouse on a large rock in the sea."
        talk(tmp_path, script, spies, replies=[story])

    @pytest.mark.parametrize("when", ["at_wake", "at_reset"])
    def test_in_the_very_moment_of_the_wake_word(self, tmp_path: Path, when: str) -> None:
        spies = Spies()

        async def script(world: World) -> None:
            setattr(spies, when, world.mute.mute)
            await world.room.say(said(chime(), pause(0.1), hum(1.0), pause(1.0)))
            assert getattr(spies, when) is None  # it has been
            await hears_nothing(world, spies)
            world.schedule.add(5.0, None)
            await world.next(Rang)  # nobody has the word who will never give it back

        world = talk(tmp_path, script, spies)
        assert len(world.all(Woke)) == (0 if when == "at_wake" else 1)
        assert spies.clips == []


class TestRestarting:
    def muted_before(self, home: Path, **request) -> None:
        async def script(world: World) -> None:
            await turn_mic(home, on=False, **request)

        talk(home, script, Spies())

    def test_it_stays_off(self, tmp_path: Path) -> None:
        self.muted_before(tmp_path)
        spies = Spies("What time is it?")

        async def script(world: World) -> None:
            assert len(world.all(MicrophoneMuted)) == 1
            assert world.mute.muted()
            await hears_nothing(world, spies)
            await tap(world.assistant)
            await world.room.say(hum(1.0))
            assert (await world.next(TurnEnded)).heard.startswith("It's")

        talk(tmp_path, script, spies)
        self.stays_on(tmp_path)

    def stays_on(self, home: Path) -> None:
        async def script(world: World) -> None:
            assert world.room.push is not None
            assert not world.all(MicrophoneMuted)

        talk(home, script, Spies())

    @pytest.mark.parametrize(
        ("calendar_s", "opens_in_s"), [(0, 600), (540, 60), (700, 0), (-86_400, 600)]
    )
    def test_a_time_goes_by_the_calendar_after_a_reboot_and_is_never_longer(
        self, tmp_path: Path, calendar_s: float, opens_in_s: float
    ) -> None:
        self.muted_before(tmp_path, off_for_s=600)
        spies = Spies()

        async def live() -> World:
            world = World(tmp_path, control=tmp_path / "control", **spies.engines)
            world.clock.boot = "second boot"
            world.clock.calendar_jump_s = calendar_s

            async def script(world: World) -> None:
                while world.room.push is None:
                    await asyncio.sleep(0.1)

            await world.live(script)
            return world

        from tests.virtual_time import run_virtual

        world = run_virtual(live())
        (opened,) = world.all(MicrophoneUnmuted)
        assert opened.at - world.started_at == pytest.approx(opens_in_s, abs=1)

    @pytest.mark.parametrize("rubbish", [b"", b"{", b"\xff", b'{"end": 5}', b'{"off": false}'])
    def test_what_can_not_be_read_means_off(self, tmp_path: Path, rubbish: bytes) -> None:
        mute_file(tmp_path).write_bytes(rubbish)
        spies = Spies()

        async def script(world: World) -> None:
            await hears_nothing(world, spies)
            await turn_mic(tmp_path, on=True)
            assert world.room.push is not None

        talk(tmp_path, script, spies)
        self.stays_on(tmp_path)

    def test_what_can_not_be_kept_is_said_and_it_is_off(self, tmp_path: Path) -> None:
        spies = Spies(STOP)

        async def script(world: World) -> None:
            world.mute._path = tmp_path / "no such folder" / "microphone.json"
            assert (await world.turn()).heard.startswith(
                "My microphone is off, but I couldn't write that down"
            )
            await hears_nothing(world, spies)

        talk(tmp_path, script, spies)


class TestWhatElseIsAtWork:
    def test_what_rings_is_stopped_by_the_button_and_the_next_press_opens(
        self, tmp_path: Path
    ) -> None:
        spies = Spies()

        async def script(world: World) -> None:
            await turn_mic(tmp_path, on=False)
            soon = world.clock.now() + timedelta(seconds=5)
            world.schedule.add_alarm(at=soon.replace(tzinfo=None))
            await world.next(Rang)
            await asyncio.sleep(2.0)
            await tap(world.assistant)
            at = world.room.at
            await asyncio.sleep(30.0)
            assert not world.assistant_spoke_after(at + 4000)
            assert world.schedule.alarms() == []
            await hears_nothing(world, spies)
            await tap(world.assistant)
            assert world.room.push is not None

        world = talk(tmp_path, script, spies)
        assert len(world.all(Rang)) == 1

    def test_a_busy_model_keeps_no_one_waiting(self, tmp_path: Path) -> None:
        spies = Spies("Tell me a story.")

        async def script(world: World) -> None:
            await world.room.say(said(chime(), pause(0.1), hum(1.0)))
            while world.assistant.phase is not Phase.THINKING:
                await asyncio.sleep(0.01)
            control, before = world.assistant._control, asyncio.get_running_loop().time()
            assert control is not None
            answer = await control._answer(TurnMic(on=False).model_dump_json().encode())
            assert answer.mic == MicState(on=False)
            assert asyncio.get_running_loop().time() - before < 0.1
            await asyncio.sleep(0)
            assert world.room.push is None
            assert (await world.next(TurnEnded, 300)).heard == "Once."

        talk(tmp_path, script, spies, replies=["Once."], takes_s={"think": 30.0})

    def test_a_device_that_can_not_be_opened_again_is_tried_again(self, tmp_path: Path) -> None:
        from device.errors import MicrophoneUnusable

        spies = Spies()

        async def script(world: World) -> None:
            await turn_mic(tmp_path, on=False)
            microphone = world.room.microphone
            opens, tries = microphone.open, []

            def busy(push) -> None:
                tries.append(push)
                if len(tries) < 3:
                    raise MicrophoneUnusable("It is busy.")
                opens(push)

            microphone.open = busy  # type: ignore[method-assign]
            assert (await turn_mic(tmp_path, on=True)).on
            await asyncio.sleep(20)
            assert world.room.push is not None

        world = talk(tmp_path, script, spies)
        assert {each.stage for each in world.all(StageFailed)} == {"microphone"}

    def test_nothing_that_was_said_is_in_the_file(self, tmp_path: Path) -> None:
        spies = Spies(STOP)

        async def script(world: World) -> None:
            await world.turn()
            assert mute_file(tmp_path).read_bytes() == b'{"end":null}'
            assert mute_file(tmp_path).stat().st_mode & 0o077 == 0
            assert spoken(world)

        world = talk(tmp_path, script, spies)
        assert len(world.all(ClauseReady)) > 0
