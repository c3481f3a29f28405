"""Rows of a release: selected without their texts, and read again wherever they lie."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from builders import article, city, store_articles, store_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.city import RIGHTS, City, Rights, Source
from crawler.item import NEWS_TIME, Article
from pipelines.export.filters import Losses
from pipelines.release.content import selection
from pipelines.release.content.selection import CityPlan, Thresholds
from pipelines.release.content.withdrawal import Withdrawn
from pipelines.tables import articles, files

NONE = Withdrawn()
CLEARED = Rights("full", "terms", date(2026, 1, 2))


def dated(key: str, day: int | None, year: int = 2024, **fields: Any) -> Article:
    at = None if day is None else datetime(year, 1, 1, tzinfo=NEWS_TIME) + timedelta(days=day)
    return article(key, published=at, **fields)


def planned(output: Path, of: City | None = None, **thresholds: Any) -> CityPlan:
    return selection.plan(output, "x", of, Thresholds(**thresholds), NONE)


def ids(found: CityPlan) -> list[str]:
    listed: list[str] = found.rows["article_id"].to_pylist()
    return listed


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> dict[int, CityPlan]:
    """Plans of the same 23 articles of two years, by rows in a row group of their files."""
    plans = {}
    for size in (1, 2, 3, 7, 50):
        output = tmp_path_factory.mktemp(f"groups-{size}")
        made = [
            dated(f"a{n:02d}", n % 9, 2023 + n % 2, text=f"文{n}", title=f"题{n}")
            for n in range(23)
        ]
        store_articles(output, *made)
        for path in files.article_files(output, "x"):
            table = pq.read_table(path)
            pq.write_table(table, path, row_group_size=size)
        plans[size] = planned(output)
    return plans


@settings(max_examples=40)
@given(st.sampled_from((1, 2, 3, 7, 50)), st.sets(st.integers(0, 22)))
def test_a_row_is_read_again_wherever_the_groups_of_its_file_end(
    grouped: dict[int, CityPlan], size: int, wanted: set[int]
) -> None:
    plan = grouped[size]
    asked = np.array(sorted(wanted), dtype=np.int64)
    seen: dict[int, tuple[str, str, str]] = {}
    for positions, table in selection.stored_texts(plan, asked, ["article_id", "title", "text"]):
        assert len(positions) == table.num_rows > 0
        columns = (table[name].to_pylist() for name in ("article_id", "title", "text"))
        seen |= dict(zip(positions.tolist(), zip(*columns, strict=True), strict=True))
    expected = ids(plan)
    assert seen == {
        at: (expected[at], f"题{int(expected[at][1:])}", f"文{int(expected[at][1:])}")
        for at in wanted
    }


def test_rows_are_sorted_by_file_day_and_id_and_undated_ones_are_last(tmp_path: Path) -> None:
    store_articles(
        tmp_path, dated("c", 3), dated("b", 3), dated("d", 1), dated("a", None), dated("e", 5, 2023)
    )
    assert ids(planned(tmp_path)) == ["e", "d", "b", "c", "a"]
    days = planned(tmp_path).rows["day"].to_pylist()
    assert days[0] == (date(2023, 1, 6) - date(1970, 1, 1)).days
    assert days[-1] is None


@pytest.mark.parametrize(
    ("thresholds", "kept", "lost"),
    [
        ({"since": date(2024, 1, 2)}, ["b", "c", "e"], {"date": 2}),
        ({"until": date(2024, 1, 2)}, ["a", "b", "e"], {"date": 2}),
        ({"since": date(2024, 1, 2), "until": date(2024, 1, 2)}, ["b", "e"], {"date": 3}),
        ({"langs": ("zh",)}, ["a", "b", "c", "n"], {"language": 1}),
        ({"langs": ("en",)}, ["e"], {"language": 4}),
        ({"scripts": ("Hant",)}, ["c", "e"], {"script": 3}),
    ],
)
def test_a_threshold_keeps_its_days_languages_and_scripts_and_counts_the_others(
    tmp_path: Path, thresholds: dict[str, Any], kept: Sequence[str], lost: dict[str, int]
) -> None:
    traditional = replace(dated("c", 2), script="Hant")
    store_articles(tmp_path, dated("a", 0), dated("b", 1), traditional,
                   dated("e", 1, lang="en"), dated("n", None))  # fmt: skip
    found = planned(tmp_path, **thresholds)
    assert sorted(ids(found)) == kept
    assert {name: count for name, count in found.losses.removed.items() if count} == lost
    assert found.losses.kept == len(kept)


def test_an_article_in_the_files_of_two_years_is_released_once_as_it_is_now(
    tmp_path: Path,
) -> None:
    store_articles(tmp_path, dated("a", 1, 2023, text="旧"))
    old = files.article_files(tmp_path, "x")[0]
    kept = old.read_bytes()
    store_articles(tmp_path, dated("a", 1, 2024, text="新"), now=datetime(2027, 1, 1, tzinfo=UTC))
    old.write_bytes(kept)  # a crash before the old year's file was written again
    assert len(files.article_files(tmp_path, "x")) == 2
    found = planned(tmp_path)
    assert ids(found) == ["a"]
    ((_, table),) = selection.stored_texts(found, np.array([0]), ["text"])
    assert table["text"].to_pylist() == ["新"]


def test_a_withdrawn_article_goes_with_its_reposts_by_id_or_address(tmp_path: Path) -> None:
    store_articles(tmp_path, *(dated(key, n) for n, key in enumerate("abcd")))
    articles.mark_duplicates(tmp_path, "x", {"b": "a"})
    for withdrawn, gone in (
        (Withdrawn(frozenset({"a"})), ["a", "b"]),
        (Withdrawn(frozenset({"b"})), ["a", "b"]),
        (Withdrawn(urls=frozenset({"http://x.example/c"})), ["c"]),
        (Withdrawn(frozenset({"d"}), frozenset({"http://x.example/c"})), ["c", "d"]),
        (Withdrawn(contacts=("12345678",)), []),
        (NONE, []),
    ):
        found = selection.plan(tmp_path, "x", None, Thresholds(), withdrawn)
        assert found.withdrawn == gone
        assert sorted([*ids(found), *gone]) == list("abcd")
        assert selection.with_reposts(tmp_path, withdrawn).articles == withdrawn.articles | set(
            gone
        )
    assert selection.with_reposts(tmp_path, NONE) is NONE


def test_entries_of_the_withdrawal_list_without_an_article_are_named(tmp_path: Path) -> None:
    store_articles(tmp_path, dated("a", 1))
    listed = Withdrawn(frozenset({"a", "zz", "b"}), frozenset({"http://x.example/nowhere"}))
    assert selection.unknown(tmp_path, listed) == ["b", "zz", "http://x.example/nowhere"]
    assert selection.unknown(tmp_path, Withdrawn(urls=frozenset({"http://x.example/a"}))) == []
    assert selection.unknown(tmp_path, Withdrawn(frozenset({"q"}))) == ["q"]
    assert selection.unknown(tmp_path, NONE) == []


def test_an_article_is_held_as_its_source_allows_and_its_own_column_narrows(
    tmp_path: Path,
) -> None:
    made = [
        replace(dated("a", 0), rights=None),
        replace(dated("b", 1), rights=RIGHTS[1]),
        replace(dated("c", 2), rights="full"),
        replace(dated("d", 3), rights="whatever"),
    ]
    store_articles(tmp_path, *made)
    cleared = replace(city("x"), rights="full", rights_checked=date(2026, 1, 2))
    assert planned(tmp_path, cleared).rows["held"].to_pylist() == [
        "full",
        RIGHTS[1],
        "full",
        "metadata",
    ]
    unread = replace(cleared, rights_checked=None)
    for of in (None, unread):
        assert set(planned(tmp_path, of).rows["held"].to_pylist()) == {"metadata"}
    source = Source("zh", "generic", "http://x.example/l", articles="/[bc]$", rights=CLEARED)
    partly = replace(unread, sources=(source,))
    assert planned(tmp_path, partly).rows["held"].to_pylist() == [
        "metadata",
        RIGHTS[1],
        "full",
        "metadata",
    ]


def test_a_manifest_has_the_rights_of_a_city_and_of_its_sources() -> None:
    nothing = {"text": None, "terms": None, "checked": None}
    own = {"text": RIGHTS[1], "terms": "page 3", "checked": "2026-01-02"}
    of = replace(
        city("x"), rights=RIGHTS[1], rights_terms="page 3", rights_checked=date(2026, 1, 2)
    )
    sources = (
        Source("zh", "generic", "http://x.example/l"),
        Source("zh", "generic", "http://x.example/m", articles="/m/", rights=CLEARED),
        Source("zh", "generic", "http://x.example/n", rights=Rights("metadata")),
    )
    found = selection.rulings({"x": of, "y": replace(of, sources=sources)}, ["x", "y", "z"])
    others = [
        {"text": "full", "terms": "terms", "checked": "2026-01-02", "articles": "/m/"},
        {"text": "metadata", "terms": None, "checked": None},
    ]
    assert found == {"x": own, "y": own | {"sources": others}, "z": nothing}
    named = selection.names({"x": of}, ["x", "z"])
    assert named == {"x": {"zh": "x市", "en": "X"}, "z": {"zh": "z", "en": "z"}}


def test_released_pairs_have_both_articles_and_the_script_of_the_chinese_one(
    tmp_path: Path,
) -> None:
    made = [dated(key, 1, lang="en" if key[0] == "e" else "zh") for key in ("z1", "z2", "e1", "e2")]
    store_articles(tmp_path, *(replace(made[1], script="Hant"), made[0], *made[2:]))
    links = [("p3", "z2", "e2", 0.9), ("p1", "z1", "e1", 0.8), ("p2", "z1", "e2", 0.2),
             ("p4", "gone", "e1", 0.9), ("p5", "z1", "gone", 0.9)]  # fmt: skip
    store_rows(tmp_path, "pairs", "x", [
        {"pair_id": key, "city": "x", "zh_id": zh, "en_id": en, "probability": p,
         "relation": "translation", "best": True}
        for key, zh, en, p in links
    ])  # fmt: skip
    losses = Losses()
    found = selection.pairs(tmp_path, planned(tmp_path), Thresholds(), losses)
    assert found["pair_id"].to_pylist() == ["p1", "p3"]
    assert found["zh_script"].to_pylist() == ["Hans", "Hant"]
    assert losses.removed["their articles"] == 2
    some = selection.pairs(tmp_path, planned(tmp_path), Thresholds(min_probability=0.1), Losses())
    assert some["pair_id"].to_pylist() == ["p1", "p2", "p3"]
