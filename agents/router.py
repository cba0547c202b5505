"""Decides whether what was said is a complete command, and which: a grammar, never a model."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from hassil import Intents, recognize_all
from hassil.recognize import RecognizeResult

from agents.durations import Span, find_duration, find_span

_FOLDER = Path(__file__).parent / "intents"
_MAX_CHARACTERS = 600
_WAKE = r"jarvis|alexa|mycroft|rhasspy|nabu|lapel|computer"
_OPENING = re.compile(
    rf"(?:(?:hey|hi|hello|ok|okay|alright|all right|um|uh|er|so|well|yeah|yes|and|oh|now|please"
    rf"|just|kindly|{_WAKE})\b[\s,.!:;-]*)+(?=\w)",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"(?:(?:can|could|would|will) you(?: mind)?|i(?: want|'d like| would like| need) you to)"
    r"(?: please| kindly| just)*[\s,]+",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    rf"[\s,.!?;:-]*\b(?:please|thanks(?: a lot)?|thank you(?: very much)?|for me|will you|{_WAKE})"
    r"[\s,.!?]*$",
    re.IGNORECASE,
)
_CLOSING_AFTER_PAUSE = re.compile(
    rf"[.,!?;]\s*(?:please|thanks(?: a lot)?|thank you(?: very much)?|{_WAKE})[\s,.!?]*$",
    re.IGNORECASE,
)
_FOR_ME = re.compile(r" for (?:me|us) (?=for|to|of|called|named)", re.IGNORECASE)
_IMPERATIVE_SET = re.compile(r"(?:set|start|put|make|create|give)\b", re.IGNORECASE)
_NOT_IN_A_NAME = frozenset(
    """
    a an the i i'm i've you he she it we they my your his her our is are was were be been has have
    had do does did don't not never set start started put make made cancel stop how why what when
    where who which if and or but because there for of to at in on with can could should would
    will all every any timer timers reminder thislong
    """.split()  # noqa: SIM905 - words to read
)
_NOT_A_FACT = re.compile(
    r"(?:when|how|who|what|whether|if|where|why|which|me|us|you|the time|the day|the days|that"
    r"|remember|it|them|him|her)\b",
    re.IGNORECASE,
)
_STATES = re.compile(
    r"\d|'s\b|'re\b|'m\b|\b(?:is|are|was|were|am|be|has|have|had|will|can|likes?|loves?|hates?"
    r"|wants?|needs?|lives?|works?|takes?|costs?|starts?|ends?|opens?|closes?|comes?|goes|gets?"
    r"|put|left|parked|keeps?|kept|leaves?|moved|called|named|owes?|lent|borrowed|gave|told|said"
    r"|bought|prefers?|plays?|eats?|drinks?|drives?|speaks?|met|meets?|must|should|did|does|do"
    r"|means?|stands? for|belongs?|expires?|sleeps?|hid|stored|sits?|allergic)\b",
    re.IGNORECASE,
)
_STATEMENT = re.compile(r"\b(?:is|are|was|were|will be|means|said|has|have)\b", re.IGNORECASE)
_NOT_A_THING = re.compile(
    r"(?:me\b(?! (?:a|an|some|two|three|the)\b)|in|of|it a|is|are|was|means|low|back|to)\b",
    re.IGNORECASE,
)


_TALK = frozenset(
    """
    tell explain describe name list define spell translate say give compare suggest recommend
    write convert calculate help show answer ask think imagine guess repeat summarize summarise
    teach pick choose count speak recite hear understand see talk know believe feel agree chat
    remember forget set cancel stop let please thank thanks hello hi hey good nice welcome excuse
    yes no i you he she it we they this that these those there here my your his her our their the
    a an all both half such just even only like of to for from by about with without in on at into
    over under after before during since until because when where who what which whose why how if
    but and or so then than as is are was were be am do does did has have had can could will would
    shall should may might must not never don't doesn't didn't isn't let's maybe perhaps sometimes
    once now also today tomorrow yesterday tonight everybody everyone nobody call
    """.split()  # noqa: SIM905 - words to read
)
_DEED = re.compile(
    r"([a-z-]+) (?:(?:up|on|off|out|down|away|back) )?"
    r"(?:the|my|a|an|some|me|us|this|that|our|his|her|him|it|for)\b",
    re.IGNORECASE,
)
_FIRST_WORD = re.compile(r"[a-z-]+", re.IGNORECASE)


_FINAL = ("timer", "clock", "help", "stop", "undo")
_OWN_WORDS = ("fact", "task", "topic", "span", "person")
_NOBODY = frozenset(
    ("me", "you", "him", "her", "us", "them", "it", "that", "this", "i", "the", "a")
)


class RouteKind(Enum):
    """How far an utterance is a command."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    NOT_A_COMMAND = "not a command"


@dataclass(frozen=True)
class Routed:
    """Where an utterance goes: to a tool with raw arguments, or (no tool) to the model."""

    kind: RouteKind
    tool: str | None = None
    args: dict[str, object] = field(default_factory=dict[str, object])

    @property
    def is_final(self) -> bool:
        """Whether more words could not change it: a whole command that ends in no free text."""
        return self.kind is RouteKind.COMPLETE and self.tool in _FINAL


NOT_A_COMMAND = Routed(RouteKind.NOT_A_COMMAND)


@dataclass(frozen=True)
class _Heard:
    """An utterance without its courtesies."""

    text: str  # nothing left out but an opening, and a closing after a pause
    short: str  # no closing, and the duration as one word
    duration: Span | None
    polite: bool  # "could you …": a question in form only
    asked: bool  # a question in form


class Router:
    """Matches utterances against the templates of one language.

    Cheap to make; `load()` reads the templates. Thread-safe after that.
    """

    def __init__(self, language: str = "en") -> None:
        self._language = language
        self._grammars: list[tuple[str, Intents]] = []

    def load(self) -> None:
        """Read and parse the templates, so that the first `route` is as fast as the rest."""
        self._grammars = [
            (part, Intents.from_files([_FOLDER / f"{self._language}{part}.yaml"]))
            for part in ("", "_memory", "_cannot")
        ]
        for _, grammar in self._grammars:
            for intent in grammar.intents.values():
                for data in intent.data:
                    for sentence in data.sentences:
                        _ = sentence.get_required_clauses(grammar.expansion_rules)

    def route(self, text: str) -> Routed:
        """Route one utterance; pure, and safe with any text.

        Raises RuntimeError before `load()`.
        """
        if not self._grammars:
            raise RuntimeError("Router.load() was not called")
        if len(text) > _MAX_CHARACTERS:
            return NOT_A_COMMAND
        heard = _clean(text)
        if not heard.short:
            return NOT_A_COMMAND
        for part, grammar in self._grammars:
            said = heard.text if part == "_memory" else heard.short
            for match in recognize_all(said, grammar):
                routed = _accept(part, match, heard)
                if routed is not None:
                    return routed
        if _asks_for_a_deed(heard):
            return Routed(RouteKind.COMPLETE, "cannot", {"capability": "other"})
        return NOT_A_COMMAND


def plain(text: str) -> str:
    """`text` in composed Unicode on one line, without control and format characters."""
    text = unicodedata.normalize("NFC", text).replace("\u2019", "'")
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(kept.split())


def _clean(text: str) -> _Heard:
    text = _OPENING.sub("", plain(text), count=1) if _OPENING.match(plain(text)) else plain(text)
    asked = text.rstrip(" .!").endswith("?") or _ends_asked(text)
    without = _POLITE.sub("", text, count=1) if _POLITE.match(text) else text
    polite = without != text
    text = _OPENING.sub("", without, count=1) if polite and _OPENING.match(without) else without
    while (shorter := _CLOSING_AFTER_PAUSE.sub("", text)) != text:
        text = shorter
    text = text.strip(" ,;:-")
    short = text
    while (shorter := _CLOSING.sub("", short)) != short:
        short = shorter
    short = _FOR_ME.sub(" ", short).replace("thislong", "").strip(" ,;:.!?-")
    duration = find_duration(short)
    if duration is not None:
        short = f"{short[: duration.start]}thislong{short[duration.end :]}"
        short = short.replace("thislong-", "thislong ").replace("-thislong", " thislong")
    return _Heard(text.rstrip(" .!?"), short, duration, polite, asked)


def _ends_asked(text: str) -> bool:
    """Whether a question mark stands before closing courtesies ("… pot? Thanks.")."""
    return _CLOSING_AFTER_PAUSE.sub("", text).rstrip().endswith("?") or "?" in text[-12:]


def _accept(part: str, match: RecognizeResult, heard: _Heard) -> Routed | None:
    """The route of a match, or None where its words don't bear it out."""
    args = dict(_slots(match, heard))
    if part == "_cannot":
        what = str(args.get("what", ""))
        if match.intent.name not in ("alarms", "messages") and _NOT_A_THING.match(what):
            return None
        if _STATEMENT.search(what):
            return None
        return Routed(RouteKind.COMPLETE, "cannot", {"capability": match.intent.name})
    metadata = match.intent_metadata or {}
    incomplete = bool(metadata.get("incomplete"))
    tool = match.intent.name
    question = heard.asked and not heard.polite
    if tool == "timer":
        accepted = _timer(args, match, heard, question, long_name="long_name" in metadata)
    elif tool == "remember":
        accepted = not question and (incomplete or _remember(args, heard))
    elif tool == "forget":
        accepted = not question and _span(args) and _forget(args)
    elif tool == "recall":
        accepted = _span(args)
    elif tool == "permissions":
        accepted = (args["action"] == "list" or not question) and _permission(args)
    elif tool in ("undo", "lock"):
        accepted = not question
    else:
        accepted = True
    if not accepted:
        return None
    return Routed(RouteKind.INCOMPLETE if incomplete else RouteKind.COMPLETE, tool, args)


def _asks_for_a_deed(heard: _Heard) -> bool:
    """Whether this asks for something to be done ("could you juggle", "hand me the salt"), which
    nothing here does; a small model would claim that it did.
    """
    if heard.polite:
        first = _FIRST_WORD.match(heard.text)
        if first is None:
            return False
        rest = heard.text[first.end() :]
        return first.group().lower() not in _TALK or rest.lower().startswith((" up ", " off "))
    deed = None if heard.asked else _DEED.match(heard.text)
    return deed is not None and deed.group(1).lower() not in _TALK


def _slots(match: RecognizeResult, heard: _Heard) -> Iterator[tuple[str, object]]:
    for name, entity in match.entities.items():
        value: object = entity.value
        if isinstance(value, str) and entity.is_wildcard:
            start, end = entity.text_span or (0, 0)
            value = (heard.text[start:end] if name in _OWN_WORDS else value).strip(" ,.;:!?")
        yield name, value


def _timer(
    args: dict[str, object], match: RecognizeResult, heard: _Heard, question: bool, long_name: bool
) -> bool:
    """Fill in the duration; False if this reads like a sentence about timers."""
    name = args.get("name")
    if isinstance(name, str):
        words = name.lower().split()
        if not words or len(words) > (8 if long_name else 3):
            return False
        if not long_name and not _NOT_IN_A_NAME.isdisjoint(words):
            return False
        args["name"] = name if long_name else name.lower()
    sentence = match.intent_sentence
    if heard.duration is not None and sentence is not None:
        args["seconds"] = _whole(heard.duration.seconds)
    if args["action"] == "set":
        return not question or _IMPERATIVE_SET.match(heard.short) is not None
    return args["action"] != "cancel" or not question


def _span(args: dict[str, object]) -> bool:
    """Turn the words of a stretch of time into seconds; False if they are none."""
    span = args.pop("span", None)
    if span is None:
        return True
    seconds = find_span(str(span))
    if seconds is not None:
        args["seconds"] = _whole(seconds)
    return seconds is not None


def _forget(args: dict[str, object]) -> bool:
    """False if there is no topic in what should be one, or too much."""
    topic = str(args.get("topic", "x")).lower()
    nothing = topic in ("", "about", "something", "it", "that", "this", "them", "those", "these")
    return not nothing and "," not in topic and len(topic.split()) <= 12


def _permission(args: dict[str, object]) -> bool:
    """Whether it is about somebody, where it is about one person."""
    person = args.get("person")
    return person is None or (
        0 < len(str(person).split()) <= 3 and str(person).lower() not in _NOBODY
    )


def _whole(seconds: float) -> float | int:
    return int(seconds) if seconds.is_integer() else seconds


def _remember(args: dict[str, object], heard: _Heard) -> bool:
    """Settle on the fact; False if this is a memory, not something to remember."""
    said_that = args.pop("said", None) is not None
    task = args.pop("task", None)
    if isinstance(task, str):
        args["fact"] = f"I need to {task}"
        return True
    fact = str(args.get("fact", ""))
    if said_that:
        return bool(fact)
    return not _NOT_A_FACT.match(fact) and len(fact.split()) > 2 and bool(_STATES.search(fact))
