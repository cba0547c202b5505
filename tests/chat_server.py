"""A server on this machine that speaks OpenAI's chat completions, around any model."""

import json
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any

from agents.egress import Cleared, Gate, Outlet, Verdict, nothing_cleared
from agents.egress_client import Server, endpoint_of
from agents.model import ChatModel, Message, ModelFailed, Role
from agents.remote import TOOL, RemoteModel
from context.labels import BOTTOM
from tests.local_server import Answer, Asked, LocalServer, serving

PATH = "/v1/chat/completions"


@contextmanager
def chatting(model: ChatModel) -> Generator[LocalServer]:
    """A server of `model`, which is loaded; it has one request at a time."""
    one = threading.Lock()

    def handler(asked: Asked) -> Answer | None:
        if asked.path != PATH:
            return Answer(status=404)
        body = asked.json()
        messages = [Message(Role(each["role"]), each["content"]) for each in body["messages"]]
        with one:
            try:
                send(asked.out, replies(model, messages, body))
            except ModelFailed:
                return Answer({"error": {"message": "too long"}}, status=400)
        return None

    with serving(handler) as server:
        yield server


def replies(model: ChatModel, messages: list[Message], body: dict[str, Any]) -> Iterable[str]:
    """What the model says; where the request has a schema, JSON of the likeliest choice."""
    wanted = body.get("response_format")
    if wanted is None:
        return model.stream(messages, max_tokens=body["max_tokens"], label=BOTTOM)
    options: list[str] = wanted["json_schema"]["schema"]["properties"]["choice"]["enum"]
    likely = model.choose(messages, options, label=BOTTOM)
    chosen = json.dumps({"choice": options[likely.index(max(likely))]})
    return chosen[:5], chosen[5:]


def event(text: str | None = None, finish: str | None = None, **delta: object) -> bytes:
    """One server-sent event of a reply."""
    said = {**delta, **({} if text is None else {"content": text})}
    choice = {"index": 0, "delta": said, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
END = event(finish="stop") + b"data: [DONE]\n\n"


def send(out: Any, pieces: Iterable[str]) -> None:
    """Write a whole reply, a piece an event."""
    out.write(HEAD + event(role="assistant"))
    for piece in pieces:
        out.write(event(piece))
    out.write(END)


def remote_model(
    url: str,
    *,
    context_tokens: int = 2048,
    note: Callable[[str, Verdict], None] = lambda _tool, _verdict: None,
    cleared: Cleared = nothing_cleared,
    token: str = "",
    **server: Any,
) -> RemoteModel:
    """A model behind the server at `url`, let out to it alone."""
    to = endpoint_of(url)
    outlet = Outlet(frozenset({(to.host, to.port)}), plain=True)
    return RemoteModel(
        "tiny",
        Server(url, allow_http=True, **server),
        Gate({TOOL: outlet}, note, cleared),
        context_tokens=context_tokens,
        token=lambda: token,
    )
