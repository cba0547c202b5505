"""What an answer was made from, and how that is told: what, when, by whom, and why allowed."""

from dataclasses import dataclass
from datetime import datetime

from agents.entries import as_fact
from context.items import Item, Provenance
from context.labels import Compartment
from context.policy import Reason, Scope

# Not strftime's names: those change with the machine's locale.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_TOLD_BY = {
    Provenance.OWNER_SPOKE: "You told me",
    Provenance.OWNER_TYPED: "You typed",
    Provenance.IMPORTED: "A file that you imported says",
    Provenance.OTHER_SPEAKER: "Somebody else told me",
    Provenance.OVERHEARD: "I overheard",
    Provenance.TOOL_RESULT: "A tool told me",
}
_SAYING_MOST = (Reason.GRANTED, Reason.OWNER_PRESENT)


@dataclass(frozen=True)
class Used:
    """An item that an answer was made from, and why it was allowed there."""

    item: Item
    reason: Reason

    @classmethod
    def of(cls, item: Item, scope: Scope) -> "Used":
        """`item`, which `scope` opens; of several reasons, the one that allows the most."""
        reasons = [reason for each, reason in scope.why if each in item.label.compartments]
        most = [reason for reason in _SAYING_MOST if reason in reasons]
        return cls(item, (most or reasons)[0])

    @property
    def item_id(self) -> str:
        """The item's id."""
        return self.item.id

    @property
    def compartments(self) -> frozenset[Compartment]:
        """The compartments that the item came from."""
        return self.item.label.compartments


def explained(used: Used, now: datetime) -> str:
    """What was used, who told it when, and why it was allowed. now: aware, in the owner's zone."""
    item = used.item
    fact = as_fact(item)
    by = _TOLD_BY[item.provenance]
    if item.provenance is Provenance.OTHER_SPEAKER and item.about.speaker:
        by = f"{item.about.speaker} told me"
    because = used.reason.sentence
    told_at = said_when(item.captured_at, now)
    return f"{by} {told_at} that {fact}. I may use that because {because[0].lower()}{because[1:]}"


def said_when(moment: datetime, now: datetime) -> str:
    """A moment of the past as said at `now`: "today at 4:05 PM", "on Monday at 9:30 AM"."""
    then = moment.astimezone(now.tzinfo)
    days = (now.date() - then.date()).days
    at = f"at {then.hour % 12 or 12}:{then:%M} {'AM' if then.hour < 12 else 'PM'}"
    if days <= 1:
        return f"{'yesterday' if days == 1 else 'today'} {at}"
    if days < 7:
        return f"on {_DAYS[then.weekday()]} {at}"
    date = f"on {_MONTHS[then.month - 1]} {then.day}"
    return f"{date} {at}" if then.year == now.year else f"{date}, {then.year}"
