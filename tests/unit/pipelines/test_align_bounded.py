"""An undated page of a web archive was published before it was captured, and pairs accordingly."""

from datetime import UTC, datetime
from pathlib import Path

import builders
import pytest
from builders import stored_rows

from crawler.item import NEWS_TIME, Article
from pipelines import align
from pipelines.tables.articles import write_articles
from pipelines.tables.captures import write_captures

NOW = datetime(2024, 6, 1, 8, 0, tzinfo=UTC)
ZH = (
    "徒步大会昨日在滨海路开幕，来自各区的市民沿海岸线行走，志愿者在沿途设立补给站。\n"
    "组委会介绍，大会设三条线路，终点均在星海广场，医疗队全程保障。"
)
EN = (
    "The walking festival opened on the coastal road yesterday. Residents of all districts walked "
    "along the coast, and volunteers set up supply stations on the way.\n"
    "The organisers said there are three routes, all of which end at Xinghai Square, and that a "
    "medical team is on duty throughout."
)


def walk(year: int) -> Article:
    published = datetime(year, 5, 17, 9, tzinfo=NEWS_TIME)
    return builders.article(
        f"zh{year}", "zh", published, city="dalian", title="徒步大会开幕", text=ZH,
        url=f"http://www.dl.gov.cn/art/{year}/5/17/art_21_{year}.html",
    )  # fmt: skip


def probabilities(output: Path, captured: datetime) -> dict[str, float]:
    """Return the probability of each year's walk for a page captured then."""
    english = builders.article(
        "en1", "en", None, city="dalian", title="Walking festival opens", text=EN,
        url="http://en.dl.gov.cn/News/ChinaNews/18001.jhtml", flags=("undated", "bounded"),
        fetched_from=f"wayback {captured:%Y-%m-%dT%H:%M:%SZ}", captured_at=captured,
        first_capture=captured,
    )  # fmt: skip
    write_articles(output, "dalian", [walk(2014), walk(2017)], run_id="r", now=NOW)
    write_captures(output, "dalian", [english], run_id="r")
    align.align_shard(output, "dalian", now=NOW)
    rows = stored_rows(output, "pairs", "dalian") + stored_rows(output, "candidates", "dalian")
    return {row["zh_id"]: row["probability"] for row in rows}


@pytest.mark.parametrize(("year", "mate"), [(2015, "zh2014"), (2018, None)])
def test_no_page_is_paired_with_what_came_after_its_capture(
    tmp_path: Path, year: int, mate: str | None
) -> None:
    found = probabilities(tmp_path, datetime(year, 6, 1, tzinfo=UTC))
    if mate is None:  # both came before
        assert abs(found["zh2014"] - found["zh2017"]) < 0.1
    else:
        assert max(found, key=lambda key: found[key]) == mate
        assert found["zh2014"] - found.get("zh2017", 0.0) > 0.1


def test_a_page_captured_before_both_is_paired_with_neither_as_surely(tmp_path: Path) -> None:
    before = probabilities(tmp_path / "before", datetime(2012, 6, 1, tzinfo=UTC))
    after = probabilities(tmp_path / "after", datetime(2018, 6, 1, tzinfo=UTC))
    assert max(before.values()) < max(after.values())
