"""Whether two statements say different things of one thing. Pure, and only ever a proposal.

"My door code is 4711" and "the door code is 0815" do; "my sister likes tea" and "my brother likes
tea" do not. Two statements are about one thing if what stands before their verb is the same words,
and they contradict each other if what stands behind it is not. Of verbs only those are known with
which a thing has one value at a time.
"""

import re
from typing import Final

_VERBS: Final = r"(?:is|are|was|were|lives? in|works? (?:at|for|in)|moved to|weighs?|costs?)"
_STATEMENT: Final = re.compile(rf"^(?P<thing>.+?)\s+(?P<verb>{_VERBS})\s+(?P<value>.+?)\W*$")
_UNSAID: Final = frozenset({"the", "a", "an", "my", "our", "that", "now", "currently", "new"})


def contradicts(new: str, old: str) -> bool:
    """Whether `new` may make `old` untrue."""
    first, second = _parts(new), _parts(old)
    if first is None or second is None:
        return False
    return first[0] == second[0] and first[1] != second[1]


def _parts(text: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    found = _STATEMENT.match(" ".join(text.casefold().split()))
    if found is None:
        return None
    thing, verb = _words(found["thing"]), found["verb"].split()
    kind = () if verb[0] in ("is", "are", "was", "were") else (_stem(verb[0]),)
    return ((*thing, *kind), _words(found["value"])) if thing else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"[\w']+", text) if word not in _UNSAID)


def _stem(verb: str) -> str:
    # Where somebody moved to is where they live.
    return "live" if verb == "moved" else verb.rstrip("s")
