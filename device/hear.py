"""Hearing: from chunks to the transcript of an utterance.

One object follows one utterance: it keeps the sound, runs the endpointer, and has the transcript
made at the soft end, on the chance that the utterance is over. Speech that goes on throws that
transcript away unheard.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from device.audio import CHUNK_S, Samples
from device.listen import SpeechDetector
from device.listen.endpoint import Endpointer, Endpointing, Mark
from device.listen.preroll import join
from device.worker import Worker


class Ended(Enum):
    """How the utterance is over."""

    SILENCE = auto()
    COMPLETE_COMMAND = auto()
    NO_SPEECH = auto()


class Utterance:
    """One utterance while it is spoken."""

    def __init__(
        self,
        *,
        detector: SpeechDetector,
        ears: Worker,
        endpointing: Endpointing,
        transcribe: Callable[[Samples, float], Awaitable[str]],
        is_complete: Callable[[str], bool],
    ) -> None:
        """Take the stages; `transcribe` gets the sound and the seconds of speech in it."""
        self._detector = detector
        self._ears = ears
        self._endpointer = Endpointer(endpointing)
        self._transcribe = transcribe
        self._is_complete = is_complete
        self._chunks: list[Samples] = []
        self._transcript: asyncio.Task[str] | None = None
        self._longest_s = endpointing.longest_s
        self._lasted_s = 0.0
        self.started = False
        """Whether speech has begun."""

    @property
    def silence_s(self) -> float:
        """Seconds since the last speech."""
        return self._endpointer.silence_s

    async def begin(self, preroll: list[Samples]) -> None:
        """Start with the sound from before; it holds the wake word and belongs to the clip."""
        self._chunks = list(preroll)

        def warm_up() -> None:
            self._detector.reset()
            for chunk in preroll:
                self._detector.process(chunk)

        await self._ears.run(warm_up)

    async def push(self, chunk: Samples) -> Ended | None:
        """Take the next chunk; say how the utterance ended, once it has."""
        self._lasted_s += CHUNK_S
        if self._lasted_s >= self._longest_s:
            # Enough, whatever is still said: someone else may be talking in the background.
            if self._transcript is None:
                self._speculate()
            return self._judge(over=True)
        self._chunks.append(chunk)
        probability = await self._ears.run(self._detector.process, chunk)
        over = False
        match self._endpointer.step(CHUNK_S, probability):
            case Mark.SPEECH_START:
                self.started = True
            case Mark.SOFT_END:
                self._speculate()
            case Mark.RESUMED:
                self.discard()
            case Mark.COMMIT:
                over = True
                if self._transcript is None:
                    self._speculate()
            case Mark.NO_SPEECH:
                return Ended.NO_SPEECH
            case None:
                pass
        return self._judge(over)

    def _judge(self, over: bool) -> Ended | None:
        """Look at the transcript, once it is there.

        The utterance does not end before: until then more speech can still continue it, and the
        wait costs nothing, as nothing can be answered without the transcript.
        """
        if self._transcript is None or not self._transcript.done():
            return None
        if self._transcript.exception() is not None:
            return Ended.SILENCE if over else None
        text = self._transcript.result()
        if not text:
            # Only the wake phrase so far, or noise: the user has not begun yet.
            self.discard()
            self._endpointer.wait_again()
            self.started = False
            return Ended.NO_SPEECH if self._lasted_s >= self._longest_s else None
        if self._is_complete(text):
            return Ended.COMPLETE_COMMAND
        return Ended.SILENCE if over else None

    def _speculate(self) -> None:
        self.discard()
        clip, speech_s = join(self._chunks), self._endpointer.speech_s
        self._transcript = asyncio.ensure_future(self._transcribe(clip, speech_s))

    async def text(self) -> str:
        """Return the transcript of the whole utterance.

        Raises:
            EngineFailed: the transcriber gave up.
        """
        if self._transcript is None:
            self._speculate()
        assert self._transcript is not None
        return await self._transcript

    def discard(self) -> None:
        """Throw the transcript away; a native call runs on to its end and is not listened to."""
        if self._transcript is not None:
            self._transcript.cancel()
            self._transcript = None
