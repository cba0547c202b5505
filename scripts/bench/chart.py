"""A bar chart of voice-to-voice times as an SVG, written by hand. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _LEFT, _RIGHT = 860, 250, 130
_BAR, _GAP, _TOP = 20, 8, 64
_COLOURS = ("#2a6f97", "#c77b30", "#7b4b94", "#5a8f4a")


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure: the bar is its p50, the whisker its p95; milliseconds."""

    group: str
    name: str
    p50_ms: float
    p95_ms: float


def bars_svg(title: str, note: str, bars: Sequence[Bar]) -> str:
    """Draw the bars, grouped, each name in its own colour."""
    groups = list(dict.fromkeys(bar.group for bar in bars))
    names = list(dict.fromkeys(bar.name for bar in bars))
    longest = max([1.0, *(bar.p95_ms for bar in bars)])
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    drawn: list[str] = []
    y = _TOP
    for group in groups:
        drawn.append(_text(16, y + 15, group, weight="bold"))
        y += _BAR + 2
        for bar in (each for each in bars if each.group == group):
            colour = _COLOURS[names.index(bar.name) % len(_COLOURS)]
            end, far = _LEFT + bar.p50_ms * scale, _LEFT + bar.p95_ms * scale
            middle = y + _BAR / 2
            drawn += [
                _text(_LEFT - 10, y + 15, bar.name, anchor="end"),
                f'<rect x="{_LEFT}" y="{y}" width="{max(1.0, end - _LEFT):.1f}" height="{_BAR}" '
                f'fill="{colour}"/>',
                f'<path d="M{end:.1f} {middle}H{far:.1f}M{far:.1f} {y + 4}V{y + _BAR - 4}" '
                'stroke="#333" stroke-width="2" fill="none"/>',
                _text(far + 8, y + 15, f"{bar.p50_ms:.0f} / {bar.p95_ms:.0f} ms"),
            ]
            y += _BAR + _GAP
        y += _GAP
    height = y + 30
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
            f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="14">',
            f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
            _text(16, 28, title, size=18, weight="bold"),
            _text(16, 48, "bar: p50, whisker: p95"),
            *drawn,
            _text(16, height - 12, note, size=12),
            "</svg>\n",
        ]
    )


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 14, weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )
