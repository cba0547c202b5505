"""Short words that mean a call of a moment ago: "make it ten", "cancel it", "and in New York?"."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, cast

from agents.choose.asked import is_asked, is_told
from agents.pieces import Arguments, Before, read_piece
from agents.router import Routed, RouteKind, plain
from agents.tools import Call, Receipt
from agents.tools.follow import Follow, Piece
from context.labels import Compartment

LASTS: Final = timedelta(seconds=120)
"""How long a call is what "it" means."""
_MOST_WORDS: Final = 9

_CORRECTS: Final = (
    r"no|nope|sorry|actually|i mean|i meant|i said|make (?:it|that)|change (?:it|that) to"
    r"|let's make (?:it|that)|(?:set|move|push|shift) (?:it|that) to|or rather|rather|better"
)
_MORE: Final = r"and what about|and how about|what about|how about|and also|and|also|plus"
_OPENING: Final = re.compile(
    rf"(?:(?:{_CORRECTS}|{_MORE}|oh|wait|well|ok|okay|hang on|hold on|then|now|please)\b[\s,.]*)+",
    re.IGNORECASE,
)
_IS_CORRECTED: Final = re.compile(rf"\b(?:{_CORRECTS})\b", re.IGNORECASE)
_SETS: Final = re.compile(r"\b(?:make|change|set|move|push|shift) (?:it|that)\b", re.IGNORECASE)
"""Said of a deed, never of a question."""
_WONDERS: Final = re.compile(r"\b(?:what|how) about\b", re.IGNORECASE)
"""Asks, so that nothing is done because of it."""
_GOES_ELSEWHERE: Final = re.compile(r"\b(?:then|now)\b", re.IGNORECASE)
_IS_MORE: Final = re.compile(rf"\b(?:{_MORE})\b", re.IGNORECASE)
_INSTEAD: Final = re.compile(r"[\s,]+(?:instead|rather)$", re.IGNORECASE)
_TOO: Final = re.compile(r"[\s,]+(?:too|as well|also)$", re.IGNORECASE)
_CLOSING: Final = re.compile(r"[\s,]+(?:please|thanks|thank you)$", re.IGNORECASE)
_AGAIN: Final = re.compile(
    r"(?:and )?(?:(?:do|set|start) (?:it|that|the same(?: thing)?)"
    r" (?:again|once more|one more time)|(?:the )?same(?: thing)?(?: again| once more)"
    r"|(?:another|one more)(?: one)?)",
    re.IGNORECASE,
)
_GOES_ON: Final = re.compile(
    r"(?:and )?(?:again|once more|one more time|more|some more"
    r"|(?:a|even|still) (?:bit |little )?more)",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(
    r"(?:(?:no|oh|wait|actually|okay|ok|please|then) )*(?:(?:cancel|scrap|delete|remove|clear|erase"
    r"|get rid of|take back|call off) (?:it|that|this)(?: one)?|take (?:it|that) (?:back|off))"
    r"(?: again| then| please)*",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(r"the other (?:one|timer|alarm|reminder)s?", re.IGNORECASE)
_IT: Final = re.compile(r"\b(?:it|that one|this one|that|this)\b", re.IGNORECASE)
_THE_ONE: Final = re.compile(r"\bthe one\b(?= (?:about|for|at|to|called|named)\b)", re.IGNORECASE)
_ONE: Final = re.compile(r"^(?:another|a new|a second|one)(?: one)?\b", re.IGNORECASE)
_HANGS: Final = re.compile(r" (?:on|off|to|from)$", re.IGNORECASE)
_AND: Final = re.compile(r"^(?:(?:and|then|ok|okay)\b[\s,]*)+", re.IGNORECASE)
_ADDS: Final = re.compile(r"(?:add|put|get) (?!.* (?:to|on|off|in)$)", re.IGNORECASE)
_BACK: Final = re.compile(r" back (?=on$|off$)", re.IGNORECASE)
_LEFT_OUT: Final = re.compile(r"[\s,]+(?:again|now|then|back|already|yet)$", re.IGNORECASE)
_OWN_WORDS: Final = frozenset(
    {"text", "name", "items", "topic", "title", "steps", "list", "target"}
)
_MAKES_ANEW: Final = frozenset({"set", "list", "read", "lists"})
_READS: Final = frozenset({"list", "read", "lists", "left", "state", "show", "calculate"})
_DAY_OR_PLACE: Final = frozenset({Piece.DAY, Piece.DAYS, Piece.PLACE})
_SAID_AS_IT_IS: Final = frozenset({Piece.ITEMS, Piece.NAME, Piece.PLACE, Piece.WORD})
_SUBJECT: Final = re.compile(r"(?:it|that|this)\b(?! one)", re.IGNORECASE)

Route = Callable[[str], Routed]
"""Where an utterance goes on its own."""


@dataclass(frozen=True)
class Last:
    """A call that was made, and what came of it. at: when, aware. acts: it changed something.

    ids: what the receipt told of. due: the owner's wall time that it was set for. undo: what takes
    it back. briefly: to what it was set. within: what was open to who heard the receipt.
    """

    call: Call
    follow: Follow
    acts: bool
    at: datetime
    ids: tuple[str, ...] = ()
    due: datetime | None = None
    undo: Call | None = None
    briefly: str = ""
    within: frozenset[Compartment] = field(default_factory=frozenset[Compartment])

    @property
    def back_first(self) -> bool:
        """Whether it is taken back before what was meant is done: that may mean the same things."""
        undone = () if self.undo is None else cast("tuple[str, ...]", self.undo.args.get("ids", ()))
        several = self.follow.back == "after" and max(len(self.ids), len(undone)) > 1
        return several or self.follow.back == "before"

    def is_over(self, now: datetime) -> bool:
        """Whether it is too long ago to be what is meant."""
        return now - self.at > LASTS


def ids_in(tool: str, facts: Mapping[str, object]) -> tuple[str, ...]:
    """The ids that a receipt of `tool` tells of."""
    found: list[str] = []
    for key in (tool, f"{tool}s", "items"):
        value = facts.get(key)
        several = cast("list[object]", value) if isinstance(value, list) else [value]
        found += [each for each in several if isinstance(each, str)]
    return tuple(found)


def elliptical(last: Last, text: str, routed: Routed, now: datetime, route: Route) -> Routed | None:
    """The call that `text` means together with the last one; None if it means none.

    routed: where the text goes on its own, which wins unless that is nowhere. now: the owner's wall
    time. route: by which words are tried with what "it" stands for. Pure.
    """
    said = plain(text).strip(" .!,")
    words = said.rstrip(" ?.!,")
    bare = words.replace(",", "")
    heard = _Heard.of(words, question=said.endswith("?"))
    if not 0 < len(words.split()) <= _MOST_WORDS or is_told(heard.rest):
        return None
    follow = last.follow
    again = (follow.again and _AGAIN.fullmatch(bare) is not None) or (
        follow.goes_on and _GOES_ON.fullmatch(bare) is not None
    )
    ends = _ENDS.fullmatch(bare) is not None
    if not _is_free(last, routed, again=again, ends=ends):
        # "Set it to 50 percent" is the volume, unless "it" is something that has percent too.
        level = routed.tool in ("volume", "brightness") and _IT.search(words) is not None
        return _referring(last, heard, route) if level else None
    if again:
        return _call(last, dict(last.call.args))
    if ends and (ended := _ended(last)) is not None:
        return ended
    if not heard.rest:
        return None
    if follow.other and len(last.ids) == 1 and _OTHER.fullmatch(heard.rest):
        kept = {k: v for k, v in last.call.args.items() if k not in follow.drops}
        return _call(last, {**kept, follow.other: last.ids}, heard)
    return _anew(last, heard, now) or _filled(last, heard, now) or _referring(last, heard, route)


def instead(
    done: Receipt, undone: Receipt, briefly: str, *, back: Literal["before", "after"]
) -> Receipt:
    """The receipt of a deed in place of another, which was taken back. briefly: to what that had
    been set. back: whether it was taken back before the new one was done, or after, as it is told.
    """
    in_turn = (undone, done) if back == "before" else (done, undone)
    spoken = " ".join(each.spoken for each in in_turn)
    if done.ok and undone.ok and done.briefly and briefly:
        comma = "," if ", " in done.briefly else ""
        spoken = f"Now it's {done.briefly}{comma} instead of {briefly}".removesuffix(".") + "."
    return replace(done, spoken=spoken, flush=done.flush or undone.flush)


@dataclass(frozen=True)
class _Heard:
    """Words without what opens and closes them. corrects: "no, …", "make it …". more: "and …".
    sets: "make it …", which is said of a deed only. wonders: "what about …". elsewhere: "then …".
    whole: with what opens them.
    """

    rest: str
    whole: str
    question: bool
    corrects: bool
    more: bool
    sets: bool
    wonders: bool
    elsewhere: bool

    @classmethod
    def of(cls, words: str, *, question: bool) -> "_Heard":
        words = _CLOSING.sub("", words)
        opening = match.group() if (match := _OPENING.match(words)) else ""
        rest = words[len(opening) :]
        instead, too = _INSTEAD.search(rest), _TOO.search(rest)
        rest = _TOO.sub("", _INSTEAD.sub("", rest)).strip(" ,.")
        sets = _SETS.search(opening) is not None
        corrects = instead is not None or _IS_CORRECTED.search(opening) is not None
        more = too is not None or _IS_MORE.search(opening) is not None
        wonders = _WONDERS.search(opening) is not None
        elsewhere = _GOES_ELSEWHERE.search(opening) is not None
        more = more and not corrects
        return cls(rest, words, question, corrects, more, sets, wonders, elsewhere)


def _is_free(last: Last, routed: Routed, *, again: bool, ends: bool) -> bool:
    """Whether what was said is no command of its own that wins."""
    if routed.tool is None or routed.args == {"capability": "other"}:
        return True
    if routed.tool == "stop":
        return ends
    if routed.intent == "speech.repeat":
        return again
    if routed.tool == "forget":  # "delete that", which is a deed's before it is a memory's
        return ends and not routed.args
    return routed.tool == last.call.tool and Piece.SUM in last.follow.fills


def _ended(last: Last) -> Routed | None:
    follow = last.follow
    if follow.ends:
        return Routed(RouteKind.COMPLETE, last.call.tool, {**follow.ends, **_which(last)})
    if last.acts and last.undo is not None:
        return Routed(RouteKind.COMPLETE, "undo", {})
    return None


def _which(last: Last) -> Arguments:
    """The argument that says exactly which one; none where there were several."""
    if not last.follow.ids or len(last.ids) != 1:
        return {}
    return {last.follow.ids: last.ids if last.follow.ids == "ids" else last.ids[0]}


def _anew(last: Last, heard: _Heard, now: datetime) -> Routed | None:
    """One more of what was set: "and another one for nine"."""
    one = _ONE.match(heard.rest) if last.follow.anew and heard.more else None
    if one is None or one.end() == len(heard.rest):
        return None
    action = {key: value for key, value in last.call.args.items() if key == "action"}
    filled = _filled(
        replace(last, acts=False), replace(heard, rest=heard.rest[one.end() :].strip(" ,")), now
    )
    if filled is None:
        return None
    said = {key: value for key, value in filled.args.items() if value != last.call.args.get(key)}
    return Routed(RouteKind.COMPLETE, last.call.tool, {**action, **said})


def _filled(last: Last, heard: _Heard, now: datetime) -> Routed | None:
    """The last call with another argument."""
    if heard.sets and not last.acts:
        return None
    for piece, into in last.follow.fills.items():
        may_more = not last.acts or (piece in last.follow.more and not heard.wonders)
        if piece in _SAID_AS_IT_IS and (heard.sets or heard.elsewhere):
            continue  # "make it snappy", "and then some"
        asked = not last.acts and (
            piece is Piece.SUM or (heard.question and piece in _DAY_OR_PLACE)
        )
        if not (heard.corrects or (heard.more and may_more) or asked):
            continue
        wall = now.replace(tzinfo=None)
        before = Before(
            last.call.args,
            last.due,
            into,
            last.acts,
            wall,
            heard.corrects,
            early=last.call.tool == "alarm",
            instead=last.follow.instead,
        )
        said = _AND.sub("", heard.whole) if piece is Piece.SUM else heard.rest  # "plus" opens both
        filled = read_piece(piece, said, before)
        if filled is None:
            continue
        drops = {*last.follow.drops, *filled}
        kept = {key: value for key, value in last.call.args.items() if key not in drops}
        kept |= {key: value for key, value in filled.items() if value is not None}
        return _call(last, kept, heard)
    return None


def _call(last: Last, args: Arguments, heard: _Heard | None = None) -> Routed:
    """The tool of the last call with `args`, in place of it if it is corrected."""
    corrects = heard is not None and heard.corrects and last.acts
    replaces = last.undo if corrects and last.follow.back != "never" else None
    return Routed(RouteKind.COMPLETE, last.call.tool, args, replaces=replaces)


def _referring(last: Last, heard: _Heard, route: Route) -> Routed | None:
    """What the grammar makes of it once "it" is called by its name; only of the same tool."""
    asked = is_asked(heard.whole + ("?" if heard.question else ""))
    for text in _named(last, heard):
        found = route(text)
        if found.tool != last.call.tool or not _is_from(found.args, heard.rest, last):
            continue
        if asked and found.args.get("action") not in _READS:
            continue  # "can I cancel it?"
        if found.kind is not RouteKind.COMPLETE or found.args.get("action") == "teach":
            continue
        plainly = set(found.args) <= {"action", "seconds"}
        anew = str(found.args.get("action")) in _MAKES_ANEW
        which = _which(last) if plainly and not anew else {}
        return Routed(found.kind, found.tool, {**found.args, **which})
    return None


def _is_from(args: Arguments, said: str, last: Last) -> bool:
    """Whether all own words among the arguments were said, now or before: else the name that "it"
    was given has become a part of what is to be kept ("note that down, said the judge").
    """
    known = {"shopping", *(each for each in last.call.args.values() if isinstance(each, str))}
    for key in _OWN_WORDS & set(args):
        value = args[key]
        several = cast("list[object]", value) if isinstance(value, list) else [value]
        for each in map(str, several):
            said_so = each in known or each.lower() in said.lower()
            if not said_so or _IT.search(each):
                return False
    return True


def _named(last: Last, heard: _Heard) -> list[str]:
    """What was said, with the names of what it leaves out."""
    texts: list[str] = []
    follow, said = last.follow, heard.whole if heard.sets else heard.rest
    if follow.it:
        args = {"list": "shopping", **last.call.args}
        try:
            it = follow.it.format_map(args)
        except KeyError:
            it = ""
        is_subject = _SUBJECT.match(said) is not None and not heard.question
        if it and not is_subject and not _IT.fullmatch(said):
            texts += [re.sub(each, lambda _: it, said, count=1) for each in (_THE_ONE, _IT)]
            texts += [f"{said} {it}"] if _HANGS.search(said) else []
            texts += [f"{said} to {it}"] if _ADDS.match(said) else []
    if follow.anew and heard.more:
        texts.append(_ONE.sub(follow.anew, said))
    other = [text for text in texts if text != said]
    return list(dict.fromkeys(each for text in other for each in _plainer(text)))


def _plainer(text: str) -> tuple[str, ...]:
    return text, _BACK.sub(" ", _LEFT_OUT.sub("", text))
