"""What a matched template gives a tool: its arguments, or none if the words don't bear it out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hassil.recognize import RecognizeResult

from agents.durations import find_duration, find_span
from agents.frames import Framed
from agents.language import Language
from agents.quantities import conversion_of, sum_of
from agents.said import Heard
from agents.times import When, asked_days, clock_time, date_of, kept, resolve

_TIME = re.compile("thistime", re.IGNORECASE)
_CLOSED = ' ,.;:!?"'
_LONGEST_NAME = 3
_LONGEST_OWN_NAME = 8


@dataclass(frozen=True)
class Matched:
    """A template that fits: its fixed values, and the speaker's words by slot.

    whole: the words with the times among them. rest: without. metadata: what the template says of
    itself. seconds: the duration that was said, unless it is among the speaker's own words.
    """

    fixed: Mapping[str, object]
    whole: Mapping[str, str]
    rest: Mapping[str, str]
    metadata: Mapping[str, object]
    seconds: float | int | None
    heard: Heard
    words: Language
    now: datetime

    @property
    def when(self) -> When | None:
        """The time that was said."""
        return self.heard.when


Fill = Callable[[Matched], dict[str, object] | None]


def matched(
    match: RecognizeResult, heard: Heard, words: Language, now: datetime, *, whole: bool
) -> Matched:
    """What `match` found in what was said. whole: it was matched with all courtesies."""
    own = match.intent_metadata or {}
    said = heard.whole if whole else heard.short
    seconds = None if heard.duration is None else _number(heard.duration.seconds)
    fixed: dict[str, object] = {}
    words_of: dict[str, str] = {}
    rest: dict[str, str] = {}
    for name, entity in match.entities.items():
        if not entity.is_wildcard:
            fixed[name] = entity.value
            continue
        start, end = entity.text_span or (0, 0)
        words_of[name] = said.own_words(start, end).strip(_CLOSED)
        if "thislong" in said.text[start:end].lower():
            seconds = None
        outside = said.cut(start, end).sub(_TIME, "")
        rest[name] = outside.own_words(0, len(outside.text)).strip(_CLOSED)
    return Matched(fixed, words_of, rest, own, seconds, heard, words, now)


def fill(tool: str, match: Matched) -> dict[str, object] | None:
    """The arguments of `tool`; None if this is not what was meant."""
    return _FILL.get(tool, _as_said)(match)


def fill_frame(
    found: Framed, heard: Heard, words: Language, now: datetime
) -> dict[str, object] | None:
    """The arguments of a command that was known by its words; None if this is not what was meant.

    A small number of a level is one of ten.
    """
    fixed = dict(found.slots)
    if found.number is not None:
        fixed["percent" if found.is_percent or found.number > 10 else "tenths"] = found.number
    said = {} if found.name is None else {"name": found.name}
    own = {"incomplete": found.incomplete, "question": found.question}
    seconds = None if heard.duration is None else _number(heard.duration.seconds)
    return fill(found.tool, Matched(fixed, said, said, own, seconds, heard, words, now))


def items_of(said: str, words: Language) -> list[str]:
    """The things of a spoken list: "milk, eggs and some bread"."""
    parts = words.regex("joins").split(said)
    kept = (words.regex("ends_kindly").sub("", part.strip(_CLOSED)) for part in parts)
    bare = (words.regex("some").sub("", part, count=1) for part in kept)
    return [part for part in bare if part]


def unit_of(target: str, words: Language) -> Literal["degrees", "percent"] | None:
    """In what a thing in the home is set, by its name; None where that doesn't tell."""
    if words.regex("in_percent").search(target):
        return "percent"  # "the bedroom lights"
    return "degrees" if words.regex("in_degrees").search(target) else None


def steps_of(said: str, words: Language) -> list[str]:
    """The commands of a spoken routine: "dim the lights and then set an alarm for seven"."""
    return [step for part in words.regex("steps").split(said) if (step := part.strip(_CLOSED))]


def _as_said(match: Matched) -> dict[str, object] | None:
    """The values as they are; a question only where the template is one."""
    if match.heard.question and not match.metadata.get("question"):
        return None
    if any(not words for words in match.whole.values()):
        return None
    return {**match.fixed, **match.whole}


def _clock(match: Matched) -> dict[str, object] | None:
    args = {**match.fixed, **match.whole}
    place = args.get("place")
    if isinstance(place, str) and not _is_place(place, match):
        return None
    other_day = match.when is not None and date_of(match.when, match.now) != match.now.date()
    if args.get("action") in ("date", "time", "year", "week") and other_day:
        return None
    if match.metadata.get("bare") and match.when is not None:
        on = match.words.regex("what_is_on").match(match.heard.whole.text)
        if on or match.when.stretch is not None:
            return None  # what is on then is asked of the calendar
    if args.get("action") == "until" or (args.get("action") == "day" and match.when):
        if match.when is None or (day := date_of(match.when, match.now)) is None:
            return None
        if args["action"] == "until" or day != match.now.date():
            args["date"] = day.isoformat()
    return args


def _is_place(said: str, match: Matched) -> bool:
    return 0 < len(said.split()) <= 4 and not match.words.regex("not_a_place").match(said)


def _timer(match: Matched) -> dict[str, object] | None:
    args: dict[str, object] = {**match.fixed, **match.whole}
    long_name = bool(match.metadata.get("long_name"))
    name = args.get("name")
    if isinstance(name, str):
        name = name if long_name else _before_comma(name, match.words.name)
        if not _is_name(name, match, long=long_name):
            return None
        args["name"] = name if long_name else name.lower()
    below_zero = args.pop("below_zero", False)
    if match.seconds is not None:
        args["seconds"] = -match.seconds if below_zero else match.seconds
    if "count" in args:
        args["seconds"] = _number(float(str(args.pop("count"))))
    question = match.heard.question
    if args["action"] == "set":
        imperative = match.words.regex("imperative_set").match(match.heard.short.text)
        return args if not question or imperative else None
    return None if question and args["action"] not in ("left", "list") else args


def _everything(match: Matched) -> dict[str, object] | None:
    if match.heard.question:
        return None
    kinds = [kind for kind in ("timer", "alarm", "reminder") if match.fixed.get(kind)]
    return {"action": match.fixed["action"], **({"kinds": kinds} if kinds else {})}


def _microphone(match: Matched) -> dict[str, object] | None:
    args = _as_said(match)
    if args is None or match.seconds is None:
        return args
    return {**args, "seconds": match.seconds}


def _before_comma(name: str, language: str) -> str:
    """A name without a word or two put in behind it: "for the eggs, let me see, ten minutes"."""
    first, _, rest = name.partition(",")
    put_in = len(rest.split()) <= _LONGEST_NAME and find_duration(first, language) is None
    return first if put_in else name


def _is_name(name: str, match: Matched, *, long: bool) -> bool:
    said = name.lower().split()
    if not said or len(said) > (_LONGEST_OWN_NAME if long else _LONGEST_NAME):
        return False
    if said[0].startswith("'"):  # of "tomorrow's"
        return False
    return long or match.words.words("not_in_a_name").isdisjoint(said)


def _alarm(match: Matched) -> dict[str, object] | None:
    args: dict[str, object] = {**match.fixed}
    action = args["action"]
    if match.heard.question and action != "list":
        return None
    name = match.rest.get("name")
    if name is not None:
        if not _is_name(name, match, long=False):
            return None
        args["name"] = name.lower()
    if action == "set":
        return _due(args, match, early=True)
    if action == "cancel" and match.when is not None:
        time = clock_time(match.when)
        day = date_of(match.when, match.now)
        if time is not None:
            args["time"] = time
        if day is not None:
            args["day"] = day.isoformat()
    if action == "snooze" and match.seconds is not None:
        args["seconds"] = match.seconds
    return args


def _reminder(match: Matched) -> dict[str, object] | None:
    args: dict[str, object] = {**match.fixed}
    action = args["action"]
    if match.heard.question and action != "list":
        return None
    text = match.rest.get("text")
    if text is not None:
        bare = match.words.regex("kindly").sub("", f"{text} ").strip()
        if not bare or len(text.split()) > 40:
            return None  # "remind me please at six"
        args["text"] = match.words.regex("leads_a_deed").sub("", text)
    if action == "list" and match.when is not None:
        day = date_of(match.when, match.now)
        return None if day is None else {**args, "date": day.isoformat()}
    return _due(args, match, early=False) if action == "set" else args


def _due(args: dict[str, object], match: Matched, *, early: bool) -> dict[str, object] | None:
    """With when it is due, as far as that was said."""
    if "when" in args:
        return args
    if match.when is not None:
        resolved = resolve(match.when, match.now, early=early)
        if resolved is None:
            return None
        args["at"] = resolved.at.isoformat(timespec="minutes")
        if resolved.repeat is not None:
            args["repeat"] = resolved.repeat
    elif match.seconds is not None:
        args["seconds"] = match.seconds
    elif not match.metadata.get("incomplete"):
        return None
    return args


def _list(match: Matched) -> dict[str, object] | None:
    args: dict[str, object] = {**match.fixed}
    action = args["action"]
    if match.heard.question and action not in ("read", "lists"):
        return None
    other_day = match.when is not None and date_of(match.when, match.now) != match.now.date()
    if match.metadata.get("today") and other_day:
        return None  # a list has no days: what is to be done then is on the calendar
    name = match.whole.get("list")
    if name is not None:
        bare = re.sub(r"\s*list$", "", name, flags=re.IGNORECASE).lower()
        if not bare or len(bare.split()) > _LONGEST_NAME:
            return None
        args["list"] = bare
    also = match.whole.get("also")
    if also is not None:
        if not also or len(also.split()) > _LONGEST_NAME:
            return None
        args["also_on"] = [also.lower()]
    said = match.whole.get("items")
    if said is not None:
        if match.metadata.get("verbless") and _is_more_than_things(said, match):
            return None
        items = _without_denied(items_of(said.strip("\"'"), match.words), match.words)
        if any(match.words.regex("on_a_list").search(item) for item in items):
            return None
        if any(match.words.regex("not_an_item").match(item) for item in items):
            return None  # "we're out of twine, so that goes on the list"
        vague = match.words.words("no_topic")
        if all(item.lower() in vague for item in items) or len(said.split()) > 40:
            return None
        args["items"] = items
    if action in ("add", "remove", "read", "clear"):
        args.setdefault("list", "shopping")
    return args


def _is_more_than_things(said: str, match: Matched) -> bool:
    """Whether this asks for something, or tells of it: "what's left", "read me all"."""
    words = match.words
    asks = words.regex("question").match(match.heard.whole.text)
    more = words.regex("on_a_list").search(said) or words.regex("not_only_things").search(said)
    return asks is not None or more is not None


def _without_denied(items: list[str], words: Language) -> list[str]:
    """Without what is taken back: "eggs, not eggs, butter" is butter."""
    denied = {m["what"].lower() for each in items if (m := words.regex("denied").fullmatch(each))}
    return [
        each
        for each in items
        if each.lower() not in denied and not words.regex("denied").fullmatch(each)
    ]


def _note(match: Matched) -> dict[str, object] | None:
    args = _as_said(match)
    said = match.whole.get("text", match.whole.get("topic", ""))
    if args is not None and "text" in args:
        args["text"] = match.words.regex("kindly").sub("", said)
    return None if match.words.regex("not_a_note").match(said) else args


def _calendar(match: Matched) -> dict[str, object] | None:
    args: dict[str, object] = {**match.fixed}
    action = args["action"]
    if match.heard.question and action in ("add", "remove", "move"):
        return None
    title = match.rest.get("title")
    if title is not None:
        title = title.removeprefix("'s ")  # of "Tuesday's haircut"
        if not title or len(title.split()) > 20 or match.words.regex("on_calendar").search(title):
            return None
        if match.metadata.get("verbless") and _is_more_than_things(title, match):
            return None
        if action == "add" and _begins_with_length(title, match.words):
            return None  # "a three hour course": how long is none of its name
        if match.metadata.get("event") and not match.words.regex("event").search(title):
            return None
        args["title"] = title
    if action == "day":
        if match.when is None:
            return {**args, "date": match.now.date().isoformat()}
        days = asked_days(match.when, match.now)
        return None if days is None else {**args, **days}
    if action == "remove":
        return _removed(args, match)
    if action == "move" and not _moves(match):
        return None
    if action not in ("add", "move"):
        return args
    if match.when is not None:
        resolved = resolve(match.when, match.now)
        if resolved is None or resolved.repeat is not None:
            return None
        args["at"] = resolved.at.isoformat(timespec="minutes")
        if action == "move" and (keeps := kept(match.when)):
            args["keeps"] = keeps
    elif not match.metadata.get("incomplete"):
        return None
    if match.seconds is not None:
        args["seconds"] = match.seconds
    return args


def _begins_with_length(title: str, words: Language) -> bool:
    lengths = (
        find_duration(each, words.name)
        for each in (title, words.regex("article").sub("", title, count=1))
    )
    return any(each is not None and each.start == 0 for each in lengths)


def _removed(args: dict[str, object], match: Matched) -> dict[str, object] | None:
    """With the day and the time that say which appointment; None where another tool's is meant."""
    if match.metadata.get("dated") and not (match.when is not None and match.when.has_date):
        return None
    if match.words.regex("not_an_event").search(match.whole.get("title", "")):
        return None
    if match.when is not None:
        time, day = clock_time(match.when), date_of(match.when, match.now)
        args |= {} if time is None else {"time": time}
        args |= {} if day is None else {"date": day.isoformat()}
    return args


def _moves(match: Matched) -> bool:
    """Whether an appointment is moved, and not some thing or what rings."""
    if match.words.regex("not_an_event").search(match.whole.get("title", "")):
        return False
    timed = match.when is not None and match.when.has_time
    to_day = match.when is not None and match.when.has_date and match.metadata.get("dated")
    return bool(timed or to_day or match.metadata.get("event"))


def _level(match: Matched) -> dict[str, object] | None:
    if match.heard.question and match.fixed["action"] != "read":
        return None
    args = {**match.fixed}
    tenths = args.pop("tenths", None)
    if isinstance(tenths, int | float):
        args["percent"] = _number(tenths * 10.0)
    percent = args.get("percent")
    return args if not isinstance(percent, int | float) or 0 <= percent <= 100 else None


def _home(match: Matched) -> dict[str, object] | None:
    args: dict[str, object] = {**match.fixed, **match.whole}
    if "room" in args:
        args["target"] = f"{args.pop('room')} {args.pop('thing')}"
    if match.heard.question and args["action"] != "state":
        return None
    if match.metadata.get("incomplete") and "target" not in args:
        return args
    target = str(args.get("target", ""))
    if match.metadata.get("unit_by_name"):
        unit = unit_of(target, match.words)
        if unit is None:
            return None
        args["unit"] = unit
    if match.metadata.get("verbless") and match.words.regex("cooks").search(target):
        return None
    if match.metadata.get("switch") and not match.words.regex("has_a_switch").search(target):
        return None
    if (
        not target
        or "," in target
        or target.casefold().endswith(" one")  # of several things that are set, none of the home's
        or len(target.split()) > 6
        or match.words.regex("not_a_target").match(target)
    ):
        return None
    return None if match.words.regex("statement").search(target) else args


def _weather(match: Matched) -> dict[str, object] | None:
    args: dict[str, object] = {**match.fixed}
    place = match.rest.get("place")
    if place:
        if not _is_place(place, match):
            return None
        args["place"] = place
    if match.when is not None and (day := date_of(match.when, match.now)) is not None:
        args["date"] = day.isoformat()
    return args


def _routine(match: Matched) -> dict[str, object] | None:
    args: dict[str, object] = {**match.fixed}
    action = args["action"]
    if match.heard.question and action not in ("list", "show"):
        return None
    name = match.whole.get("name")
    if name is not None:
        begins = re.search("[,:;]", name) and "steps" in match.whole  # its first step is in it
        if not name or len(name.split()) > 6 or begins:
            return None
        args["name"] = name.lower()
    taught = match.whole.get("taught")
    said = match.whole.get("steps")
    if taught is not None:
        named, colon, rest = taught.partition(":")
        parts = match.words.regex("command_verbs").split(taught, maxsplit=1)
        parts = [named, rest] if colon else parts
        if len(parts) < 2 or not parts[1]:
            return None
        name, said = parts
        args["name"] = name.strip(f"{_CLOSED}\"'").lower()
    if said is not None:
        steps = steps_of(said, match.words)
        if not steps or match.words.regex("not_a_step").match(steps[0]):
            return None
        args["steps"] = steps
    return args


def _remember(match: Matched) -> dict[str, object] | None:
    """The fact; None if this is a memory, not something to remember."""
    if match.heard.question:
        return None
    args: dict[str, object] = {**match.fixed, **match.whole}
    if match.metadata.get("incomplete"):
        return args
    said_that = args.pop("said", None) is not None
    task = args.pop("task", None)
    if isinstance(task, str):
        return {"fact": f"{match.words.text('I need to')} {task}"} if task else None
    args["fact"] = fact = match.words.regex("kindly").sub("", str(args.get("fact", "")))
    if said_that:
        return args if fact else None
    states = match.words.regex("states").search(fact)
    stated = not match.words.regex("not_a_fact").match(fact) and len(fact.split()) > 2 and states
    return args if stated else None


def _recall(match: Matched) -> dict[str, object] | None:
    return _span({**match.fixed, **match.whole}, match.words.name)


def _forget(match: Matched) -> dict[str, object] | None:
    args = None if match.heard.question else _span({**match.fixed, **match.whole}, match.words.name)
    if args is None:
        return None
    if "topic" in args:
        args["topic"] = match.words.regex("ends_kindly").sub("", str(args["topic"]))
    topic = str(args.get("topic", "x")).lower()
    nothing = not topic or topic in match.words.words("no_topic")
    return None if nothing or "," in topic or len(topic.split()) > 12 else args


def _span(args: dict[str, object], name: str) -> dict[str, object] | None:
    """With the words of a stretch of time turned into seconds; None if they are none."""
    span = args.pop("span", None)
    if span is None:
        return args
    seconds = find_span(str(span), name)
    return None if seconds is None else {**args, "seconds": _number(seconds)}


def _permissions(match: Matched) -> dict[str, object] | None:
    args: dict[str, object] = {**match.fixed, **match.whole}
    if args["action"] != "list" and match.heard.question:
        return None
    person = args.get("person")
    about_one = person is None or (
        0 < len(str(person).split()) <= _LONGEST_NAME
        and str(person).lower() not in match.words.words("nobody")
    )
    return args if about_one else None


def _cannot(match: Matched) -> dict[str, object] | None:
    what = match.whole.get("what", "")
    if match.fixed["capability"] != "messages" and match.words.regex("not_a_thing").match(what):
        return None
    if match.words.regex("statement").search(what):
        return None
    return {"capability": match.fixed["capability"]}


def _calculator(match: Matched) -> dict[str, object] | None:
    if match.fixed["action"] == "calculate":
        parts = ("expression",) if "expression" in match.whole else ("left", "right")
        said = " + ".join(match.whole[each] for each in parts)
        expression = sum_of(said, match.words)
        return None if expression is None else {**match.fixed, "expression": expression}
    found = conversion_of(match.whole["left"], match.whole["to"], match.words)
    return None if found is None else {**match.fixed, **found}


def _speech(match: Matched) -> dict[str, object] | None:
    word = match.whole.get("word", "x")
    described = re.match(r"(?:an?|my|the|your|out)\b", word, re.IGNORECASE)
    return None if described or not 0 < len(word.split()) <= 3 else _always(match)


def _always(match: Matched) -> dict[str, object] | None:
    return {**match.fixed, **match.whole}


def _number(seconds: float) -> float | int:
    return int(seconds) if float(seconds).is_integer() else seconds


_FILL: Mapping[str, Fill] = {
    "alarm": _alarm,
    "brightness": _level,
    "calculator": _calculator,
    "calendar": _calendar,
    "cannot": _cannot,
    "clock": _clock,
    "everything": _everything,
    "forget": _forget,
    "help": _always,
    "home": _home,
    "list": _list,
    "microphone": _microphone,
    "note": _note,
    "permissions": _permissions,
    "recall": _recall,
    "remember": _remember,
    "reminder": _reminder,
    "routine": _routine,
    "speech": _speech,
    "status": _always,
    "stop": _always,
    "timer": _timer,
    "volume": _level,
    "weather": _weather,
    "why": _always,
}
