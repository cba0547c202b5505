"""Whether a transcript made from a trimmed window can be kept, or must be made again. Pure.

Whisper was trained on windows of 30 s. In a shorter one its commonest fault is to say the end of
the utterance again and again, as nothing tells it that it is over; next comes text that it is
unsure of, and text that is too long or too short for the sound.
"""

import re
from enum import Enum, auto

_LOOP_RATIO = 2.4  # OpenAI Whisper's own threshold for text that repeats itself
_DOUBTFUL = -1.0  # OpenAI Whisper's own threshold for the mean log-probability
_MOST_LETTERS_PER_S = 30.0  # of sound; the quickest of the recordings tuned on has 21
_FEWEST_LETTERS_PER_S = 2.5  # of sound that is not quiet; the slowest there has 6
_LONG_ENOUGH_S = 1.5  # to expect letters by the second

_FEW_WORDS = 2
_SHORT_S = 4.0  # of sound that is not quiet: as long as noise, or a word, that has few letters is

_TOKENS_PER_S = 8.0  # the quickest of the recordings tuned on has 4.8
_SPARE_TOKENS = 12
_MODEL_TOKENS = 224  # of text at the most: half of what Whisper's decoder can hold


class Doubt(Enum):
    """What is wrong with a transcript."""

    NO_END = auto()
    """The model was stopped before it was done."""
    LOOP = auto()
    """Its end says again what came just before."""
    UNSURE = auto()
    """The model's mean log-probability is low."""
    TOO_LONG = auto()
    """Nobody speaks as quickly as that."""
    ENDS_EARLY = auto()
    """There is much more sound than text."""


def most_tokens(sound_s: float) -> int:
    """Return how many tokens of text a clip of `sound_s` seconds can hold, and the model write."""
    return min(_SPARE_TOKENS + int(_TOKENS_PER_S * sound_s), _MODEL_TOKENS)


def doubt(
    text: str,
    *,
    sound_s: float,
    active_s: float,
    tokens: int,
    average_log_probability: float,
    compression_ratio: float,
) -> Doubt | None:
    """Find what is wrong with a transcript; None where nothing is.

    Args:
        text: the transcript.
        sound_s: seconds of the clip.
        active_s: seconds of it that are not quiet.
        tokens: how many the model wrote.
        average_log_probability: mean over tokens.
        compression_ratio: bytes by compressed bytes of the text.
    """
    if tokens >= most_tokens(sound_s):
        return Doubt.NO_END
    if compression_ratio > _LOOP_RATIO or repeats_its_end(text):
        return Doubt.LOOP
    if len(text) > _MOST_LETTERS_PER_S * max(sound_s, 0.5):
        return Doubt.TOO_LONG
    if active_s > _LONG_ENOUGH_S and len(text) < _FEWEST_LETTERS_PER_S * active_s:
        return Doubt.ENDS_EARLY
    if average_log_probability < _DOUBTFUL:
        return Doubt.UNSURE
    return None


def settled(
    first: str, second: str, doubts: tuple[Doubt | None, Doubt | None], active_s: float
) -> bool:
    """Say whether a second look settles what the first left in doubt.

    What both looks say twice was said twice ("Stop, stop."), and what is short in both is short,
    unless there is much sound: then both lost the same rest. A word or two by itself always leaves
    Whisper unsure, in a whole window too.

    Args:
        first: the doubtful transcript.
        second: the one from the second look.
        doubts: of the first and of the second.
        active_s: seconds of the clip that are not quiet.
    """
    match doubts[1]:
        case None:
            return True
        case Doubt.UNSURE if len(words(second)) <= _FEW_WORDS:
            return True
        case Doubt.ENDS_EARLY if active_s > _SHORT_S:
            return False
        case Doubt.UNSURE | Doubt.LOOP | Doubt.ENDS_EARLY:
            return doubts[0] is doubts[1] and words(first) == words(second)
        case Doubt.NO_END | Doubt.TOO_LONG:
            return False


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case and without punctuation."""
    return re.findall(r"\w+(?:'\w+)*", text.lower())


def repeats_its_end(text: str) -> bool:
    """Say whether the last words are those just before them, or three of them are.

    "Stop. Stop." is one that people say too: it is for a second look, not a verdict.
    """
    said = words(text)
    for period in range(1, len(said)):
        same = 0
        while same < len(said) - period and said[-1 - same] == said[-1 - same - period]:
            same += 1
        if same >= min(period, 3):
            return True
    return False
