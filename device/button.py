"""The button: what is made of it, and the sign for erasing everything. Pure; times in seconds.

One button does it all: a tap wakes, a hold is talked into, for as long as half a minute. So a hold
alone is no sign, however long it is, and neither are taps, which are also made to interrupt: the
sign is two taps and then a hold. That comes about by accident only where a button is leant on after
being fidgeted with; that is why it is announced, and letting go during `ANNOUNCED_S` takes it back.
"""

from collections import deque
from enum import Enum, auto
from typing import Final

TAP_S: Final = 0.4
"""A press that is longer is held."""
_BETWEEN_S: Final = 0.6
_TAPS: Final = 2
ANNOUNCE_S: Final = 3.0
"""How long it is held until it is announced."""
ANNOUNCED_S: Final = 5.0
"""How long it must be held from then on."""


class Move(Enum):
    """What was done with a button."""

    DOWN = auto()
    TAPPED = auto()
    """It is up again after a tap."""
    RELEASED = auto()
    """It is up again after it was held."""


class Button:
    """Keeps how one button was moved until somebody looks."""

    def __init__(self) -> None:
        self._edges: deque[tuple[bool, float]] = deque()
        self._down_at: float | None = None

    def down(self, at: float) -> None:
        """It goes down."""
        self._edges.append((True, at))

    def up(self, at: float) -> None:
        """It goes up."""
        self._edges.append((False, at))

    def next(self) -> Move | None:
        """Return the next move that nobody has looked at; None if there is none."""
        while self._edges:
            is_down, at = self._edges.popleft()
            if is_down:
                self._down_at = at
                return Move.DOWN
            if self._down_at is not None:
                held_s, self._down_at = at - self._down_at, None
                return Move.TAPPED if held_s < TAP_S else Move.RELEASED
        return None

    def clear(self) -> None:
        """Forget all of it: what goes up from here on was never down."""
        self._edges.clear()
        self._down_at = None


class EraseSign:
    """Follows one button and says when a hold is the sign's."""

    def __init__(self) -> None:
        self._taps = 0
        self._down_at: float | None = None
        self._up_at = float("-inf")

    def down(self, at: float) -> bool:
        """The button goes down; returns whether this is the sign's hold, if it is held."""
        if at - self._up_at > _BETWEEN_S:
            self._taps = 0
        self._down_at = at
        return self._taps >= _TAPS

    def up(self, at: float) -> None:
        """The button goes up."""
        down_at, self._down_at = self._down_at, None
        tapped = down_at is not None and at - down_at <= TAP_S
        self._taps = self._taps + 1 if tapped else 0
        self._up_at = at
