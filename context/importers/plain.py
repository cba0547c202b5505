"""Hostile text to one plain line, cut to a length; names for entries. Pure."""

import hashlib
import re
import unicodedata

_JOINERS = "\u200c\u200d"  # Persian, Indic scripts and emoji can't be written without them
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


def flat(text: str, most: int | None = None) -> str:
    """`text` on one line: no control, bidi or other invisible characters, no half characters.

    most: the most characters of the result; what is longer is cut between words.
    """
    if most is not None and len(text) > (bound := 8 * most + 1_000):
        text = text[:bound]  # bounds the work, however long a field is
    if not text.isprintable():
        text = "".join(map(_shown, text)).strip(_JOINERS)
    line = " ".join(text.split())
    return line if most is None else cut(line, most)


def cut(line: str, most: int) -> str:
    """At most `most` characters of `line`, whole words if there are any, then "…"."""
    if len(line) <= most:
        return line
    kept = line[: most - 1]
    head, space, _ = kept.rpartition(" ")
    return f"{(head if space and len(head) > most // 2 else kept).rstrip(' ,;:')}…"


def pieces(line: str, most: int) -> list[str]:
    """`line` in pieces of at most `most` characters: whole sentences, else words, else parts."""
    found: list[str] = []
    for sentence in _SENTENCE_END.split(line):
        for part in _parts(sentence, most):
            if found and len(found[-1]) + 1 + len(part) <= most:
                found[-1] += f" {part}"
            else:
                found.append(part)
    return [piece for piece in found if piece]


def ended(line: str) -> str:
    """`line` with a full stop, unless it ends a sentence already."""
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def uid_of(kind: str, *parts: str) -> str:
    """The kind and 32 hexadecimal digits that depend on all the parts and their order."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode(errors="surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return f"{kind}:{digest.hexdigest()}"


def folded(text: str) -> str:
    """`text` without differences of case, width and spacing."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _shown(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    return " " if character.isspace() else ""


def _parts(sentence: str, most: int) -> list[str]:
    found: list[str] = []
    while len(sentence) > most:
        at = sentence.rfind(" ", most // 2, most + 1)
        at = most if at < 0 else at
        found.append(sentence[:at].rstrip())
        sentence = sentence[at:].lstrip()
    return [*found, sentence]
