"""Endpointing: deciding that the utterance is over, from what is known of its silence. Pure.

The endpointer is fed seconds, speech probabilities and, once they are known, what the transcript
and the turn-end model say; it gives marks, and knows neither clocks nor sound. Two thresholds
(hysteresis) keep a wavering probability from splitting a word.

    speech ──soft end──> silence grows ──commit──> over
               │  speech again: resumed

How much silence it takes falls with what is known: a whole command needs the least, then a turn
that sounds finished, by how sure that is; all else needs the longest pause.
"""

import math
from dataclasses import dataclass
from enum import Enum, auto


class Mark(Enum):
    """What a step of the endpointer found."""

    SPEECH_START = auto()
    SOFT_END = auto()
    """Silence long enough to begin work that may be thrown away."""
    RESUMED = auto()
    """Speech went on after a soft end: throw that work away."""
    COMMIT = auto()
    """The utterance is over; `Endpointer.reason` says why."""
    NO_SPEECH = auto()
    """Nobody spoke."""


class Completeness(Enum):
    """What the words of the utterance so far say about its end."""

    COMPLETE = auto()
    """A whole command, which needs nothing more."""
    INCOMPLETE = auto()
    """Something is certainly missing: "set a timer for"."""
    ASKED = auto()
    """A whole question, to which more could still be added."""
    TELLING = auto()
    """Neither question nor request: however finished it sounds, more may follow."""
    OPEN = auto()
    """Anything else."""


class Reason(Enum):
    """Why an utterance is over."""

    COMPLETE_COMMAND = auto()
    WHOLE_QUESTION = auto()
    TURN_END = auto()
    LONGEST_PAUSE = auto()
    LONGEST_UTTERANCE = auto()


@dataclass(frozen=True, slots=True)
class Endpointing:
    """The numbers behind the decision: seconds, and thresholds of probabilities.

    What is sure, and the silences of a command and the longest pauses come from the curve of delay
    against cut-off rate that `scripts/bench_endpoint` draws, on the recordings marked for tuning.
    After a sure turn and a whole question it is as long as the language model needs to begin its
    answer on two x86-64 cores: less would win nothing. The soft end was chosen for its delay alone.
    """

    start_threshold: float = 0.5
    """A chunk at least this probable is speech when there was silence."""
    end_threshold: float = 0.35
    """A chunk less probable than this is silence when there was speech."""
    least_speech_s: float = 0.25
    """Less speech than this is the end of the wake word, a cough or a click."""
    soft_end_s: float = 0.064
    """Silence after which work begins on the chance that this is the end."""
    loud_soft_end_s: float = 0.16
    """The same where there is still sound: a last "s" is no silence, and steady noise is."""
    quiet: float = 0.03
    """Sound this far below the loudest so far (a ratio of levels: 30 dB) is quiet ..."""
    quiet_above_floor: float = 2.0
    """... and so is sound of up to this many times the quietest so far."""
    ask_from_s: float = 0.096
    """Silence after which the turn-end model is worth asking."""
    ask_again_s: float = 0.352
    """Further silence after which the turn-end model is worth asking again."""
    command_silence_s: float = 0.2
    """Silence that ends a complete command."""
    sure: float = 0.95
    """A turn-end probability from here on is sure."""
    sure_silence_s: float = 0.7
    """Silence that ends a turn that surely sounds finished."""
    asked_silence_s: float = 0.7
    """Silence that ends a whole question, however it sounded."""
    unsure: float = 0.5
    """A turn-end probability up to here says nothing: the longest pause must pass."""
    silence_s: float = 1.6
    """The longest pause of a request: silence that ends it whatever it sounded like."""
    incomplete_silence_s: float = 2.0
    """Silence that ends what may well go on: words that certainly lack something, or that tell."""
    no_speech_s: float = 5.0
    """Waiting for speech that does not come."""
    longest_s: float = 29.0
    """The longest utterance; Whisper's window is 30 s."""


def needed_silence_s(
    settings: Endpointing, completeness: Completeness | None, turn_end: float | None
) -> tuple[float, Reason]:
    """Return the silence (seconds) that ends the utterance, and the reason it would be over for.

    It never grows with the turn-end probability (0..1). Between unsure and sure it falls in a
    straight line over the log-odds, because the model's probabilities crowd at 0 and 1.
    """
    longest_s = settings.silence_s
    match completeness:
        case Completeness.COMPLETE:
            return min(settings.command_silence_s, longest_s), Reason.COMPLETE_COMMAND
        case Completeness.ASKED:
            # Its answer takes about as long to begin, so that being surer would win nothing.
            return min(settings.asked_silence_s, longest_s), Reason.WHOLE_QUESTION
        case Completeness.INCOMPLETE | Completeness.TELLING:
            return max(settings.incomplete_silence_s, longest_s), Reason.LONGEST_PAUSE
        case Completeness.OPEN if turn_end is not None and turn_end > settings.unsure:
            low, high = _log_odds(settings.unsure), _log_odds(settings.sure)
            share = (_log_odds(turn_end) - low) / (high - low) if high > low else 1.0
            sure_s = min(settings.sure_silence_s, longest_s)
            return longest_s + min(1.0, share) * (sure_s - longest_s), Reason.TURN_END
        case Completeness.OPEN | None:
            return longest_s, Reason.LONGEST_PAUSE


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))


class Endpointer:
    """Follows one utterance."""

    def __init__(self, settings: Endpointing) -> None:
        self._settings = settings
        self.total_s = 0.0
        """Seconds fed so far."""
        self.speech_s = 0.0
        """Seconds of speech so far."""
        self.silence_s = 0.0
        """Seconds since the last speech."""
        self.reason: Reason | None = None
        """Why the utterance is over, once it is."""
        self._waiting_s = 0.0
        self._speaking = False
        self._started = False
        self._soft = False
        self._loudest, self._quietest, self._is_quiet = 0.0, math.inf, True
        self._undecided = False
        self._surest: float | None = None
        """The highest turn-end probability of the present silence."""
        self._ask_at_s = 0.0

    @property
    def wants_turn_end(self) -> bool:
        """Whether the turn-end model is worth asking now, about the sound up to here.

        True once the words are known to leave it open, until `asked` is called, and again whenever
        the silence has grown by `ask_again_s` since: the model grows surer as the silence does.
        Never where its answer could change nothing: the words have settled it, or it surely sounded
        finished before.
        """
        return self._soft and self._undecided and self.silence_s >= self._ask_at_s - _TINY_S

    def asked(self) -> None:
        """Take note that the turn-end model is being asked."""
        self._ask_at_s = self.silence_s + self._settings.ask_again_s

    def step(
        self,
        chunk_s: float,
        speech: float,
        completeness: Completeness | None = None,
        turn_end: float | None = None,
        level: float = 0.0,
    ) -> Mark | None:
        """Take the next chunk.

        Args:
            chunk_s: its length in seconds.
            speech: the probability (0..1) that it is speech.
            completeness: what the transcript up to the present soft end says; None until known.
            turn_end: the newest probability (0..1) that the speaker has finished, asked for since
                the present soft end; None until known.
            level: the chunk's root mean square, of any scale.
        """
        s = self._settings
        self._note_level(level)
        self.total_s += chunk_s
        if turn_end is not None:
            # Digital silence makes the model waver; what sounded finished still does.
            self._surest = max(turn_end, self._surest or 0.0)
        self._undecided = completeness is Completeness.OPEN and (
            self._surest is None or self._surest < s.sure
        )
        threshold = s.end_threshold if self._speaking else s.start_threshold
        self._speaking = speech >= threshold
        mark = self._speech(chunk_s) if self._speaking else self._silence(chunk_s)
        if mark is Mark.NO_SPEECH:
            return mark
        if self._soft and not self._speaking:
            needed_s, reason = needed_silence_s(s, completeness, self._surest)
            if self.silence_s >= needed_s - _TINY_S:
                self.reason = reason
                return Mark.COMMIT
        if self._started and self.total_s >= s.longest_s:
            self.reason = Reason.LONGEST_UTTERANCE
            return Mark.COMMIT
        return mark

    def _note_level(self, level: float) -> None:
        s = self._settings
        if level > 0.0:
            self._loudest = max(self._loudest, level)
            self._quietest = min(self._quietest, level)
        self._is_quiet = level <= max(
            s.quiet * self._loudest, s.quiet_above_floor * self._quietest if self._loudest else 0.0
        )

    def _speech(self, chunk_s: float) -> Mark | None:
        self.speech_s += chunk_s
        self.silence_s = 0.0
        if not self._started and self.speech_s >= self._settings.least_speech_s:
            self._started = True
            return Mark.SPEECH_START
        if self._soft:
            self._soft = False
            return Mark.RESUMED
        return None

    def _silence(self, chunk_s: float) -> Mark | None:
        s = self._settings
        self.silence_s += chunk_s
        if self._started:
            soft_end_s = s.soft_end_s if self._is_quiet else s.loud_soft_end_s
            if self.silence_s >= soft_end_s - _TINY_S and not self._soft:
                self._soft = True
                self._ask_at_s = s.ask_from_s
                self._surest = None
                return Mark.SOFT_END
            return None
        if self.silence_s >= s.silence_s:
            self.speech_s = 0.0  # what there was is over and was too short to count
        self._waiting_s += chunk_s
        return Mark.NO_SPEECH if self._waiting_s >= s.no_speech_s else None

    def wait_again(self) -> None:
        """Take back what was heard so far, and wait for speech as at the start."""
        self.total_s = self.speech_s = self.silence_s = 0.0
        self._speaking = self._started = self._soft = False


_TINY_S = 1e-6  # sums of 32 ms fall a little short of the seconds they stand for
