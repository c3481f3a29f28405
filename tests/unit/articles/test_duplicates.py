"""The same text again is one cluster; texts that differ in what matters are not."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.articles.duplicates import ArticleRow, cluster, same

ZH = (
    "市政府召开第27次常务会议，研究部署安全生产和春季农业生产工作，"
    "审议通过城市更新三年行动方案。市长陆文渊主持会议并讲话。"
    "会议指出，要牢牢守住粮食安全底线，抓紧备好种子、化肥等农资，"
    "确保全年粮食播种面积稳定在128.6万亩以上。"
    "会议强调，要紧盯危险化学品、建筑施工、道路交通等重点领域，深入排查整治风险隐患，"
    "坚决防范重特大事故发生。"
)
EN = (
    "The municipal government held its 27th executive meeting on Monday to discuss work safety and "
    "spring farming. Mayor Lu Wenyuan chaired the meeting and made a speech. The "
    "meeting called for "
    "a stable grain area of 857,000 hectares and for a careful check of risks in key industries. "
    "It also adopted a three-year plan for the renewal of the old town and studied other matters."
)
FIRST = datetime(2024, 3, 5, tzinfo=UTC)


def row(
    key: str, text: str, title: str = "市政府召开常务会议", day: int | None = 0, lang: str = "zh"
) -> ArticleRow:
    return ArticleRow(key, lang, title, text, None if day is None else FIRST + timedelta(days=day))


def test_repost_points_to_the_earliest_publication() -> None:
    rows = [row("a", ZH, day=3), row("b", ZH + "（记者 高岑）", day=1), row("c", ZH, day=None)]
    assert cluster(rows) == {"a": "b", "b": "b", "c": "b"}


def test_among_equal_dates_the_smallest_id_stands_for_the_cluster() -> None:
    assert cluster([row("b", ZH), row("a", ZH)]) == {"a": "a", "b": "a"}


@pytest.mark.parametrize(
    ("text", "lang", "old", "new"),
    [
        (ZH, "zh", "第27次", "第29次"),
        (ZH, "zh", "128.6万亩", "129.1万亩"),
        (EN, "en", "27th", "29th"),
        (EN, "en", "857,000", "861,000"),
        (EN, "en", "Monday", "Friday"),
        (EN.replace("27th", "twenty-seventh"), "en", "twenty-seventh", "twenty-ninth"),
        (ZH.replace("第27次", "第二十七次"), "zh", "第二十七次", "第二十九次"),
    ],
)
def test_articles_that_differ_in_a_number_are_two(text: str, lang: str, old: str, new: str) -> None:
    rows = [row("a", text, lang=lang), row("b", text.replace(old, new), lang=lang)]
    assert cluster(rows) == {"a": "a", "b": "b"}


def test_number_in_the_title_alone_tells_articles_apart() -> None:
    text = ZH.replace("第27次", "")
    rows = [row("a", text, "1月全市经济运行情况"), row("b", text, "2月全市经济运行情况")]
    assert cluster(rows) == {"a": "a", "b": "b"}


def test_full_width_digits_and_traditional_characters_are_the_same_text() -> None:
    twin = ZH.replace("128.6", "１２８.６").replace("会议", "會議").replace("市长", "市長")
    assert cluster([row("a", ZH), row("b", twin)]) == {"a": "a", "b": "a"}


def test_shortened_repost_without_other_numbers_is_the_same() -> None:
    assert same(row("a", ZH), row("b", ZH + "会议还研究了其他事项。"))


def test_names_swapped_under_another_title_make_another_article() -> None:
    other = row("b", ZH.replace("陆文渊", "秦怀安"), title="秦怀安主持市政府常务会议")
    assert not same(row("a", ZH, title="陆文渊主持市政府常务会议"), other)


def test_corrected_copy_under_the_same_title_is_the_same_article() -> None:
    assert same(row("a", ZH), row("b", ZH.replace("抓紧备好", "及早备好")))


def test_two_different_extensions_of_one_text_are_not_merged_with_each_other() -> None:
    rows = [
        row("a", ZH, day=0),
        row("b", ZH + "会议定于3月31日前完成。", day=1),
        row("c", ZH + "会议定于4月30日前完成。", day=2),
    ]
    assert not same(rows[1], rows[2])
    assert cluster(rows)["b"] == "a"


def test_languages_are_never_mixed() -> None:
    assert cluster([row("a", EN, lang="zh"), row("b", EN, lang="en")]) == {"a": "a", "b": "b"}


def test_order_of_the_documents_makes_no_difference() -> None:
    texts = [
        ZH,
        ZH + "（完）",
        ZH.replace("27", "28"),
        ZH.replace("27", "28") + "会议还研究了其他事项。",
    ]
    rows = [row(f"{n:02}", texts[n % 4], day=n) for n in range(16)]
    expected = cluster(rows)
    assert len(set(expected.values())) == 2
    chance = random.Random(3)
    for _ in range(5):
        chance.shuffle(rows)
        assert cluster(rows) == expected


def test_short_and_empty_texts_are_compared_whole() -> None:
    rows = [row("a", "任命"), row("b", "任命"), row("c", "免去"), row("d", "")]
    assert cluster(rows) == {"a": "a", "b": "a", "c": "c", "d": "d"}


def test_nothing_gives_nothing() -> None:
    assert cluster([]) == {}
