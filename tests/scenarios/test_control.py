"""Other programs ask something of the assistant in the middle of whole turns."""

import asyncio
import dataclasses
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from agents.agent import DONT_KNOW_OWN, PRIVATE, PRIVATE_LOCKED
from context import Authentication, HashingEmbedder, Provenance, Purpose, Store
from context.keys.keyring import Tier
from device.assistant import BROKEN_OFF
from device.control import Flush, Lock, Refused, Request, State, Status, Unlock, UnlockByPhone, ask
from device.control_socket import connected
from device.errors import ControlFailed
from device.events import ClauseReady, FirstSample, Rang, StageFailed, TurnEnded
from device.permission import ask as mint
from device.turn import Phase
from tests.scenarios.test_memory import press_and_say, spoken, tap
from tests.scenarios.world import World, conversation, hum, pause, said
from tests.virtual_time import run_virtual

CODE = "My door code is 4711"
ASKED = "What is my door code?"
CAR = "My car is red"
PIN = "2580"


def folder(home: Path) -> Path:
    return home / "control"


async def tell(world: World, request: Request) -> State:
    """Ask from another thread, as another program does from another process."""
    return await asyncio.to_thread(ask, world.stages.mind.store.folder.parent / "control", request)


def prepare(home: Path, *texts: str) -> bytes:
    """A vault with a PIN and these memories; returns the paired phone's key."""

    async def fill() -> bytes:
        world = World(home)
        world.store.open()
        for text in texts:
            scope = world.mint(Purpose.REMEMBER)
            world.store.remember(scope, text, said_by=Provenance.OWNER_SPOKE)
        world.store.keyring.set_pin(PIN)
        phone = world.store.keyring.pair_phone()
        world.store.close()
        return phone

    return run_virtual(fill())


def held_of(world: World, words: str) -> list[str]:
    """Where the running program still holds something with these words in it."""
    agent, cached = world.stages.mind.agent, world.stages.synthesizer
    places = {
        "history": repr(agent._exchanges.history)
        + repr(agent._exchanges._begun)
        + repr(agent._used),
        "model": repr(world.model.held) + repr(world.model.prompts) + repr(world.model.read_ahead),
        "voice": repr(list(cached._newest)),
    }
    return [place for place, text in places.items() if words in text]


Script = Callable[[World], Awaitable[None]]


def talk(home: Path, script: Script, *texts: str, **rest: object) -> World:
    return conversation(home, script, texts=texts, control=folder(home), **rest)


class TestUnlocking:
    def test_the_pin_opens_what_the_button_then_tells_and_no_voice(self, tmp_path: Path) -> None:
        prepare(tmp_path, CODE)

        async def script(world: World) -> None:
            assert (await press_and_say(world)).heard == PRIVATE_LOCKED
            state = await tell(world, Unlock(pin=PIN))
            assert (state.has_pin, state.general_locked, state.restricted_locked) == (
                True, False, False,
            )  # fmt: skip
            assert "4711" in (await press_and_say(world)).heard
            assert (await world.turn()).heard == PRIVATE

        talk(tmp_path, script, *[ASKED] * 3)

    def test_so_does_the_phone(self, tmp_path: Path) -> None:
        phone = prepare(tmp_path, CODE)

        async def script(world: World) -> None:
            with pytest.raises(Refused, match="not right") as refused:
                await tell(world, UnlockByPhone(key="00" * 32))
            assert refused.value.retry_after_s == 0
            assert (await tell(world, Status())).restricted_locked
            assert not (await tell(world, UnlockByPhone(key=phone.hex()))).restricted_locked
            assert "4711" in (await press_and_say(world)).heard

        talk(tmp_path, script, ASKED)

    def test_wrong_ones_are_counted_for_every_program_and_over_a_restart(
        self, tmp_path: Path
    ) -> None:
        prepare(tmp_path)

        async def guess(world: World) -> None:
            assert (await tell(world, Status())).tries_left == 3
            for left in (2, 1):
                with pytest.raises(Refused, match="try again") as refused:
                    await tell(world, Unlock(pin="0000"))
                assert refused.value.retry_after_s == 0
                assert (await tell(world, Status())).tries_left == left

        async def guess_again(world: World) -> None:
            with pytest.raises(Refused, match="wait 2 seconds") as refused:
                await tell(world, Unlock(pin="0000"))
            assert refused.value.retry_after_s == pytest.approx(2, abs=0.5)
            state = await tell(world, Status())
            assert (state.tries_left, state.restricted_locked) == (0, True)
            assert state.wait_s > 0
            with pytest.raises(Refused, match="too many wrong tries"):
                await tell(world, Unlock(pin=PIN))
            other = Store(world.store.folder, HashingEmbedder(), world.clock.now)
            other.open()
            with pytest.raises(Exception, match="too many wrong tries"):
                other.unlock(PIN)
            other.close()
            await asyncio.sleep(2.1)
            assert not (await tell(world, Unlock(pin=PIN))).restricted_locked
            assert (await tell(world, Status())).tries_left == 3

        talk(tmp_path, guess)
        talk(tmp_path, guess_again)

    def test_without_a_pin_there_is_nothing_to_unlock(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            assert not (await tell(world, Status())).has_pin
            with pytest.raises(Refused, match="No PIN is set") as refused:
                await tell(world, Unlock(pin=PIN))
            assert refused.value.retry_after_s is None
            assert not (await tell(world, Lock())).restricted_locked
            with pytest.raises(Refused, match="4 to 64 characters"):
                await tell(world, Unlock(pin="1"))

        talk(tmp_path, script)

    def test_other_things_are_open_then_so_what_was_made_before_goes(self, tmp_path: Path) -> None:
        prepare(tmp_path, CODE, CAR)

        async def script(world: World) -> None:
            for _ in range(2):
                await world.turn()
                assert "voice" in held_of(world, "red")
                await tap(world.assistant)
                await world.room.say(hum(1.0))
                await world.next(FirstSample)
                assert ("voice" in held_of(world, "red")) is locked(world)
                await world.next(TurnEnded)
                await tell(world, Unlock(pin=PIN))

        def locked(world: World) -> bool:
            return world.store.keyring.locked(Tier.RESTRICTED)

        asked = "What colour is my car?"
        talk(tmp_path, script, asked, ASKED, asked, ASKED)


class TestLocking:
    def test_nothing_of_what_is_locked_is_left_in_the_running_program(self, tmp_path: Path) -> None:
        prepare(tmp_path, CODE)

        async def script(world: World) -> None:
            await tell(world, Unlock(pin=PIN))
            assert "4711" in (await press_and_say(world)).heard
            assert "history" in held_of(world, "4711")
            state = await tell(world, Lock())
            assert (state.general_locked, state.restricted_locked) == (False, True)
            assert held_of(world, "4711") == []
            assert world.store.files.places() == []
            assert BROKEN_OFF not in spoken(world)
            assert (await press_and_say(world)).heard == PRIVATE_LOCKED

        talk(tmp_path, script, ASKED, ASKED)

    def test_a_reply_that_is_being_spoken_is_broken_off(self, tmp_path: Path) -> None:
        long = f"{CODE} and it opens the blue door at the back of the old house by the river"
        prepare(tmp_path, long)

        async def script(world: World) -> None:
            await tell(world, Unlock(pin=PIN))
            await tap(world.assistant)
            await world.room.say(hum(1.0))
            await world.next(FirstSample)
            assert world.assistant.phase is Phase.SPEAKING
            await tell(world, Lock())
            ended = await world.first(TurnEnded)
            assert not ended.heard.endswith("river.")
            assert held_of(world, "4711") == []
            await asyncio.sleep(8)
            assert world.all(TurnEnded)[-1].heard == BROKEN_OFF
            assert world.assistant.phase is Phase.IDLE
            assert held_of(world, "4711") == []
            assert (await press_and_say(world)).heard == PRIVATE_LOCKED

        talk(tmp_path, script, ASKED, ASKED)

    def test_so_is_one_that_is_only_thought_of(self, tmp_path: Path) -> None:
        prepare(tmp_path, CODE)

        async def script(world: World) -> None:
            await tell(world, Unlock(pin=PIN))
            await tap(world.assistant)
            await world.room.say(hum(1.0))
            while world.assistant.phase is not Phase.THINKING:
                await asyncio.sleep(0.01)
            assert "4711" not in spoken(world)
            assert world.assistant._control is not None
            # Not by the socket: time stands still while another thread waits for its answer.
            await world.assistant._control._carry_out(Lock())
            await asyncio.sleep(8)
            assert [each.heard for each in world.all(TurnEnded)] == ["", BROKEN_OFF]
            assert held_of(world, "4711") == []
            assert world.assistant.phase is Phase.IDLE
            assert (await press_and_say(world)).heard == PRIVATE_LOCKED

        talk(tmp_path, script, ASKED, ASKED, takes_s={"speak": 2.0})

    def test_a_draft_made_while_the_question_is_asked_is_made_again(self, tmp_path: Path) -> None:
        prepare(tmp_path, CODE)

        async def script(world: World) -> None:
            await tell(world, Unlock(pin=PIN))
            await tap(world.assistant)
            await world.room.say(said(hum(1.0), pause(0.3)))
            assert world.assistant.phase is Phase.LISTENING
            attention = world.assistant._attention
            assert attention is not None
            assert attention.ahead.draft is not None
            assert held_of(world, "4711") != []
            await tell(world, Lock())
            assert world.assistant.phase is Phase.LISTENING
            assert held_of(world, "4711") == []
            assert (await world.next(TurnEnded)).heard == PRIVATE_LOCKED
            assert held_of(world, "4711") == []

        talk(tmp_path, script, *[ASKED] * 4)

    def test_a_vault_that_needs_its_pin_for_all_is_locked_as_a_whole(self, tmp_path: Path) -> None:
        prepare(tmp_path, CAR)

        async def script(world: World) -> None:
            world.store.keyring._opener._general_needs_pin = True
            assert (await tell(world, Lock())).general_locked
            await tell(world, Unlock(pin=PIN))
            assert "red" in (await world.turn()).heard
            assert (await tell(world, Lock())).general_locked
            assert held_of(world, "red") == []
            assert "locked" in (await world.turn()).heard

        talk(tmp_path, script, *["What colour is my car?"] * 2)


class TestFlushing:
    def test_what_another_program_forgot_is_nowhere_any_more(self, tmp_path: Path) -> None:
        prepare(tmp_path, CAR)

        async def script(world: World) -> None:
            assert "red" in (await world.turn()).heard
            assert held_of(world, "red")
            other = Store(world.store.folder, HashingEmbedder(), world.clock.now)
            other.open()
            scope = mint(other, Purpose.FORGET, Authentication.BUTTON)
            other.forget(scope, *[each.id for each in other.items(scope, limit=9)])
            other.close()
            await tell(world, Flush())
            assert held_of(world, "red") == []
            assert (await world.turn()).heard == DONT_KNOW_OWN

        talk(tmp_path, script, *["What colour is my car?"] * 2)

    def test_after_another_programs_panic_it_goes_on_with_an_empty_memory(
        self, tmp_path: Path
    ) -> None:
        prepare(tmp_path, CAR)

        async def script(world: World) -> None:
            assert "red" in (await world.turn()).heard
            Store(world.store.folder, None, world.clock.now).panic()
            state = await tell(world, Flush())
            assert not state.has_pin
            assert held_of(world, "red") == []
            assert (await world.turn()).heard == DONT_KNOW_OWN
            await world.turn()
            assert "blue" in (await world.turn()).heard
            assert not world.all(StageFailed)

        asked = "What colour is my car?"
        talk(tmp_path, script, asked, asked, "Remember that my car is blue.", asked)

    def test_a_timer_rings_on(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            await world.turn()
            await world.next(Rang)
            await tell(world, Flush())
            await asyncio.sleep(20)
            assert sum("timer is done" in each.text for each in world.all(ClauseReady)) == 3
            assert BROKEN_OFF not in spoken(world)

        talk(tmp_path, script, "Set a timer for 5 seconds.")


class TestWhoAsks:
    def test_what_is_no_request_gets_no_further(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        prepare(tmp_path)

        def send(data: bytes, *, end: bool) -> bytes:
            with connected(folder(tmp_path), 5.0) as connection:
                try:
                    connection.sendall(data)
                    if end:
                        connection.shutdown(socket.SHUT_WR)
                    return connection.recv(5000)
                except ConnectionError:
                    return b""

        async def script(world: World) -> None:
            for data in (
                b"2580\n",
                b"{}\n",
                b'{"ask": "unlock", "pin": "2580", "x": 1}\n',
                b"\xff\n",
            ):
                answer = await asyncio.to_thread(send, data, end=False)
                assert b"does not understand" in answer
                assert b"2580" not in answer
            for cut in (b"", b'{"ask": "unlock", "pin": "2580"}', b"x" * 5000):
                assert await asyncio.to_thread(send, cut, end=True) == b""
            assert (await tell(world, Status())).tries_left == 3
            with pytest.raises(Refused):
                await tell(world, Unlock(pin="0000111"))
            assert not (await tell(world, Unlock(pin=PIN))).restricted_locked
            for event in world.events:
                assert "2580" not in str(dataclasses.asdict(event))
            assert world.all(StageFailed) == []

        with caplog.at_level(logging.DEBUG):
            talk(tmp_path, script)
        assert "2580" not in caplog.text
        assert "0000111" not in caplog.text

    def test_who_says_nothing_is_hung_up_on_and_keeps_nobody_waiting(self, tmp_path: Path) -> None:
        async def script(world: World) -> None:
            silent = [connected(folder(tmp_path), 5.0) for _ in range(7)]
            await tell(world, Status())
            silent.append(connected(folder(tmp_path), 5.0))
            with pytest.raises(ControlFailed, match="gave no answer"):  # there are enough of them
                await tell(world, Status())
            await asyncio.sleep(3)
            for each in silent:
                assert await asyncio.to_thread(each.recv, 1) == b""
                each.close()
            await tell(world, Status())

        talk(tmp_path, script)

    def test_another_user_is_hung_up_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def script(world: World) -> None:
            connection = connected(folder(tmp_path), 5.0)
            monkeypatch.setattr("device.control_socket.os.geteuid", lambda: 4_000_000)
            connection.sendall(b'{"ask": "status"}\n')
            with connection, suppress(ConnectionResetError):
                assert await asyncio.to_thread(connection.recv, 100) == b""
            monkeypatch.undo()
            await tell(world, Status())

        talk(tmp_path, script)

    def test_without_a_place_for_its_socket_it_still_listens(self, tmp_path: Path) -> None:
        folder(tmp_path).touch()

        async def script(world: World) -> None:
            assert "red" in (await world.turn()).heard

        world = talk(tmp_path, script, "Remember that my car is red.")
        (failed,) = world.all(StageFailed)
        assert (failed.stage, failed.error) == ("control", "FileExistsError")
