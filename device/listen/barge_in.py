"""Barge-in: has the user begun to talk over the assistant? Pure.

What the echo canceller leaves of the assistant's voice is speech too, so a speech detector alone
would interrupt the assistant with itself. What tells the user from the rest is the level: how
much of what was played is left is learned while only the assistant speaks, and only sound well
above that counts.
"""

from collections import deque
from dataclasses import dataclass

_QUIET = 1e-3
_PLAYED_S = 0.5


@dataclass(frozen=True, slots=True)
class BargingIn:
    """When sound during playback is the user."""

    speech: float = 0.6
    """From this probability on a chunk may be the user's speech."""
    margin: float = 2.0
    """So many times the expected residual echo the cleaned sound must be (root mean square)."""
    floor: float = 100.0
    """Quieter than this (root mean square of int16) is never the user."""
    needed: int = 4
    """Chunks of the user's speech ..."""
    among: int = 7
    """... among so many, for a barge-in."""
    first_leak: float = 0.05
    """How much of what was played is expected to be left before anything is known."""
    least_leak: float = 0.003
    rise: float = 0.3
    """The step towards more residual echo than expected, per chunk (of the difference) ..."""
    fall: float = 0.01
    """... and towards less."""


class BargeIn:
    """Takes a chunk's numbers at a time while the assistant speaks."""

    def __init__(self, settings: BargingIn | None = None) -> None:
        self._settings = settings or BargingIn()
        self._leak = self._settings.first_leak
        self.reset()

    def reset(self) -> None:
        """Begin a new reply: forget what was said so far; what was learned of the room stays."""
        self._hits: deque[bool] = deque(maxlen=self._settings.among)
        self._played: deque[tuple[float, float]] = deque()
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
            chunk_s: the chunk's seconds.
            speech: the speech detector's probability on the cleaned chunk (0..1).
            microphone_rms: the raw chunk's level (root mean square of int16).
            cleaned_rms: the level without the echo.
            played_rms: the level of what the speaker took meanwhile.
        """
        del microphone_rms
        wanted = self._settings
        self._played.append((chunk_s, played_rms))
        while sum(each for each, _ in self._played) > _PLAYED_S:
            self._played.popleft()
        loudest = max((rms for _, rms in self._played), default=0.0)
        expected = self._leak * loudest
        is_user = speech >= wanted.speech and cleaned_rms >= max(
            wanted.floor, wanted.margin * expected
        )
        if loudest > wanted.floor and not is_user:
            leak = cleaned_rms / loudest
            step = wanted.rise if leak > self._leak else wanted.fall
            self._leak = max(wanted.least_leak, self._leak + step * (leak - self._leak))
        self._hits.append(is_user)
        if self._fired or sum(self._hits) < wanted.needed:
            return False
        self._fired = True
        return True


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
