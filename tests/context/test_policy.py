import copy
import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context import (
    HOUSEHOLD_GENERAL,
    OWNER_GENERAL,
    Audience,
    Compartment,
    Principal,
    Purpose,
    Request,
    Scope,
    ScopeDenied,
    Sink,
    decide,
    mint,
)
from context.policy import LIKELY, SCOPE_LIFE_S, SURE

OWNER_ALONE = Request(Principal.OWNER, 1.0, Purpose.ANSWER, Audience.ALONE, Sink.SPEAKER)
BOTH = {OWNER_GENERAL, HOUSEHOLD_GENERAL}
HOUSEHOLD = {HOUSEHOLD_GENERAL}
requests = st.builds(
    Request,
    st.sampled_from(Principal),
    st.floats(0, 1),
    st.sampled_from(Purpose),
    st.sampled_from(Audience),
    st.sampled_from(Sink),
)

# The table of the policy's docstring, row by row; whatever is not here opens nothing.
ALLOWED = {
    **{(Principal.OWNER, SURE, p, Audience.ALONE): BOTH for p in Purpose},
    (Principal.OWNER, SURE, Purpose.REMEMBER, Audience.COMPANY): BOTH,
    (Principal.OWNER, SURE, Purpose.ANSWER, Audience.COMPANY): HOUSEHOLD,
    (Principal.OWNER, SURE, Purpose.FORGET, Audience.COMPANY): HOUSEHOLD,
    **{(Principal.OWNER, LIKELY, Purpose.ANSWER, a): HOUSEHOLD for a in Audience},
    **{(Principal.MEMBER, SURE, Purpose.ANSWER, a): HOUSEHOLD for a in Audience},
}


@pytest.mark.parametrize(
    "row",
    list(itertools.product(Principal, (0.0, LIKELY, SURE), Purpose, Audience, Sink)),
    ids=lambda row: "-".join(map(str, row)),
)
def test_what_the_table_does_not_allow_is_denied(
    row: tuple[Principal, float, Purpose, Audience, Sink],
) -> None:
    opened = decide(Request(*row)).compartments
    seen = row[4] in (Sink.SPEAKER, Sink.SCREEN)
    assert opened == (ALLOWED.get(row[:4], set()) if seen else set())


@given(requests)
def test_nothing_goes_to_a_log_or_the_network(request: Request) -> None:
    for sink in (Sink.LOG, Sink.NETWORK):
        assert not decide(dataclasses.replace(request, sink=sink)).compartments


@given(requests, st.floats(0, 1))
def test_being_less_sure_never_opens_more(request: Request, other: float) -> None:
    less, more = sorted([request.sure, other])
    narrow = decide(dataclasses.replace(request, sure=less)).compartments
    assert narrow <= decide(dataclasses.replace(request, sure=more)).compartments


@given(requests)
def test_company_and_other_people_never_open_more(request: Request) -> None:
    opened = decide(request).compartments
    assert opened <= decide(dataclasses.replace(request, audience=Audience.ALONE)).compartments
    assert opened <= decide(dataclasses.replace(request, principal=Principal.OWNER)).compartments
    assert opened <= BOTH


@given(requests)
def test_every_decision_is_pure_and_says_why(request: Request) -> None:
    assert decide(request) == decide(request)
    assert decide(request).reason.endswith(".")


@given(requests, st.floats(0, 4e9))
def test_mint_gives_what_was_decided_or_says_why_not(request: Request, now_s: float) -> None:
    decision = decide(request)
    if not decision.compartments:
        with pytest.raises(ScopeDenied) as denied:
            mint(request, now_s)
        assert str(denied.value) == decision.reason
        return
    scope = mint(request, now_s)
    assert scope.compartments == decision.compartments
    assert (scope.purpose, scope.sink, scope.reason) == (
        request.purpose,
        request.sink,
        decision.reason,
    )
    scope.check(now_s)


@pytest.mark.parametrize("sure", [-0.1, 1.1, float("nan"), float("inf")])
def test_sure_is_between_0_and_1(sure: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        dataclasses.replace(OWNER_ALONE, sure=sure)


@pytest.mark.parametrize("at_s", [-1e9, -0.001, SCOPE_LIFE_S, 1e9])
def test_a_scope_ends_with_its_time_and_with_a_clock_set_back(at_s: float) -> None:
    scope = mint(OWNER_ALONE, now_s=1_000.0)
    scope.check(1_000.0 + SCOPE_LIFE_S - 0.001)
    with pytest.raises(ScopeDenied, match="expired"):
        scope.check(1_000.0 + at_s)


def test_a_scope_is_not_made_or_widened_by_hand() -> None:
    scope = mint(OWNER_ALONE, now_s=0.0)
    more = frozenset({Compartment.parse("owner/health/restricted")})
    with pytest.raises(ScopeDenied, match="mint"):
        Scope(more, Purpose.ANSWER, Sink.SPEAKER, "", 0.0, 9e9, token=None)
    with pytest.raises(ValueError, match="token"):
        dataclasses.replace(scope, compartments=more)
    with pytest.raises(dataclasses.FrozenInstanceError):
        scope.compartments = more  # type: ignore[misc]
    assert copy.copy(scope) == scope
    assert "token" not in repr(scope)


def test_a_scope_can_be_narrowed() -> None:
    scope = mint(OWNER_ALONE, now_s=0.0)
    assert scope.without([HOUSEHOLD_GENERAL]).compartments == {OWNER_GENERAL}
    assert scope.without([]) == scope
    with pytest.raises(ScopeDenied, match="Nothing is left"):
        scope.without(BOTH)
