"""Reliability plot: stated probabilities against the share that is right, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

_SIZE, _LEFT, _TOP = 320, 46, 16
_COLOURS = ("#1f6f8b", "#c8553d", "#588157", "#7b4b94", "#b8860b", "#444444",
            "#d17ba0", "#2a9d8f", "#9c6644", "#6c757d")  # fmt: skip


def plot(sets: Mapping[str, Sequence[tuple[float, bool]]]) -> str:
    """Return a plot of several sets of (probability, right), ten bins each.

    The area of a dot grows with the pairs in its bin; the diagonal is perfect calibration.
    """
    width, height = _LEFT + _SIZE + 230, _TOP + _SIZE + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIZE}" height="{_SIZE}" fill="none" '
        'stroke="#999"/>',
        f'<path d="M{_LEFT} {_TOP + _SIZE}L{_LEFT + _SIZE} {_TOP}" stroke="#999" '
        'stroke-dasharray="4 4"/>',
    ]
    for tenth in range(0, 11, 2):
        at, share = _SIZE * tenth / 10, tenth / 10
        parts.append(
            f'<text x="{_LEFT + at:.0f}" y="{_TOP + _SIZE + 16}" text-anchor="middle">{share}'
            f'</text><text x="{_LEFT - 6}" y="{_TOP + _SIZE - at + 4:.0f}" text-anchor="end">'
            f"{share}</text>"
        )
    parts.append(
        f'<text x="{_LEFT + _SIZE / 2:.0f}" y="{_TOP + _SIZE + 36}" text-anchor="middle">'
        "stated probability; upwards: share that is right</text>"
    )
    for number, (name, judged) in enumerate(sets.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        y = _TOP + 14 + 20 * number
        parts.append(f'<circle cx="{_LEFT + _SIZE + 18}" cy="{y - 4}" r="5" fill="{colour}"/>')
        label = escape(f"{name} ({len(judged)})")
        parts.append(f'<text x="{_LEFT + _SIZE + 30}" y="{y}">{label}</text>')
        parts += _dots(judged, colour)
    return "\n".join([*parts, "</svg>\n"])


def _dots(judged: Sequence[tuple[float, bool]], colour: str) -> list[str]:
    values = np.array(judged, float).reshape(-1, 2)
    bins = np.minimum((values[:, 0] * 10).astype(int), 9)
    dots = []
    for each in sorted(set(bins.tolist())):
        stated, right = values[bins == each].mean(axis=0)
        radius = 2 + 2 * float(np.log10(int((bins == each).sum())))
        dots.append(
            f'<circle cx="{_LEFT + _SIZE * stated:.1f}" cy="{_TOP + _SIZE * (1 - right):.1f}" '
            f'r="{radius:.1f}" fill="{colour}" fill-opacity="0.7"/>'
        )
    return dots
