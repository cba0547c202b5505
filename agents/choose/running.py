"""What is to end by its name: "stop the pasta one", where something that is set has it."""

import re
from typing import Final

from agents.choose.choice import Chosen
from agents.said import hear
from agents.tools import Call, Toolbox

_VERBS: Final = (
    r"stop|cancel|end|kill|cut|drop|scrap|delete|remove|silence|dismiss|forget|turn off|switch off"
    r"|shut off|get rid of|call off"
)
_ENDS: Final = re.compile(
    rf"(?:{_VERBS}) (?:the|my|our|that) (?P<name>[\w' -]+?)(?: (?:one|thing))?"
    r"|(?:turn|switch|shut) (?:the|my|our|that) (?P<named>[\w' -]+?)(?: (?:one|thing))? off",
    re.IGNORECASE,
)
_MOST_WORDS: Final = 4


def named_to_end(text: str) -> str | None:
    """The name of what is to end; None where `text` is no such request. Pure."""
    heard = hear(text, "en")
    found = None if heard.question else _ENDS.fullmatch(heard.short.text)
    name = None if found is None else found["name"] or found["named"]
    return name if name and len(name.split()) <= _MOST_WORDS else None


def ended(text: str, toolbox: Toolbox) -> Chosen | None:
    """The call that ends what is set by that name; None where nothing is. What is only among the
    words of a reminder is asked about first. Changes nothing.
    """
    name = named_to_end(text)
    if name is None:
        return None
    for each in ("timer", "alarm", "reminder"):
        tool = toolbox.get(each)
        args = None if tool is None else tool.ended_by(name)
        use = next((use for use in toolbox.uses(each) if use.action == "cancel"), None)
        if args is not None and use is not None:
            ask = each == "reminder"
            return Chosen(Call(each, args), 1.0, use.does, acts=True, ask=ask, use=use)
    return None
