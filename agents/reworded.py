"""Commands in another order, or without what is said besides. Pure."""

import re
from collections.abc import Iterator
from datetime import time
from itertools import pairwise

from agents.durations import find_duration
from agents.language import language
from agents.mapped import Mapped
from agents.numbers import in_digits
from agents.said import courtesies, plain, without_thanks
from agents.times import clock_time, find_when

_DAY_MIN = 24 * 60
_HALF_DAY_MIN = 12 * 60


def without_reason(text: str, name: str) -> str | None:
    """A command without why it is given: "move the car at five, it's in the way". None where no
    reason follows, or where it may be what somebody is to be told.
    """
    said, words = plain(text), language(name)
    reason = words.regex("reason").search(said)
    if reason is None or not reason.start() or _quotes(said[: reason.start()], name):
        return None
    return _up_to(said, reason, name)


def time_last(text: str, name: str) -> str | None:
    """A command with the time that stands before it at its end: "in an hour, could you remind me
    to eat". None where none does.
    """
    said, words = plain(text), language(name)
    fronted = words.regex("fronted").match(said)
    if fronted is None:
        return None
    front, rest = fronted["front"].strip(" ,"), fronted["rest"].rstrip(" .!")
    if not _is_only_a_time(front, name):
        return None
    alone = find_duration(front, name)  # "an hour and a half, remind me to eat"
    bare = find_when(front, name) is None and alone is not None and alone.start == 0
    return f"{rest} {words.text('after_a')} {front}" if bare else f"{rest} {front}"


def _is_only_a_time(said: str, name: str) -> bool:
    """Whether nothing but when or how long is said: "in an hour", "friday at nine"."""
    found, length = find_when(said, name), find_duration(said, name)
    spans = found.spans if found is not None else ()
    spans = ((length.start, length.end),) if length is not None and not spans else spans
    left = said
    for start, end in reversed(spans):
        left = left[:start] + left[end:]
    return bool(spans) and language(name).regex("only_time").fullmatch(left.strip(" ,")) is not None


def verb_first(text: str, name: str) -> Iterator[str]:
    """A command with what it is about behind it, where that is said first: "my locker is 12,
    remember that".
    """
    said = plain(text)
    if language(name).regex("question").match(said):
        return
    for pattern, by in language(name).replaced("said_first"):
        if pattern.search(said):
            yield pattern.sub(by, said)


def with_length(text: str, name: str) -> str | None:
    """A command with how long something takes, for from when to when: "from 10 till 12" as "at 10
    for 120 minutes". None where no such is said.
    """
    digits = in_digits(Mapped.of(plain(text)), name)
    said, own = digits.text, digits.original
    stretch = language(name).regex("from_till").search(said)
    if stretch is None or said[: stretch.start()].rstrip().endswith(("at", "for")):
        return None
    if not (stretch["from_"] or stretch["half"] or stretch["till"]):
        return None
    begin, end = stretch["begin"], stretch["end"]
    first, last = (find_when(f"at {each}", name) for each in (begin, end))
    clock = [None if each is None else clock_time(each.when) for each in (first, last)]
    if None in clock:
        return None
    hour, till = (time.fromisoformat(str(each)) for each in clock)
    minutes = (till.hour - hour.hour) * 60 + till.minute - hour.minute
    both = first is not None and (first.when.am or first.when.pm) and stretch["half"]
    minutes %= _DAY_MIN if both else _HALF_DAY_MIN
    if stretch["half"] and not both and hour.hour % 12 < till.hour % 12 and begin[-1].isdigit():
        begin += stretch["half"]  # "from two to four pm"
    start, stop = digits.span(*stretch.span())
    return f"{own[:start]}at {begin} for {minutes} minutes{own[stop:]}" if minutes else None


def concluded(text: str, name: str) -> tuple[str, str] | None:
    """What is told first, and the command that follows from it: "I'm out of breath, so set a timer
    for a minute". None where there is no such, or where it may be what somebody is to be told.
    """
    said, words = _without_opening(text, name), language(name)
    found = words.regex("so_command").fullmatch(said) or words.regex("plain_command").fullmatch(
        said
    )
    if found is None or _is_only_a_time(found["head"], name):
        return None
    asks = words.regex("asks_kindly").search(said[found.end("head") :]) is not None
    return (found["head"], found["tail"]) if asks or not _quotes(found["head"], name) else None


def sentences(text: str, name: str) -> list[str]:
    """The sentences of what was said, without courtesies around them, each with the mark that ends
    it.
    """
    said = without_thanks(_without_opening(text, name), name)
    ends = [each.end() for each in language(name).regex("sentence_end").finditer(said)]
    return [said[a:b].strip() for a, b in pairwise([0, *ends, len(said)])]


def _without_opening(text: str, name: str) -> str:
    """What was said behind "Jarvis" and the like."""
    said = plain(text)
    opening = courtesies(name).opening.match(said)
    return said[opening.end() :] if opening else said


def _quotes(told: str, name: str) -> bool:
    """Whether somebody's words may follow: "she said …"; not so "my doctor told me to …"."""
    words = language(name)
    return words.regex("speaks").search(words.regex("told_me").sub("", told)) is not None


def on_the_day(command: str, told: str, name: str) -> str | None:
    """A command on the day that is told of beside it: "I'm on the early shift tomorrow, so wake me
    at five"; as it is where what is told of is over. None where not one day is told of.
    """
    words = language(name)
    if words.regex("over").search(told):
        return command
    days = [each["day"] for each in words.regex("day_of").finditer(told) if each["day"]]
    return f"{without_thanks(command, name).rstrip(' .!')} {days[0]}" if len(days) == 1 else None


def command_in(text: str, name: str) -> Iterator[str]:
    """What may be a command in `text`, without what was said before it, or as its reason.

    "I'm off to bed, lock the door", "wake me at seven, I have a train to catch".
    """
    said, words = _without_opening(text, name), language(name)
    if before := words.regex("preamble").match(said):
        yield said[before.end() :]
    for after in words.regex("afterthought").finditer(said):
        if (command := _up_to(said, after, name)) is not None:
            yield command


def _up_to(said: str, besides: re.Match[str], name: str) -> str | None:
    """What stands before what is said besides. None where a question mark ends it that is no
    question and asks for nothing in its form: "add milk? We've plenty" is only thought of.
    """
    before = said[: besides.start()]
    if not besides[0].startswith("?"):
        return before
    form = courtesies(name)
    opening = form.opening.match(before)
    bare = before[opening.end() :] if opening else before
    asks = form.polite.match(bare) or language(name).regex("question").match(bare)
    return f"{before}?" if asks else None
