"""What the facts of two texts say of each other: a table of cases anyone can check.

Each row is one Chinese and one English sentence and what should be found: `agree`, `clash`, or
nothing to say (`silent`), for one kind of fact.
"""
# ruff: noqa: E501  a row of the table stays a row

from datetime import datetime

import pytest

from pipelines.comparison import Comparison, compare
from pipelines.evidence import Rarity, facts

NONE = Rarity({}, 0)


def judge(
    zh: str, en: str, *, zh_page: str | None = None, en_page: str | None = None
) -> Comparison:
    zh_at = datetime.fromisoformat(zh_page) if zh_page else None
    en_at = datetime.fromisoformat(en_page) if en_page else None
    return compare(facts(zh, "zh", published=zh_at), facts(en, "en", published=en_at), NONE, NONE)


TABLE = [
    # kind, Chinese, English, verdict
    ("ordinals", "市政府召开第十六届第29次常务会议。", "The 29th executive meeting of the 16th authority.", "agree"),
    ("ordinals", "市政府召开第十六届第29次常务会议。", "The Twenty-Seventh executive meeting was held.", "clash"),
    ("ordinals", "市政府召开第十六届第29次常务会议。", "The 29th executive meeting of the 15th authority.", "clash"),
    ("ordinals", "市第十六届人民代表大会第二次会议开幕。", "The 16th Municipal People's Congress opened its Second Session.", "agree"),
    ("ordinals", "市第十六届人民代表大会第二次会议开幕。", "The 16th Municipal People's Congress opened its Third Session.", "clash"),
    ("ordinals", "第四届马拉松鸣枪开跑。", "The 4th marathon started.", "agree"),
    ("ordinals", "第四届马拉松鸣枪开跑。", "The fifth marathon started.", "clash"),
    ("ordinals", "第十六屆人民代表大會第二次會議開幕。", "The Second Session of the 16th People's Congress opened.", "agree"),
    ("stage", "書展將於7月12日舉行，屆時設攤位300個，現正籌備。", "The book fair will be held on July 12 and preparations are under way; visitors will find 300 stalls.", "agree"),
    ("ordinals", "马拉松鸣枪开跑。", "The fifth marathon started.", "silent"),
    ("dates", "2024年1月23日，会议开幕。", "The meeting opened on January 23, 2024.", "agree"),
    ("dates", "2024年1月23日，会议开幕。", "The meeting opened on January 23.", "agree"),
    ("dates", "2024年1月23日，会议开幕。", "The meeting opened on January 23, 2023.", "clash"),
    ("dates", "3月25日，会议召开。", "The meeting was held on March 18.", "clash"),
    ("dates", "会议召开。", "The meeting was held on March 18.", "silent"),
    ("years", "2023年全年生产总值增长。", "In 2023 the economy grew.", "agree"),
    ("years", "2024年要做好以下工作，回顾2023年。", "In 2022 work was done; plans for 2025 follow.", "clash"),
    ("periods", "1-4月，全市经济平稳。", "In the first four months the economy was stable.", "agree"),
    ("periods", "1-4月，全市经济平稳。", "In January-May the economy was stable.", "clash"),
    ("periods", "上半年，全市经济平稳。", "From January to June the economy was stable.", "agree"),
    ("guests", "市长会见德国驻华大使汉斯·米勒。", "The mayor met with Ambassador Hans Müller.", "agree"),
    ("guests", "市长会见德国驻华大使汉斯·米勒。", "The mayor met with Ambassador Maria Costa.", "clash"),
    ("stage", "马拉松将于5月12日举行，届时道路管制，现已开始报名。", "The marathon will be held on May 12 and registration is open; roads will close.", "agree"),
    ("stage", "马拉松将于5月12日举行，届时道路管制，现已开始报名。", "The marathon concluded; it ended well and closed with results.", "clash"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "zh", "en", "verdict"), TABLE)
def test_facts_agree_clash_or_are_silent(kind: str, zh: str, en: str, verdict: str) -> None:
    found = judge(zh, en)
    agree, clash = getattr(found, f"{kind}_agree"), getattr(found, f"{kind}_clash")
    if verdict == "agree":
        assert agree > 0.4
        assert clash < 0.1
    elif verdict == "clash":
        assert clash >= 0.5
    else:
        assert agree == clash == 0


def test_yesterday_is_read_from_the_page_and_never_strictly_in_english() -> None:
    same = judge(
        "3月4日，会议召开。",
        "Yesterday the meeting was held.",
        zh_page="2024-03-05",
        en_page="2024-03-07",
    )
    assert same.dates_agree > 0.9
    before = judge(
        "3月24日，会议召开。",
        "Yesterday the meeting was held.",
        zh_page="2024-03-25",
        en_page="2024-03-07",
    )
    assert before.dates_clash > 0


def test_a_day_off_by_one_is_a_slip_rather_than_another_event() -> None:
    slip = judge("3月25日，会议召开。", "The meeting was held on March 26.")
    other = judge("3月25日，会议召开。", "The meeting was held on April 2.")
    assert 0 < slip.dates_clash < 0.5 * other.dates_clash


def test_rounded_figures_agree_and_unknown_ones_are_missing() -> None:
    zh = "投资742.36亿元，改造小区86个，惠及3.2万户。"
    assert judge(zh, "742 billion yuan").numbers_missing == 1
    found = judge(
        zh, "Investment came to about 74 billion yuan, for 86 compounds and 32,000 homes."
    )
    assert found.numbers_agree == 1


def test_an_official_who_is_not_named_in_chinese_speaks_against() -> None:
    zh = "副市长司徒明远、罗怀瑾出席会议。"
    assert judge(zh, "Situ Mingyuan and Luo Huaijin attended.").names_missing == 0
    assert judge(zh, "Wang Jianguo and Luo Huaijin attended.").names_missing > 0.3


def test_common_facts_weigh_less_than_rare_ones() -> None:
    articles = [facts("3月5日，市政府召开第29次常务会议。", "zh")] * 30
    rarity = Rarity.of(articles)
    assert rarity(("ordinal", "meeting", "29")) < 0.3 < rarity(("ordinal", "meeting", "30"))


def test_full_width_digits_are_digits() -> None:
    assert facts("投资７４２亿元", "zh").figures[0].value == 742e8


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "text", ["", "\n\n", "0" * 40_000, "市长" * 20_000, "Wang " * 8_000, "a" * 40_000, "·" * 9_000]
)
def test_strange_text_has_facts_or_none_but_never_fails(text: str, lang: str) -> None:
    found = facts(text, lang, title=text[:100])
    assert compare(facts(text, "zh"), found, NONE, NONE) is not None
