"""Barge-in: has the user begun to talk over the assistant? Pure.

What the echo canceller leaves of the assistant's voice is speech too, so a speech detector alone
would interrupt the assistant with itself. What tells the user is level: how much of what was
played is usually left is learned, and only what is well above that counts, by how likely it is
speech.
"""

from collections import deque
from dataclasses import dataclass
from math import log2

_LEAST_LEAK = 2.0**-8
_HOLD_CHUNKS = 12
"""An echo is at most so late: 0.3 s of delay, and the chunk that it begins in."""


@dataclass(frozen=True, slots=True)
class BargingIn:
    """When sound during playback is the user. Tuned on recordings in measured rooms."""

    speech: float = 0.2
    """A chunk that is less likely speech than this is no evidence."""
    floor: float = 100.0
    """Nor is one that is quieter (root mean square of int16)."""
    dominance: float = 0.6
    """Nor one of which the echo canceller has taken more away than this leaves (a share of the
    level): what is left of an echo is mostly less."""
    most_doublings: float = 4.0
    """The evidence of a chunk is how often its level is double that of the expected echo, up to
    this, times the probability of speech."""
    enough: float = 2.0
    """So much evidence is a barge-in."""
    kept: float = 0.9
    """The share of the evidence that is left after a chunk ..."""
    worn: float = 0.15
    """... less this."""
    first_leak: float = 0.2
    """How much of the played level is expected to be left before anything is known."""
    rise: float = 0.08
    """Doublings by which more is expected after a chunk that had more ..."""
    fall: float = 0.02
    """... and less after one that had less: the expectation is the level's upper fifth."""
    tail: float = 0.92
    """How a room's echo dies away, per chunk: 30 dB in 1.3 s, slower than most do."""


class BargeIn:
    """Takes a chunk's numbers at a time while the assistant speaks."""

    def __init__(self, settings: BargingIn | None = None) -> None:
        self._settings = settings or BargingIn()
        self._leak = log2(self._settings.first_leak)
        self._echo = 0.0
        self.reset()

    def reset(self) -> None:
        """Begin a new reply: forget what was said so far; what was learned of the room stays."""
        self._played: deque[float] = deque(maxlen=_HOLD_CHUNKS)
        self._evidence = 0.0
        self._fired = False

    def step(
        self,
        chunk_s: float,
        speech: float,
        microphone_rms: float,
        cleaned_rms: float,
        played_rms: float,
    ) -> bool:
        """Take the next chunk; say, once, that the user has begun to talk over the assistant.

        Args:
            chunk_s: the chunk's seconds; the settings are for 0.032.
            speech: the speech detector's probability on the cleaned chunk (0..1).
            microphone_rms: the raw chunk's level (root mean square of int16).
            cleaned_rms: the level without the echo.
            played_rms: the level of what the speaker took meanwhile.
        """
        del chunk_s
        wanted = self._settings
        self._played.append(played_rms)
        self._echo = max(*self._played, self._echo * wanted.tail)
        expected = max(wanted.floor, self._echo * 2**self._leak)
        above = min(wanted.most_doublings, log2(max(1.0, cleaned_rms) / expected))
        counts = speech >= wanted.speech and cleaned_rms >= wanted.dominance * microphone_rms
        evidence = above * speech if counts and above > 0 else 0.0
        self._evidence = max(0.0, self._evidence * wanted.kept + evidence - wanted.worn)
        if self._echo > wanted.floor and self._evidence < wanted.enough / 2:
            self._learn(max(1.0, cleaned_rms) / self._echo)
        if self._fired or self._evidence < wanted.enough:
            return False
        self._fired = True
        return True

    def _learn(self, left: float) -> None:
        """Move the expected share of the echo towards what is left of it now."""
        wanted = self._settings
        self._leak += wanted.rise if log2(left) > self._leak else -wanted.fall
        self._leak = max(log2(_LEAST_LEAK), self._leak)


_BACKCHANNELS = """
a, ah, aha, hm, hmm, mhm, mm, mmm, mm hm, mm hmm, mmhm, mmhmm, uh, uh huh, um, huh, oh, ooh, wow,
yeah, yep, yes, yup, ok, okay, right, sure, i see, got it, cool, good, great, nice, alright,
all right, oh okay, oh yeah, yeah yeah, okay okay, oh right, of course, exactly, interesting, really
"""
_LISTENING = frozenset(" ".join(each.split()) for each in _BACKCHANNELS.split(","))


def is_backchannel(text: str) -> bool:
    """Say whether a transcript only shows that the user listens, so that the reply goes on.

    So does an empty one: a cough or a knock. After a reply that asks something, "yes" is an answer
    and this is the wrong question. The list follows Switchboard's tag "b"
    (Jurafsky, Shriberg and Biasca, 1997).
    """
    words = "".join(each if each.isalpha() else " " for each in text.lower()).split()
    return not words or " ".join(words) in _LISTENING
