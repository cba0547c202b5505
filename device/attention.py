"""Attention: an utterance that is listened to, and how the assistant came to listen to it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from agents.agent import Mint
from context.policy import Authentication
from device.ahead import Ahead
from device.audio import CHUNK_S, Samples
from device.hear import Hearing, Utterance
from device.listen.endpoint import Completeness, Endpointing
from device.listen.wording import completeness, is_settled
from device.reply import Replier
from device.settings import Settings
from device.stages import Stages, Workers
from device.transcribe.hallucination import believable_text
from device.transcribe.wake_phrase import strip_wake_phrase

_OVER_WAIT_S = 0.8  # after a noise that was none, the reply goes on
_WENT_ON_S = 0.2
_WENT_ON_SPEECH = 0.6
_QUIET_S = 0.4  # who pauses after the wake word waits to be asked
_QUIET_SPEECH = 0.3
_WAKE_PHRASE_S = 0.8


@dataclass(slots=True)
class Attention:
    """The utterance that is being listened to."""

    turn_id: int
    utterance: Utterance
    ahead: Ahead
    over: bool
    """Whether it is spoken over a reply, which is held."""
    invited: bool
    """Whether the user was given the word without asking for it."""
    mint: Mint | None
    """The permissions of what is said; None for the agent's own."""
    quiet_s: float | None = None
    """Silence since the wake word; None once it has been answered by a sound."""
    went_on_s: float = 0.0
    """Speech on end since the utterance was taken for over."""

    def waits(self, speech: float) -> bool:
        """Say, once, whether the user pauses after the wake word, to be told that they were heard.

        speech: the probability (0..1) of it in the chunk that the utterance was just given.
        """
        if self.quiet_s is None:
            return False
        if self.utterance.started:
            self.quiet_s = None
            return False
        self.quiet_s = 0.0 if speech >= _QUIET_SPEECH else self.quiet_s + CHUNK_S
        if self.quiet_s < _QUIET_S:
            return False
        self.quiet_s = None
        return True

    def goes_on(self, chunk: Samples, speech: float) -> bool:
        """Take a chunk from after the end; say whether the user has gone on, so that it was none.

        chunk: shape (512,), int16, 16 kHz. speech: the probability (0..1) of it there.
        """
        self.utterance.keep(chunk, speech)
        self.went_on_s = self.went_on_s + CHUNK_S if speech >= _WENT_ON_SPEECH else 0.0
        return self.went_on_s >= _WENT_ON_S


@dataclass(frozen=True, slots=True)
class Listener:
    """Begins to listen to utterances."""

    stages: Stages
    workers: Workers
    settings: Settings
    replier: Replier
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    """Begins a task of work ahead."""
    partly: Callable[[Attention, str], None]
    """Told each partial transcript."""
    guess: Callable[[Attention, str], None]
    """Told each transcript that may be the final one."""
    ready: Callable[[Attention], None]
    """Something is known that may end the utterance: ask its `judge`."""

    def attend(
        self,
        turn_id: int,
        before: list[Samples],
        *,
        phrase: str = "",
        held: bool = False,
        over: bool = False,
        invited_s: float | None = None,
    ) -> Attention:
        """Begin to listen to an utterance; needs a running event loop.

        Args:
            turn_id: the turn that it is of.
            before: chunks from before it was known that there would be one.
            phrase: the wake phrase that it begins with, which is taken off; empty for none.
            held: a button is held while it is spoken.
            over: it is spoken over a reply.
            invited_s: how long the user has the word without asking for it; None: they asked.
        """
        stages, workers = self.stages, self.workers
        mint = stages.mind.turn(Authentication.BUTTON if held else Authentication.VOICE)
        ahead = Ahead(self.replier, turn_id, mint, self.spawn)

        def bare(text: str) -> str:
            return strip_wake_phrase(text, phrase) if phrase else text

        async def transcribe(sound: Samples, speech_s: float, partial: bool) -> str | None:
            segments = await workers.transcribe.run(
                stages.transcriber.transcribe,
                sound,
                partial=partial,
                begins=f"{phrase.title()}," if phrase else "",
                fits=lambda text: is_settled(bare(text), stages.mind.agent.route(bare(text))),
            )
            if partial and (not segments or any(each.is_doubtful for each in segments)):
                return None
            # The wake phrase is in the clip and not in the endpointer's seconds of speech.
            text = believable_text(segments, speech_s + _WAKE_PHRASE_S)
            return bare(text)

        async def turn_end(sound: Samples) -> float:
            return await workers.turn_end.run(stages.turn_end.probability, sound)

        attention = Attention(
            turn_id,
            Utterance(
                self._endpointing(over=over, invited_s=invited_s),
                Hearing(
                    transcribe=transcribe,
                    completeness=self.completeness,
                    turn_end=turn_end,
                    partly=lambda text: self.partly(attention, text),
                    guess=lambda text: self.guess(attention, text),
                    drop=ahead.drop,
                    ready=lambda: self.ready(attention),
                ),
                before,
                partial_s=self.settings.transcribe.partial_s,
                needs_words=over,
                held=held,
            ),
            ahead,
            over=over,
            invited=invited_s is not None,
            mint=mint,
            quiet_s=None if held or over or invited_s is not None else 0.0,
        )
        return attention

    def completeness(self, text: str) -> Completeness:
        """Say how whole what was said so far sounds by its words."""
        routed = self.stages.mind.agent.route(text)
        return completeness(text, routed, self.settings.transcribe.language)

    def _endpointing(self, *, over: bool, invited_s: float | None) -> Endpointing:
        listen = self.settings.listen
        found = replace(listen.endpointing(), longest_s=listen.longest_s - listen.preroll_s)
        if invited_s is not None:
            found = replace(found, no_speech_s=invited_s)
        if over:
            found = replace(found, least_speech_s=CHUNK_S, no_speech_s=_OVER_WAIT_S)
        return found
