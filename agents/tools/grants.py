"""What the owner allows beyond the usual: told, given by button or account, taken back by voice."""

from typing import ClassVar, Final, Literal

from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext
from context.audit import AuditEvent
from context.labels import Compartment, Sensitivity
from context.policy import (
    ANY_DAY,
    OWNER_GENERAL,
    Grant,
    Lasts,
    Principal,
    Purpose,
    Scope,
    Sink,
)

_NONE: Final = "You've allowed nothing beyond the usual, as far as I may say now."
_WHAT: Final = "I don't know which you mean. Ask me for it first, and then allow it."
_ONE_PERSON: Final = (
    "I can't tell people's voices apart well enough for that. I can answer in company, or to your"
    " household."
)
_ONE_KIND: Final = (
    "I can't allow that by kind. I can answer about what you told me in company, or about one"
    " thing: ask me for it first, and then allow it."
)
_NO_LONGER: Final = "I no longer allow that."
_NOTHING_MORE: Final = "I allow nothing beyond the usual any more."
_ASK_ALL: Final = "Should I take back all that you've allowed? Say yes to take it back."
_LASTS: Final = {
    Lasts.ONCE: "once",
    Lasts.SESSION: "until I'm locked or switched off",
    Lasts.ALWAYS: "always, until you tell me to stop allowing it",
}
_FOR: Final = {
    Purpose.ANSWER: "answer",
    Purpose.REMEMBER: "remember",
    Purpose.FORGET: "forget",
    Purpose.REVIEW: "show you",
    Purpose.EXPORT: "export",
}


class PermissionsArgs(ToolArgs):
    """to: whom to allow it. that: what the last answer was made from, not all that was told.
    person: somebody by name. kind: of what is to be told ("calendar"). which: of what was allowed,
    to take back. agreed: taking back all was asked about.
    """

    action: Literal["list", "give", "revoke"]
    to: Literal["company", "household"] = "company"
    that: bool = True
    lasts: Lasts = Lasts.ONCE
    person: str | None = None
    kind: str | None = None
    which: Literal["last", "all"] = "last"
    agreed: bool = False


class PermissionsTool(Tool[PermissionsArgs]):
    """Lists, gives and takes back grants; giving takes more than a voice, the store sees to it."""

    name: ClassVar[str] = "permissions"
    description: ClassVar[str] = "say what I may tell others"
    acts: ClassVar[bool] = True
    args = PermissionsArgs

    def __init__(self) -> None:
        self._last: list[str] = []

    def run(self, args: PermissionsArgs, context: ToolContext) -> Receipt:
        """Do one action."""
        match args.action:
            case "list":
                return self._list(context)
            case "revoke":
                return self._revoke(args, context)
            case "give" if args.person is not None:
                return Receipt(self.name, False, {}, _ONE_PERSON)
            case "give" if args.kind is not None:
                return Receipt(self.name, False, {}, _ONE_KIND)
            case "give":
                return self._give(args, context)

    def foresee(self, args: PermissionsArgs, context: ToolContext) -> str | None:
        """What is allowed; what is given or taken back is not known before."""
        return self._list(context).spoken if args.action == "list" else None

    def _list(self, context: ToolContext) -> Receipt:
        """What is allowed of what the one who asks may be told of."""
        scope = context.mint(Purpose.ANSWER)
        seen = [grant for grant in context.store.grants.all() if _is_seen(grant, scope)]
        facts = {"grants": [grant.id for grant in seen]}
        if not seen:
            return Receipt(self.name, True, facts, _NONE)
        spoken = f"You've allowed me to {'; and to '.join(map(_told, seen))}."
        return Receipt(self.name, True, facts, spoken)

    def _give(self, args: PermissionsArgs, context: ToolContext) -> Receipt:
        scope = context.mint(Purpose.REVIEW)
        opens = _meant(args, context)
        if not opens:
            return Receipt(self.name, False, {"missing": "which"}, _WHAT)
        given = [context.store.grants.give(scope, _grant(args, each)) for each in sorted(opens)]
        self._last = ids = [grant.id for grant in given]
        context.store.audit(AuditEvent.GRANT, ids=ids, durable=True)
        spoken = f"Okay. I may {'; and '.join(map(_told, given))}."
        return Receipt(self.name, True, {"grants": ids}, spoken)

    def _revoke(self, args: PermissionsArgs, context: ToolContext) -> Receipt:
        """Take back the last one given, or all, which can't be undone and is asked about first.
        Whoever asks learns nothing of what there was.
        """
        grants = context.store.grants
        ids = [grant.id for grant in grants.all()]
        if args.which == "last":
            ids = [grant_id for grant_id in self._last if grant_id in ids]
        if not args.agreed and (args.which == "all" or not ids):
            every = {"action": "revoke", "which": "all", "agreed": True}
            asks = Proposal(self.name, every, Slot.YES)
            return Receipt(self.name, False, {"missing": "yes"}, _ASK_ALL, asks)
        count = grants.revoke(ids)
        self._last = []
        context.store.audit(AuditEvent.REVOKE, ids=ids, durable=True)
        spoken = _NO_LONGER if args.which == "last" else _NOTHING_MORE
        return Receipt(self.name, True, {"count": count}, spoken, flush=True)


def _meant(args: PermissionsArgs, context: ToolContext) -> frozenset[Compartment]:
    if not args.that:
        return frozenset({OWNER_GENERAL})
    return frozenset[Compartment]().union(*(used.compartments for used in context.used))


def _grant(args: PermissionsArgs, opens: Compartment) -> Grant:
    in_company = args.to == "company"
    who = Principal.OWNER if in_company else Principal.MEMBER
    return Grant("", str(opens), who, Purpose.ANSWER, Sink.SPEAKER, in_company, args.lasts)


def _is_seen(grant: Grant, scope: Scope) -> bool:
    """Whether `scope` opens what the grant is about, so that its name may be said."""
    if grant.opens == ANY_DAY:
        return OWNER_GENERAL in scope.compartments
    return Compartment.parse(grant.opens) in scope.compartments


def _told(grant: Grant) -> str:
    """What follows "I may"."""
    who = [] if grant.principal is Principal.OWNER else ["when your household asks"]
    company = ["in company"] if grant.in_company else []
    network = ["over the network"] if grant.sink is Sink.NETWORK else []
    what = f"{_FOR[grant.purpose]} {_about(grant)}"
    return ", ".join([what, *who, *company, *network, _LASTS[grant.lasts]])


def _about(grant: Grant) -> str:
    """What a grant is about, in words."""
    if grant.opens == ANY_DAY:
        return "about what I overheard"
    about = Compartment.parse(grant.opens)
    if about == OWNER_GENERAL:
        return "about what you told me"
    private = "private " if about.sensitivity is Sensitivity.RESTRICTED else ""
    whose = {"owner": "your", "household": "the household's", "ambient": "overheard"}.get(
        about.subject, f"{about.subject.removeprefix('person:').title()}'s"
    )
    domain = "" if about.domain == OWNER_GENERAL.domain else f"{about.domain} "
    return f"about {whose} {private}{domain}things"
