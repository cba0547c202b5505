"""The owner's next words as the piece that a tool asked for."""

import re
from datetime import datetime

from agents.choose.asked import is_asked
from agents.durations import find_duration
from agents.pieces import Before, read_piece
from agents.router import Routed, RouteKind, plain
from agents.times import clock_time, find_when, kept, resolve
from agents.tools import Proposal, Slot
from agents.tools.fields import (
    NUMBER,
    Field,
    Kind,
    answer_to,
    denies,
    digits_of,
    gives_up,
    in_words,
    takes_back,
)
from agents.tools.follow import Piece
from agents.tools.list_words import split_entries

_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|sure|ok|okay) )?(?:yes|yeah|yep|yup|sure|ok|okay|right|correct|do it"
    r"|do that|go ahead|please|please do|confirm|forget (?:it|them|that|those)|that's right"
    r"|take (?:it|them|that) back|(?:(?:it's|that's|it is|that is) )?(?:no longer|not) true"
    r"(?: any ?more)?|no longer|not any ?more)"
    r"|no (?:it's|that's|it is|that is) (?:no longer|not) true(?: any ?more)?",
    re.IGNORECASE,
)
_SAYS_YES = re.compile(r"(?:yes|yeah|yep|yup)\b", re.IGNORECASE)
_NO = re.compile(
    r"(?:(?:no|nope|nah) )?(?:no|nope|nah|don't|do not|keep (?:it|them|that|both)"
    r"|(?:(?:it's|that's|it is|that is|both are|they are|they're) )?still true)"
    r"|(?:no|nope|nah) (?:thanks|thank you)|both are true"
    r"|(?:(?:no|nope|nah|oh|actually) )*(?:forget about (?:it|that)|skip it|leave it|don't bother)",
    re.IGNORECASE,
)
_TAKES_BACK = re.compile(
    r"(?:(?:no|nope|oh|well|actually|okay|ok|please|just|wait|sorry)\b[\s,]*)*"
    r"(?:(?:delete|cancel|forget|scrap|drop|remove|erase|clear|stop|abort|leave|skip|dismiss"
    r"|ditch) (?:it|that|this|them|the (?:whole thing|question|reminder|note|alarm|timer))"
    r"|i changed my mind|i(?:'ve| have) changed my mind|i don't want (?:it|that|one|any)"
    r"|on second thoughts?(?: no)?|not now)(?: please| then| again| after all| any ?more)*",
    re.IGNORECASE,
)
"""Ends any question but one that a yes or a no answers."""
_AGREES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|sure|ok|okay|right|please|do)\b[\s,]*)+", re.IGNORECASE
)
"""Answers a question for a piece by nothing, so that it is asked again."""
_AROUND = r"""[\s,.!]*(?:(?:for|at|make|it|about|say|please|um|uh|in|on|to|set|thanks|yes|okay
    |maybe|let's|well|i\ guess|i\ think|or\ so|from\ now)\b[\s,.!]*)*"""
_COURTEOUS = re.compile(
    r"^(?:(?:please|could|can|would|will|you|just|ok|okay|hey|go ahead and)\b[\s,]*)+"
)
_LEAST_DEED = 2
_DENIES = re.compile(r"(?:no|nope|nah)\b[\s,]*(?:i )?(?:don't|do not) (\w+)", re.IGNORECASE)
"""Says that a yes or no is a no: "no, don't wrap it"."""
_AROUND_VALUE = frozenset(
    """
    it them that this one the a an of for at on in to by with as s please about just now
    second minute hour day percent degree
    """.split()  # noqa: SIM905 - words to read
)
"""What a value is said with, and says nothing itself."""
_AROUND_TIME = re.compile(_AROUND, re.IGNORECASE | re.VERBOSE)
_FOR = re.compile(
    r"^(?:(?:for|at|on|to|by|make it|set it|let's say|um|uh)\b[\s,]*)+", re.IGNORECASE
)
_AROUND_NAME = re.compile(
    r"^(?:um|uh|the|my|cancel|stop|for)\b[\s,]*|[\s,]*\b(?:one|timer|please|thanks)$", re.IGNORECASE
)
_ALL = re.compile(
    r"(?:(?:cancel|stop|delete|remove|end) )?(?:all|both|all of (?:them|it)|both of them|every one"
    r"|everything|them all|the lot)",
    re.IGNORECASE,
)
_THAT_ONE = re.compile(r"\s+(?:one|timer)$", re.IGNORECASE)
_AROUND_NUMBER = re.compile(r"^(?:(?:to|at|make it|set it to|um|uh|about)\b[\s,]*)+", re.IGNORECASE)
_TO = re.compile(r"^(?:um|uh|to|about|that)\b[\s,]*", re.IGNORECASE)
_FIRST_WORD_THAT = re.compile(r"^(?:that|remember that|remember)\b[\s,]*", re.IGNORECASE)
_KEEPS_WORDS = ("reminder", "note")
_DONE_BY_PEOPLE = ("home", "list", "calendar", "remember", "forget", "routine", "recall")
"""Tools whose commands may also be what to be reminded of, or to note."""
_READS = ("left", "list", "lists", "read", "state", "show", "find", "day", "next")
_GIVES_UP = (
    *("stop", "timer", "clock", "help", "recall", "forget", "undo", "lock", "why", "permissions"),
    *("alarm", "reminder", "list", "note", "calendar", "volume", "brightness", "microphone"),
    *("status", "speech", "routine", "home", "weather"),
)


def complete(pending: Proposal, text: str, routed: Routed, now: datetime) -> Routed:
    """`routed`, or the pending call with what `text` gives it. now: the owner's wall time. Pure."""
    words = plain(text).strip(" .!,")
    if pending.takes is not None:
        return _argument(pending, pending.takes, words, routed, now)
    if pending.slot is not Slot.YES and _TAKES_BACK.fullmatch(words):
        return _never_mind()
    if pending.slot is not Slot.YES and _AGREES.fullmatch(words):
        return _with(pending)
    if pending.slot is Slot.FACT:
        return _fact(pending, text, words, routed)
    if pending.slot in (Slot.TEXT, Slot.ITEMS, Slot.STEPS):
        return _text(pending, words, routed, now)
    bare = words.replace(",", "")
    if pending.slot is Slot.YES and _SAYS_YES.match(bare) and _YES.fullmatch(bare):
        return _with(pending)  # "yes, forget them" is no command of its own
    if pending.slot is Slot.NUMBER and (number := _number(pending, words)) is not None:
        return number  # "30 percent" is a sum to the grammar
    if pending.slot is Slot.WHICH and _ALL.fullmatch(words):
        return _with(pending, all=True)  # "cancel all" is of these
    is_deed = routed.args == {"capability": "other"}  # "make it ten" is one to the grammar
    if routed.kind is not RouteKind.NOT_A_COMMAND and routed.tool != "stop" and not is_deed:
        return routed
    if pending.slot is Slot.YES:
        if _YES.fullmatch(bare):
            return _with(pending)
        return _never_mind() if _NO.fullmatch(bare) else routed
    if routed.tool == "stop" or _NO.fullmatch(bare):
        return _never_mind()
    if pending.slot is Slot.TIME:
        return _time(pending, words, now) or routed
    return _duration_or_name(pending, words) or routed


def _fact(pending: Proposal, text: str, words: str, routed: Routed) -> Routed:
    said_whole = routed.tool == "remember" and routed.kind is RouteKind.COMPLETE
    question = plain(text).rstrip().endswith("?")
    if said_whole or question or not words or routed.tool in _GIVES_UP:
        return routed
    return _with(pending, fact=_FIRST_WORD_THAT.sub("", words))


def _text(pending: Proposal, words: str, routed: Routed, now: datetime) -> Routed:
    """The owner's words, whatever they are, unless they are a command of their own."""
    if routed.tool == "stop" or _NO.fullmatch(words.replace(",", "")):
        return _never_mind()
    own = routed.kind is RouteKind.COMPLETE and routed.tool != "cannot"
    if pending.slot is Slot.STEPS:
        own = False
    elif pending.tool in _KEEPS_WORDS:  # "turn off the oven" is what to be reminded of
        reads = routed.args.get("action") in _READS
        own = own and (reads or routed.tool not in _DONE_BY_PEOPLE)
    if not words or own:
        return routed
    if pending.slot is Slot.ITEMS:
        return _with(pending, items=split_entries(words))
    if pending.into is not None:
        return _with(pending, **{pending.into: words})
    if pending.tool == "reminder" and not {"at", "seconds", "when"} & set(pending.args):
        return _with(pending, **_text_and_time(words, now))
    return _with(pending, text=words)


def _argument(pending: Proposal, field: Field, words: str, routed: Routed, now: datetime) -> Routed:
    """The value of an argument of a tool that others wrote, only as far as it may be one: what is
    asked or asked for instead is heard on its own.
    """
    wall = now.replace(tzinfo=None)
    value = answer_to(field, words, wall)
    bare = words.replace(",", "")
    yes_or_no = field.kind is Kind.YES_NO
    if yes_or_no and value is not None and _NO.fullmatch(bare):
        return _with(pending, text=words)
    if not words:
        return routed
    if routed.tool == "stop":
        return _never_mind()
    whole = routed.kind is RouteKind.COMPLETE and routed.tool != "cannot"
    ended = routed if whole else _never_mind()
    without = _DENIES.match(words) if yes_or_no and value is False else None
    left_out = without is not None and without[1].lower() not in (*pending.deeds, "do", "bother")
    if _TAKES_BACK.fullmatch(words) or (gives_up(words) and not left_out):
        return ended
    first, *more = _COURTEOUS.sub("", words.lower()).split(" ")
    deed = first in pending.deeds and len(more) >= _LEAST_DEED
    asked = is_asked(words)
    short = len(words.split()) <= field.most_words
    own = asked or ((deed or whole) and _says_more(field, more if deed else words.split()))
    if field.kind is not Kind.WORDS and value is not None and short and not own:
        return _with(pending, text=words)
    if denies(field, words, wall) and not own:
        return _with(pending, text=words)  # and is asked again
    if _NO.fullmatch(bare) or takes_back(words):
        return ended
    known = routed.kind is not RouteKind.NOT_A_COMMAND and routed.tool != "cannot"
    if deed or asked or (known and not _is_number(field, words)):
        return routed
    return _with(pending, text=words)


def _is_number(field: Field, words: str) -> bool:
    """Whether an answer is a number, be it one that can't be used: "minus eighteen" is a sum to the
    grammar.
    """
    is_one = field.kind in (Kind.NUMBER, Kind.WHOLE) and NUMBER.search(digits_of(words).text)
    return bool(is_one) and not _says_more(field, words.split())


def _says_more(field: Field, words: list[str]) -> bool:
    """Whether a request holds more than the value that was asked for: "the tomatoes for ten
    minutes", but not "it for ten minutes".
    """
    said = " ".join(words)
    if field.kind in (Kind.DATE, Kind.MOMENT) and (when := find_when(said)) is not None:
        for start, end in reversed(when.spans):
            said = f"{said[:start]} {said[end:]}"
    own = in_words(" ".join((field.said, *field.options))).split()
    known = _AROUND_VALUE | {word.rstrip("s") for word in own}
    left = in_words(digits_of(said).text).split()
    return any(not {word, word.rstrip("s")} & known and not word.isdigit() for word in left)


def _text_and_time(words: str, now: datetime) -> dict[str, object]:
    """What to be reminded of, and when if that was said with it: "call Mum at five"."""
    words = _TO.sub("", words)
    found = find_when(words)
    resolved = resolve(found.when, now) if found else None
    if found is None or resolved is None:
        return {"text": words}
    text = words
    for start, end in reversed(found.spans):
        text = text[:start] + text[end:]
    text = " ".join(text.split()).strip(" ,.")
    repeat = {} if resolved.repeat is None else {"repeat": resolved.repeat}
    at = resolved.at.isoformat(timespec="minutes")
    return {"text": text, "at": at, **repeat} if text else {"text": words}


def _number(pending: Proposal, words: str) -> Routed | None:
    """How much: "forty", "40 percent"; a small number of a level is one of ten."""
    into = str(pending.into)
    before = Before(pending.args, None, into, acts=True, now=datetime.min)
    bare = _AROUND_NUMBER.sub("", words)
    filled = read_piece(Piece.NUMBER, bare, before)
    return None if filled is None else _with(pending, **filled)


def _time(pending: Proposal, words: str, now: datetime) -> Routed | None:
    """When: "at seven", "seven thirty", "tomorrow morning", "every Monday", "in ten minutes"."""
    for said in (words, f"at {_FOR.sub('', words)}"):
        found = find_when(said)
        resolved = resolve(found.when, now, early=pending.tool == "alarm") if found else None
        if found is None or resolved is None:
            continue
        rest = said
        for start, end in reversed(found.spans):
            rest = rest[:start] + rest[end:]
        if _AROUND_TIME.fullmatch(rest):
            if pending.into is not None:
                return _with(pending, **{pending.into: resolved.at.date().isoformat()})
            at = resolved.at.isoformat(timespec="minutes")
            more: dict[str, object] = {}
            if resolved.repeat is not None:
                more["repeat"] = resolved.repeat
            if pending.args.get("action") == "move":
                more["keeps"] = kept(found.when)
            return _with(pending, at=at, **more)
    duration = find_duration(words)
    if duration is not None:
        around = words[: duration.start] + " " + words[duration.end :]
        if _AROUND_TIME.fullmatch(around):
            return _with(pending, seconds=duration.seconds)
    return None


def _duration_or_name(pending: Proposal, words: str) -> Routed | None:
    if pending.slot is Slot.WHICH and pending.tool == "alarm":
        found = find_when(words)
        time = None if found is None else clock_time(found.when)
        if time is not None:
            return _with(pending, time=time)
    bare = _THAT_ONE.sub("", words)  # "the ten minute one" is no second more
    duration = find_duration(bare)
    if duration is not None:
        around = bare[: duration.start] + " " + bare[duration.end :]
        if pending.slot is Slot.WHICH:
            around = around.lower().replace("timer", "").replace("one", "").replace("the", "")
        if _AROUND_TIME.fullmatch(around):
            return _with(pending, seconds=duration.seconds)
    if pending.slot is not Slot.WHICH:
        return None
    name = words
    while (shorter := _AROUND_NAME.sub("", name)) != name:
        name = shorter
    return _with(pending, name=name) if 0 < len(name.split()) <= 3 else None


def _with(pending: Proposal, **more: object) -> Routed:
    return Routed(RouteKind.COMPLETE, pending.tool, {**pending.args, **more})


def _never_mind() -> Routed:
    return Routed(RouteKind.COMPLETE, "stop", {"acknowledge": True})
