"""One call of a tool for what is no complete command: the shortlist and the model agree on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from agents.choose.asked import is_asked, is_told
from agents.choose.examples import NONE, Example
from agents.choose.read import Times, read
from agents.choose.shortlist import Candidate, Found, Shortlist
from agents.choose.spans import bearing, spans
from agents.model import ChatModel, Message, Role, never
from agents.tools import Call

TALK: Final = "none of these: just talk"
_MOST_WORDS = 60
_SURE: Final = 0.75
"""Share of a candidate from which on the model is not asked."""
_WEIGHT: Final = 3.0
"""Of the shortlist's share beside the model's: a model of 0.5B knows less of it."""
_LEAST: Final = 0.08
"""Share that some candidate must have for the model to be asked."""
_LEAST_ASKED: Final = 0.2
"""The same for questions, most of which are about the world and would all wait for a second prompt:
15 % of them have it."""
ACT: Final = 0.9
"""Share from which on a thing is done at once; below, what the model and the examples agree on
(ASK or more) is asked first. Examples alone take one of 150 sentences of television for a request.
"""
ASK: Final = 0.4
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
_DEMONSTRATIONS: Final = 3
_NEAR: Final = 4
_MOST_RUNS: Final = 24
_FAINT: Final = 1e-3  # a share below which the model's word counts no further


@dataclass(frozen=True)
class Asked:
    """A model, and the start of every prompt of this turn, with whose prompt it is."""

    model: ChatModel
    start: Sequence[Message]
    key: str = ""
    stop: Callable[[], bool] = never

    def among(self, content: str, options: Sequence[str]) -> list[float]:
        """The share of each option as the reply to a last message; empty if told to stop."""
        messages = [*self.start, Message(Role.USER, content)]
        return self.model.choose(messages, options, stop=self.stop, key=self.key)


@dataclass(frozen=True)
class Chosen:
    """A call that is meant. confidence: 0 to 1. does: what the use is for. acts: it changes
    something. ask: whether it is to be asked first.
    """

    call: Call
    confidence: float
    does: str
    acts: bool
    ask: bool


class Chooser:
    """Chooses a use of a tool, and fills its slots with the speaker's words.

    outside: tools whose deeds lie outside the device: they ask first. act: share of a candidate
    from which on its deed is done without asking.
    """

    def __init__(
        self,
        shortlist: Shortlist,
        times: Times,
        outside: frozenset[str] = frozenset(),
        *,
        act: float = ACT,
    ) -> None:
        self._shortlist = shortlist
        self._times = times
        self._outside = outside
        self._act = act

    def load(self) -> None:
        """Take in the examples."""
        self._shortlist.load()

    def may(self, text: str) -> Found | None:
        """The uses that may be meant; None where this is talk. Pure, and without a model."""
        if not 1 < len(text.split()) <= _MOST_WORDS:
            return None
        found, asked, told = self._shortlist.find(text), is_asked(text), is_told(text)
        open_to = tuple(
            each for each in found.candidates if not (each.use.acts and (asked or told))
        )
        least = _LEAST_ASKED if asked else _LEAST
        if not open_to or open_to[0].score < least or found.talk > 1 - least:
            return None
        shut = sum(each.score for each in found.candidates if each not in open_to)
        return Found(open_to, found.talk + shut)

    def question(self, text: str, found: Found) -> str | None:
        """What the model is asked, so that it can be read ahead; None where it need not choose."""
        if found.candidates[0].score >= _SURE:
            return None
        lines = [f"{each.intent}: {each.use.does}" for each in found.candidates]
        return "\n".join([*lines, f"{NONE}: {TALK}", f'Which of these is meant by "{text}"?'])

    def choose(self, text: str, found: Found, model: Asked, now: datetime) -> Chosen | None:
        """The one call that is meant; None if none is, or if told to stop. now: the owner's wall
        time. Raises ModelFailed.
        """
        question = self.question(text, found)
        scores = [*(each.score for each in found.candidates), found.talk]
        if question is None:
            best, confidence = found.candidates[0], scores[0]
        else:
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
        ask = best.use.acts and (best.score < self._act or best.tool in self._outside)
        return Chosen(Call(best.tool, args), confidence, best.use.does, best.use.acts, ask)

    def _filled(
        self, text: str, best: Candidate, model: Asked, now: datetime
    ) -> dict[str, object] | None:
        """The arguments, as far as they were said; None if told to stop."""
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
                args[slot] = _things(value) if slot == "items" else value
        return args


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


def _things(said: str) -> list[str]:
    parts = said.replace(", and ", ",").replace(" and ", ",").split(",")
    return [part.strip() for part in parts if part.strip()]
