"""Takes a model's reasoning out of its stream."""

from collections.abc import Iterable, Iterator

_OPEN, _CLOSE = "<think>", "</think>"


def without_thoughts(pieces: Iterable[str]) -> Iterator[str]:
    """`pieces` without anything between <think> and </think>, however the text is cut up.

    Thoughts that never end are dropped, as is a closing tag that was never opened. What stands
    before such a tag is kept: while it comes, nothing tells it from a reply.
    """
    rest, thinking = "", False
    for piece in pieces:
        rest += piece
        said = ""
        while True:
            tag = _CLOSE if thinking else _first_tag(rest)
            before, found, after = rest.partition(tag)
            if not found:
                break
            said += "" if thinking else before
            thinking, rest = tag == _OPEN, after
        keep = max(
            (n for n in range(1, min(8, len(rest) + 1)) if _starts_tag(rest[-n:])), default=0
        )
        end = len(rest) - keep
        said += "" if thinking else rest[:end]
        rest = rest[end:]
        if said:
            yield said
    if rest and not thinking:
        yield rest


def _first_tag(text: str) -> str:
    opened, closed = text.find(_OPEN), text.find(_CLOSE)
    return _CLOSE if closed >= 0 and (opened < 0 or closed < opened) else _OPEN


def _starts_tag(end: str) -> bool:
    return _OPEN.startswith(end) or _CLOSE.startswith(end)
