"""Short words that mean a call of a moment ago."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import agents.evaluation
from agents.agent import Acted, Agent
from agents.elliptical import LASTS, Last, elliptical
from agents.router import Routed, Router
from agents.tools import Call, Tool, Toolbox
from agents.tools.fake_home import FakeHome
from agents.tools.home_words import HomeDevice, Kind
from agents.tools.speech import LastReply
from agents.tools.standard import Deps, standard_tools
from agents.tools.timer import Timer
from context.items import Provenance
from context.policy import Principal
from tests.agents.conftest import NOW, Conversation, MemorySchedule

UNDO = Call("timer", {"action": "cancel", "id": "x"})
SUITES = Path(agents.evaluation.__file__).parent / "suites"


@pytest.fixture(scope="module")
def tools() -> dict[str, Tool[Any]]:
    return {tool.name: tool for tool in standard_tools(None, lambda: NOW)}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def fixed() -> Router:
    """Routes as on Saturday 2026-03-14 at 10:00."""
    router = Router(now=lambda: datetime(2026, 3, 14, 10))
    router.load()
    return router


@pytest.fixture(scope="module")
def after(tools: dict[str, Tool[Any]], fixed: Router) -> Callable[..., Routed | None]:
    """What some words mean after a call."""

    def meant(text: str, tool: str, args: dict[str, object]) -> Routed | None:
        last = made(tools, tool, args)
        return elliptical(last, text, fixed.route(text), datetime(2026, 3, 14, 10), fixed.route)

    return meant


def made(tools: dict[str, Tool[Any]], tool: str, args: dict[str, object]) -> Last:
    follow = tools[tool].follows[str(args.get("action", ""))]
    uses = tools[tool].uses
    acts = next((use.acts for use in uses if use.action == args.get("action")), tools[tool].acts)
    at = args.get("at")
    due = datetime.fromisoformat(at) if isinstance(at, str) else None
    return Last(Call(tool, args), follow, acts, NOW, ("x",), due, UNDO if acts else None)


TIMER = ("timer", {"action": "set", "seconds": 300})
ALARM = ("alarm", {"action": "set", "at": "2026-03-15T07:00"})
REMINDER = ("reminder", {"action": "set", "text": "call mum", "at": "2026-03-14T16:00"})
MORNING = ("reminder", {"action": "set", "text": "call mum", "at": "2026-03-16T09:00"})
EVENING = ("reminder", {"action": "set", "text": "call mum", "at": "2026-03-14T20:00"})
LIST = ("list", {"action": "add", "items": ["milk"], "list": "packing"})
LIGHT = ("home", {"action": "on", "target": "kitchen light"})
READ = ("list", {"action": "read", "list": "shopping"})
TIME = ("clock", {"action": "time", "place": "Tokyo"})
WEATHER = ("weather", {"action": "now", "place": "Rome"})
DAY = ("calendar", {"action": "day", "date": "2026-03-15"})
SPELL = ("speech", {"action": "spell", "word": "rhythm"})
VOLUME = ("volume", {"action": "set", "percent": 40})
LUNCH = (
    "calendar",
    {"action": "add", "title": "lunch", "at": "2026-03-17T12:00", "seconds": 7200},
)


@pytest.mark.parametrize(
    ("last", "text", "more"),
    [
        (TIMER, "make it ten", {"seconds": 600}),
        (TIMER, "No, fifteen.", {"seconds": 900}),
        (TIMER, "I said fifty", {"seconds": 3000}),
        (TIMER, "half an hour instead, please", {"seconds": 1800}),
        (ALARM, "Make it half past seven.", {"at": "2026-03-15T07:30"}),
        (ALARM, "make it an hour later", {"at": "2026-03-15T08:00"}),
        (ALARM, "no, on Monday", {"at": "2026-03-16T07:00"}),
        (REMINDER, "I meant at five", {"at": "2026-03-14T17:00"}),
        (REMINDER, "tomorrow instead", {"at": "2026-03-15T16:00"}),
        (REMINDER, "no, tomorrow at six", {"at": "2026-03-15T18:00"}),
        (REMINDER, "no, tomorrow evening", {"at": "2026-03-15T19:00"}),
        (MORNING, "no, at three", {"at": "2026-03-16T15:00"}),
        (MORNING, "no, at eleven", {"at": "2026-03-16T11:00"}),
        (ALARM, "no, at three", {"at": "2026-03-15T03:00"}),
        (ALARM, "no, on Monday at six", {"at": "2026-03-16T06:00"}),
        (
            ALARM,
            "make it every Monday",
            {"at": "2026-03-16T07:00", "repeat": "FREQ=WEEKLY;BYDAY=MO"},
        ),
        (LUNCH, "make it one o'clock", {"at": "2026-03-17T13:00"}),
        (LUNCH, "no, on Wednesday", {"at": "2026-03-18T12:00"}),
        (LUNCH, "no, at four", {"at": "2026-03-17T16:00"}),
        (LIST, "no, oat milk", {"items": ["oat milk"]}),
        (LIGHT, "no, the bedroom one", {"target": "bedroom light"}),
    ],
)
def test_a_correction_takes_the_place_of_the_deed(after, last, text, more) -> None:
    tool, args = last
    routed = after(text, tool, args)
    assert routed is not None
    assert (routed.tool, routed.args) == (tool, {**args, **more})
    assert routed.replaces == UNDO


@pytest.mark.parametrize(
    ("last", "text", "at"),
    [
        (EVENING, "no, at nine", "2026-03-14T21:00"),
        (EVENING, "no, at half past seven", "2026-03-14T19:30"),
        (EVENING, "no, at seven in the morning", "2026-03-15T07:00"),
        (EVENING, "no, at five", "2026-03-15T17:00"),
        (("alarm", {"action": "set", "at": "2026-03-14T22:00"}), "no, at six", "2026-03-15T06:00"),
    ],
)
def test_in_the_evening_a_corrected_time_is_the_next(tools, fixed, last, text, at) -> None:
    meant = elliptical(
        made(tools, *last), text, fixed.route(text), datetime(2026, 3, 14, 18, 30), fixed.route
    )
    assert meant is not None
    assert meant.args["at"] == at


@pytest.mark.parametrize(
    ("last", "text", "args"),
    [
        (LIST, "And eggs.", {"action": "add", "items": ["eggs"], "list": "packing"}),
        (LIST, "bread and butter too", {"action": "add", "items": ["bread", "butter"]}),
        (LIST, "What's on it?", {"action": "read", "list": "packing"}),
        (LIST, "add tea to it", {"action": "add", "items": ["tea"]}),
        (TIMER, "and one for the sauce, twenty minutes", {"name": "sauce", "seconds": 1200}),
        (TIMER, "cancel it", {"action": "cancel", "id": "x"}),
        (TIMER, "delete that", {"action": "cancel", "id": "x"}),
        (TIMER, "how long does it have now?", {"action": "left", "id": "x"}),
        (TIMER, "do that again", {"action": "set", "seconds": 300}),
        (ALARM, "and another one for nine", {"action": "set", "at": "2026-03-15T09:00"}),
        (LIGHT, "Turn it off again.", {"action": "off", "target": "kitchen light"}),
        (LIGHT, "is it on?", {"action": "state", "target": "kitchen light"}),
        (LIGHT, "set it to 50 percent", {"action": "set", "target": "kitchen light"}),
        (LIGHT, "and the hall light", {"action": "on", "target": "hall light"}),
        (VOLUME, "make it seven", {"action": "set", "percent": 70}),
        (("volume", {"action": "up"}), "again", {"action": "up"}),
        (("timer", {"action": "cancel", "name": "pasta"}), "the other one", {"others": ("x",)}),
        (("timer", {"action": "left"}), "and the pasta?", {"name": "pasta"}),
        (READ, "Take the rice off.", {"items": ["rice"]}),
        (("reminder", {"action": "list"}), "cancel the one about the bins", {"text": "bins"}),
        (("note", {"action": "read", "last": True}), "Delete it.", {"action": "remove"}),
        (TIME, "And in New York?", {"place": "New York"}),
        (WEATHER, "and tomorrow?", {"place": "Rome"}),
        (WEATHER, "and in Oslo on Monday?", {"place": "Oslo"}),
        (DAY, "and on Monday?", {"date": "2026-03-16"}),
        (DAY, "and next week?", {"date": "2026-03-16", "until": "2026-03-22"}),
        (DAY, "and on Monday evening?", {"date": "2026-03-16", "part": "evening"}),
        (SPELL, "And necessary?", {"word": "necessary"}),
        (
            ("calculator", {"action": "calculate", "expression": "12 times 7"}),
            "and times two?",
            {"expression": "(12 times 7) times two"},
        ),
    ],
)  # fmt: skip
def test_what_is_left_out_is_as_it_was(after, last, text, args) -> None:
    tool, before = last
    routed = after(text, tool, before)
    assert routed is not None
    assert routed.tool == tool
    assert routed.replaces is None
    assert args.items() <= routed.args.items()


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (TIMER, "no problem"),
        (TIMER, "it's ten"),
        (TIMER, "he said make it ten"),
        (TIMER, "I told Ben to cancel it, but he never listens"),
        (TIMER, "ten"),
        (TIMER, "again"),  # what was said, not what was done
        (TIMER, "what time is it?"),
        (TIMER, "don't cancel it"),
        (TIMER, "if you cancel it"),
        (TIMER, "cancel it, she said"),
        (TIMER, "can I cancel it?"),
        (TIMER, "I mean it"),
        (TIMER, "that too"),
        (LIST, "make it snappy"),
        (LIST, "what about lunch"),
        (LIST, "put it on the table"),
        (LIST, "and then some"),
        (TIME, "what about lunch?"),
        (("timer", {"action": "left"}), "make it ten"),
        (LIST, "and then he left"),
        (LIST, "and you?"),
        (LIST, "and so on"),
        (LIGHT, "and the kids are asleep"),
        (VOLUME, "what a loud place it is"),
    ],
)
def test_talk_and_commands_of_their_own_are_left_alone(after, last, text) -> None:
    tool, args = last
    assert after(text, tool, args) is None


def test_no_talk_becomes_a_deed_after_any_call(tools, fixed) -> None:
    lines = (SUITES / "no_action.jsonl").read_text("utf-8").splitlines()
    texts = [text for line in lines[::3] if (text := json.loads(line).get("text"))]
    calls = [
        *(TIMER, ALARM, REMINDER, LIST, LIGHT, VOLUME),
        ("note", {"action": "add", "text": "x"}),
        ("routine", {"action": "run", "name": "tea time"}),
        ("calendar", {"action": "add", "title": "dentist", "at": "2026-03-17T15:00"}),
        ("timer", {"action": "cancel", "name": "pasta"}),
    ]
    routes = {text: fixed.route(text) for text in texts}
    now = datetime(2026, 3, 14, 10)
    became = [
        (text, tool)
        for text, (tool, args) in product(texts, calls)
        if elliptical(made(tools, tool, args), text, routes[text], now, fixed.route)
    ]
    assert len(texts) > 100
    assert became == []


@given(st.text(max_size=60))
def test_any_text_is_survived(tools, fixed, text) -> None:
    for tool, args in (TIMER, ALARM, LIST, LIGHT):
        last = made(tools, tool, args)
        _ = elliptical(last, text, fixed.route(text), datetime(2026, 3, 14, 10), fixed.route)


class TestConversation:
    def test_ten_minutes_instead_of_five(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a timer for five minutes")
        conversation.say("how long is left?")
        assert conversation.say("make it ten") == "Now it's 10 minutes instead of 5 minutes."
        assert [each.duration_s for each in schedule.timers] == [600]
        assert conversation.say("undo that") == "I've cancelled the 10 minute timer."
        assert schedule.timers == []
        assert not conversation.agent.preview("undo that")

    def test_a_correction_that_fails_loses_nothing(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a timer for five minutes")
        refused = "I can set timers from 1 second to 24 hours."
        assert conversation.say("make it thirty hours") == refused
        assert [each.duration_s for each in schedule.timers] == [300]

    def test_the_other_one(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a pasta timer for nine minutes")
        conversation.say("and one for the sauce, twenty minutes")
        conversation.say("cancel the pasta timer")
        said = conversation.say("no, the other one")
        assert said == "I've cancelled the sauce timer. Pasta timer set for 9 minutes."
        assert [each.name for each in schedule.timers] == ["pasta"]

    def test_one_of_all_that_were_cancelled(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a pasta timer for nine minutes")
        conversation.say("set an egg timer for five minutes")
        conversation.say("cancel all timers")
        assert conversation.say("no, the pasta timer") == (
            "Pasta timer set for 9 minutes. Egg timer set for 5 minutes."
            " I've cancelled the pasta timer."
        )
        assert [each.name for each in schedule.timers] == ["egg"]
        conversation.say("undo")
        assert [each.name for each in schedule.timers] == ["egg", "pasta"]
        assert conversation.say("undo") == "I've cancelled the egg timer.", "by its new id"
        assert [each.name for each in schedule.timers] == ["pasta"]

    def test_what_was_cancelled_instead_comes_back_once(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a pasta timer for nine minutes")
        conversation.say("set an egg timer for five minutes")
        conversation.say("cancel all timers")
        said = conversation.say("no, the bread timer")
        assert said.startswith("Pasta timer set for 9 minutes. Egg timer set for 5 minutes. I have")
        assert conversation.say("no, the egg timer") == "I've cancelled the egg timer."
        assert [each.name for each in schedule.timers] == ["pasta"]

    def test_one_that_is_not_there_loses_nothing(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a pasta timer for nine minutes")
        conversation.say("set an egg timer for five minutes")
        conversation.say("cancel the pasta timer")
        assert conversation.say("no, the bread timer").startswith("I have no such timer.")
        conversation.say("no, the egg timer")
        assert [each.name for each in schedule.timers] == ["pasta"]

    def test_several_things_on_a_list(self, talk) -> None:
        conversation = talk(None)
        conversation.say("add milk and eggs to my shopping list")
        conversation.say("no, eggs and bread")
        assert conversation.say("what's on it?") == "Your shopping list has: eggs and bread."

    def test_what_came_back_only_in_part_comes_back_once(self, talk, schedule, monkeypatch) -> None:
        conversation = talk(None)
        conversation.say("set a pasta timer for nine minutes")
        conversation.say("set an egg timer for five minutes")
        conversation.say("cancel all timers")
        with monkeypatch.context() as broken:
            broken.setattr(schedule, "add", partial(_no_eggs, schedule))
            conversation.say("no, the pasta timer")
        assert schedule.timers == []
        conversation.say("undo")
        conversation.say("undo")
        assert [each.name for each in schedule.timers] == ["pasta"]

    def test_the_other_one_and_then_the_first_again(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a pasta timer for nine minutes")
        conversation.say("set an egg timer for five minutes")
        conversation.say("cancel the pasta timer")
        conversation.say("no, the other one")
        assert [each.name for each in schedule.timers] == ["pasta"]
        conversation.say("no, the pasta timer")
        assert [each.name for each in schedule.timers] == ["egg"]

    def test_after_the_other_one_the_first_may_be_asked_about_again(self, talk) -> None:
        conversation = talk(None)
        conversation.say("set a pasta timer for nine minutes")
        conversation.say("set an egg timer for five minutes")
        conversation.say("how long is left on the pasta timer?")
        assert conversation.say("and the other one?") == "The egg timer, 5 minutes left."
        assert conversation.say("and the pasta timer?") == "The pasta timer, 9 minutes left."

    def test_one_of_all_alarms_and_reminders(self, talk, schedule) -> None:
        conversation = talk(None)
        for hour in ("seven", "eight"):
            conversation.say(f"set an alarm for {hour} tomorrow morning")
        conversation.say("cancel all alarms")
        conversation.say("no, the one at seven")
        assert [each.at.hour for each in schedule.set_alarms] == [8]
        conversation.say("remind me to call Anna at nine tomorrow morning")
        conversation.say("remind me to water the plants at ten tomorrow morning")
        conversation.say("cancel all my reminders")
        conversation.say("no, the one about the plants")
        assert [each.text for each in schedule.set_reminders] == ["call Anna"]

    def test_a_time_takes_the_place_of_a_while(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("remind me to call mum in ten minutes")
        conversation.say("no, every day at half past five")
        (reminder,) = schedule.set_reminders
        assert (reminder.at.hour, reminder.at.minute) == (17, 30)
        assert reminder.repeat == "FREQ=DAILY"

    def test_that_it_repeats_is_told(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set an alarm for seven tomorrow morning")
        said = conversation.say("no, every day")
        assert said.startswith("Now it's 7 a.m. tomorrow, every day, instead of 7 a.m. ")
        conversation.say("remind me to call mum tomorrow at noon")
        said = conversation.say("no, every day")
        assert said.startswith("Now it's at noon tomorrow, every day, instead of at noon ")

    def test_more_time_is_told_in_the_order_of_the_deeds(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a timer for ten minutes")
        schedule.extend = partial(_extended, schedule)
        conversation.say("add five minutes")
        assert conversation.say("make it ten minutes") == (
            "I've added 10 minutes: 25 minutes left. I've taken off 5 minutes: 20 minutes left."
        )

    def test_cancelling_an_addition_takes_back_only_that(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a timer for five minutes")
        schedule.extend = partial(_extended, schedule)
        conversation.say("add two minutes")
        assert conversation.say("cancel that") == ("I've taken off 2 minutes: 5 minutes left.")

    def test_what_is_corrected_on_a_list(self, talk) -> None:
        conversation = talk(None)
        conversation.say("add milk and eggs to my shopping list")
        conversation.say("take milk off my shopping list")
        said = conversation.say("no, the eggs")
        assert said == ("I've put it back on the list. I've taken eggs off your shopping list.")
        assert conversation.say("what's on it?") == "Your shopping list has milk."

    def test_a_changed_deed_is_foreseen_as_nothing(self, talk) -> None:
        conversation = talk(None)
        conversation.say("set a timer for five minutes")
        assert conversation.agent.route("make it ten").args["seconds"] == 600
        assert conversation.agent.preview("make it ten") is None

    def test_it_is_forgotten_after_a_while_and_after_talk(self, talk, schedule, calendar) -> None:
        conversation = talk(None)
        conversation.say("set a timer for five minutes")
        calendar.go_on(LASTS.total_seconds() + 1)
        conversation.say("make it ten")
        conversation.say("set a timer for seven minutes")
        conversation.say("what is the capital of France?")
        conversation.say("make it ten")
        conversation.agent.start_over()
        assert [each.duration_s for each in schedule.timers] == [300, 420]

    @pytest.mark.parametrize("text", ["make it ten", "cancel it", "do that again"])
    def test_others_words_change_nothing(self, talk, schedule, text) -> None:
        conversation = talk(None)
        conversation.say("set a timer for five minutes")
        by = Provenance.OTHER_SPEAKER
        said = list(conversation.agent.reply(text, said_by=by))
        assert said
        assert [each.duration_s for each in schedule.timers] == [300]

    def test_others_words_ask_nothing_either(self, talk) -> None:
        conversation = talk(None)
        conversation.say("what time is it in Tokyo?")
        by = Provenance.OVERHEARD
        parts = list(conversation.agent.reply("and in New York?", said_by=by))
        assert not any(isinstance(part, Acted) for part in parts)

    def test_who_could_not_hear_it_does_not_go_on_from_it(self, talk, speaker) -> None:
        conversation = talk(None)
        conversation.say("add milk to my shopping list")
        called = len(conversation.receipts)
        speaker.principal = Principal.UNKNOWN
        conversation.say("and eggs")
        assert len(conversation.receipts) == called, "to a stranger it is talk"
        speaker.principal = Principal.OWNER
        assert conversation.say("read my shopping list") == "Your shopping list has milk."

    def test_what_was_noted_may_be_said_again(
        self, router, schedule, store, speaker, calendar
    ) -> None:
        last = LastReply()
        tools = standard_tools(schedule, calendar.now, deps=Deps(spoken=last))
        agent = Agent(
            router=router,
            toolbox=Toolbox(tools),
            model=None,
            store=store,
            mint=speaker.mint,
            now=calendar.now,
            last_reply=last,
        )
        conversation = Conversation(agent)
        said = conversation.say("add milk to my shopping list")
        assert conversation.say("say that again") == said


class TestUndo:
    def test_all_that_was_cancelled_comes_back(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a pasta timer for nine minutes")
        conversation.say("set a timer for an hour")
        conversation.say("cancel all timers")
        assert schedule.timers == []
        conversation.say("undo that")
        assert [(each.name, each.duration_s) for each in schedule.timers] == [
            ("pasta", 540),
            (None, 3600),
        ]

    def test_alarms_and_reminders(self, talk, schedule) -> None:
        conversation = talk(None)
        for hour in ("seven", "eight", "nine", "ten"):
            conversation.say(f"set an alarm for {hour} tomorrow morning")
            conversation.say(f"remind me to call Anna at {hour} tomorrow morning")
        conversation.say("cancel all my alarms")
        conversation.say("cancel all my reminders")
        assert (schedule.set_alarms, schedule.set_reminders) == ([], [])
        assert conversation.say("undo") == "I've undone all 4 of that."
        conversation.say("undo")
        assert [each.at.hour for each in schedule.set_alarms] == [7, 8, 9, 10]
        assert [each.text for each in schedule.set_reminders] == ["call Anna"] * 4

    def test_twice_also_takes_back_what_was_set_again(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set an alarm for seven tomorrow morning")
        conversation.say("cancel my alarm")
        conversation.say("undo")
        assert len(schedule.set_alarms) == 1
        assert conversation.say("undo").startswith("I've cancelled the alarm at 7 a.m.")
        assert schedule.set_alarms == []

    def test_added_time_is_taken_off(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a timer for five minutes")
        schedule.extend = partial(_extended, schedule)
        conversation.say("add two minutes")
        assert schedule.timers[0].remaining_s == 420
        conversation.say("undo")
        assert schedule.timers[0].remaining_s == 300

    def test_added_time_of_which_less_is_left(self, talk, schedule) -> None:
        conversation = talk(None)
        conversation.say("set a timer for five minutes")
        schedule.extend = partial(_extended, schedule)
        conversation.say("add five minutes")
        schedule.timers = [replace(schedule.timers[0], remaining_s=200.0)]
        for _ in range(2):
            said = conversation.say("undo")
            assert said == "I can't take off 5 minutes: only 3 minutes and 20 seconds left."
        assert [each.remaining_s for each in schedule.timers] == [200]

    def test_lights_that_went_off_together(
        self, router, schedule, store, speaker, calendar
    ) -> None:
        devices = [
            HomeDevice("light.a", "Kitchen Light", Kind.LIGHT, "on"),
            HomeDevice("light.b", "Hall Light", Kind.LIGHT, "on"),
            HomeDevice("light.c", "Cellar Light", Kind.LIGHT, "off"),
        ]
        home = FakeHome(devices)
        box = Toolbox(standard_tools(schedule, calendar.now, deps=Deps(home=home)))
        agent = Agent(
            router=router, toolbox=box, model=None, store=store, mint=speaker.mint, now=calendar.now
        )
        conversation = Conversation(agent)
        before = home.states()
        conversation.say("turn off all the lights")
        assert set(home.states().values()) == {"off"}
        conversation.say("undo that")
        assert home.states() == before


def _extended(schedule: MemorySchedule, timer_id: str, seconds: float) -> Timer:
    at, timer = next((n, each) for n, each in enumerate(schedule.timers) if each.id == timer_id)
    left = timer.remaining_s + seconds
    schedule.timers[at] = replace(timer, duration_s=timer.duration_s + seconds, remaining_s=left)
    return schedule.timers[at]


def _no_eggs(schedule: MemorySchedule, duration_s: float, name: str | None) -> Timer:
    if name == "egg":
        raise OSError
    return MemorySchedule.add(schedule, duration_s, name)
