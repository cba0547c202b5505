"""The demo: a simulated wearer holds a spoken conversation with the real program.

The wearer's voice is the assistant's own voice played slower, which makes it a clearly different
speaker (lower and larger); everything between the two mouths is real.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from device.assistant import Assistant
from device.audio import RATE_HZ, Samples, resample
from device.emulator.room import Room
from device.errors import AudioFileUnusable
from device.events import Event, Rang, Transcribed, TurnEnded, Woke
from device.speak import Synthesizer

_SLOWER = 18_700 / 22_050
_TURN_LIMIT_S = 90.0
_PAUSE_S = 0.8


@dataclass(frozen=True, slots=True)
class Line:
    """What the wearer says, and what makes the reply right."""

    said: str
    about: str
    right: re.Pattern[str]
    rings: bool = False


def _reply(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


SCRIPT = (
    Line(
        "Hey Jarvis, set a timer for ten seconds.",
        "a command, done by a tool and confirmed from its receipt; then it rings",
        _reply(r"\b(10|ten)[- ]seconds?"),
        rings=True,
    ),
    Line(
        "Hey Jarvis, remember that the spare key is under the blue flower pot.",
        "stored in the context store",
        _reply(r"remember.*spare key.*blue flower ?pot"),
    ),
    Line(
        "Hey Jarvis, where is the spare key?",
        "answered by the language model from the context store",
        _reply(r"blue flower ?pot"),
    ),
    Line(
        "Hey Jarvis, what is the capital of France?",
        "answered by the language model",
        _reply(r"\bparis\b"),
    ),
    Line(
        "Hey Jarvis, order a pizza for me.",
        "something it cannot do, and says so",
        _reply(r"\b(can't|cannot|can not|unable)\b"),
    ),
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One turn of the demo, as it came out."""

    said: str
    heard: str
    reply: str
    voice_to_voice_ms: float | None
    ok: bool


class Wearer:
    """Speaks the script into a room, waiting for each answer as a person would."""

    def __init__(self, room: Room, voice: Synthesizer, say: Callable[[str], None]) -> None:
        self._room = room
        self._voice = voice
        self._say = say
        self._transcript: dict[int, str] = {}
        self._turn_id = 0
        self._ended: dict[int, asyncio.Future[TurnEnded]] = {}
        self._rang = asyncio.Event()

    def notice(self, event: Event) -> None:
        """Follow the assistant's events, as a watcher of the room would."""
        match event:
            case Woke():
                self._turn_id = event.turn_id
            case Transcribed():
                self._transcript[event.turn_id] = event.text
            case Rang():
                self._rang.set()
            case TurnEnded():
                if not (ended := self._future(event.turn_id)).done():  # or given up on
                    ended.set_result(event)
            case _:
                pass

    def _future(self, turn_id: int) -> asyncio.Future[TurnEnded]:
        loop = asyncio.get_running_loop()
        return self._ended.setdefault(turn_id, loop.create_future())

    def voice(self, text: str) -> Samples:
        """Speak as the wearer: shape (n,), int16, 16 kHz."""
        sound = self._voice.synthesize(text)
        return resample(sound, round(self._voice.rate_hz * _SLOWER), RATE_HZ)

    async def converse(self, script: tuple[Line, ...]) -> list[Spoken]:
        """Say each line and take down what comes back."""
        sounds = [self.voice(line.said) for line in script]
        spoken: list[Spoken] = []
        for line, sound in zip(script, sounds, strict=True):
            await asyncio.sleep(_PAUSE_S)
            self._say(f"the wearer says: “{line.said}”  ({line.about})")
            spoken.append(await self._turn(line, sound))
        return spoken

    async def _turn(self, line: Line, sound: Samples) -> Spoken:
        before, start = self._turn_id, self._room.at
        self._rang.clear()
        await self._room.say(sound)
        reply = ""
        try:
            async with asyncio.timeout(_TURN_LIMIT_S):
                # The wake word fires before the line ends, or within moments of it.
                for _ in range(100):
                    if self._turn_id != before:
                        break
                    await asyncio.sleep(0.05)
                else:
                    return Spoken(line.said, "", "(the wake word was not heard)", None, ok=False)
                reply = (await self._future(self._turn_id)).heard
                ok = bool(line.right.search(reply))
                end = self._room.at
                if line.rings:
                    await self._rang.wait()
                    await asyncio.sleep(4.0)  # let it ring once, then talk over the rest
        except TimeoutError:
            reply, ok, end = reply or "(no answer)", False, self._room.at
        return Spoken(
            said=line.said,
            heard=self._transcript.get(self._turn_id, ""),
            reply=reply,
            voice_to_voice_ms=self._room.voice_to_voice_ms(start, end),
            ok=ok,
        )


async def converse(
    assistant: Assistant, wearer: Wearer, room: Room, script: tuple[Line, ...] = SCRIPT
) -> list[Spoken]:
    """Run a loaded assistant in the room until the wearer is done."""
    async with asyncio.TaskGroup() as tasks:
        air = tasks.create_task(room.run())
        life = tasks.create_task(assistant.run())
        spoken = await wearer.converse(script)
        await asyncio.sleep(_PAUSE_S)
        life.cancel()
        air.cancel()
    return spoken


def write_json(path: Path, spoken: list[Spoken], wav: Path) -> None:
    """Write what came out.

    Raises:
        AudioFileUnusable: the file cannot be written.
    """
    record = {"turns": [asdict(each) for each in spoken], "wav": str(wav)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise AudioFileUnusable(f"Cannot write {path}: {error.strerror}.") from error
