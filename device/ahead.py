"""Work ahead: what is begun while an utterance is spoken, on the chance that it is over.

Nothing of it is done or heard, so all of it can be thrown away.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from agents.agent import Mint
from context.errors import LapelError
from device.reply import Replier, Reply

_WANTED_AGAIN_S = 0.5  # a draft outlives the speech that drops it by so much


@dataclass(slots=True)
class _Flag:
    """Tells a call on another thread to stop."""

    is_set: bool = False


@dataclass(frozen=True, slots=True)
class _Dropped:
    """A draft that is about to be thrown away."""

    draft: Reply
    end: asyncio.TimerHandle


class Ahead:
    """The work ahead for one utterance; needs a running event loop."""

    def __init__(
        self,
        replier: Replier,
        turn_id: int,
        mint: Mint | None,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """Work with the turn's permissions. spawn: begins a task that may be cancelled."""
        self._replier = replier
        self._turn_id = turn_id
        self._mint = mint
        self._spawn = spawn
        self._reading = _Flag()
        self._dropped: _Dropped | None = None
        self.draft: Reply | None = None
        """The reply to what was said so far, if that is all."""

    def read(self, text: str, *, complete: bool) -> None:
        """Have the model read a question while it is still being asked, or what a command would
        say synthesised. complete: the text is a whole command.
        """
        agent = self._replier.agent
        if complete:
            self._spawn(self._replier.foretell(text, self._mint))
        elif agent.route(text).tool is None:
            agent.share_cores(True)  # the next transcript is on its way
            self._spawn(self._read(text, self._reading))

    async def _read(self, text: str, reading: _Flag) -> None:
        with contextlib.suppress(LapelError):  # the reply itself will tell
            await self._replier.think.run(
                self._replier.agent.prepare, text, stop=lambda: reading.is_set, mint=self._mint
            )

    def stop_reading(self) -> None:
        """Have the model stop reading at once."""
        self._reading.is_set = True
        self._reading = _Flag()

    def begin(self, text: str) -> None:
        """Begin the reply to `text` as the draft, unless it was dropped only a moment ago."""
        if (dropped := self._dropped) is not None:
            self._dropped = None
            dropped.end.cancel()
            if dropped.draft.text == text:  # a breath or a click was no more speech
                self.draft = dropped.draft
                return
            dropped.draft.abandon()
        if self.draft is not None:
            self.draft.abandon()
        self.draft = self._replier.begin(self._turn_id, text, self._mint)

    def drop(self) -> None:
        """Throw the draft away, unless it is wanted again in a moment."""
        if (draft := self.draft) is not None:
            self.draft = None
            end = asyncio.get_running_loop().call_later(_WANTED_AGAIN_S, draft.abandon)
            self._dropped = _Dropped(draft, end)

    def take(self) -> Reply | None:
        """Return the draft, which is not this one's any more."""
        draft, self.draft = self.draft, None
        return draft

    def let_go(self) -> None:
        """Forget the drafts, which somebody else abandons, and stop reading."""
        if self._dropped is not None:
            self._dropped.end.cancel()
        self.draft = self._dropped = None
        self.stop_reading()
