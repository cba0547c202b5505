"""What a reply is made of, in the order in which it comes."""

from dataclasses import dataclass

from agents.tools import Receipt


@dataclass(frozen=True)
class Text:
    """The next piece of what is to be said; the pieces of a reply simply follow each other."""

    text: str


@dataclass(frozen=True)
class Acted:
    """A tool was called. What it says follows as Text."""

    receipt: Receipt


@dataclass(frozen=True)
class Chose:
    """A tool was chosen for what was no command. It is called, or the owner asked about it, when
    the next part is asked for: so that must wait until the turn is decided. foreseen: what will be
    said; None where that can't be known.
    """

    foreseen: str | None


ReplyPart = Text | Acted | Chose
