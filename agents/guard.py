"""What of a model's reply may be said: short, speakable, and no claim to have acted.

Works on the stream: a clause is held back until it is whole, judged, and then let go. The first
words of a reply go sooner, at the end of a phrase, where no claim can begin with them. How the
text is cut into pieces makes no difference.
"""

import re
import unicodedata

MAX_SENTENCES = 3
CANNOT = "I can't do that."
ONLY_WHEN_TOLD = "I only remember what you ask me to: say remember that."
_LONGEST = 240  # characters of a clause before any space ends it
_LEAST_WORDS = 5  # of a clause that ends in a comma, so that speech flows

_LEAST_FIRST_WORDS = 4  # of a reply's first piece, which ends with a phrase

_SENTENCE_END = re.compile(r"[.!?]+[\"')\]*_]*\s")
_CLAUSE_END = re.compile(r"[,;:](?=\s)")
_ABBREVIATION = re.compile(r"(?:\b(?:mr|mrs|ms|dr|st|vs|etc|no|e\.g|i\.e|[a-z])\.)$", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"^\s*\d+[.)]\s*$")
_LINE_MARK = re.compile(r"^\s*(?:[-*+>\u2022]\s+|#+\s*|\d+[.)]\s+)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\|[^|<>]*\|>")
_MARKUP = str.maketrans(dict.fromkeys("*`#~|\\", "") | dict.fromkeys("_", " "))
_OPENER = re.compile(
    r"^(?:sure|sure thing|certainly|of course|ok|okay|great|alright|no problem|got it)[.!]$",
    re.IGNORECASE,
)

_DEED = r"""(?:
    (?:set|start|order|book|call|text|email|e-mail|turn|switch|lock|unlock|open|play|add|remind
    |water|feed|transfer|contact|adjust|connect|deliver|print|record|download|upload|install|wash
    |clean|cook|fetch|search|proceed|handle|walk|check|forward|pick|post|bring|cancel|send|pay
    |remov|delet|updat|arrang|activat|deactivat|mov|creat|increas|decreas|shar|clos|purchas|phon
    |messag|schedul|reserv|notif|dim|dial|navigat|mak(?=e\ the|e\ a\ call))
    (?:e|ed|ing|y|ying|ied|ting|led|ling|med|ming)?
    |buy|buying|bought|sent|fed|paid|took|wake|waking|woke|do\ (?:it|that|this)
    |tak(?:e|ing)\ care|get\ (?:it|that|you)|look(?:ed|ing)?\ (?:it|that|this)\ up)\b"""
_ADVERB = r"""(?:(?:now|just|already|gladly|happily|also|then|be|been|go|going|gone|ahead|and|to
    |able|right|away|immediately)\ )*"""
_AS_IF_THERE = r"""
    \b(?:i|we|lapel)(?:'ll|\ will|(?:'m|'re|\ am|\ are|\ is)\ going\ to)\ (?:(?:be|also|just|now
    |then|gladly|definitely)\ )*(?:meet|see\ (?:you|her|him|them)|there|here|back|com|join|wait
    |visit|driv|leav|arriv|stay|eat|sleep|watch|try\ to|let\ you\ know|ready|prepar|grab|get
    |mak(?:e|ing)\ sure)(?:e|ing|ting|bing)?\b
    |(?:^|[,.!?]\ )(?-i:Lapel)(?:\ (?:will(?!\ (?:not|never)\b)|is\ going\ to|(?:is|was)\ \w+ing)
    |\ (?!(?:is|was|has|does|runs|means|answers|helps|exists|speaks|uses)\b)(?:\w+ly\ |always\ |also
    \ )?[a-z]+s)\b
    |^(?:okay,?\ |sure,?\ |great,?\ )?see(?:ing)?\ you\b|\blet's\ meet\b"""
"""A body and a day, which nothing here has: "Lapel picks up the kids", "I'll meet you at seven"."""
_CLAIM = re.compile(
    rf"""\b(?:(?:i|lapel)(?:'ve|\ have|\ has|'ll|\ will|'m|\ am|\ is|\ could
    |\ can(?!\ (?:help|tell|answer|explain)))?|let\ me
    |we(?:'ve|'ll))\ {_ADVERB}{_DEED}
    |{_AS_IF_THERE}
    |^(?:done|all\ set|all\ done|consider\ it\ done|on\ it|right\ away|coming\ right\ up)\b
    |\b(?:your|the)\ [\w'\ -]{{1,30}}?(?:has|have|is|are)(?:\ now|\ already)?(?:\ been)?
    (?:\ successfully)?\ (?:set\ for|sent|ordered|booked|(?:turned|switched)\ o\w+|locked|unlocked
    |scheduled|added|placed|cancell?ed|on\ (?:its|the)\ way|being\ \w+ed)\b
    |^(?:calling|ordering|sending|turning|switching|unlocking|locking|playing|booking|dialing
    |setting|texting|emailing|opening|starting)\ (?![^.]*\b(?:is|are|was|can|may|will|means?|helps?
    |makes?|involves?|requires?|takes?|has|have|would|should)\b)
    |\b(?:timer|alarm|reminder)\ (?:is\ |has\ been\ )?set\b""",
    re.IGNORECASE | re.VERBOSE,
)
_MEMORY_CLAIM = re.compile(
    r"""\bi(?:'ve|\ have|'ll|\ will|'m\ going\ to)?\ (?:(?:now|just|always|never|be\ sure\ to
    |make\ sure\ to)\ )*(?:remember(?:ed)?|noted?(?:\ down)?|saved?|stored?|forgotten
    |keep\ (?:that|it|this)\ in\ mind|ma[dk]e\ a\ note|forget(?:\ that|\ it)?|memori[sz]ed?)\b
    (?!\ (?:when|how|the\ day))""",
    re.IGNORECASE | re.VERBOSE,
)
_PHRASE_BEGINS = re.compile(
    r"""(?<=\w)\ (?=(?:because|that|which|who|where|when|while|and|but|or|so|by|from|with|without
    |through|due|for|in|on|at|into|as|if|since|until|after|before|during|between|to)\s)""",
    re.IGNORECASE | re.VERBOSE,
)
_GOES_ON = re.compile(
    r"""\b(?:a|an|the|this|that|these|those|its|their|his|her|of|to|in|on|at|by|for|from|with|as|and
    |or|but|so|because|which|who|when|where|while|if|into|between|both|such|very|more|most|less
    |than|not|is|are|was|were|be|been|being|has|have|had|can|will|would|may|also|about)$""",
    re.IGNORECASE | re.VERBOSE,
)
_PLAIN_WORDS = re.compile(r"[\w' -]+(?:(?<=\d)[,.](?=\d)[\w' -]+)*")
_MAY_CLAIM = re.compile(
    r"^\w+ing\b|\b(?:i|lapel|let|we|your|timer|alarm|reminder)\b", re.IGNORECASE
)
_COMMA_COMES = re.compile(
    r"(?:when|if|while|because|as|since|until|after|before|although|though|once|in|on|at|for|to)\b",
    re.IGNORECASE,
)
_THE = re.compile(r"\bthe\b", re.IGNORECASE)
_SETTLED = re.compile(
    rf"""\b(?:is|are|was|were|has|have|had|can|does|do|means)\ (?!{_DEED}|(?:now|already|been|being
    |successfully|be|set|on|off|the\ way)\b)\w""",
    re.IGNORECASE | re.VERBOSE,
)
_DENIED = re.compile(r"\bi(?: can't| cannot| can not|'m not| am not| don't| do not| won't)\b", re.I)


class Guard:
    """Judges one reply. `feed` pieces, then `close`; both return what may be said now.

    done: nothing more will be said, so the model may stop. claimed: a claim was taken out.
    """

    def __init__(self, max_sentences: int = MAX_SENTENCES) -> None:
        self.done = False
        self.claimed = False
        self.said = False
        self._left = max_sentences
        self._rest = ""
        self._sentence = ""

    def feed(self, text: str) -> str:
        """Take in the next piece of the stream."""
        self._rest += text.replace("\u2019", "'").replace("\r", "\n")
        out = ""
        while not self.done:
            end = _end_of_clause(self._rest)
            if not (self.said or self._sentence):
                ends = (end, _end_of_first_phrase(self._rest))
                end = min((each for each in ends if each is not None), default=None)
            fence = self._rest.find("```")
            if 0 <= fence < (end or len(self._rest)):
                out += self._judge(self._rest[:fence])
                self.done = True
            elif end is None:
                break
            else:
                clause, self._rest = self._rest[:end], self._rest[end:]
                out += self._judge(clause)
        return out

    def close(self) -> str:
        """The stream has ended: what is left, if it may be said."""
        out = "" if self.done else self._judge(self._rest)
        self.done = True
        return out.rstrip()

    def _judge(self, clause: str) -> str:
        """The clause as it may be said; sets `done` where the reply has to end."""
        ends = clause.endswith("\n") or _SENTENCE_END.search(clause + " ") is not None
        text = speakable(clause)
        if _LIST_NUMBER.match(clause) or not any(c.isalnum() for c in text):
            return ""
        self._sentence = f"{self._sentence} {text}".strip()
        if not self._sentence[len(text) :] and _OPENER.match(text):
            self._sentence = ""
            return ""
        if not _DENIED.search(self._sentence):
            for claim, honest in ((_CLAIM, CANNOT), (_MEMORY_CLAIM, ONLY_WHEN_TOLD)):
                if claim.search(self._sentence):
                    self.done = self.claimed = True
                    return f" {honest}" if self.said else honest
        if ends:
            self._sentence = ""
            self._left -= 1
            self.done = self._left <= 0
        said = f" {text}" if self.said else text
        self.said = True
        return said


def speakable(text: str) -> str:
    """One clause without markup, emoji and control tokens, on one line."""
    text = _LINK.sub(r"\1", _TAG.sub(" ", _LINE_MARK.sub("", text))).translate(_MARKUP)
    kept = (" " if c.isspace() else c for c in text if c == "\u00b0" or _is_said(c))
    return " ".join("".join(kept).split())


def _is_said(character: str) -> bool:
    if character.isspace():
        return True
    if "\ufe00" <= character <= "\ufe0f":  # asks for a character as an emoji
        return False
    return unicodedata.category(character) not in ("So", "Sk", "Cs", "Cf", "Cc", "Co", "Cn", "Me")


def _end_of_clause(text: str) -> int | None:
    """Where the first clause ends, once that is sure; None if more text is needed."""
    ends: list[int] = []
    newline = text.find("\n")
    if newline >= 0:
        ends.append(newline + 1)
    for match in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text[: match.start() + 1]):
            ends.append(match.end() - 1)
            break
    for match in _CLAUSE_END.finditer(text):
        if len(text[: match.start()].split()) >= _LEAST_WORDS:
            ends.append(match.end())
            break
    if len(text) > _LONGEST and (space := text.find(" ", _LONGEST)) >= 0:
        ends.append(space)
    return min(ends, default=None)


def _end_of_first_phrase(text: str) -> int | None:
    """Where the first phrase of a reply ends that no claim of a deed can begin with.

    Claims begin with who does it ("I", "let me"), with a deed ("Ordering"), or with what it is
    done to ("the lights are …"); that last is no claim once its verb says something else. What
    begins with "when" or "in" ends its first phrase with a comma.
    """
    if _COMMA_COMES.match(text.lstrip()):
        return None
    for match in _PHRASE_BEGINS.finditer(text):
        words = text[: match.start()].lstrip()
        if not _PLAIN_WORDS.fullmatch(words) or _MAY_CLAIM.search(words):
            return None
        if len(words.split()) < _LEAST_FIRST_WORDS or _GOES_ON.search(words):
            continue
        if not _THE.search(words) or _SETTLED.search(words):
            return match.start()
    return None
