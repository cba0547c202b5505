"""Real recordings as courses for the endpointer: what it would be fed, and where speech truly is.

Used by `scripts/bench_endpoint`. Where speech truly is comes from the sound's energy, in islands
that the speech detector agrees hold speech: energy falls with the voice, the detector's
probability falls later, and that lag is part of what is measured.

Three kinds of course, never mixed in a figure:

    real       a recording as it is; long readings are cut into passages at their longest pauses
    stretched  a recording of a person whose longest inner gap is made into a pause of 0.3-1.5 s
               with the room's own tone: synthetic hesitation inside a real sentence
    joined     two recordings of the same person with such a pause between: the first may well
               sound finished, so that no detector can know
"""

import hashlib
import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.router import Router
from device.assemble import assemble_transcriber, find_models
from device.audio import CHUNK_S, CHUNK_SAMPLES, RATE_HZ, Samples, read_audio
from device.listen import TurnEndDetector
from device.listen.endpoint import Completeness, Endpointing
from device.listen.silero import SileroVad
from device.listen.smart_turn import SmartTurn
from device.listen.wording import completeness
from device.settings import load_settings
from device.transcribe import Transcriber

KINDS = ("real", "stretched", "joined")
_SETS = ("commands", "asr", "vad")
_NOT = ("digits/", "two-speaker")  # single words, and talk that is nobody's one turn
_TURN_END = "smart-turn-v3.2"
_LONGEST_S = 20.0
_APART_S = 2.0
_PAUSE_S = (0.3, 1.5)

_FRAME_SAMPLES = 160  # 10 ms
_LEVEL_SHARE = 0.35  # of the way (dB) from the floor to the voice: above it is voice
_LEAST_RANGE_DB = 12.0
_LEAST_ISLAND_S = 0.03
_LEAST_GAP_S = 0.1  # a stop consonant closes the mouth for up to this long
_TAIL_S = 3.5

Island = tuple[float, float]
"""A stretch of speech: start and end in seconds."""


@dataclass
class Course:
    """One utterance as the endpointer meets it."""

    name: str
    kind: str
    """ "real", "stretched" (an inner pause made longer) or "joined" (two utterances)."""
    group: str
    speaker: str
    text: str
    sound: Samples
    islands: list[Island]
    """Where speech truly is: seconds, in order."""
    speech: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    """The speech detector's probability for each chunk."""

    @property
    def end_s(self) -> float:
        """The true end of speech."""
        return self.islands[-1][1]

    def pauses(self, least_s: float) -> list[Island]:
        """Inner silences of at least `least_s`."""
        ends = [end for _, end in self.islands[:-1]]
        starts = [start for start, _ in self.islands[1:]]
        return [(a, b) for a, b in zip(ends, starts, strict=True) if b - a >= least_s]


def levels_db(sound: Samples) -> NDArray[np.float64]:
    """The level of each 10 ms, smoothed over 30 ms: dB, shape (len // 160,)."""
    x = sound.astype(np.float64)
    x = x - np.convolve(x, np.ones(160) / 160, "same")  # rumble is not voice
    count = len(x) // _FRAME_SAMPLES
    power = np.mean(x[: count * _FRAME_SAMPLES].reshape(count, -1) ** 2, axis=1)
    return 10 * np.log10(np.convolve(power, np.ones(3) / 3, "same") + 0.01)


def find_islands(sound: Samples, speech: NDArray[np.float32]) -> list[Island]:
    """Where speech is: seconds, in order, gaps under 0.1 s closed."""
    level = levels_db(sound)
    chunk = np.minimum((np.arange(len(level)) * 0.01 / CHUNK_S).astype(int), len(speech) - 1)
    voiced = speech[chunk] >= 0.5
    if not voiced.any():
        return []
    voice = float(np.percentile(level[voiced], 90))
    quiet = level[speech[chunk] < 0.1]
    floor = float(np.percentile(quiet, 60)) if len(quiet) >= 10 else float(np.percentile(level, 5))
    if voice - floor < _LEAST_RANGE_DB:
        return []
    threshold = max(floor + _LEVEL_SHARE * (voice - floor), voice - 40.0)
    loud = np.concatenate([[False], level >= threshold, [False]])
    edges = np.flatnonzero(loud[1:] != loud[:-1]).reshape(-1, 2) * 0.01
    joined: list[Island] = []
    for start, end in edges.tolist():
        if joined and start - joined[-1][1] < _LEAST_GAP_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [
        (start, end)
        for start, end in joined
        if end - start >= _LEAST_ISLAND_S
        and speech[int(start / CHUNK_S) : int(end / CHUNK_S) + 3].max() >= 0.5
    ]


def room_tone(
    sound: Samples, islands: list[Island], seconds: float, rng: np.random.Generator
) -> Samples:
    """Make `seconds` of what the room sounds like when nobody speaks: grains of the recording's
    own quiet, overlapped at random; where there is too little of it, noise as loud.
    """
    grain = 1024
    quiet = np.ones(len(sound), dtype=bool)
    for start, end in islands:
        quiet[max(0, int((start - 0.1) * RATE_HZ)) : int((end + 0.15) * RATE_HZ)] = False
    run = np.concatenate([[0], np.cumsum(quiet)])
    starts = np.flatnonzero(run[grain:] - run[:-grain] == grain)
    count = int(seconds * RATE_HZ)
    made = np.zeros(count + 2 * grain)
    if len(starts) < RATE_HZ // 10:
        level = 10 ** (float(np.percentile(levels_db(sound), 3)) / 20)
        return np.clip(rng.normal(0, level, count), -32768, 32767).astype(np.int16)
    # Half-overlapped sine windows keep the power of sounds that are strangers to each other.
    shape = np.sin(np.pi * (np.arange(grain) + 0.5) / grain)
    for at in range(0, count + grain, grain // 2):
        start = int(rng.choice(starts))
        made[at : at + grain] += shape * sound[start : start + grain]
    return np.clip(made[grain // 2 : grain // 2 + count], -32768, 32767).astype(np.int16)


def make_courses(
    data: Path, use: str, hearer: "Hearer", kinds: tuple[str, ...] = KINDS
) -> Iterator[Course]:
    """Make the courses of the recordings in `data` that are for `use`, in a fixed order."""
    real: list[Course] = []
    for folder in _SETS:
        manifest = data / folder / "manifest.jsonl"
        if not manifest.exists():
            continue
        for line in manifest.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            name = f"{folder}/{entry['file']}"
            if entry["use"] != use or any(each in name + entry.get("label", "") for each in _NOT):
                continue
            sound = read_audio(data / folder / entry["file"])
            islands = find_islands(sound, hearer.speech(sound))
            if not islands:
                continue
            speaker = entry.get("speaker", "unknown")
            speaker = name if speaker.startswith("unknown") else speaker
            text = entry.get("text") or entry.get("text_auto") or ""
            group = "requests" if folder == "commands" else "readings"
            parts = list(_passages(islands))
            for number, part in enumerate(parts):
                start_s = max(0.0, part[0][0] - (2.0 if number == 0 else 0.3))
                end_s = part[-1][1] + (_TAIL_S if number == len(parts) - 1 else 0.15)
                course = Course(
                    f"{name}#{number}", "real", group, speaker, text,
                    sound[int(start_s * RATE_HZ) : int(end_s * RATE_HZ)],
                    [(a - start_s, b - start_s) for a, b in part],
                )  # fmt: skip
                real.append(course)
    for kind, made in (
        ("real", real),
        ("stretched", map(_stretch, real)),
        ("joined", map(_join, real, real[1:])),
    ):
        for course in made if kind in kinds else ():
            if course is not None:
                _finish(course, hearer)
                yield course


def _passages(islands: list[Island]) -> Iterator[list[Island]]:
    """Part a recording into what could be turns: at silences that nobody waits through, and at the
    longest pauses of what is longer than a turn may be.
    """
    if len(islands) < 2:
        yield islands
        return
    gaps = [(b[0] - a[1], at) for at, (a, b) in enumerate(pairwise(islands), 1)]
    longest_s, at = max(gaps)
    if longest_s < _APART_S:
        if islands[-1][1] - islands[0][0] <= _LONGEST_S:
            yield islands
            return
        middle = len(islands) // 4
        _, at = max(gap for gap in gaps if min(gap[1], len(islands) - gap[1]) >= middle)
    yield from _passages(islands[:at])
    yield from _passages(islands[at:])


def _finish(course: Course, hearer: "Hearer") -> None:
    """Let the room go on for a while after the end, and feed all of it to the detector."""
    keep = course.sound[: int((course.end_s + _TAIL_S) * RATE_HZ)]
    missing_s = course.end_s + _TAIL_S - len(keep) / RATE_HZ
    if missing_s > 0:
        tone = room_tone(keep, course.islands, missing_s, _rng(course.name))
        keep = np.concatenate([keep, tone])
    course.sound = keep
    course.speech = hearer.speech(keep)


def _stretch(course: Course) -> Course | None:
    gaps = [(b[0] - a[1], a[1]) for a, b in pairwise(course.islands)]
    if not gaps or max(gaps)[0] >= _PAUSE_S[1]:
        return None
    gap_s, at_s = max(gaps)
    rng = _rng(course.name + " stretched")
    pause_s = float(rng.uniform(*_PAUSE_S))
    more_s = pause_s - gap_s
    if more_s <= 0:
        return None
    tone = room_tone(course.sound, course.islands, more_s, rng)
    cut = int((at_s + gap_s / 2) * RATE_HZ)
    return Course(
        course.name + " stretched", "stretched", course.group, course.speaker, course.text,
        np.concatenate([course.sound[:cut], tone, course.sound[cut:]]),
        [(s, e) if s <= at_s else (s + more_s, e + more_s) for s, e in course.islands],
    )  # fmt: skip


def _join(first: Course, second: Course) -> Course | None:
    if first.speaker != second.speaker or "#0" not in second.name:
        return None
    a = first.sound[: int((first.end_s + 0.05) * RATE_HZ)]
    start_s = max(0.0, second.islands[0][0] - 0.05)
    if first.end_s + second.end_s - start_s > _LONGEST_S:
        return None
    rng = _rng(first.name + second.name)
    pause_s = float(rng.uniform(*_PAUSE_S))
    tone = room_tone(first.sound, first.islands, max(0.0, pause_s - 0.1), rng)
    shift_s = (len(a) + len(tone)) / RATE_HZ - start_s
    return Course(
        f"{first.name} + {second.name}", "joined", first.group, first.speaker,
        f"{first.text} {second.text}",
        np.concatenate([a, tone, second.sound[int(start_s * RATE_HZ) :]]),
        first.islands + [(s + shift_s, e + shift_s) for s, e in second.islands],
    )  # fmt: skip


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def _digest(sound: Samples) -> str:
    return hashlib.sha1(sound.tobytes(), usedforsecurity=False).hexdigest()


class Hearer:
    """What the models say of a course, each asked once: kept in `folder` if there is one."""

    def __init__(self, profile: str = "laptop", folder: Path | None = None) -> None:
        self._settings = load_settings(profile)
        self.endpointing: Endpointing = self._settings.listen.endpointing()
        self._file = folder / "heard.json" if folder else None
        kept = json.loads(self._file.read_text()) if self._file and self._file.exists() else {}
        self._speech: dict[str, list[float]] = kept.get("speech", {})
        self._ends: dict[str, float] = kept.get("ends", {})
        self._texts: dict[str, str] = kept.get("texts", {})
        self.turn_end_cpu_s: list[float] = []

    @cached_property
    def _detector(self) -> SileroVad:
        made = SileroVad()
        made.load()
        return made

    @cached_property
    def _turn_end(self) -> TurnEndDetector:
        made = SmartTurn(find_models().path(_TURN_END))
        made.load()
        return made

    @cached_property
    def _transcriber(self) -> Transcriber:
        made = assemble_transcriber(self._settings, find_models())
        made.load()
        return made

    @cached_property
    def _router(self) -> Router:
        made = Router()
        made.load()
        return made

    def speech(self, sound: Samples) -> NDArray[np.float32]:
        """The probability of speech for each chunk: shape (n // 512,)."""
        key = _digest(sound)
        if key not in self._speech:
            self._detector.reset()
            self._speech[key] = [
                round(self._detector.process(sound[at : at + CHUNK_SAMPLES]), 4)
                for at in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES)
            ]
        return np.array(self._speech[key], np.float32)

    def turn_end(self, course: Course, chunks: int) -> float:
        """The probability that the speaker has finished, after `chunks` chunks of the course."""
        clip = course.sound[: chunks * CHUNK_SAMPLES]
        key = _digest(clip)
        if key not in self._ends:
            before = time.thread_time()
            self._ends[key] = round(self._turn_end.probability(clip), 5)
            self.turn_end_cpu_s.append(time.thread_time() - before)
        return self._ends[key]

    def completeness(self, course: Course, chunks: int) -> Completeness:
        """What the words of the first `chunks` chunks say."""
        clip = course.sound[: chunks * CHUNK_SAMPLES]
        key = _digest(clip)
        if key not in self._texts:
            found = self._transcriber.transcribe(clip)
            self._texts[key] = " ".join(each.text for each in found)
        return completeness(self._texts[key], self._router.route(self._texts[key]))

    def keep(self) -> None:
        """Write what was heard."""
        if self._file:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            heard = {"speech": self._speech, "ends": self._ends, "texts": self._texts}
            self._file.write_text(json.dumps(heard), encoding="utf-8")
