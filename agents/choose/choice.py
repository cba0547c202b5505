"""One call of a tool for what is no complete command, by what was learned or by the model."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

import numpy as np

from agents.choose.asked import is_a_moment, is_a_question, is_asked, is_doubtful, is_told
from agents.choose.examples import NONE, Example
from agents.choose.fill import fill
from agents.choose.learned import Learned
from agents.choose.learned_shortlist import LearnedShortlist
from agents.choose.point import named_list, pointed, pointed_each, surely, surely_each
from agents.choose.read import Times, read
from agents.choose.shortlist import Candidate, Found, Shortlist
from agents.choose.spans import bearing, spans, things
from agents.corrections import corrected_number
from agents.language import language
from agents.mapped import Mapped
from agents.model import ChatModel, Message, Role, never
from agents.numbers import in_digits
from agents.reworded import with_length
from agents.slots import steps_of
from agents.tools import Call, Use
from context.labels import Label

TALK: Final = "none of these: just talk"
_MOST_WORDS = 60
_SURE: Final = 0.75
"""Share of a candidate from which on the model is not asked."""
_WEIGHT: Final = 3.0
"""Of the shortlist's share beside the model's: a model of 0.5B knows less of it."""
_LEAST: Final = 0.08
"""Share that a candidate must have of which nothing was learned."""
_LEAST_ASKED: Final = 0.2
"""The same for questions, most of which are about the world and would all wait for a second prompt:
15 % of them have it."""
ACT: Final = 0.92
"""Share from which on a deed is done at once; below, it is asked about first."""
ASK: Final = 0.4
"""Share that what the shortlist and the model agree on must have, where a model is asked. Examples
alone take one of 150 sentences of television for a request.
"""
_TIMES: Final = frozenset(("at", "seconds", "when"))
_TO_ASK: Final = 1.5
_TO_TELL: Final = 1.0
"""By what was learned: how many times as likely as talk a deed must be to be asked about, and an
answer of a tool's to be given."""
_TOLD: Final = 0.95
"""The same for what sounds like told of others, or asked: that is always asked about first. Of the
476 sentences of talk, questions and television in the suite `no_action` none reaches it so.
"""
_LONGEST: Final[Mapping[str, int]] = {
    "text": 20, "fact": 20, "items": 10, "title": 6, "topic": 5, "target": 5, "name": 3,
    "place": 3, "word": 1, "person": 3,
}  # fmt: skip
"""Slots that hold the speaker's words, and how many."""
_OPTIONAL: Final = frozenset(
    ("timer.name", "alarm.name", "clock.place", "weather.place", "recall.topic", "forget.topic")
)
_NEVER: Final = frozenset(("alarm.set.name", "home.set.name"))
_NOTHING: Final = "nothing"
_GAPS: Final = ("name", "title", "topic", "target", "items")
"""Slots that a template fills with whatever stands there."""
_NAMED: Final = frozenset(("routine.teach",))
"""Uses in which the owner gives a name, whatever it is."""
_ARTICLES: Final = frozenset(("a", "an", "the", "my", "our", "and"))
_NO_THING: Final = re.compile(r"\b(?:it|them|those|these|no|not|sorry|wait|i|we)\b", re.IGNORECASE)
"""What may be left out of what is put on a list has one of these in it: "put them"."""
_AROUND: Final = re.compile(
    r"\b(?:in|on|at|to|for|from|off|of|with|behind|before|after|by|into|onto|and|or|me|him|her|them|us"
    r"|it|you|please|again|too|needs?|should|must|can|called|down|put|hours?|minutes?|appointment"
    r"|meeting|event|no|not|sorry|wait|i|we|my|add)\b",
    re.IGNORECASE,
)
"""What may be left out of the name of a thing has one of these in it: "garage behind me"."""
_AROUND_TITLE: Final = re.compile(
    r"\b(?:calendar|diary|agenda|schedule|called|named|hours?|minutes?|appointment|again|please|no|not"
    r"|sorry|wait|put|add)\b",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"[\w'-]+")
_UNSAID: Final[tuple[object, ...]] = (None, "", [])
_DEMONSTRATIONS: Final = 3
_NEAR: Final = 4
_MOST_RUNS: Final = 24
_FAINT: Final = 1e-3  # a share below which the model's word counts no further


@dataclass(frozen=True)
class Asked:
    """A model, and the start of every prompt of this turn, with whose prompt it is. label: of the
    start, and of what was said.
    """

    model: ChatModel
    start: Sequence[Message]
    label: Label
    key: str = ""
    stop: Callable[[], bool] = never

    def among(self, content: str, options: Sequence[str]) -> list[float]:
        """The share of each option as the reply to a last message; empty if told to stop."""
        messages = [*self.start, Message(Role.USER, content)]
        return self.model.choose(messages, options, label=self.label, stop=self.stop, key=self.key)

    def read(self, content: str) -> None:
        """Have the model read a last message ahead. Raises ModelFailed."""
        messages = [*self.start, Message(Role.USER, content)]
        for _ in self.model.stream(
            messages, max_tokens=0, label=self.label, stop=self.stop, key=self.key
        ):
            pass


@dataclass(frozen=True)
class Chosen:
    """A call that is meant. confidence: 0 to 1. does: what the use is for. acts: it changes
    something. ask: whether it is to be asked first. use: what it is a call of.
    """

    call: Call
    confidence: float
    does: str
    acts: bool
    ask: bool
    use: Use


class Chooser:
    """Chooses a use of a tool, and fills its slots with the speaker's words.

    learned: knows the uses and slots of this program's own tools so well that no model is asked
    about them; None: nothing was learned. outside: tools whose deeds lie outside the device: they
    ask first. act: share of a candidate from which on its deed is done without asking.
    """

    def __init__(
        self,
        shortlist: Shortlist | LearnedShortlist,
        times: Times,
        outside: frozenset[str] = frozenset(),
        *,
        learned: Learned | None = None,
        act: float = ACT,
    ) -> None:
        self._shortlist = shortlist
        self._learned = learned
        self._times = times
        self._outside = outside
        self._act = act

    def load(self) -> None:
        """Take in the examples."""
        self._shortlist.load()

    def forget(self) -> None:
        """Keep nothing of what was said."""
        if self._learned is not None:
            self._learned.forget()

    def may(self, text: str) -> Found | None:
        """The uses that may be meant; None where this is talk. Pure, and without a model."""
        text = _corrected(text)
        if not 1 < len(text.split()) <= _MOST_WORDS or is_a_moment(text):
            return None
        found, asked = self._shortlist.find(text), is_asked(text)
        shut = asked or is_told(text)
        least = self._least_told(text) if shut else 0.0
        open_to = tuple(
            each for each in found.candidates if not each.use.acts or each.score >= least
        )
        if not open_to or not self._likely(open_to[0], found.talk, asked=asked):
            return None
        left = sum(each.score for each in found.candidates if each not in open_to)
        return Found(open_to, found.talk + left)

    def _least_told(self, text: str) -> float:
        """Share that a deed must have to be asked about though what is said sounds like told of
        others: "the tin says ninety minutes, let me know". None is enough for a question.
        """
        learned = self._learned is not None
        return _TOLD if learned and not is_a_question(text) else math.inf

    def _likely(self, best: Candidate, talk: float, *, asked: bool) -> bool:
        if self._learned is not None and best.use.fields is None:
            return best.score >= talk * (_TO_ASK if best.use.acts else _TO_TELL)
        least = _LEAST_ASKED if asked else _LEAST
        return best.score >= least and talk <= 1 - least

    def asks_model(self, found: Found) -> bool:
        """Whether a model has a say: none has in what was learned, only in the tools of others."""
        return self._learned is None or found.candidates[0].use.fields is not None

    def question(self, text: str, found: Found) -> str | None:
        """What the model is asked, so that it can be read ahead; None where it need not choose."""
        if not self.asks_model(found) or found.candidates[0].score >= _SURE:
            return None
        lines = [f"{each.intent}: {each.use.does}" for each in found.candidates]
        return "\n".join([*lines, f"{NONE}: {TALK}", f'Which of these is meant by "{text}"?'])

    def choose(self, text: str, found: Found, model: Asked | None, now: datetime) -> Chosen | None:
        """The one call that is meant; None if none is, or if told to stop. model: None where there
        is none: then only what was learned can tell. now: the owner's wall time. Raises
        ModelFailed.
        """
        text = _corrected(text)
        if model is None and self._learned is None:
            return None
        question = self.question(text, found)
        if question is None or model is None:
            best, confidence = found.candidates[0], found.candidates[0].score
        else:
            scores = [*(each.score for each in found.candidates), found.talk]
            likely = model.among(question, [*(each.intent for each in found.candidates), NONE])
            if not likely:
                return None
            agreed = _agreed(scores, likely)
            n = int(np.argmax(agreed))
            if n == len(found.candidates) or agreed[n] < ASK:
                return None
            best, confidence = found.candidates[n], agreed[n]
        args = self._filled(text, best, model, now)
        if args is None:
            return None
        # What lacks something does nothing yet but ask for it.
        acts = best.use.acts and not _lacks(best.use, args)
        ask = acts and (best.score < self._act or best.tool in self._outside or is_doubtful(text))
        ask = ask or (acts and (is_asked(text) or is_told(text)))
        ask = ask or (acts and self._leaves_a_number(text, best, args, now))
        ask = ask or (acts and args.get("all") is True)  # all at once is much to lose
        ask = ask and not best.use.asks
        return Chosen(Call(best.tool, args), confidence, best.use.does, acts, ask, best.use)

    def _filled(
        self, text: str, best: Candidate, model: Asked | None, now: datetime
    ) -> dict[str, object] | None:
        """The arguments, as far as they were said; None if told to stop, or without a model that
        could tell.
        """
        if best.use.fields is not None:
            among = None if model is None else model.among
            found = fill(text, best.use, self._times, now, among)
            if found is None:
                return None
            more = {"left_out": found.left_out} if found.left_out else {}
            return {"arguments": found.arguments, **more}
        if self._learned is not None:
            return self._pointed(text, best, self._learned, now)
        if model is None:
            return None
        slots = _slots(best)
        said = read(text, best.intent, slots, self._times, now)
        args: dict[str, object] = {**_fixed(best), **said.args}
        for slot in (each for each in _LONGEST if each in slots and each not in args):
            optional = f"{best.tool}.{slot}" in _OPTIONAL
            runs = spans(text, said.taken, longest=_LONGEST[slot], across=slot == "items")
            if optional and not _usual(slot, best.examples):
                continue
            whole = slot in ("text", "fact")
            bear = {run: bearing(text, run, said.taken, whole=whole) for run in runs}
            runs = sorted(runs, key=lambda run: -bear[run])[:_MOST_RUNS]
            runs = [*runs, _NOTHING] if optional else runs
            if not runs or f"{best.intent}.{slot}" in _NEVER:
                continue
            asked = _demonstrated(text, slot, best.examples, optional=optional)
            likely = model.among(asked, runs)
            if not likely:
                return None
            borne = [bear.get(run, 0.0) for run in runs]
            value = runs[int(np.argmax(np.log(np.array(likely) + _FAINT) + np.array(borne)))]
            if value != _NOTHING or not optional:
                args[slot] = things(value) if slot == "items" else value
        return args

    def _leaves_a_number(
        self, text: str, best: Candidate, args: Mapping[str, object], now: datetime
    ) -> bool:
        """Whether a number was said that no argument holds, where a time or a length is one: what
        was read of it may be wrong.
        """
        if self._learned is None:
            return False
        slots = frozenset(self._learned.filled(best.intent))
        if not _TIMES & slots:
            return False
        for start, end in read(text, best.intent, slots, self._times, now).taken:
            text = text[:start] + " " * (end - start) + text[end:]
        for value in args.values():
            text = text.replace(value, " ") if isinstance(value, str) else text
        return any(each.isdigit() for each in in_digits(Mapped.of(text), "en").text)

    def completed(
        self, text: str, intent: str, args: Mapping[str, object], now: datetime
    ) -> dict[str, object]:
        """The arguments of an incomplete command, with those that the rest of `text` says: "the tea
        takes four minutes, set a timer". now: the owner's wall time. Pure.
        """
        if self._learned is None or intent not in self._learned.intents:
            return dict(args)
        tool, _, action = intent.partition(".")
        use = Use(action or None, "", acts=True)
        found = self._pointed(_corrected(text), Candidate(tool, use, 1.0), self._learned, now)
        whole = _bare(text)  # the request itself is nothing that it holds: "remember something"
        more = {k: v for k, v in found.items() if not (isinstance(v, str) and _bare(v) == whole)}
        return {**more, **args}

    def trimmed(
        self, text: str, intent: str, args: Mapping[str, object], now: datetime
    ) -> dict[str, object]:
        """The arguments of a command without what a template's gap took in besides: "add bagels" of
        "add bread, no, add bagels", "please the radiator". Only a part of what is there takes its
        place, and only where that is beyond doubt. now: the owner's wall time. Pure.
        """
        learned = self._learned
        gaps = [slot for slot in _GAPS if args.get(slot)]
        if learned is None or not gaps or intent not in learned.intents or intent in _NAMED:
            return dict(args)
        slots = frozenset(args) | frozenset(learned.filled(intent))
        said_too = read(text, intent, slots, self._times, now)
        made = dict(args)
        for slot in gaps:
            value = args[slot]
            several = isinstance(value, list | tuple)
            if several:
                values = [str(each) for each in cast("Sequence[object]", value)]
                found = surely_each(text, slot, said_too.taken, learned) or []
            else:
                values, one = [str(value)], surely(text, slot, said_too.taken, learned)
                found = [] if one is None else [one]
            same = list(map(_bare, found)) == list(map(_bare, values))
            kept = bool(found) and all(_may_lose(each, found, slot) for each in values)
            if same or not kept or not _has_all(" ".join(values), " ".join(found)):
                continue
            made[slot] = found if several else found[0]
            if "list" in said_too.args and slot == "items":
                made["list"] = said_too.args["list"]
        return made

    def _pointed(
        self, text: str, best: Candidate, learned: Learned, now: datetime
    ) -> dict[str, object]:
        """The arguments, as far as they were said, by what was learned."""
        if best.intent == "calendar.add":
            text = with_length(text, "en") or text
        slots = frozenset(best.use.slots) | frozenset(learned.filled(best.intent))
        said = read(text, best.intent, slots, self._times, now)
        args: dict[str, object] = {**_fixed(best), **said.args}
        taken = said.taken
        if "list" in slots and (where := named_list(text, learned)) is not None:
            args["list"] = text[slice(*where)].lower()
            taken = (*taken, where)
        for slot in (each for each in _LONGEST if each in slots and each not in args):
            if slot == "items":
                found = pointed_each(text, best.intent, slot, taken, learned)
            else:
                found = pointed(text, best.intent, slot, taken, learned)
            if found:
                args[slot] = found
        if best.intent == "routine.teach" and isinstance(name := args.get("name"), str):
            steps = _steps_behind(text, name)
            args |= {"steps": steps} if steps else {}
        return args


def _steps_behind(text: str, name: str) -> list[str]:
    """The steps of a routine that follow its name: "let's call it siesta, and it stands for close
    the blinds and mute".
    """
    words = language("en")
    said = text[text.find(name) + len(name) :]
    begins = words.regex("command_verbs")
    rests = (said[each.end() :] for each in begins.finditer(said))
    first = next((rest for rest in rests if begins.match(f" {rest}")), "")
    return steps_of(first, words)


def _may_lose(value: str, found: Sequence[str], slot: str) -> bool:
    """Whether what is left out of a value is none of its name: a thing of several is lost only with
    "it" and the like in it, and of one thing only what is said around it. An appointment keeps
    where it is.
    """
    words = set(_bare(value).split())
    parts = [part for each in found if (part := set(_bare(each).split())) <= words]
    left = words.difference(*parts)
    least = _NO_THING if not parts else _AROUND_TITLE if slot == "title" else _AROUND
    return not left or any(least.search(word) for word in left)


def _has_all(said: str, part: str) -> bool:
    """Whether all words of a part are in what was said."""
    return set(_bare(part).split()) <= set(_bare(said).split())


def _bare(text: str) -> str:
    return " ".join(w for w in _WORDS.findall(text.lower()) if w not in _ARTICLES)


def _corrected(text: str) -> str:
    """What was meant, where a number was corrected."""
    return corrected_number(text, "en") or text


def _lacks(use: Use, args: Mapping[str, object]) -> bool:
    """Whether the tool will ask for something that was not said."""
    given = cast("dict[str, object]", args.get("arguments", {}))
    return any(each.required and each.name not in given for each in use.fields or ()) or any(
        all(args.get(slot) in _UNSAID for slot in group) for group in use.needs
    )


def _agreed(scores: Sequence[float], likely: Sequence[float]) -> list[float]:
    raised = _WEIGHT * np.log(np.array(scores) + 1e-4) + np.log(np.array(likely) + 1e-3)
    shares = np.exp(raised - raised.max())
    return (shares / shares.sum()).tolist()


def _slots(best: Candidate) -> frozenset[str]:
    told = {slot for each in best.examples for slot in each.slots}
    return frozenset(best.use.slots) | told


def _fixed(best: Candidate) -> dict[str, object]:
    if best.tool == "cannot":
        return {"capability": best.use.action}
    return {} if best.use.action is None else {"action": best.use.action}


def _demonstrated(text: str, slot: str, examples: Sequence[Example], *, optional: bool) -> str:
    """The nearest examples with what fills the slot in them, the nearest last; then the text."""
    having = [each for each in examples if slot in each.slots]
    shown = having[:_DEMONSTRATIONS]
    if optional:
        shown += [each for each in examples if not each.slots][:1]
    lines = [f"{each.text} -> {each.slots.get(slot, _NOTHING)}" for each in reversed(shown)]
    return "\n".join([f"Copy the {slot}.", *lines, f"{text.rstrip('.')} ->"])


def _usual(slot: str, examples: Sequence[Example]) -> bool:
    """Whether what is said like this mostly has this slot."""
    near = examples[:_NEAR]
    return sum(slot in each.slots for each in near) * 2 > len(near)
