"""The exchanges of a conversation: those that were heard, and replies that may become one."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from agents.prompt import VERBATIM, Exchange
from agents.used import Used
from context.items import Provenance
from context.labels import Compartment, Label, join

_MOST_HEARD: Final = 9  # of which the prompt tells the older ones in a line
_MOST_BEGUN: Final = 8


@dataclass
class Begun:
    """A reply that changed nothing yet. asker: of the question. label: of what the reply is from;
    None: not for the history. used: what it is from. within: what was open to who asked; None:
    nothing.
    """

    asker: Label
    label: Label | None = None
    used: tuple[Used, ...] = ()
    within: frozenset[Compartment] | None = None


class Exchanges:
    """Keeps the newest nine that were heard, and the newest eight replies that were begun."""

    def __init__(self) -> None:
        self._heard: deque[Exchange] = deque(maxlen=_MOST_HEARD)
        self._begun: dict[str, Begun] = {}  # by what was asked; which are heard is yet to come

    @property
    def history(self) -> list[Exchange]:
        """Those that were heard, the oldest first."""
        return list(self._heard)

    def begin(self, question: str, said_by: Provenance) -> Begun:
        """A reply to `question` is begun; another to the same is thrown away."""
        while len(self._begun) >= _MOST_BEGUN:
            del self._begun[next(iter(self._begun))]
        self._begun.pop(question, None)
        begun = self._begun[question] = Begun(Label(frozenset(), said_by.trust))
        return begun

    def throw_away_begun(self) -> None:
        """None of the replies that were begun will be heard."""
        self._begun.clear()

    def heard(self, question: str, heard_text: str) -> Begun | None:
        """The reply to `question` was heard so far; the others are thrown away. None if none to it
        was begun.
        """
        begun = self._begun.get(question)
        self._begun.clear()
        if begun is None:
            return None
        heard = heard_text.strip()
        if any(each.heard == heard for each in self.history[-VERBATIM:]):
            # A small model that has said a thing twice says it to every question from then on.
            self._heard.clear()
        elif begun.label is not None and heard:
            label = join(begun.asker, begun.label)
            self._heard.append(Exchange(question, heard, label, begun.within))
        return begun

    def clear(self) -> None:
        """Forget them all."""
        self._heard.clear()
        self._begun.clear()
