"""The text of HTML, without fetching anything: images, styles and scripts are passed over."""

from html.parser import HTMLParser

from context.importers.record import BROKEN

_MOST_CHARACTERS = 100_000  # several screens of it; bounds the work on nonsense
_CHUNK = 8_192
_HIDDEN = frozenset(("script", "style", "title", "template", "noscript"))
_LINES = frozenset(
    ("address", "article", "blockquote", "br", "dd", "div", "dt", "footer", "h1", "h2", "h3")
) | frozenset(("h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "tr", "ul"))
_CELLS = frozenset(("td", "th"))


def html_text(html: str, *, quotes: bool = True) -> str:
    """The words of `html` in lines; without `quotes`, what it quotes is left out."""
    reader = _Reader(_HIDDEN if quotes else _HIDDEN | {"blockquote"})
    shortened = html[:_MOST_CHARACTERS] + " "
    try:
        for at in range(0, len(shortened), _CHUNK):
            reader.feed(shortened[at : at + _CHUNK])
    except BROKEN:
        pass  # what was read before the nonsense stands
    # not closed: closing looks for the end of each unfinished tag, which takes quadratic time
    return "".join(reader.text)


class _Reader(HTMLParser):
    def __init__(self, hidden: frozenset[str]) -> None:
        super().__init__()
        self.text: list[str] = []
        self._hidden = hidden
        self._depth = 0  # how many hidden elements this is within

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._hidden:
            self._depth += 1
        self._space(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._space(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            self._depth = max(0, self._depth - 1)
        self._space(tag)

    def handle_data(self, data: str) -> None:
        if not self._depth:
            self.text.append(data)

    def _space(self, tag: str) -> None:
        if tag in _LINES:
            self.text.append("\n")
        elif tag in _CELLS:
            self.text.append(" ")
