"""A scripted stand-in for a language model: for tests, demos and machines without weights."""

from collections.abc import Callable, Iterator, Sequence

from agents.model import Message, ModelFailed, Role, never
from context.labels import BOTTOM, Label

_FALLBACK = "I don't know."


def _nothing(_n: int) -> None:
    """Do nothing before a token."""


class FakeModel:
    """Gives `replies` in turn, a word at a time, then "I don't know.".

    before_token: called with the number of the token about to be given, from 0; it may wait,
    hang or raise, as a real model does. before_load: the same, for loading. A token is a word
    with the space before it. `prompts` keeps what was asked, `read_ahead` what was only read;
    `held` is what a real model would hold of them, and `dropped` how often it was dropped.
    choices: what `choose` settles on, in turn; then, or where it is no option, on the last option.
    `chosen_from` keeps the options.
    """

    def __init__(
        self,
        replies: Sequence[str] = (),
        *,
        choices: Sequence[str] = (),
        context_tokens: int = 2048,
        before_token: Callable[[int], None] = _nothing,
        before_load: Callable[[], None] = lambda: None,
    ) -> None:
        self.prompts: list[list[Message]] = []
        self.read_ahead: list[list[Message]] = []
        self.held: list[Message] = []
        self.dropped = 0
        self.shared = False
        self.start = ""
        self._key = ""
        self._replies = list(replies)
        self._choices = list(choices)
        self.chosen_from: list[list[str]] = []
        self._context_tokens = context_tokens
        self._before_token = before_token
        self._before_load = before_load
        self._loaded = False

    @property
    def name(self) -> str:
        """Not the name of any weights."""
        return "fake"

    @property
    def context_tokens(self) -> int:
        """Words that prompt and reply may have together."""
        return self._context_tokens

    def load(self) -> None:
        """Runs `before_load` the first time."""
        if not self._loaded:
            self._before_load()
            self._loaded = True

    def takes(self, label: Label) -> bool:
        """Everything: it is on this device."""
        return True

    def keep_start(self, system: str) -> None:
        """Keep it in `start`, for tests."""
        if not self._loaded:
            raise ModelFailed("The language model is not loaded yet.")
        self.start = system

    def stream(
        self,
        messages: list[Message],
        *,
        max_tokens: int,
        label: Label = BOTTOM,
        stop: Callable[[], bool] = never,
        key: str = "",
    ) -> Iterator[str]:
        """The next reply; see `ChatModel.stream`."""
        room = self._read(messages, key)
        if max_tokens == 0:
            self.read_ahead.append(list(messages))
            return iter(())
        self.prompts.append(list(messages))
        reply = self._replies.pop(0) if self._replies else _FALLBACK
        return self._tokens(reply, min(max_tokens, room), stop)

    def choose(
        self,
        messages: list[Message],
        options: Sequence[str],
        *,
        label: Label = BOTTOM,
        said: str = "",
        stop: Callable[[], bool] = never,
        key: str = "",
    ) -> list[float]:
        """The next of `choices` by far; see `ChatModel.choose`."""
        _ = self._read([*messages, Message(Role.ASSISTANT, said)], key)
        self._before_token(0)
        if stop() or not options:
            return []
        self.chosen_from.append(list(options))
        choice = self._choices.pop(0) if self._choices else options[-1]
        meant = options.index(choice) if choice in options else len(options) - 1
        rest = 0.03 / max(1, len(options) - 1)
        return [1 - 0.03 * (len(options) > 1) if n == meant else rest for n in range(len(options))]

    def _read(self, messages: list[Message], key: str) -> int:
        """Hold the messages, and return how many words of a reply there is room for."""
        used = sum(self.count_tokens(message.content) for message in messages)
        room = self._context_tokens - used
        if room < 1 or not any(message.role is Role.USER for message in messages):
            raise ModelFailed("That is too long for the language model to take in.")
        if key != self._key:
            self._drop()
            self._key = key
        self.held += [message for message in messages if message not in self.held]
        return room

    def _tokens(self, reply: str, most: int, stop: Callable[[], bool]) -> Iterator[str]:
        for n, word in enumerate(reply.split(" ")[:most]):
            self._before_token(n)
            if stop():
                return
            yield word if n == 0 else f" {word}"

    def count_tokens(self, text: str) -> int:
        """Words of `text`."""
        if not self._loaded:
            raise ModelFailed("The language model is not loaded yet.")
        return len(text.split())

    def share_cores(self, shared: bool) -> None:
        """Keep it in `shared`, for tests."""
        self.shared = shared

    def reset(self) -> None:
        """Forget the prompts kept for tests too."""
        self._drop()
        self.prompts.clear()
        self.read_ahead.clear()

    def _drop(self) -> None:
        self.held.clear()
        self.dropped += 1
