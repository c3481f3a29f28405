"""Pairs among articles of one's own."""

import json
import math
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.align import MAX_DAYS, align_city
from pipelines.articles import duplicates, imports
from pipelines.articles.records import ImportFileError
from pipelines.export import rows
from pipelines.export.filters import Filters, Losses
from pipelines.sentences.documents import AlignError
from pipelines.tables import runs
from pipelines.tables.articles import write_articles
from shizheng.arguments import checked

_CITY = "articles"


@checked
def pair(
    zh_articles: Iterable[Mapping[str, Any] | str],
    en_articles: Iterable[Mapping[str, Any] | str],
    *,
    max_days: int = MAX_DAYS,
    min_probability: float = 0.0,
    encoder: str | None = None,
) -> pa.Table:
    """Pair Chinese with English articles, as `shizheng align` does.

    An article is its text, or a mapping with `text` and, if known, `id`, `title`, `url` and
    `published_at` ("2024-03-05"). Without ids they are zh-0, zh-1, … and en-0, en-1, …. Returns the
    columns of `Corpus.pairs`, without rows where nothing is a pair. Missing values as pandas has
    them (NaN, NaT) are none. Raises `ImportFileError` for an article that is none, `AlignError` if
    most are in another language than their side.

    >>> zh = ["岚港市地铁三号线昨日开通，全长二十一公里，设车站十六座。市民免费试乘一周。"]
    >>> en = [
    ...     "Langang opened Metro Line 3 yesterday: 21 km, 16 stations. Rides are free for a week.",
    ...     "The port of Langang handled 1.2 million containers last year, a new record.",
    ... ]
    >>> table = pair(zh, en, min_probability=0.5)
    >>> table.select(["zh_id", "en_id"]).to_pylist()
    [{'zh_id': 'zh-0', 'en_id': 'en-0'}]
    """
    if max_days < 0:
        raise ValueError(f"pair: max_days: expected 0 or more, not {max_days}")
    filters = Filters(min_probability=min_probability)
    with tempfile.TemporaryDirectory(prefix="shizheng-pair-") as name:
        output = Path(name)
        given, places = output / "articles.jsonl", list[str]()
        with given.open("w", encoding="utf-8") as file:
            for lang, articles in (("zh", zh_articles), ("en", en_articles)):
                for number, article in enumerate(articles):
                    places.append(f"{lang}_articles[{number}]")
                    row = {"text": article} if isinstance(article, str) else _known(article)
                    row = {"id": f"{lang}-{number}", "title": "", "url": None} | row
                    row |= {"lang": lang, "city": _CITY}
                    file.write(json.dumps(row, default=str) + "\n")
        if not places:
            return rows.columns("pairs").empty_table()
        try:
            found, _ = imports.read_jsonl(given)
        except ImportFileError as error:
            line, _, said = str(error).removeprefix(f"{given}:").partition(": ")
            said = re.sub(r"\bline (\d+)", lambda found: places[int(found[1]) - 1], said)
            raise ImportFileError(f"{places[int(line) - 1]}: {said}") from None
        mistaken = sum("lang_mismatch" in article.flags for article in found)
        if mistaken > len(found) / 2:
            raise AlignError(
                f"pair: of {len(found)} articles {mistaken} are in another language than their "
                "side; expected the Chinese ones first, then the English"
            )
        run = runs.start(output, "pair", (_CITY,))
        write_articles(output, _CITY, found, run_id=run.run_id, now=run.started_at)
        duplicates.cluster_shard(output, _CITY)
        if not align_city(output, _CITY, encoder=encoder, max_days=max_days).pairs:
            return rows.columns("pairs").empty_table()
        return pa.concat_tables(rows.read(output, "pairs", filters, Losses()))


def _known(article: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the values of an article that are not missing."""
    return {
        name: value
        for name, value in article.items()
        if isinstance(name, str) and type(value).__name__ not in ("NaTType", "NAType")
        if not (isinstance(value, float) and math.isnan(value))
    }
