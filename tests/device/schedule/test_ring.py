"""What is said when something rings."""

from dataclasses import replace
from datetime import datetime

import pytest

from device.schedule import Kind, Ring, given_up_sentence, ring_sentence
from device.schedule.ring import Unread

SEVEN = datetime(2026, 3, 16, 7)
TIMER = Ring("x", Kind.TIMER, None, 1.0, 0.1, length_s=600.0)
ALARM = Ring("x", Kind.ALARM, SEVEN, None, 0.1, label=SEVEN)
REMINDER = Ring("x", Kind.REMINDER, SEVEN, None, 0.1, label=SEVEN, text="call my mum.")
MISSED = Ring("x", Kind.MISSED, None, 1.0, 0.1, label=SEVEN)


@pytest.mark.parametrize(
    ("ring", "sentence"),
    [
        (replace(TIMER, length_s=10.0), "Your 10 second timer is done."),
        (replace(TIMER, text="pasta"), "Your pasta timer is done."),
        (replace(TIMER, length_s=3600.0), "Your 1 hour timer is done."),
        (
            replace(TIMER, text="tea", late_s=300.0),
            "Your tea timer was done 5 minutes ago, while I was off or busy.",
        ),
        (replace(TIMER, unread=Unread.LOCKED), "Your 10 minute timer is done."),
        (ALARM, "It's 7 a.m."),
        (replace(ALARM, text="swimming"), "It's 7 a.m.: swimming."),
        (replace(ALARM, label=SEVEN.replace(hour=12)), "It's noon."),
        (replace(ALARM, label=None), "This is your alarm."),
        (
            replace(ALARM, late_s=7260.0),
            "Your 7 a.m. alarm was due 2 hours ago, while I was off or busy.",
        ),
        (
            replace(ALARM, late_s=86_400.0 * 3, times=14),
            "Your 7 a.m. alarm was due 14 times while I was off or busy, the last 3 days ago.",
        ),
        (
            replace(ALARM, late_s=90.0, times=1000),
            "Your 7 a.m. alarm was due more than 1000 times while I was off or busy, the last 2 "
            "minutes ago.",
        ),
        (REMINDER, "Reminder: call your mum."),
        (
            replace(REMINDER, late_s=300.0),
            "I should have reminded you 5 minutes ago, but was off or busy: call your mum.",
        ),
        (
            replace(REMINDER, late_s=300.0, times=3),
            "I couldn't remind you 3 times, as I was off or busy, the last 5 minutes ago: call your"
            " mum.",
        ),
        (
            replace(REMINDER, text="", unread=Unread.LOCKED),
            "You have a reminder; unlock me to hear it.",
        ),
        (
            replace(REMINDER, text="", unread=Unread.GONE),
            "You have a reminder, but its words were erased.",
        ),
        (MISSED, "You missed your 7 a.m. alarm: it rang for 10 minutes."),
    ],
)
def test_what_is_said_when_it_rings(ring: Ring, sentence: str) -> None:
    assert ring_sentence(ring) == sentence


def test_what_is_said_of_an_alarm_that_nobody_stopped() -> None:
    assert given_up_sentence(ALARM) == "Your 7 a.m. alarm rang for 10 minutes; I've stopped it."


def test_an_alarm_that_is_much_too_late_is_told_of_and_not_rung() -> None:
    assert replace(ALARM, late_s=599.0).keeps_ringing
    assert not replace(ALARM, late_s=600.0).keeps_ringing
    assert not TIMER.keeps_ringing
    assert replace(ALARM, ringing_for_s=600.0).is_over
    assert not replace(ALARM, ringing_for_s=599.0).is_over
