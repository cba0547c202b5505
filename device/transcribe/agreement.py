"""What two transcripts of a growing clip agree on. Pure.

The longest common beginning of two successive transcripts is settled ("local agreement", Liu,
Spanakis and Niehues 2020, arXiv:2005.11185), so that the next one need not find it again.
"""

import re

_WORD = re.compile(r"[\w']+")


def agreed(earlier: str, later: str) -> str:
    """Return the words that both begin with, but for the last of them, as the later has them.

    The last is left out because more sound may yet change it. Case and punctuation do not count.
    """
    words = list(_WORD.finditer(later))
    common = 0
    for ours, theirs in zip(words, _WORD.findall(earlier), strict=False):
        if ours.group().lower() != theirs.lower():
            break
        common += 1
    return later[: words[common - 2].end()] if common >= 2 else ""
