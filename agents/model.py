"""What the agent needs of a language model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from context.errors import LapelError
from context.labels import Label


class ModelUnusable(LapelError):
    """The model's file can't be opened as it is; the message says what to do."""


class ModelFailed(LapelError):
    """A loaded model could not go on with a reply; the message quotes no one."""


class ServerFailed(ModelFailed):
    """The server that a model runs on failed, or may not be sent the prompt; the message is a
    sentence for the owner.
    """


class Role(StrEnum):
    """Who says a message of a prompt."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True)
class Message:
    """One message of a prompt. `content` is plain text: nothing in it is a control token."""

    role: Role
    content: str


def never() -> bool:
    """Never stop."""
    return False


class ChatModel(Protocol):
    """A model that continues a conversation; used by one thread at a time."""

    @property
    def name(self) -> str:
        """The catalog's name of the weights."""
        ...

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and reply may have together."""
        ...

    def load(self) -> None:
        """Open the weights; a second call does nothing. Raises ModelUnusable."""
        ...

    def takes(self, label: Label) -> bool:
        """Whether a prompt with this label may be put to it now; changes nothing.

        A model on this device takes everything. One elsewhere takes what may leave the device: what
        it does not take is left out of its prompts.
        """
        ...

    def keep_start(self, system: str) -> None:
        """Keep what every prompt with this system message begins with, so that it is never read
        again: not in later turns, not after `reset`, and where the model can, not after a restart.

        `system` may be written to disk, so it holds nothing that anyone said. Raises ModelFailed.
        """
        ...

    def stream(
        self,
        messages: list[Message],
        *,
        max_tokens: int,
        label: Label,
        stop: Callable[[], bool] = never,
        key: str = "",
    ) -> Iterator[str]:
        """Text of the reply, piece by piece, without reasoning or control tokens.

        label: of all that is in the messages: a model elsewhere is sent nothing that may not leave.
        max_tokens: of the reply; with 0 the prompt is only read, so that the next one like it
        starts sooner. stop: asked many times a token, also while the prompt is read; ends the
        reply when true. key: whose prompt it is (see `Prompt.key`). A prompt that starts like the
        last one of its key goes on from where they differ; at another key all that is held of
        prompts and replies is dropped first, as by `reset`.
        Raises ModelFailed: not loaded, no room for the prompt and a reply, or a broken engine;
        ServerFailed, which is one too, where its server failed or may not be sent the prompt.
        """
        ...

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
        """How likely the reply is each of `options`, among them alone: shares of 1, in their order.

        Nothing else can come of it: a name out of a few, or a run of the speaker's own words.
        options: none of them twice or empty. said: how the reply begins, before the option. label,
        stop and key: as for `stream`. Equal shares where the model did not choose. Empty if told to
        stop. Raises ModelFailed, as `stream` does.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as content of a message. Raises ModelFailed if not loaded."""
        ...

    def share_cores(self, shared: bool) -> None:
        """Whether another engine works beside this one: fewer threads from the next token on.

        May be called from any thread, also while a reply is made.
        """
        ...

    def reset(self) -> None:
        """Drop what is held of earlier prompts and replies, and overwrite it."""
        ...
