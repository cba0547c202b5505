"""Two models as one: what may leave the device goes to the remote one, all else stays here."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from agents.model import ChatModel, Message, never
from context.labels import Label

_MESSAGE_TOKENS: Final = 8
"""Of the template around a message."""


class RemoteOrLocal:
    """Asks `remote` where it takes the prompt's label, else `local`.

    A remote model that fails is not stood in for: what answers then is a sentence that says so.
    """

    def __init__(self, remote: ChatModel, local: ChatModel) -> None:
        self._remote = remote
        self._local = local

    @property
    def name(self) -> str:
        """The remote one's."""
        return self._remote.name

    @property
    def context_tokens(self) -> int:
        """The remote one's, which may have room for more: a prompt is made before it is known whose
        it is, and is shortened for the local one.
        """
        return self._remote.context_tokens

    def load(self) -> None:
        """Open both. Raises ModelUnusable."""
        self._remote.load()
        self._local.load()

    def takes(self, label: Label) -> bool:
        """Whether one of them does."""
        return self._remote.takes(label) or self._local.takes(label)

    def keep_start(self, system: str) -> None:
        """Have both keep it. Raises ModelFailed."""
        self._remote.keep_start(system)
        self._local.keep_start(system)

    def stream(
        self,
        messages: list[Message],
        *,
        max_tokens: int,
        label: Label,
        stop: Callable[[], bool] = never,
        key: str = "",
    ) -> Iterator[str]:
        """Text of the reply, piece by piece; see `ChatModel.stream`.

        Where the prompt is too long for the local one, the oldest exchanges are left out.
        """
        model = self._for(label)
        if model is self._local:
            messages = self._shortened(messages, max_tokens)
        return model.stream(messages, max_tokens=max_tokens, label=label, stop=stop, key=key)

    def choose(
        self,
        messages: list[Message],
        options: Sequence[str],
        *,
        label: Label,
        said: str = "",
        stop: Callable[[], bool] = never,
        key: str = "",
    ) -> list[float]:
        """How likely each option is, among them alone; see `ChatModel.choose`."""
        return self._for(label).choose(
            messages, options, label=label, said=said, stop=stop, key=key
        )

    def count_tokens(self, text: str) -> int:
        """The more of what both count. Raises ModelFailed if not loaded."""
        return max(self._remote.count_tokens(text), self._local.count_tokens(text))

    def share_cores(self, shared: bool) -> None:
        """Tell both."""
        self._remote.share_cores(shared)
        self._local.share_cores(shared)

    def reset(self) -> None:
        """Have both drop what they hold."""
        self._remote.reset()
        self._local.reset()

    def _shortened(self, messages: list[Message], max_tokens: int) -> list[Message]:
        """System, exchanges and question (see `build_prompt`), without the oldest exchanges that
        the local model has no room for.
        """
        costs = [self._local.count_tokens(each.content) + _MESSAGE_TOKENS for each in messages]
        left = self._local.context_tokens - max_tokens - sum(costs)
        gone = 0
        while left < 0 and gone + 3 < len(messages):
            left += costs[1 + gone] + costs[2 + gone]
            gone += 2
        return [*messages[:1], *messages[1 + gone :]]

    def _for(self, label: Label) -> ChatModel:
        return self._remote if self._remote.takes(label) else self._local
