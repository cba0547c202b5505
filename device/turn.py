"""The turn as a state machine. Pure: values in, values out.

idle ──wake──> listening ──commit──> thinking ──first clause──> speaking ──done──> idle

A wake is allowed from anywhere: it takes the word from whoever has it.
"""

from enum import Enum, auto


class Phase(Enum):
    """Where a turn is."""

    IDLE = auto()
    LISTENING = auto()
    THINKING = auto()
    SPEAKING = auto()


class Cue(Enum):
    """What moves it on."""

    WAKE = auto()
    """The wake word, or the button."""
    NOTHING = auto()
    """Nobody spoke, or nothing was understood."""
    COMMIT = auto()
    """The utterance is over."""
    FIRST_CLAUSE = auto()
    """There is something to say."""
    DONE = auto()
    """All was said."""
    RING = auto()
    """A timer is due."""


class ImpossibleCue(Exception):
    """A cue came in a phase that it has no meaning in: a defect of the program."""


_NEXT: dict[tuple[Phase, Cue], Phase] = {
    (Phase.LISTENING, Cue.NOTHING): Phase.IDLE,
    (Phase.LISTENING, Cue.COMMIT): Phase.THINKING,
    (Phase.THINKING, Cue.NOTHING): Phase.IDLE,
    (Phase.THINKING, Cue.FIRST_CLAUSE): Phase.SPEAKING,
    (Phase.THINKING, Cue.DONE): Phase.IDLE,
    (Phase.SPEAKING, Cue.DONE): Phase.IDLE,
    (Phase.IDLE, Cue.RING): Phase.SPEAKING,
} | {(phase, Cue.WAKE): Phase.LISTENING for phase in Phase}


def advance(phase: Phase, cue: Cue) -> Phase:
    """Return the phase that follows.

    Raises:
        ImpossibleCue: the cue has no meaning in this phase.
    """
    try:
        return _NEXT[phase, cue]
    except KeyError:
        raise ImpossibleCue(f"{cue.name} while {phase.name}") from None
