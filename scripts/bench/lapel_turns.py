"""Plays a plan of utterances to the whole assistant in a simulated room, in real time.

Run by scripts/bench_turn as a program of its own. Leaves `turns.json` and `recording.wav` (the
user on the left, the assistant on the right) in the folder it is given.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from device.assemble import assemble, assemble_mind
from device.assistant import Assistant
from device.audio import CHUNK_S, RATE_HZ, read_audio
from device.emulator.room import Room
from device.events import Event, NothingSaid, SpeechEnded, Transcribed, TurnEnded, Woke, to_record
from device.settings import NoModelSettings, Settings, load_settings
from device.turn import Phase
from device.waterfall import waterfall
from scripts.bench.utterances import REMEMBERED

_WAKE_LIMIT_S = 3.0
_TURN_LIMIT_S = 30.0
_IDLE_LIMIT_S = 30.0
_GAP_S = 0.6


def settings_for_sound(profile: str, overrides: tuple[str, ...]) -> tuple[Any, list[str]]:
    """Load the settings with all cues off, where they have any; also return what was set.

    Follow-up is off too: every turn begins with its wake word, as it would be hours later.
    """
    known: list[str] = []
    if "cues" in Settings.model_fields:
        section = type(Settings().cues)  # type: ignore[attr-defined]
        known = [
            f"cues.{key}=false" for key in section.model_fields if key in ("earcons", "thinking")
        ]
    if "follow_up_s" in type(Settings().listen).model_fields:
        known.append("listen.follow_up_s=0")
    wanted = (*known, *overrides)
    return load_settings(profile, None, wanted), list(wanted)


def remember(settings: Any, state: Path, texts: list[str]) -> None:
    """Put items into the store by saying so to the agent, without its model."""
    mind = assemble_mind(settings.model_copy(update={"think": NoModelSettings()}), state)
    mind.load()
    for text in texts:
        list(mind.agent.reply(text))
    mind.close()


async def converse(settings: Any, state: Path, plan: list[dict[str, Any]], folder: Path) -> Any:
    room, events = Room(), list[Event]()
    stages = assemble(settings, state, microphone=room.microphone, speaker=room.speaker)
    assistant = Assistant(stages, settings, events.append)
    await assistant.load()
    while stages.synthesizer.fill():  # as it has been after the first minutes of use
        pass
    loop = asyncio.get_running_loop()
    turns: list[dict[str, Any]] = []

    async def until(ready: Any, limit_s: float) -> bool:
        deadline = loop.time() + limit_s
        while not ready() and loop.time() < deadline:  # noqa: ASYNC110 - any condition will do
            await asyncio.sleep(0.02)
        return bool(ready())

    async def turn(utterance: dict[str, Any]) -> None:
        await until(lambda: assistant.phase is Phase.IDLE, _IDLE_LIMIT_S)
        await asyncio.sleep(_GAP_S)
        begun, start = len(events), room.at
        await room.say(read_audio(folder / utterance["wav"]))
        # At this moment the room has just handed a chunk over: its samples are on this clock.
        zero_s = loop.time() - room.at / RATE_HZ

        def is_heard() -> bool:
            return any(isinstance(each, Woke) for each in events[begun:])

        def since(*kinds: type[Event]) -> list[Event]:
            """Return what came of this wake word, and nothing late of the turn before."""
            ids = [each.turn_id for each in events[begun:] if isinstance(each, Woke)]
            own = [each for each in events[begun:] if ids and each.turn_id >= ids[0]]
            return [each for each in own if isinstance(each, kinds)]

        if await until(is_heard, _WAKE_LIMIT_S):
            # An empty turn may be followed by one that has the words.
            def is_over() -> bool:
                open_ids = {each.turn_id for each in since(Transcribed)}
                closed = {each.turn_id for each in since(TurnEnded)}
                return bool(closed) and open_ids <= closed and assistant.phase is not Phase.SPEAKING

            await until(lambda: is_over() or bool(since(NothingSaid)), _TURN_LIMIT_S)
        own = since(Event)
        ids = [each.turn_id for each in own if isinstance(each, SpeechEnded)]
        falls = waterfall([each for each in own if each.turn_id in ids[-1:]])
        # A turn that went on after it was decided was not cut off: nothing had been heard.
        went_on_at_s = max((each.at for each in own if type(each).__name__ == "WentOn"), default=0)
        turns.append(
            {
                "id": utterance["id"],
                "start": start,
                "end": room.at,
                "zero_s": zero_s,
                "woken": is_heard(),
                "transcripts": [each.text for each in own if isinstance(each, Transcribed)],
                "reply": " ".join(each.heard for each in own if isinstance(each, TurnEnded)),
                "commits_at_s": [
                    at - zero_s
                    for each in own
                    if isinstance(each, SpeechEnded) and (at := each.committed_at) > went_on_at_s
                ],
                "stages_from_speech_end_s": falls.at_s if falls else {},
                "events": [to_record(each, personal=True) for each in own],
            }
        )
        print(f"  {utterance['id']}: {turns[-1]['transcripts']}", file=sys.stderr, flush=True)

    async with asyncio.TaskGroup() as tasks:
        background = [tasks.create_task(room.run()), tasks.create_task(assistant.run())]
        await asyncio.sleep(1.0)
        for utterance in plan:
            await turn(utterance)
        for each in background:
            each.cancel()
    room.save(folder / "lapel" / "recording.wav")
    # The room notes the user's chunk when it hands it over, one chunk after it began.
    return {"capture_s": CHUNK_S, "turns": turns}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--profile", default="laptop")
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    (folder / "lapel").mkdir(exist_ok=True)
    settings, known = settings_for_sound(arguments.profile, tuple(arguments.overrides))
    with tempfile.TemporaryDirectory(prefix="lapel-bench-") as state:
        remember(settings, Path(state), list(REMEMBERED))
        record = asyncio.run(converse(settings, Path(state), plan, folder))
    record["settings"] = known
    (folder / "lapel" / "turns.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
