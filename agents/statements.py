"""What the owner states without asking for it to be kept: facts of their own, and corrections.

Pure, and only ever for a proposal: nothing is remembered because of it.
"""

import re
from typing import Final

from agents.said import plain

_MOST_WORDS: Final = 20
_OPENING: Final = re.compile(
    r"(?:(?:actually|by the way|oh|so|well|and|hey|hi|hello|ok|okay|just so you know|you know"
    r"|for your information|lapel)\b[\s,]*)+",
    re.IGNORECASE,
)
_ADVERB: Final = re.compile(r"(?<=\w)\s+(?:actually|really|in fact)(?=\s)", re.IGNORECASE)
_OF_NOW: Final = re.compile(
    r"""\b(?:today|tonight|now|right\ now|at\ the\ moment|again|still|always|never|too|so|very
    |really|such|yesterday|this\ (?:morning|afternoon|evening|week)|last\ (?:night|week)|if|when
    |because|but|about|just|almost)\b|\b(?:is|are|was|were|'s|'re|'m|am)\ \w+ing\b""",
    re.IGNORECASE | re.VERBOSE,
)
_LASTING: Final = r"""(?:names?|middle\ name|surname|nickname|birthdays?|anniversary|address|e-?mail
    |(?:\w+\ )?(?:numbers?|codes?|password|passcode|pin|combination|size|plate|key)|blood\ type
    |favou?rite(?:\ \w+)?|doctor|dentist|(?:\w+\ )?(?:teacher|neighbou?r|landlord)|job|wifi|wi-fi
    |height|weight|age|star\ sign|(?:\w+\ )?allerg(?:y|ies))"""
_WHOSE: Final = r"(?:my|our|(?:my|our|the)\ (?:[\w-]+\ ){0,2}[\w-]+'s|(?-i:[A-Z])[\w-]+'s)"
_WHO: Final = r"(?:(?:my|our)\ (?:[\w-]+\ ){0,2}?[\w-]+|(?-i:[A-Z][a-z]+)|he|she|i)"
_IS: Final = r"(?:is|are|'s|was|'re)"
_FACT: Final = re.compile(
    rf"""{_WHOSE}\ (?:[\w-]+\ )?{_LASTING}(?:\ (?:for|of|at|to)\ [\w' -]+?)?\ ?{_IS}\ \S.*
    |the\ (?:[\w-]+\ ){{0,2}}?(?:password|code|pin|combination|wifi|wi-fi)(?:\ (?:for|of|at|to)
    \ [\w' -]+?)?\ {_IS}\ \S.*
    |{_WHO}(?:'m|'s|\ am|\ is|\ are)\ (?:allergic\ to|called|named|vegetarian|vegan|left-handed
    |right-handed|diabetic|coeliac|celiac|lactose\ intolerant|colou?r\ ?blind|intolerant)\b.*
    |{_WHO}(?:'m|\ am|'s|\ is|\ was|\ were)\ (?:born|married\ to|from\ (?-i:[A-Z])
    |\d+\ years\ old).*
    |(?:(?:my|our)\ (?:[\w-]+\ ){{0,2}}?[\w-]+|i|we)\ (?:lives?|works?)\ (?:in|at|on|for|with)\ .+
    |(?:i|we)(?:'ve|\ have)?\ (?:just\ )?(?:parked|(?:parked|left|put|hid|hidden|stored|moved)
    \ (?:my|our|the)\ [^,]*?)\ (?:on|in|at|under|behind|beside|next\ to|by|to|with)\ [^,]+
    |my\ (?:[\w-]+\ ){{0,2}}?[\w-]+\ {_IS}\ (?:called|named|parked|kept|(?:in|on|at|under|behind)
    \ (?:the|my|our|level|row|floor|drawer)\b).*""",
    re.IGNORECASE | re.VERBOSE,
)
_ASIDE: Final = re.compile(r",|\band (?:i|you|he|she|it|we|they)\b", re.IGNORECASE)
_NO_FACT: Final = re.compile(
    r"\b(?:nothing|on|off|out|here|there|away|back|home|late|early|not (?:important|working)|over"
    r"|done|dead|fine|okay|ok|great|good|bad|nice|pain|trouble|love|on (?:fire|you|me|the way)"
    r"|in (?:the way|a hurry|danger|pain|the clouds))\W*$|\b(?:kidding|joking)\b",
    re.IGNORECASE,
)
_CORRECTS: Final = re.compile(
    r"(?:(?:no|nope|nah|wait|actually|sorry|oh|wrong|not quite|incorrect|(?:that's|that is|that was"
    r"|it's) (?:wrong|not right|incorrect|not true|not correct)|i meant?|correction)\b[\s,.!;:-]*)+"
    r"(?:(?:it's|it is|that's|that is|they're|they are|it was|make (?:it|that)|i said|it should be"
    r"|should be)\s+)?(?:actually\s+|now\s+)?(?P<value>\S.*)",
    re.IGNORECASE,
)
_CLEARLY: Final = re.compile(
    r"(?:it's|it is|that's|they're|it was)(?: actually| now)? (?P<value>\S.*?)"
    r"(?:,? (?:not|instead of) .+|,? actually)",
    re.IGNORECASE,
)
_TOLD: Final = re.compile(
    r"(?:(?:you told me|i was told|okay, i'll remember|i'll remember)(?: before)? that )?"
    r"(?P<thing>your (?:[\w'-]+ ){0,6}?[\w'-]+|[A-Z][\w-]*'s (?:[\w-]+ ){0,3}?[\w-]+)"
    r" (?P<is>is|are) (?P<value>[^.?!]+)[.!]?(?:\s.*)?",
    re.IGNORECASE,
)
_IT_IS: Final = re.compile(r"\b(?:it's|it is|they're|they are|it was)\b", re.IGNORECASE)
_VALUE: Final = re.compile(r"(?:on |in |at |under |behind |by )?[\w:.'/@+-]+(?: [\w:.'/@+-]+){0,5}")
_NO_VALUE: Final = re.compile(
    r"(?:it|that|this|not|i|you|we|thanks?|thank you|fine|okay|ok|wrong|right|true|good|great|what"
    r"|why|how|who|when|where|is|are|do|does|don't|stop|cancel|never|nothing|forget|the other|way"
    r"|problem|need|idea|set|remind|turn|add|play|tell|please|one|more|worries|matter)\b",
    re.IGNORECASE,
)


def own_fact(said: str) -> str | None:
    """The lasting fact that is stated, in the owner's words: "my name is Robin", "Ola's birthday is
    actually March 5th" without the "actually". None for questions, moods and what is only so now.
    """
    bare = plain(said).strip(" .!")
    if opening := _OPENING.match(bare):
        bare = bare[opening.end() :]
    bare = _ADVERB.sub("", bare)
    if "?" in said or len(bare.split()) > _MOST_WORDS or re.search(r"[.!?;]\s", bare):
        return None
    passing = any(each.search(bare) for each in (_ASIDE, _OF_NOW, _NO_FACT))
    return bare if _FACT.fullmatch(bare) and not passing else None


def may_correct(said: str) -> bool:
    """Whether this could correct what was said before it, whatever that was."""
    bare = plain(said).strip(" .!")
    return (_CORRECTS.fullmatch(bare) or _CLEARLY.fullmatch(bare)) is not None


def corrected_fact(said: str, last_reply: str) -> str | None:
    """The fact that `said` puts in the place of the one that was told last: after "Your locker
    number is 218.", "no, it's 281" is "my locker number is 281". None where it corrects none.
    """
    bare = plain(said).strip(" .!")
    found = _CORRECTS.fullmatch(bare) or _CLEARLY.fullmatch(bare)
    told = _TOLD.fullmatch(" ".join(last_reply.split()))
    if "?" in said or found is None or told is None:
        return None
    value = re.split(r",? (?:not|instead of) ", found["value"], maxsplit=1)[0].strip(" ,.")
    if not _VALUE.fullmatch(value) or _NO_VALUE.match(value):
        return None
    if value.casefold() == told["value"].strip().casefold():
        return None
    return f"{_as_owner(told['thing'])} {told['is'].lower()} {value}"


def corrects(said: str) -> bool:
    """Whether this says that something is otherwise than was just said: "no, it's 281"."""
    bare = plain(said).strip(" .!")
    found = _CORRECTS.fullmatch(bare) or _CLEARLY.fullmatch(bare)
    if "?" in said or found is None or _IT_IS.search(bare) is None:
        return False
    value = found["value"]
    return _NO_VALUE.match(value) is None and any(c.isdigit() or c.isupper() for c in value)


def _as_owner(thing: str) -> str:
    first, _, rest = thing.partition(" ")
    return f"my {rest}" if first.lower() == "your" else thing
