import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.egress import (
    SPOKEN,
    Code,
    EgressDenied,
    Endpoint,
    Gate,
    Leaving,
    Outlet,
    Verdict,
    decide,
    is_local,
)
from context.labels import Compartment, Label, Trust, join
from context.policy import HOUSEHOLD_GENERAL, OWNER_GENERAL

THERE = Endpoint("weather.example", 443)
OUTLETS = {
    "weather": Outlet(frozenset({("weather.example", 443)})),
    "home": Outlet(frozenset({("home.example", 8123)}), plain=True),
    "nothing": Outlet(frozenset()),
}
REMEMBERED = Label(frozenset({OWNER_GENERAL}), Trust.OWNER)

compartments = st.frozensets(
    st.sampled_from(
        [OWNER_GENERAL, HOUSEHOLD_GENERAL, Compartment.parse("owner/health/restricted")]
    )
)
labels = st.builds(Label, compartments, st.sampled_from(Trust))
endpoints = st.builds(
    Endpoint,
    st.sampled_from(["weather.example", "home.example", "evil.example", ""]),
    st.sampled_from([443, 8123, 80]),
    st.booleans(),
)
leavings = st.builds(
    Leaving, st.sampled_from(["weather", "home", "nothing", "other"]), endpoints, labels
)


def code(leaving: Leaving, cleared: frozenset[Compartment] = frozenset()) -> Code:
    return decide(leaving, OUTLETS, cleared).code


class TestPolicy:
    def test_what_was_just_said_goes_to_the_tool_it_was_said_to(self) -> None:
        assert decide(Leaving("weather", THERE, SPOKEN), OUTLETS) == Verdict(True, Code.SPOKEN)

    @pytest.mark.parametrize(
        ("leaving", "why"),
        [
            (Leaving("other", THERE, SPOKEN), Code.NOT_SET_UP),
            (Leaving("nothing", THERE, SPOKEN), Code.NOT_SET_UP),
            (Leaving("home", THERE, SPOKEN), Code.OTHER_HOST),  # another tool's
            (Leaving("weather", Endpoint("evil.example", 443), SPOKEN), Code.OTHER_HOST),
            (Leaving("weather", Endpoint("weather.example", 8443), SPOKEN), Code.OTHER_HOST),
            (Leaving("weather", Endpoint("weather.example", 443, False), SPOKEN),
             Code.NOT_ENCRYPTED),
            (Leaving("weather", THERE, REMEMBERED), Code.NOT_CLEARED),
            (Leaving("weather", THERE, Label(frozenset(), Trust.TOOL_RESULT)), Code.OTHERS_WORDS),
            (Leaving("weather", THERE, Label(frozenset(), Trust.OVERHEARD)), Code.OTHERS_WORDS),
        ],
    )  # fmt: skip
    def test_all_else_is_denied(self, leaving: Leaving, why: Code) -> None:
        assert decide(leaving, OUTLETS) == Verdict(False, why)

    def test_what_is_remembered_goes_where_it_was_granted(self) -> None:
        cleared = frozenset({OWNER_GENERAL})
        assert decide(Leaving("weather", THERE, REMEMBERED), OUTLETS, cleared) == Verdict(
            True, Code.GRANTED
        )
        more = join(REMEMBERED, Label(frozenset({HOUSEHOLD_GENERAL}), Trust.OWNER))
        assert code(Leaving("weather", THERE, more), cleared) is Code.NOT_CLEARED

    @given(leavings, compartments)
    def test_nothing_leaves_by_a_way_that_is_not_named(
        self, leaving: Leaving, cleared: frozenset[Compartment]
    ) -> None:
        verdict = decide(leaving, OUTLETS, cleared)
        assert verdict.code.sentence
        if verdict.allowed:
            outlet = OUTLETS[leaving.tool]
            assert (leaving.to.host, leaving.to.port) in outlet.servers
            assert leaving.to.tls or outlet.plain
            assert leaving.label.trust is Trust.OWNER
            assert leaving.label.compartments <= cleared

    @given(leavings, labels, compartments)
    def test_joining_more_never_lets_more_out(
        self, leaving: Leaving, also: Label, cleared: frozenset[Compartment]
    ) -> None:
        more = Leaving(leaving.tool, leaving.to, join(leaving.label, also))
        if decide(more, OUTLETS, cleared).allowed:
            assert decide(leaving, OUTLETS, cleared).allowed


class TestLocal:
    @pytest.mark.parametrize(
        "address",
        ["127.0.0.1", "10.1.2.3", "192.168.1.9", "172.31.0.1", "169.254.3.4", "::1", "fd00::1",
         "fe80::1%eth0", "::ffff:192.168.1.9"],
    )  # fmt: skip
    def test_is_at_home(self, address: str) -> None:
        assert is_local([address])

    @pytest.mark.parametrize(
        "address",
        ["8.8.8.8", "172.32.0.1", "100.64.0.1", "0.0.0.0", "2001:db8::1", "::ffff:8.8.8.8", "::"],
    )
    def test_is_elsewhere(self, address: str) -> None:
        assert not is_local([address])
        assert not is_local(["127.0.0.1", address])

    def test_nothing_is_nowhere(self) -> None:
        assert not is_local([])


class TestGate:
    @pytest.fixture
    def noted(self) -> list[tuple[str, Verdict]]:
        return []

    @pytest.fixture
    def gate(self, noted: list[tuple[str, Verdict]]) -> Gate:
        return Gate(OUTLETS, lambda tool, verdict: noted.append((tool, verdict)))

    def test_what_leaves_and_what_does_not_is_noted(self, gate, noted) -> None:
        gate.open(Leaving("weather", THERE, SPOKEN))
        with pytest.raises(EgressDenied) as denied:
            gate.open(Leaving("weather", THERE, REMEMBERED))
        assert denied.value.code is Code.NOT_CLEARED
        assert noted == [
            ("weather", Verdict(True, Code.SPOKEN)),
            ("weather", Verdict(False, Code.NOT_CLEARED)),
        ]

    def test_without_a_record_nothing_leaves(self) -> None:
        def full(_tool: str, _verdict: Verdict) -> None:
            raise OSError(28, "No space left on device")

        with pytest.raises(OSError):
            Gate(OUTLETS, full).open(Leaving("weather", THERE, SPOKEN))

    def test_grants_are_asked_for_only_where_they_matter(self, noted) -> None:
        asked: list[tuple[frozenset[Compartment], bool]] = []

        def cleared(wanted: frozenset[Compartment], use: bool) -> frozenset[Compartment]:
            asked.append((wanted, use))
            return frozenset({OWNER_GENERAL})

        gate = Gate(OUTLETS, lambda tool, verdict: noted.append((tool, verdict)), cleared)
        gate.open(Leaving("weather", THERE, SPOKEN))
        with pytest.raises(EgressDenied):
            gate.open(Leaving("other", THERE, REMEMBERED))
        assert asked == []
        gate.open(Leaving("weather", THERE, REMEMBERED))
        assert asked == [(REMEMBERED.compartments, True)]
        assert noted[-1] == ("weather", Verdict(True, Code.GRANTED))

    def test_whether_it_might_leave_can_be_asked_without_a_trace(self, gate, noted) -> None:
        used: list[bool] = []

        def cleared(wanted: frozenset[Compartment], use: bool) -> frozenset[Compartment]:
            used.append(use)
            return frozenset()

        assert gate.may(SPOKEN)
        assert not gate.may(REMEMBERED)
        asking = Gate(OUTLETS, lambda tool, verdict: noted.append((tool, verdict)), cleared)
        assert not asking.may(REMEMBERED)
        assert used == [False]
        granting = Gate(OUTLETS, lambda *_: None, lambda wanted, _use: wanted)
        assert granting.may(REMEMBERED)
        assert not granting.may(Label(frozenset(), Trust.OVERHEARD))
        assert noted == []

    def test_what_is_wrong_with_the_way_out_holds_nothing_back_and_is_told(self, noted) -> None:
        nowhere = Gate({}, lambda tool, verdict: noted.append((tool, verdict)))
        assert nowhere.may(SPOKEN)
        assert not nowhere.may(REMEMBERED)
        with pytest.raises(EgressDenied) as denied:
            nowhere.open(Leaving("weather", THERE, SPOKEN))
        assert denied.value.code is Code.NOT_SET_UP

    def test_an_address_elsewhere_is_no_home(self, gate, noted) -> None:
        gate.check_local("home", ["192.168.0.2"])
        with pytest.raises(EgressDenied):
            gate.check_local("home", ["93.184.216.34"])
        assert noted == [("home", Verdict(False, Code.NOT_LOCAL))]
