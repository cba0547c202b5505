"""An assistant on stand-in engines in a process of its own, and the hand that steers it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
_PROGRAM = "from tests.device.assistant_process import main; main()"


class Running:
    """Started when constructed, over the state of `LAPEL_HOME`; `ready` once it listens."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ready(self) -> "Running":
        assert self._read() == "ready"
        return self

    def ask(self, text: str) -> str:
        """What it answers to who pressed the button."""
        return self._tell(f"ask {text}")

    def held(self, words: str) -> list[str]:
        """Where it still holds something with these words in it."""
        return self._tell(f"held {words}").split()

    def end(self, *, kill: bool = False) -> str:
        """End it, in order or not; returns what it wrote to standard error."""
        if self.process.poll() is None:
            self.process.kill() if kill else self.process.terminate()
        _, err = self.process.communicate(timeout=60)
        return err

    def _tell(self, line: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.end())
        return line.strip()


def main() -> None:
    """Be that process."""
    from agents.agent import Text
    from context import Authentication, LapelError
    from device.cli.running import only_one, run_until_stopped
    from device.clock import SystemClock
    from device.control_socket import control_folder
    from device.settings import state_dir
    from tests.scenarios.test_control import held_of
    from tests.scenarios.world import World

    state = state_dir()

    async def obey(world: World) -> None:
        agent, think = world.stages.mind.agent, world.assistant._workers.think

        def answer(text: str) -> str:
            parts = agent.reply(text, mint=world.turn_mint(Authentication.BUTTON))
            said = "".join(part.text for part in parts if isinstance(part, Text))
            agent.heard(text, said)
            return said

        click.echo("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            verb, _, text = line.strip().partition(" ")
            if verb == "ask":
                click.echo(await think.run(answer, text))
            else:
                click.echo(" ".join(held_of(world, text)))

    async def live() -> None:
        await World(state, clock=SystemClock(), control=control_folder(state)).live(obey)

    try:
        with only_one(state):
            run_until_stopped(live())
    except LapelError as error:
        click.echo(error, err=True)
    os._exit(0)  # the thread that reads standard input can't be ended
