"""What is usual elsewhere: the model is shown all tools as JSON schemas, and chooses freely."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

from agents.model import ChatModel, Message, ModelFailed, Role
from agents.tools import Tool
from context.labels import BOTTOM

CONTEXT_TOKENS: Final = 8192
"""Room for all schemas."""
_MOST_TOKENS = 128
_BEFORE = (
    "You are a voice assistant on a device. You can call these functions, given as JSON schemas:\n"
)
_AFTER = (
    '\nAnswer with one line of JSON. To call a function: {"name": "...", "arguments": {...}}. If'
    ' none of them fits: {"name": "none", "reply": "..."}. Times are local, ISO 8601.'
)


@dataclass(frozen=True)
class Chosen:
    """What the model chose. tool: None for none, or for what can't be read. tokens: of prompt and
    answer that went through it.
    """

    tool: str | None
    args: Mapping[str, object] = field(default_factory=dict[str, object])
    tokens: int = 0
    took_s: float = 0.0


class FreeChoice:
    """A model that is shown every tool.

    decoded: how many tokens have gone through the model until now. now: the owner's wall time.
    """

    def __init__(
        self,
        model: ChatModel,
        tools: Iterable[Tool[Any]],
        decoded: Callable[[], int],
        now: Callable[[], datetime],
    ) -> None:
        self._model = model
        self._decoded = decoded
        self._now = now
        kept = list(tools)
        self._names = frozenset(tool.name for tool in kept)
        schemas = "\n".join(json.dumps(schema(tool), separators=(",", ":")) for tool in kept)
        self.system = f"{_BEFORE}{schemas}{_AFTER}"
        self.start_tokens = 0
        self.start_s = 0.0
        """Seconds that reading the schemas once took."""

    def load(self) -> None:
        """Open the model, and have it read the schemas once, as it would for all turns."""
        self._model.load()
        self.start_tokens = self._model.count_tokens(self.system)
        begun = time.perf_counter()
        self._model.keep_start(self.system)
        self.start_s = time.perf_counter() - begun

    def choose(self, text: str) -> Chosen:
        """What it calls for `text`."""
        asked = f"It is {self._now():%A %Y-%m-%dT%H:%M}. {text}"
        messages = [Message(Role.SYSTEM, self.system), Message(Role.USER, asked)]
        before, begun, said = self._decoded(), time.perf_counter(), ""
        try:
            for piece in self._model.stream(
                messages, max_tokens=_MOST_TOKENS, label=BOTTOM, key="baseline"
            ):
                said += piece
                if read(said) is not None:
                    break
        except ModelFailed:
            said = ""
        took_s = time.perf_counter() - begun
        tool, args = self._call(read(said) or {})
        return Chosen(tool, args, self._decoded() - before, took_s)

    def _call(self, answer: Mapping[str, Any]) -> tuple[str | None, dict[str, object]]:
        """Arguments count wherever a small model puts them: also as "parameters", and beside the
        name.
        """
        name, rest = answer.get("name"), {k: v for k, v in answer.items() if k != "name"}
        args = next((rest[key] for key in ("arguments", "parameters") if key in rest), rest)
        if name not in self._names or not isinstance(args, dict):
            return None, {}
        return str(name), cast("dict[str, object]", args)


def schema(tool: Tool[Any]) -> dict[str, Any]:
    """A tool as function-calling models are shown it, without what only the program fills in."""
    parameters = tool.args.model_json_schema()
    if tool.uses:
        asked = {"action", *(slot for use in tool.uses for slot in use.slots)}
        properties = parameters.get("properties", {})
        parameters["properties"] = {k: v for k, v in properties.items() if k in asked}
    for each in (parameters, *parameters.get("properties", {}).values()):
        each.pop("title", None)
    parameters.pop("description", None)
    does = "; ".join(f"{use.action or tool.name}: {use.does}" for use in tool.uses)
    return {"name": tool.name, "description": does or tool.description, "parameters": parameters}


def read(text: str) -> dict[str, Any] | None:
    """The first JSON object in a text, of a key said twice the first; None if none is whole."""
    at = text.find("{")
    if at < 0:
        return None
    try:
        found, _ = json.JSONDecoder(object_pairs_hook=_first_wins).raw_decode(text[at:])
    except json.JSONDecodeError:
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))
