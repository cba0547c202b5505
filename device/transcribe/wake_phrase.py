"""Taking the wake phrase off the front of a transcript. Pure.

The utterance's sound includes the wake phrase, so that the word after it is never cut; Whisper
then writes it down, not always in its own spelling ("Hey Jervis,", "Hey, Travis.").
"""

import re
from difflib import SequenceMatcher

_ALIKE = 0.7
_WORD = re.compile(r"[\w']+")


def strip_wake_phrase(transcript: str, phrase: str) -> str:
    """Remove `phrase`, or its last word alone, from the front of `transcript`."""
    words = list(_WORD.finditer(transcript))
    spoken = phrase.lower().split()
    best_likeness, cut = 0.0, 0
    for count in range(1, min(len(spoken) + 1, len(words)) + 1):
        front = " ".join(word.group().lower() for word in words[:count])
        for target in (" ".join(spoken), spoken[-1]):
            likeness = SequenceMatcher(None, front, target).ratio()
            if likeness > best_likeness:
                best_likeness, cut = likeness, words[count - 1].end()
    if best_likeness < _ALIKE:
        return transcript.strip()
    return transcript[cut:].lstrip(" ,.!?;:-…\n").rstrip()
