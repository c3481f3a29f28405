"""Charts as inline SVG, drawn by Vega-Lite when the report is written.

The page runs no script for them and makes no request. Everything drawn is a number, so that no text
needs a language. Colours are the variables of the page's style sheet, which change with the
reader's light or dark mode and in print; widths are user units, about a phone's pixels.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import vl_convert
from lxml import etree
from markupsafe import Markup

Spec = dict[str, Any]

WIDTH = 360

_VEGA_LITE = "6.4"
"""Version of the chart language: pinned, so that a new version of the renderer draws the same."""

_CONFIG: Spec = {
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "title": None,
        "domainColor": "var(--muted)",
        "gridColor": "var(--rule)",
        "gridDash": [2, 3],
        "labelColor": "var(--muted)",
        "labelFontSize": 11,
        "labelPadding": 5,
        "ticks": False,
    },
    # Only marks with a description of their own are described; see `_inline`.
    "mark": {"aria": False},
    "text": {"color": "var(--ink)", "fontSize": 11},
    "bar": {"binSpacing": 0},
}
_ACCENT, _LEFT, _TWICE = "var(--accent)", "var(--left)", "var(--twice)"
_POINT: Spec = {"type": "point", "size": 65, "filled": True, "opacity": 1, "color": _ACCENT}
_TENTHS: Spec = {"values": [0, 0.2, 0.4, 0.6, 0.8, 1], "format": ".1f", "grid": False}
_QUARTERS: Spec = {"values": [0, 0.25, 0.5, 0.75, 1], "format": ".0%", "domain": False}


@dataclass(frozen=True, slots=True)
class Point:
    """A share with its interval, drawn at `at`.

    `count` is the number of items it rests on.
    """

    at: float
    share: float
    low: float
    high: float
    count: int
    label: str
    show: str = ""


def bars(
    counts: Sequence[int],
    labels: Sequence[str],
    *,
    kept_from: int | None = None,
    links: Sequence[str] = (),
) -> Markup:
    """Draw counts as columns, each over its label and under its count.

    Columns from index `kept_from` on are in the accent colour. `links` are queries of the page's
    filter, one a column, for the pairs counted in it: `band=9`.
    """
    rows = [
        {
            "label": label,
            "count": count,
            "short": short(count) if count else "",
            "fill": _LEFT if kept_from is not None and i < kept_from else _ACCENT,
            "tooltip": f"{label}: {count:,}",
            "link": f"#{links[i]}" if links else None,
        }
        for i, (count, label) in enumerate(zip(counts, labels, strict=True))
    ]
    across: Spec = {
        "field": "label",
        "type": "ordinal",
        "scale": {"domain": list(labels), "paddingInner": 0.12, "paddingOuter": 0.06},
        "axis": {"labelAngle": 0},
    }
    up = _number("count", 0, max(1, *counts) if counts else 1, None)
    fill = {"field": "fill", "type": "nominal", "scale": None}
    columns = _layer({"type": "bar", "aria": True}, across, up, color=fill, **_pointed(bool(links)))
    # An empty column cannot be pointed at, and has no pairs to link to.
    columns["transform"] = [{"filter": "datum.count > 0"}]
    figures = _layer({"type": "text", "dy": -7}, across, up, text={"field": "short"})
    return _draw(130, rows, columns, figures)


def falling(yields: Sequence[int], marked: int) -> Markup:
    """Draw the number that remains at each threshold.

    Thresholds are equally spaced from 0 to 1; the one at index `marked` is dotted.
    """
    steps = max(1, len(yields) - 1)
    rows = [{"at": i / steps, "count": n, "label": f"{n:,}"} for i, n in enumerate(yields)]
    top = ceiling(max(yields, default=0))
    ticks = {"values": [0, top / 2, top], "format": "~s" if top > 9999 else ",d", "domain": False}
    across, up = _number("at", 0, 1, _TENTHS), _number("count", 0, top, ticks)
    line = {"color": _ACCENT, "strokeWidth": 2}
    area = {"type": "area", "color": _ACCENT, "fillOpacity": 0.15, "line": line}
    note = {"type": "text", "align": "left", "dx": 7, "dy": -9, "fontWeight": 600}
    dot = {"values": rows[marked : marked + 1]}
    return _draw(
        130,
        rows,
        _layer(area, across, up),
        _layer(_POINT, across, up) | {"data": dot},
        _layer(note, across, up, text={"field": "label"}) | {"data": dot, "name": "note"},
    )


def shares(estimates: Sequence[Point], *, banded: bool) -> Markup:
    """Draw estimated shares as points with intervals, over the predicted ones.

    `banded`: in columns by label, the number judged under each; else at `at` on a scale from 0 to
    1, with the diagonal on which predictions come true.
    """
    rows = [
        {
            "at": e.at,
            "share": e.share,
            "low": e.low,
            "high": e.high,
            "column": f"{e.label} n={short(e.count)}",
            "tooltip": f"{e.label}: {e.share:.0%} ({e.low:.0%}–{e.high:.0%}), n={e.count:,}",
            "link": f"#{e.show}" if e.show else None,
        }
        for e in estimates
    ]
    low, share = (_number(name, 0, 1, _QUARTERS) for name in ("low", "share"))
    in_columns: Spec = {
        "field": "column",
        "type": "ordinal",
        "sort": {"field": "at"},
        "axis": {"labelAngle": 0, "labelExpr": "split(datum.label, ' ')", "labelLineHeight": 14},
    }
    across = in_columns if banded else _number("at", 0, 1, _TENTHS)
    interval = {"type": "rule", "color": _ACCENT, "strokeWidth": 2}
    linked = any(e.show for e in estimates)
    diagonal = _layer({"type": "line", "color": _LEFT, "strokeDash": [5, 4]}, across, share)
    diagonal["data"] = {"values": [{"at": 0.0, "share": 0.0}, {"at": 1.0, "share": 1.0}]}
    return _draw(
        150,
        rows,
        *(() if banded else (diagonal,)),
        _layer(interval, across, low, y2={"field": "high"}),
        _layer(_POINT | {"aria": True}, across, share, **_pointed(linked)),
    )


def months(
    counts: Mapping[int, tuple[int, int, int]], first: int, last: int, per: int = 1
) -> Markup:
    """Draw (matched, unmatched, duplicate) articles over time, stacked in steps.

    Time is in months since year 0 (`year * 12 + month - 1`), from `first` to `last`, `per` to a
    step.
    """
    slots = (last - first) // per + 1
    stacked = np.zeros((slots, 3), dtype=np.int64)
    for at, values in counts.items():
        stacked[(at - first) // per] += values
    over = np.cumsum(stacked, axis=1)
    rows = [
        {
            "at": first + i * per,
            "low": int(over[slot, kind] - stacked[slot, kind]),
            "high": int(over[slot, kind]),
            "kind": kind,
        }
        for kind in range(3)
        # The last step is drawn to its end.
        for i, slot in enumerate([*range(slots), slots - 1])
    ]
    years = range(-(-first // 12), last // 12 + 1)
    every = -(-max(1, len(years)) // 6)
    by_year = {
        "values": [12 * year for year in years if year % every == 0],
        "labelExpr": "format(datum.value / 12, 'd')",
        "grid": False,
        "ticks": True,
        "tickColor": "var(--muted)",
        "labelAlign": "left",
        "labelBound": True,
    }
    top = ceiling(int(over[:, -1].max(initial=0)))
    fill = {
        "field": "kind",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": [0, 1, 2], "range": [_ACCENT, _LEFT, _TWICE]},
    }
    areas = _layer(
        {"type": "area", "interpolate": "step-after"},
        _number("at", first, first + slots * per, by_year),
        _number("low", 0, top, {"values": [0, top], "format": "~s", "domain": False}),
        y2={"field": "high"},
        color=fill,
    )
    return _draw(74, rows, areas)


def meter(value: float, *, signed: bool) -> Markup:
    """Draw one measure as a small bar.

    From 0 to 1 from the left, or, if `signed`, from -1 to 1 from the middle. By hand: a page has
    thousands, of two rectangles each.
    """
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
    """Return the least round number from `most` on, at least 2.

    Round are 1, 2, 4 and 5 times powers of ten.
    """
    power = 1.0
    while True:
        for step in (1, 2, 4, 5):
            if step * power >= max(2.0, most):
                return step * power
        power *= 10


def short(count: float) -> str:
    """Write a count in at most five characters: 950, 12.3k, 1.2M."""
    if count >= 1e6:
        return f"{count / 1e6:.3g}M"
    return f"{count / 1e3:.3g}k" if count >= 1e4 else f"{count:,.0f}"


def _number(field: str, low: float, high: float, axis: Spec | None) -> Spec:
    """Return a numeric channel on a scale from `low` to `high`."""
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": [low, high], "nice": False},
        "axis": axis,
    }


def _pointed(linked: bool) -> Spec:
    """Return the channels of a mark: its tooltip, and its link."""
    tooltip: Spec = {"description": {"field": "tooltip"}}
    return tooltip | {"href": {"field": "link"}} if linked else tooltip


def _layer(mark: Spec, x: Spec, y: Spec, **channels: Spec) -> Spec:
    return {"mark": mark, "encoding": {"x": x, "y": y, **channels}}


def _draw(height: int, rows: Sequence[Spec], *layers: Spec) -> Markup:
    spec: Spec = {"width": WIDTH - 40, "height": height, "config": _CONFIG}
    spec |= {"data": {"values": rows}} | (layers[0] if len(layers) == 1 else {"layer": layers})
    return _inline(vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE))


_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_KEPT = frozenset({"d", "transform", "fill", "stroke", "x", "y", "x2", "y2", "dy", "class",
                   "viewBox", "text-anchor", "font-size", "font-weight", "stroke-width",
                   "stroke-dasharray", "fill-opacity", "opacity"})  # fmt: skip
_DROPPED = frozenset({"background", "foreground"})
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")


def _inline(svg: str) -> Markup:
    """Return a drawing as inline SVG.

    It has no ids, styles and addresses; links are filters of the page. The description of a mark
    becomes its tooltip, too.
    """
    root = etree.fromstring(svg.encode())
    for node in list(root.iter()):
        if node.get("class") in _DROPPED:
            node.getparent().remove(node)
        else:
            _clean(node)
    if root.find(f".//{_SVG}a") is not None:
        root.set("role", "group")
    else:
        root.set("aria-hidden", "true")
    etree.cleanup_namespaces(root)
    text = etree.tostring(root, encoding="unicode")
    return Markup(text.replace(' xmlns="http://www.w3.org/2000/svg"', ""))


def _clean(node: Any) -> None:
    """Reduce one node to short numbers, a filter's link, a tooltip."""
    tooltip = node.get("aria-label") if node.get("role") == "graphics-symbol" else None
    link, leads = node.get(_XLINK), node.tag == f"{_SVG}a"
    for name in [name for name in node.attrib if name not in _KEPT]:
        del node.attrib[name]
    for name in ("d", "transform", "x", "y", "x2", "y2"):
        if name in node.attrib:
            node.set(name, _LONG_NUMBER.sub(_rounded, node.get(name)))
    if leads and link:
        node.set("href", "#pairs")
        node.set("data-show", link.partition("#")[2])
    is_mark = node.tag in (f"{_SVG}path", f"{_SVG}rect") and "mark" not in (node.get("class") or "")
    if tooltip and is_mark:
        etree.SubElement(node, f"{_SVG}title").text = tooltip
        if node.getparent().tag == f"{_SVG}a":
            node.getparent().set("aria-label", tooltip)


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
