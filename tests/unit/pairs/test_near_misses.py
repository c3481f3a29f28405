"""Near misses as real cities have them: the English article belongs to one of the series, or none.

All articles of `near_misses.jsonl` are of one city, so that each is compared with all others. The
texts are invented; the kinds of near miss are those met in municipal news: last year's report, the
preview and the round-up of a fair, guests of the same day, the next month's figures, the next list.
"""

import json
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.pairs import pair
from pipelines.pairs.prepared import Document, prepare
from pipelines.vectors.load import load_encoder

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "near_misses.jsonl").read_text("utf-8").splitlines()
]
ENGLISH = [row for row in ROWS if row["lang"] == "en"]


@pytest.fixture(scope="module")
def counterparts() -> dict[str, str]:
    sides = {
        lang: prepare(
            [
                Document(
                    row["id"],
                    lang,
                    row["title"],
                    row["text"],
                    datetime.fromisoformat(row["published_at"]) if row["published_at"] else None,
                )
                for row in ROWS
                if row["lang"] == lang
            ],
            load_encoder(),
        )
        for lang in ("zh", "en")
    }
    return {
        sides["en"][one.en].document.id: sides["zh"][one.zh].document.id
        for one in pair.pair(sides["zh"], sides["en"]).pairs
        if one.probability >= 0.5
    }


@pytest.mark.parametrize("row", ENGLISH, ids=[row["id"] for row in ENGLISH])
def test_an_english_article_finds_its_own_of_the_series_or_none(
    row: dict[str, str], counterparts: dict[str, str]
) -> None:
    assert counterparts.get(row["id"]) == row.get("mate")
