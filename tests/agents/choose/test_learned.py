"""What was learned of tools and slots, and what an agent without a language model makes of it."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from agents.agent import Agent, Text
from agents.choose.assemble import chooser
from agents.choose.choice import Chooser
from agents.choose.learned import EMBEDDER, Learned, Weights, read_weights
from agents.choose.learned_shortlist import LearnedShortlist
from agents.choose.point import named_list, pointed
from agents.choose.pretrained import top_layers
from agents.choose.said_times import said_time
from agents.choose.shortlist import MOST, Candidate, Found
from agents.choose.train import Lesson, hash_of, lessons, train
from agents.choose.turn import Choices
from agents.evaluation.suite import SUITES
from agents.tools import Toolbox, Use
from agents.tools.calculator import CalculatorTool
from agents.tools.standard import standard_tools
from context.embed import MiniLM
from context.items import Provenance

pytestmark = pytest.mark.engines

NOW = datetime(2026, 3, 14, 10)

FEW = [
    Lesson(text, intent, slots, "test")
    for text, intent, slots in (
        ("jot down that the paint is blue", "note.add", {"text": "the paint is blue"}),
        ("jot down that the bus is late", "note.add", {"text": "the bus is late"}),
        ("write on my pad that the key is gone", "note.add", {"text": "the key is gone"}),
        ("ring me in ten minutes", "timer.set", {"seconds": 600}),
        ("ring me when an hour is over", "timer.set", {"seconds": 3600}),
        ("why is the sky blue", "none", {}),
        ("tell me about bees", "none", {}),
    )
]


@pytest.fixture(scope="module")
def embedder(model_folder: Callable[[str], Path]) -> MiniLM:
    embedder = MiniLM(model_folder(EMBEDDER))
    embedder.load()
    return embedder


@pytest.fixture(scope="module")
def made(embedder: MiniLM, model_folder: Callable[[str], Path]) -> Weights:
    return train(FEW, embedder, top_layers(model_folder(EMBEDDER) / "model.onnx"))


@pytest.fixture(scope="module")
def learned(embedder: MiniLM) -> Learned:
    learned = Learned(embedder)
    with pytest.raises(RuntimeError):
        _ = learned.intents
    learned.load()
    return learned


@pytest.fixture
def agent(  # noqa: PLR0917 - fixtures
    router, embedder, learned, schedule, store, speaker, calendar
) -> Agent:
    box = Toolbox(standard_tools(schedule, calendar.now))
    agent = Agent(
        router=router, toolbox=box, model=None, store=store, mint=speaker.mint, now=calendar.now,
        choices=Choices(chooser(box, embedder, learned=learned), lambda: 0.0),
    )  # fmt: skip
    agent.load()
    return agent


class Only:
    """A shortlist of one."""

    def __init__(self, candidate: Candidate) -> None:
        self._found = Found((candidate,), 0.0)

    def find(self, text: str) -> Found:
        return self._found


def said(parts: Iterator[object]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def test_the_weights_are_of_the_examples_that_there_are() -> None:
    """If this fails, run scripts/train_choose."""
    assert read_weights().learned_from == hash_of(lessons())
    assert read_weights().embedder == EMBEDDER


def test_held_out_suites_are_not_learned_from() -> None:
    sources = {each.source for each in lessons()}
    assert "commands_a" in sources
    assert not any(source.endswith("_b") for source in sources)


def test_weights_are_the_same_after_a_file(embedder: MiniLM, made, tmp_path: Path) -> None:
    made.save(tmp_path / "weights.npz")
    read = read_weights(tmp_path / "weights.npz")
    assert (read.intents, read.slots, read.filled) == (made.intents, made.slots, made.filled)
    np.testing.assert_allclose(read.uses, made.uses, atol=0.01)
    text = "jot down that the meter reads 12"
    shares = [Learned(embedder, each).shares(text) for each in (made, read)]
    np.testing.assert_allclose(*shares, atol=0.05)
    (tmp_path / "weights.npz").write_bytes(b"PK\x03\x04 not a file of weights")
    with pytest.raises(ValueError, match="damaged"):
        read_weights(tmp_path / "weights.npz")


def test_a_few_examples_tell_uses_and_slots_apart(embedder: MiniLM, made) -> None:
    few = Learned(embedder, made)
    shares = few.shares("jot down that the meter reads 12")
    assert few.intents[int(shares.argmax())] == "note.add"
    assert shares.sum() == pytest.approx(1, abs=1e-4)
    said = "jot down that the meter reads 12"
    assert pointed(said, "note.add", "text", (), few) == "the meter reads 12"
    assert few.filled("note.add") == {"text": 1.0}
    assert few.points(said, "unheard_of", [(0, 4)]) is None


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("the tea takes four minutes, could you set a timer", "4 minutes"),
        ("pop quiz, what's 17 times 23", "391"),
        ("it may come in useful, remember my ring size is six", "ring size is six"),
        ("stick oat milk onto the groceries list for me, love", "oat milk"),
    ],
)
def test_what_no_grammar_foresees_is_done_without_a_model(
    agent: Agent, text: str, reply: str
) -> None:
    answer = said(agent.reply(text))
    assert reply in (said(agent.reply("yes")) if answer.startswith("Shall I") else answer)


@pytest.mark.parametrize(
    "text",
    [
        "don't set a timer for ten minutes, I said",
        "he told me to set the alarm for six",
        "why is the sky blue",
        "is an hour longer than fifty minutes",
    ],
)
def test_talk_sets_nothing(agent: Agent, schedule, text: str) -> None:
    _ = said(agent.reply(text))
    assert not schedule.running()
    assert not schedule.alarms()


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("ten minutes please", True),
        ("give me half an hour", True),
        ("set a timer for ten minutes but not now", True),
        ("just a second", False),
        ("half a minute", False),
    ],
)
def test_a_bare_stretch_of_time_is_asked_about_or_talk(
    agent: Agent, schedule, text: str, asks: bool
) -> None:
    assert said(agent.reply(text)).startswith("Shall I set a timer") is asks
    assert not schedule.running()


def test_what_is_cancelled_without_its_name_is_asked_about(agent: Agent, schedule) -> None:
    schedule.add_reminder("call Anna", at=datetime(2026, 11, 24, 17))
    assert said(agent.reply("lose every reminder")).startswith("Shall I cancel")
    assert len(schedule.reminders()) == 1


@pytest.mark.parametrize(
    ("text", "acts"),
    [("your sound at 0 percent, please", True), ("your sound as before, please", False)],
)
def test_only_what_a_tool_asks_for_keeps_a_deed_from_being_one(learned, text, acts) -> None:
    use = Use("set", "set the volume", slots=("percent",), needs=(("percent",),))
    knows = Chooser(Only(Candidate("volume", use, 0.99)), said_time, learned=learned)
    found = knows.may(text)
    assert found is not None
    chosen = knows.choose(text, found, None, datetime(2026, 3, 14, 10))
    assert chosen is not None
    assert chosen.acts is acts


def test_words_that_are_not_the_owners_choose_nothing(agent: Agent, schedule) -> None:
    for text in ("the eggs want ten minutes from now", "yes", "I need a timer, twenty minutes"):
        _ = said(agent.reply(text, said_by=Provenance.OVERHEARD))
    assert not schedule.running()


def test_a_use_that_was_never_learned_is_found_by_its_own_words(learned: Learned) -> None:
    kettle = Use("boil", "boil water in the kettle", ("put the kettle on",), acts=True)
    shortlist = LearnedShortlist(
        {"kettle": (kettle,), "timer": (Use("set", "count down"),)}, learned
    )
    with pytest.raises(RuntimeError):
        shortlist.find("too early")
    shortlist.load()
    found = shortlist.find("could you put the kettle on, please")
    assert found.candidates[0].intent == "kettle.boil"
    assert shortlist.find("set a timer for nine minutes").candidates[0].intent == "timer.set"
    assert shortlist.find("why is the sky blue").talk > 0.5


def test_at_most_six_are_found_and_no_more_than_all_of_it(learned: Learned) -> None:
    uses = {
        tool: tuple(
            Use(i.partition(".")[2] or None, "") for i in learned.intents if i.startswith(tool)
        )
        for tool in ("timer", "alarm", "reminder")
    }
    shortlist = LearnedShortlist(uses, learned)
    shortlist.load()
    for text in ("timer", "the alarm clock at seven", "", "ä" * 3000):
        found = shortlist.find(text)
        assert len(found.candidates) <= MOST
        assert sum(each.score for each in found.candidates) + found.talk <= 1.001


def test_without_learning_and_without_a_model_nothing_is_chosen(learned: Learned) -> None:
    shortlist = LearnedShortlist({"timer": (Use("set", "count down"),)}, learned)
    shortlist.load()
    knows = Chooser(shortlist, said_time, learned=learned)
    alone = Chooser(shortlist, said_time)
    text = "the eggs need ten minutes, tell me when they are done"
    found = knows.may(text)
    assert found is not None
    now = datetime(2026, 3, 14, 10)
    chosen = knows.choose(text, found, None, now)
    assert chosen is not None
    assert chosen.call.args["seconds"] == 600
    assert alone.choose(text, found, None, now) is None


def test_a_list_may_have_a_name_of_several_words(learned: Learned) -> None:
    text = "could my hospital bag list take one more thing, a phone charger"
    where = named_list(text, learned)
    assert where is not None
    assert text[slice(*where)] == "hospital bag"
    assert named_list("put the bread on my shopping list", learned) is None


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("uh add bread, no, add bagels to the shopping list", "I've added bagels to your shopping"),
        ("I need batteries, put them on the shopping list", "I've added batteries to your shop"),
        ("cross off call the bank from my to-do list, please", "There's nothing on your to-do"),
        ("add salt and vinegar to my shopping list", "I've added salt and vinegar to your shop"),
    ],
)
def test_a_template_s_gap_holds_no_more_than_what_is_meant(agent, text, reply) -> None:
    preview = agent.preview(text)
    assert said(agent.reply(text)).startswith(reply)
    assert preview is None or preview.startswith(reply)


def test_the_name_that_is_given_to_a_routine_is_not_cut(learned: Learned, router) -> None:
    text = "whenever I say I'm leaving, turn off the hall light"
    routed = router.route(text)
    knows = Chooser(Only(Candidate("routine", Use("teach", ""), 1.0)), said_time, learned=learned)
    now = datetime(2026, 3, 14, 10)
    assert knows.trimmed(text, "routine.teach", routed.args, now) == dict(routed.args)
    assert routed.args["name"] == "i'm leaving"
    gap = {"target": "please the radiator"}
    cut = knows.trimmed("switch off please the radiator", "home.off", gap, now)
    assert cut == {"target": "radiator"}


def test_a_thing_that_is_not_named_is_asked_for(agent: Agent) -> None:
    assert said(agent.reply("Add something to my shopping list.")).endswith("?")
    assert "olive oil" in said(agent.reply("olive oil"))


def test_after_starting_over_nothing_is_kept_of_what_was_said(agent: Agent, learned) -> None:
    _ = said(agent.reply("my diary password is swordfish by the way"))
    assert "swordfish" in str(learned.__dict__)
    agent.start_over()
    assert "swordfish" not in str(learned.__dict__)


def test_no_slot_is_filled_more_often_than_always() -> None:
    filled = read_weights().filled
    assert all(0 < share <= 1 for slots in filled.values() for share in slots.values())
    assert filled["list.add"]["items"] > 0.5


def test_a_chosen_sum_is_worked_out_once(agent: Agent, monkeypatch) -> None:
    calls: list[object] = []
    run = CalculatorTool.run
    monkeypatch.setattr(
        CalculatorTool,
        "run",
        lambda tool, args, context: calls.append(args) or run(tool, args, context),
    )
    assert "391" in said(agent.reply("pop quiz, what's 17 times 23"))
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("text", "items", "name"),
    [
        ("put sandals and a hat on my packing list", ["sandals", "hat"], "packing"),
        ("flour sugar and yeast, we need to buy those", ["flour", "sugar", "yeast"], "shopping"),
        ("Cleaning the boat, that also belongs among my jobs", ["Cleaning the boat"], "jobs"),
    ],
)  # fmt: skip
def test_several_things_are_found_each_by_itself(learned, text, items, name) -> None:
    knows = Chooser(LearnedShortlist({}, learned), said_time, learned=learned)
    args = knows.completed(text, "list.add", {"action": "add"}, NOW)
    assert [each.removeprefix("a ") for each in args["items"]] == items
    assert args["list"] == name


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("if you hear me say lights out, close the blinds and lock the door",
         ["close the blinds", "lock the door"]),
        ("if you hear me say lights out, well, that's nice", []),
    ],
)  # fmt: skip
def test_the_steps_of_a_routine_follow_its_name(learned: Learned, text, steps) -> None:
    knows = Chooser(LearnedShortlist({}, learned), said_time, learned=learned)
    args = knows.completed(text, "routine.teach", {"action": "teach"}, NOW)
    assert args["name"] == "lights out"
    assert args.get("steps", []) == steps


def test_a_thing_is_named_without_what_its_name_is_drawn_together_with(learned: Learned) -> None:
    knows = Chooser(LearnedShortlist({}, learned), said_time, learned=learned)
    text = "the hallway lamp's dazzling me, twenty percent will do"
    args = knows.completed(text, "home.set", {"action": "set"}, NOW)
    assert (args["target"].lower().removeprefix("the "), args["value"]) == ("hallway lamp", 20)


def test_an_appointment_from_when_till_when(learned: Learned) -> None:
    knows = Chooser(LearnedShortlist({}, learned), said_time, learned=learned)
    text = "I've got swimming on Monday from two till half three, mark it"
    args = knows.completed(text, "calendar.add", {"action": "add"}, NOW)
    assert (args["title"], args["at"], args["seconds"]) == ("swimming", "2026-03-16T14:00", 5400)


def test_what_may_be_cut_in_several_ways_is_learned_as_it_was_said() -> None:
    taught = {each.text: each for each in lessons()}
    several = 0
    for path in SUITES.glob("*_a.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            turn = json.loads(line)
            cuts = turn.get("slots_any", {}).get("text", [])
            said = [each for each in cuts if each.lower() in turn.get("text", "").lower()]
            if said and turn["text"] in taught:
                several += 1
                assert taught[turn["text"]].slots.get("text") == said[0]
    assert several > 50


def test_things_in_a_row_are_learned_without_commas_too() -> None:
    items = {each.text: each.slots.get("items") for each in lessons()}
    assert items["let's have apples, pears and plums among the things to get"] == (
        "apples, pears and plums"
    )
    bare = "let's have apples pears and plums among the things to get"
    assert items[bare] == ["apples", "pears", "plums"]


@pytest.mark.parametrize(
    "text",
    [
        "the tin says ninety minutes, shout when it's time",
        "if I don't have twenty minutes on this timer I'll be late, set it",
        "dough's in the bowl, forty minutes and then you shout, okay?",
    ],
)
def test_what_sounds_like_told_of_others_is_asked_about_first(agent, schedule, text) -> None:
    assert said(agent.reply(text)).startswith("Shall I set a timer for")
    assert not schedule.running()


@pytest.mark.parametrize(
    "text",
    [
        "did she set a timer for ninety minutes?",
        "who set the timer for ninety minutes?",
        "he said to set a timer for ninety minutes",
        "do they put milk on the shopping list?",
    ],
)
def test_a_question_and_what_others_said_propose_nothing(agent, schedule, text) -> None:
    assert "Shall I" not in said(agent.reply(text))
    assert not schedule.running()


def test_all_at_once_is_asked_about_first(agent: Agent, schedule) -> None:
    for text in ("call Anna", "water the plants"):
        schedule.add_reminder(text, at=datetime(2026, 11, 24, 17))
    assert said(agent.reply("lose every reminder")).startswith("Shall I cancel")
    assert len(schedule.reminders()) == 2


def test_a_request_does_not_fill_itself(agent: Agent) -> None:
    assert said(agent.reply("remember something for me")) == "What should I remember?"


def test_a_title_s_point_ends_no_words(learned: Learned) -> None:
    knows = Chooser(LearnedShortlist({}, learned), said_time, learned=learned)
    text = "in ten minutes I want a nudge to turn Mr. Smith on his other side"
    args = knows.completed(text, "reminder.set", {"action": "set"}, NOW)
    assert args["text"] == "turn Mr. Smith on his other side"


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("add milk and a card for Gran to my shopping list", ["milk", "card for Gran"]),
        ("add thing for the tap, bread and jam to the list", ["thing for the tap", "bread", "jam"]),
        ("add eggs flour and yeast to my shopping list", ["eggs", "flour", "yeast"]),
        ("add lemon bars and butter tarts to my list", ["lemon bars", "butter tarts"]),
        ("add two tins of chopped tomatoes to my list", ["two tins of chopped tomatoes"]),
    ],
)  # fmt: skip
def test_nothing_that_is_put_on_a_list_is_lost(learned: Learned, router, text, items) -> None:
    knows = Chooser(LearnedShortlist({}, learned), said_time, learned=learned)
    routed = router.route(text)
    args = knows.trimmed(text, routed.intent, routed.args, NOW)
    assert [each.removeprefix("a ") for each in args["items"]] == items


@pytest.mark.parametrize(
    ("text", "slot", "whole"),
    [
        ("take quilting circle off my calendar", "title", "quilting circle"),
        ("add hedge cutting at the rectory to my calendar at ten", "title",
         "hedge cutting at the rectory"),
        ("make the living room light purple", "target", "living room light"),
    ],
)  # fmt: skip
def test_a_name_keeps_all_its_words(learned: Learned, router, text, slot, whole) -> None:
    knows = Chooser(LearnedShortlist({}, learned), said_time, learned=learned)
    routed = router.route(text)
    assert knows.trimmed(text, routed.intent, routed.args, NOW)[slot] == whole
