"""The tool that the owner's words mean where no grammar knows it, chosen within one utterance."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from agents.answer import Mint
from agents.choose.choice import Asked, Chosen
from agents.choose.running import ended
from agents.choose.to_remember import corrected, stated
from agents.choose.turn import Choices, Refused
from agents.replies import fixed
from agents.router import Routed
from agents.tools import Toolbox
from context.errors import LapelError
from context.items import Provenance
from context.labels import Trust

Stop = Callable[[], bool]
"""Ends the model's part at the next token."""


class Meant:
    """Chooses by `choices`; None: no tool is ever chosen.

    asked: the model, with what every prompt of this turn begins with; None where there is no model.
    It may raise LapelError. now: aware, in the owner's zone.
    """

    def __init__(
        self,
        choices: Choices | None,
        toolbox: Toolbox,
        asked: Callable[[Mint, Stop], Asked | None],
        now: Callable[[], datetime],
    ) -> None:
        self._choices = choices
        self._toolbox = toolbox
        self._asked = asked
        self._now = now

    def load(self) -> None:
        """Take in the examples."""
        if self._choices is not None:
            self._choices.load()

    def forget(self) -> None:
        """Keep nothing of what was said."""
        if self._choices is not None:
            self._choices.forget()

    def chosen(
        self,
        question: str,
        said_by: Provenance,
        stop: Stop,
        mint: Mint,
        told: tuple[str, ...] = (),
    ) -> Chosen | Refused | None:
        """What tool is chosen, if any, for words of the owner's. told: ids of the items that the
        last reply was made from. Changes nothing.
        """
        if said_by.trust is not Trust.OWNER or fixed(question) is not None:
            return None
        sure = ended(question, self._toolbox) or corrected(question, self._toolbox, mint, told)
        return sure or self._among(question, stop, mint) or stated(question)

    def _among(self, question: str, stop: Stop, mint: Mint) -> Chosen | Refused | None:
        found = None if self._choices is None else self._choices.may(question)
        if self._choices is None or found is None:
            return None
        try:
            asked = self._asked(mint, stop) if self._choices.asks_model(found) else None
        except LapelError:
            return None
        return self._choices.choose(question, found, asked, self._now())

    def may(self, question: str) -> bool:
        """Whether anything may be chosen, or ended by its name. Changes nothing."""
        if ended(question, self._toolbox) is not None:
            return True
        return self._choices is not None and self._choices.may(question) is not None

    def ending(self, question: str, said_by: Provenance) -> Chosen | None:
        """What ends that which is set by a name ("turn off the pasta"), for words of the owner's;
        a light may have such a name, too. Changes nothing.
        """
        # A reminder's words name a thing of the home: it is due, and the thing is meant.
        ends = ended(question, self._toolbox) if said_by.trust is Trust.OWNER else None
        return None if ends is None or ends.call.tool == "reminder" else ends

    def deed(
        self, question: str, routed: Routed, said_by: Provenance, stop: Stop, mint: Mint
    ) -> Chosen | Refused | None:
        """What may do what the grammar takes for a deed that can't be done: any tool where it only
        knows that a deed is asked for, else one that a server offers.
        """
        any_tool = routed.args.get("capability") == "other"
        if not any_tool and not self._toolbox.offered:
            return None
        chosen = self.chosen(question, said_by, stop, mint)
        offered = isinstance(chosen, Chosen) and chosen.call.tool in self._toolbox.offered
        return chosen if any_tool or offered else None

    def completed(self, text: str, routed: Routed) -> Routed:
        """An incomplete command with what the words around it say of it."""
        if self._choices is None or routed.intent is None:
            return routed
        args = self._choices.completed(text, routed.intent, routed.args, self._now())
        return replace(routed, args=args)

    def trimmed(self, text: str, routed: Routed) -> Routed:
        """A command without what a template's gap took in besides what fills it."""
        if self._choices is None or routed.intent is None:
            return routed
        args = self._choices.trimmed(text, routed.intent, routed.args, self._now())
        return replace(routed, args=args)

    def read(self, question: str, mint: Mint, stop: Stop) -> bool:
        """Have the model read what it will choose from; False if it will not choose. Raises
        LapelError.
        """
        found = None if self._choices is None else self._choices.may(question)
        if self._choices is None or found is None or fixed(question) is not None:
            return False
        asks = self._choices.question(question, found)
        asked = None if asks is None else self._asked(mint, stop)
        if asks is None or asked is None:
            return False
        asked.read(asks)
        return True

    def made(self, chosen: Chosen) -> None:
        """The call was made."""
        if self._choices is not None:
            self._choices.made(chosen)
