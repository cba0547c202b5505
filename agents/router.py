"""Decides whether what was said is a complete command, and which: a grammar, never a model."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path

from hassil import Intents, recognize_all
from hassil.util import normalize_for_matching

from agents.durations import find_duration
from agents.frames import framed
from agents.language import folder_of, language
from agents.replies import urgent
from agents.said import Heard, begins_with_correction, command_in, corrected, hear, plain, word_anew
from agents.slots import fill, fill_frame, matched
from agents.times import find_when
from agents.tools import Call

__all__ = ["NOT_A_COMMAND", "RouteKind", "Routed", "Router", "plain"]

_MAX_CHARACTERS = 600
_DEEDS = ("text", "title")
"""Own words that say what to do, and not what is so."""
_MAX_CORRECTED_CHARACTERS = 200
_NOT_WITHIN = (None, "cannot", "stop", "remember", "calendar.remove", "calendar.move")
"""What is not looked for among other words ("I'd cancel the gym, but they make it hard")."""
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
        routed = self._route(text, now)
        if len(text) > _MAX_CORRECTED_CHARACTERS:
            return routed
        for meant in corrected(text, self._language):
            other = self._route(meant, now)
            if other.kind is RouteKind.COMPLETE and _corrects(other, routed, self._language):
                return other
        if routed.tool is None or routed.args == {"capability": "other"}:
            for command in command_in(text, self._language):
                if _says_when(plain(text).replace(command, "", 1), self._language):
                    continue  # "my train's early on Monday, get me up at five"
                other = self._route(command, now)
                if other.tool not in _NOT_WITHIN and other.intent not in _NOT_WITHIN:
                    return other
        return routed

    def _route(self, text: str, now: datetime) -> Routed:
        heard = hear(text, self._language)
        if not heard.short.text:
            return NOT_A_COMMAND
        plain_short, plain_whole = (
            normalize_for_matching(said.text).text.casefold() for said in (heard.short, heard.whole)
        )
        for grammar in self._grammars:
            if not grammar.may(plain_short, plain_whole):
                continue
            if (routed := grammar.route(heard, self._language, now)) is not None:
                return routed
        if (routed := self._framed(heard, now)) is not None:
            return routed
        if _asks_for_a_deed(heard, self._language):
            return Routed(RouteKind.COMPLETE, "cannot", {"capability": "other"})
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
        self._needed = {
            sentence.get_required_clauses(rules)
            for intent in self._intents.intents.values()
            for each in intent.data
            for sentence in each.sentences
        }

    def may(self, short: str, whole: str) -> bool:
        """Whether any template finds in what was said all that it can't do without: hassil looks
        for that too, but only after much else, and most files have nothing to do with it. short,
        whole: what was heard, as hassil compares it.
        """
        said = whole if self._whole else short
        return any(_has(said, needed) for needed in self._needed)

    def route(self, heard: Heard, name: str, now: datetime) -> Routed | None:
        """Where it goes by this file; None if by none of its templates."""
        said = heard.whole if self._whole else heard.short
        for match in recognize_all(said.text, self._intents):
            found = matched(match, heard, language(name), now, whole=self._whole)
            tool = match.intent.name
            args = fill(tool, found)
            if args is None:
                continue
            kind = RouteKind.INCOMPLETE if found.metadata.get("incomplete") else RouteKind.COMPLETE
            return Routed(kind, tool, args, tool in self._final and kind is RouteKind.COMPLETE)
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
        or begins_with_correction(str(heard.args[word]), name)
        for word in own_words
        if word in heard.args
    )


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
