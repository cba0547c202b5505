"""A voice that remembers what it said: a clip asked for again costs nothing.

Two memories. The newest clips stay in memory, whatever they say, bounded in seconds of sound.
Stock sentences, which are the program's own words and nobody's secret, also stay on disk, so that
they are there from the next start on. What anyone else said or was told never reaches the disk.
"""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from device.audio import Samples, resample
from device.speak import Part, Synthesizer, words_of
from device.speak.clauses import ClauseSplitter
from device.speak.normalize import speech_text
from device.speak.pace import NORMAL, VoicePace

_MAGIC = b"LAPELCLIP1"
_DIGEST_BYTES = 32
_MOST_DISK_BYTES = 64_000_000  # about 24 minutes of sound: several voices' stock sentences


class CachedSynthesizer:
    """Puts text into words as they are spoken, and synthesises each text once.

    For one thread at a time, like the voice inside it.
    """

    def __init__(
        self,
        inner: Synthesizer,
        folder: Path | None,
        stock: Iterable[str] = (),
        *,
        longest_s: float = 60.0,
        rate_hz: int | None = None,
        pace: VoicePace | None = None,
    ) -> None:
        """Keep `longest_s` seconds of the newest clips.

        Args:
            inner: the voice.
            folder: where the clips of stock sentences are kept; None keeps none.
            stock: whole sentences that everybody may hear; their clauses are stock too.
            longest_s: 0 keeps no clip but the stock sentences'.
            rate_hz: of the sound given, best the speaker's; None is the voice's own. Parts of a
                clip cannot be resampled one by one without a click between them.
            pace: the voice's; while it is not the normal one, nothing is kept or taken from what
                is kept.
        """
        self._pace = pace or VoicePace()
        self._inner = inner
        self._folder = folder
        self._stock = dict.fromkeys(
            spoken for sentence in stock for each in clauses_of(sentence)
            if (spoken := speech_text(each))
        )  # fmt: skip
        self._unsaved = dict(self._stock)
        self._longest_s = longest_s
        self._given_rate_hz = rate_hz
        self._newest: OrderedDict[str, Samples] = OrderedDict()
        self._newest_samples = 0
        self._ready: dict[str, Samples] = {}

    @property
    def rate_hz(self) -> int:
        """The rate asked for, or the voice's; known once loaded."""
        return self._given_rate_hz or self._inner.rate_hz

    @property
    def identity(self) -> str:
        """The voice's own."""
        return self._inner.identity

    def load(self) -> None:
        """Open the voice, and read the stock sentences that an earlier run has left.

        A damaged clip counts as missing. Those that are missing are made when they are first
        needed, or by `fill`.

        Raises:
            EngineUnusable: the voice's weights are missing or damaged.
        """
        self._inner.load()
        speech_text("It's 9:05.")  # the first number takes a tenth of a second
        for text in self._stock:
            if (clip := self._read(text)) is not None:
                self._ready[text] = clip
                self._unsaved.pop(text, None)

    def synthesize(self, text: str) -> Samples:
        """Speak a clause: shape (n,), int16, at `rate_hz`; empty for text without letters.

        The clip is not to be written to: it may be given again.

        Raises:
            EngineFailed: the voice gave up.
        """
        spoken = speech_text(text)
        if (clip := self._known(spoken)) is None:
            clip = self._make(spoken)
        return clip

    def stream(self, text: str) -> Iterator[Part]:
        """Speak a clause in parts; in one part if its clip is there. See `Synthesizer`.

        A stream that is read to its end leaves its clip; one that is given up leaves nothing.

        Raises:
            EngineFailed: the voice gave up.
        """
        spoken = speech_text(text)
        if (clip := self._known(spoken)) is not None:
            if len(clip):
                yield Part(text, clip)
            return
        clips = [np.zeros(0, dtype=np.int16)]
        said, pace = 0.0, self._pace.now
        for part in resampled(self._inner.stream(spoken), self._inner.rate_hz, self.rate_hz):
            clips.append(part.samples)
            # The history has the text's own words, not those that were put in for the voice.
            yield Part(words_of(text, said, part.until), part.samples, part.until)
            said = part.until
        self._keep(spoken, np.concatenate(clips), pace)

    def fill(self, stop: Callable[[], bool] = lambda: False) -> bool:
        """Make and keep the clip of one stock sentence that is still missing; for idle moments.

        Returns whether there are more. Does nothing when `stop()` says so before it begins.

        Raises:
            EngineFailed: the voice gave up.
        """
        if self._pace.now != NORMAL:
            return False
        if self._unsaved and not stop():
            spoken = next(iter(self._unsaved))
            if (clip := self._ready.get(spoken)) is None:
                clip = self._make(spoken)
            if spoken not in self._ready:  # the pace changed meanwhile
                return False
            # Only here, in the stock's own order: the disk does not tell what was ever said.
            self._write(spoken, clip)
            del self._unsaved[spoken]
        return bool(self._unsaved)

    def forget(self) -> None:
        """Forget every clip but the stock sentences': they hold what was said."""
        self._newest.clear()
        self._newest_samples = 0

    def _make(self, spoken: str) -> Samples:
        pace = self._pace.now
        clip = resample(self._inner.synthesize(spoken), self._inner.rate_hz, self.rate_hz)
        self._keep(spoken, clip, pace)
        return clip

    def _known(self, spoken: str) -> Samples | None:
        if self._pace.now != NORMAL:
            return None
        if (clip := self._ready.get(spoken)) is not None:
            return clip
        if (clip := self._newest.get(spoken)) is not None:
            self._newest.move_to_end(spoken)
        return clip

    def _keep(self, spoken: str, clip: Samples, pace: float) -> None:
        """Keep a clip that was begun at `pace`, which may have changed since."""
        clip.flags.writeable = False
        if pace != NORMAL or self._pace.now != NORMAL:
            return
        if spoken in self._stock:
            self._ready[spoken] = clip
            return
        if spoken in self._newest:
            return
        self._newest[spoken] = clip
        self._newest_samples += len(clip)
        while self._newest and self._newest_samples > self._longest_s * self.rate_hz:
            _, oldest = self._newest.popitem(last=False)
            self._newest_samples -= len(oldest)

    # the disk

    def _file(self, folder: Path, spoken: str) -> Path:
        key = "\0".join((self._inner.identity, str(self.rate_hz), spoken))
        return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.clip"

    def _read(self, spoken: str) -> Samples | None:
        if self._folder is None:
            return None
        try:
            data = self._file(self._folder, spoken).read_bytes()
        except OSError:
            return None
        head = len(_MAGIC) + _DIGEST_BYTES
        digest, sound = data[len(_MAGIC) : head], data[head:]
        if not data.startswith(_MAGIC) or hashlib.sha256(sound).digest() != digest:
            return None
        clip = np.frombuffer(sound, dtype="<i2").astype(np.int16)
        clip.flags.writeable = False
        return clip

    def _write(self, spoken: str, clip: Samples) -> None:
        if self._folder is None:
            return
        sound = clip.astype("<i2").tobytes()
        file = self._file(self._folder, spoken)
        temporary = file.with_suffix(f".{os.getpid()}.part")
        # A disk that is full or read-only costs time at the next start, and nothing else.
        with suppress(OSError):
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                temporary.write_bytes(_MAGIC + hashlib.sha256(sound).digest() + sound)
                temporary.replace(file)
            finally:
                temporary.unlink(missing_ok=True)
            _keep_newest(self._folder, _MOST_DISK_BYTES)


def clauses_of(sentence: str) -> Iterator[str]:
    """Yield the clauses in which a sentence may be asked for, as the first of a reply or later."""
    for is_first in (True, False):
        splitter = ClauseSplitter(is_first=is_first)
        yield from splitter.push(sentence)
        yield from splitter.flush()


def resampled(parts: Iterator[Part], from_hz: int, to_hz: int) -> Iterator[Part]:
    """Change the rate of parts that follow each other, as if they were one clip.

    The resampler looks a little ahead, so a part's last milliseconds come with the next part. The
    method is libsoxr's "HQ".
    """
    if from_hz == to_hz:
        yield from parts
        return
    import soxr

    flow = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality="HQ")
    for part in parts:
        flown = flow.resample_chunk(part.samples)
        yield Part(part.text, np.asarray(flown, dtype=np.int16), part.until)
    rest = np.asarray(flow.resample_chunk(np.zeros(0, dtype=np.int16), last=True), dtype=np.int16)
    if len(rest):
        yield Part("", rest)


def _keep_newest(folder: Path, most_bytes: int) -> None:
    """Remove the oldest clips, which are those of voices that are no longer used."""
    files = sorted(
        ((each.stat(), each) for each in folder.iterdir()), key=lambda each: each[0].st_mtime
    )
    too_many = sum(status.st_size for status, _ in files) - most_bytes
    for status, file in files:
        if too_many <= 0:
            return
        file.unlink(missing_ok=True)
        too_many -= status.st_size
