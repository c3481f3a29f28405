"""Events that are told several times: second reports, instalments, digests, transcripts.

The texts of `several_links.jsonl` are invented, with facts such as municipal news has. A link is
true by `mates` of the English article, which names the relation.
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
    for line in (Path(__file__).parent / "several_links.jsonl").read_text("utf-8").splitlines()
]
GOLD = {(zh, row["id"]): kind for row in ROWS for zh, kind in row.get("mates", {}).items()}


def documents(city: str, lang: str) -> list[Document]:
    return [
        Document(
            row["id"], lang, row["title"], row["text"], datetime.fromisoformat(row["published_at"])
        )
        for row in ROWS
        if row["city"] == city and row["lang"] == lang
    ]


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], str]:
    links = {}
    for city in sorted({row["city"] for row in ROWS}):
        zh, en = (prepare(documents(city, lang), load_encoder()) for lang in ("zh", "en"))
        links |= {
            (zh[one.zh].document.id, en[one.en].document.id): one.relation
            for one in pair.pair(zh, en).pairs
            if one.probability >= 0.5
        }
    return links


def test_true_links_are_found_and_few_others(found: dict[tuple[str, str], str]) -> None:
    right = len(GOLD.keys() & found.keys())
    assert 2 * right / (len(GOLD) + len(found)) >= 0.9, GOLD.keys() ^ found.keys()


def test_an_article_without_a_counterpart_has_no_link(found: dict[tuple[str, str], str]) -> None:
    alone = {row["id"] for row in ROWS if row.get("mates") == {}}
    assert not {en for _, en in found} & alone


def test_parts_and_digests_are_called_so(found: dict[tuple[str, str], str]) -> None:
    parts = {ids: kind for ids, kind in GOLD.items() if kind in ("part_of", "digest")}
    called = [found[ids] == kind for ids, kind in parts.items() if ids in found]
    assert sum(called) >= 0.9 * len(called)
