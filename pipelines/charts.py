"""Charts as inline SVG. Everything drawn is a number, so that no text needs escaping or a language.

Colours and type come from the page's style sheet, by class; widths are user units, of which a
phone's screen shows about as many as it has pixels.
"""

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

WIDTH = 360


def bars(
    counts: Sequence[int],
    labels: Sequence[str],
    *,
    kept_from: int | None = None,
    links: Sequence[str] = (),
) -> Markup:
    """Draw counts as columns, each over its label and under its count.

    Columns from index `kept_from` on are in the accent colour. `links` are values of `data-band`:
    each column is then a link to the pairs.
    """
    height, base = 176, 150
    slot = WIDTH / max(1, len(counts))
    most = max(counts, default=0) or 1
    parts = []
    for i, (count, label) in enumerate(zip(counts, labels, strict=True)):
        tall = max(1.5, 126 * count / most) if count else 0
        kind = "kept" if kept_from is None or i >= kept_from else "left"
        middle = slot * (i + 0.5)
        column = (
            f'<rect class="hit" x="{slot * i:.1f}" y="0" width="{slot:.1f}" height="{base}"/>'
            f'<rect class="{kind}" x="{slot * i + 2:.1f}" y="{base - tall:.1f}" '
            f'width="{slot - 4:.1f}" height="{tall:.1f}"/>'
            f'<text x="{middle:.1f}" y="{base - tall - 5:.1f}">'
            f"{short(count) if count else ''}</text>"
        )
        if links and count:
            opening = f'<a href="#pairs" data-band="{links[i]}" aria-label="{label}: {count}">'
            column = f"{opening}{column}</a>"
        parts.append(f'{column}<text class="axis" x="{middle:.1f}" y="{base + 16}">{label}</text>')
    parts.append(f'<path class="line" d="M0 {base}.5H{WIDTH}"/>')
    role = 'role="group"' if links else 'aria-hidden="true"'
    return Markup(f'<svg viewBox="0 0 {WIDTH} {height}" {role}>{"".join(parts)}</svg>')


def falling(yields: Sequence[int], marked: int) -> Markup:
    """Draw how many remain at each of equally spaced thresholds from 0 to 1; `marked` is dotted."""
    height, base, left = 176, 150, 34
    most = ceiling(max(yields, default=0))
    across = (WIDTH - left - 10) / max(1, len(yields) - 1)
    points = [(left + i * across, base - 130 * count / most) for i, count in enumerate(yields)]
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = base - 130 * share
        parts.append(
            f'<path class="{"line" if share == 0 else "grid"}" d="M{left} {y:.1f}H{WIDTH}"/>'
        )
        parts.append(
            f'<text class="scale" x="{left - 6}" y="{y + 4:.1f}">{short(most * share)}</text>'
        )
    for tenth in range(0, 11, 2):
        x = left + across * (len(yields) - 1) * tenth / 10
        parts.append(f'<text class="axis" x="{x:.1f}" y="{base + 16}">{tenth / 10:.1f}</text>')
    path = "".join(f"{'M' if i == 0 else 'L'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points))
    parts.append(f'<path class="curve" d="{path}"/>')
    if points:
        x, y = points[marked]
        parts.append(f'<path class="grid" d="M{x:.1f} {base}V{y:.1f}"/>')
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        parts.append(
            f'<text x="{x + 6:.1f}" y="{y - 8:.1f}" class="note">{yields[marked]:,}</text>'
        )
    return Markup(f'<svg viewBox="0 0 {WIDTH} {height}" aria-hidden="true">{"".join(parts)}</svg>')


def months(
    counts: Mapping[int, tuple[int, int, int]], first: int, last: int, per: int = 1
) -> Markup:
    """Draw (matched, unmatched, duplicate) articles over time as stacked columns.

    Time is in months since year 0 (`year * 12 + month - 1`), from `first` to `last`, `per` to a
    column.
    """
    height, base, left = 104, 82, 34
    slots = (last - first) // per + 1
    slot = (WIDTH - left) / slots
    stacked = [[0, 0, 0] for _ in range(slots)]
    for at, values in counts.items():
        for kind, value in enumerate(values):
            stacked[(at - first) // per][kind] += value
    most = ceiling(max((sum(values) for values in stacked), default=0))
    gap = min(1.5, slot / 5)
    parts = [
        f'<path class="line" d="M{left} {base}.5H{WIDTH}"/>'
        f'<path class="grid" d="M{left} 12H{WIDTH}"/>'
        f'<text class="scale" x="{left - 6}" y="{base + 3}">0</text>'
        f'<text class="scale" x="{left - 6}" y="16">{short(most)}</text>'
    ]
    under = [0.0] * slots
    for kind, name in enumerate(("kept", "left", "twice")):
        path = []
        for i, column in enumerate(stacked):
            tall = (base - 12) * column[kind] / most
            if tall:
                x, y = left + i * slot + gap, base - under[i] - tall
                path.append(
                    f"M{x:.1f} {y:.1f}h{slot - 2 * gap:.1f}v{tall:.1f}h-{slot - 2 * gap:.1f}z"
                )
                under[i] += tall
        if path:
            parts.append(f'<path class="{name}" d="{"".join(path)}"/>')
    years = range(math.ceil(first / 12), last // 12 + 1)
    every = math.ceil(max(1, len(years)) / 6)
    for year in [year for year in years if year % every == 0]:
        x = left + (year * 12 - first) / per * slot
        anchor = "start" if x < WIDTH - 30 else "end"
        parts.append(f'<path class="line" d="M{x:.1f} {base}v5"/>')
        parts.append(
            f'<text class="year" text-anchor="{anchor}" x="{x:.1f}" y="{base + 17}">{year}</text>'
        )
    return Markup(f'<svg viewBox="0 0 {WIDTH} {height}" aria-hidden="true">{"".join(parts)}</svg>')


def meter(value: float, *, signed: bool) -> Markup:
    """Draw one measure as a small bar: 0 to 1 from the left, or -1 to 1 from the middle."""
    value = max(-1.0 if signed else 0.0, min(1.0, value))
    start, size = (32.0, 32.0 * value) if signed else (0.0, 64.0 * value)
    x, wide = (start, size) if size >= 0 else (start + size, -size)
    middle = '<path class="line" d="M32 0V10"/>' if signed else ""
    kind = "against" if value < 0 else "kept"
    return Markup(
        '<svg class="meter" viewBox="0 0 64 10" aria-hidden="true">'
        f'<rect class="track" width="64" height="10"/>'
        f'<rect class="{kind}" x="{x:.1f}" width="{wide:.1f}" height="10"/>{middle}</svg>'
    )


def ceiling(most: float) -> float:
    """Return the least of 1, 2, 4 and 5 times powers of ten that holds `most`; at least 2."""
    if most <= 2:
        return 2
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= most)


def short(count: float) -> str:
    """Write a count in at most five characters: 950, 12.3k, 1.2M."""
    for size, unit in ((1e6, "M"), (1e4, "k")):
        if count >= size:
            scale = 1e6 if unit == "M" else 1e3
            return f"{count / scale:.3g}{unit}"
    return f"{count:,.0f}"
