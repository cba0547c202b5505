"""What is said in `scripts/bench_turn`: sentences, voices, and recordings of real people."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scripts.bench.figures import AUDIBLE, RATE_HZ, Sound, last_audible

WAKE_PHRASE = "Hey Jarvis"
VOICES = {"lower": 18_700 / 22_050, "higher": 25_400 / 22_050}
"""Two people made of one voice: the rate it is played at, over the rate it was made at."""

_PAUSES_S = (
    None,
    0.35,
    None,
)  # after the wake phrase: spoken in one breath, a pause, in one breath
_RECORDED_GAP_S = 0.25
_RECORDED_END_DB = 30.0
_ABOVE_ROOM_DB = 7.0
_LONGEST_RECORDED_S = 5.0
_QUESTION = re.compile(
    r"(what|where|who|whose|which|why|how|when|do|does|did|is|are|can|could)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, what its transcript must match, and what makes its reply right."""

    text: str
    heard: str
    right: str = ""
    tool: str = ""


COMMANDS = (
    Sentence("set a timer for ten minutes.", r"timer.*(10|ten)[- ]min", tool="timer"),
    Sentence("what time is it?", r"what time is it", tool="clock"),
    Sentence("how much time is left?", r"how much time.*left", tool="timer"),
    Sentence("cancel the timer.", r"cancel.*timer", tool="timer"),
    Sentence("what's today's date?", r"date", tool="clock"),
    Sentence("start a twenty minute timer.", r"(20|twenty)[- ]minute timer", tool="timer"),
    Sentence("stop the timer.", r"stop.*timer", tool="timer"),
    Sentence("what day is it today?", r"what day", tool="clock"),
    Sentence("set a timer for an hour and a half.", r"timer.*(hour and a half|1\.5)", tool="timer"),
    Sentence("how long is left on the timer?", r"how long.*timer", tool="timer"),
    Sentence("cancel all timers.", r"cancel.*timers", tool="timer"),
    Sentence("what year is it?", r"what year", tool="clock"),
    Sentence("set a timer for forty five minutes.", r"timer.*(45|forty[- ]five)", tool="timer"),
    Sentence("cancel my timer.", r"cancel.*timer", tool="timer"),
)
QUESTIONS = (
    Sentence("what is the capital of France?", r"capital.*france", r"\bparis\b"),
    Sentence("how many legs does a spider have?", r"legs.*spider", r"\b(8|eight)\b"),
    Sentence("who wrote Romeo and Juliet?", r"romeo", r"shakespeare"),
    Sentence("why is the sky blue?", r"sky.*blue", r"scatter|light|atmospher|wavelength"),
    Sentence("what is the largest planet?", r"largest planet", r"jupiter"),
    Sentence("what do bees make?", r"bees make", r"honey|wax"),
    Sentence("what is the opposite of hot?", r"opposite.*hot", r"cold"),
    Sentence("who painted the Mona Lisa?", r"mona", r"vinci|leonardo"),
    Sentence("what language do people speak in Brazil?", r"brazil", r"portuguese"),
    Sentence("how many continents are there?", r"continents", r"\b(7|seven)\b"),
    Sentence("what is the largest ocean?", r"largest ocean", r"pacific"),
)
REMEMBERED = (
    "Remember that the spare key is under the blue flower pot.",
    "Remember that my sister's birthday is the fourth of May.",
    "Remember that I parked the car on level three.",
    "Remember that my passport is in the top drawer.",
    "Remember that Anna likes tulips.",
    "Remember that the dentist appointment is on Friday.",
)
RECALLS = (
    Sentence("where is the spare key?", r"spare key", r"blue flower ?pot"),
    Sentence("when is my sister's birthday?", r"sister'?s birthday", r"\bmay\b"),
    Sentence("where did I park the car?", r"park.*car", r"level (3|three)"),
    Sentence("where is my passport?", r"passport", r"drawer"),
    Sentence("when is the dentist appointment?", r"dentist", r"friday"),
)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing to say: its class, its sound, and what makes the turn right."""

    id: str
    kind: str
    """command, llm_plain or recall."""
    text: str
    voice: str
    pause_s: float | None
    """After the wake phrase; None is in one breath."""
    wav: str
    heard: str
    right: str
    tool: str


Speak = Callable[[str, float], Sound]
"""(text, ratio of rates) to sound: int16 at 16 kHz."""


def ended(sound: Sound) -> Sound:
    """Cut a made clip after its last audible sample, and before its first one."""
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) >= AUDIBLE)
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound[:0]


def ended_recording(sound: Sound) -> Sound:
    """Bring a recording to the made voice's loudness, and cut off the room around the speech.

    Speech is what is within 30 dB of the loudest 20 ms, 7 dB above the quietest tenth, and not
    a click: at least 60 ms of it.
    """
    size = RATE_HZ // 50
    parts = sound[: len(sound) // size * size].reshape(-1, size).astype(np.float64)
    level_db = 20 * np.log10(np.sqrt(np.mean(parts**2, axis=1)) + 1e-3)
    room_db = float(np.percentile(level_db, 10)) + _ABOVE_ROOM_DB
    loud = level_db >= max(float(level_db.max()) - _RECORDED_END_DB, room_db)
    steady = np.flatnonzero(np.convolve(loud, np.ones(3), mode="valid") == 3)
    if not len(steady):
        return sound
    cut = sound[steady[0] * size : (steady[-1] + 3) * size].astype(np.float64)
    return np.asarray(
        np.clip(cut * (3_000.0 / np.sqrt(np.mean(cut**2))), -32_000, 32_000), np.int16
    )


def silence(seconds: float) -> Sound:
    """Return digital silence; the room adds its noise."""
    return np.zeros(int(seconds * RATE_HZ), dtype=np.int16)


def made(speak: Speak, run: int, per_class: int | None) -> Iterator[tuple[Utterance, Sound]]:
    """Say every sentence once, in turn by each voice; another run swaps the voices."""
    sets = (("command", COMMANDS), ("llm_plain", QUESTIONS), ("recall", RECALLS))
    for kind, sentences in sets:
        for number, each in enumerate(sentences[:per_class]):
            voice = list(VOICES)[(number + run) % len(VOICES)]
            pause_s = _PAUSES_S[number % len(_PAUSES_S)]
            if pause_s is None:
                sound = ended(speak(f"{WAKE_PHRASE}, {each.text}", VOICES[voice]))
            else:
                phrase = ended(speak(f"{WAKE_PHRASE},", VOICES[voice]))
                rest = ended(speak(each.text.capitalize(), VOICES[voice]))
                sound = np.concatenate([phrase, silence(pause_s), rest])
            name = f"{kind}-{number + 1:02}-{voice}"
            yield _utterance(name, kind, each, voice, pause_s), sound


def recorded(
    speak: Speak,
    folder: Path,
    read: Callable[[Path], Sound],
    kind_of: Callable[[str], tuple[str, str]],
    most: int,
) -> Iterator[tuple[Utterance, Sound]]:
    """Take real recordings of short requests, with the made wake phrase before each.

    Args:
        speak: says the wake phrase.
        folder: laid out as the sets are: `SET/manifest.jsonl`, files marked `"use": "report"`.
        read: reads a file as int16 at 16 kHz.
        kind_of: names the class ("" for none that is measured) and the tool of a text.
        most: at most so many of a class.
    """
    counts: dict[str, int] = {}
    for name in ("commands", "asr"):
        for row in _manifest(folder / name / "manifest.jsonl"):
            text = str(row.get("text") or "")
            if row.get("use") != "report" or row.get("lang", "en") != "en" or not text:
                continue
            if float(row.get("seconds", 99)) > _LONGEST_RECORDED_S:
                continue
            kind, tool = kind_of(text)
            if kind == "llm_plain" and not _QUESTION.match(text):
                continue
            if not kind or counts.get(kind, 0) >= most:
                continue
            counts[kind] = counts.get(kind, 0) + 1
            voice = list(VOICES)[counts[kind] % len(VOICES)]
            phrase = ended(speak(f"{WAKE_PHRASE},", VOICES[voice]))
            speech = ended_recording(read(folder / name / str(row["file"])))
            sentence = Sentence(text, _words_in_order(text), tool=tool)
            identity = f"{kind}-real-{Path(str(row['file'])).stem[:40]}"
            sound = np.concatenate([phrase, silence(_RECORDED_GAP_S), speech])
            yield _utterance(identity, kind, sentence, "recorded", _RECORDED_GAP_S), sound


def _utterance(
    identity: str, kind: str, sentence: Sentence, voice: str, pause_s: float | None
) -> Utterance:
    return Utterance(
        id=identity,
        kind=kind,
        text=sentence.text,
        voice=voice,
        pause_s=pause_s,
        wav=f"{identity}.wav",
        heard=sentence.heard,
        right=sentence.right,
        tool=sentence.tool,
    )


def _words_in_order(text: str) -> str:
    """Return a loose pattern: the two longest words, which a transcript must have."""
    words = [word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 3]
    return "".join(f"(?=.*{word})" for word in sorted(words, key=len)[-2:])


def _manifest(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def write_plan(
    folder: Path, spoken: list[tuple[Utterance, Sound]], write: Callable[[Path, Sound], None]
) -> Path:
    """Write the sounds and the list of them, which every program under test reads."""
    for utterance, sound in spoken:
        assert last_audible(sound) is not None, utterance.id
        write(folder / utterance.wav, sound)
    path = folder / "plan.json"
    path.write_text(json.dumps([asdict(each) for each, _ in spoken], indent=1), encoding="utf-8")
    return path
