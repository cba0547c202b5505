"""What an acting tool lacks is asked for, once, and the answer completes it."""

import pytest

from agents.agent import Agent
from agents.router import RouteKind, Router
from agents.tools import Call, Toolbox
from agents.tools.fake_home import FakeHome
from agents.tools.home_words import HomeDevice, Kind
from agents.tools.levels import LevelName
from agents.tools.standard import Deps, standard_tools
from tests.agents.conftest import Conversation


class Dials:
    """Levels that can be turned."""

    def __init__(self) -> None:
        self.levels: dict[LevelName, int] = {"volume": 50, "brightness": 50}

    def percent(self, name: LevelName) -> int | None:
        return self.levels[name]

    def set_percent(self, name: LevelName, percent: int) -> None:
        self.levels[name] = percent

    def muted(self) -> bool:
        return False

    def mute(self, muted: bool) -> None:
        raise AssertionError("nobody asked for it")


class Commands:
    """The complete commands of a router."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def complete(self, utterance: str) -> Call | None:
        routed = self._router.route(utterance)
        whole = routed.kind is RouteKind.COMPLETE and routed.tool is not None
        return Call(routed.tool, routed.args) if whole else None


@pytest.fixture
def conversation(router, schedule, store, speaker, calendar) -> Conversation:
    lamp = HomeDevice("light.lamp", "Lamp", Kind.LIGHT, "off")
    deps = Deps(levels=Dials(), home=FakeHome([lamp]), routes=Commands(router))
    box = Toolbox(standard_tools(schedule, calendar.now, deps=deps))
    return Conversation(
        Agent(
            router=router, toolbox=box, model=None, store=store, mint=speaker.mint, now=calendar.now
        )
    )


@pytest.mark.parametrize(
    ("said", "asked", "answer", "done"),
    [
        ("remind me at five", "What should I remind you of?", "call Mum", ": call Mum."),
        ("remind me to call Mum", "When?", "in ten minutes", "in 10 minutes: call Mum."),
        ("set an alarm", "For when?", "in an hour", "Alarm set for "),
        ("set a timer", "For how long?", "five minutes", "Timer set for 5 minutes."),
        ("add something to my list", "What should I put on", "oil", "I've added oil to your"),
        ("set the volume", "To how many percent?", "forty", "The volume is 40 percent now."),
        ("take a note", "What should I note?", "the key is here", "I've noted: the key is here."),
        ("dim the lamp", "What should I set the Lamp to?", "30 percent", "at 30 percent now."),
        ("remember something", "What should I remember?", "my car is red", "your car is red."),
    ],
)
def test_one_piece(conversation, said, asked, answer, done) -> None:
    assert conversation.say(said).startswith(asked)
    assert done in conversation.say(answer)
    assert conversation.receipts[-1].ok


def test_two_pieces_are_asked_for_one_by_one(conversation, schedule) -> None:
    assert conversation.say("remind me") == "What should I remind you of?"
    assert conversation.say("call Mum") == "When?"
    assert conversation.say("in ten minutes") == "I'll remind you in 10 minutes: call Mum."
    assert [each.text for each in schedule.set_reminders] == ["call Mum"]


def test_a_list_without_a_name(conversation) -> None:
    assert conversation.say("make a new list") == "What should the list be called?"
    assert conversation.say("camping") == "What should I put on your camping list?"
    assert conversation.say("a tent and rope") == "I've added a tent and rope to your camping list."


def test_a_routine_without_a_name_or_steps(conversation) -> None:
    assert conversation.say("teach you a routine") == "What should the routine be called?"
    assert conversation.say("tea time") == "What should I do when you say tea time?"
    taught = conversation.say("set a timer for four minutes")
    assert taught == "I've learned tea time, with 1 step. Say tea time to run it."
    assert conversation.say("what does tea time do?").startswith("When you say tea time: set a")
    conversation.say("when I say good night, set an alarm for seven tomorrow")
    assert conversation.say("run a routine") == "Which one? I know good night and tea time."
    assert conversation.say("the tea time routine") == "Timer set for 4 minutes."


@pytest.mark.parametrize("said", ["remind me at five", "set an alarm", "make a new list"])
def test_it_is_asked_once_and_nothing_is_done_without_it(conversation, schedule, said) -> None:
    assert conversation.say(said).endswith("?")
    conversation.say("never mind")
    assert not conversation.say("five minutes").endswith("?")
    assert (schedule.set_alarms, schedule.set_reminders, schedule.timers) == ([], [], [])
