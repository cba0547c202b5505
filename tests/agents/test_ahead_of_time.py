"""What may be done before a turn is decided: foreseeing, reading ahead, beginning a reply."""

import json
from pathlib import Path

import pytest

from agents.agent import Acted, Agent, Text
from agents.fake_model import FakeModel
from agents.model import ModelFailed
from agents.tools import ToolContext
from context.items import Provenance
from context.policy import Purpose

COMMANDS = [
    row["text"]
    for row in map(
        json.loads,
        (Path(__file__).parent / "commands.jsonl").read_text("utf-8").splitlines(),
    )
    if row["kind"] != "none"
]
UNFORESEEN = (
    *("undo", "lock", "permissions", "list", "note", "calendar", "home", "weather", "volume"),
    *("brightness", "speech", "routine", "microphone", "status", "calculator"),
    *("everything", "cannot"),
)
FACTS = ("my car is on level 3", "the spare key is under the blue flower pot", "Anna likes tulips")


def spoken(agent: Agent, text: str) -> str:
    return "".join(part.text for part in agent.reply(text) if isinstance(part, Text))


class World:
    """Everything that a preview must leave as it is."""

    def __init__(self, agent, schedule, store, speaker) -> None:
        self.agent, self.schedule, self.store, self.speaker = agent, schedule, store, speaker

    def state(self) -> object:
        agent = self.agent
        items = self.store.items(self.speaker.mint(Purpose.ANSWER), limit=99)
        return (
            (*self.schedule.timers, *self.schedule.alarms(), *self.schedule.reminders()),
            items,
            agent._pending,
            agent._just_remembered,
            agent._exchanges.history,
            dict(agent._exchanges._begun),
        )


@pytest.fixture
def world(talk, schedule, store, speaker) -> World:
    return World(talk(FakeModel()).agent, schedule, store, speaker)


@pytest.mark.parametrize("filled", [False, True], ids=["nothing there", "timers and facts"])
def test_every_command_is_foreseen_word_for_word(world: World, filled: bool) -> None:
    for command in COMMANDS:
        for things in (
            world.schedule.timers,
            world.schedule.set_alarms,
            world.schedule.set_reminders,
        ):
            things.clear()
        world.agent.start_over()
        for item in world.store.items(world.speaker.mint(Purpose.FORGET), limit=99):
            world.store.forget(world.speaker.mint(Purpose.FORGET), item.id)
        if filled:
            world.schedule.add(600, None)
            world.schedule.add(480, "pasta")
            for fact in FACTS:
                list(world.agent.reply(f"Remember that {fact}"))
        before = world.state()
        foreseen = world.agent.preview(command)
        assert world.state() == before, command
        if foreseen is None:
            assert world.agent.route(command).tool in UNFORESEEN, command
        else:
            assert foreseen == spoken(world.agent, command), command


@pytest.mark.parametrize(
    ("first", "answers"),
    [
        (["Set a pasta timer"], ["ten minutes", "never mind"]),
        (["Set a timer for ten minutes", "Set a pasta timer for 8 minutes", "Cancel the timer"],
         ["the pasta one", "both"]),
        (["Remember that my car is red"], ["Forget that.", "What do you remember?"]),
        (["Remember that a is b", "Remember that c is d", "Forget everything"], ["yes", "no"]),
        (["Remember this"], ["my car is on level 3"]),
        (["Remember that my car is red", "Remember that my car is blue"], ["no", "Undo that"]),
        (["Remember that Anna is here", "Remember that Anna is 5", "Forget everything about Anna"],
         ["yes", "no"]),
        ([], ["Remember that my car is red", "Remember that my PIN is 4711"]),
    ],
)  # fmt: skip
def test_an_answer_to_a_question_is_foreseen(world: World, first, answers) -> None:
    for answer in answers:
        world.agent.start_over()
        for said in first:
            list(world.agent.reply(said))
        before = world.state()
        foreseen = world.agent.preview(answer)
        assert world.state() == before
        assert foreseen == spoken(world.agent, answer)


def test_refusals_are_foreseen(world: World) -> None:
    for _ in range(20):
        world.schedule.add(60, None)
    for command in ("Set a timer for ten minutes", "Remember that x is " + "very " * 90 + "big"):
        assert world.agent.preview(command) == spoken(world.agent, command)


def test_what_is_no_command_is_not_foreseen(world: World) -> None:
    assert world.agent.preview("Why is the sky blue?") is None
    assert world.agent.preview("") is None


def test_a_fact_in_anothers_words_is_not_foreseen(toolbox, store, speaker) -> None:
    context = ToolContext(store, speaker.mint, said_by=Provenance.OTHER_SPEAKER)
    assert toolbox.preview("remember", {"fact": "the safe is open"}, context) is None
    assert toolbox.preview("no such tool", {}, context) == "I can't do that."
    owner = ToolContext(store, speaker.mint)
    assert toolbox.preview("timer", {"action": "explode"}, owner) == "I didn't understand that."


@pytest.mark.parametrize(
    "question",
    ["Why is the sky blue?", "Where is my car?", "Where is my passport?", "Set a timer until noon"],
)
def test_a_reply_thrown_away_leaves_no_trace(world: World, question: str) -> None:
    list(world.agent.reply("Remember that my car is on level 3"))
    list(world.agent.reply("Forget about my car"))  # waits for a yes
    pending, past = world.agent._pending, world.agent._exchanges.history
    begun = world.agent.reply(question)
    next(begun)
    begun.close()
    list(world.agent.reply(question))
    assert (world.agent._pending, world.agent._exchanges.history) == (pending, past)
    assert spoken(world.agent, "yes").startswith("I've forgotten that.")
    world.agent.heard(question, "something")  # of a reply that a command has overtaken
    assert world.agent._exchanges.history == []


def test_only_the_reply_that_was_heard_is_kept(world: World) -> None:
    for question in ("Why is the", "Why is the sky", "Why is the sky blue?"):
        list(world.agent.reply(question))
    world.agent.heard("Why is the sky blue?", "I don't know.")
    world.agent.heard("Why is the sky", "I don't know.")
    assert [exchange.user for exchange in world.agent._exchanges.history] == [
        "Why is the sky blue?"
    ]


def test_replies_thrown_away_do_not_pile_up(world: World) -> None:
    for n in range(100):
        list(world.agent.reply(f"Why is it {n}?"))
    assert len(world.agent._exchanges._begun) < 10


class TestPrepare:
    @pytest.mark.parametrize("question", ["Why is the sky blue?", "Where is my car?"])
    def test_it_reads_what_the_reply_will_ask(self, talk, question) -> None:
        model = FakeModel(["One.", "Two."])
        agent = talk(model).agent
        list(agent.reply("Remember that my car is on level 3"))
        model.read_ahead.clear()
        agent.prepare(question)
        assert model.prompts == []
        list(agent.reply(question))
        assert model.read_ahead == model.prompts

    def test_it_changes_nothing(self, world: World) -> None:
        list(world.agent.reply("Set a timer"))
        before = world.state()
        for text in (*COMMANDS[:20], "Why is the sky blue?", "", "Where is my passport?"):
            world.agent.prepare(text)
        assert world.state() == before

    def test_a_model_that_breaks_is_not_heard_of_yet(self, talk) -> None:
        class Broken(FakeModel):
            def stream(self, messages, **options):
                if self.broken:
                    raise ModelFailed("It broke.")
                return super().stream(messages, **options)

        model = Broken()
        model.broken = False
        agent = talk(model).agent
        model.broken = True
        agent.prepare("Why is the sky blue?")

    def test_without_a_model_there_is_nothing_to_prepare(self, talk) -> None:
        agent = talk(None).agent
        agent.prepare("Why is the sky blue?")
        agent.share_cores(True)


def test_cores_are_shared_with_the_voice(talk) -> None:
    model = FakeModel()
    agent = talk(model).agent
    agent.share_cores(True)
    assert model.shared
    agent.share_cores(False)
    assert not model.shared


def test_an_act_is_no_preview(world: World) -> None:
    assert any(isinstance(part, Acted) for part in world.agent.reply("Set a timer for 9 minutes"))
    assert len(world.schedule.timers) == 1
