"""Quality gate of scheduled runs: assertions of the city files.

`min_precision` is compared with the precision estimated from verdicts (the estimate itself, not the
end of its interval). With fewer than `ENOUGH` pairs of the city judged, and not all it has, it
fails, too, because a demand without evidence is not met. `max_drift` is compared with the median of
the last `RECENT` runs' records, over the newest English articles of the city (see `history`); if
these are too few, it is not checked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crawler.city import City
from pipelines.quality import estimates, history, subjects, verdicts
from pipelines.quality.estimates import CityEstimates
from pipelines.quality.history import Measures
from pipelines.quality.subjects import Judgements
from pipelines.quality.verdicts import VerdictError
from pipelines.tables import damage, files, parquet, schema
from pipelines.tables.columns import claimed, evidence, flat, floats, probabilities
from pipelines.tables.vocabulary import RELATIONS
from pipelines.terminal import number_of

ENOUGH = 30
"""Judged pairs of a city from which its precision counts as known. Set by hand."""

RECENT = 8
"""Runs whose median is the usual value. Set by hand."""

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A pair, or an unmatched article, that shows a failure."""

    pair_id: str | None
    zh_title: str | None
    en_title: str | None
    zh_url: str | None
    en_url: str | None
    why: str

    def __str__(self) -> str:
        titles = " / ".join(title for title in (self.zh_title, self.en_title) if title)
        urls = " ".join(url for url in (self.zh_url, self.en_url) if url)
        return f"{self.why}: {self.pair_id + ': ' if self.pair_id else ''}{titles} ({urls})"


@dataclass(frozen=True, slots=True)
class Failure:
    """An assertion that does not hold, as a sentence, with examples."""

    detail: str
    examples: tuple[Example, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def check(output: Path, cities: Iterable[City]) -> dict[str, list[Failure]]:
    """Return the failed quality assertions of each city.

    A city without failures is left out. The history's last line is this run's.
    """
    cities = list(cities)
    past = history.read(output)
    demanding = [city for city in cities if city.assertions.min_precision is not None]
    judged = Judgements([], [])
    unread = ""
    try:
        if demanding:
            judged = damage.without_damaged(lambda: subjects.judgements(output), damaged={})
    except VerdictError as error:
        # A run that crawled well is not lost for a broken file of verdicts.
        unread = str(error)
    known = _estimates(output, judged)
    estimated = {one.city: one for one in known}
    found: dict[str, list[Failure]] = {}
    for city in cities:
        failed = []
        if city in demanding and unread:
            failed.append(Failure(f"precision is unknown: {unread}"))
        elif city in demanding:
            failed += _precision(output, city, estimated.get(city.key), judged)
        if past and city.key in past[-1].cities:
            usual = history.usual(past[:-1], city.key, RECENT)
            for name in city.assertions.max_drift:
                failed += _drift(output, city, name, past[-1].cities[city.key], usual)
        if failed:
            found[city.key] = failed
    return found


def _estimates(output: Path, judged: Judgements) -> Sequence[CityEstimates]:
    """Return the estimates of the cities with readable tables."""
    if not judged:
        return ()
    return damage.without_damaged(
        lambda: estimates.estimate_from(output, judged).by_city, damaged={}
    )


def _precision(
    output: Path, city: City, known: CityEstimates | None, judged: Judgements
) -> list[Failure]:
    least = city.assertions.min_precision
    precision = known.precision if known else None
    if least is None:
        return []
    if known is None or precision is None or precision.judged < min(ENOUGH, known.claimed):
        count = precision.judged if precision else 0
        outdated = sum(one.level == "pair" and one.city == city.key for one in judged.stale)
        more = (
            f" (on texts that have changed: {number_of(outdated, 'verdict')} more)"
            if outdated
            else ""
        )
        return [
            Failure(
                f"precision of at least {least:.1%} expected, but only {count} pairs are judged of "
                f"the {ENOUGH} it takes to know{more}; judge more with `shizheng review`"
            )
        ]
    if precision.value >= least:
        return []
    wrong = [
        one.item.key
        for one in judged.items
        if one.item.level == "pair"
        and one.first.city == city.key
        and one.verdict not in (*RELATIONS, verdicts.CANNOT_TELL, None)
    ]
    pairs = _pairs(output, city.key)
    pairs = pairs.filter(pc.is_in(pairs["pair_id"], value_set=pa.array(wrong, pa.string())))
    doubt = f"95 % interval {precision.low:.1%}-{precision.high:.1%}"
    return [
        Failure(
            f"{precision.value:.1%} of pairs are right by {precision.judged} judged "
            f"({'all there are' if precision.counted else doubt}), "
            f"at least {least:.1%} expected",
            _examples(pairs, np.arange(pairs.num_rows), "judged wrong"),
        )
    ]


def _drift(
    output: Path, city: City, name: str, now: Measures, usual: Mapping[str, float]
) -> list[Failure]:
    field = {"yield": "yield_"}.get(name, name)
    value, before = getattr(now, field), usual.get(field)
    if value is None or before is None:
        return []
    # A ratio drifts by a factor; a share and log odds by a difference.
    drift = value / before - 1 if name == "length_ratio" and before else value - before
    most = city.assertions.max_drift[name]
    if abs(drift) <= most:
        return []
    statement = {
        "yield": f"{value:.0%} of the newest {now.window} English articles have a counterpart, "
        f"{before:.0%} is usual",
        "score": f"the newest pairs have a median score of {value:.2f} log odds, "
        f"{before:.2f} is usual",
        "length_ratio": f"the newest pairs have a median length ratio of {value:.2f}, "
        f"{before:.2f} is usual",
    }[name]
    limit = f"{most:.0%}" if name != "score" else f"{most:g}"
    return [
        Failure(
            f"{statement}: a drift of at most {limit} expected",
            _of_drift(output, city.key, name, drift, before),
        )
    ]


def _of_drift(
    output: Path, city: str, name: str, drift: float, before: float
) -> tuple[Example, ...]:
    """Return examples of a drift.

    Unmatched articles, or the pairs that contribute most to it.
    """
    recent = history.newest_english(output, city)
    pairs = _pairs(output, city)
    if name == "yield" and drift < 0:
        alone = pc.invert(pc.is_in(recent["article_id"], value_set=flat(pairs["en_id"])))
        return tuple(
            Example(None, None, row["title"], None, row["url"], "without a counterpart")
            for row in recent.filter(alone)[:EXAMPLES].to_pylist()
        )
    pairs = pairs.filter(pc.is_in(pairs["en_id"], value_set=flat(recent["article_id"])))
    if name == "yield":
        return _examples(pairs, np.argsort(probabilities(pairs)), "least probable")
    if name == "score":
        values, why = floats(pairs["score"]), "score {:.2f}"
    else:
        values, why = evidence(pairs, "length_ratio"), "length ratio {:.2f}"
    values = np.where(np.isfinite(values), values, before)
    order = np.argsort(values * (-1 if drift > 0 else 1))
    return _examples(pairs, order, *(why.format(values[i]) for i in order[:EXAMPLES]))


def _pairs(output: Path, city: str) -> pa.Table:
    """Return the claimed pairs of a city."""
    pairs = parquet.read_table(files.table_path(output, "pairs", city), schema.PAIRS)
    return claimed(pairs)


def _examples(pairs: pa.Table, order: Any, *why: str) -> tuple[Example, ...]:
    rows = pairs.take(pa.array(order[:EXAMPLES], pa.int64())).to_pylist()
    names = ("pair_id", "zh_title", "en_title", "zh_url", "en_url")
    return tuple(
        Example(**{name: row[name] for name in names}, why=why[min(i, len(why) - 1)])
        for i, row in enumerate(rows)
    )
