"""Who may open which compartments, for what, in whose hearing, and by which way out.

`decide` is a pure function that denies by default; `mint` turns its answer into a `Scope`, which
every call of the store demands. Nothing else makes a scope. What is allowed, on one page:

| who (how sure)       | for      | in the hearing of | owner/…, person:…/… | household/… | ambient/… | …/restricted |
|----------------------|----------|-------------------|---------------------|-------------|-----------|--------------|
| owner (0.8 or more)  | answer   | nobody else       | yes                 | yes         | grant     | present      |
| owner (0.8 or more)  | answer   | company           | grant               | yes         | grant     | no           |
| owner (0.8 or more)  | remember | anybody           | yes                 | yes         | yes       | yes, unread  |
| owner (0.8 or more)  | forget   | nobody else       | yes                 | yes         | yes       | present      |
| owner (0.8 or more)  | forget   | company           | no                  | yes         | no        | no           |
| owner (0.5 to 0.8)   | answer   | anybody           | no                  | yes         | no        | no           |
| member (0.8 or more) | answer   | anybody           | grant               | yes         | grant     | no           |
| owner, present       | review   | nobody else       | yes                 | yes         | yes       | yes          |
| owner, present       | export   | nobody else       | yes                 | yes         | yes       | yes          |

"present" means known by something that is not a voice: a button, a PIN, a paired phone, or the
account on this computer that owns the files. A voice may narrow what is open, never widen it.
"grant" means that the owner has allowed it: once, for this session, or always.
Answering, remembering and forgetting may use the speaker and the screen, reviewing the screen,
exporting a file. The network needs a grant of its own; the log gets nothing, ever. Remembering
shows nothing, so company does not narrow it, and what is stored in a restricted compartment can't
be read by the same permission. Everything else is denied: anyone unknown, anyone less sure.
"""  # noqa: E501

import math
from collections.abc import Iterable
from dataclasses import InitVar, dataclass
from enum import StrEnum
from typing import Final

from context.errors import ScopeDenied
from context.labels import Compartment, Sensitivity

OWNER_GENERAL: Final = Compartment("owner", "general")
HOUSEHOLD_GENERAL: Final = Compartment("household", "general")
OWNER_LISTS: Final = Compartment("owner", "lists")
OWNER_NOTES: Final = Compartment("owner", "notes")
OWNER_ROUTINES: Final = Compartment("owner", "routines")
USUAL: Final = frozenset(
    {OWNER_GENERAL, HOUSEHOLD_GENERAL, OWNER_LISTS, OWNER_NOTES, OWNER_ROUTINES}
)
"""The compartments that there always are."""
ANY_DAY: Final = "ambient/*"
"""In a grant: every day of ambient memory."""

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


class Authentication(StrEnum):
    """What showed who it is."""

    VOICE = "voice"
    BUTTON = "button"
    PIN = "pin"
    PHONE = "phone"  # a paired one
    ACCOUNT = "account"  # the account on this computer that owns the files

    @property
    def is_present(self) -> bool:
        """Whether it is more than a voice, which a stranger may have too."""
        return self is not Authentication.VOICE


class Purpose(StrEnum):
    """What the scope is for. Reading is part of answering, forgetting, reviewing and exporting."""

    ANSWER = "answer"
    REMEMBER = "remember"
    FORGET = "forget"
    REVIEW = "review"
    EXPORT = "export"


class Audience(StrEnum):
    """Who hears or sees what comes out."""

    ALONE = "alone"
    COMPANY = "company"


class Sink(StrEnum):
    """The way by which what is read leaves."""

    SPEAKER = "speaker"
    SCREEN = "screen"
    FILE = "file"
    LOG = "log"
    NETWORK = "network"


class Reason(StrEnum):
    """Why something was opened, or was not."""

    OWNER_ALONE = "owner_alone"
    OWNER_IN_COMPANY = "owner_in_company"
    OWNER_LIKELY = "owner_likely"
    OWNER_REMEMBERS = "owner_remembers"
    OWNER_PRESENT = "owner_present"
    MEMBER = "member"
    GRANTED = "granted"
    SINK_NOT_CLEARED = "sink_not_cleared"
    NOT_PRESENT = "not_present"
    NOBODY_KNOWN = "nobody_known"

    @property
    def sentence(self) -> str:
        """The reason as a person reads or hears it."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Reason.OWNER_ALONE: "The owner asks, alone.",
    Reason.OWNER_IN_COMPANY: "The owner asks, in company.",
    Reason.OWNER_LIKELY: "It is probably the owner who asks.",
    Reason.OWNER_REMEMBERS: "The owner asks to remember.",
    Reason.OWNER_PRESENT: "The owner asks, known by more than a voice.",
    Reason.MEMBER: "A member of the household asks.",
    Reason.GRANTED: "The owner has allowed it.",
    Reason.SINK_NOT_CLEARED: "Nothing remembered may go that way.",
    Reason.NOT_PRESENT: "That takes more than a voice: the button, the PIN or the paired phone.",
    Reason.NOBODY_KNOWN: "I can't tell that this person may do that.",
}

_SINKS: Final = {
    Purpose.ANSWER: {Sink.SPEAKER, Sink.SCREEN},
    Purpose.REMEMBER: {Sink.SPEAKER, Sink.SCREEN},
    Purpose.FORGET: {Sink.SPEAKER, Sink.SCREEN},
    Purpose.REVIEW: {Sink.SCREEN},
    Purpose.EXPORT: {Sink.FILE},
}


@dataclass(frozen=True)
class Request:
    """What the policy is asked. sure: 0 to 1, that `principal` is right; else ValueError."""

    principal: Principal
    sure: float
    purpose: Purpose
    audience: Audience
    sink: Sink
    authentication: Authentication = Authentication.VOICE

    def __post_init__(self) -> None:
        if math.isnan(self.sure) or not 0 <= self.sure <= 1:
            raise ValueError(f"How sure one is lies between 0 and 1, and {self.sure} does not.")


class Lasts(StrEnum):
    """For how long a grant holds."""

    ONCE = "once"
    SESSION = "session"  # until the program ends or the vault is locked
    ALWAYS = "always"


@dataclass(frozen=True)
class Grant:
    """Something that the owner allows beyond the table.

    id: 32 hexadecimal digits. opens: a compartment's text, or ANY_DAY. in_company: also when
    others hear it. It never opens a restricted compartment to a voice, and never the log.
    """

    id: str
    opens: str
    principal: Principal
    purpose: Purpose
    sink: Sink
    in_company: bool
    lasts: Lasts

    def __post_init__(self) -> None:
        if self.opens != ANY_DAY:
            _ = Compartment.parse(self.opens)  # raises ValueError
        if self.sink is Sink.LOG or self.principal is Principal.UNKNOWN:
            raise ValueError("Neither the log nor a stranger can be allowed anything.")

    def allows(self, request: Request, compartment: Compartment) -> bool:
        """Whether it opens `compartment` to `request`."""
        return (
            self._covers(compartment)
            and (self.principal, self.purpose, self.sink)
            == (request.principal, request.purpose, request.sink)
            and request.sure >= SURE
            and (self.in_company or request.audience is Audience.ALONE)
            and (not _restricted(compartment) or request.authentication.is_present)
        )

    def _covers(self, compartment: Compartment) -> bool:
        if self.opens == ANY_DAY:
            return compartment.subject == "ambient"
        return self.opens == str(compartment)


@dataclass(frozen=True)
class Decision:
    """The compartments a request opens (perhaps none), why each, and why on the whole.

    grants: ids of the grants without which less would be open.
    """

    opened: tuple[tuple[Compartment, Reason], ...]
    code: Reason
    grants: frozenset[str] = frozenset()

    @property
    def compartments(self) -> frozenset[Compartment]:
        """What is opened."""
        return frozenset(compartment for compartment, _ in self.opened)

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        return self.code.sentence


_MINT = object()


@dataclass(frozen=True)
class Scope:
    """A permission that only `mint` makes. Times are seconds of the clock `mint` was given.

    present: the owner is known by more than a voice. why: a reason per compartment.
    """

    compartments: frozenset[Compartment]
    purpose: Purpose
    sink: Sink
    reason: str
    minted_at_s: float
    expires_at_s: float
    token: InitVar[object]
    present: bool = False
    why: tuple[tuple[Compartment, Reason], ...] = ()

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
            present=self.present,
            why=tuple((compartment, why) for compartment, why in self.why if compartment in left),
        )


def decide(
    request: Request,
    known: frozenset[Compartment] = USUAL,
    grants: Iterable[Grant] = (),
) -> Decision:
    """What `request` opens of the `known` compartments, by the table above. Pure.

    Each compartment is judged by itself, so that none has a say about another.
    """
    grants = tuple(grants)
    opened: dict[Compartment, Reason] = {}
    used: set[str] = set()
    for compartment in sorted(known):
        reason = _allowed(request, compartment)
        if reason is None:
            allowing = [grant for grant in grants if grant.allows(request, compartment)]
            if not allowing:
                continue
            reason = Reason.GRANTED
            used |= {grant.id for grant in allowing}
        opened[compartment] = reason
    code = next(iter(opened.values()), None) or _denied(request)
    return Decision(tuple(opened.items()), code, frozenset(used))


def mint(
    request: Request,
    now_s: float,
    known: frozenset[Compartment] = USUAL,
    grants: Iterable[Grant] = (),
) -> Scope:
    """A scope for what `request` opens, valid for SCOPE_LIFE_S seconds from `now_s`.

    now_s: seconds since 1970 by the clock the store is given. known: the compartments there are.
    Raises ScopeDenied, with the policy's reason, when nothing is opened.
    """
    return scope_of(decide(request, known, grants), request, now_s)


def scope_of(decision: Decision, request: Request, now_s: float) -> Scope:
    """The scope of a decision about `request`. Raises ScopeDenied where it opens nothing."""
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
        present=request.authentication.is_present,
        why=decision.opened,
    )


def _restricted(compartment: Compartment) -> bool:
    return compartment.sensitivity is Sensitivity.RESTRICTED


def _allowed(request: Request, compartment: Compartment) -> Reason | None:
    """Why the table opens `compartment`, or None."""
    if request.sink not in _SINKS[request.purpose]:
        return None
    owner = request.principal is Principal.OWNER and request.sure >= SURE
    alone = request.audience is Audience.ALONE
    present = request.authentication.is_present
    household = compartment.subject == "household"
    match request.purpose:
        case Purpose.REMEMBER if owner:
            return Reason.OWNER_REMEMBERS
        case Purpose.REVIEW | Purpose.EXPORT if owner and alone and present:
            return Reason.OWNER_PRESENT
        case Purpose.ANSWER | Purpose.FORGET if _restricted(compartment):
            return Reason.OWNER_PRESENT if owner and alone and present else None
        case Purpose.FORGET if owner and (alone or household):
            return Reason.OWNER_ALONE if alone else Reason.OWNER_IN_COMPANY
        case Purpose.ANSWER if household:
            return _asked_of_household(request)
        case Purpose.ANSWER if owner and alone and compartment.subject != "ambient":
            return Reason.OWNER_ALONE
        case _:
            return None


def _asked_of_household(request: Request) -> Reason | None:
    """Why `request` may be answered from the household's unrestricted compartments, or None."""
    match request.principal:
        case Principal.OWNER if request.sure >= SURE:
            alone = request.audience is Audience.ALONE
            return Reason.OWNER_ALONE if alone else Reason.OWNER_IN_COMPANY
        case Principal.OWNER if request.sure >= LIKELY:
            return Reason.OWNER_LIKELY
        case Principal.MEMBER if request.sure >= SURE:
            return Reason.MEMBER
        case _:
            return None


def _denied(request: Request) -> Reason:
    """Why nothing was opened to `request`."""
    if request.sink not in _SINKS[request.purpose]:
        return Reason.SINK_NOT_CLEARED
    owner = request.principal is Principal.OWNER and request.sure >= SURE
    if owner and not request.authentication.is_present:
        return Reason.NOT_PRESENT
    return Reason.NOBODY_KNOWN
