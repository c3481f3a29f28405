"""Quality report: one self-contained HTML file.

Everything from the corpus is hostile text. Jinja escapes it; control characters that would reorder
or hide text are made visible; only http(s) URLs become links; the page's policy allows no script or
style but its own, by digest, and no request at all.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from crawler.city import City
from crawler.legible import visible
from pipelines.quality import estimates, gate, history, subjects
from pipelines.quality.estimates import Estimates
from pipelines.report import (
    article_examples,
    charts,
    counts,
    pair_examples,
    traits,
    weaknesses,
    words,
)
from pipelines.report.counts import CorpusCounts, is_one_sided
from pipelines.report.pair_view import PairView, view
from pipelines.report.words import Words
from pipelines.tables import schema
from pipelines.tables.atomic import replacing
from pipelines.tables.damage import without_damaged
from pipelines.tables.vocabulary import BANDS, DECISION, LANGS
from pipelines.text.safe import web_link

SHOWN = 300
"""Pairs shown in full; beyond that a sample."""

MONTHS_DRAWN, YEARS_DRAWN = 240, 120
"""Most steps of a chart over time, in months and in years. Set by hand."""

MONTHS_LISTED = 400
"""Most rows of the table by month; beyond, it is by year. Set by hand."""

SENTENCE_BYTES = 5_200_000
"""Bytes of the page for all sentences, markup included; the rest takes under 4 MB."""


def write(
    output: Path,
    cities: Mapping[str, City] | None = None,
    damaged: dict[str, str] | None = None,
) -> Path:
    """Write `output/reports/index.html` and return its path.

    `cities` are the cities by key, for their names; without them, keys are shown. The same tables
    make the same page: the time shown is the newest in the tables. A city with a damaged table is
    left out, named on the page and added to `damaged` with the reason. Raises `StoreError` for any
    other table that cannot be read.
    """
    unread: dict[str, str] = {} if damaged is None else damaged
    page = without_damaged(lambda: render(output, cities, damaged=unread), unread)
    path = output / "reports" / "index.html"
    with replacing(path) as file:
        file.write(page.encode())
    return path


def render(
    output: Path,
    cities: Mapping[str, City] | None = None,
    shown: int = SHOWN,
    damaged: Mapping[str, str] | None = None,
) -> str:
    """Return the report as HTML, with at most `shown` pairs in full.

    `damaged` are the cities left out because of a table that cannot be read, with the reasons.
    """
    names = {key: Words(city.name_en, city.name_zh) for key, city in (cities or {}).items()}
    counted = counts.read_counts(output)
    past = history.read(output)
    changed = [one.pair_id for one in past[-1].examples] if past else []
    choice = pair_examples.choose(output, shown, changed)
    judged = subjects.judgements(output)
    estimated = estimates.estimate_from(output, judged) if judged else None
    assets = files("pipelines.report") / "templates"
    style, script = (
        (assets / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")
    )
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words, meter=charts.meter, short=charts.short)
    environment.filters.update(words=words.of, visible=visible, link=web_link)
    return environment.get_template("report.html.j2").render(
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        decision=DECISION,
        shizheng=version("shizheng"),
        schema_version=schema.SCHEMA_VERSION,
        corpus=counted,
        overview=_overview(counted),
        damaged={
            key: (names.get(key, Words(key, key)), why) for key, why in (damaged or {}).items()
        },
        weaknesses=weaknesses.of(counted),
        cities={
            city.city: names.get(city.city, Words(city.city, city.city)) for city in counted.cities
        },
        estimated=estimated,
        judged=_judged(estimated),
        stale=len(judged.stale),
        scores=_scores(counted),
        coverage=_coverage(counted),
        beads=_beads(counted.kinds),
        rejects=sorted(
            counted.reject_reasons.items(), key=lambda item: (-sum(item[1].values()), item[0])
        ),
        examples=article_examples.read_examples(output),
        history=past,
        usual={
            city.city: history.usual(past[:-1], city.city, gate.RECENT) for city in counted.cities
        },
        choice=choice,
        traits=_trait_choices(choice),
        shown_cities=choice.pair_ids.keys(),
        pairs=_pairs(output, choice),
    )


def _pairs(output: Path, choice: pair_examples.Choice) -> Iterator[PairView]:
    budget = SENTENCE_BYTES // max(1, choice.size)
    for example in pair_examples.read_examples(output, choice):
        yield view(example, budget)


def _overview(counted: CorpusCounts) -> dict[str, Any]:
    """Sum up the corpus: articles per language, matched ones, pairs."""
    per_lang = {}
    for index, lang in enumerate(LANGS):
        editions = [city.editions[index] for city in counted.cities]
        matched = sum(edition.matched for edition in editions)
        unmatched = sum(edition.unmatched for edition in editions)
        per_lang[lang] = {
            "articles": sum(edition.articles for edition in editions),
            "duplicates": sum(edition.duplicates for edition in editions),
            "matched": matched,
            "unmatched": unmatched,
            "share": matched / (matched + unmatched) if matched + unmatched else None,
        }
    kept = sum(city.kept for city in counted.cities)
    dated = [month for city in counted.cities for e in city.editions for month in e.months]
    return {
        "langs": per_lang,
        "kept": kept,
        "expected": sum(city.expected for city in counted.cities) / kept if kept else None,
        "scored": len(counted.probabilities),
        "linked": sum(n for kind, n in counted.kinds.items() if not is_one_sided(kind)),
        "rejects": sum(city.rejects for city in counted.cities),
        "first": _month(min(dated)) if dated else None,
        "last": _month(max(dated)) if dated else None,
    }


def _judged(estimated: Estimates | None) -> dict[str, Markup]:
    """Draw the shares of right pairs by band and by probability."""
    if estimated is None:
        return {}
    points = [
        charts.Point(
            at=band.stated if band.stated is not None else (band.band + 0.5) / BANDS,
            share=band.observed.value,
            low=band.observed.low,
            high=band.observed.high,
            count=band.observed.judged,
            label=f".{band.band}" if band.band else "0",
            show=f"band={band.band}",
        )
        for band in estimated.bands
        if band.observed is not None
    ]
    if not points:
        return {}
    return {
        "bands": charts.shares(points, banded=True),
        "reliability": charts.shares(points, banded=False),
    }


def _scores(counted: CorpusCounts) -> dict[str, Any]:
    """Draw the distributions of the pairs' probability, length and dates."""
    bands = np.sum([city.bands for city in counted.cities], axis=0, dtype=int).tolist()
    thresholds = np.linspace(0, 1, 101).astype(np.float32)
    ordered = np.sort(counted.probabilities.astype(np.float32))
    at = np.searchsorted(ordered, thresholds, side="left")
    reached = (len(ordered) - at).tolist()
    over = np.concatenate([np.cumsum(ordered[::-1], dtype=np.float64)[::-1], [0.0]])
    expected = [over[i] / n if n else 0.0 for i, n in zip(at, reached, strict=True)]
    lengths, _ = np.histogram(counted.length_ratios, traits.LENGTH_EDGES)
    days, _ = np.histogram(counted.days_apart, traits.DAY_EDGES)
    return {
        "probability": charts.bars(
            bands if isinstance(bands, list) else [0] * BANDS,
            [f".{n}" if n else "0" for n in range(BANDS)],
            kept_from=int(DECISION * BANDS),
            links=[f"band={n}" for n in range(BANDS)],
        ),
        "yield": charts.falling(reached, int(DECISION * 100)),
        "reached": " ".join(map(str, reached)),
        "expected": " ".join(f"{share:.3f}" for share in expected),
        "length": charts.bars(
            lengths.tolist(),
            traits.LENGTH_LABELS,
            links=[f"length={n}" for n in range(len(lengths))],
        ),
        "days": charts.bars(
            days.tolist(), traits.DAY_LABELS, links=[f"days={n}" for n in range(len(days))]
        ),
    }


def _trait_choices(choice: pair_examples.Choice) -> list[tuple[str, Words]]:
    """Return the traits to filter by, with their words.

    Traits with a field of their own are left out.
    """
    found = sorted({trait for of_pair in choice.traits.values() for trait in of_pair})
    chosen = []
    for trait in found:
        name, _, value = trait.partition("=")
        if name in ("bead", "flag", "length", "days") and not any(map(str.isspace, trait)):
            label = words.trait(name, value, traits.LENGTH_LABELS, traits.DAY_LABELS)
            chosen.append((trait, label))
    return chosen


def _coverage(counted: CorpusCounts) -> dict[str, Any]:
    """Draw every edition over the same months, with its figures.

    The figures are by month, or by year if there are many.
    """
    dated = [month for city in counted.cities for e in city.editions for month in e.months]
    if not dated:
        return {"charts": {}, "rows": [], "by": "month", "per": 1}
    first, last = min(dated), max(dated)
    per = 1
    if last - first >= MONTHS_DRAWN:
        # Whole years to a step; more than one if some date is centuries off.
        per = 12 * max(1, (last - first) // 12 // YEARS_DRAWN)
        first -= first % 12
    rows: dict[tuple[str, int], dict[str, list[int]]] = {}
    months = {(city.city, m) for city in counted.cities for e in city.editions for m in e.months}
    by_year = len(months) > MONTHS_LISTED
    for city in counted.cities:
        for edition in city.editions:
            for month, values in edition.months.items():
                when = month - month % 12 if by_year else month
                row = rows.setdefault((city.city, when), {lang: [0, 0, 0] for lang in LANGS})
                row[edition.lang] = [a + b for a, b in zip(row[edition.lang], values, strict=True)]
    return {
        "charts": {
            city.city: [(e, charts.months(e.months, first, last, per)) for e in city.editions]
            for city in counted.cities
        },
        "rows": [
            (city, str(when // 12) if by_year else _month(when), row)
            for (city, when), row in sorted(rows.items())
        ],
        "by": "year" if by_year else "month",
        "per": per,
    }  # fmt: skip


def _beads(kinds: Mapping[str, int]) -> Sequence[tuple[str, int, float]]:
    """Return bead types with count and share, the most frequent first."""
    total = sum(kinds.values())
    return [
        (kind, count, count / total)
        for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    ]


def _month(months: int) -> str:
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


def _policy(style: str, script: str) -> str:
    """Return the content security policy: this style, this script, nothing else."""

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
