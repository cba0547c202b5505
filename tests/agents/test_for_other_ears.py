"""Who may have a thing done, hear a reply again, and take a deed back."""

import pytest

from agents.agent import Acted, Agent, Text
from agents.tools import Toolbox
from agents.tools.speech import LastReply
from agents.tools.standard import Deps, standard_tools
from context.items import Provenance
from context.policy import Audience, Principal
from tests.agents.conftest import MemoryEvents

REFUSED = "I only do that when you tell me yourself."
NOT_HERE = "I can't say that again here: it was for other ears."


@pytest.fixture
def agent(router, schedule, store, speaker, calendar) -> Agent:
    said = LastReply()
    tools = standard_tools(schedule, calendar.now, deps=Deps(spoken=said, events=MemoryEvents()))
    made = Agent(
        router=router,
        toolbox=Toolbox(tools),
        model=None,
        store=store,
        mint=speaker.mint,
        now=calendar.now,
        last_reply=said,
    )
    made.load()
    return made


def say(agent: Agent, text: str, said_by: Provenance = Provenance.OWNER_SPOKE) -> str:
    parts = list(agent.reply(text, said_by=said_by))
    said = "".join(part.text for part in parts if isinstance(part, Text))
    agent.heard(text, said)
    return said


DEEDS = [
    "set a timer for ten minutes",
    "cancel the timer",
    "set an alarm for seven",
    "remind me at five to call Anna",
    "add milk to my shopping list",
    "clear my shopping list",
    "take a note: the code is on the fridge",
    "schedule a meeting with Bob tomorrow at ten",
    "volume to 80 percent",
    "turn off the kitchen light",
    "when I say good night, set an alarm for seven",
    "forget everything",
    "undo",
]


@pytest.mark.parametrize(
    "by",
    [each for each in Provenance if each not in (Provenance.OWNER_SPOKE, Provenance.OWNER_TYPED)],
)
@pytest.mark.parametrize("text", DEEDS)
def test_words_that_are_not_the_owners_have_nothing_done(agent, schedule, store, by, text) -> None:
    schedule.add(600, "pasta")
    before = (schedule.running(), schedule.alarms(), schedule.reminders())
    receipts = [each.receipt for each in agent.reply(text, said_by=by) if isinstance(each, Acted)]
    assert [(each.ok, each.spoken) for each in receipts] == [(False, REFUSED)]
    assert (schedule.running(), schedule.alarms(), schedule.reminders()) == before


def test_they_may_still_ask(agent, schedule) -> None:
    schedule.add(600, "pasta")
    for text in ("how long is left on the timer", "what time is it", "read my alarms"):
        assert say(agent, text, Provenance.OTHER_SPEAKER) != REFUSED, text


def test_a_reply_is_said_again_to_who_heard_it(agent) -> None:
    say(agent, "set a timer for ten minutes")
    assert say(agent, "say that again") == "Timer set for 10 minutes."
    assert say(agent, "say that again") == "Timer set for 10 minutes."


def test_a_private_reply_is_not_said_again_in_company_or_to_somebody_else(agent, speaker) -> None:
    say(agent, "remember that my car is on level 3")
    assert "level 3" in say(agent, "what do you remember")
    speaker.audience = Audience.COMPANY
    assert say(agent, "say that again") == NOT_HERE
    assert "level" not in say(agent, "spell that").lower()
    speaker.audience = Audience.ALONE
    speaker.principal = Principal.MEMBER
    assert "level 3" not in say(agent, "say that again")


def test_what_the_button_opened_is_not_said_again_to_a_voice(agent, speaker) -> None:
    say(agent, "remember that my pin is 4417")
    speaker.press()
    assert "4417" in say(agent, "what do you remember")
    speaker.let_go()
    assert "4417" not in say(agent, "say that again")


def test_undoing_in_company_says_nothing_of_what_was_private(agent, speaker, schedule) -> None:
    say(agent, "put knee surgery on my calendar tomorrow at ten")
    say(agent, "take knee surgery off my calendar")
    assert say(agent, "yes") == "I've taken knee surgery off your calendar."
    speaker.audience = Audience.COMPANY
    assert say(agent, "undo") == "I've undone that."
    assert "knee" not in say(agent, "undo")
    say(agent, "set a timer for ten minutes")
    assert "10 minute timer" in say(agent, "undo")
    assert schedule.running() == []


def test_undoing_alone_says_what_is_so_again(agent) -> None:
    say(agent, "put knee surgery on my calendar tomorrow at ten")
    say(agent, "take knee surgery off my calendar")
    say(agent, "yes")
    assert say(agent, "undo").startswith("I've put knee surgery on your calendar, ")


def test_what_can_not_be_undone_in_company_says_why_and_can_be_later(agent, speaker) -> None:
    say(agent, "take a note: the code is on the fridge")
    speaker.audience = Audience.COMPANY
    assert say(agent, "undo").startswith("Your notes are for you alone")
    speaker.audience = Audience.ALONE
    assert say(agent, "undo") == "I've deleted the note: the code is on the fridge."


def test_undo_takes_back_the_deed_it_is_about(agent, schedule) -> None:
    say(agent, "set a timer for ten minutes")
    say(agent, "remember that my car is on level 3")
    say(agent, "undo")  # the remembering
    assert len(schedule.running()) == 1


def test_undo_takes_deeds_back_from_the_newest(agent, schedule) -> None:
    say(agent, "set a timer for ten minutes")
    say(agent, "set a timer for five minutes")
    say(agent, "undo")
    assert [each.duration_s for each in schedule.running()] == [600]
    say(agent, "undo")
    assert schedule.running() == []


def test_nothing_can_be_undone_once_all_was_dropped(agent, schedule) -> None:
    say(agent, "set a timer for ten minutes")
    agent.start_over()
    say(agent, "undo")
    assert len(schedule.running()) == 1


def test_a_deed_of_long_ago_is_not_undone(agent, schedule, calendar) -> None:
    say(agent, "set a timer for ten minutes")
    calendar.go_on(301)
    say(agent, "undo")
    assert len(schedule.running()) == 1
