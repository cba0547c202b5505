"""A model's choice in an agent's turn: what is done, what is asked first, and what is not done."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from agents.agent import Acted, Agent, Chose, Text
from agents.choose.choice import Chooser
from agents.choose.examples import NONE, Example
from agents.choose.said_times import said_time
from agents.choose.shortlist import Shortlist
from agents.choose.turn import MOST_A_MINUTE, TOO_LONG, TOO_MANY, Choices
from agents.fake_model import FakeModel
from agents.llama import LlamaModel
from agents.model import ChatModel, ModelFailed
from agents.tools import Receipt, Tool, ToolArgs, Toolbox, ToolContext, Use
from context.items import Provenance

NOTE = "pad and pencil, please: the meter reads 4711"
TALK = ("why is the sky blue", "tell me a joke", "hello", "I am so tired today")


class NoteArgs(ToolArgs):
    action: str
    text: str | None = None


class Pad(Tool[NoteArgs]):
    name: ClassVar[str] = "pad"
    description: ClassVar[str] = "keep notes"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use("add", "write down a note", ("pad and pencil, quick: the paint is blue",), ("text",)),
        Use("read", "read the notes out", ("what have I jotted down",), (), acts=False),
        Use("wipe", "delete all notes", ("throw away what I jotted down",), asks=True),
    )
    args = NoteArgs

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.error: Exception | None = None

    def run(self, args: NoteArgs, context: ToolContext) -> Receipt:
        if self.error is not None:
            raise self.error
        if args.action == "wipe":
            return Receipt("pad", False, {}, "Should I delete all notes?")
        if args.action == "read":
            return Receipt("pad", True, {}, f"{len(self.notes)} notes.")
        self.notes.append(args.text or "")
        return Receipt("pad", True, {}, "Noted.")

    def foresee(self, args: NoteArgs, context: ToolContext) -> str | None:
        return "Noted." if args.action == "add" else None


class Ticks:
    """Seconds that go on when told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def pad() -> Pad:
    return Pad()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def agent(  # noqa: PLR0917 - fixtures
    router, pad, ticks, store, speaker, calendar
) -> Callable[..., Agent]:
    def make(
        model: ChatModel | None, outside: frozenset[str] = frozenset(), act: float = 0.5
    ) -> Agent:
        box = Toolbox([pad])
        told = [Example(NONE, text, {}) for text in TALK]
        told += [
            Example("pad.add", f"pad and pencil: {text}", {"text": text})
            for text in ("the plumber comes at noon", "leo is ill", "we need chairs")
        ]
        chooser = Chooser(Shortlist({"pad": Pad.uses}, told, None), said_time, outside, act=act)
        made = Agent(
            router=router, toolbox=box, model=model, store=store, mint=speaker.mint,
            now=calendar.now, choices=Choices(chooser, ticks),
        )  # fmt: skip
        made.load()
        return made

    return make


def said(parts: Iterator[object]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def picks(*choices: str) -> FakeModel:
    return FakeModel(["It is scattered light."] * 9, choices=choices)


def test_what_is_meant_is_done_with_the_speakers_own_words(agent, pad) -> None:
    model = picks("pad.add", "the meter reads 4711")
    assert said(agent(model).reply(NOTE)) == "Noted."
    assert pad.notes == ["the meter reads 4711"]
    assert all(run in NOTE for run in model.chosen_from[-1])


def test_what_is_less_than_sure_is_asked_first(agent, pad) -> None:
    made = agent(picks("pad.add", "the meter reads 4711"), act=1.01)
    assert said(made.reply(NOTE)) == "Shall I write down a note: the meter reads 4711?"
    assert pad.notes == []
    assert said(made.reply("Yes.")) == "Noted."
    assert pad.notes == ["the meter reads 4711"]


def test_what_asks_itself_is_asked_about_once(agent, pad) -> None:
    made = agent(picks("pad.wipe"), act=1.01)
    assert said(made.reply("throw away what I jotted down, please")) == "Should I delete all notes?"


def test_nothing_is_chosen_for_words_that_are_not_the_owners(agent, pad) -> None:
    for act in (0.5, 1.01):
        made = agent(picks("pad.add", "the meter reads 4711"), act=act)
        parts = list(made.reply(NOTE, said_by=Provenance.OVERHEARD))
        assert not any(isinstance(part, Acted | Chose) for part in parts)
        list(made.reply("Yes."))
    assert pad.notes == []


def test_nothing_is_done_before_it_is_decided(agent, pad) -> None:
    made = agent(picks(*["pad.add", "the meter reads 4711"] * 4))
    made.prepare(NOTE)
    assert made.preview(NOTE) is None
    thrown_away = made.reply(NOTE)
    assert next(thrown_away) == Chose("Noted.")
    thrown_away.close()
    assert pad.notes == []
    parts = list(made.reply(NOTE))
    assert [type(part) for part in parts] == [Chose, Acted, Text]
    assert len(pad.notes) == 1


@pytest.mark.parametrize("text", TALK)
def test_talk_is_answered(agent, pad, text: str) -> None:
    made = agent(picks("pad.add", "the meter"))
    assert said(made.reply(text))
    assert pad.notes == []


def test_the_model_may_choose_none(agent, pad) -> None:
    assert "Noted" not in said(agent(picks("none")).reply("pencil and paper and a bin"))
    assert pad.notes == []


@pytest.mark.parametrize(
    "text",
    ["Is your pad and pencil there?", "He said pad and pencil", "What if I had pad and pencil?"],
)
def test_a_question_or_a_tale_never_acts(agent, pad, text: str) -> None:
    made = agent(picks(*["pad.add", "the meter"] * 3))
    parts = list(made.reply(text))
    assert not any(isinstance(part, Acted) and part.receipt.ok for part in parts)
    assert pad.notes == []


def test_what_lies_outside_is_asked_first_and_done_at_a_yes(agent, pad) -> None:
    made = agent(picks("pad.add", "the meter reads 4711"), outside=frozenset({"pad"}))
    parts = list(made.reply(NOTE))
    assert parts[0] == Chose("Shall I write down a note: the meter reads 4711?")
    assert said(iter(parts)) == "Shall I write down a note: the meter reads 4711?"
    assert pad.notes == []
    assert said(made.reply("yes")) == "Noted."
    assert pad.notes == ["the meter reads 4711"]


def test_a_proposal_that_is_denied_is_not_done(agent, pad) -> None:
    made = agent(picks("pad.add", "the meter"), outside=frozenset({"pad"}))
    list(made.reply(NOTE))
    list(made.reply("no"))
    list(made.reply("yes"))
    assert pad.notes == []


def test_others_words_choose_nothing(agent, pad) -> None:
    made = agent(picks("pad.add", "the meter"))
    list(made.reply(NOTE, said_by=Provenance.OTHER_SPEAKER))
    assert pad.notes == []


def test_only_so_many_a_minute(agent, pad, ticks) -> None:
    made = agent(picks(*["pad.add", "the meter reads 4711"] * 20))
    for n in range(MOST_A_MINUTE):
        assert said(made.reply(f"{NOTE} {n}")) == "Noted."
    assert said(made.reply(NOTE)) == TOO_MANY
    assert len(pad.notes) == MOST_A_MINUTE
    ticks.now_s += 61
    assert said(made.reply(NOTE)) == "Noted."


def test_a_choice_that_takes_too_long_is_said_and_not_made(agent, pad, ticks) -> None:
    def slow(_n: int) -> None:
        ticks.now_s += 100

    made = agent(FakeModel(choices=["pad.add", "the meter"], before_token=slow))
    assert said(made.reply(NOTE)) == TOO_LONG
    assert pad.notes == []


def test_a_choice_that_is_stopped_is_silent(agent, pad) -> None:
    made = agent(picks("pad.add", "the meter"))
    assert not any(isinstance(p, Acted) for p in made.reply(NOTE, stop=lambda: True))
    assert pad.notes == []


def test_without_a_model_or_with_a_broken_one_nothing_is_chosen(agent, pad) -> None:
    assert said(agent(None).reply(NOTE))

    def broken(_n: int) -> None:
        raise ModelFailed("It broke.")

    assert said(agent(FakeModel(before_token=broken)).reply(NOTE))
    assert pad.notes == []


def test_a_tool_that_fails_is_said_to_have(agent, pad) -> None:
    pad.error = OSError("full")
    reply = said(agent(picks("pad.add", "the meter")).reply(NOTE))
    assert reply.startswith("That didn't work")


@pytest.mark.engines
def test_only_what_is_new_is_read(agent, pad, model_folder: Callable[[str], Path]) -> None:
    weights = next(iter(model_folder("smollm2-135m-instruct").glob("*.gguf")))
    model = LlamaModel(weights, threads=1)
    made = agent(model)
    assert model._loaded is not None
    decoder = model._loaded[1]
    list(made.reply("Why is the sky blue?"))
    made.heard("Why is the sky blue?", "It scatters light.")
    made.read_history()
    history = len(decoder._held)
    before = decoder.decoded
    made.prepare("pencil and paper and a bin")
    read = decoder.decoded - before
    assert len(decoder._held) > history, "it stands behind the history"
    assert read < len(decoder._held) - history + 16
    before = decoder.decoded
    made.prepare("pencil and paper and a bin")
    assert decoder.decoded == before, "what was read ahead is not read again"
