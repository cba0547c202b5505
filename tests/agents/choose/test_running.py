"""What ends by its name, whatever sort of thing has it."""

import pytest

from agents.choose.running import named_to_end


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("stop the pasta one", "pasta"),
        ("Turn the pasta one off, please.", "pasta"),
        ("kill the pasta", "pasta"),
        ("could you cancel my bread timer thing", "bread timer"),
        ("why did you stop the pasta?", None),
        ("stop", None),
        ("kill the man who lives next door to me", None),
    ],
)
def test_the_name_of_what_is_to_end(text: str, name: str | None) -> None:
    assert named_to_end(text) == name


@pytest.mark.parametrize(
    "text", ["stop the pasta one", "turn off the pasta one", "kill the pasta", "turn off the pasta"]
)
def test_a_timer_of_that_name_ends(talk, schedule, text: str) -> None:
    talking = talk(None)
    talking.say("set a pasta timer for nine minutes")
    talking.say("set a timer for six minutes")
    assert talking.say(text) == "I've cancelled the pasta timer."
    assert len(schedule.running()) == 1


def test_an_alarm_of_that_name_ends(talk, schedule) -> None:
    talking = talk(None)
    talking.say("set a gym alarm for seven")
    assert "gym alarm" in talking.say("stop the gym one")
    assert not schedule.alarms()


def test_words_of_a_reminder_are_asked_about(talk, schedule) -> None:
    talking = talk(None)
    talking.say("remind me at nine to buy pasta")
    assert talking.say("kill the pasta").startswith("Shall I cancel the reminder")
    assert schedule.reminders()
    assert talking.say("yes") == "I've cancelled the reminder: buy pasta."


@pytest.mark.parametrize("text", ["stop the car", "cut the crap", "kill the pas"])
def test_what_is_not_set_is_nothing_of_the_home(talk, schedule, text: str) -> None:
    talking = talk(None)
    talking.say("set a pasta timer for nine minutes")
    talking.say(text)
    assert schedule.running()
    assert not [each for each in talking.receipts if each.tool == "home"]


def test_a_thing_of_the_home_that_a_reminder_names_is_the_thing(talk, schedule) -> None:
    talking = talk(None)
    talking.say("remind me to turn off the oven in ten minutes")
    talking.say("turn off the oven")
    assert [each.tool for each in talking.receipts][-1] == "home"
    assert schedule.reminders()
