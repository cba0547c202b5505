"""Tools that servers offer while the assistant lives: taken up once nobody has the word."""

import asyncio
from dataclasses import replace

from agents.tools import Toolbox
from agents.tools.fake_mcp import FakeServers
from agents.tools.mcp import Offered
from device.assistant import Assistant
from device.events import StageFailed, Woke
from device.mcp.offers import Offers
from tests.scenarios.world import World, chime, hum, pause, said
from tests.virtual_time import run_virtual

PRINT = Offered("office", "print_page", "", {"type": "object"})


def with_servers(world: World, servers: FakeServers) -> Toolbox:
    """Have the assistant's mind take up what they offer; returns the tools that it then has."""
    toolbox = Toolbox([])
    offers = Offers(servers, toolbox, world.clock.now, None, lambda: None)  # type: ignore[arg-type]
    mind = replace(world.stages.mind, offers=offers)
    world.stages = replace(world.stages, mind=mind)
    world.assistant = Assistant(world.stages, world.settings, world.events.append, None)
    return toolbox


def test_they_are_taken_up_as_soon_as_they_are_listed(tmp_path) -> None:
    async def work() -> None:
        world, servers = World(tmp_path), FakeServers()
        toolbox = with_servers(world, servers)

        async def script(_: World) -> None:
            assert toolbox.names == []
            servers.offers = (PRINT,)
            await asyncio.to_thread(servers.changed)  # on a thread of its own, as servers tell it
            await asyncio.sleep(1)
            assert toolbox.names == ["mcp.office.print_page"]
            servers.offers = ()
            servers.changed()
            await asyncio.sleep(60)
            assert toolbox.names == []

        await world.live(script)
        assert world.all(StageFailed) == []

    run_virtual(work())


def test_once_a_minute_however_often_a_server_changes_its_mind(tmp_path) -> None:
    async def work() -> None:
        world, servers = World(tmp_path), FakeServers()
        toolbox = with_servers(world, servers)
        taken: list[list[str]] = []

        async def script(_: World) -> None:
            offer, before = toolbox.offer, asyncio.get_running_loop().time()
            toolbox.offer = lambda tools: (taken.append([each.name for each in tools]),
                                           offer(tools))  # fmt: skip
            while asyncio.get_running_loop().time() < before + 299:
                servers.offers = () if servers.offers else (PRINT,)
                servers.changed()
                await asyncio.sleep(2.1)

        await world.live(script)
        assert 3 <= len(taken) <= 5

    run_virtual(work())


def test_those_that_start_together_are_taken_up_together(tmp_path) -> None:
    class Starting(FakeServers):
        settled = False

        def wait(self, timeout_s: float) -> bool:
            return self.settled

    async def work() -> None:
        world, servers = World(tmp_path), Starting()
        toolbox = with_servers(world, servers)

        async def script(_: World) -> None:
            servers.offers = (PRINT,)
            servers.changed()
            await asyncio.sleep(5)
            assert toolbox.names == []
            servers.offers, servers.settled = (PRINT, replace(PRINT, server="mail")), True
            servers.changed()
            await asyncio.sleep(1)
            assert toolbox.names == ["mcp.office.print_page", "mcp.mail.print_page"]

        await world.live(script)

    run_virtual(work())


def test_one_that_never_settles_holds_up_the_others_for_some_seconds_only(tmp_path) -> None:
    class Hanging(FakeServers):
        def wait(self, timeout_s: float) -> bool:
            return False

    async def work() -> None:
        world, servers = World(tmp_path), Hanging((PRINT,))
        toolbox = with_servers(world, servers)

        async def script(_: World) -> None:
            servers.changed()
            await asyncio.sleep(20)
            assert toolbox.names == ["mcp.office.print_page"]

        await world.live(script)

    run_virtual(work())


def test_not_while_somebody_has_the_word(tmp_path) -> None:
    async def work() -> None:
        world, servers = World(tmp_path, texts=["what time is it"]), FakeServers()
        toolbox = with_servers(world, servers)

        async def script(_: World) -> None:
            speaking = asyncio.create_task(
                world.room.say(said(chime(), pause(0.1), hum(2.0), pause(1.0)))
            )
            await world.first(Woke)
            servers.offers = (PRINT,)
            servers.changed()
            await asyncio.sleep(0.5)
            assert toolbox.names == []
            await speaking
            await asyncio.sleep(10)
            assert toolbox.names == ["mcp.office.print_page"]

        await world.live(script)

    run_virtual(work())
