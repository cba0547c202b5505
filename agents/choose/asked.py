"""Whether something is asked, or told of others: then nothing may be done because of it."""

import re

from agents.said import hear

_POLITE = re.compile(
    r"(?:^|[,.;!?]\s*|\band )(?:please )?(?:can|could|would|will|won't) (?:you|someone|somebody)\b"
    r"|\b(?:will|would|could|can) you\??$",
    re.IGNORECASE,
)
_WONDERS = re.compile(
    r"\b(?:can|could|would|will) you (?:last|be|have|need|know|say|think|like|ever|agree|even|use"
    r"|really)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:and |so |but |or |well,? )?(?!do (?:the|my|all|it|that|our)\b|when(?:ever)? i[^?]*,)"
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


def is_asked(text: str) -> bool:
    """Whether this is a question, and not a request in the form of one."""
    polite = _POLITE.search(text.strip()) or hear(text, "en").polite
    if polite and not _WONDERS.search(text):
        return False
    said = text.strip().rstrip(" .!")
    return said.endswith("?") or _ASKS.match(said) is not None


def is_told(text: str) -> bool:
    """Whether this sounds like told of others, to others, or of what might be."""
    return _TELLS.search(text[:1].lower() + text[1:]) is not None
