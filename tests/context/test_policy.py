"""The policy is its table, row by row, and what the owner allows beyond it; nothing else."""

import copy
import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context import (
    HOUSEHOLD_GENERAL,
    Audience,
    Authentication,
    Compartment,
    Grant,
    Lasts,
    Principal,
    Purpose,
    Reason,
    Request,
    Scope,
    ScopeDenied,
    Sensitivity,
    Sink,
    decide,
    mint,
    policy,
)
from context.policy import ANY_DAY, LIKELY, SCOPE_LIFE_S, SURE, USUAL

OWNER_ALONE = Request(Principal.OWNER, 1.0, Purpose.ANSWER, Audience.ALONE, Sink.SPEAKER)
VOICE = Authentication.VOICE
# By the column of the table that each belongs to; the last column takes the restricted ones.
COLUMNS = {
    "owner/…, person:…/…": ["owner/general", "owner/health", "person:anna/general"],
    "household/…": ["household/general", "household/garden"],
    "ambient/…": ["ambient/2026-11-23"],
    "…/restricted": [
        "owner/health/restricted",
        "household/general/restricted",
        "person:anna/general/restricted",
        "ambient/2026-11-23/restricted",
    ],
}
KNOWN = frozenset(Compartment.parse(each) for column in COLUMNS.values() for each in column)
SURES = (0.0, LIKELY - 1e-9, LIKELY, SURE - 1e-9, SURE, 1.0)

compartments = st.sampled_from(sorted(KNOWN))
requests = st.builds(
    Request,
    st.sampled_from(Principal),
    st.sampled_from(SURES) | st.floats(0, 1),
    st.sampled_from(Purpose),
    st.sampled_from(Audience),
    st.sampled_from(Sink),
    st.sampled_from(Authentication),
)
grants = st.builds(
    Grant,
    st.uuids().map(lambda each: each.hex),
    compartments.map(str) | st.just(ANY_DAY),
    st.sampled_from([Principal.OWNER, Principal.MEMBER]),
    st.sampled_from(Purpose),
    st.sampled_from([sink for sink in Sink if sink is not Sink.LOG]),
    st.booleans(),
    st.sampled_from(Lasts),
)


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def table() -> tuple[list[str], list[list[str]]]:
    """The columns of compartments and the rows of the table in the policy's docstring."""
    assert policy.__doc__ is not None
    head, _, *rows = [line for line in policy.__doc__.splitlines() if line.startswith("|")]
    return cells_of(head)[3:], [cells_of(row) for row in rows]


def is_row_of(request: Request, who: str, purpose: str, audience: str) -> bool:
    sure, likely = request.sure >= SURE, LIKELY <= request.sure < SURE
    owner, member = request.principal is Principal.OWNER, request.principal is Principal.MEMBER
    asks = {
        "owner (0.8 or more)": owner and sure,
        "owner (0.5 to 0.8)": owner and likely,
        "member (0.8 or more)": member and sure,
        "owner, present": owner and sure and request.authentication is not VOICE,
    }[who]
    hear = {
        "nobody else": request.audience is Audience.ALONE,
        "company": request.audience is Audience.COMPANY,
        "anybody": True,
    }[audience]
    return asks and hear and purpose == request.purpose.value


def is_open(cell: str, request: Request) -> bool:
    """Whether a cell opens its column without a grant."""
    return {
        "yes": True,
        "yes, unread": True,
        "no": False,
        "grant": False,
        "present": request.authentication is not VOICE,
    }[cell]


def by_the_table(request: Request) -> set[Compartment]:
    ways_out = {
        Purpose.REVIEW: {Sink.SCREEN},
        Purpose.EXPORT: {Sink.FILE},
    }.get(request.purpose, {Sink.SPEAKER, Sink.SCREEN})
    columns, rows = table()
    return {
        Compartment.parse(each)
        for who, purpose, audience, *cells in rows
        if request.sink in ways_out and is_row_of(request, who, purpose, audience)
        for column, cell in zip(columns, cells, strict=True)
        for each in COLUMNS[column]
        if is_open(cell, request)
    }


def test_the_table_has_a_row_for_whoever_may_do_anything() -> None:
    columns, rows = table()
    assert columns == list(COLUMNS)
    assert len(rows) == 9
    assert {row[1] for row in rows} == {purpose.value for purpose in Purpose}


@pytest.mark.parametrize("purpose", Purpose)
def test_the_policy_is_its_table(purpose: Purpose) -> None:
    """Every request there can be: what the table does not open is denied."""
    opened = 0
    for who in itertools.product(Principal, SURES, [purpose], Audience, Sink, Authentication):
        request = Request(*who)
        decision = decide(request, KNOWN)
        assert decision.compartments == by_the_table(request), request
        assert decision.grants == frozenset()
        opened += len(decision.compartments)
    assert opened > 0


@given(requests, st.lists(grants, max_size=4))
def test_a_grant_opens_what_it_names_and_nothing_else(request: Request, given: list) -> None:
    decision = decide(request, KNOWN, given)
    wide = {
        each: [grant.id for grant in given if opens(grant, request, each)]
        for each in KNOWN - by_the_table(request)
    }
    granted = {each for each, ids in wide.items() if ids}
    assert decision.compartments == by_the_table(request) | granted
    assert decision.grants == {grant_id for ids in wide.values() for grant_id in ids}
    for compartment, reason in decision.opened:
        assert (reason is Reason.GRANTED) == (compartment in granted)


def opens(grant: Grant, request: Request, compartment: Compartment) -> bool:
    """What a grant says of itself, in other words than the policy's."""
    if grant.opens == ANY_DAY:
        named = compartment.subject == "ambient"
    else:
        named = Compartment.parse(grant.opens) == compartment
    asked = dataclasses.astuple(request)[0] == grant.principal and request.sure >= SURE
    used = (request.purpose, request.sink) == (grant.purpose, grant.sink)
    overheard = request.audience is Audience.COMPANY and not grant.in_company
    private = compartment.sensitivity is Sensitivity.RESTRICTED
    return named and asked and used and not overheard and not (private and by_voice(request))


def by_voice(request: Request) -> bool:
    return request.authentication is VOICE


def granted(**other: object) -> Grant:
    grant = Grant(
        "0" * 32,
        "ambient/2026-11-23",
        Principal.OWNER,
        Purpose.ANSWER,
        Sink.SPEAKER,
        in_company=False,
        lasts=Lasts.ALWAYS,
    )
    return dataclasses.replace(grant, **other)


def asked(**other: object) -> Request:
    return dataclasses.replace(OWNER_ALONE, **other)


DAY = Compartment.parse("ambient/2026-11-23")
UNFIT: list[tuple[Request, Compartment]] = [
    (asked(principal=Principal.MEMBER), DAY),
    (asked(principal=Principal.UNKNOWN), DAY),
    (asked(sure=SURE - 1e-9), DAY),
    (asked(purpose=Purpose.FORGET, audience=Audience.COMPANY), DAY),
    (asked(audience=Audience.COMPANY), DAY),
    (asked(sink=Sink.SCREEN), DAY),
    (asked(sink=Sink.NETWORK), DAY),
    (asked(sink=Sink.LOG), DAY),
    (OWNER_ALONE, Compartment.parse("ambient/2026-11-24")),
    (OWNER_ALONE, Compartment.parse("ambient/2026-11-23/restricted")),
]


@pytest.mark.parametrize(("request_", "compartment"), UNFIT)
def test_a_grant_serves_no_other_request(request_: Request, compartment: Compartment) -> None:
    assert decide(OWNER_ALONE, frozenset({DAY}), [granted()]).compartments == {DAY}
    assert not decide(request_, frozenset({compartment}), [granted()]).compartments


def test_a_grant_for_any_day_opens_days_only() -> None:
    days = {DAY, Compartment.parse("ambient/2026-11-24")}
    opened = decide(OWNER_ALONE, KNOWN | days, [granted(opens=ANY_DAY)]).compartments
    assert opened == by_the_table(OWNER_ALONE) | days


def test_a_grant_to_hear_it_in_company_takes_a_voice_no_further() -> None:
    private = "owner/health/restricted"
    grant = granted(opens=private, in_company=True)
    known = frozenset({Compartment.parse(private)})
    request = asked(audience=Audience.COMPANY)
    assert not decide(request, known, [grant]).compartments
    shown = dataclasses.replace(request, authentication=Authentication.PIN)
    assert decide(shown, known, [grant]).compartments == known


@pytest.mark.parametrize("other", [{"sink": Sink.LOG}, {"principal": Principal.UNKNOWN}])
def test_neither_the_log_nor_a_stranger_is_granted_anything(other: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Neither the log nor a stranger"):
        granted(**other)


@pytest.mark.parametrize("opens", ["", "everything", "owner", "*", "owner/*", "ambient/friday"])
def test_a_grant_names_a_compartment(opens: str) -> None:
    with pytest.raises(ValueError, match=r"compartment|ambient memory"):
        granted(opens=opens)


@given(requests, st.lists(grants, max_size=3))
def test_nothing_goes_to_a_log_and_to_the_network_only_what_is_granted(
    request: Request, given: list
) -> None:
    assert not decide(dataclasses.replace(request, sink=Sink.LOG), KNOWN, given).compartments
    out = dataclasses.replace(request, sink=Sink.NETWORK)
    assert not decide(out, KNOWN).compartments
    for compartment, reason in decide(out, KNOWN, given).opened:
        assert reason is Reason.GRANTED
        assert any(g.sink is Sink.NETWORK and g.allows(out, compartment) for g in given)


@given(requests, st.floats(0, 1), st.lists(grants, max_size=3))
def test_being_less_sure_never_opens_more(request: Request, other: float, given: list) -> None:
    less, more = sorted([request.sure, other])
    narrow = decide(dataclasses.replace(request, sure=less), KNOWN, given).compartments
    assert narrow <= decide(dataclasses.replace(request, sure=more), KNOWN, given).compartments


@given(requests, st.lists(grants, max_size=3))
def test_company_a_voice_and_strangers_never_open_more(request: Request, given: list) -> None:
    def opened(**other: object) -> frozenset[Compartment]:
        return decide(dataclasses.replace(request, **other), KNOWN, given).compartments

    assert opened() <= opened(audience=Audience.ALONE)
    assert opened(authentication=VOICE) <= opened()
    assert not opened(principal=Principal.UNKNOWN)
    if not given:
        assert opened() <= opened(principal=Principal.OWNER)


@given(requests)
def test_a_restricted_one_is_read_only_alone_and_by_more_than_a_voice(request: Request) -> None:
    restricted = {
        each
        for each in decide(request, KNOWN).compartments
        if each.sensitivity is Sensitivity.RESTRICTED
    }
    if request.purpose is not Purpose.REMEMBER and restricted:
        assert request.authentication is not VOICE
        assert request.audience is Audience.ALONE
        assert request.principal is Principal.OWNER


@given(requests, st.frozensets(compartments), st.lists(grants, max_size=3))
def test_no_compartment_has_a_say_about_another(
    request: Request, some: frozenset[Compartment], given: list
) -> None:
    among_all = decide(request, KNOWN, given)
    alone = decide(request, some, given)
    assert alone.compartments == among_all.compartments & some
    assert alone.opened == tuple(each for each in among_all.opened if each[0] in some)


@given(requests)
def test_every_decision_is_pure_and_says_why(request: Request) -> None:
    assert decide(request, KNOWN) == decide(request, KNOWN)
    assert decide(request, KNOWN).reason.endswith(".")
    assert decide(request).compartments <= USUAL


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (OWNER_ALONE, Reason.OWNER_ALONE),
        (asked(audience=Audience.COMPANY), Reason.OWNER_IN_COMPANY),
        (asked(sure=0.6), Reason.OWNER_LIKELY),
        (asked(purpose=Purpose.REMEMBER), Reason.OWNER_REMEMBERS),
        (asked(purpose=Purpose.FORGET), Reason.OWNER_ALONE),
        (asked(purpose=Purpose.FORGET, audience=Audience.COMPANY), Reason.OWNER_IN_COMPANY),
        (asked(principal=Principal.MEMBER), Reason.MEMBER),
        (
            asked(purpose=Purpose.REVIEW, sink=Sink.SCREEN, authentication=Authentication.ACCOUNT),
            Reason.OWNER_PRESENT,
        ),
        (asked(sink=Sink.NETWORK), Reason.SINK_NOT_CLEARED),
        (asked(purpose=Purpose.REVIEW), Reason.SINK_NOT_CLEARED),
        (asked(purpose=Purpose.REVIEW, sink=Sink.SCREEN), Reason.NOT_PRESENT),
        (asked(principal=Principal.UNKNOWN), Reason.NOBODY_KNOWN),
        (asked(sure=0.4), Reason.NOBODY_KNOWN),
    ],
)
def test_the_reason_is_the_one_that_held(request_: Request, code: Reason) -> None:
    assert decide(request_).code is code


@given(requests, st.floats(0, 4e9), st.lists(grants, max_size=2))
def test_mint_gives_what_was_decided_or_says_why_not(
    request: Request, now_s: float, given: list
) -> None:
    decision = decide(request, KNOWN, given)
    if not decision.compartments:
        with pytest.raises(ScopeDenied) as denied:
            mint(request, now_s, KNOWN, given)
        assert str(denied.value) == decision.reason
        return
    scope = mint(request, now_s, KNOWN, given)
    assert scope.compartments == decision.compartments
    assert (scope.purpose, scope.sink, scope.reason, scope.why) == (
        request.purpose,
        request.sink,
        decision.reason,
        decision.opened,
    )
    assert scope.present == (request.authentication is not VOICE)
    assert (scope.minted_at_s, scope.expires_at_s) == (now_s, now_s + SCOPE_LIFE_S)
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
    narrow = scope.without([HOUSEHOLD_GENERAL])
    assert narrow.compartments == USUAL - {HOUSEHOLD_GENERAL}
    assert set(narrow.why) == {(each, Reason.OWNER_ALONE) for each in narrow.compartments}
    assert dataclasses.astuple(narrow)[1:6] == dataclasses.astuple(scope)[1:6]
    assert scope.without([]) == scope
    assert not narrow.present
    with pytest.raises(ScopeDenied, match="Nothing is left"):
        scope.without(USUAL)
