"""Who may open which compartments, for what, in whose hearing, and by which way out.

`decide` is a pure function that denies by default; `mint` turns its answer into a `Scope`, which
every call of the store demands. Nothing else makes a scope. What is allowed:

| who (how sure)        | purpose  | audience     | owner/general | household/general |
|-----------------------|----------|--------------|---------------|-------------------|
| owner (0.8 or more)   | answer   | alone        | yes           | yes               |
| owner (0.8 or more)   | forget   | alone        | yes           | yes               |
| owner (0.8 or more)   | remember | any          | yes           | yes               |
| owner (0.8 or more)   | answer   | company      | no            | yes               |
| owner (0.8 or more)   | forget   | company      | no            | yes               |
| owner (0.5 to 0.8)    | answer   | any          | no            | yes               |
| member (0.8 or more)  | answer   | any          | no            | yes               |

These hold for the sinks speaker and screen. Everything else is denied: any other sink (log,
network), anyone unknown, anyone less sure. No row opens a restricted, personal or ambient
compartment: a voice may narrow what is open, never widen it. Remembering shows nothing, so
company does not narrow it.
"""

import math
from collections.abc import Iterable
from dataclasses import InitVar, dataclass
from enum import StrEnum
from typing import Final

from context.errors import ScopeDenied
from context.labels import Compartment

OWNER_GENERAL: Final = Compartment("owner", "general")
HOUSEHOLD_GENERAL: Final = Compartment("household", "general")

SURE: Final = 0.8
"""From here on a principal is taken to be who they seem."""
LIKELY: Final = 0.5
"""From here on the owner is at least someone of the household."""
SCOPE_LIFE_S: Final = 60.0
"""Seconds for which a scope is valid: one turn on the slowest board."""


class Principal(StrEnum):
    """Who is asking."""

    OWNER = "owner"
    MEMBER = "member"  # a recognised member of the household
    UNKNOWN = "unknown"


class Purpose(StrEnum):
    """What the scope is for. Reading is part of answering and of forgetting."""

    ANSWER = "answer"
    REMEMBER = "remember"
    FORGET = "forget"


class Audience(StrEnum):
    """Who hears or sees what comes out."""

    ALONE = "alone"
    COMPANY = "company"


class Sink(StrEnum):
    """The way by which what is read leaves."""

    SPEAKER = "speaker"
    SCREEN = "screen"
    LOG = "log"
    NETWORK = "network"


@dataclass(frozen=True)
class Request:
    """What the policy is asked. sure: 0 to 1, that `principal` is right; else ValueError."""

    principal: Principal
    sure: float
    purpose: Purpose
    audience: Audience
    sink: Sink

    def __post_init__(self) -> None:
        if math.isnan(self.sure) or not 0 <= self.sure <= 1:
            raise ValueError(f"How sure one is lies between 0 and 1, and {self.sure} does not.")


@dataclass(frozen=True)
class Decision:
    """The compartments a request opens (perhaps none) and why, in a sentence."""

    compartments: frozenset[Compartment]
    reason: str


_MINT = object()


@dataclass(frozen=True)
class Scope:
    """A permission that only `mint` makes. Times are seconds of the clock `mint` was given."""

    compartments: frozenset[Compartment]
    purpose: Purpose
    sink: Sink
    reason: str
    minted_at_s: float
    expires_at_s: float
    token: InitVar[object]

    def __post_init__(self, token: object) -> None:
        if token is not _MINT:
            raise ScopeDenied("Only the policy makes scopes: call mint.")

    def check(self, now_s: float) -> None:
        """Raise ScopeDenied unless valid at `now_s`; a clock set back ends it too."""
        if not self.minted_at_s <= now_s < self.expires_at_s:
            raise ScopeDenied("That permission has expired: ask again.")

    def without(self, compartments: Iterable[Compartment]) -> "Scope":
        """The same scope, less some compartments. Raises ScopeDenied if none is left."""
        left = self.compartments - frozenset(compartments)
        if not left:
            raise ScopeDenied("Nothing is left that may be opened.")
        return Scope(
            left,
            self.purpose,
            self.sink,
            self.reason,
            self.minted_at_s,
            self.expires_at_s,
            token=_MINT,
        )


def decide(request: Request) -> Decision:
    """What `request` opens, by the table above. Pure; whatever no row allows is denied."""
    if request.sink not in (Sink.SPEAKER, Sink.SCREEN):
        return Decision(frozenset(), f"Nothing remembered may go to the {request.sink}.")
    household = frozenset({HOUSEHOLD_GENERAL})
    both = household | {OWNER_GENERAL}
    sure = request.sure >= SURE
    match request.principal, request.purpose, request.audience:
        case Principal.OWNER, Purpose.REMEMBER, _ if sure:
            opened, reason = both, "The owner asks to remember."
        case Principal.OWNER, Purpose.ANSWER | Purpose.FORGET, Audience.ALONE if sure:
            opened, reason = both, "The owner asks, alone."
        case Principal.OWNER, Purpose.ANSWER | Purpose.FORGET, Audience.COMPANY if sure:
            opened, reason = household, "The owner asks, in company."
        case Principal.OWNER, Purpose.ANSWER, _ if request.sure >= LIKELY:
            opened, reason = household, "It is probably the owner who asks."
        case Principal.MEMBER, Purpose.ANSWER, _ if sure:
            opened, reason = household, "A member of the household asks."
        case _:
            opened, reason = frozenset[Compartment](), "I can't tell that this person may do that."
    return Decision(opened, reason)


def mint(request: Request, now_s: float) -> Scope:
    """A scope for what `request` opens, valid for SCOPE_LIFE_S seconds from `now_s`.

    now_s: seconds since 1970 by the clock the store is given. Raises ScopeDenied, with the
    policy's reason, when nothing is opened.
    """
    decision = decide(request)
    if not decision.compartments:
        raise ScopeDenied(decision.reason)
    return Scope(
        decision.compartments,
        request.purpose,
        request.sink,
        decision.reason,
        now_s,
        now_s + SCOPE_LIFE_S,
        token=_MINT,
    )
