"""Who may hear what lies in a place, as the policy decides. Pure."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final

from context.labels import Compartment, Place
from context.policy import (
    ANY_DAY,
    LIKELY,
    SURE,
    Audience,
    Authentication,
    Grant,
    Principal,
    Purpose,
    Request,
    Sink,
    decide,
)

_ASKED: Final = (Principal.OWNER, SURE, Purpose.ANSWER)
_ASKERS: Final = {
    "you, alone": Request(*_ASKED, Audience.ALONE, Sink.SPEAKER),
    "you, alone, by button, PIN or phone": Request(
        *_ASKED, Audience.ALONE, Sink.SPEAKER, Authentication.PIN
    ),
    "you, in company": Request(*_ASKED, Audience.COMPANY, Sink.SPEAKER),
    "a member of the household": Request(
        Principal.MEMBER, SURE, Purpose.ANSWER, Audience.ALONE, Sink.SPEAKER
    ),
    "the network": Request(*_ASKED, Audience.ALONE, Sink.NETWORK),
}
_REQUESTS: Final = tuple(
    Request(*each)
    for each in product(
        Principal,
        (LIKELY, SURE),
        Purpose,
        Audience,
        Sink,
        (Authentication.VOICE, Authentication.PIN),
    )
)


def heard_by(place: Place, grants: Iterable[Grant]) -> list[str]:
    """Who gets what lies there as an answer, in words; what a voice opens, more opens too."""
    grants = tuple(grants)
    heard = [who for who, request in _ASKERS.items() if _opens(request, place, grants)]
    if "you, alone" in heard:
        heard.remove("you, alone, by button, PIN or phone")
    return heard


def opens_more(before: Place, after: Place, grants: Iterable[Grant]) -> bool:
    """Whether some request that does not open `before` opens `after`."""
    grants = tuple(grants)
    return any(
        _opens(request, after, grants) and not _opens(request, before, grants)
        for request in _REQUESTS
    )


def widens(grant: Grant) -> bool:
    """Whether some request that opens nothing by itself opens what the grant is about."""
    place = _covered(grant)
    return any(
        _opens(request, place, (grant,)) and not _opens(request, place, ()) for request in _REQUESTS
    )


def is_for_voices(grant: Grant) -> bool:
    """Whether a voice opens what the grant is about, in its way and for its purpose."""
    place = _covered(grant)
    wanted = (grant.principal, grant.purpose, grant.sink)
    return any(
        _opens(request, place, (grant,))
        for request in _REQUESTS
        if (request.principal, request.purpose, request.sink) == wanted
        and not request.authentication.is_present
    )


def _covered(grant: Grant) -> Place:
    any_day = Compartment("ambient", "2000-01-01")
    return frozenset({any_day if grant.opens == ANY_DAY else Compartment.parse(grant.opens)})


def _opens(request: Request, place: Place, grants: Sequence[Grant]) -> bool:
    return decide(request, place, grants).compartments == place
