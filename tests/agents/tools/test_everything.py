"""All that is set to ring, cancelled at once, in a conversation."""

import pytest

NOTHING = "There are no timers, alarms or reminders."


@pytest.fixture
def talking(talk):
    return talk(None)


@pytest.fixture
def all_set(talking):
    for each in (
        "set a pasta timer for nine minutes",
        "set a timer for six minutes",
        "set an alarm for seven",
        "remind me at nine to feed the cat",
    ):
        assert talking.say(each)
    return talking


def counts(schedule) -> tuple[int, int, int]:
    return len(schedule.timers), len(schedule.set_alarms), len(schedule.set_reminders)


@pytest.mark.parametrize("text", ["cancel everything", "Cancel all.", "end everything, please"])
def test_all_is_asked_about_first(all_set, schedule, text: str) -> None:
    asked = all_set.say(text)
    assert asked == "Should I cancel 2 timers, the alarm and the reminder? Say yes to cancel."
    assert counts(schedule) == (2, 1, 1)
    assert all_set.say("no") == "Okay."
    assert counts(schedule) == (2, 1, 1)


def test_once_agreed_all_goes_and_comes_back(all_set, schedule) -> None:
    all_set.say("cancel everything")
    assert all_set.say("yes").startswith("I've cancelled all 2 timers. I've cancelled the alarm")
    assert counts(schedule) == (0, 0, 0)
    assert all_set.say("undo") == "I've undone all 4 of that."
    assert counts(schedule) == (2, 1, 1)


def test_grants_stay(all_set, store, speaker) -> None:
    speaker.press()
    all_set.say("you may answer what I told you in company always")
    speaker.let_go()
    assert store.grants.all()
    all_set.say("cancel everything")
    all_set.say("yes")
    assert store.grants.all()


def test_the_kinds_that_are_named_go_at_once(all_set, schedule) -> None:
    assert all_set.say("remove all timers and alarms").count("I've cancelled") == 2
    assert counts(schedule) == (0, 0, 1)
    told = all_set.say("cancel my alarms and reminders")
    assert told == "I've cancelled the reminder: feed the cat. There are no alarms."


def test_where_nothing_is_set(talking) -> None:
    assert talking.say("cancel everything") == NOTHING
    assert talking.say("delete all my timers and reminders") == "There are no timers or reminders."


@pytest.mark.parametrize("text", ["cancel everything", "remove all timers and alarms"])
def test_what_is_foreseen_is_what_is_said(all_set, text: str) -> None:
    assert all_set.agent.preview(text) in (None, all_set.say(text))
