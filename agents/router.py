"""Decides whether what was said is a complete command, and which: a grammar, never a model."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import cast

from hassil import Intents, recognize_all
from hassil.expression import (
    Alternative,
    Expression,
    Group,
    RuleReference,
    Sentence,
    Sequence,
    TextChunk,
)
from hassil.intents import Intent, IntentData
from hassil.util import normalize_for_matching

from agents.corrections import (
    begins_with_correction,
    corrected,
    ends_with_correction,
    in_place,
    said_anew,
    word_anew,
)
from agents.durations import find_duration
from agents.frames import framed
from agents.language import folder_of, language
from agents.replies import urgent
from agents.reworded import (
    command_in,
    concluded,
    on_the_day,
    sentences,
    time_last,
    verb_first,
    with_length,
    without_reason,
)
from agents.said import Heard, hear, plain
from agents.slots import fill, fill_frame, items_of, matched
from agents.times import Found, find_when
from agents.tools import Call

__all__ = ["NOT_A_COMMAND", "RouteKind", "Routed", "Router", "plain"]

_MAX_CHARACTERS = 600
_BEGINS = 2
"""Letters by which templates are told apart that can't match."""
_DEEDS = ("text", "title")
"""Own words that say what to do, and not what is so."""
_SAID = ("fact", "text")
_MAX_CORRECTED_CHARACTERS = 260
_MOST_SENTENCES = 4
_LEAST_TOLD = 3
"""Words of a sentence that tells why."""
_NOT_WITHIN = (None, "cannot", "stop", "remember")
"""What is not looked for among other words."""
_MOST_MORE_WORDS = 8
_SOME_DEED = {"capability": "other"}
"""What nothing here does, as it was said; it may still be another tool's."""
_KEEPS_ALL = ("note.add", "remember", "routine.teach", "stop")
"""Whose words may be any, or that need none: what follows is no reason for them."""
_ALSO_TALK = (
    "why",
    "help",
    "speech",
    "stop",
    "status",
    "weather",
    "clock",
    "recall",
    "undo",
    "lock",
)
"""What is said in talk without being meant: "Great necklace! Where did you get it?"."""
_AT_A_TIME = ("alarm", "reminder", "timer", "calendar", "weather")
_RINGS = ("alarm", "reminder", "calendar")
_GIVES_WAY = ("cannot", "help", "home", "stop")
"""What is not done where a life may be in danger ("call an ambulance"): what is said then helps."""


class RouteKind(Enum):
    """How far an utterance is a command."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    NOT_A_COMMAND = "not a command"


@dataclass(frozen=True)
class Routed:
    """Where an utterance goes: to a tool with raw arguments, or (no tool) to the model.

    is_final: more words could not change it: it is a whole command that ends in no free text.
    replaces: what takes back the deed in whose place this one is.
    """

    kind: RouteKind
    tool: str | None = None
    args: dict[str, object] = field(default_factory=dict[str, object])
    is_final: bool = field(default=False, compare=False)
    replaces: Call | None = None

    @property
    def intent(self) -> str | None:
        """The tool and, where it has several, its action: "timer.set"."""
        action = self.args.get("action")
        return f"{self.tool}.{action}" if self.tool and action else self.tool


NOT_A_COMMAND = Routed(RouteKind.NOT_A_COMMAND)


class Router:
    """Matches utterances against the templates of one language.

    name: a language of `agents/intents` such as "en", or the path of a folder like those, named
    by its code. now: the owner's wall time, by which "tomorrow" is a date. Cheap to make; `load()`
    reads the templates. Thread-safe after that.
    """

    def __init__(
        self, name: str = "en", now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    ) -> None:
        self._language = name
        self._now = now
        self._grammars: tuple[_Grammar, ...] = ()

    def load(self) -> None:
        """Read and parse the templates, so that the first `route` is as fast as the rest.

        Raises FileNotFoundError if there are none of this language.
        """
        self._grammars = _grammars(self._language)
        for text in language(self._language).text("warm_up").split(";"):
            _ = self.route(text)
        _ = urgent("")  # the first one reads its words

    def route(self, text: str) -> Routed:
        """Route one utterance; safe with any text, and the same at the same time.

        Raises RuntimeError before `load()`.
        """
        if not self._grammars:
            raise RuntimeError("Router.load() was not called")
        if len(text) > _MAX_CHARACTERS:
            return NOT_A_COMMAND
        routed = self._command(text)
        gives_way = routed.tool in _GIVES_WAY and urgent(text) is not None
        return NOT_A_COMMAND if gives_way else routed

    def _command(self, text: str) -> Routed:
        now = self._now()
        several = sentences(text, self._language)
        if 1 < len(several) <= _MOST_SENTENCES and (one := self._one_of(several, now)) is not None:
            return one
        return self._sentence(text, now)

    def _one_of(self, several: list[str], now: datetime) -> Routed | None:
        """The one command among sentences of which the others only tell why: "The parcel's here.
        Cancel the reminder about it." None where it isn't so plain.
        """
        name = self._language
        if any(begins_with_correction(each, name) or "?" in each[:-1] for each in several):
            return None
        routed = [self._sentence(each, now) for each in several]
        whole = [n for n, each in enumerate(routed) if each.tool not in (None, "cannot")]
        if len(whole) != 1 or not _is_whole(routed[whole[0]]):
            return None
        command, others = several[whole[0]], several[: whole[0]] + several[whole[0] + 1 :]
        found, last = routed[whole[0]], whole[0] == len(several) - 1
        asks = any(each.endswith("?") or len(each.split()) < _LEAST_TOLD for each in others)
        loose = found.tool in _ALSO_TALK or (found.tool in _KEEPS_ALL and not _asks(command, name))
        if asks or loose or (found.intent in _KEEPS_ALL and not last):
            return None
        return self._dated(found, command, " ".join(others), now)

    def _sentence(self, text: str, now: datetime) -> Routed:
        routed = self._route(text, now)
        if len(text) > _MAX_CORRECTED_CHARACTERS:
            return routed
        shorter = without_reason(text, self._language)
        for each in (text, shorter):
            if each is not None and (after := self._concluded(each, now)) is not None:
                return after
        if shorter is not None and routed.intent not in _KEEPS_ALL:
            other = self._meant(shorter, self._route(shorter, now), now)
            unclear = routed.tool == "cannot" or not _is_whole(routed)
            same = other.tool == routed.tool or (unclear and other.tool not in _NOT_WITHIN)
            if _is_whole(other) and other.intent not in _KEEPS_ALL and same:
                return other
        routed = self._meant(text, routed, now)
        return routed if _is_whole(routed) else self._within(text, routed, now)

    def _concluded(self, text: str, now: datetime) -> Routed | None:
        """The command drawn from what is told before it: "I'm cold, so close the window"."""
        parts = concluded(text, self._language)
        if parts is None or self._route(parts[0], now).tool not in (None, "cannot"):
            return None
        command = without_reason(parts[1], self._language) or parts[1]
        other = self._meant(command, self._route(command, now), now)
        if _names_nothing(other, self._language):
            return None
        if not _is_whole(other):
            lacks = other.kind is RouteKind.INCOMPLETE and other.tool in _AT_A_TIME
            named = other.tool == "timer" or len(other.args) > 1
            return other if lacks and named and _says_when(parts[0], self._language) else None
        if other.tool in (None, "cannot", "stop"):
            return None
        return self._dated(other, command, parts[0], now)

    def _dated(self, routed: Routed, command: str, besides: str, now: datetime) -> Routed | None:
        """A command within what is said besides, on the day that is said there: "my train's early
        on Monday, get me up at five". None where a time is said besides that it may be for.
        """
        name = self._language
        own, told = find_when(command, name), find_when(besides, name)
        rings = routed.tool in _RINGS
        timed = own is not None and own.when.has_time
        clock = told is not None and told.when.has_time and not timed
        if rings and clock and "seconds" not in routed.args:
            return None
        if routed.tool not in _AT_A_TIME or _has_day(own):
            return routed
        if rings and told is not None and told.when.repeats:
            return None  # "every Saturday, alarm for six"
        if _has_day(told) and (dated := on_the_day(command, besides, name)) is not None:
            other = self._route(dated, now)
            return other if _is_whole(other) and other.intent == routed.intent else None
        alone = _says_when(command, name) and not _has_day(told)
        return routed if alone or not _says_when(besides, name) else None

    def _meant(self, text: str, routed: Routed, now: datetime) -> Routed:
        """Where it goes as its speaker corrected or added to it, or in another order."""
        if not _is_whole(routed):
            for reordered in self._reordered(text):
                other = self._route(reordered, now)
                if _is_whole(other) and other.tool != "cannot":
                    return self._anew(reordered, other, now)
        anew = self._anew(text, routed, now)
        return self._with_more(text, routed, now) if anew is routed else anew

    def _anew(self, text: str, routed: Routed, now: datetime) -> Routed:
        """Where it goes as its speaker corrected it."""
        for meant in corrected(text, self._language):
            other = self._route(meant, now)
            if _is_whole(other) and _corrects(other, routed, self._language):
                return other
        return routed

    def _within(self, text: str, routed: Routed, now: datetime) -> Routed:
        """The command among what is said besides, or `routed` if there is none."""
        if routed.tool is not None and routed.args != _SOME_DEED:
            return routed
        for command in command_in(text, self._language):
            other = self._route(command, now)
            if other.tool in _NOT_WITHIN:
                continue
            dated = self._dated(other, command, plain(text).replace(command, "", 1), now)
            if dated is not None:
                return dated
        return routed

    def _reordered(self, text: str) -> Iterator[str]:
        """What was said with its parts where the templates have them."""
        said = hear(text, self._language).whole.text
        later = time_last(said, self._language)
        if later is not None:
            yield later
        yield from verb_first(said, self._language)

    def _with_more(self, text: str, routed: Routed, now: datetime) -> Routed:
        """With what is said besides of a list or an event: more items after the list's name, others
        in their place, or till when it lasts.
        """
        if routed.intent == "calendar.add" or routed.tool in (None, "cannot"):
            timed = with_length(text, self._language)
            other = NOT_A_COMMAND if timed is None else self._route(timed, now)
            if other.intent == "calendar.add" and other.kind is RouteKind.COMPLETE:
                return other
        if routed.intent in ("list.add", "list.remove") or routed.tool in (None, "cannot"):
            return self._more_items(text, routed, now)
        return routed

    def _more_items(self, text: str, routed: Routed, now: datetime) -> Routed:
        words = language(self._language)
        more = words.regex("more_items").fullmatch(plain(text).rstrip(" .!"))
        parts = more.groups() if more else in_place(text, self._language)
        if parts is None or len(parts[1].split()) > _MOST_MORE_WORDS:
            return routed
        if words.regex("on_a_list").search(parts[1]):
            return routed  # "put milk on the shopping list and on the party list"
        if words.regex("not_an_item").match(parts[1]):
            return routed  # "and we'll see what that is about"
        first, rest = self._route(parts[0], now), hear(parts[1], self._language).whole.text
        listed = first.intent in ("list.add", "list.remove") and "items" in first.args
        if not listed or self._route(rest, now).tool is not None:
            return routed
        items = [*cast("list[str]", first.args["items"])]
        items = [*(items if more else items[:-1]), *items_of(rest, words)]
        return replace(first, args={**first.args, "items": items})

    def _route(self, text: str, now: datetime) -> Routed:
        heard = hear(text, self._language)
        if not heard.short.text:
            return NOT_A_COMMAND
        plain_short, plain_whole = (
            normalize_for_matching(said.text).text.casefold() for said in (heard.short, heard.whole)
        )
        for grammar in self._grammars:
            routed = grammar.route(heard, plain_short, plain_whole, self._language, now)
            if routed is not None:
                return routed
        if (routed := self._framed(heard, now)) is not None:
            return routed
        if _asks_for_a_deed(heard, self._language):
            return Routed(RouteKind.COMPLETE, "cannot", dict(_SOME_DEED))
        return NOT_A_COMMAND

    def _framed(self, heard: Heard, now: datetime) -> Routed | None:
        found = framed(heard, self._language)
        args = None if found is None else fill_frame(found, heard, language(self._language), now)
        if found is None or args is None:
            return None
        kind = RouteKind.INCOMPLETE if found.incomplete else RouteKind.COMPLETE
        return Routed(kind, found.tool, args)


class _Grammar:
    """One file of templates.

    Beside what hassil reads, it may hold its `order` (particular templates come first), `said`
    ("whole" for those that keep own words: closing courtesies stay), and `final`, the intents to
    which more words would not change anything.
    """

    def __init__(self, path: Path) -> None:
        import yaml

        data = yaml.safe_load(path.read_text("utf-8"))
        self.order = int(data.pop("order", 5))
        self._whole = data.pop("said", "short") == "whole"
        self._final = frozenset(data.pop("final", ()))
        self._intents = Intents.from_dict(data)
        rules = self._intents.expansion_rules
        self._templates = [
            _Template.of(intent, block, sentence, rules)
            for intent in self._intents.intents.values()
            for block in intent.data
            for sentence in block.sentences  # in the order in which hassil tries them
        ]

    def _may(self, said: str) -> Intents | None:
        """The templates that may match; None if none may. hassil looks for what each can't do
        without too, but only after much else, and most have nothing to do with what was said.
        said: as hassil compares it.
        """
        begins = said[:_BEGINS]
        blocks: dict[str, list[IntentData]] = {}
        for each in self._templates:
            if (not each.begins or begins in each.begins) and _has(said, each.needed):
                blocks.setdefault(each.intent, []).append(each.block)
        found = {
            name: replace(self._intents.intents[name], data=data) for name, data in blocks.items()
        }
        return replace(self._intents, intents=found) if found else None

    def route(
        self, heard: Heard, short: str, whole: str, name: str, now: datetime
    ) -> Routed | None:
        """Where it goes by this file; None if by none of its templates. short, whole: what was
        heard, as hassil compares it.
        """
        intents = self._may(whole if self._whole else short)
        if intents is None:
            return None
        said = heard.whole if self._whole else heard.short
        for match in recognize_all(said.text, intents):
            found = matched(match, heard, language(name), now, whole=self._whole)
            tool = match.intent.name
            args = fill(tool, found)
            if args is None:
                continue
            kind = RouteKind.INCOMPLETE if found.metadata.get("incomplete") else RouteKind.COMPLETE
            return Routed(kind, tool, args, tool in self._final and kind is RouteKind.COMPLETE)
        return None


@dataclass(frozen=True)
class _Template:
    """One template in a block of its own. begins: what it may begin with, in lower case; empty if
    with anything. needed: of each of these, one part.
    """

    intent: str
    block: IntentData
    begins: frozenset[str]
    needed: frozenset[frozenset[str]]

    @classmethod
    def of(
        cls, intent: Intent, block: IntentData, sentence: Sentence, rules: Mapping[str, Sentence]
    ) -> "_Template":
        """That of one sentence of a block."""
        alone = replace(block, sentence_texts=[str(sentence.text)])
        vars(alone)["sentences"] = [sentence]  # it is parsed already
        begins = _beginnings(sentence.expression, rules)
        whole = begins is not None and all(len(each) == _BEGINS for each in begins)
        needed = sentence.get_required_clauses(dict(rules))
        return cls(intent.name, alone, frozenset(begins or ()) if whole else frozenset(), needed)


def _beginnings(part: Expression, rules: Mapping[str, Sentence]) -> set[str] | None:
    """The first letters that what matches may have, "" where it may be empty; None for any."""
    match part:
        case TextChunk():
            return {part.text.lstrip()[:_BEGINS].casefold()}
        case RuleReference():
            return _beginnings(rules[part.rule_name].expression, rules)
        case Sequence():
            found: set[str] = {""}
            for item in part.items:
                if "" not in found:
                    break
                more = _beginnings(item, rules)
                if more is None:
                    return None
                found = (found - {""}) | more
            return found
        case Group():
            several = [_beginnings(item, rules) for item in part.items]
            empty = {""} if isinstance(part, Alternative) and part.is_optional else set[str]()
            return None if None in several else empty.union(*filter(None, several))
        case _:
            return None


def _has(said: str, needed: Iterable[Iterable[str]]) -> bool:
    """Whether one part of each is in what was said."""
    for parts in needed:
        for part in parts:
            if part in said:
                break
        else:
            return False
    return True


@cache
def _grammars(name: str) -> tuple[_Grammar, ...]:
    """The files of a language, particular ones first; read once for all routers."""
    files = sorted(folder_of(name).glob("*.yaml"))
    return tuple(sorted((_Grammar(file) for file in files), key=lambda each: each.order))


def _is_whole(routed: Routed) -> bool:
    return routed.kind is RouteKind.COMPLETE and routed.args != _SOME_DEED


def _asks(text: str, name: str) -> bool:
    """Whether somebody is asked to do it: "could you remember that …"."""
    return language(name).regex("asks_kindly").search(text) is not None


def _has_day(found: Found | None) -> bool:
    """Whether a day is said, or several."""
    return found is not None and (found.when.has_date or found.when.repeats)


def _says_when(text: str, name: str) -> bool:
    """Whether a time or a duration is said."""
    return find_when(text, name) is not None or find_duration(text, name) is not None


def _corrects(meant: Routed, heard: Routed, name: str) -> bool:
    """Whether a corrected command may stand for what was heard as it is.

    What keeps own words may hold "no" or "sorry" as they are ("remember that she said no, …"), but
    does not begin with them.
    """
    own_words = ("fact", "topic", "text", "title")
    if heard.kind is not RouteKind.COMPLETE or heard.tool == "cannot":
        return meant.intent != "calendar.remove"  # "but they make it hard" corrects nothing
    return meant.tool == heard.tool and all(
        str(heard.args[word]).startswith(str(meant.args.get(word, "\0")))
        or (word in _DEEDS and word_anew(str(heard.args[word]), name) == meant.args.get(word))
        or (word in _SAID and said_anew(str(heard.args[word]), str(meant.args.get(word)), name))
        or begins_with_correction(str(heard.args[word]), name)
        or _is_cut(str(heard.args[word]), str(meant.args.get(word)), name)
        for word in own_words
        if word in heard.args
    )


def _names_nothing(routed: Routed, name: str) -> bool:
    """Whether what it is about was said before: "remind me about it"."""
    said = (routed.args.get(word) for word in ("text", "title", "items"))
    nothing = language(name).words("no_topic")
    whole = (" ".join(cast("list[str]", s)) if isinstance(s, list) else str(s) for s in said if s)
    return any(nothing.issuperset(each.lower().split()) for each in whole)


def _is_cut(heard: str, meant: str, name: str) -> bool:
    """Whether own words were taken with what a time was cut out of: "five, no, , ring the vet"."""
    before, comma, after = heard.rpartition(", , ")
    return bool(comma) and after == meant and ends_with_correction(before, name)


def _asks_for_a_deed(heard: Heard, name: str) -> bool:
    """Whether this asks for something to be done ("could you juggle", "hand me the salt"), which
    nothing here does; a small model would claim that it did.
    """
    words = language(name)
    text = heard.whole.text
    talk = words.words("talk")
    if heard.polite:
        first = words.regex("first_word").match(text)
        if first is None:
            return False
        rest = text[first.end() :].lower()
        return first.group().lower() not in talk or rest.startswith((" up ", " off "))
    deed = None if heard.asked else words.regex("deed").match(text)
    return deed is not None and deed.group(1).lower() not in talk
