"""Line charts as SVG files that stand alone, in the report's colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from evaluation.rates import Rate

WIDTH, HEIGHT = 480, 280
COLOURS = ("#1f6b45", "#a4281c", "#1f6b45", "#a4281c")
_STEPS = 5


@dataclass(frozen=True)
class Line:
    """One curve: (x, rate) from left to right; the rate's interval is drawn as a bar."""

    name: str
    points: tuple[tuple[float, Rate], ...]
    dashed: bool = False


def line_chart(lines: Sequence[Line], x_label: str, y_label: str) -> str:
    """An SVG document; y runs from 0 to 1, x from 0 to the largest."""
    last = max(x for line in lines for x, _ in line.points) or 1
    drawn = [_frame(sorted({x for line in lines for x, _ in line.points}), last, x_label, y_label)]
    for place, line in enumerate(lines):
        drawn.append(_curve(line, COLOURS[place % len(COLOURS)], last, 16 + 18 * place))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + 240}" height="{HEIGHT + 80}" '
        f'viewBox="-60 -20 {WIDTH + 240} {HEIGHT + 80}" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="#16211c"><title>{escape(y_label)}</title>'
        f'<rect x="-60" y="-20" width="{WIDTH + 240}" height="{HEIGHT + 80}" fill="#fbfcfa"/>{"".join(drawn)}</svg>\n'
    )


def _frame(ticks: Sequence[float], last: float, x_label: str, y_label: str) -> str:
    parts = []
    for step in range(_STEPS + 1):
        y = HEIGHT - HEIGHT * step / _STEPS
        parts.append(f'<line x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#cdd8d1"/>')
        parts.append(f'<text x="-8" y="{y + 4:.1f}" text-anchor="end">{100 * step // _STEPS} %</text>')
    parts += [
        f'<text x="{WIDTH * tick / last:.1f}" y="{HEIGHT + 18}" text-anchor="middle">{tick:g}</text>' for tick in ticks
    ]
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT + 40}" text-anchor="middle">{escape(x_label)}</text>')
    parts.append(
        f'<text x="{-HEIGHT / 2}" y="-46" transform="rotate(-90)" text-anchor="middle">{escape(y_label)}</text>'
    )
    return "".join(parts)


def _curve(line: Line, colour: str, last: float, key_y: float) -> str:
    dash = ' stroke-dasharray="6 4"' if line.dashed else ""
    path = " ".join(f"{WIDTH * x / last:.1f},{HEIGHT - HEIGHT * rate.value:.1f}" for x, rate in line.points)
    bars = "".join(
        f'<line x1="{WIDTH * x / last:.1f}" x2="{WIDTH * x / last:.1f}" y1="{HEIGHT - HEIGHT * rate.low:.1f}" '
        f'y2="{HEIGHT - HEIGHT * rate.high:.1f}" stroke="{colour}" stroke-opacity=".35"/>'
        for x, rate in line.points
    )
    sample = f'x1="{WIDTH + 16}" x2="{WIDTH + 44}" y1="{key_y}" y2="{key_y}"'
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>{bars}'
        f'<line {sample} stroke="{colour}" stroke-width="2"{dash}/>'
        f'<text x="{WIDTH + 52}" y="{key_y + 4}">{escape(line.name)}</text>'
    )
