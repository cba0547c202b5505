"""What may do a deed that the grammar knows can't be done."""

import pytest

from agents.choose.choice import Chosen
from agents.choose.meant import Meant
from agents.choose.shortlist import Candidate, Found
from agents.router import Routed, RouteKind
from agents.tools import Call, Use
from context.items import Provenance
from tests.agents.conftest import NOW

USE = Use("set", "start a countdown timer")


class Fixed:
    """Choices that are always the same one, of one of the program's own tools."""

    chosen = Chosen(Call("timer", {"action": "set"}), 1.0, USE.does, True, False, USE)

    def may(self, _text):
        return Found((Candidate("timer", USE, 1.0),), 0.0)

    def asks_model(self, _found):
        return False

    def choose(self, _text, _found, _asked, _now):
        return self.chosen


def nobody(_mint, _stop) -> None:
    pytest.fail("a model was asked that has no say")


@pytest.mark.parametrize(
    ("capability", "offered", "does"),
    [
        ("other", set(), True),
        ("music", set(), False),
        ("music", {"jukebox.play"}, False),
        ("music", {"timer"}, True),
    ],
)
def test_only_what_others_offer_does_what_is_known_to_be_impossible(
    toolbox, speaker, capability, offered, does
) -> None:
    toolbox._offered = frozenset(offered)
    meant = Meant(Fixed(), toolbox, nobody, lambda: NOW)
    cannot = Routed(RouteKind.COMPLETE, "cannot", {"capability": capability})
    words = ("play me a song", cannot)
    chosen = meant.deed(*words, Provenance.OWNER_SPOKE, lambda: False, speaker.mint)
    assert chosen == (Fixed.chosen if does else None)
    assert meant.deed(*words, Provenance.OTHER_SPEAKER, lambda: False, speaker.mint) is None
