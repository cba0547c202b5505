"""Whether something is asked, or told of others: then nothing may be done because of it."""

import re

from agents.durations import find_duration
from agents.said import hear

_POLITE = re.compile(
    r"(?:^|[,.;!?]\s*|\band )(?:please )?(?:can|could|would|will|won't) (?:you|someone|somebody)\b"
    r"|\b(?:will|would|could|can) you\??$",
    re.IGNORECASE,
)
_WONDERS = re.compile(
    r"\b(?:can|could|would|will) you (?:last|be(?! able to\b)|have|need|know|say|think|like|ever"
    r"|agree|even|use|really)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:and |so |but |or |well,? )?(?!do (?:the|my|all|it|that|our)\b|when(?:ever)? i[^?]*,)"
    r"(?:(?:on|at|in|from|for|by|until|till|with|since) (?=wh|how))?"
    r"(?:what|who|whose|whom|which|when|where|why|how|is|are|am|was|were|do|does|did|has|have|had|can|could|will|would|should|shall|may|might|isn't|aren't"
    r"|don't you|didn't|doesn't|hasn't|haven't|won't|wouldn't|shouldn't)(?:'\w+)?\b",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"""\b(?:he|she|they|it|someone|somebody|everyone|everybody|nobody|people|(?:his|her|their
    |my|our|the)\ \w+|[A-Z][a-z]+)(?:'d|'s|'ve|\ had|\ has|\ have)?\ (?:just\ |always\ |never
    \ |only\ |even\ )?(?:said|says|told|tells|asked|asks|thought|thinks|shouted|kept|keeps|used
    \ to|forgot|forgets|turned|locked|set|wrote|came|went|called|reminded|remembered|woke)\b
    |\bi(?:'d|'ve)?\ (?:just\ |always\ |never\ |once\ )?(?:said|told|thought|dreamed|dreamt
    |was\ \w+ing|used\ to|wish|heard|remember\ (?:when|that|the|my|our|how)|asked)\b
    |\b(?:if|whether)\ (?:i|I|you|he|she|we|they)\b|\byou\ (?:should|could|might|have\ to|always
    |never|don't|forgot|said|told|just\ have)\b|\b(?:if\ only|imagine|suppose)\b
    |\b(?:yesterday|last\ (?:night|week|year|time)
    |years?\ ago|ladies|gentlemen|folks|viewers|everyone|tonight\ on|coming\ up)\b""",
    re.VERBOSE,
)


_PUTS_OFF = re.compile(
    r"\b(?:but (?:not|don't|wait|later)|not (?:now|yet|today|right now|just yet)|not until"
    r"|minus|negative|some ?(?:time|day)|one (?:day|of these days)|at some point|sooner or later"
    r"|maybe|perhaps|we (?:should|ought to|could))\b|^things (?:are|were|look|get|will|have)\b",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r"\b(?:give|me|us|just|wait|hang|hold|on|in|for|please|i|need|want|take|another|more|about"
    r"|only|maybe|like|okay|ok|so|well|um|uh|no|yes|thanks|then|of)\b|[^\w]+|\d+$",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"\b(?:deal|ok(?:ay)?|yeah|yes|right|all ?right|eh|will you|would you|please)\s*\?\s*$",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"\b(?:(?:a|an|one|1|half a|a couple of|a few) (?:sec(?:ond)?s?|mo(?:ment)?s?|min(?:ute)?s?"
    r"|ticks?|bit|while)|(?:two|2) (?:secs|seconds|ticks))\b",
    re.IGNORECASE,
)


def is_asked(text: str) -> bool:
    """Whether this is a question, and not a request in the form of one."""
    polite = _POLITE.search(text.strip()) or hear(text, "en").polite
    if polite and not _WONDERS.search(text):
        return False
    said = text.strip().rstrip(" .!")
    return said.endswith("?") or _ASKS.match(said) is not None


def is_a_question(text: str) -> bool:
    """Whether this is a question beyond doubt: a mark ends it, and no mere "okay?" before that."""
    return is_asked(text) and text.rstrip().endswith("?") and _TAG.search(text) is None


def is_doubtful(text: str) -> bool:
    """Whether it takes something back ("but not now"), is put off ("sometime"), or says no more
    than how long: then whatever is meant is asked about first.
    """
    if _PUTS_OFF.search(text):
        return True
    said = find_duration(text)
    return said is not None and not _AROUND.sub("", text[: said.start] + text[said.end :])


def is_a_moment(text: str) -> bool:
    """Whether it only asks for a moment's patience: "just a second", "give me a minute"."""
    said = _MOMENT.search(text)
    return said is not None and not _AROUND.sub("", text[: said.start()] + text[said.end() :])


def is_told(text: str) -> bool:
    """Whether this sounds like told of others, to others, or of what might be."""
    return _TELLS.search(text[:1].lower() + text[1:]) is not None
