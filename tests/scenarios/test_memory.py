"""Memory over whole turns: the button, what is kept of replies, upkeep, and erasing everything."""

import asyncio
import itertools
import threading
from pathlib import Path

from agents.agent import DONT_KNOW_OWN, PRIVATE
from context import KeysUnusable, Provenance, Purpose
from device.assistant import Assistant
from device.button import ANNOUNCE_S, ANNOUNCED_S
from device.erasing import ERASE_ANNOUNCED, ERASE_TAKEN_BACK, ERASED
from device.events import ClauseReady, SpeechStarted, StageFailed, TurnEnded, Woke
from device.settings import CueSettings, ListenSettings, Settings
from device.turn import Phase
from tests.scenarios.world import World, conversation, hum, said

CODE = "Remember that my door code is 4711."
ASKED = "What is my door code?"
FOLLOWED_UP = Settings(cues=CueSettings(earcons=False), listen=ListenSettings(follow_up_s=5.0))


async def tap(assistant: Assistant) -> None:
    assistant.press()
    await asyncio.sleep(0.1)
    assistant.release()
    await asyncio.sleep(0.1)


async def press_and_say(world: World) -> TurnEnded:
    await tap(world.assistant)
    await world.room.say(hum(1.0))
    return await world.next(TurnEnded)


def spoken(world: World) -> str:
    return " ".join(each.text for each in world.all(ClauseReady))


def tell(world: World, text: str) -> None:
    scope = world.mint(Purpose.REMEMBER)
    world.store.remember(scope, text, said_by=Provenance.OWNER_SPOKE)


def remembered(world: World) -> list[str]:
    return [item.text for item in world.store.items(world.mint(Purpose.ANSWER), limit=9)]


class TestButton:
    def test_what_is_private_is_told_after_it(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            await world.turn()
            assert (await world.turn()).heard == PRIVATE
            assert "4711" in (await press_and_say(world)).heard
            assert (await world.turn()).heard == PRIVATE

        conversation(tmp_path, script, texts=[CODE, ASKED, ASKED, ASKED])

    def test_who_goes_on_without_it_is_only_a_voice(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            await press_and_say(world)
            assert "4711" in (await press_and_say(world)).heard
            await world.room.say(said(hum(1.0)))
            assert (await world.next(TurnEnded)).heard == PRIVATE

        conversation(
            tmp_path, script, texts=[CODE, ASKED, ASKED], replies=["x"], settings=FOLLOWED_UP
        )

    def test_what_was_made_of_it_is_not_kept_after_the_turn(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            await world.turn()
            cached = world.stages.synthesizer
            assert any("4711" in clip for clip in cached._newest)
            assert "4711" in (await press_and_say(world)).heard
            await asyncio.sleep(0.1)
            assert not any("4711" in clip for clip in cached._newest)
            assert world.model.held == []

        conversation(tmp_path, script, texts=[CODE, ASKED])

    def test_a_yes_after_it_is_for_what_was_asked(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            await world.turn()
            assert "Should I forget" in (await press_and_say(world)).heard
            await world.room.say(said(hum(0.5)))
            assert (await world.next(TurnEnded)).heard.startswith("I've forgotten that.")
            assert (await press_and_say(world)).heard == DONT_KNOW_OWN

        texts = [CODE, "Forget everything about my door code.", "Yes.", ASKED]
        conversation(tmp_path, script, texts=texts, settings=FOLLOWED_UP)


class TestUpkeep:
    def test_what_was_forgotten_is_erased_a_minute_later(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            for _ in range(2):
                await world.turn()
            folder = tmp_path / "memory"
            before = {path: path.stat().st_size for path in folder.glob("*.db")}
            await asyncio.sleep(125)
            assert (await world.turn()).heard == "That's erased; I can't bring it back."
            assert before

        texts = ["Remember that my car is red.", "Forget that.", "Undo."]
        world = conversation(tmp_path, script, texts=texts)
        assert not world.all(StageFailed)

    def test_it_is_done_at_the_start_and_every_minute(self, tmp_path: Path, monkeypatch) -> None:
        async def script(world: World) -> None:
            at: list[float] = []
            reap = world.store.reap
            loop = asyncio.get_running_loop()

            def spy() -> int:
                at.append(loop.time())
                return reap()

            monkeypatch.setattr(world.store, "reap", spy)
            await asyncio.sleep(200)
            assert len(at) == 3
            assert all(59 < after - before < 62 for before, after in itertools.pairwise(at))

        conversation(tmp_path, script)

    def test_never_in_a_turn(self, tmp_path: Path, monkeypatch) -> None:
        async def script(world: World) -> None:
            during: list[Phase] = []
            monkeypatch.setattr(
                world.store, "reap", lambda: during.append(world.assistant.phase) or 0
            )
            world.assistant.press()
            await world.next(Woke)
            await asyncio.sleep(150)
            assert during == []
            world.assistant.release()
            await asyncio.sleep(70)
            assert during
            assert set(during) == {Phase.IDLE}

        conversation(tmp_path, script)

    def test_vectors_are_made_in_idle_moments(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            embedder, world.store._embedder = world.store._embedder, None
            for n in range(20):
                tell(world, f"box {n} is red")
            world.store._embedder = embedder
            await asyncio.sleep(70)
            assert world.store.reembed() == 0

        conversation(tmp_path, script)

    def test_what_fails_is_told_and_tried_again(self, tmp_path: Path, monkeypatch) -> None:
        async def script(world: World) -> None:
            def broken() -> int:
                raise KeysUnusable("Try again.")

            monkeypatch.setattr(world.store, "reap", broken)
            await asyncio.sleep(130)
            failed = [each.stage for each in world.all(StageFailed)]
            assert failed == ["memory", "memory"]
            assert (await world.turn()).heard.startswith("It's")

        conversation(tmp_path, script, texts=["What time is it?"])

    def test_what_is_over_its_time_leaves_the_conversation(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            await world.turn()
            assert "tulips" in str(world.model.held)
            await asyncio.to_thread(
                lambda: [
                    world.store.forget(world.mint(Purpose.FORGET), item.id, undo_s=1)
                    for item in world.store.items(world.mint(Purpose.FORGET), limit=9)
                ]
            )
            await asyncio.sleep(70)
            assert world.model.held == []

        async def told(world: World) -> None:
            tell(world, "Anna likes tulips")
            await script(world)

        conversation(tmp_path, told, texts=["What should I buy Anna?"], replies=["Tea."])


class TestErasingEverything:
    async def sign(self, world: World) -> None:
        await tap(world.assistant)
        await tap(world.assistant)
        world.assistant.press()

    def test_two_taps_and_a_hold_erase_it(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            await world.turn()
            files = set((tmp_path / "memory").glob("*.db"))
            assert files
            await self.sign(world)
            await asyncio.sleep(ANNOUNCE_S + 0.1)
            assert ERASE_ANNOUNCED.split(",")[0] in spoken(world)
            assert all(path.exists() for path in files)
            await asyncio.sleep(ANNOUNCED_S)
            assert not any(path.exists() for path in files)
            await asyncio.sleep(5)
            world.assistant.release()
            assert ERASED in spoken(world)
            assert remembered(world) == []
            assert (await world.turn()).heard == DONT_KNOW_OWN
            assert (await world.turn()).heard.startswith("I'll remember")

        texts = ["Remember that my car is red.", "Where is my car?", "Remember that I am here."]
        world = conversation(tmp_path, script, texts=texts)
        assert not world.all(StageFailed)

    def test_letting_go_in_time_takes_it_back(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            tell(world, "my car is red")
            await self.sign(world)
            await asyncio.sleep(ANNOUNCE_S + ANNOUNCED_S - 0.1)
            world.assistant.release()
            await asyncio.sleep(10)
            assert ERASE_TAKEN_BACK in spoken(world)
            assert remembered(world) == ["my car is red"]
            assert world.assistant.phase is Phase.IDLE

        conversation(tmp_path, script)

    def test_letting_go_before_it_is_announced_was_only_talking(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            await self.sign(world)
            await world.room.say(hum(ANNOUNCE_S - 0.5))
            world.assistant.release()
            assert (await world.next(TurnEnded)).heard.startswith("It's")
            assert ERASE_TAKEN_BACK not in spoken(world)

        conversation(tmp_path, script, texts=["What time is it?"])

    def test_a_long_hold_alone_is_only_talking(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            tell(world, "my car is red")
            world.assistant.press()
            await world.room.say(hum(20.0))
            world.assistant.release()
            await world.next(TurnEnded)
            assert remembered(world) == ["my car is red"]

        conversation(tmp_path, script, texts=["What time is it?"])

    def test_it_waits_for_no_one(self, tmp_path: Path) -> None:
        """Not for the model, nor for sound from the microphone, nor for a voice."""

        async def script(world: World) -> None:
            tell(world, "my car is red")
            files = list((tmp_path / "memory").glob("*.db"))
            loop = asyncio.get_running_loop()
            held, go_on = asyncio.Event(), threading.Event()
            world.stages.microphone.close()
            world.assistant._workers.think.post(_block, loop, held, go_on)
            await held.wait()
            await self.sign(world)
            await asyncio.sleep(ANNOUNCE_S + ANNOUNCED_S + 0.5)
            assert not any(path.exists() for path in files)
            await asyncio.sleep(5)
            assert ERASED in spoken(world)
            go_on.set()
            world.assistant.release()
            await asyncio.sleep(10)

        conversation(tmp_path, script)

    def test_keys_that_can_not_be_destroyed_are_told_of(self, tmp_path: Path, monkeypatch) -> None:
        async def script(world: World) -> None:
            def broken() -> None:
                raise KeysUnusable("Not all keys could be destroyed.")

            monkeypatch.setattr(world.store, "panic", broken)
            await self.sign(world)
            await asyncio.sleep(ANNOUNCE_S + ANNOUNCED_S + 10)
            world.assistant.release()
            assert "Not all keys could be destroyed." in spoken(world)

        world = conversation(tmp_path, script)
        assert [each.error for each in world.all(StageFailed)] == ["KeysUnusable"]

    def test_it_stops_a_reply(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            await self.sign(world)
            await world.room.say(hum(1.0))
            await world.first(SpeechStarted)
            await asyncio.sleep(ANNOUNCE_S + ANNOUNCED_S + 10)
            world.assistant.release()
            await asyncio.sleep(1)
            assert world.assistant.phase is Phase.IDLE

        conversation(tmp_path, script, texts=["Tell me a story."], replies=["Once."])


def _block(loop: asyncio.AbstractEventLoop, held: asyncio.Event, go_on: threading.Event) -> None:
    loop.call_soon_threadsafe(held.set)
    go_on.wait(10)
