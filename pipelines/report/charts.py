"""Charts as inline SVG, drawn by Vega-Lite while the report is written: the page runs no script
for them and asks the network for nothing.

Everything drawn is a number, so that no text needs a language. Colours are the variables of the
page's style sheet, which change with the reader's light or dark mode and in print; widths are user
units, of which a phone's screen shows about as many as it has pixels.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import vl_convert
from lxml import etree
from markupsafe import Markup

WIDTH = 360

Spec = dict[str, Any]

_VEGA_LITE = "6.4"
"""The dialect of the charts: pinned, so that a new version of the renderer draws the same."""

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_KEPT = frozenset({"d", "transform", "fill", "stroke", "x", "y", "x2", "y2", "dy", "class",
                   "viewBox", "text-anchor", "font-size", "font-weight", "stroke-width",
                   "stroke-dasharray", "fill-opacity", "opacity"})  # fmt: skip
_DROPPED = frozenset({"background", "foreground"})

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
    # Only what says something of its own is given words; see `_inline`.
    "mark": {"aria": False},
    "text": {"color": "var(--ink)", "fontSize": 11},
    "bar": {"binSpacing": 0},
}
_POINT: Spec = {
    "type": "point",
    "size": 65,
    "filled": True,
    "opacity": 1,
    "color": "var(--accent)",
}


@dataclass(frozen=True, slots=True)
class Point:
    """A share with its interval. `at` is where it is drawn; `count` what it rests on."""

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

    Columns from index `kept_from` on are in the accent colour. `links` say for each column which
    pairs it leads to, as a query of the page's filter: `band=9`.
    """
    rows = [
        {
            "label": label,
            "count": count,
            "short": short(count) if count else "",
            "fill": "var(--left)" if kept_from is not None and i < kept_from else "var(--accent)",
            "says": f"{label}: {count:,}",
            "show": f"#{links[i]}" if links else None,
        }
        for i, (count, label) in enumerate(zip(counts, labels, strict=True))
    ]
    across: Spec = {
        "field": "label",
        "type": "ordinal",
        "scale": {"domain": list(labels), "paddingInner": 0.12, "paddingOuter": 0.06},
        "axis": {"labelAngle": 0},
    }
    up: Spec = {
        "field": "count",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, max(1, *counts)] if counts else [0, 1], "nice": False},
    }
    column = {
        "x": across,
        "y": up,
        "color": {"field": "fill", "type": "nominal", "scale": None},
        "description": {"field": "says"},
    }
    if links:
        column["href"] = {"field": "show"}
    return _draw(
        {
            "data": {"values": rows},
            "height": 130,
            "layer": [
                {
                    # What is nil has no column to point at, and leads nowhere.
                    "transform": [{"filter": "datum.count > 0"}],
                    "mark": {"type": "bar", "aria": True},
                    "encoding": column,
                },
                {
                    "mark": {"type": "text", "dy": -7},
                    "encoding": {"x": across, "y": up, "text": {"field": "short"}},
                },
            ],
        }
    )


def falling(yields: Sequence[int], marked: int) -> Markup:
    """Draw how many remain at each of equally spaced thresholds from 0 to 1; `marked` is dotted."""
    steps = max(1, len(yields) - 1)
    rows = [{"at": i / steps, "count": count} for i, count in enumerate(yields)]
    top = ceiling(max(yields, default=0))
    across: Spec = {
        "field": "at",
        "type": "quantitative",
        "axis": {"values": [0, 0.2, 0.4, 0.6, 0.8, 1], "format": ".1f", "grid": False},
    }
    up: Spec = {
        "field": "count",
        "type": "quantitative",
        "axis": {
            "values": [0, top / 2, top],
            "format": "~s" if top > 9999 else ",d",
            "domain": False,
        },
        "scale": {"domain": [0, top]},
    }
    dot = [row | {"says": f"{row['count']:,}"} for row in rows[marked : marked + 1]]
    return _draw(
        {
            "height": 130,
            "layer": [
                {
                    "data": {"values": rows},
                    "mark": {
                        "type": "area",
                        "color": "var(--accent)",
                        "fillOpacity": 0.15,
                        "line": {"color": "var(--accent)", "strokeWidth": 2},
                    },
                    "encoding": {"x": across, "y": up},
                },
                {
                    "data": {"values": dot},
                    "mark": _POINT,
                    "encoding": {"x": across, "y": up},
                },
                {
                    "data": {"values": dot},
                    "name": "note",
                    "mark": {"type": "text", "align": "left", "dx": 7, "dy": -9, "fontWeight": 600},
                    "encoding": {"x": across, "y": up, "text": {"field": "says"}},
                },
            ],
        }
    )


def shares(estimates: Sequence[Point], *, banded: bool) -> Markup:
    """Draw estimated shares as points with intervals, over what was predicted.

    `banded`: in columns by label, the number judged under each; else at `at` on a scale from 0 to
    1, with the diagonal on which predictions come true.
    """
    rows = [
        {
            "at": e.at,
            "label": e.label,
            "share": e.share,
            "low": e.low,
            "high": e.high,
            "column": f"{e.label} n={short(e.count)}",
            "says": f"{e.label}: {e.share:.0%} ({e.low:.0%}–{e.high:.0%}), n={e.count:,}",
            "show": f"#{e.show}" if e.show else None,
        }
        for e in estimates
    ]
    across: Spec = (
        {
            "field": "column",
            "type": "ordinal",
            "sort": {"field": "at"},
            "axis": {
                "labelAngle": 0,
                "labelExpr": "split(datum.label, ' ')",
                "labelLineHeight": 14,
            },
        }
        if banded
        else {
            "field": "at",
            "type": "quantitative",
            "scale": {"domain": [0, 1]},
            "axis": {"values": [0, 0.2, 0.4, 0.6, 0.8, 1], "format": ".1f", "grid": False},
        }
    )
    up: Spec = {
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": {"values": [0, 0.25, 0.5, 0.75, 1], "format": ".0%", "domain": False},
    }
    point = {"x": across, "y": up | {"field": "share"}, "description": {"field": "says"}}
    if any(e.show for e in estimates):
        point["href"] = {"field": "show"}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": "var(--accent)", "strokeWidth": 2},
            "encoding": {"x": across, "y": up | {"field": "low"}, "y2": {"field": "high"}},
        },
        {
            "mark": _POINT | {"aria": True},
            "encoding": point,
        },
    ]
    if not banded:
        ends = [{"at": 0.0, "share": 0.0}, {"at": 1.0, "share": 1.0}]
        layers.insert(
            0,
            {
                "data": {"values": ends},
                "mark": {"type": "line", "color": "var(--left)", "strokeDash": [5, 4]},
                "encoding": {"x": across, "y": up | {"field": "share"}},
            },
        )
    return _draw({"data": {"values": rows}, "height": 150, "layer": layers})


def months(
    counts: Mapping[int, tuple[int, int, int]], first: int, last: int, per: int = 1
) -> Markup:
    """Draw (matched, unmatched, duplicate) articles over time, stacked in steps.

    Time is in months since year 0 (`year * 12 + month - 1`), from `first` to `last`, `per` to a
    step.
    """
    slots = (last - first) // per + 1
    stacked = [[0, 0, 0] for _ in range(slots)]
    for at, values in counts.items():
        for kind, value in enumerate(values):
            stacked[(at - first) // per][kind] += value
    rows = []
    for kind in range(3):
        under = [sum(column[:kind]) for column in stacked]
        rows += [
            # The last step is drawn to its end.
            {
                "at": first + min(i, slots) * per,
                "low": under[min(i, slots - 1)],
                "high": under[min(i, slots - 1)] + stacked[min(i, slots - 1)][kind],
                "kind": kind,
            }
            for i in range(slots + 1)
        ]
    years = range(-(-first // 12), last // 12 + 1)
    every = -(-max(1, len(years)) // 6)
    ticks = [12 * year for year in years if year % every == 0]
    most = max((sum(column) for column in stacked), default=0)
    return _draw(
        {
            "data": {"values": rows},
            "height": 74,
            "mark": {"type": "area", "interpolate": "step-after"},
            "encoding": {
                "x": {
                    "field": "at",
                    "type": "quantitative",
                    "scale": {"domain": [first, first + slots * per], "nice": False},
                    "axis": {
                        "values": ticks,
                        "labelExpr": "format(datum.value / 12, 'd')",
                        "grid": False,
                        "ticks": True,
                        "tickColor": "var(--muted)",
                        "labelAlign": "left",
                        "labelBound": True,
                    },
                },
                "y": {
                    "field": "low",
                    "type": "quantitative",
                    "scale": {"domain": [0, ceiling(most)]},
                    "axis": {"values": [0, ceiling(most)], "format": "~s", "domain": False},
                },
                "y2": {"field": "high"},
                "color": {
                    "field": "kind",
                    "type": "nominal",
                    "legend": None,
                    "scale": {
                        "domain": [0, 1, 2],
                        "range": ["var(--accent)", "var(--left)", "var(--twice)"],
                    },
                },
            },
        }
    )


def meter(value: float, *, signed: bool) -> Markup:
    """Draw one measure as a small bar: 0 to 1 from the left, or -1 to 1 from the middle.

    By hand: a page holds thousands, of two rectangles each.
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
    """Return the least of 1, 2, 4 and 5 times powers of ten that holds `most`; at least 2."""
    power = 1.0
    while True:
        for step in (1, 2, 4, 5):
            if step * power >= max(2.0, most):
                return step * power
        power *= 10


def short(count: float) -> str:
    """Write a count in at most five characters: 950, 12.3k, 1.2M."""
    for size, unit in ((1e6, "M"), (1e4, "k")):
        if count >= size:
            scale = 1e6 if unit == "M" else 1e3
            return f"{count / scale:.3g}{unit}"
    return f"{count:,.0f}"


def _draw(spec: Spec) -> Markup:
    whole = {"width": WIDTH - 40, "config": _CONFIG} | spec
    return _inline(vl_convert.vegalite_to_svg(whole, vl_version=_VEGA_LITE))


def _inline(svg: str) -> Markup:
    """Return a drawing as the page takes it: without ids, styles and addresses, links as filters.

    What a mark says becomes its tooltip, too.
    """
    root = etree.fromstring(svg.encode())
    for node in list(root.iter()):
        if node.get("class") in _DROPPED:
            node.getparent().remove(node)
            continue
        says = node.get("aria-label") if node.get("role") == "graphics-symbol" else None
        link, leads = node.get(_XLINK), node.tag == f"{_SVG}a"
        for name in [name for name in node.attrib if name not in _KEPT]:
            del node.attrib[name]
        for name in ("d", "transform", "x", "y", "x2", "y2"):
            if name in node.attrib:
                node.set(name, _SHORTER.sub(_rounded, node.get(name)))
        if leads and link:
            node.set("href", "#pairs")
            node.set("data-show", link.partition("#")[2])
        if (
            says
            and node.tag in (f"{_SVG}path", f"{_SVG}rect")
            and "mark" not in (node.get("class") or "")
        ):
            title = etree.SubElement(node, f"{_SVG}title")
            title.text = says
            parent = node.getparent()
            if parent.tag == f"{_SVG}a":
                parent.set("aria-label", says)
    if root.find(f".//{_SVG}a") is not None:
        root.set("role", "group")
    else:
        root.set("aria-hidden", "true")
    etree.cleanup_namespaces(root)
    text = etree.tostring(root, encoding="unicode").replace(
        ' xmlns="http://www.w3.org/2000/svg"', ""
    )
    return Markup(text)


_SHORTER = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
