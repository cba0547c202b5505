"""What the words of an utterance say about its end. Pure, English.

People ask an assistant in questions and requests, which are over when they sound over. Who tells
something instead pauses as finally between two sentences as after the last one: there the ear
knows nothing (measured on read speech), and only a longer pause does.
"""

import re

from agents.router import Routed, RouteKind
from device.listen.endpoint import Completeness

_OPENING = re.compile(
    r"(?:(?:hey|hi|hello|ok|okay|alright|all right|so|well|um|uh|er|yes|yeah|no|now|and|but|please"
    r"|just|then|also|actually|sorry|thanks|thank you)\b[\s,.!;:-]*)+(?=\w)",
    re.IGNORECASE,
)
_BE = r"(?:is|are|was|were|am|do|does|did|can|could|will|would|should|has|have|had|'s|'re|'ll|'d)"
_ASKING = re.compile(
    rf"""(?:what|who|whose|which|how|why)\b
    | (?:when|where)\s*{_BE}\b
    | (?:is|are|was|were|am|do|does|did|can|could|will|would|should|shall|may|might|has|have|had
        |isn't|aren't|don't|doesn't|didn't|can't|couldn't|won't|wouldn't|shouldn't|haven't|hasn't)
      \ (?:i|you|he|she|it|we|they|there|this|that|these|those|the|my|your|his|her|our|their|a|an
        |any|anyone|anybody|someone|all)\b
    | i(?:'d|\ would)\ (?:like|love|prefer)\b
    | i(?:'ll|\ will|\ can)\ have\b
    | i\ (?:want|need|wanna)\b
    | (?:tell|give|get|make|show|bring|set|add|put|turn|play|find|read|call|send|remind|remember
        |explain|describe|name|list|define|spell|translate|write|calculate|convert|compare|count
        |suggest|recommend|summari[sz]e|repeat|help|open|close|start|stop|cancel|pause|resume|run
        |delete|remove|forget|check|search|switch|dim|lower|raise|wake|order|pour|brew|book|buy
        |teach|recite|sing|text|email|schedule|pick|share|spin|roll|flip|toss|guess|cook|mix)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SHORT = re.compile(r"(?:never mind|.*\bplease)\W*", re.IGNORECASE)
_TELLS_NOTHING = ("cannot", "remember")
_MOST_WORDS = 25
"""The longest of 180 recorded requests has 19: what is longer is being told or read aloud."""
_SHORT_END_WORDS = 4
_LACKS_MORE = re.compile(
    r"\b(?:the|a|an|my|your|his|her|its|our|their|this|these|those|of|to|for|from|with|by|at|as"
    r"|and|or|but|if|than|because|is|are|was|were|be|does|do|did|can|could|will|would|should|has"
    r"|have|had|not|very|so|too)\W*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")


def is_asking(text: str) -> bool:
    """Whether a transcript is a question, a request or an answer in form, not a statement."""
    sentences = _SENTENCE.split(text.strip())
    if len(text.split()) > _MOST_WORDS:
        return False
    if sentences[-1].endswith("?") or _SHORT.fullmatch(text.strip()):
        return True
    # A request may have a short end of its own ("Make me a coffee. With milk.").
    begins = 2 if len(sentences[-1].split()) <= _SHORT_END_WORDS else 1
    return any(_asks(each) for each in sentences[-begins:])


def _asks(sentence: str) -> bool:
    return _ASKING.match(_OPENING.sub("", sentence, count=1)) is not None


def is_whole_question(text: str) -> bool:
    """Whether a transcript is a question that lacks nothing, by its mark and its last word.

    Whisper marks a question that breaks off too ("what is the capital of?").
    """
    return text.rstrip().endswith("?") and is_asking(text) and not _LACKS_MORE.search(text)


def is_settled(text: str, routed: Routed) -> bool:
    """Whether a transcript needs no other reading of the sound, with what the grammar made of it.

    It is a whole command, and not only by how it begins, or one that can't be carried out: of what
    is to be remembered any reading is as good a fact as another. A whole question is settled too,
    because its answer is waited for: another look takes as long as the first.
    """
    if routed.tool is None:
        return is_whole_question(text)
    return routed.kind is RouteKind.COMPLETE and routed.tool not in _TELLS_NOTHING


def completeness(text: str, routed: Routed, language: str = "en") -> Completeness:
    """Return what a transcript says about its end, with what the grammar made of it.

    In languages other than English, what is no command is open.
    """
    if routed.kind is RouteKind.INCOMPLETE:
        return Completeness.INCOMPLETE
    if routed.is_final:
        return Completeness.COMPLETE
    if routed.tool is None and language == "en" and is_whole_question(text):
        return Completeness.ASKED
    if routed.tool is not None or language != "en" or is_asking(text):
        return Completeness.OPEN
    return Completeness.TELLING
