"""Intents and slots of a suite that no tool has: such a turn can never be right. Pure."""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, get_args

from agents.evaluation.suite import NONE, Said, Suite
from agents.tools import Tool


def unknown(suite: Suite, tools: Iterable[Tool[Any]]) -> list[str]:
    """What no tool has, a sentence each, with the line of the file."""
    by_name = {tool.name: tool for tool in tools}
    found: list[str] = []
    for turn in suite.turns:
        for said in turn.said():
            where = f"{suite.path}, line {suite.lines.get(turn.id, '?')}"
            found += [f"{where}: {each}" for each in _unknown(said, by_name)]
    return found


def _unknown(said: Said, tools: dict[str, Tool[Any]]) -> Iterator[str]:
    if said.intent in (None, NONE):
        return
    name, _, action = str(said.intent).partition(".")
    tool = tools.get(name)
    if tool is None:
        yield f"there is no tool {name!r}; there are {', '.join(sorted(tools))}."
        return
    actions = _actions(tool)
    if action and action not in actions:
        known = f"it has {', '.join(sorted(actions))}" if actions else "it has no actions"
        yield f"the tool {name!r} has no action {action!r}; {known}."
    fields = tool.args.model_fields
    slots = {name for name in fields} | {str(f.alias) for f in fields.values() if f.alias}
    for slot in (*said.slots, *said.slots_any):
        if slot not in slots:
            known = ", ".join(sorted(slots)) or "none"
            yield f"the tool {name!r} has no slot {slot!r}; it has {known}."


def _actions(tool: Tool[Any]) -> set[str]:
    """The values of a tool's argument `action`."""
    field = tool.args.model_fields.get("action")
    if field is None:
        return set()
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {str(each.value) for each in kind}
    return {str(each) for each in get_args(kind)}
