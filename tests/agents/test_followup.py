"""The owner's next words as what a tool asked for."""

from datetime import datetime

import pytest

from agents.followup import complete
from agents.router import NOT_A_COMMAND, Routed, Router
from agents.tools import Proposal, Slot

NOW = datetime(2026, 3, 14, 10, 0)  # a Saturday


def answered(router: Router, pending: Proposal, text: str) -> Routed:
    return complete(pending, text, router.route(text), NOW)


def args(router: Router, pending: Proposal, text: str) -> dict[str, object]:
    routed = answered(router, pending, text)
    return dict(routed.args) if routed.tool == pending.tool else {}


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("At seven.", {"at": "2026-03-14T19:00"}),
        ("seven thirty", {"at": "2026-03-14T19:30"}),
        ("For six fifteen tomorrow morning.", {"at": "2026-03-15T06:15"}),
        ("make it eight tomorrow", {"at": "2026-03-15T08:00"}),
        ("every Monday at seven", {"at": "2026-03-16T07:00", "repeat": "FREQ=WEEKLY;BYDAY=MO"}),
        ("in twenty minutes", {"seconds": 1200}),
        ("um, half an hour, I guess", {"seconds": 1800}),
    ],
)
def test_when(router: Router, text: str, more: dict[str, object]) -> None:
    pending = Proposal("alarm", {"action": "set"}, Slot.TIME)
    assert args(router, pending, text) == {"action": "set", **more}


def test_which_alarm_by_its_time(router: Router) -> None:
    pending = Proposal("alarm", {"action": "cancel"}, Slot.WHICH)
    assert args(router, pending, "The seven o'clock one.") == {"action": "cancel", "time": "07:00"}
    assert args(router, pending, "both") == {"action": "cancel", "all": True}


def test_own_words_are_taken_as_they_are(router: Router) -> None:
    pending = Proposal("reminder", {"action": "set", "at": "2026-03-14T17:00"}, Slot.TEXT)
    assert args(router, pending, "call Mum")["text"] == "call Mum"
    assert args(router, pending, "Turn off the oven.")["text"] == "Turn off the oven"
    assert answered(router, pending, "what time is it").tool == "clock"
    assert answered(router, pending, "how long is left on the timer?").tool == "timer"
    assert answered(router, pending, "never mind").tool == "stop"


@pytest.mark.parametrize("slot", [Slot.TIME, Slot.TEXT, Slot.WHICH, Slot.YES, Slot.DURATION])
def test_no_is_never_an_answer(router: Router, slot: Slot) -> None:
    routed = answered(router, Proposal("alarm", {"action": "set"}, slot), "no thanks")
    assert routed.tool == "stop"


def test_what_is_no_answer_is_left_as_it_was(router: Router) -> None:
    pending = Proposal("alarm", {"action": "set"}, Slot.TIME)
    assert answered(router, pending, "the sky is blue today, isn't it") == NOT_A_COMMAND


@pytest.mark.parametrize(
    ("slot", "into", "text", "more"),
    [
        (Slot.NUMBER, "percent", "forty percent", {"percent": 40}),
        (Slot.NUMBER, "percent", "make it seven", {"percent": 70}),
        (Slot.NUMBER, "value", "to 21", {"value": 21}),
        (Slot.ITEMS, None, "olive oil and bread", {"items": ["olive oil", "bread"]}),
        (Slot.STEPS, None, "read my list", {"text": "read my list"}),
        (Slot.TEXT, "name", "tea time", {"name": "tea time"}),
        (Slot.TIME, "date", "the 1st of May", {"date": "2026-05-01"}),
    ],
)  # fmt: skip
def test_the_piece_goes_where_it_is_asked_for(
    router: Router, slot: Slot, into: str | None, text: str, more: dict[str, object]
) -> None:
    pending = Proposal("volume", {"action": "set"}, slot, into)
    assert args(router, pending, text) == {"action": "set", **more}


def test_what_to_be_reminded_of_may_say_when(router: Router) -> None:
    pending = Proposal("reminder", {"action": "set"}, Slot.TEXT)
    assert args(router, pending, "to call Mum at five") == {
        "action": "set",
        "text": "call Mum",
        "at": "2026-03-14T17:00",
    }
    timed = Proposal("reminder", {"action": "set", "at": "2026-03-14T17:00"}, Slot.TEXT)
    assert args(router, timed, "Call Mum.") == {**timed.args, "text": "Call Mum"}


def test_no_longer_true_is_a_yes_also_after_no(router: Router) -> None:
    pending = Proposal("remember", {"no_longer": ("x",)}, Slot.YES)
    assert args(router, pending, "No, that's not true any more.") == pending.args
    assert answered(router, pending, "no, that's still true").tool == "stop"


@pytest.mark.parametrize("slot", [each for each in Slot if each is not Slot.YES])
@pytest.mark.parametrize("text", ["Delete it.", "cancel that please", "no, forget it", "not now"])
def test_what_takes_a_request_back_is_no_answer(router: Router, slot: Slot, text: str) -> None:
    pending = Proposal("reminder", {"action": "set", "text": "feed the cat"}, slot, "text")
    assert answered(router, pending, text).tool == "stop"


@pytest.mark.parametrize("slot", [each for each in Slot if each is not Slot.YES])
def test_a_yes_is_no_answer_and_asks_again(router: Router, slot: Slot) -> None:
    pending = Proposal("reminder", {"action": "set"}, slot, "text")
    assert args(router, pending, "Yes, please.") == {"action": "set"}


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("set a timer for ten minutes", "timer"),
        ("set an alarm for seven", "alarm"),
        ("turn the volume down", "volume"),
        ("undo that", "undo"),
    ],
)
def test_another_command_is_carried_out_instead(router: Router, text: str, tool: str) -> None:
    pending = Proposal("reminder", {"action": "set", "at": "2026-03-14T17:00"}, Slot.TEXT)
    assert answered(router, pending, text).tool == tool


def test_one_of_several_timers_is_no_second_more(router: Router) -> None:
    pending = Proposal("timer", {"action": "cancel"}, Slot.WHICH)
    assert args(router, pending, "The six minute one.") == {"action": "cancel", "seconds": 360}
    assert args(router, pending, "Cancel all.") == {"action": "cancel", "all": True}
