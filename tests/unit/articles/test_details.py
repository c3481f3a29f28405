"""One title and one differing detail: two articles. Another wording: one."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.articles.details import differ
from pipelines.articles.duplicates import ArticleRow, cluster

ZH = (
    "本周三上午，竹溪区残联主办的助残就业洽谈会在云栖街道文化站举办，来自江湾机械厂的招聘人员当场"
    "面试求职者。区残联理事长葛明远到场慰问。洽谈会吸引了众多企业，会上提供岗位五百六十个。据统计，"
    "今年参会企业数量有所增加，求职者对服务普遍满意，主办方表示此类洽谈会将继续举办下去，"
    "并为未能到场的求职者提供上门服务和电话咨询。"
)
EN = (
    "A job fair for people with disabilities was held last Wednesday at the culture station of "
    "Yunqi Subdistrict, where recruiters from Jiangwan Machinery Works interviewed those who came. "
    "Ge Mingyuan, head of the federation, visited the fair. Many firms took part and some five "
    "hundred posts were on offer. The number of firms rose this year and most visitors were "
    "pleased with the service, the organisers said, who will go on holding such fairs."
)
DAY = datetime(2024, 9, 4, tzinfo=UTC)


def heads(lang: str, text: str, old: str, new: str, days: int) -> set[str]:
    assert old in text
    rows = [
        ArticleRow(key, lang, "助残就业洽谈会举办" if lang == "zh" else "Job fair held", body, day)
        for key, body, day in (
            ("a", text, DAY), ("b", text.replace(old, new), DAY + timedelta(days=days))
        )
    ]  # fmt: skip
    return set(cluster(rows).values())


@pytest.mark.parametrize("days", [0, 7, 182])
@pytest.mark.parametrize(
    ("lang", "old", "new"),
    [
        ("zh", "本周三", "本周六"), ("zh", "本周三", "上周三"), ("zh", "上午", "下午"),
        ("zh", "云栖街道", "松涛街道"), ("zh", "竹溪区", "兰渡区"),
        ("zh", "江湾机械厂", "东坝机械厂"),
        ("zh", "葛明远", "邵立新"), ("zh", "五百六十", "四百八十"), ("zh", "增加", "减少"),
        ("zh", "文化站", "体育馆"), ("zh", "葛明远", "葛明安"),
        ("en", "last Wednesday", "this Wednesday"), ("en", "Yunqi", "Songtao"),
        ("en", "Ge Mingyuan", "Shao Lixin"), ("en", "five hundred", "four hundred"),
        ("en", "five hundred", "twenty-five hundred"), ("en", "rose", "fell"),
        ("en", "Jiangwan Machinery", "Dongba Textile"),
    ],
)  # fmt: skip
def test_one_differing_detail_makes_two_articles(lang: str, old: str, new: str, days: int) -> None:
    assert heads(lang, ZH if lang == "zh" else EN, old, new, days) == {"a", "b"}


@pytest.mark.parametrize(
    ("lang", "old", "new"),
    [
        ("zh", "当场", "现场"), ("zh", "普遍满意", "十分满意"), ("zh", "吸引了", "吸引"),
        ("zh", "将继续举办下去", "还会办下去"), ("zh", "有所增加", "有所增长"),
        ("zh", "主办方表示", "主办方说"), ("zh", "众多企业", "许多企业"),
        ("en", "took part", "were present"), ("en", "were pleased", "were happy"),
        ("en", "will go on holding", "will keep holding"), ("en", "A job fair", "The job fair"),
    ],
)  # fmt: skip
def test_another_wording_makes_no_second_article(lang: str, old: str, new: str) -> None:
    assert heads(lang, ZH if lang == "zh" else EN, old, new, 1) == {"a"}


def test_an_office_that_names_its_own_place_changes_nothing() -> None:
    assert not differ("全市企业已组织演练", "全省企业已组织演练", chinese=True)
    assert differ("竹溪县企业已组织演练", "竹溪区兰渡市企业已组织演练", chinese=True)


def test_capitals_and_figures_are_no_details() -> None:
    assert not differ("The Fair Opened", "The fair opened", chinese=False)
    assert not differ("共0人参加", "共0人参加了", chinese=True)


@pytest.mark.parametrize(
    ("lang", "first", "second"),
    [
        ("zh", "气象台发布暴雨黄色预警", "气象台发布暴雨橙色预警"),
        ("zh", "决赛男子组比赛举行", "决赛女子组比赛举行"),
        ("zh", "启动防汛Ⅱ级响应", "启动防汛Ⅲ级响应"),
        ("zh", "调整二十六路公交线路", "调整六十二路公交线路"),
        ("zh", "会见来自智利的客人", "会见来自秘鲁的客人"),
        ("zh", "公布乳制品抽检结果", "公布肉制品抽检结果"),
        ("zh", "滨河路施工开始", "滨河路施工结束"),
        ("zh", "农历正月初八开市", "农历二月初八开市"),
        ("en", "a yellow alert was issued", "an orange alert was issued"),
        ("en", "the men's final was held", "the women's final was held"),
        ("en", "exports stayed stable", "imports stayed stable"),
        ("en", "roadworks have started", "roadworks have ended"),
        ("zh", "六月下旬在杨桃镇办培训班", "六月中旬在杨桃镇办培训班"),
        ("zh", "果品主要销往香港", "果品主要销往澳门"),
        ("zh", "昨晚在体育中心比赛", "前晚在体育中心比赛"),
        ("zh", "市排球队主场取胜", "市排球队客场取胜"),
        ("zh", "市排球队取得胜利", "市篮球队取得胜利"),
        ("zh", "主教练罗志刚表示满意", "主教练罗志强表示满意"),
        ("zh", "预计北部山区有暴雨", "预计南部山区有暴雨"),
        ("zh", "柑橘种植面积扩大", "葡萄种植面积扩大"),
        ("zh", "县委副书记到场讲话", "县委副县长到场讲话"),
        ("zh", "入园游客人数为历届最多", "入园游客人数为历届最少"),
        ("zh", "在城西新建一处中心", "在城东新建一处中心"),
        ("en", "the team won last night", "the team won on Friday"),
        ("en", "a reading room for children", "a reading room for seniors"),
        ("en", "the volleyball team played", "the basketball team played"),
        ("en", "the library was extended", "the museum was extended"),
        ("en", "the largest in its history", "the smallest in its history"),
    ],
)
def test_words_that_exclude_each_other_make_two_articles(
    lang: str, first: str, second: str
) -> None:
    assert differ(first, second, chinese=lang == "zh")
    assert not differ(first, first + first[-1], chinese=lang == "zh")


def test_the_whole_city_is_our_city() -> None:
    assert not differ("全市防汛会议召开", "我市防汛会议召开", chinese=True)


@pytest.mark.parametrize(
    ("lang", "form"),
    [
        ("zh", "\u200b".join),
        ("zh", lambda text: text.replace("数量", "數量").replace("举办", "舉辦")),
        ("zh", lambda text: text.replace("一", "⼀").replace("人", "⼈")),
        ("en", lambda text: text.replace("fi", "ﬁ")),
        ("en", lambda text: re.sub("([a-z]{3})([a-z]{3})", "\\1\u00ad\\2", text)),
        ("en", lambda text: "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in text)),
    ],
    ids=["zero-width", "traditional", "radicals", "ligatures", "soft-hyphens", "full-width"],
)
def test_another_form_of_the_same_text_makes_no_second_article(
    lang: str, form: Callable[[str], str]
) -> None:
    text = ZH if lang == "zh" else EN
    assert form(text) != text
    assert heads(lang, text, text, form(text), 1) == {"a"}
