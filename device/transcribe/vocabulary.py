"""Words that the recogniser should expect: names of people, devices and skills. Pure.

Whisper takes them as the text that came before the utterance: what it has just "heard" it spells
and recognises more readily.
"""

from collections.abc import Sequence

_MOST_LETTERS = 240  # about 60 tokens; each costs time, and a long list dilutes itself


def vocabulary_prompt(words: Sequence[str]) -> str:
    """Join words into a text for the recogniser, the first of them first; "" for none.

    Blank words and repetitions are left out, and so are the last when there are too many.
    """
    kept: list[str] = []
    length = 0
    for word in dict.fromkeys(" ".join(each.split()) for each in words):
        length += len(word) + 2
        if length > _MOST_LETTERS:
            break
        if word:
            kept.append(word)
    return f"{', '.join(kept)}." if kept else ""
