"""How facts are weighed against each other; `facts.tsv` lists what agrees and what clashes."""

from datetime import datetime

import pytest

from pipelines.facts.facts import facts
from pipelines.facts.rarity import Rarity
from pipelines.pairs import comparison
from pipelines.pairs.comparison import FactComparison

NONE = Rarity({}, 0)


def compare(
    zh: str, en: str, *, zh_page: str | None = None, en_page: str | None = None
) -> FactComparison:
    zh_at = datetime.fromisoformat(zh_page) if zh_page else None
    en_at = datetime.fromisoformat(en_page) if en_page else None
    return comparison.compare(
        facts(zh, "zh", published=zh_at), facts(en, "en", published=en_at), NONE, NONE
    )


def test_yesterday_is_read_from_the_page_and_never_strictly_in_english() -> None:
    same = compare(
        "3月4日，会议召开。",
        "Yesterday the meeting was held.",
        zh_page="2024-03-05",
        en_page="2024-03-07",
    )
    assert same.dates_agree > 0.9
    before = compare(
        "3月24日，会议召开。",
        "Yesterday the meeting was held.",
        zh_page="2024-03-25",
        en_page="2024-03-07",
    )
    assert before.dates_clash > 0


def test_a_day_off_by_one_is_a_slip_rather_than_another_event() -> None:
    slip = compare("3月25日，会议召开。", "The meeting was held on March 26.")
    other = compare("3月25日，会议召开。", "The meeting was held on April 2.")
    assert 0 < slip.dates_clash < 0.5 * other.dates_clash


def test_rounded_figures_agree_and_unknown_ones_are_missing() -> None:
    zh = "投资742.36亿元，改造小区86个，惠及3.2万户。"
    assert compare(zh, "742 billion yuan").numbers_missing == 1
    found = compare(
        zh, "Investment came to about 74 billion yuan, for 86 compounds and 32,000 homes."
    )
    assert found.numbers_agree == 1


def test_an_official_who_is_not_named_in_chinese_speaks_against() -> None:
    zh = "副市长司徒明远、罗怀瑾出席会议。"
    assert compare(zh, "Situ Mingyuan and Luo Huaijin attended.").names_missing == 0
    assert compare(zh, "Wang Jianguo and Luo Huaijin attended.").names_missing > 0.3


def test_common_facts_weigh_less_than_rare_ones() -> None:
    articles = [facts("3月5日，市政府召开第29次常务会议。", "zh")] * 30
    rarity = Rarity.of(one.keys for one in articles)
    assert rarity(("ordinal", "meeting", "29")) < 0.3 < rarity(("ordinal", "meeting", "30"))


def test_full_width_digits_are_digits() -> None:
    assert facts("投资７４２亿元", "zh").figures[0].value == 742e8


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "text", ["", "\n\n", "0" * 40_000, "市长" * 20_000, "Wang " * 8_000, "a" * 40_000, "·" * 9_000]
)
def test_strange_text_has_facts_or_none_but_never_fails(text: str, lang: str) -> None:
    found = facts(text, lang, title=text[:100])
    assert comparison.compare(facts(text, "zh"), found, NONE, NONE) is not None


def test_years_that_titles_name_tell_editions_apart() -> None:
    zh = facts("全市实现生产总值5158.1亿元。", "zh", title="2010年统计公报")
    other = facts("GDP reached 615 billion yuan.", "en", title="Communique on 2011")
    same = facts("GDP reached 515.81 billion yuan.", "en", title="Communique on 2010")
    assert comparison.compare(zh, other, NONE, NONE).ordinals_clash >= 0.8
    assert comparison.compare(zh, same, NONE, NONE).ordinals_clash == 0


def test_a_page_much_younger_than_the_years_it_states_dates_nothing() -> None:
    page = datetime(2015, 11, 30)
    old = facts("2010年，全市接待游客105万人次。", "zh", title="2010年公报", published=page)
    new = facts("2015年，全市接待游客155万人次。", "zh", title="公报", published=page)
    plain = facts("The city received 1.05 million tourists.", "en", published=page)
    assert comparison.compare(old, plain, NONE, NONE).moved
    assert not comparison.compare(new, plain, NONE, NONE).moved


KOREANS = "市领导会见韩国客人\n5月3日，市领导会见了韩国友好城市代表团。"


@pytest.mark.parametrize(
    ("zh", "en", "clash"),
    [
        (KOREANS, "A visit\nThe mayor met a delegation from Japan on May 3.", 1),
        (KOREANS, "A visit\nThe mayor met a delegation from South Korea on May 3.", 0),
        (KOREANS, "A visit\nThe mayor met a delegation on May 3.", 0),
        (
            KOREANS + "代表团随后前往日本。",
            "A visit\nThe mayor met a delegation from Japan on May 3.",
            0,
        ),
    ],
)
def test_guests_without_transcribed_names_are_distinguished_by_country(
    zh: str, en: str, clash: float
) -> None:
    compared = compare(zh, en)
    assert compared.guests_clash == clash
    assert (
        "guests differ: South Korea against Japan" in compared.remarks
        if clash
        else not any(remark.startswith("guests differ") for remark in compared.remarks)
    )


@pytest.mark.parametrize(
    "en",
    [
        "It was built in the 19th century.", "the third phase", "the 2nd batch", "Article 12",
        "the 3rd census", "the 13th five-year plan", "its 70th anniversary", "the 5th expo",
    ],
)  # fmt: skip
def test_ordinals_of_every_label_can_be_weighed(en: str) -> None:
    label = facts(en, "en").ordinals[0].label
    assert label
    assert comparison.compare(facts("第19届", "zh"), facts(en, "en"), NONE, NONE) is not None
