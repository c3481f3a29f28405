"""A corrected figure makes no second article, if enough else agrees."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.articles.duplicates import ArticleRow, same

FIRST = datetime(2024, 5, 12, tzinfo=UTC)
TITLE = "全市河道清淤进展"
BODY = (
    "记者5月12日从市水务局获悉，全市河道清淤工程进展顺利，沿线村镇的排涝能力明显提高，"
    "施工单位错峰作业，尽量减少对春耕灌溉的影响，各乡镇同步开展堤岸绿化和步道修缮，"
    "岸边居民的出行环境也随之改善。"
)
SECTIONS = (
    "北岸",
    "南岸",
    "东渠",
    "西渠",
    "新港",
    "旧闸",
    "上游",
    "下游",
    "支沟",
    "干渠",
    "湖口",
    "河湾",
)


def row(key: str, text: str, after: timedelta | None = None, title: str = TITLE) -> ArticleRow:
    published = None if after is None else FIRST + after
    return ArticleRow(key, "zh", title, text, published)


def bulletin(shared: int, changed: int = 1, by: int = 0, body: str = BODY) -> str:
    """Return a text with `shared` fixed figures and `changed` ones that grow by `by`."""
    sections = iter(SECTIONS)
    fixed = "".join(f"{next(sections)}清出淤泥{301 + 2 * n}吨。" for n in range(shared))
    moving = "".join(f"{next(sections)}投入机械{801 + 4 * n + by}台。" for n in range(changed))
    return body * 3 + fixed + moving


def is_correction(shared: int, changed: int = 1, days: float = 1, body: str = BODY) -> bool:
    first = row("a", bulletin(shared, changed, body=body), timedelta())
    second = row("b", bulletin(shared, changed, by=1, body=body), timedelta(days=days))
    return same(first, second)


@pytest.mark.parametrize(
    ("shared", "changed", "one_article"),
    [(4, 1, False), (5, 1, True), (6, 1, True), (9, 2, False), (10, 2, True)],
)
def test_five_figures_are_shared_for_each_that_is_corrected(
    shared: int, changed: int, one_article: bool
) -> None:
    assert is_correction(shared, changed) is one_article


def test_dates_are_no_shared_figures() -> None:
    # Each is one of the event's marks, which agree anyway.
    dated = BODY.replace("记者5月12日", "记者5月12日10:30、5月14日、5月16日、第4次、第8届")
    assert not is_correction(4, body=dated)
    assert is_correction(5, body=dated)


def test_a_figure_left_out_and_one_put_in_count_by_the_longer_side() -> None:
    first = row("a", bulletin(5), timedelta())
    other = bulletin(5, by=1) + "湖口新增泵站17座。"
    assert not same(first, row("b", other, timedelta(days=1)))


def test_a_text_without_a_date_hour_or_ordinal_is_no_correction() -> None:
    undated = BODY.replace("5月12日", "日前")
    assert not is_correction(9, body=undated)


@pytest.mark.parametrize(
    ("days", "one_article"), [(0, True), (3, True), (-3, True), (3.01, False), (-3.01, False)]
)
def test_a_correction_comes_within_three_days(days: float, one_article: bool) -> None:
    assert is_correction(9, days=days) is one_article


@pytest.mark.parametrize("dated", [(True, False), (False, True), (False, False)])
def test_a_correction_is_dated_and_so_is_what_it_corrects(dated: tuple[bool, bool]) -> None:
    first, second = (
        row(key, bulletin(9, by=by), timedelta() if known else None)
        for by, (key, known) in enumerate(zip("ab", dated, strict=True))
    )
    assert not same(first, second)


def test_a_correction_keeps_the_dates_of_what_it_corrects() -> None:
    first = row("a", bulletin(9), timedelta())
    tomorrow = bulletin(9, by=1).replace("5月12日", "5月13日", 1)
    assert not same(first, row("b", tomorrow, timedelta(days=1)))


def test_a_correction_has_the_title_of_what_it_corrects() -> None:
    first = row("a", bulletin(9), timedelta())
    assert not same(first, row("b", bulletin(9, by=1), timedelta(days=1), "应急演练开展"))
