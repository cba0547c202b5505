"""Two models as one: what may leave the device goes to the remote one, all else stays here."""

from collections.abc import Callable, Iterator, Sequence

from agents.model import ChatModel, Message, never
from context.labels import Label


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
        """What both have room for, as a prompt is made before it is known whose it is."""
        return min(self._remote.context_tokens, self._local.context_tokens)

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
        """Text of the reply, piece by piece; see `ChatModel.stream`."""
        return self._for(label).stream(
            messages, max_tokens=max_tokens, label=label, stop=stop, key=key
        )

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

    def _for(self, label: Label) -> ChatModel:
        return self._remote if self._remote.takes(label) else self._local
