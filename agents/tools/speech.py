"""What was said last, again, and how: slower, faster, or letter by letter."""

import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal, Protocol

from agents.entries import spoken
from agents.relevance import content_words
from agents.tools import Call, Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow, Piece
from context.errors import LapelError, ScopeDenied
from context.labels import Compartment
from context.policy import Purpose, Scope

NORMAL: Final = 1.0
_STEP: Final = 1.2
_SLOWEST: Final = 1.75
_FASTEST: Final = 0.6
_LONGEST_SPELLED: Final = 30
_NOTHING: Final = "I haven't said anything yet."
_NOT_HERE: Final = "I can't say that again here: it was for other ears."
_NO_PACE: Final = "I can't change how fast I speak here."
_MARKS: Final = {"-": "hyphen", "'": "apostrophe", "\u2019": "apostrophe", ".": "dot", "@": "at"}
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


class Spoken(Protocol):
    """Keeps what was said last."""

    def last(self) -> str:
        """The text of the last reply that was heard; "" if there is none that may be said again."""
        ...

    def within(self) -> frozenset[Compartment]:
        """What was open to who heard it: only to them may it be said again."""
        ...


class LastReply:
    """Keeps one reply. Who says replies notes each, and clears it where the conversation ends."""

    def __init__(self) -> None:
        self._text = ""
        self._within: frozenset[Compartment] = frozenset()

    def last(self) -> str:
        """The last one, or ""."""
        return self._text

    def within(self) -> frozenset[Compartment]:
        """What was open when it was said."""
        return self._within

    def note(self, text: str, within: frozenset[Compartment] = frozenset()) -> None:
        """This was said now; "" is not kept, so that silence repeats what was before."""
        if text.strip():
            self._text, self._within = text.strip(), within

    def clear(self) -> None:
        """It may not be said again."""
        self._text, self._within = "", frozenset()


class Pace(Protocol):
    """How fast the voice speaks. A factor of how long it takes: above 1 is slower."""

    def factor(self) -> float | None:
        """The factor now; None where it can't be changed."""
        ...

    def set_factor(self, factor: float) -> None:
        """For all that is said from the next sentence on."""
        ...


class NoPace:
    """A voice whose pace can't be changed."""

    def factor(self) -> float | None:
        """None."""
        return None

    def set_factor(self, factor: float) -> None:
        """Never asked for."""


class SpeechArgs(ToolArgs):
    """word: what to spell; by default the main word of the last reply. factor: the pace to go back
    to.
    """

    action: Literal["repeat", "slower", "faster", "normal", "spell"]
    word: str | None = None
    factor: float | None = None


class SpeechTool(Tool[SpeechArgs]):
    """Repeats, spells, and changes the pace."""

    name: ClassVar[str] = "speech"
    description: ClassVar[str] = "repeat or spell what I said"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "repeat",
            "say the last reply once more",
            ("I missed that", "come again", "sorry, a truck went by", "once more for me"),
            acts=False,
        ),
        Use(
            "slower",
            "speak slower from now on",
            ("you're rushing", "I can't keep up with you", "take your time when you talk"),
        ),
        Use(
            "faster",
            "speak faster from now on",
            ("you're dragging", "hurry up when you talk", "talk a bit quicker"),
        ),
        Use(
            "normal",
            "speak at the usual pace again",
            ("talk like you did before", "your usual tempo is fine"),
        ),
        Use(
            "spell",
            "spell a word letter by letter",
            (
                "which letters are in rhythm",
                "is necessary with one C or two",
                "letter by letter please",
            ),
            ("word",),
            acts=False,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "slower": Follow(goes_on=True),
        "faster": Follow(goes_on=True),
        "spell": Follow({Piece.WORD: "word"}),
    }
    args = SpeechArgs

    def __init__(self, said: Spoken, pace: Pace) -> None:
        self._said = said
        self._pace = pace

    def run(self, args: SpeechArgs, context: ToolContext) -> Receipt:
        """Do one action."""
        match args.action:
            case "repeat":
                last = self._last(context)
                return Receipt(self.name, bool(last), {"action": "repeat"}, last or _NOTHING)
            case "spell":
                return self._spell(args.word or _main_word(self._last(context)))
            case _:
                return self._change(args)

    def foresee(self, args: SpeechArgs, context: ToolContext) -> str | None:
        """What is repeated or spelled."""
        changes = args.action in ("slower", "faster", "normal")
        return None if changes else self.run(args, context).spoken

    def said_last(self, mint: Callable[[Purpose], Scope]) -> str:
        """The last reply; "" if there is none, or less is open now than when it was said."""
        within = self._said.within()
        try:
            may = not within or within <= mint(Purpose.ANSWER).compartments
        except LapelError:
            return ""
        return self._said.last() if may else ""

    def _last(self, context: ToolContext) -> str:
        """The last reply. Raises ScopeDenied where less is open than when it was said."""
        within = self._said.within()
        if within and not within <= context.mint(Purpose.ANSWER).compartments:
            raise ScopeDenied(_NOT_HERE)
        return self._said.last()

    def _spell(self, said: str) -> Receipt:
        word = said.strip(' .,!?"')
        if not word:
            asks = Proposal(self.name, {"action": "spell"}, Slot.TEXT, into="word")
            return Receipt(self.name, False, {"missing": "word"}, "Which word?", asks)
        if len(word) > _LONGEST_SPELLED:
            said = "That's too long for me to spell: tell me one word."
            return Receipt(self.name, False, {"error": "long"}, said)
        return Receipt(
            self.name, True, {"action": "spell"}, f"{spoken(word, 40)}: {spelled(word)}."
        )

    def _change(self, args: SpeechArgs) -> Receipt:
        before = self._pace.factor()
        if before is None:
            return Receipt(self.name, False, {"error": "none"}, _NO_PACE)
        after = {
            "slower": min(_SLOWEST, before * _STEP),
            "faster": max(_FASTEST, before / _STEP),
            "normal": args.factor or NORMAL,
        }[args.action]
        after = NORMAL if abs(after - NORMAL) < 0.01 else min(_SLOWEST, max(_FASTEST, after))
        if after == before:
            at = {"slower": "slowly", "faster": "fast", "normal": ""}[args.action]
            said = f"I can't speak more {at} than this." if at else "That's my usual pace already."
            said = said.replace("more fast", "faster")
            return Receipt(self.name, False, {"action": args.action}, said)
        self._pace.set_factor(after)
        now = self._pace.factor()
        if now is None or abs(now - after) > 0.01:
            return Receipt(self.name, False, {"error": "not verified"}, _NO_PACE)
        said = {"slower": "I'll speak slower.", "faster": "I'll speak faster."}.get(
            args.action, "I'll speak at my usual pace."
        )
        undo = Call(self.name, {"action": "normal", "factor": before})
        return Receipt(self.name, True, {"action": args.action}, said, undo=undo)


def spelled(word: str) -> str:
    """Letters with pauses between them: "N, E, C, …". Double letters are said one by one."""
    marks = [_MARKS.get(each, each.upper() if len(each.upper()) == 1 else each) for each in word]
    return ", ".join("space" if each.isspace() else each for each in marks)


def _main_word(reply: str) -> str:
    """The longest word that says something, of the last ones where several are as long."""
    words = [word for word in _WORD.findall(reply) if content_words(word)]
    return max(reversed(words), key=len, default="")
