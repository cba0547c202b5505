"""The question whether a deed is meant, in words that a person would ask it in. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final, cast

from agents.durations import say_duration
from agents.perspective import second_person
from agents.tools.say_when import and_repeat, say_day, say_time, say_when

_Args = Mapping[str, object]


def proposed(intent: str, does: str, args: Mapping[str, object], now: datetime) -> str:
    """ "Shall I set a pasta timer for 9 minutes?". does: what the use is for, where there are no
    better words. now: the owner's wall time, naive.
    """
    say = _SAID.get(intent)
    if say is None:
        return f"Shall I {_short(does)}{_own(args)}?"
    return f"Shall I {say(args, now)}?"


def _short(does: str) -> str:
    short = _MORE.split(does, maxsplit=1)[0]
    return short.replace("the owner's", "your").replace("the owner", "you")


def _own(args: _Args) -> str:
    """The speaker's words, where it is not known how they fit in."""
    names = ("text", "fact", "title", "target", "topic", "name", "word")
    words = [each for name in names if isinstance(each := args.get(name), str)]
    return f": {', '.join(words)}" if words else ""


def _name(args: _Args) -> str:
    name = args.get("name")
    if not isinstance(name, str):
        return ""
    first, _, rest = name.partition(" ")
    return f" {rest}" if first.lower() in _DETERMINED and rest else f" {name}"


def _lasting(args: _Args, word: str) -> str:
    seconds = args.get("seconds")
    return f" {word} {say_duration(seconds)}" if isinstance(seconds, int | float) else ""


def _when(args: _Args, now: datetime) -> str:
    at, repeat = args.get("at"), args.get("repeat")
    if args.get("when") == "wake-up":
        return " when you next talk to me"
    if not isinstance(at, str):
        return _lasting(args, "in")
    moment = datetime.fromisoformat(at)
    return f" {say_when(moment, now)}{and_repeat(cast('str | None', repeat), moment)}"


def _told(args: _Args, name: str) -> str:
    return f": {args[name]}" if isinstance(args.get(name), str) else ""


def _items(args: _Args) -> str:
    items = cast("list[str]", args.get("items") or [])
    if len(items) < 2:
        return items[0] if items else "that"
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _list(args: _Args) -> str:
    return f"your {args.get('list') or 'shopping'} list"


def _timer(args: _Args) -> str:
    if args.get("all"):
        return "all timers"
    return f"the{_name(args)}{_length(args)} timer"


def _length(args: _Args) -> str:
    seconds = args.get("seconds")
    return f" {say_duration(seconds)}" if isinstance(seconds, int | float) else ""


def _alarm(args: _Args, now: datetime) -> str:
    if args.get("all"):
        return "all alarms"
    time, day = args.get("time"), args.get("day")
    if isinstance(time, str):
        return f"the alarm at {say_time(datetime.fromisoformat(f'2000-01-01T{time}'))}"
    if isinstance(day, str):
        return f"the alarm {say_day(date.fromisoformat(day), now.date())}"
    return f"the{_name(args)} alarm"


def _thing(args: _Args, name: str, otherwise: str) -> str:
    said = args.get(name)
    if not isinstance(said, str):
        return otherwise
    first, _, rest = said.partition(" ")
    return f"{first.lower()} {rest}" if first.lower() in _DETERMINED and rest else f"the {said}"


def _percent(args: _Args) -> str:
    value = args.get("percent", args.get("value"))
    if not isinstance(value, int | float):
        return ""
    unit = args.get("unit", "percent" if "percent" in args else None)
    return f" {value:g} {unit}" if isinstance(unit, str) else f" {value:g}"


def _to(args: _Args) -> str:
    many = _percent(args)
    return f" to{many}" if many else ""


def _by(args: _Args) -> str:
    many = _percent(args)
    return f" by{many}" if many else ""


_MORE: Final = re.compile(r" that |,|:")
_DETERMINED: Final = frozenset(("the", "my", "our", "a", "an", "all", "every", "both", "this"))
_SAID: Final[Mapping[str, Callable[[_Args, datetime], str]]] = {
    "timer.set": lambda a, _: f"set a{_name(a)} timer{_lasting(a, 'for')}",
    "timer.cancel": lambda a, _: f"cancel {_timer(a)}",
    "timer.pause": lambda a, _: f"pause {_timer(a)}",
    "timer.resume": lambda a, _: f"let {_timer(a)} go on",
    "timer.add": lambda a, _: (
        f"give the{_name(a)} timer{_length(a) or ' more time'}" + (" more" if _length(a) else "")
    ),
    "alarm.set": lambda a, now: f"set an{_name(a)} alarm{_when(a, now)}",
    "alarm.cancel": lambda a, now: f"cancel {_alarm(a, now)}",
    "alarm.snooze": lambda a, _: f"let the alarm ring again{_lasting(a, 'in') or ' later'}",
    "reminder.set": lambda a, now: f"remind you{_when(a, now)}{_told(a, 'text')}",
    "reminder.cancel": lambda a, _: (
        "cancel all reminders" if a.get("all") else f"cancel the reminder{_told(a, 'text')}"
    ),
    "remember": lambda a, _: f"remember that {second_person(str(a.get('fact') or ''))}".rstrip(),
    "list.add": lambda a, _: f"put {_items(a)} on {_list(a)}",
    "list.remove": lambda a, _: f"take {_items(a)} off {_list(a)}",
    "list.clear": lambda a, _: f"empty {_list(a)}",
    "note.add": lambda a, _: f"take a note{_told(a, 'text')}",
    "note.remove": lambda a, _: (
        "delete your last note"
        if a.get("last")
        else f"delete the note about {_thing(a, 'topic', 'that')}"
    ),
    "note.clear": lambda _, __: "delete all your notes",
    "calendar.add": lambda a, now: (
        f"put {a.get('title') or 'that'} on your calendar"
        f"{_when({**a, 'seconds': None}, now)}{_lasting(a, 'for')}"
    ),
    "calendar.remove": lambda a, _: f"take {a.get('title') or 'that'} off your calendar",
    "calendar.move": lambda a, now: (
        f"move {a.get('title') or 'that'} on your calendar{_when(a, now)}"
    ),
    "volume.set": lambda a, _: f"set the volume{_to(a)}",
    "volume.up": lambda a, _: f"turn the volume up{_by(a)}",
    "volume.down": lambda a, _: f"turn the volume down{_by(a)}",
    "volume.mute": lambda _, __: "turn my sound off",
    "volume.unmute": lambda _, __: "turn my sound on again",
    "brightness.set": lambda a, _: f"set the screen{_to(a)}",
    "brightness.up": lambda a, _: f"make the screen brighter{_by(a)}",
    "brightness.down": lambda a, _: f"make the screen darker{_by(a)}",
    "microphone.mute": lambda a, _: f"stop listening{_lasting(a, 'for')}",
    "speech.slower": lambda _, __: "speak slower",
    "speech.faster": lambda _, __: "speak faster",
    "speech.normal": lambda _, __: "speak at the usual pace again",
    "forget": lambda a, _: f"forget what you told me{_about(a)}",
    "lock": lambda _, __: "lock my memory",
    "undo": lambda _, __: "take back what I did last",
    "routine.teach": lambda a, _: f"learn the routine{_told(a, 'name')}",
    "routine.run": lambda a, _: f"run the routine{_told(a, 'name')}",
    "routine.remove": lambda a, _: f"delete the routine{_told(a, 'name')}",
    "home.on": lambda a, _: f"turn on {_thing(a, 'target', 'something')}",
    "home.off": lambda a, _: f"turn off {_thing(a, 'target', 'something')}",
    "home.set": lambda a, _: f"set {_thing(a, 'target', 'something')}{_to(a)}",
    "home.open": lambda a, _: f"open {_thing(a, 'target', 'something')}",
    "home.close": lambda a, _: f"close {_thing(a, 'target', 'something')}",
    "home.lock": lambda a, _: f"lock {_thing(a, 'target', 'something')}",
    "home.unlock": lambda a, _: f"unlock {_thing(a, 'target', 'something')}",
}


def _about(args: _Args) -> str:
    if args.get("all"):
        return ", all of it"
    topic = args.get("topic")
    return f" about {topic}" if isinstance(topic, str) else _lasting(args, "in the last")
