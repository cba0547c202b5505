from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tools import Slot, Toolbox, ToolContext
from agents.tools.clock import ClockTool
from agents.tools.timer import MOST
from context.errors import LapelError
from context.items import Provenance
from context.policy import HOUSEHOLD_GENERAL, Audience, Principal, Purpose
from context.store import Store


def remember(toolbox: Toolbox, context: ToolContext, *facts: str) -> None:
    for fact in facts:
        assert toolbox.call("remember", {"fact": fact}, context).ok


class TestTimer:
    @pytest.mark.parametrize(
        ("timer", "spoken"),
        [
            ((10, None), "Timer set for 10 seconds."),
            ((1, None), "Timer set for 1 second."),
            ((5400, None), "Timer set for 1 hour and 30 minutes."),
            ((480, "pasta"), "Pasta timer set for 8 minutes."),
            ((600, "check the oven"), "Timer set for 10 minutes: check the oven."),
            ((86400, None), "Timer set for 24 hours."),
        ],
    )
    def test_set(self, toolbox, context, schedule, timer, spoken) -> None:
        args = {"action": "set", "seconds": timer[0], "name": timer[1]}
        receipt = toolbox.call("timer", args, context)
        assert (receipt.ok, receipt.spoken) == (True, spoken)
        assert [(kept.duration_s, kept.name) for kept in schedule.timers] == [timer]

    @pytest.mark.parametrize("seconds", [0, 0.5, -5, 86401, 1e30, float("inf"), float("nan")])
    def test_limits(self, toolbox, context, schedule, seconds) -> None:
        receipt = toolbox.call("timer", {"action": "set", "seconds": seconds}, context)
        assert (receipt.ok, schedule.timers) == (False, [])
        assert receipt.spoken == "I can set timers from 1 second to 24 hours."

    def test_too_many(self, toolbox, context, schedule) -> None:
        for _ in range(MOST + 1):
            receipt = toolbox.call("timer", {"action": "set", "seconds": 60}, context)
        assert (receipt.ok, len(schedule.timers)) == (False, MOST)

    def test_a_missing_duration_is_asked_for(self, toolbox, context) -> None:
        receipt = toolbox.call("timer", {"action": "set", "name": "pasta"}, context)
        assert (receipt.ok, receipt.spoken) == (False, "For how long?")
        assert receipt.asks is not None
        assert receipt.asks.slot is Slot.DURATION

    @pytest.mark.parametrize("error", [LapelError("The disk is full."), OSError(28, "no space")])
    def test_what_fails_is_never_said_to_be_done(self, toolbox, context, schedule, error) -> None:
        schedule.error = error
        receipt = toolbox.call("timer", {"action": "set", "seconds": 60}, context)
        assert not receipt.ok
        assert "set for" not in receipt.spoken

    def test_cancel(self, toolbox, context, schedule) -> None:
        cancel = {"action": "cancel"}
        assert toolbox.call("timer", cancel, context).spoken == "There's no timer running."
        schedule.add(600, None)
        assert (
            toolbox.call("timer", cancel, context).spoken == "I've cancelled the 10 minute timer."
        )
        schedule.add(600, None)
        schedule.add(480, "pasta")
        asked = toolbox.call("timer", cancel, context)
        assert (asked.ok, len(schedule.timers)) == (False, 2)
        assert asked.asks is not None
        named = toolbox.call("timer", {"action": "cancel", "name": "Pasta"}, context)
        assert named.spoken == "I've cancelled the pasta timer."
        assert not toolbox.call("timer", {"action": "cancel", "seconds": 5}, context).ok
        schedule.add(60, None)
        assert toolbox.call("timer", {**cancel, "all": True}, context).spoken == (
            "I've cancelled all 2 timers."
        )

    def test_left_and_list(self, toolbox, context, schedule) -> None:
        schedule.add(200, None)
        left = {"action": "left"}
        assert toolbox.call("timer", left, context).spoken == "3 minutes and 20 seconds left."
        schedule.add(480, "pasta")
        assert toolbox.call("timer", {"action": "list"}, context).spoken == (
            "You have 2 timers: the 3 minute and 20 second timer, 3 minutes and 20 seconds left;"
            " the pasta timer, 8 minutes left."
        )


class TestClock:
    @pytest.mark.parametrize(
        ("ask", "spoken"),
        [
            ("time", "It's 4:05 PM."),
            ("date", "It's Monday, November 23."),
            ("day", "It's Monday."),
        ],
    )
    def test_it_tells(self, toolbox, context, ask, spoken) -> None:
        assert toolbox.call("clock", {"action": ask}, context).spoken == spoken

    @given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])))
    def test_any_moment_can_be_told(self, now: datetime) -> None:
        clock = ClockTool(lambda: now)
        spoken = clock.call({"action": "time"}, None).spoken  # pyright: ignore
        hour, rest = spoken.removeprefix("It's ").split(":")
        assert 1 <= int(hour) <= 12
        assert rest[2:] in (" AM.", " PM.")
        assert int(hour) % 12 + (12 if "PM" in rest else 0) == now.hour


class TestMemory:
    def test_it_says_back_what_it_stored(self, toolbox, context, store: Store) -> None:
        receipt = toolbox.call("remember", {"fact": "my car is on level 3"}, context)
        assert (receipt.ok, receipt.spoken) == (True, "I'll remember that your car is on level 3.")
        (item,) = store.items(context.mint(Purpose.ANSWER), limit=9)
        assert item.text == "my car is on level 3"
        assert receipt.facts == {"item": item.id}

    @pytest.mark.parametrize("fact", [None, "", "  "])
    def test_nothing_to_remember_is_asked_for(self, toolbox, context, fact) -> None:
        receipt = toolbox.call("remember", {"fact": fact}, context)
        assert (receipt.ok, receipt.spoken) == (False, "What should I remember?")

    def test_a_stranger_can_do_nothing(self, toolbox, context, speaker) -> None:
        remember(toolbox, context, "my bike has the number 1234")
        speaker.principal = Principal.UNKNOWN
        for tool, raw in (
            ("remember", {"fact": "x is y"}),
            ("recall", {}),
            ("forget", {"all": True}),
        ):
            receipt = toolbox.call(tool, raw, context)
            assert not receipt.ok
            assert "1234" not in receipt.spoken

    def test_company_hears_nothing_of_the_owners(self, toolbox, context, speaker) -> None:
        remember(toolbox, context, "my bike has the number 1234")
        speaker.audience = Audience.COMPANY
        for raw in ({}, {"topic": "bike"}, {"day": "today"}, {"count": True}):
            assert "1234" not in toolbox.call("recall", raw, context).spoken
        for raw in ({"topic": "bike"}, {"seconds": 60}, {"topic": "bike", "every": True}):
            assert "1234" not in toolbox.call("forget", raw, context).spoken

    def test_anothers_words_are_not_the_owners(self, toolbox, store, speaker) -> None:
        context = ToolContext(store, speaker.mint, said_by=Provenance.OTHER_SPEAKER)
        assert not toolbox.call("remember", {"fact": "the safe is open"}, context).ok

    def test_recall(self, toolbox, context) -> None:
        recall: Callable[..., str] = lambda **raw: toolbox.call("recall", raw, context).spoken  # noqa: E731
        assert recall() == "You haven't told me anything to remember yet."
        remember(toolbox, context, "my car is on level 3", "Anna likes tulips")
        assert "your car is on level 3" in recall()
        assert recall(topic="Anna") == "You told me that Anna likes tulips."
        assert recall(topic="Bob") == "You haven't told me anything about Bob."
        remember(toolbox, context, *(f"box {n} is red" for n in range(6)))
        assert recall().endswith("And 3 more things.")

    def test_what_was_kept_when_and_how_much(self, toolbox, store, speaker, calendar) -> None:
        context = ToolContext(store, speaker.mint)
        recall: Callable[..., str] = lambda **raw: toolbox.call("recall", raw, context).spoken  # noqa: E731
        assert recall(day="today") == "There's nothing from today that I may tell you now."
        assert recall(count=True) == "You haven't told me anything to remember yet."
        remember(toolbox, context, "my car is on level 3")
        calendar.go_on(86_400)
        remember(toolbox, context, *(f"box {n} is red" for n in range(6)))
        scope = speaker.mint(Purpose.REMEMBER)
        for by, text in ((Provenance.OWNER_TYPED, "a is b"), (Provenance.IMPORTED, "c is d")):
            store.remember(scope, text, compartment=HOUSEHOLD_GENERAL, said_by=by)
        today = recall(day="today")
        assert today.startswith(
            "I may tell you now of 8 things from today: 6 you told me, 1 you typed and 1 imported."
        )
        assert today.endswith("And 3 more things.")
        assert "level 3" not in today
        assert recall(day="yesterday") == (
            "I may tell you now of 1 thing from yesterday. You told me that your car is on level 3."
        )
        assert "from the last hour" in recall(seconds=3600)
        assert recall(count=True) == (
            "I may tell you now of 9 things: 7 you told me, 1 you typed and 1 imported."
        )

    def test_what_is_no_longer_true_is_told_as_such(
        self, toolbox, context, store, speaker, calendar
    ) -> None:
        remember(toolbox, context, "my car is red")
        (item,) = store.items(context.mint(Purpose.ANSWER), limit=9)
        store.supersede(context.mint(Purpose.FORGET), item.id)
        calendar.go_on(1)
        assert toolbox.call("recall", {}, context).spoken == (
            "You told me that your car is red, which is no longer true."
        )

    def test_forget_asks_first(self, toolbox, context, store) -> None:
        remember(toolbox, context, "the spare key is under my pot", "Anna likes tulips")
        asked = toolbox.call("forget", {"topic": "the spare key"}, context)
        assert (asked.ok, asked.spoken) == (
            False,
            "Should I forget that the spare key is under your pot? Say yes to forget it.",
        )
        assert asked.asks is not None
        assert toolbox.call("forget", asked.asks.args, context).ok
        assert [i.text for i in store.items(context.mint(Purpose.ANSWER), limit=9)] == [
            "Anna likes tulips"
        ]
        assert not toolbox.call("forget", asked.asks.args, context).ok

    def test_forget_all_asks_first(self, toolbox, context, store) -> None:
        assert not toolbox.call("forget", {"all": True}, context).ok
        remember(toolbox, context, "a is b", "c is d")
        asked = toolbox.call("forget", {"all": True}, context)
        assert "all 2 things" in asked.spoken
        assert asked.asks is not None
        assert toolbox.call("forget", asked.asks.args, context).ok
        assert store.items(context.mint(Purpose.ANSWER), limit=9) == []


@pytest.mark.parametrize("capability", ["calls", "shopping", "other", "news"])
def test_what_it_cannot_do_it_says(toolbox, context, capability) -> None:
    receipt = toolbox.call("cannot", {"capability": capability}, context)
    assert not receipt.ok
    assert receipt.spoken.startswith("I can't ")


@pytest.mark.parametrize(
    ("tool", "raw"),
    [
        ("timer", {"action": "explode"}), ("timer", {"action": "set", "seconds": "soon"}),
        ("clock", {}), ("clock", {"action": "time", "zone": "Mars"}), ("forget", {"ids": 5}),
        ("cannot", {"capability": "fly"}), ("no such tool", {}),
    ],
)  # fmt: skip
def test_arguments_are_checked(toolbox, context, tool, raw) -> None:
    assert not toolbox.call(tool, raw, context).ok


def test_receipts_hold_no_words_of_the_owner(toolbox, context) -> None:
    receipt = toolbox.call("remember", {"fact": "my PIN is 1234"}, context)
    assert "1234" not in str(receipt.facts)
    receipt = toolbox.call("timer", {"action": "set", "seconds": 60, "name": "divorce"}, context)
    assert "divorce" not in str(receipt.facts)
