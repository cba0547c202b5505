"""A model on another computer of the owner's, over OpenAI's chat completions API.

What llama-server, vLLM, Ollama and LM Studio speak (platform.openai.com/docs/api-reference/chat).
Nothing is sent but what `agents/egress.py` lets out by the prompt's label, and nothing before there
is a reply to make: prompts are not read ahead.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.egress import Gate
from agents.egress_client import EgressClient, Refused, Server
from agents.model import Message, ModelFailed, ServerFailed, never
from agents.thoughts import without_thoughts
from context.errors import LapelError
from context.labels import Label

TOOL: Final = "think"
"""What the gate and the audit call it."""
_WHAT: Final = "The language model's server"
_BYTES_A_TOKEN: Final = 3
"""Of English a token has about 4; the server's vocabulary isn't here, so it is counted safely."""
_MESSAGE_TOKENS: Final = 8
_LONGEST_TOKEN: Final = 64
"""Characters: a reply that is longer than its tokens can be is cut."""
_AROUND_CHOICE: Final = 24
_CHOSEN: Final = 0.9
"""Share of what the model chose: it says what, and not how surely."""
_CANT_CONSTRAIN: Final = (400, 422, 500, 501)
"""HTTP's codes by which servers say that they don't know `response_format`."""
_NOT_FOUND: Final = 404


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Chunk(BaseModel):
    """What is read of an event. An error never quotes it, as somebody's words are in it."""

    model_config = ConfigDict(hide_input_in_errors=True)
    choices: tuple[_Choice, ...] = ()
    error: Any = None


class _Chosen(BaseModel):
    choice: str


class RemoteModel:
    """A chat model behind a server that the settings name.

    model: what the server calls it. context_tokens: what the server has room for. server: its url
    with or without "/v1" at its end; its timeout_s is for a whole reply. gate: asked, by the label,
    before a byte leaves. token: gives the bearer token, or "" for none.
    """

    def __init__(
        self,
        model: str,
        server: Server,
        gate: Gate,
        *,
        context_tokens: int,
        token: Callable[[], str] = str,
    ) -> None:
        self._model = model
        self._server = server
        self._context_tokens = context_tokens
        self._client = EgressClient(TOOL, server, gate, what=_WHAT, token=token)
        base = server.url.rstrip("/")
        self._path = "/chat/completions" if base.endswith("/v1") else "/v1/chat/completions"
        self._loaded = False

    @property
    def name(self) -> str:
        """The server's name of the weights."""
        return self._model

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and reply may have together."""
        return self._context_tokens

    def load(self) -> None:
        """Nothing is opened, and nobody asked, until there is something to answer."""
        self._loaded = True

    def takes(self, label: Label) -> bool:
        """Whether what has this label may leave the device; see `ChatModel.takes`."""
        return self._client.may(label)

    def keep_start(self, system: str) -> None:
        """Nothing: what the server keeps of prompts is its own affair."""
        self._check()

    def stream(
        self,
        messages: list[Message],
        *,
        max_tokens: int,
        label: Label,
        stop: Callable[[], bool] = never,
        key: str = "",
    ) -> Iterator[str]:
        """Text of the reply, piece by piece; see `ChatModel.stream`. With 0, nothing is sent."""
        room = self._room(messages)
        if max_tokens == 0:
            return iter(())
        most = min(max_tokens, room)
        return without_thoughts(self._pieces(messages, label, stop, {"max_tokens": most}))

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
        """Which option the reply is; see `ChatModel.choose`.

        The server is asked for JSON with one of them in it, which it lets the model say nothing
        beside. Where it can't, or what comes is none of them, the shares are equal.
        """
        longest = max((len(_sent(said + option).encode()) for option in options), default=0)
        if self._room(messages) < longest / _BYTES_A_TOKEN:
            raise ModelFailed("That is too long for the language model to take in.")
        if stop() or not options:
            return []
        if len(options) == 1:
            return [1.0]
        whole = [_sent(said + option) for option in options]
        more = {"max_tokens": longest + _AROUND_CHOICE, "response_format": _one_of(whole)}
        equal = [1 / len(options)] * len(options)
        try:
            reply = "".join(without_thoughts(self._pieces(messages, label, stop, more)))
        except ServerFailed as failed:
            refused = failed.__cause__
            if isinstance(refused, Refused) and refused.status in _CANT_CONSTRAIN:
                return equal
            raise
        if stop():
            return []
        chosen = _chosen(reply)
        if chosen not in whole:
            return equal
        rest = (1 - _CHOSEN) / (len(options) - 1)
        meant = whole.index(chosen)
        return [_CHOSEN if n == meant else rest for n in range(len(options))]

    def count_tokens(self, text: str) -> int:
        """About how many tokens `text` is, and rarely less. Raises ModelFailed if not loaded."""
        self._check()
        return math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_A_TOKEN)

    def share_cores(self, shared: bool) -> None:
        """Nothing: its cores are elsewhere."""

    def reset(self) -> None:
        """Nothing is held here of prompts and replies."""

    def _check(self) -> None:
        if not self._loaded:
            raise ModelFailed("The language model is not loaded yet.")

    def _room(self, messages: Sequence[Message]) -> int:
        """Tokens that are left for a reply. Raises ModelFailed if there are none."""
        used = sum(self.count_tokens(each.content) + _MESSAGE_TOKENS for each in messages)
        room = self._context_tokens - used
        if room < 1:
            raise ModelFailed("That is too long for the language model to take in.")
        return room

    def _pieces(
        self,
        messages: Sequence[Message],
        label: Label,
        stop: Callable[[], bool],
        more: dict[str, Any],
    ) -> Iterator[str]:
        """The text of the server's reply as it comes. Raises ServerFailed."""
        body = {
            "model": self._model,
            "messages": [{"role": m.role.value, "content": _sent(m.content)} for m in messages],
            "temperature": 0,
            "stream": True,
            # A voice can't wait for reasoning; servers that don't know this pass it over.
            "chat_template_kwargs": {"enable_thinking": False},
            **more,
        }
        most_pieces = int(more["max_tokens"])
        left = most_pieces * _LONGEST_TOKEN
        try:
            lines = self._client.lines(self._path, label, body, stop)
            # Whatever the server was asked for: one that never ends is ended here.
            for number, piece in enumerate(_contents(lines, stop), start=1):
                yield piece[:left]
                left -= len(piece)
                if number >= most_pieces or left <= 0:
                    return
        except ServerFailed:
            raise
        except Refused as error:
            if error.status == _NOT_FOUND:
                raise ServerFailed(
                    f"{_WHAT} doesn't know that model or address: look at think.model and think.url"
                    " in my settings."
                ) from error
            raise ServerFailed(str(error)) from error
        except LapelError as error:
            raise ServerFailed(str(error)) from error


def _contents(lines: Iterator[str], stop: Callable[[], bool]) -> Iterator[str]:
    """The pieces of text in server-sent events, to the end of the reply."""
    for line in lines:
        if not line.startswith("data:"):
            continue  # a comment that keeps the connection alive, an event's name, or its end
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        try:
            chunk = _Chunk.model_validate_json(data)
        except ValidationError:
            raise ServerFailed(f"{_WHAT} answered something that I can't read.") from None
        if chunk.error is not None:
            raise ServerFailed(f"{_WHAT} ended the reply with an error of its own.")
        for choice in chunk.choices[:1]:
            if choice.delta.content:
                yield choice.delta.content
            if choice.finish_reason is not None:
                return
    if not stop():
        raise ServerFailed(f"{_WHAT} broke off.")


def _one_of(options: Sequence[str]) -> dict[str, object]:
    """The format of a reply that is one of some texts, as JSON (json-schema.org)."""
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"choice": {"type": "string", "enum": list(options)}},
        "required": ["choice"],
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": "choice", "strict": True, "schema": schema},
    }


def _chosen(reply: str) -> str:
    """What is chosen in a reply; the reply itself where that is no such JSON."""
    try:
        return _Chosen.model_validate_json(reply).choice
    except ValidationError:
        return reply.strip()


def _sent(text: str) -> str:
    """Text as it can be sent: without NUL, and without half characters."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
