"""The paragraphs, lists and tables of a note, with the headings they stand under. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from context.importers.html_text import html_text
from context.importers.plain import flat, folded

_HEADING = 100
_SHORT_ITEM = 60  # characters; items up to that are one thing to remember, as a shopping list is
_SHORT_LIST = 600
_SHORT_LINE = 50  # where a paragraph is wrapped, its lines are longer,
_SHORTER_LINE = 25  # or begin in lower case and are not as short as this
_FIRST_WORDS = 4
_LONGEST_MARKED_UP = 5_000  # characters of a paragraph in which emphasis and links are looked for

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.{0,20000}?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_LABEL = re.compile(r"(.{1,40}?)(?::|=| [–—-] )")
_TASK = re.compile(r"\[([ xX])\]\s+")
_SAID_TASK = re.compile(r"(?:to do|done): ")


@dataclass(frozen=True)
class Block:
    """One thing to remember.

    headings: those it stands under, outermost first. name: what tells it from the others under
    them, taken from its beginning, so that it stays when the rest is changed. text: without
    marks; may have line ends.
    """

    headings: tuple[str, ...]
    name: str
    text: str


def markdown_blocks(text: str) -> list[Block]:
    """The blocks of a Markdown note: CommonMark with tables and tasks; HTML is only its text."""
    parser = MarkdownIt("commonmark").enable("table")
    return _Note(parser).blocks(_FRONT_MATTER.sub("", text.replace("\r\n", "\n")))


def text_blocks(text: str) -> list[Block]:
    """The blocks of a plain text: paragraphs and lists."""
    return _Note(MarkdownIt("zero").enable("list")).blocks(text)


class _Note:
    def __init__(self, parser: MarkdownIt) -> None:
        self._parser = parser.disable("inline")  # done here, for one paragraph at a time
        self._environment: dict[str, object] = {}  # what links refer to
        self._headings: list[tuple[int, str]] = []

    def blocks(self, text: str) -> list[Block]:
        tokens = self._parser.parse(text, self._environment)
        return list(self._within(SyntaxTreeNode(tokens)))

    def _within(self, parent: SyntaxTreeNode) -> Iterator[Block]:
        introduction = ""
        nodes = parent.children  # `next_sibling` looks through all of them for the node
        for node, following in zip_longest(nodes, nodes[1:]):
            before, introduction = introduction, ""
            if node.type == "paragraph" and following and following.type.endswith("_list"):
                words = self._lines(node)
                if words.endswith(":"):
                    introduction = words
                    continue
            yield from self._node(node, before)

    def _node(self, node: SyntaxTreeNode, introduction: str = "") -> Iterator[Block]:
        match node.type:
            case "heading":
                level = int(node.tag[1:])
                outer = [heading for heading in self._headings if heading[0] < level]
                title = flat(self._inline(node), _HEADING).rstrip(":")
                self._headings = [*outer, (level, title)] if title else outer
            case "paragraph":
                yield self._block(self._lines(node))
            case "bullet_list" | "ordered_list":
                yield from self._list(node, introduction)
            case "table":
                yield from self._table(node)
            case "fence" | "code_block":
                yield self._block(node.content)
            case "html_block":
                yield self._block(html_text(node.content))
            case _:
                yield from self._within(node)

    def _list(self, node: SyntaxTreeNode, introduction: str) -> Iterator[Block]:
        items = [item for child in node.children if (item := flat(self._item(child)))]
        lead = f"{introduction} " if introduction else ""
        name = _beginning(introduction) if introduction else "list"
        short = all(len(item) <= _SHORT_ITEM for item in items)
        if short and sum(map(len, items)) <= _SHORT_LIST:
            yield self._block(lead + _together(items), name)
            return
        for item in items:
            own = _beginning(_SAID_TASK.sub("", item))
            yield self._block(lead + item, f"{name} {own}")

    def _item(self, node: SyntaxTreeNode) -> str:
        """An item and what is nested in it, in one sentence."""
        text = ""
        for child in node.children:
            if child.type.endswith("_list"):
                nested = _together([flat(self._item(item)) for item in child.children])
                text += f" {nested}" if text.endswith(":") or not text else f": {nested}"
            elif child.type == "heading":  # no heading of what follows the list
                text = f"{text} {self._inline(child)}".strip()
            else:
                text = " ".join((text, *(block.text for block in self._node(child)))).strip()
        if task := _TASK.match(text):
            return f"{'to do' if task[1] == ' ' else 'done'}: {text[task.end() :]}"
        return text

    def _table(self, node: SyntaxTreeNode) -> Iterator[Block]:
        rows = [
            [flat(self._inline(cell)) for cell in row.children]
            for part in node.children
            for row in part.children
        ]
        names = rows[0] if rows else []
        for row in rows[1:]:
            cells = zip(names, row, strict=False)
            text = "; ".join(f"{n}: {c}" if n else c for n, c in cells if c)
            yield self._block(text, f"row {folded(row[0])}")

    def _block(self, text: str, name: str | None = None) -> Block:
        headings = tuple(title for _, title in self._headings)
        return Block(headings, _beginning(flat(text)) if name is None else name, text)

    def _lines(self, node: SyntaxTreeNode) -> str:
        """A paragraph; one of short lines, such as an address, with a semicolon between them."""
        text = self._inline(node)
        lines = [line for part in text.split("\n") if (line := flat(part))]
        return _together(lines) if _stand_alone(lines) else flat(text)

    def _inline(self, node: SyntaxTreeNode) -> str:
        content = "".join(child.content for child in node.children if child.type == "inline")
        if len(content) > _LONGEST_MARKED_UP:
            return content
        tokens: list[Token] = []
        self._parser.inline.parse(content, self._parser, self._environment, tokens)
        return "".join(map(_words, tokens))


def _beginning(text: str) -> str:
    """How a paragraph begins, which names it: the words before a colon, else the first four."""
    if label := _LABEL.match(text):
        return folded(label[1])
    return folded(" ".join(text.split(maxsplit=_FIRST_WORDS)[:_FIRST_WORDS]))


def _stand_alone(lines: list[str]) -> bool:
    """Whether lines are something each, as in an address, and not a sentence that is wrapped."""
    longest = max(map(len, lines), default=0)
    return longest <= _SHORTER_LINE or (
        longest <= _SHORT_LINE and not any(line[0].islower() for line in lines[1:])
    )


def _words(token: Token) -> str:
    match token.type:
        case "text" | "text_special" | "code_inline":
            return token.content
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            return token.content  # what stands in for it
        case _:
            return ""


def _together(parts: list[str]) -> str:
    """Parts in a row, with a semicolon after each that doesn't end in a mark itself."""
    said = "".join(
        f"{part} " if part.endswith((".", "!", "?", ",", ";", ":")) else f"{part}; "
        for part in parts
        if part
    )
    return said.rstrip("; ")
