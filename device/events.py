"""What happens, as values: every event of the program is on this page.

Each carries the turn it belongs to (0 where it belongs to none) and `at`, seconds on the event
loop's clock. Fields that hold a person's words are marked `personal`: the trace leaves them out
unless asked for.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from context.errors import LapelError


def _personal() -> Any:
    return field(metadata={"personal": True})


@dataclass(frozen=True, slots=True)
class _Event:
    turn_id: int
    at: float


# hearing


@dataclass(frozen=True, slots=True)
class Woke(_Event):
    """The wake word fired (or a button stood in for it)."""

    wake_word: str
    score: float


@dataclass(frozen=True, slots=True)
class FollowUpOpened(_Event):
    """For a few seconds the user may say more without the wake word."""


@dataclass(frozen=True, slots=True)
class FollowUpClosed(_Event):
    """The wake word is needed again."""


@dataclass(frozen=True, slots=True)
class SpeechStarted(_Event):
    """The utterance began."""


@dataclass(frozen=True, slots=True)
class SpeechEnded(_Event):
    """The utterance is over. `at` is its last moment of speech, not when that became sure."""

    committed_at: float
    reason: str


@dataclass(frozen=True, slots=True)
class NothingSaid(_Event):
    """The wake word was followed by no speech, or by nothing that could be understood."""

    reason: str


@dataclass(frozen=True, slots=True)
class PartlyTranscribed(_Event):
    """What has been understood while the user still speaks, or may."""

    text: str = _personal()


@dataclass(frozen=True, slots=True)
class WentOn(_Event):
    """The user went on after the utterance was taken for over; it is one utterance again."""


@dataclass(frozen=True, slots=True)
class Transcribed(_Event):
    """The final transcript of the utterance."""

    text: str = _personal()


# thinking


@dataclass(frozen=True, slots=True)
class FirstToken(_Event):
    """The first text of the reply exists."""


@dataclass(frozen=True, slots=True)
class ToolRan(_Event):
    """A tool gave a receipt."""

    tool: str
    ok: bool


# speaking


@dataclass(frozen=True, slots=True)
class ClauseReady(_Event):
    """A clause of the reply has been turned into sound."""

    sound_s: float
    text: str = _personal()


@dataclass(frozen=True, slots=True)
class FirstSample(_Event):
    """The first sample of the reply left for the speaker."""


@dataclass(frozen=True, slots=True)
class BargedIn(_Event):
    """Someone talks over the reply; it is held until it is known what was said."""


@dataclass(frozen=True, slots=True)
class Resumed(_Event):
    """The interruption was none ("mm-hm", a cough): the reply goes on."""


@dataclass(frozen=True, slots=True)
class Interrupted(_Event):
    """The user took the word while the assistant had it."""


@dataclass(frozen=True, slots=True)
class TurnEnded(_Event):
    """The turn is over; `heard` is what of the reply was really played."""

    heard: str = _personal()


@dataclass(frozen=True, slots=True)
class Rang(_Event):
    """A timer was announced. `late_s` is how long after its time."""

    late_s: float
    text: str = _personal()


# the device


@dataclass(frozen=True, slots=True)
class Ready(_Event):
    """Everything is loaded and the microphone is open."""


@dataclass(frozen=True, slots=True)
class ModelFitted(_Event):
    """There is memory for this language model; `small` where the usual one has too little."""

    model: str
    small: bool


@dataclass(frozen=True, slots=True)
class MicrophoneLost(_Event):
    """No sound has come for too long; it is being opened again."""

    reason: str


@dataclass(frozen=True, slots=True)
class MicrophoneBack(_Event):
    """Sound comes again."""


@dataclass(frozen=True, slots=True)
class MicrophoneMuted(_Event):
    """It is turned off, on purpose: nothing is heard. for_s: until it is turned on by itself."""

    for_s: float | None


@dataclass(frozen=True, slots=True)
class MicrophoneUnmuted(_Event):
    """It is turned on again."""


@dataclass(frozen=True, slots=True)
class SpeakerLost(_Event):
    """The speaker no longer asks for sound; it is being opened again."""


@dataclass(frozen=True, slots=True)
class SpeakerBack(_Event):
    """The speaker plays again; what it missed is played now."""


@dataclass(frozen=True, slots=True)
class ChunksDropped(_Event):
    """The program fell behind the microphone and lost its oldest sound."""

    count: int


@dataclass(frozen=True, slots=True)
class StageFailed(_Event):
    """A stage could not do its work; the turn goes on with a spoken sentence."""

    stage: str
    error: str

    @classmethod
    def of(cls, turn_id: int, at: float, stage: str, error: LapelError) -> "StageFailed":
        """Name the error by its type, or by the type of what caused it: never by its words."""
        return cls(turn_id, at, stage, type(error.__cause__ or error).__name__)


Event = (
    Woke
    | FollowUpOpened
    | FollowUpClosed
    | SpeechStarted
    | SpeechEnded
    | NothingSaid
    | PartlyTranscribed
    | WentOn
    | Transcribed
    | FirstToken
    | ToolRan
    | ClauseReady
    | FirstSample
    | BargedIn
    | Resumed
    | Interrupted
    | TurnEnded
    | Rang
    | Ready
    | ModelFitted
    | MicrophoneLost
    | MicrophoneBack
    | MicrophoneMuted
    | MicrophoneUnmuted
    | SpeakerLost
    | SpeakerBack
    | ChunksDropped
    | StageFailed
)


def to_record(event: Event, *, personal: bool = False) -> dict[str, Any]:
    """Make an event into a JSON-able record, without personal fields unless `personal`."""
    record: dict[str, Any] = {"event": type(event).__name__}
    for each in fields(event):
        if personal or not each.metadata.get("personal"):
            record[each.name] = getattr(event, each.name)
    return record
