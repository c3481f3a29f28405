"""What is stored of a page that dates itself wrongly, or whose title has no end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from crawler.item import NEWS_TIME, Article
from pipelines.articles import contract

SEEN = datetime(2024, 5, 1, 20, tzinfo=UTC)  # 2 May in Asia/Shanghai
ARTICLE = Article("a1", "luoshan", "luoshan.example", "http://luoshan.example/1", "题", "正文。")
WEST, EAST = timezone(-timedelta(hours=12)), timezone(timedelta(hours=14))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=NEWS_TIME),
        datetime(1, 1, 1, tzinfo=EAST),
        datetime(9999, 12, 31, 23, 59, tzinfo=WEST),
        datetime(1948, 12, 31, 23, 59, tzinfo=NEWS_TIME),
        datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=30 * 365),
        datetime(2024, 5, 5, tzinfo=NEWS_TIME),
        datetime(2024, 5, 4, 16, tzinfo=UTC),
    ],
)
def test_a_date_that_cannot_be_is_left_out_and_flagged(moment: datetime) -> None:
    dated = replace(ARTICLE, published_at=moment, published_precision="minute", flags=("short",))
    kept = contract.within_limits(dated, SEEN)
    assert (kept.published_at, kept.published_precision) == (None, None)
    assert kept.flags == ("short", "implausible_date")
    assert kept.content_sha256 == dated.content_sha256


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1949, 1, 1, tzinfo=NEWS_TIME),
        datetime(1948, 12, 31, 16, tzinfo=UTC),
        datetime(2024, 5, 4, 23, 59, tzinfo=NEWS_TIME),
    ],
)
def test_the_days_at_both_ends_are_dates(moment: datetime) -> None:
    dated = replace(ARTICLE, published_at=moment, published_precision="minute")
    assert contract.within_limits(dated, SEEN) is dated


@pytest.mark.parametrize(
    "seen", [datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=WEST)]
)
def test_no_clock_makes_a_date_of_the_next_century(seen: datetime) -> None:
    assert not contract.is_plausible(datetime(2100, 1, 1, tzinfo=NEWS_TIME), seen)


def test_a_title_without_end_is_cut_and_flagged() -> None:
    kept = contract.within_limits(replace(ARTICLE, title="长" * 5_000), SEEN)
    assert (len(kept.title), kept.flags) == (contract.MAX_TITLE, ("truncated",))


@pytest.mark.parametrize(
    "end", ["\r\n", "\r", "\n", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_every_end_of_a_line_is_a_newline(end: str) -> None:
    assert contract.plain(f"一{end}二") == "一\n二"
    assert contract.one_line(f"一{end}二") == "一 二"


@pytest.mark.parametrize(
    "char", ["\x00", "\x07", "\x1b", "\x7f", "\x9f", "\ufffe", "\uffff", "\ufdd0", "\U0010ffff"]
)
def test_control_characters_and_noncharacters_are_no_text(char: str) -> None:
    assert contract.plain(f"一{char}二") == "一二"


@pytest.mark.parametrize(
    "text", ["一\t二", "a\u200fb", "\u202ea\u202c", "\ufffd", "👩\u200d🚒", "\ue000"]
)
def test_all_else_is_kept_as_it_is(text: str) -> None:
    assert contract.plain(text) == text


def test_a_page_s_text_is_held_to_the_same_characters_as_an_import_s() -> None:
    odd = replace(ARTICLE, title="第一\u2028次\x9b", text="一\x85二\uffff")
    kept = contract.within_limits(odd, SEEN)
    assert (kept.title, kept.text, kept.flags) == ("第一 次", "一\n二", ())
