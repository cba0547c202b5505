"""What Whisper invents: text for silence, noise and half words. Pure.

Whisper was trained on subtitles, so on silence it writes what subtitles say at the end of a film.
A segment is kept when its own numbers and the amount of speech that the voice activity detector
found make it believable.
"""

import re

from device.transcribe import Segment

_LOOP_RATIO = 2.4  # OpenAI Whisper's own threshold for text that repeats itself
_DOUBTFUL = -1.0  # OpenAI Whisper's own threshold for the mean log-probability
_NO_SPEECH = 0.6  # OpenAI Whisper's own threshold for "there is no speech"
_HOPELESS = -1.5  # what is made up for noise lies below, whole sentences that were said lie above
_MOST_LETTERS_PER_S = 35.0  # the quickest talkers reach about 25

_STOCK = frozenset(
    {
        "",
        "you",
        "thank you",
        "thank you very much",
        "thank you so much",
        "thanks for watching",
        "thank you for watching",
        "thanks for listening",
        "please subscribe",
        "subscribe",
        "bye",
        "bye bye",
        "so",
        "oh",
        "uh",
        "um",
        "hmm",
        "the end",
        "music",
        "applause",
        "silence",
        "blank audio",
    }
)


def keep(segment: Segment, speech_s: float) -> bool:
    """Say whether a segment is believable, given the seconds of speech it came from."""
    letters = len(segment.text)
    if segment.compression_ratio > _LOOP_RATIO and letters > 40:
        return False
    if letters > _MOST_LETTERS_PER_S * max(speech_s, 0.3):
        return False
    words = re.sub(r"[^\w\s]|_", " ", segment.text.lower())
    if " ".join(words.split()) in _STOCK:
        sure = segment.average_log_probability > -0.5 and segment.no_speech_probability < _NO_SPEECH
        return sure and speech_s >= 0.3 and bool(words.strip())
    if len(words.split()) > 2 and segment.average_log_probability < _HOPELESS:
        return False
    return not (
        segment.no_speech_probability > _NO_SPEECH and segment.average_log_probability < _DOUBTFUL
    )


def believable_text(segments: list[Segment], speech_s: float) -> str:
    """Join the segments that are worth believing; "" when none is.

    Args:
        segments: of one utterance.
        speech_s: seconds in which the voice activity detector found speech.
    """
    if speech_s <= 0.0:
        return ""
    return " ".join(each.text for each in segments if each.text and keep(each, speech_s)).strip()
