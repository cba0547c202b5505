"""What was done a moment ago: what undoes it, and what a few words can refer to."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

from agents.elliptical import Last, Route, elliptical, ids_in, instead
from agents.router import Routed
from agents.tools import Call, Receipt, Toolbox, Undoing
from agents.tools.undo import UNDOABLE_S, renamed
from context.labels import Compartment

_MOST_UNDOABLE: Final = 16


@dataclass(frozen=True)
class _Done:
    """What takes back a deed, when that was done, and what was open to who heard of it."""

    undo: Call
    at: datetime
    within: frozenset[Compartment]


class Undoable:
    """The deeds that can be undone, the newest first. now: aware."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._done: deque[_Done] = deque(maxlen=_MOST_UNDOABLE)

    @property
    def newest(self) -> Undoing | None:
        """What undoes the newest deed; None where there is none, or it is too long ago."""
        newest = self._done[-1] if self._done else None
        late = newest is None or (self._now() - newest.at).total_seconds() > UNDOABLE_S
        return None if newest is None or late else Undoing(newest.undo, newest.within)

    def note(self, receipt: Receipt, within: frozenset[Compartment]) -> None:
        """Keep what undoes a deed, or let go of the deed that was undone. within: what was open to
        who hears the receipt.
        """
        if receipt.tool == "undo" and "tool" in receipt.facts and self._done:
            # A deed was meant, and not a forgetting or a remembering.
            if _did(receipt):
                _ = self._done.pop()
                self._rename(receipt)
        elif receipt.ok and receipt.undo is not None:
            self._done.append(_Done(receipt.undo, self._now(), within))

    def let_go(self, undo: Call, undone: Receipt) -> None:
        """Let go of one deed, whichever it is, if any of it was undone. undo: what undid it.
        undone: the receipt of that.
        """
        if not _did(undone):
            return
        kept = [each for each in self._done if each.undo != undo]
        self._done = deque(kept, maxlen=_MOST_UNDOABLE)
        self._rename(undone)

    def clear(self) -> None:
        """Undo none of what was done until now."""
        self._done.clear()

    def _rename(self, undone: Receipt) -> None:
        """What undoes earlier deeds means things by the ids that they have now."""
        again = _again(undone)
        kept = [replace(each, undo=renamed(each.undo, again)) for each in self._done]
        self._done = deque(kept, maxlen=_MOST_UNDOABLE)


class Lately:
    """The calls that a few words can refer to: the last deed, and what was asked since. now: aware,
    in the owner's zone.
    """

    def __init__(self, toolbox: Toolbox, now: Callable[[], datetime]) -> None:
        self._toolbox = toolbox
        self._now = now
        self._calls: deque[Last] = deque(maxlen=2)

    def note(self, call: Call, receipt: Receipt, within: frozenset[Compartment]) -> None:
        """Keep a call, so that a few words can refer to it. within: what was open to who hears the
        receipt.
        """
        tool = self._toolbox.get(call.tool)
        action = str(call.args.get("action", ""))
        follow = None if tool is None else tool.follows.get(action)
        if tool is None or follow is None:
            if self._toolbox.acts(call.tool) and _did(receipt):
                self._calls.clear()
            return
        acts = next((each.acts for each in tool.uses if each.action == action), tool.acts)
        if receipt.asks is not None or (acts and not receipt.ok):
            return
        if acts:
            self._calls.clear()
        elif self._calls and not self._calls[-1].acts:
            _ = self._calls.pop()
        due = receipt.facts.get("at")
        self._calls.append(
            Last(
                call,
                follow,
                acts,
                self._now(),
                ids_in(call.tool, receipt.facts),
                datetime.fromisoformat(due) if isinstance(due, str) else None,
                receipt.undo,
                receipt.briefly,
                within,
            )
        )

    def meant(
        self, text: str, routed: Routed, now: datetime, route: Route
    ) -> tuple[Routed, Last] | None:
        """The call that `text` means together with an earlier one, and that one; None if it means
        none. routed: where the text goes on its own. route: by which words are tried.
        """
        for last in reversed(self._calls):
            if last.is_over(now):
                continue
            found = elliptical(last, text, routed, now, route)
            if found is not None:
                return found, last
        return None

    def undone_by(self, undo: Call) -> Last | None:
        """The call that `undo` takes back; None if it is none of these any more. Where that is the
        first thing that a correction does, the call has nothing to be taken back from now on: the
        next correction must not do it again, even if this one can't be done.
        """
        last = next((each for each in self._calls if each.undo == undo), None)
        if last is not None and last.back_first:
            self._calls[self._calls.index(last)] = replace(last, undo=None)
        return last

    def clear(self) -> None:
        """Have "it" mean none of these any more."""
        self._calls.clear()


def in_place_of(
    last: Last | None, undo: Call, meant: Call, call: Callable[[Call], Receipt]
) -> tuple[Receipt, Receipt | None]:
    """Do what was meant, and take back what was done instead of it.

    last: the call that is corrected, if it is known. undo: what takes it back. call: makes a call.
    The receipt of both, and that of the taking back; None where nothing was taken back, as what was
    meant can't be done.
    """
    take_back = Call("undo", {"calls": (undo,)})
    if last is not None and last.back_first:
        undone = call(take_back)
        done = call(renamed(meant, _again(undone)))
        return instead(done, undone, last.briefly, back="before"), undone
    done = call(meant)
    if not done.ok:
        return done, None
    undone = call(take_back)
    briefly = "" if last is None else last.briefly
    return instead(done, undone, briefly, back="after"), undone


def _did(undone: Receipt) -> bool:
    """Whether any of what was to be done was, as for an undoing of several things."""
    return undone.ok or bool(undone.facts.get("done"))


def _again(undone: Receipt) -> Mapping[str, str]:
    """The ids that things have since they were set again, by those that they had."""
    return cast("Mapping[str, str]", undone.facts.get("again", {}))
