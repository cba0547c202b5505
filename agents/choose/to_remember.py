"""What the owner states and may want kept: asked about, never kept because of it."""

from typing import Final

from agents.answer import Mint
from agents.choose.choice import Chosen
from agents.statements import corrected_fact, may_correct, own_fact
from agents.tools import Call, Toolbox, Use
from agents.tools.speech import SpeechTool

_USE: Final = Use(None, "remember what you said", slots=("fact",))


def corrected(said: str, toolbox: Toolbox, mint: Mint, told: tuple[str, ...]) -> Chosen | None:
    """The fact that `said` puts in the place of one that was just told; None where it does not, or
    where that is not for who hears it now. told: ids of the items that it was made from: some of
    its words are theirs, so it goes where they are.
    """
    speech = toolbox.get(SpeechTool.name)
    if not told or not isinstance(speech, SpeechTool) or not may_correct(said):
        return None
    fact = corrected_fact(said, speech.said_last(mint))
    return None if fact is None else _remember(fact, told)


def stated(said: str) -> Chosen | None:
    """The lasting fact of the owner's that `said` states; None where it states none."""
    fact = own_fact(said)
    return None if fact is None else _remember(fact)


def _remember(fact: str, corrects: tuple[str, ...] = ()) -> Chosen:
    args: dict[str, object] = {"fact": fact, "corrects": corrects} if corrects else {"fact": fact}
    return Chosen(Call("remember", args), 1.0, _USE.does, acts=True, ask=True, use=_USE)
