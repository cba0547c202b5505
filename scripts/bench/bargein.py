"""What the assistant's own speech sets off, and how others are heard over it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import soundfile
import soxr
from bench.echo_scenes import (
    CHUNK,
    RATE_HZ,
    Scene,
    at_level,
    direct_first,
    microphone,
    onset,
)
from numpy.typing import NDArray

from device import assemble
from device.audio import CHUNK_S, Samples, read_audio, resample
from device.ears import Ears
from device.listen.barge_in import BargeIn
from device.listen.silero import SileroVad
from device.mic.echo import NoEchoCanceller, WebRtcEchoCanceller
from device.settings import load_settings
from device.wake import Refractory

WAKE_WORDS = ("hey_jarvis", "alexa")
_OWN = (
    "Hey Jarvis is what you say to wake me.",
    "You can say stop at any time.",
    "Stop. Stop the timer. Cancel that.",
    "Hey Jarvis! Hey Jarvis, what time is it?",
    "Alexa is another wake word that I know.",
    "Say hey Jarvis, stop, and I will be quiet.",
    "Your timer for ten minutes is set.",
    "Alexa. Alexa, stop.",
    "I put pasta, olive oil and two lemons on the shopping list.",
    "The spare key is under the blue pot beside the back door.",
    "Wait. No, stop. Never mind.",
    "Remember that you have an appointment with the dentist on Thursday at nine.",
)
_SCENE_S = 100.0
_SOUNDING_S = 0.5
_LEVELS_DB = (-5, 0, 5, 10)
_WORD_LEVELS_DB = (0, 5, 10)
_IN_TIME_S = 2.0


class Material:
    """What the measurements draw on; the same draw every time."""

    def __init__(self, data: Path, use: str, profile: str) -> None:
        self._data = data
        self._use = use
        self.profile = profile
        self.random = np.random.default_rng(20)

    def files(self, folder: str, **wanted: str) -> list[dict[str, Any]]:
        """Return the manifest's lines for the files to be used."""
        path = self._data / folder / "manifest.jsonl"
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        return [
            {**row, "path": self._data / folder / row["file"]}
            for row in rows
            if row.get("use", self._use) == self._use
            and all(str(row.get(key, value)).startswith(value) for key, value in wanted.items())
        ]

    @cached_property
    def responses(self) -> dict[str, NDArray[np.float64]]:
        """Return the room responses by name; of several microphones the first."""
        found: dict[str, NDArray[np.float64]] = {}
        for row in self.files("rir"):
            sound, rate_hz = soundfile.read(row["path"], always_2d=True)
            found[row["path"].stem] = direct_first(soxr.resample(sound[:, 0], rate_hz, RATE_HZ))
        return found

    @cached_property
    def noises(self) -> list[NDArray[np.float64]]:
        """Return the backgrounds."""
        return [read_audio(row["path"]).astype(np.float64) for row in self.files("noise")]

    @cached_property
    def clips(self) -> list[Samples]:
        """Return the assistant's sentences, spoken in its voice."""
        texts = [row["text"] for row in self.files("asr", lang="en") if row.get("text")]
        spoken = [text.lower().capitalize() + "." for text in texts if len(text.split()) > 3]
        sentences: list[str] = []
        for number, text in enumerate(spoken):
            sentences += [text, *([_OWN[number // 2 % len(_OWN)]] if number % 2 == 0 else [])]
        return _spoken(sentences or list(_OWN), self.profile)

    def people(self) -> list[Samples]:
        """Return what people say: sentences of a few words, shuffled, from where they begin."""
        rows = self.files("asr", lang="en") + self.files("commands", lang="en")
        self.random.shuffle(rows)  # type: ignore[arg-type]
        sounds = (read_audio(row["path"]) for row in rows if 1.0 < row.get("seconds", 2.0) < 12.0)
        return [said for sound in sounds if len(said := _from_speech_on(sound)) >= RATE_HZ]

    def wake_words(self) -> list[Samples]:
        """Return "alexa", spoken by many people."""
        return [read_audio(row["path"]) for row in self.files("wake_positive", label="alexa")]

    def scenes(self) -> Iterator[Scene]:
        """Give scenes for ever: every room in turn, all else by chance."""
        while True:
            for room, response in self.responses.items():
                yield Scene(
                    room=room,
                    response=response,
                    delay_s=float(self.random.uniform(0.02, 0.3)),
                    echo_level=float(self.random.choice([400, 1000, 2500])),
                    soft_clip=float(self.random.choice([0.0, 0.5, 1.0])),
                    drift_ppm=float(self.random.uniform(-100, 100)),
                    noise=self.noises[self.random.integers(len(self.noises))],
                    noise_level=float(self.random.choice([10, 30, 100])),
                )

    def speech(self, seconds: float) -> Samples:
        """Return the assistant's speech: replies of one to four sentences, with pauses."""
        parts: list[Samples] = [_silence(1.0)]
        while sum(map(len, parts)) < seconds * RATE_HZ:
            for _ in range(self.random.integers(1, 5)):
                parts.append(self.clips[self.random.integers(len(self.clips))])
                parts.append(_silence(self.random.uniform(0.1, 0.5)))
            parts.append(_silence(self.random.uniform(1.0, 3.0)))
        whole = int(seconds * RATE_HZ) // CHUNK * CHUNK
        return np.concatenate(parts)[:whole]


@dataclass(slots=True)
class Fired:
    """What came of one scene: the seconds at which something fired."""

    wakes: list[float]
    barge_ins: list[float]
    erle_db: float


def listen(
    material: Material,
    sound: Samples,
    played: Samples,
    *,
    cancel: bool = True,
    wake: bool = True,
) -> Fired:
    """Let the ears hear a scene as the assistant does: cleaned only while the speaker sounds."""
    settings = load_settings(material.profile, None, (f"wake.words={json.dumps(WAKE_WORDS)}",))
    canceller = WebRtcEchoCanceller() if cancel else NoEchoCanceller()
    ears = Ears(
        assemble.assemble_wake_word(settings),
        assemble.assemble_own_words(settings),
        SileroVad(),
        canceller,
        BargeIn(),
    )
    ears.load()
    refractory = Refractory(settings.wake.refractory_s)
    fired = Fired([], [], 0.0)
    silent_s, barged_s, sounding = 9.0, 0.0, False
    echo_power, left_power = 1e-9, 1e-9
    for number in range(len(sound) // CHUNK):
        here = slice(number * CHUNK, (number + 1) * CHUNK)
        at_s = (number + 1) * CHUNK_S
        silent_s = 0.0 if played[here].any() else silent_s + CHUNK_S
        began, sounding = not sounding, silent_s < _SOUNDING_S
        if (began and sounding) or (fired.barge_ins and at_s - barged_s > 1.0):
            ears.expect_interruption()
            barged_s = 1e9
        heard = ears.hear(
            sound[here], played[here] if sounding else None, wake=wake, speech=True, over=sounding
        )
        if heard.detection is not None and refractory.accept(at_s):
            fired.wakes.append(at_s)
        if heard.barged_in:
            fired.barge_ins.append(at_s)
            barged_s = at_s
        if silent_s == 0.0 and at_s > 5.0:
            echo_power += float(np.sum(sound[here].astype(float) ** 2))
            left_power += float(np.sum(heard.chunk.astype(float) ** 2))
    fired.erle_db = 10 * float(np.log10(echo_power / left_power))
    return fired


def own_speech(material: Material, minutes: float, without_minutes: float) -> dict[str, Any]:
    """Count what the assistant's own speech sets off, through a room a scene."""
    scenes = material.scenes()
    done_s, without_s = 0.0, 0.0
    wakes, barge_ins = [0, 0], [0, 0]
    erle_db: dict[str, list[float]] = {}
    while done_s < minutes * 60 - 1:
        scene, played = next(scenes), material.speech(min(_SCENE_S, minutes * 60 - done_s))
        sound = microphone(scene.echo(played), scene.background(len(played)))
        fired = listen(material, sound, played)
        done_s += len(played) / RATE_HZ
        wakes[0] += len(fired.wakes)
        barge_ins[0] += len(fired.barge_ins)
        erle_db.setdefault(scene.room, []).append(fired.erle_db)
        if without_s < without_minutes * 60 - 1:
            fired = listen(material, sound, played, cancel=False)
            without_s += len(played) / RATE_HZ
            wakes[1] += len(fired.wakes)
            barge_ins[1] += len(fired.barge_ins)
    return {
        "minutes": round(done_s / 60, 2),
        "self_wakes": wakes[0],
        "self_interruptions": barge_ins[0],
        "without_canceller": {
            "minutes": round(without_s / 60, 2),
            "self_wakes": wakes[1],
            "self_interruptions": barge_ins[1],
        },
        "erle_db": {room: float(np.mean(each)) for room, each in sorted(erle_db.items())},
    }


def talked_over(material: Material, a_level: int, words: int) -> dict[str, Any]:
    """Let people talk, and say the wake word, over the assistant's speech."""
    scenes, people = material.scenes(), material.people()
    detection: dict[str, dict[str, float]] = {}
    for db in _LEVELS_DB:
        delays: list[float] = []
        missed = 0
        for number in range(a_level):
            speech = people[number % len(people)][: 3 * RATE_HZ]
            sound, played, begins_s = _over(material, next(scenes), speech, db)
            fired = listen(material, sound, played, wake=False)
            first = [at for at in fired.barge_ins if 0 <= at - begins_s <= _IN_TIME_S]
            delays += [(first[0] - begins_s) * 1000] if first else []
            missed += not first
        found = np.array(delays or [0.0])
        detection[f"{db:+d} dB"] = {
            "rate": len(delays) / (len(delays) + missed),
            "within_250_ms": float(np.sum(found <= 250)) / a_level,
            "p50_ms": float(np.percentile(found, 50)),
            "p95_ms": float(np.percentile(found, 95)),
        }
    spoken = material.wake_words()
    over_speech: dict[str, dict[str, float]] = {}
    for db in _WORD_LEVELS_DB:
        heard = {"with": 0, "without": 0}
        count = min(words, len(spoken))
        for word in spoken[:count]:
            sound, played, begins_s = _over(material, next(scenes), word, db)
            for name, cancel in (("with", True), ("without", False)):
                fired = listen(material, sound, played, cancel=cancel)
                heard[name] += any(0 <= at - begins_s <= 3.0 for at in fired.wakes)
        over_speech[f"{db:+d} dB"] = {name: hits / count for name, hits in heard.items()}
    return {"detection": detection, "wake_over_speech": over_speech}


def _over(
    material: Material, scene: Scene, speech: Samples, db: float
) -> tuple[Samples, Samples, float]:
    """Mix someone in while the assistant speaks; also return when the user's speech begins."""
    played = material.speech(14.0)
    start = int(material.random.uniform(6.0, 9.0) * RATE_HZ)
    while not all(
        np.abs(played[each : each + RATE_HZ // 10].astype(int)).max(initial=0) > 300
        for each in range(start, start + RATE_HZ // 2, RATE_HZ // 10)
    ):
        start += RATE_HZ // 10
        if start + 2 * RATE_HZ > len(played):
            played, start = material.speech(14.0), 6 * RATE_HZ
    user = np.zeros(len(played))
    loud = at_level(speech, scene.echo_level * 10 ** (db / 20))[: len(played) - start]
    user[start : start + len(loud)] = loud
    sound = microphone(scene.echo(played), scene.background(len(played)), user)
    return sound, played, (start + onset(speech)) / RATE_HZ


def _from_speech_on(sound: Samples) -> Samples:
    """Cut a recording to where somebody speaks: some begin with seconds of their room."""
    detector = SileroVad()
    detector.load()
    for begin in range(0, len(sound) - CHUNK + 1, CHUNK):
        if detector.process(sound[begin : begin + CHUNK]) >= 0.5:
            return sound[max(0, begin - 2 * CHUNK) :]
    return sound[:0]


def _silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE_HZ), dtype=np.int16)


def _spoken(sentences: list[str], profile: str) -> list[Samples]:
    """Speak each sentence, or take it from the cache."""
    settings = load_settings(profile)
    voice = assemble.assemble_wearer(settings, assemble.find_models())
    folder = Path(platformdirs.user_cache_dir("lapel")) / "bench" / settings.speak.model
    folder.mkdir(parents=True, exist_ok=True)
    loaded = False
    clips: list[Samples] = []
    for sentence in sentences:
        path = folder / (hashlib.sha256(sentence.encode()).hexdigest()[:24] + ".npy")
        if not path.exists():
            if not loaded:
                voice.load()
                loaded = True
            np.save(path, resample(voice.synthesize(sentence), voice.rate_hz, RATE_HZ))
        clips.append(np.load(path))
    return clips
