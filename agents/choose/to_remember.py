"""What the owner states and may want kept: asked about, never kept because of it."""

from typing import Final

from agents.answer import Mint
from agents.choose.choice import Chosen
from agents.statements import corrected_fact, own_fact
from agents.tools import Call, Toolbox, Use
from agents.tools.speech import SpeechTool

_USE: Final = Use(None, "remember what you said", slots=("fact",))


def corrected(said: str, toolbox: Toolbox, mint: Mint) -> Chosen | None:
    """The fact that `said` puts in the place of one that was just told; None where it does not, or
    where that is not for who hears it now.
    """
    speech = toolbox.get(SpeechTool.name)
    if not isinstance(speech, SpeechTool):
        return None
    fact = corrected_fact(said, speech.said_last(mint))
    return None if fact is None else _remember(fact)


def stated(said: str) -> Chosen | None:
    """The lasting fact of the owner's that `said` states; None where it states none."""
    fact = own_fact(said)
    return None if fact is None else _remember(fact)


def _remember(fact: str) -> Chosen:
    return Chosen(Call("remember", {"fact": fact}), 1.0, _USE.does, acts=True, ask=True, use=_USE)
