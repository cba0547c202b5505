"""The turn as a state machine. Pure: values in, values out.

idle ──wake──> listening ──commit──> thinking ──first clause──> speaking ──replied──> follow-up
 ^                 ^  ^                 │                          │                      │
 │                 │  └────went on──────┘                          │                      │
 │                 └───────────────────barge-in────────────────────┘                      │
 └──────────────────────────────────────nothing───────────────────────────────────────────┘

A wake is allowed from anywhere: it takes the word from whoever has it.
"""

from enum import Enum, auto


class Phase(Enum):
    """Where a turn is."""

    IDLE = auto()
    LISTENING = auto()
    THINKING = auto()
    SPEAKING = auto()
    FOLLOW_UP = auto()


class Cue(Enum):
    """What moves it on."""

    WAKE = auto()
    """The wake word, or the button."""
    SPEECH = auto()
    """The user says more, without the wake word."""
    NOTHING = auto()
    """Nobody spoke, or nothing was understood."""
    COMMIT = auto()
    """The utterance is over."""
    WENT_ON = auto()
    """It was not: the user goes on, and nothing has been done or heard yet."""
    FIRST_CLAUSE = auto()
    """There is something to say."""
    BARGE_IN = auto()
    """The user talks over the reply, which is held."""
    RESUME = auto()
    """It was a cough or a "mm-hm": the reply goes on."""
    REPLIED = auto()
    """All was said, and more may be asked."""
    DONE = auto()
    """All was said."""
    RING = auto()
    """A timer is due."""


class ImpossibleCue(Exception):
    """A cue came in a phase that it has no meaning in: a defect of the program."""


_NEXT: dict[tuple[Phase, Cue], Phase] = {
    (Phase.LISTENING, Cue.NOTHING): Phase.IDLE,
    (Phase.LISTENING, Cue.COMMIT): Phase.THINKING,
    (Phase.LISTENING, Cue.RESUME): Phase.SPEAKING,
    (Phase.THINKING, Cue.NOTHING): Phase.IDLE,
    (Phase.THINKING, Cue.WENT_ON): Phase.LISTENING,
    (Phase.THINKING, Cue.FIRST_CLAUSE): Phase.SPEAKING,
    (Phase.THINKING, Cue.REPLIED): Phase.FOLLOW_UP,
    (Phase.THINKING, Cue.DONE): Phase.IDLE,
    (Phase.SPEAKING, Cue.BARGE_IN): Phase.LISTENING,
    (Phase.SPEAKING, Cue.REPLIED): Phase.FOLLOW_UP,
    (Phase.SPEAKING, Cue.DONE): Phase.IDLE,
    (Phase.FOLLOW_UP, Cue.SPEECH): Phase.LISTENING,
    (Phase.FOLLOW_UP, Cue.NOTHING): Phase.IDLE,
    (Phase.FOLLOW_UP, Cue.RING): Phase.SPEAKING,
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
