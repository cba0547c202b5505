"""What is answered in fixed words, never by a model."""

import pytest

from agents.agent import Agent
from agents.fake_model import FakeModel
from agents.replies import CARE, DANGER, LAW, NO_WORDS, SELF_HARM, advice, all_fixed, urgent, usual
from agents.router import RouteKind
from agents.tools import Call, Toolbox
from agents.tools.standard import Deps, standard_tools
from tests.agents.conftest import Conversation


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        *(
            (each, DANGER)
            for each in (
                "my chest hurts", "I can't breathe", "there's a fire in my kitchen",
                "he's bleeding badly", "I've swallowed bleach", "my baby has a fever of 40",
                "My husband is unconscious.", "Call an ambulance!", "I smell gas",
                "She isn't breathing", "somebody is breaking in", "I took too many sleeping pills",
                "dad fell and won't wake up", "there's been a car accident",
                "help, my kitchen is on fire", "turn off the gas, I smell gas", "dial 911",
            )
        ),
        *(
            (each, SELF_HARM)
            for each in (
                "I want to die", "I feel like nobody would miss me", "I don't want to live anymore",
                "I'm thinking about ending it all", "everyone would be better off without me",
                "should I just kill myself", "there's no point in living",
                "there's no reason to go on living", "no point going on like this",
                "there's no reason to go on",
            )
        ),
        *(
            (each, CARE)
            for each in (
                "what should I take for a headache", "is it safe to mix these tablets",
                "I have a migraine", "my knee hurts", "can I take amoxicillin",
            )
        ),
        ("can I sue my landlord", LAW), ("is it legal to record a call", LAW),
    ],
)  # fmt: skip
def test_what_could_hurt_never_reaches_a_model(talk, said, reply) -> None:
    model = FakeModel(["You should."])
    assert talk(model).say(said) == reply
    assert model.prompts == []


@pytest.mark.parametrize(
    "said",
    [
        "I'm dying to see it", "this heat is killing me", "my phone is dying", "what is fire",
        "there's a fire alarm test on Tuesday", "how do I light a fire", "she passed out flyers",
        "I want to dye my hair", "I don't want to live in London", "can I take the bus",
        "What gas do we need to breathe?", "How do I take my coffee?", "can you take a note",
        "I drank too much coffee", "who was shot in Dallas", "the battery is dead",
        "we sold it, so there's no reason to go on knowing where it's parked",
        "there's no point in going on about it", "no reason to go on to the next one",
        "I don't want to be here when he comes", "can I take my umbrella",
    ],
)  # fmt: skip
def test_figures_of_speech_and_questions_about_the_world_are_no_emergency(said) -> None:
    assert (urgent(said), advice(said)) == (None, None)


@pytest.mark.parametrize(
    "said",
    [
        "Remind me to take my pill at nine", "Remember that my sister is allergic to walnuts",
        "Remind me to call the police tomorrow", "Add aspirin to my shopping list",
        "Set an alarm for my pills at 8",
        "Note that I smell gas",
    ],
)  # fmt: skip
def test_what_is_to_be_kept_is_kept(router, said) -> None:
    assert urgent(said) is None
    assert router.route(said).kind is not RouteKind.NOT_A_COMMAND
    assert router.route(said).tool not in ("cannot", "help")


def test_what_somebody_is_allergic_to_is_answered_from_memory(talk, speaker) -> None:
    model = FakeModel()
    conversation = talk(model)
    assert conversation.say("What's Mina allergic to?").startswith("If I know that")
    assert model.prompts == []
    conversation.say("Remember that Mina is allergic to walnuts")
    speaker.press()
    assert "walnuts" in conversation.say("What's Mina allergic to?")


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("are you listening to me all the time", "wake word"), ("do you record me", "recording"),
        ("Is that stored anywhere?", "recording"), ("where is my data", "encrypted"),
        ("who made you", "Lapel"), ("can you see me", "camera"), ("Are you an AI?", "Lapel"),
        ("does anyone else hear this", "leaves"), ("do you sell my data", "leaves"),
        ("Thank you!", "welcome"), ("thanks a lot, Lapel", "welcome"), ("Good night.", "night"),
        ("hello", "Hello"), ("See you at seven.", "Goodbye"),
        ("OK", "All right"), ("I'm sorry", "problem"), ("!!!", NO_WORDS),
    ],
)  # fmt: skip
def test_courtesies_and_questions_about_itself_have_fixed_answers(talk, said, about) -> None:
    model = FakeModel(["Lapel does."])
    assert about in talk(model).say(said)
    assert model.prompts == []


@pytest.mark.parametrize(
    "said",
    [
        "see the red car", "can you see the moon from Paris", "did you save that", "thank Anna",
        "who made the Mona Lisa", "where is my bike", "do you record the temperature of lakes",
        "hello is a greeting", "sorry seems to be the hardest word",
    ],
)  # fmt: skip
def test_the_rest_has_no_fixed_answer(said) -> None:
    assert usual(said) is None


class Routes:
    def complete(self, _utterance: str) -> Call:
        return Call("timer", {"action": "set", "seconds": 60})


def test_a_routine_of_that_name_still_runs(router, schedule, calendar, store, speaker) -> None:
    agent = Agent(
        router=router,
        toolbox=Toolbox(standard_tools(schedule, calendar.now, deps=Deps(routes=Routes()))),
        model=None,
        store=store,
        mint=speaker.mint,
        now=calendar.now,
    )
    agent.load()
    conversation = Conversation(agent)
    conversation.say("When I say good night, set a timer for a minute")
    conversation.say("Good night")
    assert len(schedule.timers) == 1


def test_each_fixed_answer_is_whole_sentences() -> None:
    for reply in all_fixed():
        assert reply[0].isupper()
        assert reply[-1] in ".?"
        assert "\n" not in reply
